"""Speed of the cycle tier against a bare row-accumulation loop over the same events, both on one thread.

Run as `python -m snnc.sim.benchmark`. A synaptic event is one spike times one of its receivers.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..compiler.arithmetic import IntArray
from ..compiler.flits import encode_samples
from .benchmark_program import benchmark_payloads, benchmark_program
from .counts import count_actions, total
from .cycle_engine import run_cycles
from .functional import run_functional
from .jit import entry, source_stamp
from .report import format_table


def _make_loop(stamp: int) -> Callable[..., int]:
    @entry
    def accumulate_rows(rows: NDArray[np.int8], axons: IntArray, sums: NDArray[np.int32]) -> int:
        """Add the weight row of each event, and nothing else."""
        for axon in axons:
            row = rows[axon]
            for n in range(row.shape[0]):
                sums[n] += row[n]
        return stamp

    return accumulate_rows


_accumulate_rows = _make_loop(source_stamp())


def main() -> None:
    """Measure and print a small table."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m snnc.sim.benchmark")
    parser.add_argument("--runs", type=int, default=10, help="measurements of each (default 10)")
    runs = parser.parse_args().runs
    program, payloads = benchmark_program(), benchmark_payloads(1)
    stream = encode_samples(program, payloads)
    traced = run_functional(program, payloads, trace=True, threads=1)
    counts = count_actions(program, traced.primitives)
    events = total(counts, "sops")
    assert traced.trace is not None
    spikes = [payloads[0] > 0, *(trace.spikes[0] for trace in traced.trace[:-1])]
    axons = [np.nonzero(steps)[1] for steps in spikes]
    rows = [np.ascontiguousarray(core.weights) for core in program.cores]
    sums = [np.zeros(core.neurons, np.int32) for core in program.cores]

    def bare() -> None:
        for layer in range(len(rows)):
            _accumulate_rows(rows[layer], axons[layer], sums[layer])

    measured = {
        "bare row loop": _measure(bare, runs),
        "functional tier": _measure(lambda: run_functional(program, payloads, threads=1), runs),
        "cycle tier": _measure(lambda: run_cycles(program, stream), runs),
    }
    fired = counts["spikes"].tolist()[:-1]
    print(f"{program.name}, {program.steps} steps, {events} synaptic events, spikes {fired}")
    print(f"{int(run_cycles(program, stream).cycles[0])} cycles, one thread, {runs} runs each\n")
    bare_median = statistics.median(measured["bare row loop"])
    table = [
        (name, f"{events / max(times):.3g}", f"{events / statistics.median(times):.3g}",
         f"{events / min(times):.3g}", f"{statistics.median(times) / bare_median:.1f}")
        for name, times in measured.items()
    ]  # fmt: skip
    print(format_table(("events/s", "min", "median", "max", "time / bare"), table))


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
