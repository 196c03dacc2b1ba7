"""A trained float network as integers, without training: grids, thresholds, leaks and widths chosen on data.

Every population becomes a layer whose numbers count in units of its channel's weight scale, 2^S parts of it
where the layer has S fraction bits.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UnsupportedModel
from snnc.compiler.analysis.bounds import bits_needed, state_bounds
from snnc.compiler.frontends.canonical import Canonical, spiking
from snnc.compiler.frontends.execution import FloatExecution, execute
from snnc.compiler.frontends.float_graph import INPUT, FloatEdge, FloatGraph, FloatNeurons, Population
from snnc.compiler.frontends.grid import GridWeights, on_grid
from snnc.compiler.frontends.names import identifiers
from snnc.compiler.frontends.synapses import Dense, FloatArray, apply, rows_times, windows_of
from snnc.compiler.ir.network import (
    Conv2d,
    Edge,
    Input,
    InputEncoding,
    Layer,
    Linear,
    Network,
    Neurons,
    Readout,
    ReadoutKind,
)
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, IntArray

LEAK_BITS = 12
"""Fraction bits of a decay, the most a neurocore has."""
MOST_FRACTION_BITS = 7
"""Of a membrane; the most that target fpga has."""
HEADROOM = 2.0
"""How much wider a membrane may be than any was on the calibration data."""
PAYLOADS = (255, 127, 63, 31, 15, 7, 3, 1)
"""Largest values of an input that are tried, from the finest."""
SMALL = 1e-9
_LEAST_BITS = 2
_WANTED = 3
"""Fraction bits for which weights give up bits: without, a leak stops at membranes of 2^F / d."""


@dataclass(frozen=True)
class Widths:
    """How many bits there are of everything."""

    weights: int = 8
    """2..8."""
    state: int = 18
    """Of the target's state words; 18 on target fpga, 24 on mesh16-wide."""
    fraction: int = MOST_FRACTION_BITS
    """Fraction bits of a membrane at most."""


@dataclass(frozen=True)
class Calibration:
    """What populations did on the calibration data."""

    means: dict[str, FloatArray]
    """Mean of what the input and every population emits, (channels, height, width)."""
    powers: dict[str, FloatArray]
    """Mean of its square."""
    reach: dict[str, FloatArray]
    """Largest magnitude of any membrane by channel, after the reset."""

    def per_payload(self, payload: int) -> "Calibration":
        """The same of inputs that are `payload` times as large, behind weights that are so much smaller."""
        means = self.means | {INPUT: self.means[INPUT] * payload}
        return replace(self, means=means, powers=self.powers | {INPUT: self.powers[INPUT] * payload**2})


def calibrate(graph: FloatGraph, payloads: FloatArray, steps: int) -> Calibration:
    """Run `graph` on payloads (samples, steps or none, channels, height, width)."""
    names = [population.name for population in graph.populations]
    still = payloads.ndim == 4
    means: dict[str, FloatArray] = {INPUT: payloads.mean(tuple(range(payloads.ndim - 3)))}
    powers = {INPUT: (payloads**2).mean(tuple(range(payloads.ndim - 3)))}
    reach: dict[str, FloatArray] = {}
    sums = {name: np.zeros(graph.shape_of(name)) for name in names}
    for start in range(0, len(payloads), 8):
        some = payloads[start : start + 8]
        found: FloatExecution = execute(graph, some, steps if still else None, record=names)
        for name in names:
            sums[name] += found.emitted[name].sum((0, 1))
            largest = np.abs(found.membranes[name]).max((0, 1, 3, 4))
            reach[name] = np.maximum(reach.get(name, 0.0), largest)
    means |= {name: total / (len(payloads) * steps) for name, total in sums.items()}
    powers |= {name: means[name] for name in names}
    return Calibration(means, powers, reach)


def quantise(
    result: Canonical, calibration: Calibration, encoding: InputEncoding, payload: int, widths: Widths
) -> Network:
    """The integer network of a canonical graph whose input takes payloads 0..`payload`.

    Raises UnsupportedModel, naming the layer, where a number does not fit `widths`.
    """
    graph, calibration = _evenly_read(result.graph, calibration)
    names = identifiers([population.name for population in graph.populations])
    maker = _Maker(graph, calibration, widths, names)
    kinds: dict[str, ReadoutKind] = {"membrane": "membrane", "first_spike": "first_spike"}
    readout = graph.readout
    network = Network(
        "imported",
        result.steps,
        Input(INPUT, graph.shape, encoding, payload),
        tuple(maker.layer(population, _LEAST_BITS, 0) for population in graph.populations),
        Readout(names[readout.population], kinds.get(readout.kind, "spike_count"), readout.first_step),
    )
    network = replace(network, layers=tuple(maker.fitting(one, network) for one in graph.populations))
    network.verify()
    return network


def _evenly_read(graph: FloatGraph, calibration: Calibration) -> tuple[FloatGraph, Calibration]:
    """The contract shows a membrane after the leak, beta u. Where channels of the answer leak differently,
    all that moves them is divided by beta before, so that they are shown as they are."""
    population = graph.population(graph.readout.population)
    neurons, name = spiking(population), population.name
    beta = np.broadcast_to(neurons.beta, (population.shape[0], 1, 1))
    if graph.readout.kind != "membrane" or bool((beta == beta[0]).all()):
        return graph, calibration
    moved = replace(
        population,
        neurons=replace(neurons, initial=neurons.initial / beta, drive=neurons.drive / beta),
        edges=tuple(
            replace(edge, synapses=rows_times(edge.synapses, 1 / beta.reshape(-1)))
            for edge in population.edges
        ),
    )
    others = tuple(moved if one.name == name else one for one in graph.populations)
    reach = calibration.reach | {name: calibration.reach[name] / beta.reshape(-1)}
    return replace(graph, populations=others), replace(calibration, reach=reach)


@dataclass(frozen=True)
class _Maker:
    """What all layers are made with."""

    graph: FloatGraph
    calibration: Calibration
    widths: Widths
    names: dict[str, str]
    grids: dict[tuple[str, int], tuple[GridWeights, FloatArray]] = field(default_factory=dict)
    """By population and bits of a weight."""

    def fitting(self, population: Population, network: Network) -> Layer:
        """The finest layer whose sums fit a state word: some fraction bits go before bits of weights, and
        bits of weights before the last fraction bits."""
        most = self.widths.weights
        fine = [(bits, f) for bits in range(most, max(1, most - 4), -1) for f in self._fractions(_WANTED)]
        coarse = [(bits, f) for bits in range(most, 1, -1) for f in self._fractions(0)]
        needed = 0
        for bits, fraction in [*fine, *coarse]:
            layer = self.layer(population, bits, fraction)
            needed = bits_needed(*state_bounds(network, layer).extremes)
            if max(needed, layer.neurons.state_bits) <= self.widths.state:
                return layer
        raise UnsupportedModel(
            f"its sums need {needed} bits even with weights of 2, a state word has {self.widths.state}",
            where=population.name,
            hint="--state-bits 24 is for targets with wider state words (mesh16-wide)",
        )

    def _fractions(self, least: int) -> range:
        return range(self.widths.fraction, min(least, self.widths.fraction) - 1, -1)

    def layer(self, population: Population, bits: int, fraction: int) -> Layer:
        """The population with weights of so many bits and membranes of so many fraction bits."""
        key = population.name, bits
        if key not in self.grids:
            widths = replace(self.widths, weights=bits)
            self.grids[key] = _on_grid(population, self.calibration, widths)
        grid, lost = self.grids[key]
        return Layer(
            self.names[population.name],
            population.shape,
            _neurons(population, grid.scale / (1 << fraction), lost, self.calibration, fraction),
            _edges(population, grid, self.widths.weights, self.names),
        )


def _on_grid(
    population: Population, calibration: Calibration, widths: Widths
) -> tuple[GridWeights, FloatArray]:
    """The weights of all edges on one grid, and what that takes from a membrane in a step, (channels,)."""
    neurons = spiking(population)
    rows = np.concatenate([_matrix(edge) for edge in population.edges], 1)
    importance = np.concatenate([_seen(edge, calibration.powers[edge.source]) for edge in population.edges])
    shared = neurons.reset == "none" or neurons.lower is not None
    rows = _awake(rows, neurons, widths)
    grid = on_grid(rows, importance + SMALL, widths.weights, shared=shared)
    lost = _mean_loss(population, rows - grid.restored, calibration)
    if neurons.alpha is not None:
        lost = lost / np.maximum(1 - _channels(neurons.alpha, population), 1 / 64)
    return grid, lost


def _matrix(edge: FloatEdge) -> FloatArray:
    return edge.synapses.weights.reshape(len(edge.synapses.weights), -1)


def _seen(edge: FloatEdge, values: FloatArray) -> FloatArray:
    """What every weight of a channel sees on average, of `values` (channels, height, width) of the source;
    of a convolution by source channel, the mean over groups."""
    pooled = windows_of(values[None], edge.pool).sum((3, 5))[0]
    if isinstance(edge.synapses, Dense):
        return np.asarray(pooled.reshape(-1))
    per_channel = pooled.mean((1, 2)).reshape(edge.synapses.groups, -1).mean(0)
    return np.asarray(np.repeat(per_channel, int(np.prod(edge.synapses.kernel))))


def _awake(rows: FloatArray, neurons: FloatNeurons, widths: Widths) -> FloatArray:
    """`rows` with a largest weight in every channel whose grid lets the threshold fit the state.

    Where training switched a channel off, one false weight does that; it is negative, so that no spike
    comes of it, and next to nothing beside the threshold.
    """
    levels = (1 << (widths.weights - 1)) - 1
    theta = np.abs(np.broadcast_to(neurons.theta.reshape(-1), (len(rows),)))
    least = np.maximum(theta, SMALL) * levels / (1 << (widths.state - 3))
    largest = np.abs(rows).max(1)
    column = np.abs(rows).argmax(1)
    small = largest < least
    changed = rows.copy()
    changed[small, column[small]] = -least[small]
    return changed


def _mean_loss(population: Population, difference: FloatArray, calibration: Calibration) -> FloatArray:
    """What rounding takes from the current of every channel on average, (channels,)."""
    lost, start = np.zeros(len(difference)), 0
    for edge in population.edges:
        width = _matrix(edge).shape[1]
        weights = difference[:, start : start + width].reshape(edge.synapses.weights.shape)
        start += width
        mean = windows_of(calibration.means[edge.source][None], edge.pool).sum((3, 5))
        lost += apply(replace(edge.synapses, weights=weights), mean)[0].mean((1, 2))
    return lost


def _edges(population: Population, grid: GridWeights, bits: int, names: dict[str, str]) -> tuple[Edge, ...]:
    edges, start = [], 0
    for edge in population.edges:
        width = _matrix(edge).shape[1]
        values = np.ascontiguousarray(grid.values[:, start : start + width])
        weights: NDArray[np.int8] = values.reshape(edge.synapses.weights.shape)
        start += width
        if edge.pooling == "max" and edge.pool != (1, 1):
            raise UnsupportedModel("a largest value has no place on an edge", where=population.name)
        synapses: Linear | Conv2d = Linear(weights, bits)
        if not isinstance(edge.synapses, Dense):
            plain = edge.synapses
            synapses = Conv2d(weights, bits, plain.stride, plain.padding, plain.groups)
        source = names.get(edge.source, edge.source)
        edges.append(Edge(source, synapses, edge.delay, edge.pool))
    return tuple(edges)


def _neurons(
    population: Population,
    unit: FloatArray,
    lost: FloatArray,
    calibration: Calibration,
    fraction: int,
) -> Neurons:
    neurons = spiking(population)

    def units(values: FloatArray) -> FloatArray:
        return _channels(values, population) / unit

    theta = units(neurons.theta)
    threshold = np.floor(theta + SMALL) + 1 if neurons.strict else np.ceil(theta - SMALL)
    beta = _channels(neurons.beta, population)
    reach = calibration.reach[population.name] * HEADROOM / unit
    initial = _integers(units(neurons.initial) * beta)
    widest = np.concatenate([reach, np.abs(threshold), np.abs(initial)]).max()
    leak, numerators = _decay(beta)
    current = None if neurons.alpha is None else _decay(_channels(neurons.alpha, population))
    soft = neurons.reset == "soft"
    amount = _integers(units(neurons.subtracted)) if soft else None
    lower = None if neurons.lower is None else int(np.floor(units(neurons.lower)).min())
    return Neurons(
        threshold=np.zeros(len(unit), np.int64) if neurons.reset == "none" else _integers(threshold),
        bias=_integers(units(neurons.drive) + lost / unit),
        initial=initial,
        reset=neurons.reset,
        leak=leak,
        state_bits=min(32, int(widest).bit_length() + 1),
        current_leak=None if current is None else current[0],
        reset_amount=None if amount is None or np.array_equal(amount, threshold) else amount,
        leak_numerators=numerators,
        current_numerators=None if current is None else current[1],
        lower_clamp=None if lower is None else min(lower, 0),
        fraction_bits=fraction,
    )


def _channels(values: FloatArray, population: Population) -> FloatArray:
    return np.broadcast_to(values.reshape(-1), (population.shape[0],)).astype(np.float64)


def _integers(values: FloatArray) -> IntArray:
    return np.rint(values).astype(np.int64)


def _decay(kept: FloatArray) -> tuple[Decay, IntArray | None]:
    """The decay that keeps these parts, one for all channels or a numerator each."""
    numerators = _integers((1 - kept) * (1 << LEAK_BITS))
    first = int(numerators[0])
    if not bool((numerators == first).all()):
        return Decay(0, LEAK_BITS), numerators
    if first == 0:
        return NO_LEAK, None
    twos = min(LEAK_BITS, (first & -first).bit_length() - 1)
    return Decay(first >> twos, LEAK_BITS - twos), None
