"""What is measured: both tiers beside the bare loop and peers, threads, memory, compile times."""

import os
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from snnc.benchmark.bare import bare_loop
from snnc.benchmark.measure import Spread, interleaved, ratios
from snnc.benchmark.networks import Subject, chain, compiled, population, spikes, weights
from snnc.compiler.ir.network import Conv2d, Edge, Input, Linear, Network, Readout
from snnc.compiler.targets import load_target
from snnc.sim.accounting.counts import count_actions, total
from snnc.sim.engine.cycle import run_isolated
from snnc.sim.engine.functional import run_functional

BARE, FUNCTIONAL, CYCLE = "bare loop", "functional tier", "cycle tier"


@dataclass(frozen=True)
class Contender:
    """One way to run a network, per sample."""

    name: str
    seconds: Spread
    """CPU time."""
    times_bare: Spread
    """As multiples of the bare loop's, round by round."""


@dataclass(frozen=True)
class Row:
    """One network and everybody who ran it."""

    name: str
    cores: int
    steps: int
    events: float
    """Synaptic events of a sample: spikes times fan-out."""
    cycles: float
    """Of a sample."""
    contenders: tuple[Contender, ...]

    def contender(self, name: str) -> Contender | None:
        """The one of that name, if it ran."""
        return next((one for one in self.contenders if one.name == name), None)


def measure_network(subject: Subject, rounds: int, peers: dict[str, Callable[[], object]]) -> Row:
    """Everybody on the same samples, `peers` too: one thread, encoding and layouts included."""
    program, payloads = subject.program, subject.payloads
    count = len(payloads)
    contenders: dict[str, Callable[[], object]] = {
        BARE: bare_loop(program, payloads),
        FUNCTIONAL: lambda: run_functional(program, payloads, threads=1),
        CYCLE: lambda: run_isolated(program, payloads, threads=1),
    }
    times = interleaved(contenders | peers, rounds)
    run = run_isolated(program, payloads, threads=1)
    return Row(
        subject.name,
        len(program.cores),
        program.steps,
        total(count_actions(program, run.primitives), "sops") / count,
        float(run.cycles.mean()),
        tuple(
            Contender(name, Spread.of([one / count for one in own]), ratios(times, name, BARE))
            for name, own in times.items()
        ),
    )


def thread_speedup(subject: Subject, rounds: int) -> float | None:
    """How many times as fast the cycle tier is on two threads as on one, by the clock on the wall; None where
    there is one core.

    By the least time of each: what others do on the machine can only add, and adds more to two threads, for
    which both cores must be free at once.
    """
    if len(os.sched_getaffinity(0)) < 2:
        return None
    runs: dict[str, Callable[[], object]] = {
        str(threads): lambda threads=threads: run_isolated(  # type: ignore[misc]
            subject.program, subject.payloads, threads=threads
        )
        for threads in (1, 2)
    }
    times = interleaved(runs, rounds, time.perf_counter)
    return min(times["1"]) / min(times["2"])


@dataclass(frozen=True)
class Large:
    """What a large network costs."""

    name: str
    neurons: int
    weights: int
    synapses: int
    """Connections: weights times the places at which a kernel is put."""
    cores: int
    compile_s: float
    """CPU time."""
    compile_bytes: float
    """Per weight at the peak, the network included."""
    run_bytes: float
    """Per weight at the peak of a run of both tiers, the program included."""
    run_s: float
    """CPU time of a sample in both tiers together; a tenth of the inputs fire in each step."""
    process_bytes: int
    """Largest size of the process by then, Python and all libraries included."""


def measure_large(network: Network, width: int, height: int, *, memory: bool) -> Large:
    """Compile and, with `memory`, follow every allocation, which takes its time."""
    target = replace(load_target("mesh16"), width=width, height=height, destinations=256, sources=256)
    start = time.process_time()
    program = compiled(network, target)
    seconds = time.process_time() - start
    edges = [(layer, edge) for layer in network.layers for edge in layer.edges]
    count = sum(edge.synapses.weights.size for _, edge in edges)
    payloads = spikes(network, 1, 0.1)

    def run() -> None:
        run_functional(program, payloads)
        run_isolated(program, payloads)

    start = time.process_time()
    run()
    run_seconds = time.process_time() - start
    size = _largest_size()
    peaks = (0.0, 0.0)
    if memory:
        # A program of its own, whose layout is not there yet.
        again = replace(program)
        peaks = (
            1 + _peak(lambda: compiled(network, target)) / count,
            1 + _peak(lambda: (run_functional(again, payloads), run_isolated(again, payloads))) / count,
        )
    synapses = sum(
        edge.synapses.weights.size
        * (layer.shape[1] * layer.shape[2] if isinstance(edge.synapses, Conv2d) else 1)
        for layer, edge in edges
    )
    neurons = sum(layer.count for layer in network.layers)
    cores = len(program.cores)
    return Large(network.name, neurons, count, synapses, cores, seconds, *peaks, run_seconds, size)


def measure_apart(make: Callable[..., Network], *arguments: int, side: int, memory: bool = False) -> Large:
    """`measure_large` of make(*arguments) in a process of its own, whose size is its alone."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_made_and_measured, make, arguments, side, memory).result()


def _made_and_measured(
    make: Callable[..., Network], arguments: tuple[int, ...], side: int, memory: bool
) -> Large:
    return measure_large(make(*arguments), side, side, memory=memory)


def _largest_size() -> int:
    """Bytes of memory that this process had at most. Linux says it in a file: what getrusage says there is at
    least what the process had that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _peak(run: Callable[[], object]) -> int:
    """Bytes at the peak beyond what is there already."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def large_dense(side: int) -> Network:
    """Two layers, the first with side x side weights."""
    return chain(f"dense {side} x {side}", (side, side, 10), (4000, 60), 2)


def large_convolutional() -> Network:
    """A million neurons and 252 million connections: sixteen convolutions of 16 channels."""
    draw = np.random.default_rng(0)
    names = ["input", *(f"c{number}" for number in range(16))]
    layers = []
    for source, name in pairwise(names):
        kernel = Conv2d(weights(draw, (16, 16, 3, 5)), 4, padding=(1, 2))
        layers.append(population(name, (16, 64, 64), 40, Edge(source, kernel)))
    readout = Linear(weights(draw, (10, 16 * 16)), 4)
    layers.append(population("out", (10, 1, 1), 90, Edge(names[-1], readout, pool=(16, 16))))
    node = Input("input", (16, 64, 64), "events", 1)
    return Network("conv, 1 M neurons", 2, node, tuple(layers), Readout("out", "spike_count"))


def long_chain(tiles: int) -> Network:
    """As many dense layers of 256 neurons as there are to be tiles, one tile each."""
    return chain(f"chain of {tiles} tiles", (256,) * (tiles + 1), (60,) * tiles, 2)
