"""Speed of the cycle tier against a bare row-accumulation loop over the same events, both on one thread.

Run as `python -m snnc.sim.benchmark`. A synaptic event is one spike times one of its receivers.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.program import Core, TiledProgram, local_coordinates
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import CHANNEL_MASK, COLUMN_MASK, COLUMN_SHIFT, ROW_SHIFT
from snnc.compiler.protocol.streams import encode_samples
from snnc.sim.accounting.counts import count_actions, total
from snnc.sim.accounting.traces import Traces
from snnc.sim.benchmark_program import benchmark_payloads, convolutional_program, dense_program
from snnc.sim.engine.cycle import run_cycles
from snnc.sim.engine.functional import run_functional
from snnc.sim.engine.jit import entry, pointer, source_stamp
from snnc.sim.engine.layout import route_features
from snnc.sim.report_tables import format_table


def _make_loop(stamp: int) -> Callable[..., int]:
    @entry
    def accumulate_rows(
        weight_pool: NDArray[np.int8], state_pool: NDArray[np.int32], place_pool: IntArray
    ) -> int:
        """Add the weights of each run to its neurons, and nothing else."""
        weights, states, places = pointer(weight_pool), pointer(state_pool), pointer(place_pool)
        for run in range(place_pool.shape[0]):
            weight, state = places[3 * run], places[3 * run + 1]
            for n in range(places[3 * run + 2]):
                states[state + n] += weights[weight + n]
        return stamp

    return accumulate_rows


_accumulate_rows = _make_loop(source_stamp())


def main() -> None:
    """Measure and print a small table of each network."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m snnc.sim.benchmark")
    parser.add_argument("--runs", type=int, default=10, help="measurements of each (default 10)")
    runs = parser.parse_args().runs
    print("\n\n".join(_report(program, runs) for program in (dense_program(), convolutional_program())))


def _report(program: TiledProgram, runs: int) -> str:
    payloads = benchmark_payloads(1)
    stream = encode_samples(program, payloads)
    counts = count_actions(program, run_functional(program, payloads, threads=1).primitives)
    events = total(counts, "sops")
    weights, states, places = _footprints(program, payloads)
    measured = {
        "bare row loop": _measure(lambda: _accumulate_rows(weights, states, places), runs),
        "functional tier": _measure(lambda: run_functional(program, payloads, threads=1), runs),
        "cycle tier": _measure(lambda: run_cycles(program, stream), runs),
    }
    bare_median = statistics.median(measured["bare row loop"])
    table = [
        (name, f"{events / max(times):.3g}", f"{events / statistics.median(times):.3g}",
         f"{events / min(times):.3g}", f"{statistics.median(times) / bare_median:.1f}")
        for name, times in measured.items()
    ]  # fmt: skip
    cycles = int(run_cycles(program, stream).cycles[0])
    return (
        f"{program.name}, {program.steps} steps, {events} synaptic events, "
        f"spikes {counts['spikes'].tolist()[:-1]}\n"
        f"{cycles} cycles, one thread, {runs} runs each\n\n"
        + format_table(("events/s", "min", "median", "max", "time / bare"), table)
    )


def _footprints(
    program: TiledProgram, payloads: IntArray
) -> tuple[NDArray[np.int8], NDArray[np.int32], IntArray]:
    """All weights, zeroed states, and (runs, 3) first weight, first state, length of every contiguous run of
    neurons that the events of `payloads` touch."""
    lanes = program.target.lanes
    weights = np.concatenate([core.weights.reshape(-1) for core in program.cores])
    sizes = [(core.weights.size, core.tile.words(lanes) * lanes) for core in program.cores]
    starts = np.cumsum([(0, 0), *sizes], axis=0)
    run = run_functional(program, payloads, trace=True, threads=1)
    assert run.trace is not None
    places: list[tuple[int, int, int]] = []
    for number, core in enumerate(program.cores):
        for coordinate in _arriving(program, core, payloads, run.trace):
            for weight, state, length in touched_runs(core, coordinate):
                places.append((int(starts[number, 0]) + weight, int(starts[number, 1]) + state, length))
    return weights, np.zeros(int(starts[-1, 1]), np.int32), np.array(places, np.int64)


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


def touched_runs(core: Core, coordinate: int) -> Iterator[tuple[int, int, int]]:
    """(first weight, first state, length) of an event's contiguous runs, counted in lanes."""
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


def _measure(run: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each run, after one that compiles and warms up."""
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
