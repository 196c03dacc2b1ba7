"""From an imported float graph and calibration data to integers, and how well the two agree."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UnsupportedModel, UsageError
from snnc.compiler.frontends.canonical import Canonical, canonical
from snnc.compiler.frontends.execution import FloatExecution, accuracy_of, classes_of, execute
from snnc.compiler.frontends.findings import Imported
from snnc.compiler.frontends.float_graph import INPUT, FloatEdge, FloatGraph, Population
from snnc.compiler.frontends.integers import run_integers
from snnc.compiler.frontends.quantise import PAYLOADS, Widths, calibrate, quantise
from snnc.compiler.frontends.synapses import FloatArray, apply, windows_of
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.provenance import Provenance

COMPARED = 256
"""Samples on which executions are compared."""
CHOOSING = 32
"""Samples on which the range of payloads is chosen."""
VALUES = 1 << 26
"""Values of all populations over all steps that a comparison holds at once."""


@dataclass(frozen=True)
class InputData:
    """Samples as they are stored, and what they mean to the network."""

    x: NDArray[np.uint8]
    """(samples, features) still values, or (samples, steps, features) events."""
    y: NDArray[Any] | None = None
    """Labels, which judge where each is a class, or one for each pixel of the answer."""
    full: int = 255
    """The stored value that stands for 1."""
    mean: tuple[float, ...] = ()
    """By channel: the network was trained on (value − mean) / deviation."""
    deviation: tuple[float, ...] = ()

    @property
    def events(self) -> bool:
        """Whether samples have steps of their own."""
        return self.x.ndim == 3


@dataclass(frozen=True)
class LayerAgreement:
    """Of one population."""

    name: str
    rate: float
    """Spikes per neuron and step of the float graph."""
    same: float
    """Part of all spikes and silences that the integers have too."""
    found: float
    """Part of the float graph's spikes that the integers have at the same place and step (F1 score)."""


@dataclass(frozen=True)
class Agreement:
    """How near the integers come, on calibration samples; the first numbers are parts of all samples,
    or of all their pixels where each has a class of its own."""

    samples: int
    semantics: float
    """Same class of the contract's form, still in float, and of the float graph."""
    quantisation: float
    """Same class of the integers and of the contract's form."""
    overall: float
    """Same class of the integers and of the float graph."""
    float_accuracy: float | None
    accuracy: float | None
    layers: tuple[LayerAgreement, ...]


@dataclass(frozen=True)
class Converted:
    """The integers, what was lost on the way, and how data must be prepared."""

    network: Network
    agreement: Agreement
    remarks: dict[str, list[str]] = field(default_factory=dict)
    """What is approximate, by population."""


def convert(imported: Imported, data: InputData, steps: int | None, widths: Widths) -> Converted:
    """Integers for `imported`, chosen and judged on `data`.

    Still samples are shown in each of `steps`; events bring their own. Raises UsageError for data of another
    size, UnsupportedModel for what the contract cannot say.
    """
    graph = imported.graph
    shaped = _shaped(graph, data)
    steps = _steps(data, steps)
    result = canonical(on_stored(graph, data), steps)
    network, payload = _finest(result, shaped, data, widths)
    network = replace(network, provenance=Provenance(preparation=preparation(data, payload)))
    return Converted(network, _agreement(graph, result, network, shaped, data), result.remarks)


def prepared(x: NDArray[np.uint8], data: InputData, payload: int) -> NDArray[np.int64]:
    """Stored values as payloads 0..`payload`, as the preparation `levels` makes them of 0..255."""
    if data.events or payload == data.full:
        return x.astype(np.int64)
    return (x.astype(np.int64) * (payload + 1)) >> 8


def payloads(data: InputData) -> list[int]:
    """Largest payloads that still samples may have, from the finest; only 0..255 are prepared to fewer."""
    return [level for level in PAYLOADS if level <= data.full] if data.full == 255 else [data.full]


def preparation(data: InputData, payload: int) -> Literal["none", "levels"]:
    """How data become such payloads, in the words of a model's notes."""
    return "none" if data.events or payload == data.full else "levels"


def _steps(data: InputData, steps: int | None) -> int:
    if data.events:
        if steps is not None and steps != data.x.shape[1]:
            raise UsageError(f"the spike trains have {data.x.shape[1]} steps, not {steps}")
        return int(data.x.shape[1])
    if steps is None:
        raise UsageError("still samples need a number of steps", hint="--steps 16 shows each 16 times")
    return steps


def _shaped(graph: FloatGraph, data: InputData) -> NDArray[np.uint8]:
    """The samples in the shape of the input."""
    features = math.prod(graph.shape)
    if data.x.shape[-1] != features or len(data.x) == 0:
        raise UsageError(
            f"samples have {data.x.shape[-1]} features, the network takes {features} {graph.shape}"
        )
    for name, numbers in (("mean", data.mean), ("deviation", data.deviation)):
        if len(numbers) not in (0, 1, graph.shape[0]):
            raise UsageError(f"{name} needs one number or one for each of {graph.shape[0]} channels")
    return data.x.reshape(*data.x.shape[:-1], *graph.shape)


def on_stored(graph: FloatGraph, data: InputData) -> FloatGraph:
    """The graph on values 0..1 as they are stored; the offset of a mean becomes a bias.

    Where an image is padded with zeros, the network sees the mean there, and the bias is one per neuron.
    """
    channels = (graph.shape[0], 1, 1)
    mean = np.broadcast_to(np.array(data.mean or (0.0,)), (channels[0],)).reshape(channels)
    deviation = np.broadcast_to(np.array(data.deviation or (1.0,)), (channels[0],)).reshape(channels)
    if not bool((deviation > 0).all()):
        raise UsageError("deviation must be greater than 0")
    if not mean.any() and bool((deviation == 1).all()):
        return graph
    populations = tuple(_on_values(one, graph, 1 / deviation, -mean / deviation) for one in graph.populations)
    return replace(graph, populations=populations)


def _on_values(population: Population, graph: FloatGraph, gain: FloatArray, offset: FloatArray) -> Population:
    edges, bias = [], population.bias
    for edge in population.edges:
        if edge.source == INPUT:
            shifted = np.broadcast_to(offset, (1, *graph.shape)).astype(np.float64)
            brought = apply(edge.synapses, windows_of(shifted, edge.pool).sum((3, 5)))[0]
            bias = bias + brought
            edge = _scaled(edge, np.broadcast_to(gain, graph.shape))
        edges.append(edge)
    return replace(population, edges=tuple(edges), bias=bias)


def _scaled(edge: FloatEdge, gain: FloatArray) -> FloatEdge:
    """An edge whose source is multiplied by `gain`, the same in every pixel of a channel."""
    weights = edge.synapses.weights
    if weights.ndim == 2:
        columns = windows_of(gain[None], edge.pool)[0, :, :, 0, :, 0].reshape(-1)
        return replace(edge, synapses=replace(edge.synapses, weights=weights * columns))
    groups = len(gain) // weights.shape[1]
    rows = np.repeat(gain[:, 0, 0].reshape(groups, -1), len(weights) // groups, 0)
    return replace(edge, synapses=replace(edge.synapses, weights=weights * rows[:, :, None, None]))


def _finest(
    result: Canonical, shaped: NDArray[np.uint8], data: InputData, widths: Widths
) -> tuple[Network, int]:
    """The network with the finest input whose sums fit, and the largest payload."""
    if data.events:
        largest = int(shaped.max(initial=1))
        stored = shaped[: _samples(result.graph, result.steps)].astype(np.float64)[:, : result.steps]
        calibration = calibrate(result.graph, stored, result.steps)
        return quantise(result, calibration, "events", largest, widths), largest
    some = shaped[: min(CHOOSING, _samples(result.graph, result.steps))]
    seen = calibrate(result.graph, some / data.full, result.steps)
    form = _recorded(result.graph, some / data.full, result.steps)
    tried: list[tuple[float, int]] = []
    networks: dict[int, Network] = {}
    refused: UnsupportedModel | None = None
    for payload in payloads(data):
        if len(tried) > 2 and tried[-1] < tried[-2] < tried[-3]:
            break  # coarser ones only get worse
        unit = replace(result, graph=_per_payload(result.graph, payload))
        shown = prepared(some, data, payload)
        try:
            network = quantise(unit, seen.per_payload(payload), "direct", payload, widths)
        except UnsupportedModel as error:
            refused = error
            continue
        networks[payload] = network
        tried.append((_likeness(form, network, shown), payload))
    if refused is not None and not tried:
        raise refused
    payload = max(tried)[1]
    return networks[payload], payload


def _recorded(graph: FloatGraph, values: FloatArray, steps: int | None) -> FloatExecution:
    return execute(graph, values, steps, record=[one.name for one in graph.populations])


def _likeness(form: FloatExecution, network: Network, payloads: NDArray[np.int64]) -> float:
    """How alike the spikes, or of a membrane readout the classes, of both are: 0..1."""
    integers = run_integers(network, payloads[:, None], record=[layer.name for layer in network.layers])
    found = [
        _layer_agreement(name, emitted, integers.spikes[layer.name]).found
        for (name, emitted), layer in zip(form.emitted.items(), network.layers, strict=True)
        if layer.neurons.reset != "none"
    ]
    return float(np.mean([*found, (classes_of(integers.outputs, form.pixels) == form.classes).mean()]))


def _per_payload(graph: FloatGraph, payload: int) -> FloatGraph:
    """The graph on payloads 0..`payload`, which stand for 0..1."""
    gain = np.full(graph.shape, 1 / payload)
    return replace(
        graph,
        populations=tuple(
            replace(
                one,
                edges=tuple(_scaled(e, gain) if e.source == INPUT else e for e in one.edges),
            )
            for one in graph.populations
        ),
    )


def _samples(graph: FloatGraph, steps: int) -> int:
    """How many samples a comparison takes, so that it fits the memory."""
    neurons = sum(math.prod(one.shape) for one in graph.populations) + math.prod(graph.shape)
    return max(1, min(COMPARED, VALUES // (neurons * steps)))


def _agreement(
    graph: FloatGraph, result: Canonical, network: Network, shaped: NDArray[np.uint8], data: InputData
) -> Agreement:
    """Run float graph, contract's form and integers on the same samples."""
    some = shaped[: _samples(result.graph, result.steps)]
    values = some.astype(np.float64) if data.events else some / data.full
    mean = np.array(data.mean or (0.0,)).reshape(-1, 1, 1)
    deviation = np.array(data.deviation or (1.0,)).reshape(-1, 1, 1)
    still = result.steps if not data.events else None
    before = execute(graph, (values - mean) / deviation, None if data.events else result.steps + result.late)
    form = _recorded(result.graph, values if still is not None else values[:, : result.steps], still)
    payloads = prepared(some, data, network.input.max_payload)
    integers = run_integers(
        network,
        payloads[:, None] if still is not None else payloads[:, : result.steps],
        record=[layer.name for layer in network.layers],
    )
    classes = classes_of(integers.outputs, form.pixels)
    labels = None if data.y is None else data.y[: len(some)]
    layers = tuple(
        _layer_agreement(name, emitted, integers.spikes[layer.name])
        for (name, emitted), layer in zip(form.emitted.items(), network.layers, strict=True)
        if layer.neurons.reset != "none"
    )
    return Agreement(
        len(some),
        float((form.classes == before.classes).mean()),
        float((classes == form.classes).mean()),
        float((classes == before.classes).mean()),
        accuracy_of(before.classes, labels),
        accuracy_of(classes, labels),
        layers,
    )


def _layer_agreement(name: str, expected: FloatArray, got: NDArray[np.bool_]) -> LayerAgreement:
    fired = expected > 0.5
    both = int((fired & got).sum())
    total = int(fired.sum()) + int(got.sum())
    return LayerAgreement(
        name, float(fired.mean()), float((fired == got).mean()), 2 * both / total if total else 1.0
    )
