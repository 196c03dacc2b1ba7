"""Small hand-made networks on a mesh, configured by CONFIG flits, against the numeric contract."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rtl_bench import Needs
from rtl_network import (
    CREDIT,
    END,
    HOST,
    MEMORIES,
    PARAMETERS,
    SPIKE,
    VALUE,
    VALUES_EVERY,
    VALUES_LAST,
    Core,
    Destination,
    configuration,
    flit,
    inputs,
    kept_entry,
    memories,
    run_cores,
    sample,
)

from snnc.base.errors import UsageError
from snnc.compiler.isa.arithmetic import Decay
from snnc.rtl.parameters import RtlParameters
from snnc.rtl.simulation.simulate import RtlRun, build_rtl, end_of_run, run_rtl
from snnc.rtl.simulation.tools import Simulator

BITS = PARAMETERS.state_bits
Sweep = tuple[int, int, NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]
"""Core column, step, state words before, spikes, membranes after."""


def network(rng: np.random.Generator) -> list[Core]:
    """Input (20) -> core (0, 0) with 13 neurons -> core (1, 0) with 6 neurons -> host."""
    first = Core(
        0,
        0,
        [rng.integers(-8, 8, (13, 20))],
        rng.integers(5, 15, 13),
        [Destination(x=1)],
        [HOST],
        leak=Decay(1, 2),
        bias=rng.integers(-3, 4, 13),
        initial=rng.integers(-5, 5, 13),
        state_bits=7,
    )
    second = Core(
        1,
        0,
        [rng.integers(-8, 8, (6, 13))],
        np.full(6, 9),
        [Destination(host=True, base=100)],
        [0],
        credits_needed=0,
        reset="hard",
        reset_value=-2,
    )
    return [first, second]


def second_contract(rng: np.random.Generator, multiplies: bool) -> list[Core]:
    """The same two cores with fraction bits, a lower clamp, and leaks and reset amounts per neuron."""

    def leaks(count: int) -> NDArray[np.int64]:
        return rng.integers(0, 4097, count) if multiplies else 1 << rng.integers(0, 13, count)

    first, second = network(rng)
    first = replace(
        first,
        threshold=first.threshold << 3,
        leak=Decay(0, 12),
        leaks=leaks(13) * (rng.random(13) < 0.8),
        current_leak=Decay(0, 12),
        current_leaks=leaks(13) * (rng.random(13) < 0.8),
        reset_amount=rng.integers(-20, 150, 13),
        lower_clamp=int(rng.integers(-60, -10)),
        fraction_bits=3,
        state_bits=11,
    )
    second = replace(
        second,
        fraction_bits=5,
        threshold=second.threshold << 4,
        leak=Decay(0, 12),
        leaks=leaks(6),
        lower_clamp=-2,
    )
    return [first, second]


def expected(cores: list[Core], x: np.ndarray) -> tuple[list[int], list[Sweep]]:
    """Packets that leave, per sample in order, and (x, step, before, spikes, after) per sweep."""
    packets, sweeps = [], []
    first, second = cores
    for rows in x:
        for core in cores:
            core.restart()
        for step, row in enumerate(rows):
            payloads = row
            for core in (first, second):
                before, spikes = core.step([payloads], BITS)
                sweeps.append((core.x, step, before, spikes, core.membrane))
                payloads = spikes.astype(np.int64)
            last = int(step == len(rows) - 1)
            packets += [flit(SPIKE, 1 << 24 | int(n) + 100, host=True) for n in np.flatnonzero(spikes)]
            packets.append(flit(END, last, host=True))
    return packets, sweeps


def check_trace(result: RtlRun, cores: list[Core], sweeps: list[Sweep]) -> None:
    trace = result.trace
    assert trace is not None
    for core in cores:
        mine = trace.x == core.x
        words = -(-core.neurons // PARAMETERS.lanes)
        wanted = [s for s in sweeps if s[0] == core.x]
        assert mine.sum() == words * len(wanted)
        assert trace.word[mine].tolist() == list(range(words)) * len(wanted)
        for name, field in (("before", 2), ("after", 4)):
            got = getattr(trace, name)[mine].reshape(len(wanted), -1)[:, : core.neurons]
            assert np.array_equal(got, np.array([s[field] for s in wanted])), name
        spikes = trace.spikes[mine].reshape(len(wanted), -1)[:, : core.neurons]
        assert np.array_equal(spikes, np.array([s[3] for s in wanted]))
        assert trace.step[mine][::words].tolist() == [s[1] for s in wanted]


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_mesh_computes_spikes_and_membranes_of_the_contract(
    simulator: Simulator, rtl_cache: Path, needs: Needs
) -> None:
    needs(simulator)
    rng = np.random.default_rng(1)
    cores, x = network(rng), inputs(rng, 3, 6)
    packets, sweeps = expected(cores, x)
    result = run_cores(cores, x, rtl_cache, simulator)
    assert not result.timed_out
    assert result.outputs["flit"].tolist() == packets
    assert sum(p >> 13 & 7 == SPIKE for p in packets) > 5
    check_trace(result, cores, sweeps)


SHIFTING = replace(PARAMETERS, decay_multiplier=0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("simulator", "parameters"),
    [("verilator", PARAMETERS), ("verilator", SHIFTING), ("icarus", SHIFTING)],
    ids=["verilator", "verilator, shifting", "icarus, shifting"],
)
def test_neurons_have_leaks_and_reset_amounts_of_their_own(
    simulator: Simulator, parameters: RtlParameters, seed: int, rtl_cache: Path, needs: Needs
) -> None:
    needs(simulator)
    rng = np.random.default_rng(20 + seed)
    cores, x = second_contract(rng, bool(parameters.decay_multiplier)), inputs(rng, 3, 6)
    packets, sweeps = expected(cores, x)
    result = run_cores(cores, x, rtl_cache, simulator, parameters=parameters)
    assert not result.timed_out and not result.wrong
    assert result.outputs["flit"].tolist() == packets
    assert sum(p >> 13 & 7 == SPIKE for p in packets) > 5
    after = np.concatenate([sweep[4] for sweep in sweeps if sweep[0] == 0])
    assert after.min() < 0 and cores[0].lower_clamp is not None
    check_trace(result, cores, sweeps)


def test_verilator_and_icarus_agree_on_every_cycle(rtl_cache: Path, needs: Needs) -> None:
    needs("verilator")
    needs("icarus")
    rng = np.random.default_rng(2)
    cores, x = network(rng), inputs(rng, 2, 4)
    one, other = (run_cores(cores, x, rtl_cache, s) for s in ("verilator", "icarus"))
    assert one.outputs.tolist() == other.outputs.tolist()
    assert one.trace is not None and other.trace is not None
    assert one.trace.cycle.tolist() == other.trace.cycle.tolist()


@pytest.mark.parametrize("seed", [1, 2])
def test_stalls_everywhere_change_no_value(seed: int, rtl_cache: Path, needs: Needs) -> None:
    needs("verilator")
    rng = np.random.default_rng(3)
    cores, x = network(rng), inputs(rng, 2, 6)
    packets, sweeps = expected(cores, x)
    result = run_cores(cores, x, rtl_cache, stall_hooks=True, stall=0.5, seed=seed)
    assert result.outputs["flit"].tolist() == packets
    check_trace(result, cores, sweeps)
    free = run_cores(cores, x, rtl_cache)
    assert result.cycles > free.cycles


def test_isolated_runs_restart_the_cycle_counter(rtl_cache: Path, needs: Needs) -> None:
    needs("verilator")
    rng = np.random.default_rng(4)
    cores, x = network(rng), inputs(rng, 1, 4)
    built = build_rtl(PARAMETERS, rtl_cache)
    setup = configuration(cores, PARAMETERS)
    one = sample(x[0], [(0, 0)])
    flits = [*setup, *one, end_of_run(4), *one, end_of_run(4), *one]
    result = run_rtl(built, np.array(flits, np.uint64), 12, config_flits=len(setup))
    runs = [result.outputs[result.outputs["run"] == i] for i in range(3)]
    assert len(result.outputs) == sum(map(len, runs))
    for other in runs[1:]:
        assert other["cycle"].tolist() == runs[0]["cycle"].tolist()
        assert other["flit"].tolist() == runs[0]["flit"].tolist()
    assert result.trace is not None
    assert sorted(set(result.trace.run.tolist())) == [0, 1, 2]


def test_one_spike_takes_the_cycles_of_the_page(rtl_cache: Path, needs: Needs) -> None:
    """One core, one input spike, one output spike: every cycle counted by hand.

    Cycle 0 is the transfer of the SPIKE at the host; it is in the router's West FIFO in 1, in the
    event FIFO in 2 and popped there, and in the event registers from 3 to 5. The row engine works in
    6 and 7 (2 words). END is popped in 3, so `ends` is complete from 4 on; the engine is free in 8, where
    control decides. SWEEP is 9..18 (2 + 8 cycles). CREDIT is sent in 9 (the emitter's first state), WAIT
    is 10..17, since word 0 is written in 17; SEGMENT 18 and 19, SCAN of word 0 is 20 (empty), of word 1 is
    21, SEND 22, END 23. A flit sent in cycle c is in the Local FIFO in c + 1, where it leaves through West
    and the host port: 23 and 24. INIT, since the step is the last of its sample, is beside it.
    """
    needs("verilator")
    weights = np.zeros((6, 2), np.int64)
    weights[5, 1] = 3
    core = Core(0, 0, [weights], np.full(6, 6), [Destination(host=True)], [HOST], credits_needed=0)
    x = np.array([[[0, 2]]])
    setup = configuration([core], PARAMETERS)
    built = build_rtl(PARAMETERS, rtl_cache)
    flits = [*setup, *sample(x[0], [(0, 0)])]
    result = run_rtl(built, np.array(flits, np.uint64), 1, config_flits=len(setup))
    assert result.outputs["cycle"].tolist() == [23, 24]
    assert result.outputs["flit"].tolist() == [
        flit(SPIKE, 1 << 24 | 5, host=True),
        flit(END, 1, host=True),
    ]


@pytest.mark.parametrize("current_leak", [None, Decay(3, 2)], ids=["lif", "cuba"])
def test_values_and_readout_cross_the_mesh(current_leak: Decay | None, rtl_cache: Path, needs: Needs) -> None:
    """Partial sums on core (0, 0) travel as VALUE flits to the readout on core (1, 0)."""
    needs("verilator")
    rng = np.random.default_rng(5)
    n, steps = 10, 5
    partial = Core(
        0,
        0,
        [rng.integers(-8, 8, (n, 20))],
        np.zeros(n, np.int64),
        [Destination(x=1)],
        [HOST],
        reset="none",
        emission=VALUES_EVERY,
    )
    readout = Core(
        1,
        0,
        [rng.integers(-8, 8, (n, 20))],
        np.zeros(n, np.int64),
        [Destination(host=True)],
        [0, HOST],
        reset="none",
        emission=VALUES_LAST,
        leak=Decay(1000, 12),
        current_leak=current_leak,
        initial=rng.integers(-9, 9, n),
        credits_needed=0,
        bias=rng.integers(-4, 5, n),
    )
    x = inputs(rng, 2, steps)
    setup = configuration([partial, readout], PARAMETERS)
    flits = list(setup)
    want = []
    weights = readout.weights
    for rows in x:
        flits += sample(rows, [(0, 0), (1, 0)])
        readout.restart()
        readout.weights = [weights[0] + partial.weights[0]]
        for row in rows:
            readout.step([row], BITS)
        readout.weights = weights
        values = readout.membrane.tolist()
        mask = (1 << BITS) - 1
        want += [flit(VALUE, i << BITS | v & mask, host=True) for i, v in enumerate(values)]
        want.append(flit(END, 1, host=True))
    built = build_rtl(PARAMETERS, rtl_cache)
    result = run_rtl(built, np.array(flits, np.uint64), 2, config_flits=len(setup))
    assert result.outputs["flit"].tolist() == want


@pytest.mark.parametrize("second", [False, True], ids=["first contract", "second contract"])
def test_memory_images_start_the_same_network(
    second: bool, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs("verilator")
    rng = np.random.default_rng(6)
    cores, x = second_contract(rng, multiplies=True) if second else network(rng), inputs(rng, 1, 4)
    for core in cores:
        images: dict[str, dict[int, int]] = {name: {} for name in MEMORIES}
        for memory, address, _, words in memories(core, PARAMETERS):
            images[MEMORIES[memory]].update(enumerate(words, address))
        registers = images.pop("registers")
        images["registers"] = {0: sum(registers[n] << 32 * n for n in range(15))}
        images["segments"] = {n: registers[16 + n] for n in range(4)}
        images["banks"] = {b: sum(registers[32 + 8 * b + i] << 32 * i for i in range(4)) for b in range(4)}
        for table in ("axon_rows", "axon_columns"):
            images[table] = {at: kept_entry(entry, PARAMETERS) for at, entry in images[table].items()}
        for name, image in images.items():
            lines = [f"@{address:x} {word:x}\n" for address, word in image.items()] or ["0\n"]
            path = tmp_path / f"img_x{core.x:02x}_y{core.y:02x}_{name}.hex"
            path.write_text("".join(lines))
    prefix = replace(PARAMETERS, init_prefix=str(tmp_path / "img"))
    built = build_rtl(prefix, rtl_cache)
    flits = np.array(sample(x[0], [(0, 0)]), np.uint64)
    result = run_rtl(built, flits, 4)
    assert result.outputs.tolist() == run_cores(cores, x, rtl_cache).outputs.tolist()


def test_unreached_end_is_a_timeout(rtl_cache: Path, needs: Needs) -> None:
    needs("verilator")
    rng = np.random.default_rng(7)
    cores, x = network(rng), inputs(rng, 1, 2)
    built = build_rtl(PARAMETERS, rtl_cache)
    setup = configuration(cores, PARAMETERS)
    flits = np.array([*setup, *sample(x[0], [(0, 0)])], np.uint64)
    result = run_rtl(built, flits, 3, config_flits=len(setup), timeout_cycles=3000)
    assert result.timed_out and result.cycles >= 3000
    assert len(result.outputs) >= 2


def test_a_broken_protocol_is_told(rtl_cache: Path, needs: Needs) -> None:
    needs("verilator")
    rng = np.random.default_rng(8)
    cores = network(rng)
    built = build_rtl(PARAMETERS, rtl_cache)
    setup = configuration(cores, PARAMETERS)
    flits = np.array([*setup, flit(CREDIT, 0), flit(END, 0)], np.uint64)
    assert run_rtl(built, flits, 1, config_flits=len(setup), timeout_cycles=3000).wrong


def test_waves_need_a_build_with_waves(rtl_cache: Path, tmp_path: Path, needs: Needs) -> None:
    needs("verilator")
    built = build_rtl(PARAMETERS, rtl_cache)
    with pytest.raises(UsageError, match="waves=True"):
        run_rtl(built, np.zeros(0, np.uint64), 1, waves=tmp_path / "x.vcd")


def test_waves_are_written_when_asked_for(rtl_cache: Path, tmp_path: Path, needs: Needs) -> None:
    needs("icarus")
    built = build_rtl(RtlParameters(1, 1, 2), rtl_cache, "icarus", waves=True)
    path = tmp_path / "waves.fst"
    run_rtl(built, np.zeros(0, np.uint64), 1, timeout_cycles=200, waves=path)
    assert path.stat().st_size > 0
