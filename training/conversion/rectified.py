"""A float graph of rectifiers alone, from whatever reader, as the float layers that a conversion takes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.base.errors import UnsupportedModel, UsageError
from snnc.compiler.analysis.bounds import bits_needed, state_bounds
from snnc.compiler.frontends.float_graph import FloatEdge, FloatGraph, FloatNeurons, Population, Rectifier
from snnc.compiler.frontends.names import identifiers
from snnc.compiler.frontends.synapses import Dense
from snnc.training.conversion.calibration import observe
from snnc.training.conversion.convert import Calibrated, balanced, spiking
from snnc.training.conversion.float_graph import FoldedEdge, FoldedLayer, FoldedNetwork
from snnc.training.conversion.options import ConversionOptions
from snnc.training.files.export import to_network
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import INPUT, EdgeConfig


@dataclass(frozen=True)
class Rectified:
    """The layers, the largest value of each where it has one, and what is approximate."""

    network: FoldedNetwork
    limits: dict[str, float]
    remarks: dict[str, list[str]]


def rectified(graph: FloatGraph) -> Rectified:
    """`graph` as float layers; raises UnsupportedModel where it is not rectifiers and a linear answer."""
    names = {INPUT: INPUT} | identifiers(one.name for one in graph.populations)
    layers, limits = [], {}
    graph, remarks = _without_the_last(graph)
    for one in graph.populations:
        last = one.name == graph.readout.population
        linear = isinstance(one.neurons, FloatNeurons) and one.neurons.reset == "none"
        if isinstance(one.neurons, Rectifier) == last or not (linear or not last):
            raise UnsupportedModel(
                "a network without spikes has ReLUs everywhere but in its answer",
                where=one.name,
                hint="leave out the ReLU behind the last layer"
                if last
                else "a network of ReLUs alone is converted; one of both is not",
            )
        if isinstance(one.neurons, Rectifier) and one.neurons.limit is not None:
            limits[names[one.name]] = one.neurons.limit
        layer, remark = _layer(one, names)
        layers.append(layer)
        if remark is not None:
            remarks.setdefault(one.name, []).append(remark)
    try:
        return Rectified(FoldedNetwork(graph.shape, tuple(layers)), limits, remarks)
    except ValueError as error:
        raise UnsupportedModel(str(error)) from None


def _without_the_last(graph: FloatGraph) -> tuple[FloatGraph, dict[str, list[str]]]:
    """`graph` without rectifiers that only give the answer, and what that changes."""
    last = graph.population(graph.readout.population)
    heard = any(edge.source == last.name for one in graph.populations for edge in one.edges)
    if heard or not isinstance(last.neurons, Rectifier) or last.neurons.limit is not None:
        return graph, {}
    bare = replace(last, neurons=FloatNeurons(np.array(0.0), reset="none"))
    others = tuple(bare if one is last else one for one in graph.populations)
    remark = "the ReLU behind the answer is left out: the class differs only where none is above 0"
    return replace(graph, populations=others), {last.name: [remark]}


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums in one order on every machine, so that a file gives one model; layers of a small network gain
    nothing from more threads, and lose tenfold where other work has the cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@one_thread()
def convert_rectified(
    found: Rectified,
    images: NDArray[np.uint8],
    steps: int,
    options: ConversionOptions,
    payloads: Sequence[int],
    prepare: Callable[[int], NDArray[np.uint8]],
) -> SpikingClassifier:
    """Spiking without training, with the first of `payloads` whose sums fit words of `options.state_bits`.

    `images` are uint8 (samples, channels, height, width) of 0..payloads[0], and `prepare` gives them with a
    lower limit. Thresholds are balanced (Bu et al. 2024, arXiv 2409.03368) and no higher than a unit's own
    limit. Raises UnsupportedModel where none fits.
    """
    calibrated = balanced(found.network, images, options, payloads[0])
    needed = 0
    for payload in payloads:
        here = _limited(calibrated, found.limits, payload, prepare(payload))
        for spare in (1, 2):
            narrow = replace(options, state_bits=options.state_bits - spare)
            try:
                model = spiking(replace(here, fewer=()), steps, narrow)
            except UsageError:  # thresholds do not fit so few bits
                continue
            needed = _bits(model)
            if needed <= options.state_bits:
                best = spiking(here, steps, narrow)
                return best if _bits(best) <= options.state_bits else model
    raise UnsupportedModel(
        f"its sums need {needed or 'more'} bits, a state word has {options.state_bits}",
        hint="fewer --bits, or --state-bits 24 for a target with wider state words (mesh16-wide)",
    )


def _limited(
    calibrated: Calibrated, limits: dict[str, float], payload: int, images: NDArray[np.uint8]
) -> Calibrated:
    """`calibrated` for inputs up to `payload`, such as `images`, no threshold above its unit's own limit."""
    thresholds = {
        name: value.clamp(max=limits.get(name, float("inf"))) for name, value in calibrated.thresholds.items()
    }
    samples = observe(calibrated.network, thresholds, images, payload)
    fewer = tuple(_limited(other, limits, payload, images) for other in calibrated.fewer)
    return Calibrated(calibrated.network, thresholds, payload, samples, fewer)


def _bits(model: SpikingClassifier) -> int:
    """Width of the state word that the widest layer needs."""
    network = to_network(model, "converted")
    return max(bits_needed(*state_bounds(network, layer).extremes) for layer in network.layers)


def _layer(one: Population, names: dict[str, str]) -> tuple[FoldedLayer, str | None]:
    edges = tuple(_edge(edge, names) for edge in one.edges)
    bias = np.broadcast_to(one.bias, one.shape if one.bias.ndim else (one.shape[0], 1, 1))
    middle = np.median(bias, (1, 2), keepdims=True)
    off = float(np.abs(bias - middle).max())
    remark = f"bias differs within channels, by up to {off:.3g} from the median taken" if off else None
    return FoldedLayer(names[one.name], one.shape, edges, _tensor(middle.reshape(-1))), remark


def _edge(edge: FloatEdge, names: dict[str, str]) -> FoldedEdge:
    if edge.delay or edge.pooling == "max":
        raise UnsupportedModel("a network without spikes has no delays, and no largest values on edges")
    try:
        if isinstance(edge.synapses, Dense):
            config = EdgeConfig(names[edge.source], pool=edge.pool)
        else:
            plain = edge.synapses
            config = EdgeConfig(
                names[edge.source], "conv", plain.kernel, plain.stride, plain.padding, plain.groups, edge.pool
            )
    except ValueError as error:
        raise UnsupportedModel(str(error)) from None
    return FoldedEdge(config, _tensor(edge.synapses.weights))


def _tensor(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))
