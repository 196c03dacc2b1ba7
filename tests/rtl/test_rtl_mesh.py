"""Small hand-made networks on a mesh, configured by CONFIG flits, against the numeric contract."""

from pathlib import Path

import numpy as np
import pytest
from rtl_network import (
    CREDIT,
    END,
    HOST,
    SPIKE,
    VALUE,
    VALUES_EVERY,
    VALUES_LAST,
    Core,
    Destination,
    configuration,
    flit,
    memories,
    sample,
)

from snnc.errors import SnncError, UsageError
from snnc.rtl.simulate import RtlParameters, RtlRun, build_rtl, end_of_run, run_rtl

PARAMETERS = RtlParameters(mesh_width=2, mesh_height=1, lanes=4, weight_words=1024, state_words=16)
BITS = PARAMETERS.state_bits


def network(rng: np.random.Generator) -> list[Core]:
    """Input (20) -> core (0, 0) with 13 neurons -> core (1, 0) with 6 neurons -> host."""
    first = Core(
        0,
        0,
        rng.integers(-8, 8, (13, 20)),
        rng.integers(5, 15, 13),
        [Destination(x=1)],
        [HOST],
        leak=2,
        bias=rng.integers(-3, 4, 13),
        initial=rng.integers(-5, 5, 13),
        state_bits=7,
    )
    second = Core(
        1,
        0,
        rng.integers(-8, 8, (6, 13)),
        np.full(6, 9),
        [Destination(host=True, axon_base=100)],
        [0],
        credits_needed=0,
        reset="hard",
        reset_value=-2,
    )
    return [first, second]


def inputs(rng: np.random.Generator, samples: int, steps: int) -> np.ndarray:
    """(samples, steps, 20) payloads, most of them 0."""
    shape = (samples, steps, 20)
    return rng.integers(1, 4, shape) * (rng.random(shape) < 0.3)


def expected(cores: list[Core], x: np.ndarray) -> tuple[list[int], list[tuple]]:
    """Packets that leave, per sample in order, and (x, step, before, spikes, after) per sweep."""
    packets, sweeps = [], []
    first, second = cores
    for rows in x:
        for core in cores:
            core.membrane = core.start()
        for step, row in enumerate(rows):
            payloads = row
            for core in (first, second):
                before, spikes = core.step(payloads, BITS)
                sweeps.append((core.x, step, before, spikes, core.membrane))
                payloads = spikes.astype(np.int64)
            last = int(step == len(rows) - 1)
            packets += [flit(SPIKE, 1 << 24 | int(n) + 100, host=True) for n in np.flatnonzero(spikes)]
            packets.append(flit(END, last, host=True))
    return packets, sweeps


def run(cores: list[Core], x: np.ndarray, cache: Path, simulator: str = "verilator", **options) -> RtlRun:
    stall_hooks = options.pop("stall_hooks", False)
    built = build_rtl(PARAMETERS, cache, simulator, stall_hooks=stall_hooks)
    setup = configuration(cores, PARAMETERS)
    flits = setup + [f for rows in x for f in sample(rows, [(0, 0)])]
    ends = x.shape[0] * x.shape[1]
    return run_rtl(built, np.array(flits, np.uint64), ends, config_flits=len(setup), **options)


def check_trace(result: RtlRun, cores: list[Core], sweeps: list[tuple]) -> None:
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
def test_mesh_computes_spikes_and_membranes_of_the_contract(simulator, rtl_cache, needs):
    needs(simulator)
    rng = np.random.default_rng(1)
    cores, x = network(rng), inputs(rng, 3, 6)
    packets, sweeps = expected(cores, x)
    result = run(cores, x, rtl_cache, simulator)
    assert not result.timed_out
    assert result.outputs["flit"].tolist() == packets
    assert sum(p >> 9 & 7 == SPIKE for p in packets) > 5
    check_trace(result, cores, sweeps)


def test_verilator_and_icarus_agree_on_every_cycle(rtl_cache, needs):
    needs("verilator")
    needs("icarus")
    rng = np.random.default_rng(2)
    cores, x = network(rng), inputs(rng, 2, 4)
    one, other = (run(cores, x, rtl_cache, s) for s in ("verilator", "icarus"))
    assert one.outputs.tolist() == other.outputs.tolist()
    assert one.trace.cycle.tolist() == other.trace.cycle.tolist()


@pytest.mark.parametrize("seed", [1, 2])
def test_stalls_everywhere_change_no_value(seed, rtl_cache, needs):
    needs("verilator")
    rng = np.random.default_rng(3)
    cores, x = network(rng), inputs(rng, 2, 6)
    packets, sweeps = expected(cores, x)
    result = run(cores, x, rtl_cache, stall_hooks=True, stall=0.5, seed=seed)
    assert result.outputs["flit"].tolist() == packets
    check_trace(result, cores, sweeps)
    free = run(cores, x, rtl_cache)
    assert result.cycles > free.cycles


def test_isolated_runs_restart_the_cycle_counter(rtl_cache, needs):
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
    assert sorted(set(result.trace.run.tolist())) == [0, 1, 2]


def test_one_spike_takes_the_cycles_of_the_page(rtl_cache, needs):
    """One core, one input spike, one output spike: every cycle counted by hand.

    Cycle 0 is the transfer of the SPIKE at the host; it is in the router's West FIFO in 1, in the
    event FIFO in 2 and popped there. The row engine works in 3..6 (4 cycles: 2 words). END is
    popped in 3, so `ends` is complete from 4 on; the engine is free in 7, where control decides.
    SWEEP is 8..15 (2 + 6 cycles). CREDIT is sent in 16 (the emitter's first state), WAIT is 17,
    SCAN of word 0 is 18 (empty), of word 1 is 19, SEND 20, END 21. A flit sent in cycle c is in the
    Local FIFO in c + 1, where it leaves through West and the host port: 21 and 22.
    """
    needs("verilator")
    weights = np.zeros((6, 2), np.int64)
    weights[5, 1] = 3
    core = Core(0, 0, weights, np.full(6, 6), [Destination(host=True)], [HOST], credits_needed=0)
    x = np.array([[[0, 2]]])
    setup = configuration([core], PARAMETERS)
    built = build_rtl(PARAMETERS, rtl_cache)
    flits = [*setup, *sample(x[0], [(0, 0)])]
    result = run_rtl(built, np.array(flits, np.uint64), 1, config_flits=len(setup))
    # The step is the last of its sample, so INIT (2 + 2 cycles) comes between SWEEP and CREDIT.
    assert result.outputs["cycle"].tolist() == [21 + 4, 22 + 4]
    assert result.outputs["flit"].tolist() == [
        flit(SPIKE, 1 << 24 | 5, host=True),
        flit(END, 1, host=True),
    ]


def test_values_and_readout_cross_the_mesh(rtl_cache, needs):
    """Partial sums on core (0, 0) travel as VALUE flits to the readout on core (1, 0)."""
    needs("verilator")
    rng = np.random.default_rng(5)
    n, steps = 10, 5
    partial = Core(
        0,
        0,
        rng.integers(-8, 8, (n, 20)),
        np.zeros(n, np.int64),
        [Destination(x=1)],
        [HOST],
        reset="none",
        emission=VALUES_EVERY,
    )
    readout = Core(
        1,
        0,
        rng.integers(-8, 8, (n, 20)),
        np.zeros(n, np.int64),
        [Destination(host=True)],
        [0, HOST],
        reset="none",
        emission=VALUES_LAST,
        leak=3,
        ends_needed=2,
        credits_needed=0,
        bias=rng.integers(-4, 5, n),
    )
    x = inputs(rng, 2, steps)
    setup = configuration([partial, readout], PARAMETERS)
    flits = list(setup)
    want = []
    for rows in x:
        flits += sample(rows, [(0, 0), (1, 0)])
        readout.membrane = readout.start()
        for row in rows:
            current = readout.weights @ row + partial.weights @ row
            readout.membrane = readout.membrane + current
            readout.step(np.zeros(20, np.int64), BITS)
        values = readout.membrane.tolist()
        mask = (1 << BITS) - 1
        want += [flit(VALUE, i << BITS | v & mask, host=True) for i, v in enumerate(values)]
        want.append(flit(END, 1, host=True))
    built = build_rtl(PARAMETERS, rtl_cache)
    result = run_rtl(built, np.array(flits, np.uint64), 2, config_flits=len(setup))
    assert result.outputs["flit"].tolist() == want


def test_values_and_spikes_to_the_same_words_keep_their_distance(rtl_cache, needs):
    """VALUE and SPIKE flits back to back on one word: nothing may be read before it is written."""
    needs("verilator")
    rng = np.random.default_rng(9)
    n = 18
    core = Core(
        0,
        0,
        rng.integers(-8, 8, (n, 20)),
        np.zeros(n, np.int64),
        [Destination(host=True)],
        [HOST],
        reset="none",
        emission=VALUES_LAST,
        credits_needed=0,
    )
    setup = configuration([core], PARAMETERS)
    flits, membrane, mask = list(setup), np.zeros(n, np.int64), (1 << BITS) - 1
    for _ in range(200):
        if rng.random() < 0.5:
            axon, payload = int(rng.integers(20)), int(rng.integers(1, 4))
            flits.append(flit(SPIKE, payload << 24 | axon))
            membrane += core.weights[:, axon] * payload
        else:
            neuron, value = int(rng.choice([0, 1, n - 2, n - 1])), int(rng.integers(-20, 20))
            flits.append(flit(VALUE, neuron << BITS | value & mask))
            membrane[neuron] += value
    flits.append(flit(END, 1))
    built = build_rtl(PARAMETERS, rtl_cache)
    result = run_rtl(built, np.array(flits, np.uint64), 1, config_flits=len(setup))
    values = [int(f) >> 12 & mask for f in result.outputs["flit"][:-1]]
    assert values == [int(v) & mask for v in membrane]


def test_memory_images_start_the_same_network(rtl_cache, tmp_path, needs):
    needs("verilator")
    rng = np.random.default_rng(6)
    cores, x = network(rng), inputs(rng, 1, 4)
    names = {1: "weights", 2: "state", 3: "thresholds", 4: "bias", 5: "destinations", 6: "sources"}
    names[0] = "registers"
    for core in cores:
        images: dict[str, dict[int, int]] = {name: {} for name in names.values()}
        for memory, address, _, words in memories(core, PARAMETERS):
            images[names[memory]].update(enumerate(words, address))
        for name, image in images.items():
            lines = [f"@{address:x} {word:x}\n" for address, word in image.items()]
            path = tmp_path / f"img_x{core.x}_y{core.y}_{name}.hex"
            path.write_text("".join(lines))
    prefix = RtlParameters(
        mesh_width=2,
        mesh_height=1,
        lanes=4,
        weight_words=1024,
        state_words=16,
        init_prefix=str(tmp_path / "img"),
    )
    built = build_rtl(prefix, rtl_cache)
    flits = np.array(sample(x[0], [(0, 0)]), np.uint64)
    result = run_rtl(built, flits, 4)
    assert result.outputs.tolist() == run(cores, x, rtl_cache).outputs.tolist()


def test_unreached_end_is_a_timeout(rtl_cache, needs):
    needs("verilator")
    rng = np.random.default_rng(7)
    cores, x = network(rng), inputs(rng, 1, 2)
    built = build_rtl(PARAMETERS, rtl_cache)
    setup = configuration(cores, PARAMETERS)
    flits = np.array([*setup, *sample(x[0], [(0, 0)])], np.uint64)
    result = run_rtl(built, flits, 3, config_flits=len(setup), timeout_cycles=3000)
    assert result.timed_out and result.cycles >= 3000
    assert len(result.outputs) >= 2


def test_broken_protocol_stops_with_the_assertion(rtl_cache, needs):
    needs("verilator")
    rng = np.random.default_rng(8)
    cores = network(rng)
    built = build_rtl(PARAMETERS, rtl_cache)
    setup = configuration(cores, PARAMETERS)
    flits = np.array([*setup, flit(CREDIT, 0), flit(END, 0)], np.uint64)
    with pytest.raises(SnncError, match="CREDIT that was not owed"):
        run_rtl(built, flits, 1, config_flits=len(setup), timeout_cycles=3000)


def test_waves_need_a_build_with_waves(rtl_cache, tmp_path, needs):
    needs("verilator")
    built = build_rtl(PARAMETERS, rtl_cache)
    with pytest.raises(UsageError, match="waves=True"):
        run_rtl(built, np.zeros(0, np.uint64), 1, waves=tmp_path / "x.vcd")


def test_waves_are_written_when_asked_for(rtl_cache, tmp_path, needs):
    needs("icarus")
    built = build_rtl(RtlParameters(1, 1, 2), rtl_cache, "icarus", waves=True)
    path = tmp_path / "waves.fst"
    run_rtl(built, np.zeros(0, np.uint64), 1, timeout_cycles=200, waves=path)
    assert path.stat().st_size > 0
