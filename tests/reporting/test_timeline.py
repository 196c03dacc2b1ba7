"""Traces for Perfetto: slices that close, counters that agree with the run, and what is left out is said."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_network
from click.testing import CliRunner
from random_packings import packed
from timelines import Read

from snnc.commands.cli import main
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.targets import load_target
from snnc.reporting import timeline
from snnc.reporting.timeline import depths, record_timeline
from snnc.sim.engine.cycle import run_cycles
from snnc.sim.engine.records import NEVER
from snnc.sim.simulate import simulate


@pytest.fixture(scope="module", name="build")
def compiled() -> Build:
    compilation = compile_network(tiny_network(), load_target("fpga"))
    return Build(compilation.network, compilation.tiled)


@pytest.fixture(name="x")
def sample() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 4, (1, 36)).astype(np.uint8)


def test_a_trace_is_the_run(build: Build, x: np.ndarray) -> None:
    tiled = build.tiled
    written = record_timeline(build, x, 100_000)
    read = Read(written.content)
    report = simulate(build, x)
    assert report.cycles == [written.cycles] and written.cut == ()
    names = [f"core {core.at} {core.layer}" for core in tiled.cores]
    assert read.processes == [*names, "host"]
    stream = encode_samples(tiled, encode_inputs(tiled.input, tiled.steps, x))
    run = run_cycles(tiled, stream, trace=True, event_log=True, arrivals=1000)
    joules = 0.0
    for number, name in enumerate(names):
        control = read.slices(name, "control")
        kinds = Counter(slice_[0].split()[0] for slice_ in control)
        assert kinds == {"accumulate": tiled.steps, "sweep": tiled.steps}
        assert [slice_[1] for slice_ in control[1::2]] == run.timeline[0, number, :, 0].tolist()
        assert all(slice_[2] <= written.cycles for slice_ in read.slices(name, "emitter"))
        spikes = [value for *_, value in read.events[name, "spikes of a step"]]
        assert run.trace is not None and spikes == run.trace[number].spikes[0].sum(axis=1).tolist()
        held = [value for *_, value in read.events[name, "event FIFO"]]
        assert 0 < max(held) <= tiled.target.event_fifo and min(held) == held[-1] == 0
        joules += read.events[name, "energy so far (estimated)"][-1][3] * 1e-12
    assert joules == pytest.approx(report.energy.dynamic - report.energy.host)
    assert len(read.events["host", "packets out of the mesh"]) == len(run.flits)
    assert written.events == sum(map(len, read.events.values()))
    assert record_timeline(build, x, 100_000).content == written.content


def test_every_flit_that_a_core_takes_arrives_and_is_popped_later(build: Build, x: np.ndarray) -> None:
    tiled = build.tiled
    stream = encode_samples(tiled, encode_inputs(tiled.input, tiled.steps, x))
    run = run_cycles(tiled, stream, arrivals=1000)
    local = int(run.hops[:, :, 4].sum())
    assert len(run.arrivals) == local and len(run_cycles(tiled, stream).arrivals) == 0
    assert (run.arrivals[:, 2] > run.arrivals[:, 1]).all()
    for number in range(len(tiled.cores)):
        own = run.arrivals[run.arrivals[:, 0] == number]
        assert (np.diff(own[:, 1]) > 0).all() and (np.diff(own[:, 2]) > 0).all()
    assert list(depths(np.zeros((0, 3), np.int64))) == []
    assert run.missed_from == NEVER


def test_the_first_cycle_is_known_from_which_arrivals_are_left_out(build: Build, x: np.ndarray) -> None:
    """They are written down as they are decided, which is not always in the order of their cycles."""
    tiled = build.tiled
    stream = encode_samples(tiled, encode_inputs(tiled.input, tiled.steps, x))
    everything = {tuple(row) for row in run_cycles(tiled, stream, arrivals=1000).arrivals.tolist()}
    for most in range(0, len(everything), 7):
        part = run_cycles(tiled, stream, arrivals=most)
        left = everything - {tuple(row) for row in part.arrivals.tolist()}
        assert len(left) == len(everything) - most and part.missed_from == min(row[1] for row in left)


def test_tiles_of_one_core_have_slices_each_and_one_fifo(build: Build, x: np.ndarray) -> None:
    shared = replace(build, tiled=packed(build.tiled, [(0, 0)] * len(build.tiled.cores)))
    read = Read(record_timeline(shared, x, 100_000).content)
    sweeps = []
    for tile in shared.tiled.cores:
        name = f"core {tile.at} {tile.layer}"
        sweeps += [slice_ for slice_ in read.slices(name, "control") if slice_[0].startswith("sweep")]
        fifo = [value for *_, value in read.events.get((name, "event FIFO"), ())]
        assert (0 < max(fifo, default=0) <= shared.tiled.target.event_fifo) == (tile.at.context == 0)
    sweeps.sort(key=lambda slice_: slice_[1])
    assert len(sweeps) == shared.tiled.steps * len(shared.tiled.cores)
    assert all(before[2] <= after[1] for before, after in pairwise(sweeps))
    assert simulate(shared, x).cycles == [record_timeline(shared, x, 100_000).cycles]


def test_what_is_left_out_is_said(build: Build, x: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "PRICED_STEPS", 1)
    written = record_timeline(build, x, 3)
    said = " ".join(written.cut)
    for part in ("steps from 1 on", "depths of event FIFOs from cycle", "packets from cycle", "energy"):
        assert part in said
    read = Read(written.content)
    assert len(read.events["host", "packets out of the mesh"]) == 3
    assert not any(track == "energy so far (estimated)" for _, track in read.events)


def test_the_verb_writes_it_beside_the_build(build: Build, tmp_path: Path) -> None:
    build.save(tmp_path)
    data = tmp_path / "own.npz"
    np.savez(data, x=np.ones((2, 36), np.uint8), y=np.zeros(2, np.int64))
    command = ["trace", str(tmp_path), "--data", str(data)]
    result = CliRunner().invoke(main, [*command, "--sample", "1", "--most", "2"])
    assert result.exit_code == 0, result.output
    assert "left out: packets from cycle" in result.stderr
    assert "core (0,0)" in " ".join(Read((tmp_path / "trace.pftrace").read_bytes()).processes)
    result = CliRunner().invoke(main, [*command, "--sample", "2"])
    assert (result.exit_code, "no sample 2" in result.stderr) == (2, True)
