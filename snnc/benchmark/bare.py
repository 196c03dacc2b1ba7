"""The least a simulator could do: a loop that adds the weight rows of the same events, and nothing else."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from snnc.base.jit import entry, pointer
from snnc.compiler.ir.program import Core, TiledProgram, local_coordinates
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import CHANNEL_MASK, COLUMN_MASK, COLUMN_SHIFT, ROW_SHIFT
from snnc.sim.accounting.traces import Traces
from snnc.sim.engine.functional import run_functional
from snnc.sim.engine.layout import route_features
from snnc.sim.engine.vectors import aligned_copy

Run = tuple[int, int, int]
"""First weight, first state and length of neighbouring neurons that an event touches."""


@entry
def _accumulate_rows(
    weight_pool: NDArray[np.int8], state_pool: NDArray[np.int32], place_pool: IntArray
) -> None:
    """Add the weights of each run to its neurons."""
    weights, states, places = pointer(weight_pool), pointer(state_pool), pointer(place_pool)
    for run in range(place_pool.shape[0]):
        weight, state = places[3 * run], places[3 * run + 1]
        for n in range(places[3 * run + 2]):
            states[state + n] += weights[weight + n]


def bare_loop(program: TiledProgram, payloads: IntArray) -> Callable[[], None]:
    """The loop over all events of these samples, which were found beforehand."""
    weights, states, places = _footprints(program, payloads)
    return lambda: _accumulate_rows(weights, states, places)


def _footprints(
    program: TiledProgram, payloads: IntArray
) -> tuple[NDArray[np.int8], NDArray[np.int32], IntArray]:
    """All weights, zeroed states, and every run that the events of `payloads` touch, core by core."""
    lanes = program.target.lanes
    sizes = [(core.weights.size, core.tile.words(lanes) * lanes) for core in program.cores]
    starts = np.cumsum([(0, 0), *sizes], axis=0)
    run = run_functional(program, payloads, trace=True, threads=1)
    assert run.trace is not None
    places: list[Run] = []
    for number, core in enumerate(program.cores):
        known: dict[int, list[Run]] = {}
        for coordinate in _arriving(program, core, payloads, run.trace):
            if coordinate not in known:
                known[coordinate] = [
                    (int(starts[number, 0]) + weight, int(starts[number, 1]) + state, length)
                    for weight, state, length in touched_runs(core, coordinate)
                ]
            places += known[coordinate]
    weights = np.concatenate([core.weights.reshape(-1) for core in program.cores])
    states = aligned_copy(np.zeros(int(starts[-1, 1]), np.int32))
    return weights, states, np.array(places, np.int64)


def _arriving(program: TiledProgram, receiver: Core, payloads: IntArray, traces: Traces) -> Iterator[int]:
    """Coordinates of all events at a core, in no particular order."""
    lanes = program.target.lanes
    for route in program.input_routes:
        if route.to == receiver.at:
            features = route_features(program, route)
            local = local_coordinates(program.input.shape, features) + route.base
            for sample in payloads:
                for step in sample:
                    yield from local[step[features] > 0].tolist()
    for sender, trace in zip(program.cores, traces, strict=True):
        slots = np.flatnonzero(sender.tile.neuron_map(lanes) >= 0)
        for target in sender.destinations:
            if target.to == receiver.at:
                hit = (slots // lanes >= target.first_word) & (slots // lanes < target.last_word)
                local = sender.tile.local_slots(slots[hit], lanes) + target.base
                for spikes in trace.spikes.reshape(-1, len(slots)):
                    yield from local[spikes[hit]].tolist()


def touched_runs(core: Core, coordinate: int) -> Iterator[Run]:
    """The runs of one event, counted in lanes of the core."""
    lanes = core.weights.shape[1]
    number, rows, row_weights, row_state = core.axon_rows[coordinate >> ROW_SHIFT].tolist()
    columns, column_weights, column_state = core.axon_columns[
        coordinate >> COLUMN_SHIFT & COLUMN_MASK
    ].tolist()
    bank = core.banks[number]
    channel = (coordinate & CHANNEL_MASK) - bank.first_channel
    if not 0 <= channel < bank.channels:
        return
    for i in range(rows):
        for j in range(columns):
            weight = row_weights + column_weights + i * bank.row_weight_step + j * bank.column_weight_step
            state = row_state + column_state + i * bank.row_state_step + j * bank.column_state_step
            weight += channel * bank.channel_stride
            yield weight * lanes, state * lanes, bank.row_words * lanes
