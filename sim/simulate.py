"""Runs a compiled model on samples in one of the two tiers and gathers everything the report says."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UsageError
from snnc.compiler.analysis.activity import activity_of
from snnc.compiler.analysis.costs import layer_cycles
from snnc.compiler.analysis.cuts import TileSize
from snnc.compiler.analysis.multicast import multicast
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Conv2d, Layer, Network
from snnc.compiler.ir.program import Core, TiledProgram, state_memory_bits
from snnc.compiler.ir.tiling import is_depthwise
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import END, FlitType
from snnc.compiler.isa.flits import DATA_SHIFT, SENDER_MASK, address_bits, flit_types
from snnc.compiler.passes.as_compiled import as_compiled
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.input_encoding import as_samples, encode_inputs
from snnc.compiler.protocol.streams import decode_outputs
from snnc.sim.accounting.counts import Counts, Primitives, count_actions, join_primitives
from snnc.sim.accounting.energy import EnergyReport, Price, price
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.sim.accounting.zeros import ZeroSkipping
from snnc.sim.answers import Answers, answers_of, join_answers
from snnc.sim.engine.cycle import AT_WORK, CAUSES, CycleRun, run_isolated, run_stream
from snnc.sim.engine.functional import run_functional
from snnc.sim.findings import findings
from snnc.sim.metrics import Metrics, measure, task_of
from snnc.sim.report import CoreFigures, LayerFigures, Outputs, Report
from snnc.sim.report_energy import comparison_figures, energy_figures

Tier = Literal["cycle", "functional"]
Progress = Callable[[int], None]

BATCH_BYTES = 1 << 25
"""Bound on the payloads, in int64, that one batch of samples holds."""
STREAM_SAMPLES = 8
"""Samples sent back to back to measure the throughput."""


@dataclass(frozen=True)
class Ran:
    """What some samples computed; `cycles` and `causes` only in the cycle tier."""

    outputs: IntArray
    primitives: Primitives
    cycles: IntArray | None = None
    causes: IntArray | None = None
    """(cores, causes), in the order of `CAUSES`."""
    answers: Answers | None = None
    """Only of a readout of spikes."""


class Runner(Protocol):
    """Runs all samples of a simulation: `run_samples`, here and now, or who shares them out."""

    def __call__(self, program: TiledProgram, x: NDArray[Any], tier: Tier, progress: Progress) -> Ran:
        """What they computed; `progress` is told how many samples are done."""


def run_samples(
    program: TiledProgram, x: NDArray[Any], tier: Tier, progress: Progress, threads: int | None = None
) -> Ran:
    """Run samples x, of the model's input encoding, batch by batch."""
    parts = []
    done = 0
    run = _run_functional if tier == "functional" else _run_cycles
    for payloads in _batches(program, x):
        parts.append(run(program, payloads, threads))
        done += len(payloads)
        progress(done)
    return join_parts(parts)


def join_parts(parts: Sequence[Ran]) -> Ran:
    """What samples computed that were run apart, in their order."""
    cycles = [part.cycles for part in parts if part.cycles is not None]
    return Ran(
        outputs=np.concatenate([part.outputs for part in parts]),
        primitives=join_primitives([part.primitives for part in parts]),
        cycles=np.concatenate(cycles) if cycles else None,
        causes=_total(part.causes for part in parts),
        answers=join_answers([part.answers for part in parts if part.answers is not None]),
    )


def simulate(
    build: Build,
    x: NDArray[Any],
    y: NDArray[Any] | None = None,
    tier: Tier = "cycle",
    progress: Progress | None = None,
    energy_table: str | None = None,
    zero_skipping: ZeroSkipping = "none",
    run: Runner = run_samples,
) -> Report:
    """Simulate samples x, of the model's input encoding, against labels y: classes (samples,), or arrays as
    `metrics.Task` has them.

    `progress` is called with the number of samples done so far. The functional tier knows no time.
    `energy_table` prices the actions instead of the target's table: a name, or the path of a `.yaml`.
    `zero_skipping` says which zeros the network without spikes skips. `run` may share the samples out, with
    the same figures.

    Raises FileError for samples or labels that do not fit, UsageError for an unknown tier or kind of zeros,
    TargetError for a table.
    """
    if zero_skipping not in get_args(ZeroSkipping):
        known = ", ".join(get_args(ZeroSkipping))
        raise UsageError(f"zero_skipping must be one of {known}, not {zero_skipping!r}")
    if tier not in get_args(Tier):
        raise UsageError(f"tier must be {' or '.join(get_args(Tier))}, not {tier!r}")
    y = None if y is None else as_samples(y)
    task = None if y is None else task_of(y, len(x), build.network.shape_of(build.network.readout.layer))
    tiled = build.tiled
    table = load_energy_table(energy_table or tiled.target.energy_table)
    x = as_samples(x)
    start = time.perf_counter()
    result = run(tiled, x, tier, progress or (lambda done: None))
    throughput = None if tier == "functional" else _throughput(tiled, x)
    wall = time.perf_counter() - start
    predictions = np.argmax(result.outputs, axis=1)
    outputs = _outputs(build.network, result.outputs)
    counts = count_actions(tiled, result.primitives)
    total_cycles = None if result.cycles is None else int(result.cycles.sum())
    energy = price(counts, tiled, total_cycles, table)
    built = price(counts, specialise(tiled), total_cycles, table, built=True)
    comparison = comparison_figures(build, result.primitives, table, energy, built, zero_skipping)
    layers = _all_layers(build, counts, energy, built, result, len(x))
    return Report(
        target=tiled.target.name,
        model_hash=build.model_hash,
        tier=tier,
        samples=len(x),
        steps=tiled.steps,
        outputs=outputs,
        predictions=predictions.tolist(),
        correct=int(np.count_nonzero(predictions == y)) if task == "classes" else None,
        cycles=None if result.cycles is None else result.cycles.tolist(),
        clock_hz=tiled.target.clock_mhz * 1e6,
        throughput_hz=throughput,
        energy=energy_figures(tiled, energy, built, len(x)),
        comparison=comparison,
        counts={name: int(values.sum()) for name, values in counts.items()},
        layers=layers,
        cores=_core_figures(tiled, result),
        warnings=findings(build.network, x, layers, len(x)),
        wall_s=wall,
        metrics=None if y is None else _metrics(build.network, result.outputs, outputs, y),
        answers=None if result.answers is None else result.answers.figures(y if task == "classes" else None),
    )


def _outputs(network: Network, values: IntArray) -> Outputs:
    readout = network.readout
    layer = network.layer(readout.layer)
    fine = layer.neurons.fraction_bits if readout.kind == "membrane" else 0
    scale = network.provenance.output_scale
    return Outputs(layer.name, readout.kind, layer.shape, 2.0**-fine, values.tolist(), scale)


def _metrics(network: Network, values: IntArray, outputs: Outputs, y: NDArray[Any]) -> Metrics | None:
    height, width = network.input.shape[1:]
    return measure(values, outputs.shape, outputs.scale or outputs.unit, y, (height, width))


def _total(parts: Iterable[IntArray | None]) -> IntArray | None:
    known = [part for part in parts if part is not None]
    return sum(known[1:], known[0]) if known else None


def _batches(program: TiledProgram, x: NDArray[Any]) -> Iterator[IntArray]:
    size = max(1, BATCH_BYTES // (8 * program.steps * program.input.features))
    for start in range(
        0, max(len(x), 1), size
    ):  # No samples are one batch too, for `encode_inputs` to refuse.
        yield encode_inputs(program.input, program.steps, x[start : start + size])


def _run_functional(program: TiledProgram, payloads: IntArray, threads: int | None) -> Ran:
    run = run_functional(program, payloads, threads=threads)
    return Ran(run.outputs, run.primitives)


def _run_cycles(program: TiledProgram, payloads: IntArray, threads: int | None) -> Ran:
    run = run_isolated(program, payloads, threads=threads)
    outputs = decode_outputs(program, run.flits, len(payloads))
    return Ran(outputs, run.primitives, run.cycles, run.causes, answers_of(program, run, len(payloads)))


def _throughput(program: TiledProgram, x: NDArray[Any]) -> float:
    """Samples per second once the pipeline is full: from the first sample's end to the last one's."""
    payloads = encode_inputs(program.input, program.steps, x[:STREAM_SAMPLES])
    run = run_stream(program, payloads)
    clock = program.target.clock_mhz * 1e6
    if len(payloads) == 1:
        return clock / int(run.cycles[0])
    ends = sample_ends(program, run, len(payloads))
    return (len(payloads) - 1) * clock / int(ends[-1] - ends[0])


def sample_ends(program: TiledProgram, run: CycleRun, samples: int) -> IntArray:
    """Cycle in which the last END of each sample of a stream left the mesh, (samples,)."""
    is_end = flit_types(run.flits) == FlitType.END
    senders = (run.flits & np.uint64(SENDER_MASK)).astype(np.int64)
    contexts = END["context"].read_all(run.flits >> np.uint64(DATA_SHIFT))
    ends = np.zeros(samples, np.int64)
    for core in program.readout_cores:
        own = (senders == address_bits(core.at)) & (contexts == core.at.context)
        stamps = run.stamps[is_end & own]
        ends = np.maximum(ends, stamps.reshape(samples, -1)[:, -1])
    return ends


def _all_layers(
    build: Build, counts: Counts, energy: EnergyReport, built: EnergyReport, result: Ran, samples: int
) -> list[LayerFigures]:
    tiled = build.tiled
    spread = multicast(tiled)
    sent = _packets(tiled, result.primitives)
    busy = None if result.causes is None else result.causes[:, :AT_WORK].sum(axis=1)
    found = []
    for layer in build.network.layers:
        members = [number for number, core in enumerate(tiled.cores) if core.layer == layer.name]
        cores = [tiled.cores[number] for number in members]
        spikes = int(counts["spikes"][members].sum())
        found.append(
            LayerFigures(
                name=layer.name,
                kind=layer_kind(build.network, layer),
                neurons=layer.count,
                weights=sum(edge.synapses.weights.size for edge in layer.edges),
                weight_bits=max(edge.synapses.weight_bits for edge in layer.edges),
                state_bits=layer.neurons.state_bits,
                cores=len(cores),
                weight_memory_bits=sum(core.weights.size for core in cores) * tiled.weight_bits,
                state_memory_bits=sum(state_memory_bits(core, tiled.target) for core in cores),
                packets=sum(sent[number] for number in members),
                packets_per_spike=spread[layer.name].packets,
                halo_packets_per_spike=spread[layer.name].halo,
                cycles=None if busy is None else int(busy[members].max()) / samples,
                predicted_cycles=_predicted_cycles(build, layer, cores),
                sops=int(counts["sops"][members].sum()),
                spikes=spikes,
                rate=spikes / (layer.count * tiled.steps * samples),
                energy_j=_joules(energy.typical, members, samples),
                energy_low_j=_joules(energy.low, members, samples),
                energy_high_j=_joules(energy.high, members, samples),
                energy_built_j=_joules(built.typical, members, samples),
            )
        )
    return found


def _joules(price: Price, members: list[int], samples: int) -> float:
    return float(price.per_core[members].sum()) / samples


def _packets(program: TiledProgram, counted: Primitives) -> list[int]:
    """SPIKE and VALUE flits that each core sent."""
    ends = np.cumsum([len(core.destinations) for core in program.cores])
    return [int(part.sum()) for part in np.split(counted.hits, ends[:-1])]


def layer_kind(network: Network, layer: Layer) -> str:
    """The kinds of a layer's edges: linear, conv, depthwise; with `recurrent` where one is."""
    kinds = set()
    for edge in layer.edges:
        if not isinstance(edge.synapses, Conv2d):
            kinds.add("linear")
        else:
            kinds.add("depthwise" if is_depthwise(edge, network.shape_of(edge.source)) else "conv")
    recurrent = any(network.is_recurrent(layer, edge) for edge in layer.edges)
    return "+".join(sorted(kinds)) + (", recurrent" if recurrent else "")


def _predicted_cycles(build: Build, layer: Layer, cores: list[Core]) -> float:
    """The compiler's estimate of a sample's cycles on one core of the layer, made before anything ran."""
    network, target = as_compiled(build.network, build.tiled.input), build.tiled.target
    largest = max(cores, key=lambda core: core.tile.words(target.lanes)).tile
    size = TileSize(layer, target.lanes, largest.pixel_words(target.lanes), largest.rows)
    slices = sum(core.tile == largest for core in cores)
    return layer_cycles(network, size, slices, target, activity_of(network)) * network.steps


def _core_figures(program: TiledProgram, result: Ran) -> list[CoreFigures]:
    """Cores in the program's order."""
    target, causes = program.target, result.causes
    return [
        CoreFigures(
            x=core.at.x,
            y=core.at.y,
            context=core.at.context,
            layer=core.layer,
            busy=None if causes is None else int(causes[number, :AT_WORK].sum()),
            stalled=None if causes is None else int(causes[number, AT_WORK:].sum()),
            causes=None if causes is None else dict(zip(CAUSES, causes[number].tolist(), strict=True)),
            weight_bits_used=core.weights.size * program.weight_bits,
            weight_bits=target.weight_bits_per_core,
            state_bits_used=state_memory_bits(core, target),
            state_bits=target.neurons * target.state_bits * (1 + (core.current_leak is not None)),
        )
        for number, core in enumerate(program.cores)
    ]
