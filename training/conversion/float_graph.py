"""A trained network without spikes as float layers: linear maps on named sources, a bias, a ReLU."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from snnc.compiler.ir.network import Shape
from snnc.training.model.config import INPUT, EdgeConfig
from snnc.training.model.synapses import transform


@dataclass(frozen=True)
class FoldedEdge:
    """One linear map into a layer; `weights` (float64) are shaped as `compiler.network` shapes them and act
    on the sums of the windows where the edge pools."""

    config: EdgeConfig
    weights: Tensor


@dataclass(frozen=True)
class FoldedLayer:
    """Sum of the edges plus `bias` (channels,), then a ReLU, except in the last layer."""

    name: str
    shape: Shape
    edges: tuple[FoldedEdge, ...]
    bias: Tensor


@dataclass(frozen=True)
class FoldedNetwork:
    """The module as layers in topological order, behind the input; the last one gives the logits."""

    shape: Shape
    """Channels, height and width of the input."""
    layers: tuple[FoldedLayer, ...]

    def run(self, x: Tensor, activation: Callable[[str, Tensor], Tensor]) -> Tensor:
        """Logits (samples, classes) of inputs (samples, *shape); `activation` stands for the ReLU of the
        layer it is told, and takes and gives (samples, channels, height, width)."""
        known = {INPUT: x}
        for layer in self.layers:
            total = layer.bias.to(x.dtype).reshape(-1, 1, 1)
            for edge in layer.edges:
                arriving = known[edge.config.source][None]
                total = total + transform(edge.config, edge.weights.to(x.dtype), arriving)[0]
            last = layer is self.layers[-1]
            known[layer.name] = total if last else activation(layer.name, total)
        return known[self.layers[-1].name].flatten(1)
