"""crop-kernels: leave out the rim of a convolution's kernel that lies in the padding wherever it is put."""

from dataclasses import dataclass, replace
from typing import ClassVar

from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network, pooled


@dataclass(frozen=True)
class CropKernels:
    """Needs a legal Network whose bounds, which are of whole kernels, were looked at. Guarantees the same
    outputs, spikes and membranes; no kernel is larger than its source can fill, so that weights that meet no
    neuron take no memory."""

    name: ClassVar[str] = "crop-kernels"
    takes: ClassVar[type[Level]] = Network
    gives: ClassVar[type[Level]] = Network

    def run(self, network: Network) -> Network:
        return cropped(network)


def cropped(network: Network) -> Network:
    """`network` with the kernels of all its convolutions cropped."""
    layers = tuple(
        replace(layer, edges=tuple(_cropped_edge(network, layer, edge) for edge in layer.edges))
        for layer in network.layers
    )
    return replace(network, layers=layers)


def _cropped_edge(network: Network, layer: Layer, edge: Edge) -> Edge:
    synapses = edge.synapses
    if not isinstance(synapses, Conv2d):
        return edge
    _, *sizes = pooled(network.shape_of(edge.source), edge.pool)
    rows, columns = (_rim(synapses, axis, sizes[axis], layer.shape[1 + axis]) for axis in (0, 1))
    if rows == columns == 0:
        return edge
    kernel = synapses.weights.shape[2:]
    weights = synapses.weights[:, :, rows : kernel[0] - rows, columns : kernel[1] - columns].copy()
    padding = synapses.padding[0] - rows, synapses.padding[1] - columns
    return replace(edge, synapses=replace(synapses, weights=weights, padding=padding))


def _rim(synapses: Conv2d, axis: int, source: int, layer: int) -> int:
    """Taps that go at either end of `axis`, as many at one as at the other so that the layer keeps its shape:
    those before the source even where the kernel is put last, and behind it even where it is put first."""
    kernel: int = synapses.weights.shape[2 + axis]
    padding = synapses.padding[axis]
    before = padding - (layer - 1) * synapses.stride[axis]
    after = kernel - padding - source
    return max(0, min(before, after, (kernel - 1) // 2))
