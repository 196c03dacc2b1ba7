"""How cost grows: one quantity at a time over up to three decades, the others kept as they are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from snnc.benchmark.measure import interleaved
from snnc.benchmark.networks import Subject, chain, compiled, small_target, spikes
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.address import Address
from snnc.compiler.passes.partition import Partition
from snnc.compiler.passes.route import Route
from snnc.compiler.targets import load_target
from snnc.sim.accounting.counts import count_actions, total
from snnc.sim.engine.cycle import run_isolated

NEVER = 1 << 18
"""A threshold that nothing reaches."""
FAR = 15
"""Distance of the two cores of the family of hops, along each axis."""


@dataclass(frozen=True)
class Curve:
    """Cost of the cycle tier, encoding included, over one quantity."""

    quantity: str
    meaning: str
    sizes: tuple[float, ...]
    seconds: tuple[float, ...]
    """CPU time of a sample, median."""

    @property
    def line(self) -> tuple[float, float]:
        """Fixed cost and cost of each unit, the straight line with the least relative errors (s)."""
        sizes, seconds = np.array(self.sizes), np.array(self.seconds)
        columns = np.stack([1 / seconds, sizes / seconds], axis=1)
        fixed, unit = np.linalg.lstsq(columns, np.ones(len(sizes)), rcond=None)[0].tolist()
        return fixed, unit

    @property
    def worst(self) -> float:
        """Largest distance from that line, as a share of what was measured."""
        fixed, unit = self.line
        pairs = zip(self.sizes, self.seconds, strict=True)
        return max(abs(fixed + unit * size - seconds) / seconds for size, seconds in pairs)


def measure_scaling(rounds: int, say: Callable[[str], None]) -> list[Curve]:
    """All families."""
    return [_curve(*family, rounds, say) for family in FAMILIES]


def _curve(
    quantity: str,
    meaning: str,
    subjects: Callable[[], Iterator[tuple[float, Subject]]],
    rounds: int,
    say: Callable[[str], None],
) -> Curve:
    sizes, seconds = [], []
    for size, subject in subjects():
        program, payloads = subject.program, subject.payloads

        def run(program: TiledProgram = program, payloads: object = payloads) -> object:
            return run_isolated(program, payloads, threads=1)  # type: ignore[arg-type]

        times = interleaved({"": run}, rounds)[""]
        sizes.append(size)
        seconds.append(float(np.median(times)) / len(subject.payloads))
        say(f"  {quantity} {size:g}: {seconds[-1] * 1e3:.3g} ms")
    return Curve(quantity, meaning, tuple(sizes), tuple(seconds))


def _events() -> Iterator[tuple[float, Subject]]:
    """Spikes at the input of 1024 x 1024 synapses, in ten steps."""
    network = chain("events", (1024, 1024), (NEVER,), 10)
    program = compiled(network, load_target("mesh16"))
    for rate in np.geomspace(0.001, 1.0, 7):
        payloads = spikes(network, 4, float(rate))
        run = run_isolated(program, payloads, threads=1)
        yield total(count_actions(program, run.primitives), "sops") / 4, Subject(network, program, payloads)


def _hops() -> Iterator[tuple[float, Subject]]:
    """Spikes of a layer that fires for every input, to another one far away."""
    network = chain("hops", (1024, 1024, 16), (1, NEVER), 4)
    first = network.layers[0]
    edge = first.edges[0]
    single = replace(edge.synapses, weights=np.eye(1024, dtype=np.int8))
    layers = replace(first, edges=(replace(edge, synapses=single),)), *network.layers[1:]
    network = replace(network, layers=layers)
    tiling = Partition(load_target("mesh16"), spread=False).run(network)
    program = Route().run(tiling.with_places([Address(0, 0), Address(FAR, FAR)]))
    for rate in np.geomspace(0.001, 1.0, 7):
        payloads = spikes(network, 4, float(rate))
        hops = float(run_isolated(program, payloads, threads=1).hops.sum()) / 4
        yield hops, Subject(network, program, payloads)


def _neurons() -> Iterator[tuple[float, Subject]]:
    """Silent neurons that are swept in each of ten steps."""
    for count in np.geomspace(64, 65536, 6).astype(int).tolist():
        network = chain("neurons", (2, count), (NEVER,), 10)
        program = compiled(network, replace(load_target("mesh16"), parameter_words=512))
        yield float(count), Subject(network, program, spikes(network, 4, 0.0))


def _steps() -> Iterator[tuple[float, Subject]]:
    """Time steps of a small network."""
    for count in np.geomspace(10, 10_000, 7).astype(int).tolist():
        network = replace(chain("steps", (64, 64, 10), (20, 20), 1), steps=count)
        program = compiled(network, load_target("mesh16"))
        yield float(count), Subject(network, program, spikes(network, 2, 0.1))


def _cores() -> Iterator[tuple[float, Subject]]:
    """A chain of layers of 32 neurons, a core each, all of them at work."""
    for count in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        network = chain("cores", (32,) * (count + 1), (8,) * count, 20)
        yield float(count), Subject(network, compiled(network, small_target()), spikes(network, 4, 0.2))


FAMILIES: tuple[tuple[str, str, Callable[[], Iterator[tuple[float, Subject]]]], ...] = (
    ("events", "synaptic events of a sample, 1024 x 1024 synapses", _events),
    ("hops", f"hops of flits between two cores {2 * FAR} apart", _hops),
    ("neurons", "neurons without an event, 10 steps", _neurons),
    ("steps", "time steps of 64-64-10", _steps),
    ("cores", "cores of a chain, one layer of 32 neurons on each", _cores),
)
