"""What a float graph computes, step by step, in float64: the equations of `float_graph`, and nothing else."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UsageError
from snnc.compiler.frontends.float_graph import (
    INPUT,
    FloatEdge,
    FloatGraph,
    FloatNeurons,
    FloatReadout,
    Population,
    Rectifier,
)
from snnc.compiler.frontends.synapses import FloatArray, apply, windows_of

BATCH_VALUES = 1 << 24
"""Values of one population in a batch of samples that is computed at once, kernels' windows included."""

Past = dict[str, dict[int, FloatArray]]
"""What every source emitted, by step, as far back as a delay reaches."""


@dataclass(frozen=True)
class FloatExecution:
    """What came out, and of the recorded populations everything that happened."""

    outputs: FloatArray
    """(samples, classes), of a readout with pixels (samples, classes x pixels)."""
    pixels: int = 1
    """Of the readout, each of which has a class of its own."""
    emitted: dict[str, FloatArray] = field(default_factory=dict)
    """Spikes (0 or 1), values of rectifiers, or membranes of neurons that never fire, (samples, steps,
    channels, height, width)."""
    membranes: dict[str, FloatArray] = field(default_factory=dict)
    """v after each step, of the same shape."""
    integrated: dict[str, FloatArray] = field(default_factory=dict)
    """u of each step, which the threshold is compared with."""

    @property
    def classes(self) -> NDArray[np.intp]:
        """As `classes_of` finds them."""
        return classes_of(self.outputs, self.pixels)


def classes_of(outputs: NDArray[Any], pixels: int) -> NDArray[np.intp]:
    """The largest output of each sample, the first of equals; with pixels that of each, (samples, pixels)."""
    found: NDArray[np.intp] = np.argmax(outputs.reshape(len(outputs), -1, pixels), 1)
    return found[:, 0] if pixels == 1 else found


def accuracy_of(classes: NDArray[np.intp], labels: NDArray[Any] | None) -> float | None:
    """Part of `classes` that `labels` have too, where these say a class for each; negative ones are none."""
    if labels is None or labels.dtype.kind != "i" or labels.size != classes.size:
        return None
    wanted = labels.reshape(classes.shape)
    return float((classes == wanted)[wanted >= 0].mean())


def execute(
    graph: FloatGraph, inputs: FloatArray, steps: int | None = None, record: Collection[str] = ()
) -> FloatExecution:
    """Run `graph` on `inputs`: (samples, steps, channels, height, width), or without the steps the same
    values in every one of `steps`. Keeps what the populations named in `record` did.

    Raises UsageError for inputs of another shape.
    """
    still = inputs.ndim == 4
    if inputs.shape[-3:] != graph.shape or inputs.ndim not in (4, 5) or still == (steps is None):
        raise UsageError(
            f"inputs are (samples, steps, *{graph.shape}), or (samples, *{graph.shape}) with a number of "
            f"steps, not {inputs.shape} with steps {steps}"
        )
    times = steps if steps is not None else inputs.shape[1]
    size = _samples_at_once(graph)
    parts = []
    for start in range(0, len(inputs), size):
        some = inputs[start : start + size].astype(np.float64)
        parts.append(_run(graph, some[:, None] if still else some, times, record))
    return parts[0] if len(parts) == 1 else _joined(parts)


def _run(graph: FloatGraph, inputs: FloatArray, steps: int, record: Collection[str]) -> FloatExecution:
    """`execute` on samples that fit at once; `inputs` have one step or all."""
    states = [_State(population, len(inputs)) for population in graph.populations]
    past: Past = {INPUT: {}, **{state.population.name: {} for state in states}}
    reading = _Reading(graph.readout, steps)
    kept: dict[str, list[tuple[FloatArray, FloatArray, FloatArray]]] = {name: [] for name in record}
    reach = 1 + max(edge.delay for population in graph.populations for edge in population.edges)
    for step in range(steps):
        past[INPUT][step] = inputs[:, min(step, inputs.shape[1] - 1)]
        for state in states:
            name = state.population.name
            emitted = past[name][step] = state.advance(step, past)
            if name == graph.readout.population:
                reading.see(step, emitted, state.membrane)
            if name in kept:
                kept[name].append((emitted, state.membrane, state.integrated))
        for values in past.values():
            values.pop(step + 1 - reach, None)
    stacked = {name: [np.stack(part, 1) for part in zip(*rows, strict=True)] for name, rows in kept.items()}
    kinds = [{name: values[k] for name, values in stacked.items()} for k in range(3)]
    return FloatExecution(reading.outputs(), math.prod(graph.shape_of(graph.readout.population)[1:]), *kinds)


class _State:
    """What a population remembers between steps."""

    def __init__(self, population: Population, samples: int) -> None:
        self.population = population
        shape = (samples, *population.shape)
        neurons = population.neurons
        initial = neurons.initial if isinstance(neurons, FloatNeurons) else np.zeros(())
        self.membrane: FloatArray = np.broadcast_to(initial, shape).astype(np.float64)
        self.integrated = self.membrane
        self.current = np.zeros(shape)
        self.fired = np.zeros(shape, np.bool_)
        delay = neurons.input_delay if isinstance(neurons, FloatNeurons) else 0
        self.waiting: list[FloatArray] = [np.zeros(shape) for _ in range(delay)]

    def advance(self, step: int, past: Past) -> FloatArray:
        """One step: what it emits."""
        brought = [
            _brought(edge, past[edge.source][step - edge.delay])
            for edge in self.population.edges
            if edge.delay <= step
        ]
        arriving = np.zeros(self.membrane.shape) + self.population.bias
        if brought:
            arriving += _largest(sum(brought[1:], brought[0]), self.population.window)
        self.waiting.append(arriving)
        arriving = self.waiting.pop(0)
        neurons = self.population.neurons
        if isinstance(neurons, Rectifier):
            self.integrated, self.membrane = arriving, np.clip(arriving, 0, neurons.limit)
            return self.membrane
        return self._spikes(neurons, arriving)

    def _spikes(self, neurons: FloatNeurons, arriving: FloatArray) -> FloatArray:
        self.current = arriving if neurons.alpha is None else neurons.alpha * self.current + arriving
        rest = neurons.v_leak
        u = rest + neurons.beta * (self.membrane - rest) + neurons.gain * self.current + neurons.drive
        if neurons.reset_delay:
            u = u - neurons.subtracted * self.fired
        fired = u > neurons.theta if neurons.strict else u >= neurons.theta
        self.fired = fired if neurons.reset != "none" else np.zeros(u.shape, np.bool_)
        settled = u
        if neurons.reset == "hard":
            settled = np.where(self.fired, neurons.v_reset, u)
        elif neurons.reset == "soft" and not neurons.reset_delay:
            settled = u - neurons.subtracted * self.fired
        low, high = neurons.lower, neurons.upper
        self.membrane = settled if low is None and high is None else np.clip(settled, low, high)
        self.integrated = u
        return self.membrane if neurons.reset == "none" else self.fired.astype(np.float64)


def _largest(values: FloatArray, window: tuple[int, int]) -> FloatArray:
    """The largest value of each window."""
    return values if window == (1, 1) else np.asarray(windows_of(values, window).max((3, 5)))


def _brought(edge: FloatEdge, values: FloatArray) -> FloatArray:
    """What an edge makes of what its source emitted."""
    if edge.pool != (1, 1):
        windows = windows_of(values, edge.pool)
        values = windows.sum((3, 5)) if edge.pooling == "sum" else windows.max((3, 5))
    return apply(edge.synapses, values)


class _Reading:
    """The readout while the steps pass."""

    def __init__(self, readout: FloatReadout, steps: int) -> None:
        self.readout, self.steps = readout, steps
        self.total: FloatArray | None = None

    def see(self, step: int, emitted: FloatArray, membrane: FloatArray) -> None:
        """Take in one step."""
        kind = self.readout.kind
        if step < self.readout.first_step:
            return
        if kind == "first_spike":
            emitted = emitted * (self.steps - step)
        value = emitted if kind in ("spike_count", "first_spike") else membrane
        if self.total is None or kind == "membrane":
            self.total = value
        elif kind in ("membrane_max", "first_spike"):
            self.total = np.maximum(self.total, value)
        else:
            self.total = self.total + value

    def outputs(self) -> FloatArray:
        """(samples, classes)."""
        if self.total is None:
            raise UsageError(
                f"nothing is read: first_step is {self.readout.first_step} of {self.steps} steps"
            )
        return self.total.reshape(len(self.total), -1)


def _samples_at_once(graph: FloatGraph) -> int:
    largest = 1
    for population in graph.populations:
        for edge in population.edges:
            source = graph.shape_of(edge.source)
            kernel = edge.synapses.weights.shape[2:]
            values = int(np.prod(source)) if not kernel else int(np.prod(kernel)) * source[0]
            places = int(np.prod(population.shape[1:])) if kernel else 1
            largest = max(largest, values * places, int(np.prod(population.shape)))
    return max(1, min(1024, BATCH_VALUES // largest))


def _joined(parts: list[FloatExecution]) -> FloatExecution:
    def over(kind: str) -> dict[str, FloatArray]:
        names = getattr(parts[0], kind)
        return {name: np.concatenate([getattr(part, kind)[name] for part in parts]) for name in names}

    outputs = np.concatenate([part.outputs for part in parts])
    pixels = parts[0].pixels
    return FloatExecution(outputs, pixels, over("emitted"), over("membranes"), over("integrated"))
