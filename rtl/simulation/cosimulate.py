"""Runs a compiled program on the RTL: the image as CONFIG flits, samples as a stream, results by sample."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import MismatchError
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import FlitArray
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.compiler.reference.interpreter import LayerTrace, assemble_layers
from snnc.rtl.parameters import parameters_for
from snnc.rtl.simulation.counters import RtlCounts, read_counts
from snnc.rtl.simulation.results import RtlTrace
from snnc.rtl.simulation.simulate import RtlRun, build_rtl, end_of_run, run_rtl
from snnc.rtl.simulation.tools import Simulator

CYCLES_PER_FLIT = 4096
"""Generous bound of what one input flit can cost; a mesh that needs longer hangs."""


@dataclass(frozen=True)
class CoSimulation:
    """What the RTL computed. The samples run twice without stalls: each after a reset, then back to back."""

    outputs: IntArray
    """(samples, readout neurons), of the back-to-back run."""
    layers: dict[str, LayerTrace]
    """Trace of every layer, of the back-to-back run."""
    isolated: dict[str, LayerTrace] | None
    """Trace of every layer with a reset before each sample; None for a run with stalls."""
    flits: tuple[FlitArray, ...]
    """Packets that left, per run: each isolated sample, then the stream."""
    cycles: tuple[IntArray, ...]
    """Cycle of each packet."""
    total_cycles: int
    counts: RtlCounts | None
    """Every action of all runs; None where nothing counted."""


def cosimulate(
    image: Image,
    program: TiledProgram,
    payloads: IntArray,
    *,
    cache: Path,
    work: Path,
    simulator: Simulator = "verilator",
    stall: float = 0.0,
    seed: int = 0,
    waves: Path | None = None,
    counters: bool = False,
) -> CoSimulation:
    """Run `payloads` (samples, steps, features) on the RTL of `image`.

    With `stall`, every FIFO and both host streams stall at random with that probability and only the
    back-to-back run takes place. With `counters`, in Verilator alone, every action is counted. Raises
    MismatchError when the mesh does not finish, or flags an error.
    """
    hooks = {"stall_hooks": stall > 0, "waves": waves is not None, "counters": counters}
    built = build_rtl(parameters_for(image), cache, simulator, **hooks)
    config = image.config_flits()
    samples = len(payloads)
    isolated = [] if stall else [encode_samples(program, payloads[i : i + 1]) for i in range(samples)]
    marker = np.array([end_of_run(program.ends_per_sample)], np.uint64)
    parts = [config, *(part for stream in isolated for part in (stream, marker))]
    parts.append(encode_samples(program, payloads))
    stimulus = np.concatenate(parts)
    run = run_rtl(
        built,
        stimulus,
        program.ends_per_sample * (samples + len(isolated)),
        config_flits=len(config),
        stall=stall,
        seed=seed,
        timeout_cycles=min(CYCLES_PER_FLIT * len(stimulus), 2**31 - 1),
        waves=waves,
        work_dir=work,
    )
    if run.timed_out:
        raise MismatchError(f"the RTL did not finish within {run.cycles} cycles; logs are in {work}")
    if run.wrong:
        raise MismatchError(f"the RTL found an error, or is not at home after a sample; logs are in {work}")
    return _collect(program, run, samples, len(isolated), read_counts(run.log) if counters else None)


def _collect(
    program: TiledProgram, run: RtlRun, samples: int, isolated: int, counts: RtlCounts | None
) -> CoSimulation:
    runs = [run.outputs[run.outputs["run"] == number] for number in range(isolated + 1)]
    flits = tuple(packets["flit"].astype(np.uint64) for packets in runs)
    if run.trace is None:
        raise ValueError("the RTL was built without its trace port")
    streamed = run.trace.run == isolated
    return CoSimulation(
        outputs=decode_outputs(program, flits[-1], samples),
        layers=_layers(program, run.trace, streamed, samples),
        isolated=_layers(program, run.trace, ~streamed, samples) if isolated else None,
        flits=flits,
        cycles=tuple(packets["cycle"].astype(np.int64) for packets in runs),
        total_cycles=run.cycles,
        counts=counts,
    )


def _layers(
    program: TiledProgram, trace: RtlTrace, chosen: NDArray[np.bool_], samples: int
) -> dict[str, LayerTrace]:
    traces = {
        core.at: None
        if core.emission == "values_every"
        else _core_trace(core, trace, chosen & _of_tile(trace, core.at), program, samples)
        for core in program.cores
    }
    return assemble_layers(program, traces)


def _of_tile(trace: RtlTrace, at: Address) -> NDArray[np.bool_]:
    """Which entries are of the tile at this address."""
    own: NDArray[np.bool_] = (trace.x == at.x) & (trace.y == at.y) & (trace.context == at.context)
    return own


def _core_trace(
    core: Core, trace: RtlTrace, chosen: NDArray[np.bool_], program: TiledProgram, samples: int
) -> LayerTrace:
    """Words of one tile, written by sample, step and word, as (samples, steps, neurons) in slot order."""
    lanes = program.target.lanes
    words = core.tile.words(lanes)
    slots = core.tile.neuron_map(lanes) >= 0
    found, expected = int(chosen.sum()), samples * program.steps * words
    if found != expected:
        raise MismatchError(f"the RTL swept {found} words, expected {expected}", where=f"core {core.at}")

    def by_neuron(values: NDArray[np.int64]) -> IntArray:
        return values[chosen].reshape(samples, program.steps, -1)[:, :, slots]

    return LayerTrace(
        by_neuron(trace.before),
        by_neuron(trace.after),
        by_neuron(trace.spikes.astype(np.int64)).astype(np.bool_),
    )
