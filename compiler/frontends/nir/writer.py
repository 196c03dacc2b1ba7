"""An integer network as a NIR file: nodes that other packages read, and metadata from which it comes back.

NIR has no integers, no soft reset and no order within a step. The nodes say what they can in its own terms,
in steps of `USUAL_STEP`; the metadata of the graph hold the network itself.
"""

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from snnc.base.errors import FileError, VerificationError
from snnc.base.files import write_atomically
from snnc.base.quoting import printable
from snnc.compiler.formats.codec import ArrayStore, array_name, decode, encode
from snnc.compiler.frontends.nir.conventions import USUAL_STEP
from snnc.compiler.frontends.nir.file import NirNode
from snnc.compiler.frontends.synapses import FloatArray
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network
from snnc.compiler.isa.arithmetic import Decay, IntArray

NETWORK = "snnc"
"""Metadata of a graph: the network as JSON, whose arrays lie beside it."""
MAX_JSON = 1 << 22
FOREVER = 1e9
"""Steps in which what never decays loses nothing that a float shows."""


def write_nir(network: Network, path: Path) -> tuple[str, ...]:
    """Write `network`, atomically; returns what NIR's own nodes do not say, a line each.

    Raises FileError where the file cannot be written.
    """
    import nir

    buffer = io.BytesIO()
    nir.write(buffer, to_graph(network))
    write_atomically(path, lambda stream: stream.write(buffer.getvalue()))
    return tuple(dict.fromkeys(line for layer in network.layers for line in _unsaid(network, layer)))


def to_graph(network: Network) -> Any:
    """`network` as a `nir.NIRGraph`."""
    import nir

    shapes = {network.input.name: network.input.shape} | {one.name: one.shape for one in network.layers}
    nodes: dict[str, Any] = {network.input.name: nir.Input(np.array(_shape(network.input.shape)))}
    edges: list[tuple[str, str]] = []
    for layer in network.layers:
        nodes[layer.name] = _neurons(layer)
        for number, edge in enumerate(layer.edges):
            chain = _chain(network, layer, edge, shapes[edge.source], bias=number == 0)
            names = [f"{layer.name}.{number}.{kind}" for kind in chain]
            nodes |= dict(zip(names, chain.values(), strict=True))
            path = [edge.source, *names, layer.name]
            edges += pairwise(path)
    last = network.readout.layer
    nodes["output"] = nir.Output(np.array(_shape(shapes[last])))
    arrays: ArrayStore = {}
    text = json.dumps(encode(network, arrays), sort_keys=True)
    metadata: dict[str, Any] = {NETWORK: text, **arrays}
    return nir.NIRGraph(nodes, [*edges, (last, "output")], metadata, type_check=False)


def stored_network(graph: NirNode, where: str) -> Network | None:
    """The network in a graph's metadata; None where there is none. Raises FileError for a broken one."""
    text = graph.metadata.get(NETWORK)
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > MAX_JSON:
        raise FileError("the network in its metadata is no text of a usual length", where=where)
    arrays: ArrayStore = {}
    for name, value in graph.metadata.items():
        if isinstance(value, np.ndarray):
            arrays[name] = np.ascontiguousarray(value)
            if array_name(arrays[name]) != name:
                raise FileError("an array of its metadata is not the one that was written", where=where)
    try:
        network = decode(Network, json.loads(text), arrays)
        network.verify()
    except (FileError, VerificationError, ValueError, RecursionError) as error:
        raise FileError(f"holds no valid network: {printable(str(error))}", where=where) from None
    return network


def _shape(shape: tuple[int, int, int]) -> tuple[int, ...]:
    return shape if shape[1:] != (1, 1) else shape[:1]


def _chain(
    network: Network, layer: Layer, edge: Edge, source: tuple[int, int, int], *, bias: bool
) -> dict[str, Any]:
    """The nodes of one edge, by what they are; the first edge of a layer carries its bias."""
    import nir

    chain: dict[str, Any] = {}
    # What comes back in a loop is a step late without being told.
    if edge.delay > int(network.is_recurrent(layer, edge)):
        chain["delay"] = nir.Delay(np.full(_shape(source), edge.delay * USUAL_STEP))
    if edge.pool != (1, 1):
        window = np.array(edge.pool)
        chain["pool"] = nir.SumPool2d(window, window, np.zeros(2, int))
    weights = edge.synapses.weights.astype(np.float64) * (1 << layer.neurons.fraction_bits)
    offset = layer.neurons.bias if bias and layer.neurons.current_leak is None else np.zeros(len(weights))
    if isinstance(edge.synapses, Conv2d):
        plain = edge.synapses
        sides = source[1] // edge.pool[0], source[2] // edge.pool[1]
        chain["conv"] = nir.Conv2d(
            sides, weights, plain.stride, plain.padding, (1, 1), plain.groups, offset.astype(np.float64)
        )
        return chain
    if source[1:] != (1, 1):
        sides = source[1] // edge.pool[0], source[2] // edge.pool[1]
        chain["flatten"] = nir.Flatten(np.array([source[0], *sides]), 0, -1)
    chain["linear"] = nir.Affine(weights, offset.astype(np.float64))
    return chain


def _neurons(layer: Layer) -> Any:
    """The neurons in NIR's terms: with them v > threshold says what v ≥ threshold says of integers."""
    import nir

    neurons = layer.neurons
    shape, ones = _shape(layer.shape), np.ones(_shape(layer.shape))

    def every(values: FloatArray) -> FloatArray:
        return np.broadcast_to(values.reshape(-1, 1, 1), layer.shape).reshape(shape).copy()

    fires = {
        "v_threshold": every(neurons.threshold.astype(np.float64) - 0.5),
        "v_reset": neurons.reset_value * ones,
    }
    shared = fires if neurons.reset != "none" else {}
    tau = every(_steps(neurons.leak, neurons.leak_numerators, layer.shape[0])) * USUAL_STEP
    leaky = {"r": tau / USUAL_STEP, "v_leak": 0 * ones, **shared}
    if neurons.current_leak is not None:
        kept = every(_steps(neurons.current_leak, neurons.current_numerators, layer.shape[0]))
        kind = nir.CubaLIF if shared else nir.CubaLI
        return kind(tau_mem=tau, tau_syn=kept * USUAL_STEP, w_in=kept, **leaky)
    if neurons.leak.keeps and neurons.leak_numerators is None:
        return nir.IF(ones / USUAL_STEP, **shared) if shared else nir.I(ones / USUAL_STEP)
    return nir.LIF(tau=tau, **leaky) if shared else nir.LI(tau=tau, **leaky)


def _steps(leak: Decay, numerators: IntArray | None, channels: int) -> FloatArray:
    """Time constants in steps, (channels,)."""
    factors = np.full(channels, leak.numerator) if numerators is None else numerators
    share = factors / (1 << leak.fraction_bits)
    return np.where(share > 0, 1 / np.maximum(share, 1 / FOREVER), FOREVER)


def _unsaid(network: Network, layer: Layer) -> list[str]:
    """What the nodes leave out: the metadata have it, other packages will not know it."""
    neurons = layer.neurons
    found = [
        *(["a soft reset"] if neurons.reset == "soft" else []),
        *(["initial potentials"] if neurons.initial.any() else []),
        *(["a bias beside a synaptic current"] if neurons.current_leak and neurons.bias.any() else []),
        *(["a lower clamp"] if neurons.lower_clamp is not None else []),
    ]
    lines = [f"NIR does not say: {one}; snnc reads it from the metadata" for one in found]
    return [*lines, "NIR does not say: integers, their rounding and clamp; snnc reads them from the metadata"]
