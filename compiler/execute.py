"""The reference interpreter: executes a Network, a TiledProgram or an Image, slow and obvious.

Everything is built from `arithmetic.py`; the engines of `sim/`, the trainer and the RTL are compared with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arithmetic import IntArray, accumulate, neuron_step
from .bounds import fan_in_weights
from .decode import decode_image
from .image import Image
from .network import Input, Network
from .program import Address, Core, TiledProgram


@dataclass(frozen=True)
class LayerTrace:
    """Every step of one population; arrays of shape (samples, steps, neurons)."""

    accumulated: IntArray
    """Membrane plus the step's current, before the bias: the state word a sweep reads."""
    membrane: IntArray
    """Membrane the next step starts from."""
    spikes: NDArray[np.bool_]


@dataclass(frozen=True)
class Execution:
    """What a run computed: `outputs` (samples, readout neurons) and the trace of each layer by name."""

    outputs: IntArray
    layers: dict[str, LayerTrace]

    @property
    def predictions(self) -> IntArray:
        """Class per sample: the lowest index among the largest outputs."""
        classes: IntArray = np.argmax(self.outputs, axis=1)
        return classes


def payloads_of(node: Input, steps: int, x: NDArray[np.uint8]) -> IntArray:
    """Payload of every input event, (samples, steps, features), from samples of the node's encoding.

    `direct`: x is (samples, features), sent again in every step. `events`: x is (samples, steps, features).
    """
    if node.encoding == "direct":
        return np.repeat(x.astype(np.int64)[:, None, :], steps, axis=1)
    return x.astype(np.int64)


def execute_network(network: Network, payloads: IntArray) -> Execution:
    """Run samples through the functional meaning; `payloads` is (samples, steps, features)."""
    recorder = _Recorder()
    for sample in payloads:
        membranes = {layer.name: layer.neurons.initial for layer in network.layers}
        for events in sample:
            arriving = {network.input.name: events}
            for layer in network.layers:
                axons = np.concatenate([arriving[edge.source] for edge in layer.edges])
                current = accumulate(fan_in_weights(layer), axons)
                neurons = layer.neurons
                result = neuron_step(
                    membranes[layer.name],
                    current,
                    threshold=neurons.threshold,
                    bias=neurons.bias,
                    reset=neurons.reset,
                    reset_value=neurons.reset_value,
                    state_bits=neurons.state_bits,
                    leak=neurons.leak,
                )
                recorder.add(layer.name, result.before + current, result.after, result.spikes)
                membranes[layer.name] = result.after
                arriving[layer.name] = result.spikes.astype(np.int64)
    layers = recorder.traces(payloads.shape[0], network.steps)
    return Execution(_read_out(network.readout.kind, layers[network.readout.layer]), layers)


def execute_program(program: TiledProgram, payloads: IntArray) -> Execution:
    """Run samples core by core, events through routes and tables; `payloads` as for the Network."""
    recorder = _Recorder()
    order = _dataflow_order(program)
    for sample in payloads:
        membranes = {core.at: core.initial for core in program.cores}
        for events in sample:
            inbox = {core.at: np.zeros(core.axons, np.int64) for core in program.cores}
            partial = {core.at: np.zeros(core.neurons, np.int64) for core in program.cores}
            for route in program.input_routes:
                axons = slice(route.first + route.axon_base, route.last + route.axon_base)
                inbox[route.to][axons] += events[route.first : route.last]
            for core in order:
                current = accumulate(core.weights.T, inbox[core.at]) + partial[core.at]
                if core.emission == "values_every":
                    partial[core.destinations[0].to] += current
                    continue
                result = neuron_step(
                    membranes[core.at],
                    current,
                    threshold=core.threshold,
                    bias=core.bias,
                    reset=core.reset,
                    reset_value=core.reset_value,
                    state_bits=core.state_bits,
                    leak=core.leak,
                )
                recorder.add(str(core.at), result.before + current, result.after, result.spikes)
                membranes[core.at] = result.after
                _deliver(program, core, result.spikes, inbox)
    traces = recorder.traces(payloads.shape[0], program.steps)
    layers = assemble_layers(program, {core.at: traces.get(str(core.at)) for core in program.cores})
    return Execution(_read_out(program.readout.kind, layers[program.readout.layer]), layers)


def execute_image(image: Image, payloads: IntArray) -> Execution:
    """Run samples on what the bits of the image mean, decoded back into a program."""
    return execute_program(decode_image(image), payloads)


def assemble_layers(
    program: TiledProgram, traces: Mapping[Address, LayerTrace | None]
) -> dict[str, LayerTrace]:
    """Traces of cores joined into traces of layers; partial-sum cores have none."""
    layers: dict[str, LayerTrace] = {}
    for name in dict.fromkeys(core.layer for core in program.cores):
        owners = [core for core in program.cores if core.layer == name and core.emission != "values_every"]
        owners.sort(key=lambda core: core.first_neuron)
        parts = [trace for core in owners if (trace := traces[core.at]) is not None]
        layers[name] = LayerTrace(
            np.concatenate([part.accumulated for part in parts], axis=2),
            np.concatenate([part.membrane for part in parts], axis=2),
            np.concatenate([part.spikes for part in parts], axis=2),
        )
    return layers


def _deliver(
    program: TiledProgram, core: Core, spikes: NDArray[np.bool_], inbox: dict[Address, IntArray]
) -> None:
    for entry in core.destinations:
        if entry.to.host:
            continue
        first = entry.first_word * program.target.lanes
        last = min(entry.last_word * program.target.lanes, core.neurons)
        inbox[entry.to][first + entry.axon_base : last + entry.axon_base] += spikes[first:last]


def _dataflow_order(program: TiledProgram) -> list[Core]:
    """Cores such that every core stands behind all that send to it in the same step."""
    ordered: list[Core] = []
    done: set[Address] = set()
    waiting = list(program.cores)
    while waiting:
        ready = [core for core in waiting if all(source.host or source in done for source in core.sources)]
        if not ready:
            raise ValueError(f"cores {[str(core.at) for core in waiting]} wait for one another")
        ordered.extend(ready)
        done.update(core.at for core in ready)
        waiting = [core for core in waiting if core.at not in done]
    return ordered


def _read_out(kind: str, trace: LayerTrace) -> IntArray:
    if kind == "membrane":
        return trace.membrane[:, -1]
    counts: IntArray = trace.spikes.sum(axis=1, dtype=np.int64)
    return counts


class _Recorder:
    """Collects one population's steps in order of execution."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[IntArray, IntArray, NDArray[np.bool_]]]] = {}

    def add(self, name: str, accumulated: IntArray, after: IntArray, spikes: NDArray[np.bool_]) -> None:
        self.rows.setdefault(name, []).append((accumulated, after, spikes))

    def traces(self, samples: int, steps: int) -> dict[str, LayerTrace]:
        return {
            name: LayerTrace(
                *(np.array(column).reshape(samples, steps, -1) for column in zip(*rows, strict=True))
            )
            for name, rows in self.rows.items()
        }
