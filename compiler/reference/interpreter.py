"""The reference interpreter: executes a Network, a TiledProgram or an Image, slow and obvious.

Everything is built from `arithmetic.py`; the engines of `sim/`, the trainer and the RTL are compared with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from snnc.base.blocks import row_blocks
from snnc.compiler.analysis.geometry import ungrouped
from snnc.compiler.ir.dataflow import dataflow_order
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network, Readout, Shape, count, pooled
from snnc.compiler.ir.program import Core, TiledProgram, local_coordinates
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import IntArray, neuron_step, synaptic_current
from snnc.compiler.protocol.input_encoding import entering
from snnc.compiler.reference.decode import decode_image

Value = TypeVar("Value", np.int64, np.bool_)


@dataclass(frozen=True)
class LayerTrace:
    """Every step of one population; arrays of shape (samples, steps, neurons)."""

    accumulated: IntArray
    """The state word a sweep reads, before the bias: membrane plus current, or the current alone (CUBA)."""
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


def edge_current(layer: Layer, edge: Edge, source: Shape, events: IntArray) -> IntArray:
    """Current (neurons,) that the payloads `events` (source neurons,) send through `edge` in one step."""
    arriving = _sum_pool(events.reshape(source), edge.pool)
    synapses = edge.synapses
    if not isinstance(synapses, Conv2d):
        blocks = row_blocks(synapses.weights)
        return np.concatenate([block.astype(np.int64) @ arriving.reshape(-1) for block in blocks])
    weights = ungrouped(synapses, source[0]).astype(np.int64)
    high, wide = synapses.padding
    padded = np.pad(arriving, ((0, 0), (high, high), (wide, wide)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[2:], axis=(1, 2))
    windows = windows[:, :: synapses.stride[0], :: synapses.stride[1]]
    current: IntArray = np.einsum("ochw,cyxhw->oyx", weights, windows).reshape(-1)
    return current


def _sum_pool(events: IntArray, pool: tuple[int, int]) -> IntArray:
    channels, height, width = pooled((events.shape[0], events.shape[1], events.shape[2]), pool)
    kept = events[:, : height * pool[0], : width * pool[1]]
    sums: IntArray = kept.reshape(channels, height, pool[0], width, pool[1]).sum(axis=(2, 4))
    return sums


def execute_network(network: Network, payloads: IntArray) -> Execution:
    """Run samples through the functional meaning; `payloads` is (samples, steps, features)."""
    recorder = _Recorder()
    for sample in payloads:
        run = _NetworkRun(network)
        for events in sample:
            for name, trace in run.step(events).items():
                recorder.add(name, *trace)
    layers = recorder.traces(payloads.shape[0], network.steps)
    return Execution(read_out(network.readout, layers[network.readout.layer]), layers)


class _NetworkRun:
    """The state of a network within one sample."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.membranes = {layer.name: _per_neuron(layer, layer.neurons.initial) for layer in network.layers}
        self.currents = {layer.name: np.zeros(layer.count, np.int64) for layer in network.layers}
        self.history: dict[str, list[IntArray]] = {network.input.name: []}
        self.history |= {layer.name: [] for layer in network.layers}

    def step(self, events: IntArray) -> dict[str, tuple[IntArray, IntArray, NDArray[np.bool_]]]:
        """One time step of every layer: state word, membrane and spikes by layer."""
        done = len(self.history[self.network.input.name])
        self.history[self.network.input.name].append(events)
        results = {}
        for layer in self.network.layers:
            arriving = np.zeros(layer.count, np.int64)
            for edge in layer.edges:
                if done - edge.delay >= 0:
                    spikes = self.history[edge.source][done - edge.delay]
                    arriving = arriving + edge_current(
                        layer, edge, self.network.shape_of(edge.source), spikes
                    )
            results[layer.name] = self._advance(layer, arriving)
        return results

    def _advance(self, layer: Layer, arriving: IntArray) -> tuple[IntArray, IntArray, NDArray[np.bool_]]:
        name, neurons = layer.name, layer.neurons
        current = synaptic_current(
            self.currents[name],
            arriving << neurons.fraction_bits,
            neurons.current_leak,
            _per_neuron_if_any(layer, neurons.current_numerators),
        )
        result = neuron_step(
            self.membranes[name],
            current,
            threshold=_per_neuron(layer, neurons.threshold),
            bias=_per_neuron(layer, neurons.bias),
            reset=neurons.reset,
            reset_value=neurons.reset_value,
            state_bits=neurons.state_bits,
            leak=neurons.leak,
            reset_amount=_per_neuron_if_any(layer, neurons.reset_amount),
            leak_numerators=_per_neuron_if_any(layer, neurons.leak_numerators),
            lower_clamp=neurons.lower_clamp,
        )
        state = current if neurons.current_leak is not None else result.before + current
        self.membranes[name], self.currents[name] = result.after, current
        self.history[name].append(result.spikes.astype(np.int64))
        return state, result.after, result.spikes


def as_stored(network: Network, program: TiledProgram, execution: Execution) -> Execution:
    """The execution of `network` with the state words that `program` has: where it holds an input, they are
    the current alone."""
    layers = dict(execution.layers)
    for name in dict.fromkeys(core.layer for core in program.cores if core.current_leak is not None):
        layer, trace = network.layer(name), execution.layers[name]
        if layer.neurons.current_leak is None:
            before = np.roll(trace.membrane, 1, axis=1)
            before[:, 0] = _per_neuron(layer, layer.neurons.initial)
            layers[name] = replace(trace, accumulated=trace.accumulated - before)
    return Execution(execution.outputs, layers)


def _per_neuron(layer: Layer, values: IntArray) -> IntArray:
    return np.repeat(values, layer.shape[1] * layer.shape[2])


def _per_neuron_if_any(layer: Layer, values: IntArray | None) -> IntArray | None:
    return None if values is None else _per_neuron(layer, values)


def execute_program(program: TiledProgram, payloads: IntArray) -> Execution:
    """Run samples core by core, events through routes, tables and banks; `payloads` as for the Network."""
    recorder = _Recorder()
    order = dataflow_order(program)
    for sample in entering(program.input, payloads):
        run = _ProgramRun(program)
        for step, events in enumerate(sample):
            run.deliver_input(events)
            for core in order:
                run.sweep(core, step, recorder)
    traces = recorder.traces(payloads.shape[0], program.steps)
    layers = assemble_layers(program, {core.at: traces.get(str(core.at)) for core in program.cores})
    return Execution(read_out(program.readout, layers[program.readout.layer]), layers)


class _ProgramRun:
    """The state of every core within one sample, per slot (word, lane)."""

    def __init__(self, program: TiledProgram) -> None:
        self.program = program
        self.lanes = program.target.lanes
        self.maps = {core.at: core.tile.neuron_map(self.lanes) for core in program.cores}
        self.membranes = {core.at: self._by_slot(core, core.initial) for core in program.cores}
        self.currents = {core.at: np.zeros(len(self.maps[core.at]), np.int64) for core in program.cores}
        self.arriving = {core.at: np.zeros(len(self.maps[core.at]), np.int64) for core in program.cores}
        self.next_step = {core.at: np.zeros(len(self.maps[core.at]), np.int64) for core in program.cores}
        self.history: dict[Address, list[NDArray[np.bool_]]] = {core.at: [] for core in program.cores}

    def _by_slot(self, core: Core, values: IntArray) -> IntArray:
        pixel = np.zeros(core.tile.pixel_words(self.lanes) * self.lanes, np.int64)
        pixel[: core.tile.channels] = values
        return np.tile(pixel, core.tile.rows * core.tile.columns)

    def _by_slot_if_any(self, core: Core, values: IntArray | None) -> IntArray | None:
        return None if values is None else self._by_slot(core, values)

    def deliver_input(self, events: NDArray[np.integer]) -> None:
        """Begin a step: what recurrent edges brought, and the input events to the cores that take them."""
        self.arriving = self.next_step
        self.next_step = {at: np.zeros_like(slots) for at, slots in self.arriving.items()}
        shape = self.program.input.shape
        for number in np.flatnonzero(events).tolist():
            channel, pixel = divmod(number, shape[1] * shape[2])
            row = pixel // shape[2]
            local = int(local_coordinates(shape, np.array([number]))[0])
            for route in self.program.input_routes:
                wanted = route.first_channel <= channel < route.last_channel
                if wanted and route.first_row <= row < route.last_row:
                    receiver = self.program.core_at(route.to)
                    self._spike(receiver, self.arriving, local + route.base, int(events[number]))

    def _spike(self, core: Core, memories: dict[Address, IntArray], coordinate: int, payload: int) -> None:
        """Accumulate one event by the core's axon tables (`docs/microarchitecture.md`, 4.2)."""
        y, x, channel = coordinate >> 16 & 255, coordinate >> 8 & 255, coordinate & 255
        number, row_count, row_weights, row_state = core.axon_rows[y].tolist()
        column_count, column_weights, column_state = core.axon_columns[x].tolist()
        bank = core.banks[number]
        channel -= bank.first_channel
        if not 0 <= channel < bank.channels:
            return
        offset = channel // self.lanes if bank.depthwise else 0
        lanes = slice(channel % self.lanes, channel % self.lanes + 1) if bank.depthwise else slice(None)
        state = memories[core.at].reshape(-1, self.lanes)
        weights = row_weights + column_weights + (offset if bank.depthwise else channel * bank.channel_stride)
        for i in range(row_count):
            for j in range(column_count):
                w = weights + i * bank.row_weight_step + j * bank.column_weight_step
                s = row_state + column_state + offset + i * bank.row_state_step + j * bank.column_state_step
                words = bank.row_words
                added = core.weights[w : w + words, lanes].astype(np.int64) * payload
                state[s : s + words, lanes] += added << core.fraction_bits

    def sweep(self, core: Core, step: int, recorder: "_Recorder") -> None:
        """End the core's step: neurons advance and emit, or partial sums go to their owner."""
        at, arriving = core.at, self.arriving[core.at]
        if core.emission == "values_every":
            self.arriving[core.destinations[0].to] += arriving
            return
        current = synaptic_current(
            self.currents[at],
            arriving,
            core.current_leak,
            self._by_slot_if_any(core, core.current_numerators),
        )
        result = neuron_step(
            self.membranes[at],
            current,
            threshold=self._by_slot(core, core.threshold),
            bias=self._by_slot(core, core.bias),
            reset=core.reset,
            reset_value=core.reset_value,
            state_bits=core.state_bits,
            leak=core.leak,
            reset_amount=self._by_slot_if_any(core, core.reset_amount),
            leak_numerators=self._by_slot_if_any(core, core.leak_numerators),
            lower_clamp=core.lower_clamp,
        )
        real = self.maps[at] >= 0
        state = current if core.current_leak is not None else result.before + current
        self.membranes[at], self.currents[at] = result.after, current
        spikes = result.spikes & real
        self.history[at].append(spikes)
        recorder.add(str(at), state[real], result.after[real], spikes[real])
        self._emit(core, step)

    def _emit(self, core: Core, step: int) -> None:
        """Send the spikes of this step, and the delayed ones of earlier steps, by segment and entry."""
        last = step == self.program.steps - 1
        for segment in core.segments:
            if step < segment.delay or (segment.recurrent and last):
                continue
            slots = np.flatnonzero(self.history[core.at][step - segment.delay])
            local = core.tile.local_slots(slots, self.lanes)
            memories = self.next_step if segment.recurrent else self.arriving
            for entry in core.destinations[segment.first_entry : segment.end_entry]:
                if entry.to.host:
                    continue
                receiver = self.program.core_at(entry.to)
                words = slots // self.lanes
                hit = (words >= entry.first_word) & (words < entry.last_word)
                for coordinate in local[hit].tolist():
                    self._spike(receiver, memories, coordinate + entry.base, 1)


def execute_image(image: Image, payloads: IntArray) -> Execution:
    """Run samples on what the bits of the image mean, decoded back into a program."""
    return execute_program(decode_image(image), payloads)


def assemble_layers(
    program: TiledProgram, traces: Mapping[Address, LayerTrace | None]
) -> dict[str, LayerTrace]:
    """Traces of cores, neurons in slot order without padding, joined into traces of layers; partial-sum cores
    have none."""
    layers: dict[str, LayerTrace] = {}
    for name in dict.fromkeys(core.layer for core in program.cores):
        found = [(c, traces[c.at]) for c in program.cores if c.layer == name and traces[c.at] is not None]
        owners = [core for core, _ in found]
        parts = [trace for _, trace in found if trace is not None]
        layers[name] = LayerTrace(
            _join(program, owners, [trace.accumulated for trace in parts]),
            _join(program, owners, [trace.membrane for trace in parts]),
            _join(program, owners, [trace.spikes for trace in parts]),
        )
    return layers


def _join(program: TiledProgram, owners: list[Core], parts: list[NDArray[Value]]) -> NDArray[Value]:
    samples, steps = parts[0].shape[:2]
    joined = np.zeros((samples, steps, count(owners[0].tile.layer_shape)), parts[0].dtype)
    for core, part in zip(owners, parts, strict=True):
        numbers = core.tile.neuron_map(program.target.lanes)
        joined[:, :, numbers[numbers >= 0]] = part
    return joined


def read_out(readout: Readout, trace: LayerTrace) -> IntArray:
    """The readout of each neuron: (samples, neurons)."""
    if readout.kind == "membrane":
        return trace.membrane[:, -1]
    window = trace.spikes[:, readout.first_step :]
    if readout.kind == "spike_count":
        counts: IntArray = window.sum(axis=1, dtype=np.int64)
        return counts
    earliest = np.argmax(window, axis=1)
    first: IntArray = np.where(window.any(axis=1), window.shape[1] - earliest, 0)
    return first


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
