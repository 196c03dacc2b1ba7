"""The float graph in the form of the integer contract: the same spikes, with fewer kinds of numbers.

Afterwards gains are in the weights, a membrane rests at 0 and is reset to 0, a reset acts at once, no
input is late, and a bias that enters a synaptic current comes from a neuron that always fires.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import (
    INPUT,
    FloatEdge,
    FloatGraph,
    FloatNeurons,
    Population,
    Rectifier,
)
from snnc.compiler.frontends.integrators import without_integrators
from snnc.compiler.frontends.synapses import Convolution, Dense, FloatArray, Synapses, rows_times
from snnc.compiler.ir.network import Shape, count, pooled

ONE = np.array(1.0)
WIDEST_KERNEL = 15
ONES = 16
"""Neurons that fire in every step."""


@dataclass
class Canonical:
    """A graph on its way to the contract."""

    graph: FloatGraph
    steps: int
    late: int = 0
    """Steps at the beginning that the form leaves out, in which nothing has arrived yet."""
    remarks: dict[str, list[str]] = field(default_factory=dict)
    """By population: what is approximate, with a number."""

    def note(self, name: str, remark: str) -> None:
        """Say that a population is not exact."""
        self.remarks.setdefault(name, []).append(remark)


def canonical(graph: FloatGraph, steps: int) -> Canonical:
    """`graph`, run for `steps`, in the contract's form; raises UnsupportedModel where it has none."""
    result = Canonical(graph, steps)
    _largest_before(result)
    result.graph = without_integrators(result.graph)
    _readout(result)
    _largest(result)
    graph = result.graph
    populations = tuple(_at_rest(_reset_at_once(_per_channel(one, result))) for one in graph.populations)
    result.graph = replace(graph, populations=populations)
    _retime(result)
    populations = tuple(_gains_in_weights(one) for one in result.graph.populations)
    result.graph = replace(result.graph, populations=populations)
    _biases_of_currents(result)
    _read_after_the_leak(result)
    result.graph.verify()
    return result


def spiking(population: Population) -> FloatNeurons:
    """The neurons of a population; raises UnsupportedModel for rectifiers, which are converted instead."""
    if isinstance(population.neurons, Rectifier):
        raise UnsupportedModel(
            "a ReLU stands among spiking neurons",
            where=population.name,
            hint="a network of ReLUs alone is converted; one of both is not",
        )
    return population.neurons


def _per_channel(population: Population, result: Canonical) -> Population:
    """One number per channel; where neurons of a channel differ, their median, and a remark of how much."""
    shape = (population.shape[0], 1, 1)

    def one(name: str, array: FloatArray) -> FloatArray:
        if array.ndim == 0 or array.shape[1:] == (1, 1):
            return np.broadcast_to(array, shape).astype(np.float64)
        middle = np.median(np.broadcast_to(array, population.shape), (1, 2), keepdims=True)
        off = float(np.abs(array - middle).max())
        result.note(
            population.name, f"{name} differs within channels, by up to {off:.3g} from the median taken"
        )
        return np.broadcast_to(middle, shape).astype(np.float64)

    neurons = spiking(population)
    arrays: dict[str, Any] = {name: one(name, array) for name, array in neurons.arrays().items()}
    return replace(population, neurons=replace(neurons, **arrays), bias=one("bias", population.bias))


def _reset_at_once(population: Population) -> Population:
    """A soft reset of the next step, after the leak, subtracts ρ / β at once."""
    neurons = spiking(population)
    if not neurons.reset_delay:
        return population
    if neurons.lower is not None or neurons.upper is not None:
        raise UnsupportedModel("a reset a step late goes with no clamp", where=population.name)
    if bool((neurons.beta > 0).all()):
        amount = neurons.subtracted / neurons.beta
        return replace(population, neurons=replace(neurons, rho=amount, reset_delay=False))
    if population.shape[1:] != (1, 1):
        raise UnsupportedModel(
            "beta 0 with a reset a step late is known of flat layers", where=population.name
        )
    size = population.shape[0]
    amounts = np.broadcast_to(neurons.subtracted, population.shape).reshape(-1) / neurons.gain.reshape(-1)
    back = FloatEdge(population.name, Dense(-np.diag(amounts)), delay=1)
    if neurons.alpha is not None or size > 1 << 12:
        raise UnsupportedModel("beta 0 with a reset a step late", where=population.name)
    nothing = replace(neurons, rho=np.zeros((size, 1, 1)), reset_delay=False)
    return replace(population, neurons=nothing, edges=(*population.edges, back))


def _at_rest(population: Population) -> Population:
    """Membranes counted from v_reset (hard) or v_leak (soft), so that they are reset to 0 or rest there."""
    neurons = spiking(population)
    base = {"hard": neurons.v_reset, "soft": neurons.v_leak, "none": np.zeros_like(neurons.v_leak)}
    origin = base[neurons.reset]
    moved = replace(
        neurons,
        theta=neurons.theta - origin,
        rho=neurons.subtracted if neurons.reset == "soft" else None,
        v_leak=neurons.v_leak - origin,
        v_reset=np.zeros_like(origin),
        initial=neurons.initial - origin,
        lower=None if neurons.lower is None else neurons.lower - origin,
        upper=None if neurons.upper is None else neurons.upper - origin,
    )
    return replace(population, neurons=moved)


def _gains_in_weights(population: Population) -> Population:
    """Weights and bias times the gain; what enters the membrane past a synaptic current is its drive."""
    neurons = spiking(population)
    gain = neurons.gain.reshape(-1)
    edges = tuple(replace(edge, synapses=rows_times(edge.synapses, gain)) for edge in population.edges)
    bias, drive = population.bias * neurons.gain, neurons.drive + (1 - neurons.beta) * neurons.v_leak
    if neurons.alpha is None:
        bias, drive = np.zeros_like(bias), drive + bias
    kept = replace(neurons, gain=ONE, v_leak=np.zeros_like(neurons.v_leak), drive=drive)
    return replace(population, neurons=kept, edges=edges, bias=bias)


def _retime(result: Canonical) -> None:
    """Delays of inputs onto edges; one that all inputs of the network share starts the network later."""
    graph = result.graph
    delays = {one.name: spiking(one).input_delay for one in graph.populations}
    edges = {
        one.name: [replace(edge, delay=edge.delay + delays[one.name]) for edge in one.edges]
        for one in graph.populations
    }
    first = {edge.delay for own in edges.values() for edge in own if edge.source == INPUT}
    late = min(first, default=0)
    if first - {late}:
        raise UnsupportedModel(
            f"the input reaches layers after {sorted(first)} steps; an input has one delay, and none is best"
        )
    if late >= result.steps:
        raise UnsupportedModel(f"{result.steps} steps are no more than the delay of the input, {late}")
    populations = []
    for one in graph.populations:
        moved = tuple(replace(edge, delay=0) if edge.source == INPUT else edge for edge in edges[one.name])
        populations.append(replace(_aged(one, late, result), edges=moved))
    result.graph = replace(graph, populations=tuple(populations))
    result.steps -= late
    result.late = late


def _aged(population: Population, steps: int, result: Canonical) -> Population:
    """The population after `steps` in which no input arrived, and from then on without a delay."""
    neurons = spiking(population)
    delay, bias = neurons.input_delay, neurons.gain * population.bias
    if bias.any() and delay != steps and (neurons.alpha is not None or delay > steps):
        result.note(population.name, f"its bias starts {abs(delay - steps)} steps off")
        bias = np.zeros_like(bias)
    membrane, rest, early = neurons.initial, neurons.v_leak, False
    for step in range(steps):
        arriving = neurons.drive + (bias if step >= delay else 0.0)
        membrane = rest + neurons.beta * (membrane - rest) + arriving
        early = early or bool((membrane > neurons.theta).any())
    if early and neurons.reset != "none":
        result.note(population.name, f"what it fires in the first {steps} steps, without input, is left out")
    return replace(population, neurons=replace(neurons, input_delay=0, initial=membrane))


def _biases_of_currents(result: Canonical) -> None:
    """A bias that enters a synaptic current comes from a neuron that fires in every step."""
    populations: list[Population] = []
    made = False
    for one in result.graph.populations:
        neurons = spiking(one)
        if neurons.alpha is None:
            populations.append(one)
            continue
        edges, drive = one.edges, neurons.drive
        if one.bias.any():
            synapses = _everywhere(one)
            if synapses is None:
                drive = drive + one.bias / np.maximum(1 - neurons.alpha, 1 / result.steps)
                result.note(one.name, "its bias acts on the membrane at once, not through the current")
            else:
                made, edges = True, (*edges, FloatEdge(_free(result.graph, "one"), synapses))
        kept = replace(neurons, drive=drive)
        populations.append(replace(one, neurons=kept, edges=edges, bias=np.zeros_like(one.bias)))
    if made:
        populations.insert(0, _always(_free(result.graph, "one"), result.graph.shape))
    result.graph = replace(result.graph, populations=tuple(populations))


def _free(graph: FloatGraph, base: str) -> str:
    """A name that no population has."""
    names = {one.name for one in graph.populations}
    return next(name for name in (base, *(f"{base}_{k}" for k in range(len(names) + 1))) if name not in names)


def _everywhere(population: Population) -> Synapses | None:
    """Synapses by which neurons that always fire add the bias to a whole population; None where a kernel
    would be too wide."""
    channels, height, width = population.shape
    bias = np.broadcast_to(population.bias, (channels, 1, 1))
    shares = np.zeros((1, ONES, 1, 1))
    # Weights of graded inputs are small, each acting many times: so are these, then, beside them.
    graded = any(edge.source == INPUT for edge in population.edges)
    shares[:, : ONES if graded else 1] = 1 / ONES if graded else 1.0
    if (height, width) == (1, 1):
        return Dense((bias[:, None] * shares).reshape(channels, ONES))
    if max(height, width) > WIDEST_KERNEL:
        return None
    # Behind so much padding, every place sees the source through another tap of the kernel.
    kernel = np.broadcast_to(bias[:, None] * shares, (channels, ONES, height, width)).astype(np.float64)
    return Convolution(kernel, padding=(height - 1, width - 1))


def _always(name: str, shape: Shape) -> Population:
    """Neurons that fire in every step: their bias is their threshold, their input never less than 0."""
    weights = np.zeros((ONES, count(shape)))
    weights[:, 0] = 1.0
    neurons = FloatNeurons(ONE, reset="hard", drive=ONE)
    return Population(name, (ONES, 1, 1), neurons, (FloatEdge(INPUT, Dense(weights)),))


def _readout(result: Canonical) -> None:
    """The sum of membranes over the steps as one membrane; what the contract cannot read is approximated."""
    graph, readout = result.graph, result.graph.readout
    if readout.kind in ("spike_count", "first_spike"):
        return
    population = _unheard(graph, graph.population(readout.population))
    if spiking(population).reset != "none":
        raise UnsupportedModel(
            "the membrane of neurons that fire is read, which the contract does not show",
            where=population.name,
            hint="read its spikes, or leave out the reset of the last layer",
        )
    if readout.first_step:
        result.note(population.name, f"steps before {readout.first_step} count like the others")
    if readout.kind == "membrane_sum":
        population = _summed(population, result)
    if readout.kind == "membrane_max":
        result.note(population.name, "the last membrane is read, not the largest of all steps")
    others = tuple(population if one.name == population.name else one for one in graph.populations)
    result.graph = replace(graph, populations=others, readout=replace(readout, kind="membrane", first_step=0))


def _read_after_the_leak(result: Canonical) -> None:
    """The contract shows a membrane after the leak, where one that keeps nothing (beta 0) is 0: it keeps
    everything instead, and loses what the step before brought."""
    graph, readout = result.graph, result.graph.readout
    population = graph.population(readout.population)
    neurons = spiking(population)
    forgets = np.broadcast_to(neurons.beta, (population.shape[0], 1, 1)) == 0
    if readout.kind != "membrane" or not forgets.any():
        return
    if any(edge.source == INPUT for edge in population.edges):
        raise UnsupportedModel(
            "the answer is what the input brings in the last step, with no neurons between",
            where=population.name,
            hint="let the answer add up over the steps",
        )
    back = -1.0 * forgets.reshape(-1)
    leaving = tuple(
        replace(edge, synapses=rows_times(edge.synapses, back), delay=edge.delay + 1)
        for edge in population.edges
    )
    kept = replace(
        neurons,
        beta=np.where(forgets, 1.0, neurons.beta),
        initial=np.where(forgets, neurons.drive, neurons.initial),
        drive=np.where(forgets, 0.0, neurons.drive),
    )
    moved = replace(population, neurons=kept, edges=(*population.edges, *leaving))
    others = tuple(moved if one.name == moved.name else one for one in graph.populations)
    result.graph = replace(graph, populations=others)


def _unheard(graph: FloatGraph, population: Population) -> Population:
    """Neurons whose spikes nobody hears and which subtract nothing are integrators."""
    neurons = spiking(population)
    heard = any(edge.source == population.name for one in graph.populations for edge in one.edges)
    if heard or neurons.reset != "soft" or neurons.subtracted.any():
        return population
    return replace(population, neurons=replace(neurons, reset="none", rho=None, reset_delay=False))


def _largest(result: Canonical) -> None:
    """The largest spike of a window is an OR: neurons of their own that fire where one arrives."""
    made: dict[tuple[str, tuple[int, int]], Population] = {}
    populations: list[Population] = []
    for one in result.graph.populations:
        edges = []
        for edge in one.edges:
            if edge.pooling == "sum" or edge.pool == (1, 1):
                edges.append(edge)
                continue
            name = f"{edge.source}_largest_{edge.pool[0]}_{edge.pool[1]}"
            if (edge.source, edge.pool) not in made:
                made[edge.source, edge.pool] = _or(name, edge, result.graph.shape_of(edge.source))
                populations.append(made[edge.source, edge.pool])
            edges.append(FloatEdge(name, edge.synapses, edge.delay))
        populations.append(replace(one, edges=tuple(edges)))
    result.graph = replace(result.graph, populations=tuple(populations))


def _largest_before(result: Canonical) -> None:
    """Neurons behind the largest of a window of sums become neurons at every place of it, and an OR of their
    spikes: as often as those of the largest or more often, since the others' spikes count too."""
    populations: list[Population] = []
    for one in result.graph.populations:
        if one.window == (1, 1):
            populations.append(one)
            continue
        rows, columns = one.window
        neurons = spiking(one)
        if neurons.reset == "none":
            raise UnsupportedModel("a max pool stands before neurons that never fire", where=one.name)
        if any(array.ndim and array.shape[1:] != (1, 1) for array in neurons.arrays().values()):
            raise UnsupportedModel("neurons of one channel differ behind a max pool", where=one.name)
        name = _free(result.graph, f"{one.name}_each")
        edge = one.edges[0]
        whole = edge.synapses.shape(pooled(result.graph.shape_of(edge.source), edge.pool))
        populations.append(replace(one, name=name, shape=whole, window=(1, 1)))
        spikes = FloatEdge(name, Convolution(np.ones((whole[0], 1, 1, 1)), groups=whole[0]), 0, one.window)
        populations.append(_or(one.name, spikes, whole))
        result.note(
            one.name,
            f"the largest of {rows} x {columns} sums is taken by neurons at every place and an OR of their "
            "spikes, which may come more often",
        )
    result.graph = replace(result.graph, populations=tuple(populations))


def _or(name: str, edge: FloatEdge, source: Shape) -> Population:
    """Neurons that fire where a spike is in their window."""
    shape = pooled(source, edge.pool)
    kernel = Convolution(np.ones((shape[0], 1, *edge.pool)), edge.pool, groups=shape[0])
    return Population(name, shape, FloatNeurons(ONE, reset="hard"), (FloatEdge(edge.source, kernel),))


def _summed(population: Population, result: Canonical) -> Population:
    """A leaky integrator whose membrane is summed is a synaptic current that a membrane integrates."""
    neurons = spiking(population)
    plain = neurons.alpha is None and not (
        neurons.v_leak.any() or neurons.initial.any() or neurons.drive.any()
    )
    if plain:
        return replace(population, neurons=replace(neurons, alpha=neurons.beta, beta=ONE))
    result.note(population.name, "the last membrane is read, not the sum over all steps")
    return population
