"""The promise: trainer, reference, simulator and RTL on the same samples, compared value by value.

The reference interpreter is the yardstick; each other execution is compared with it: every membrane after
every step, every spike, every readout. Simulator and RTL are also compared with each other, packet by packet
and cycle by cycle.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import MismatchError
from snnc.base.html import html_table
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.protocol.streams import decode_outputs
from snnc.compiler.reference.interpreter import LayerTrace, assemble_layers, execute_network

if TYPE_CHECKING:
    from snnc.sim.accounting.traces import CoreTrace

MembranesAndSpikes = tuple[NDArray[Any], NDArray[Any]]
"""Of one layer, both (samples, steps, neurons)."""


@dataclass(frozen=True)
class Difference:
    """The first place where an execution departs from what it is compared with."""

    execution: str
    compared_with: str
    quantity: str
    sample: int
    expected: int
    got: int
    layer: str = ""
    step: int = -1
    neuron: int = -1
    core: str = ""
    cycle: int = -1

    def describe(self) -> str:
        """One line: where, expected, got."""
        places = [f"sample {self.sample}"]
        if self.layer:
            places.append(f"layer {self.layer!r}, step {self.step}, neuron {self.neuron}, core {self.core}")
        if self.cycle >= 0:
            places.append(f"cycle {self.cycle}")
        return (
            f"{self.execution} differs from {self.compared_with}: {self.quantity} at {', '.join(places)}: "
            f"expected {self.expected}, got {self.got}"
        )


COUNTS = tuple(
    name
    for what in ("spike", "membrane", "output", "cycle")
    for name in (f"{what}s_compared", f"{what}_differences")
)
"""Fields of `Verification` that add up."""


@dataclass
class Verification:
    """Counts of what was compared; the content of verify.json."""

    samples: int
    executions: list[str]
    spikes_compared: int = 0
    spike_differences: int = 0
    membranes_compared: int = 0
    membrane_differences: int = 0
    outputs_compared: int = 0
    output_differences: int = 0
    cycles_compared: int = 0
    cycle_differences: int = 0
    stall: float = 0.0
    seed: int = 0
    seeds: int = 1
    first_difference: Difference | None = None
    waveform: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return asdict(self)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        said = f"{' = '.join(self.executions)} on {self.samples} samples (exact)"
        return html_table(said, ("", "compared", "different"), self._rows())

    def add(self, other: "Verification") -> None:
        """Count what was compared elsewhere, after what is counted here."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first_difference = self.first_difference or other.first_difference

    def require_equal(self) -> None:
        """Raise MismatchError at the first difference, where there was one."""
        if self.first_difference is not None:
            hint = None if self.waveform is None else f"a waveform of that sample is in {self.waveform}"
            raise MismatchError(self.first_difference.describe(), hint=hint)

    def render(self) -> str:
        """Table of what was compared, exact counts."""
        lines = [f"{' = '.join(self.executions)} on {self.samples} samples (exact)"]
        lines.append(f"{'':15}{'compared':>12}{'different':>12}")
        lines += [f"{name:15}{compared:12,}{different:12,}" for name, compared, different in self._rows()]
        if self.stall:
            lines.append(
                f"and again with random stalls on every port, probability {self.stall}, {_seeds(self)}"
            )
        return "\n".join(lines)

    def _rows(self) -> list[tuple[str, int, int]]:
        return [
            ("spikes", self.spikes_compared, self.spike_differences),
            ("membranes", self.membranes_compared, self.membrane_differences),
            ("outputs", self.outputs_compared, self.output_differences),
            ("packet cycles", self.cycles_compared, self.cycle_differences),
        ]


def _seeds(result: Verification) -> str:
    last = result.seed + result.seeds - 1
    return f"seed {result.seed}" if result.seeds == 1 else f"seeds {result.seed} to {last}"


class Comparison:
    """Counts comparisons against the reference and remembers the first difference."""

    def __init__(self, tiled: TiledProgram, reference: Mapping[str, LayerTrace], outputs: IntArray) -> None:
        self.tiled = tiled
        self.reference = reference
        self.outputs = outputs
        self.result = Verification(len(outputs), ["reference"])

    def traces(self, execution: str, layers: Mapping[str, MembranesAndSpikes]) -> None:
        """Compare every membrane and spike of `execution`, all layers."""
        for name, expected in self.reference.items():
            membranes, spikes = layers[name]
            self.result.spikes_compared += expected.spikes.size
            self.result.membranes_compared += expected.membrane.size
            self.result.spike_differences += self._layer(execution, "spike", name, expected.spikes, spikes)
            self.result.membrane_differences += self._layer(
                execution, "membrane", name, expected.membrane, membranes
            )

    def readout(self, execution: str, outputs: IntArray) -> None:
        """Compare what the host reads."""
        self.result.outputs_compared += self.outputs.size
        wrong = np.argwhere(self.outputs != outputs)
        self.result.output_differences += len(wrong)
        if len(wrong):
            sample, neuron = map(int, wrong[0])
            self._remember(
                Difference(
                    execution,
                    "reference",
                    f"output {neuron}",
                    sample,
                    int(self.outputs[sample, neuron]),
                    int(outputs[sample, neuron]),
                )
            )

    def packets(self, sample: int, expected: "Packets", got: "Packets") -> None:
        """Compare the packets that left the mesh, simulator against RTL, with their cycles."""
        count = max(len(expected.cycles), len(got.cycles))
        same = min(len(expected.cycles), len(got.cycles))
        differs = (expected.cycles[:same] != got.cycles[:same]) | (expected.flits[:same] != got.flits[:same])
        self.result.cycles_compared += count
        self.result.cycle_differences += int(differs.sum()) + count - same
        if differs.any():
            first = int(np.argmax(differs))
            if expected.cycles[first] != got.cycles[first]:
                quantity, values = f"cycle of packet {first}", (expected.cycles[first], got.cycles[first])
            else:
                quantity, values = f"packet {first}", (expected.flits[first], got.flits[first])
        elif count != same:
            quantity, values = "number of packets", (len(expected.cycles), len(got.cycles))
            first = same
        else:
            return
        at = expected.cycles if first < len(expected.cycles) else got.cycles
        self._remember(
            Difference(
                "rtl", "simulator", quantity, sample, int(values[0]), int(values[1]), cycle=int(at[first])
            )
        )

    def _layer(
        self, execution: str, quantity: str, layer: str, expected: NDArray[Any], got: NDArray[Any]
    ) -> int:
        wrong = np.argwhere(expected != got)
        if len(wrong):
            sample, step, neuron = map(int, wrong[0])
            place = (sample, step, neuron)
            self._remember(
                Difference(
                    execution,
                    "reference",
                    quantity,
                    sample,
                    int(expected[place]),
                    int(got[place]),
                    layer,
                    step,
                    neuron,
                    self._core_of(layer, neuron),
                )
            )
        return len(wrong)

    def _core_of(self, layer: str, neuron: int) -> str:
        lanes = self.tiled.target.lanes
        for core in self.tiled.cores:
            own = core.layer == layer and core.emission != "values_every"
            if own and neuron in core.tile.neuron_map(lanes):
                return str(core.at)
        return "?"

    def _remember(self, difference: Difference) -> None:
        if self.result.first_difference is None:
            self.result.first_difference = difference


@dataclass(frozen=True)
class Packets:
    """Packets that left the mesh in one run, in order."""

    flits: NDArray[np.uint64]
    cycles: NDArray[np.int64]


@dataclass(frozen=True)
class VerifyOptions:
    """How `verify` runs the RTL."""

    stall: float = 0.0
    """Probability with which every port stalls in an additional run."""
    seed: int = 0
    seeds: int = 1
    """How many, from that one on; a run each."""
    cache: Path = Path("build/verilated")
    """Where compiled RTL models are kept between runs."""
    work: Path = Path("build/verify")
    """Where stimulus, logs and waveforms go."""


def verify(
    build: Build,
    payloads: IntArray,
    trainer: Mapping[str, MembranesAndSpikes] | None,
    options: VerifyOptions,
    announce: Callable[[str], None] = lambda name: None,
    stalled: "Callable[[VerifyOptions], list[Verification]] | None" = None,
) -> Verification:
    """Run every execution on `payloads` (samples, steps, features) and compare them.

    `trainer` is what the PyTorch model computed, by layer, or None where no model file is at hand; the
    result's `executions` says which took part. At a difference the RTL runs once more, with a waveform.
    `stalled` may run the stalls elsewhere.
    """
    clock = _Stopwatch()
    announce("reference")
    reference = execute_network(build.network, payloads)
    comparison = Comparison(build.tiled, reference.layers, reference.outputs)
    result = comparison.result
    result.stall, result.seed, result.seeds = options.stall, options.seed, options.seeds
    clock.lap(result, "reference")
    if trainer is not None:
        result.executions.insert(0, "trainer")
        comparison.traces("trainer", trainer)
    announce("simulator")
    packets = _verify_simulator(comparison, payloads)
    clock.lap(result, "simulator")
    announce("rtl")
    _verify_rtl(comparison, build.image, payloads, packets, options)
    if options.stall and stalled is not None:
        for part in stalled(options):
            result.add(part)
    elif options.stall:
        for seed in range(options.seed, options.seed + options.seeds):
            compare_stalled(comparison, build.image, payloads, replace(options, seed=seed))
    clock.lap(result, "rtl")
    if result.first_difference is not None:
        result.waveform = _record_waveform(build, payloads, result.first_difference, options)
    return result


def _verify_simulator(comparison: Comparison, payloads: IntArray) -> list["Packets"]:
    """Both tiers against the reference; returns the packets of each isolated sample, then of the stream."""
    from snnc.sim.engine.cycle import run_isolated, run_stream
    from snnc.sim.engine.functional import run_functional

    tiled = comparison.tiled
    functional = run_functional(tiled, payloads, trace=True)
    comparison.traces("simulator (functional tier)", layer_traces(tiled, functional.trace))
    comparison.readout("simulator (functional tier)", functional.outputs)
    isolated, stream = run_isolated(tiled, payloads, trace=True), run_stream(tiled, payloads)
    comparison.traces("simulator (cycle tier)", layer_traces(tiled, isolated.trace))
    comparison.readout("simulator (cycle tier)", decode_outputs(tiled, stream.flits, len(payloads)))
    comparison.result.executions.append("simulator")
    bounds = zip(isolated.offsets, isolated.offsets[1:], strict=False)
    packets = [Packets(isolated.flits[a:b], isolated.stamps[a:b]) for a, b in bounds]
    return [*packets, Packets(stream.flits, stream.stamps)]


def _verify_rtl(
    comparison: Comparison,
    image: Image,
    payloads: IntArray,
    packets: list["Packets"],
    options: VerifyOptions,
) -> None:
    """The RTL against the reference and, packet by packet, against the simulator."""
    from snnc.rtl.simulation.cosimulate import cosimulate

    tiled = comparison.tiled
    rtl = cosimulate(image, tiled, payloads, cache=options.cache, work=options.work)
    comparison.result.executions.append("rtl")
    for label, layers in (("rtl (isolated)", rtl.isolated), ("rtl (back to back)", rtl.layers)):
        if layers is not None:
            comparison.traces(label, _without_state(layers))
    comparison.readout("rtl", rtl.outputs)
    for run, (flits, cycles) in enumerate(zip(rtl.flits, rtl.cycles, strict=True)):
        comparison.packets(min(run, len(payloads) - 1), packets[run], Packets(flits, cycles))


def compare_stalled(comparison: Comparison, image: Image, payloads: IntArray, options: VerifyOptions) -> None:
    """The RTL against the reference once more, while its ports stall with the seed of `options`."""
    from snnc.rtl.simulation.cosimulate import cosimulate

    stalled = cosimulate(
        image,
        comparison.tiled,
        payloads,
        cache=options.cache,
        work=options.work,
        stall=options.stall,
        seed=options.seed,
    )
    name = f"rtl (stalled, seed {options.seed})"
    comparison.traces(name, _without_state(stalled.layers))
    comparison.readout(name, stalled.outputs)


def _record_waveform(build: Build, payloads: IntArray, difference: Difference, options: VerifyOptions) -> str:
    """Run the differing sample alone on the RTL with waves; returns the file."""
    from snnc.rtl.simulation.cosimulate import cosimulate

    path = options.work / "mismatch.vcd"
    sample = payloads[difference.sample : difference.sample + 1]
    cosimulate(build.image, build.tiled, sample, cache=options.cache, work=options.work, waves=path)
    return str(path)


def layer_traces(tiled: TiledProgram, cores: "tuple[CoreTrace, ...] | None") -> dict[str, MembranesAndSpikes]:
    """Membranes and spikes by layer from the traces of a simulator run, one per core of `tiled`."""
    if cores is None:
        raise ValueError("the run kept no trace")
    traces = {
        core.at: None
        if core.emission == "values_every"
        else LayerTrace(
            trace.accumulated.astype(np.int64), trace.membrane.astype(np.int64), np.asarray(trace.spikes)
        )
        for core, trace in zip(tiled.cores, cores, strict=True)
    }
    return _without_state(assemble_layers(tiled, traces))


def _without_state(layers: Mapping[str, LayerTrace]) -> dict[str, MembranesAndSpikes]:
    return {name: (trace.membrane, trace.spikes) for name, trace in layers.items()}


class _Stopwatch:
    def __init__(self) -> None:
        self.start = time.perf_counter()

    def lap(self, result: Verification, name: str) -> None:
        now = time.perf_counter()
        result.seconds[name] = round(now - self.start, 3)
        self.start = now
