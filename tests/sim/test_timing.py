"""Cycle counts worked out by hand from docs/microarchitecture.md."""

import numpy as np
import pytest

from snnc.compiler.ir.network import Input, Readout
from snnc.compiler.ir.program import Bank, Core, Destination, InputRoute, Segment, Tile, TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.isa.address import HOST, Address
from snnc.compiler.isa.arithmetic import NO_LEAK
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import flit_types
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.targets import Target
from snnc.sim.engine.cycle import CycleRun, run_cycles

TARGET = Target(
    name="one",
    description="",
    width=1,
    height=1,
    lanes=4,
    neurons=64,
    parameter_words=16,
    axon_rows=4,
    axon_columns=4,
    delay_slots=2,
    cuba=False,
    decay_multiplier=False,
    weight_kibit=16,
    weight_bits=None,
    state_bits=20,
    destinations=4,
    sources=4,
    event_fifo=4,
    router_fifo=4,
    clock_mhz=100.0,
    energy_table="cmos45",
    static_mw=0.0,
    static_source="none",
)


def one_core(
    neurons: int, threshold: int, reads_membrane: bool, bank: dict[str, int] | None = None, initial: int = 0
) -> TiledProgram:
    """A flat core of weights 1 with four axons, whose membranes begin at `initial`; `bank` replaces fields of
    its bank."""
    words = -(-neurons // TARGET.lanes)
    to = Address(0, 0, host=True)
    fields = {"channel_stride": words, "row_words": words, "channels": 4, "spaced": 0}
    fields |= dict.fromkeys(
        ("row_weight_step", "column_weight_step", "row_state_step", "column_state_step"), 0
    )
    fields |= {"first_channel": 0, "depthwise": 0} | (bank or {})
    weights = np.ones((4, words * TARGET.lanes), np.int8)
    weights[:, neurons:] = 0
    core = Core(
        at=Address(0, 0),
        tile=Tile("only", (neurons, 1, 1), 0, neurons, 0, 1),
        weights=weights.reshape(4 * words, TARGET.lanes),
        weight_bits=4,
        axon_rows=np.array([(0, 1, 0, 0)]),
        axon_columns=np.array([(1, 0, 0)]),
        banks=(Bank(**fields),),  # type: ignore[arg-type]
        threshold=np.full(neurons, threshold),
        bias=np.zeros(neurons, np.int64),
        initial=np.full(neurons, initial),
        reset="none" if reads_membrane else "soft",
        reset_value=0,
        leak=NO_LEAK,
        current_leak=None,
        state_bits=16,
        emission="values_last" if reads_membrane else "spikes",
        sources=(HOST,),
        recurrent_sources=0,
        destinations=(Destination(to, 0, 0, words, sends_end=True, recurrent=False),),
        segments=(Segment(0, 1, 0, False),),
        accumulator=(-1000, 1000),
    )
    program = TiledProgram(
        name="one",
        target=TARGET,
        steps=1,
        input=Input("input", (4, 1, 1), "events", 255),
        input_routes=(InputRoute(Address(0, 0), 0, 4, 0, 1, 0),),
        cores=(core,),
        readout=Readout("only", "membrane" if reads_membrane else "spike_count"),
        outputs=neurons,
        weight_bits=4,
    )
    verify_program(program)
    return program


def run_events(program: TiledProgram, *payloads: int) -> CycleRun:
    events = np.zeros((1, 1, 4), np.int64)
    events[0, 0, : len(payloads)] = payloads
    return run_cycles(program, encode_samples(program, events), event_log=True)


@pytest.mark.parametrize("initial", [0, 1])
@pytest.mark.parametrize(("neurons", "payload", "row"), [(1, 1, 2), (20, 1, 5), (20, 7, 15), (20, 255, 40)])
def test_one_spike_through_one_core(neurons: int, payload: int, row: int, initial: int) -> None:
    """Input in 0, router in 1, popped in 2, decoded in 5, row in 6 ... 5 + row; SWEEP two cycles later, and
    INIT behind it unless membranes begin at 0."""
    words = -(-neurons // 4)
    run = run_events(one_core(neurons, 10_000, reads_membrane=False, initial=initial), payload)
    sweep = 5 + row + 2
    initialise = words + 3 if initial else 0
    accumulate = sweep + words + 8 + initialise
    # CREDIT in the first cycle of SWEEP, WAIT up to the ninth, in which the first word is written; two for
    # SEGMENT, one per empty word, END; then a router.
    segment = sweep + 9
    end = segment + 2 + words
    assert run.timeline.tolist() == [[[[sweep, accumulate, segment, end + 1]]]]
    assert run.stamps.tolist() == [end + 1]
    assert run.causes.tolist() == [[row, words + 8, initialise, 0, 0]]
    assert (run.busy.tolist(), run.stalled.tolist()) == ([row + words + 8 + initialise], [0])


def sweep_of(program: TiledProgram, *payloads: int) -> int:
    return int(run_events(program, *payloads).timeline[0, 0, 0, 0])


def test_rows_follow_one_another_without_a_gap() -> None:
    """The next event waits in the decode register and leaves it in the row's final cycle."""
    program = one_core(20, 10_000, reads_membrane=False)
    assert sweep_of(program, 1, 1, 1) == 5 + 3 * 5 + 2
    spaced = one_core(20, 10_000, reads_membrane=False, bank={"spaced": 1})
    assert sweep_of(spaced, 1, 1, 1) == 5 + 3 * (5 + 1) + 2
    assert sweep_of(spaced, 3) == 5 + 2 * (5 + 1) + 2


def test_an_event_that_touches_nothing_stays_one_cycle_in_the_decode_register() -> None:
    """END arrives right behind it: the event is decoded in 5, and the registers are empty from 6 on."""
    deaf = one_core(20, 10_000, reads_membrane=False, bank={"first_channel": 3, "channels": 1})
    assert sweep_of(deaf) == 2 + 1 + 1
    assert sweep_of(deaf, 1) == 5 + 1 + 1
    assert sweep_of(deaf, 1, 1, 1) == 7 + 1 + 1
    # The one that is heard is popped in 5, the last of four.
    assert sweep_of(deaf, 1, 1, 1, 1) == 8 + 5 + 2


def test_spikes_leave_one_per_cycle() -> None:
    run = run_events(one_core(6, threshold=1, reads_membrane=False), 1)
    scan = int(run.timeline[0, 0, 0, 2]) + 2
    spikes = [scan + 1 + i for i in range(4)] + [scan + 6, scan + 7]
    assert run.stamps.tolist() == [cycle + 1 for cycle in [*spikes, scan + 8]]


def test_membranes_leave_before_the_state_is_initialised() -> None:
    run = run_events(one_core(6, threshold=1, reads_membrane=True), 1)
    sweep, accumulate, segment, idle = run.timeline[0, 0, 0].tolist()
    assert segment == sweep + 2 + 8 + 1
    scan = segment + 2
    values = [scan + 3 + i for i in range(4)] + [scan + 10, scan + 11]
    assert run.stamps.tolist() == [cycle + 1 for cycle in [*values, scan + 12]]
    assert idle == scan + 13
    assert accumulate == idle + 1 + 2 + 3
    assert flit_types(run.flits).tolist() == [FlitType.VALUE] * 6 + [FlitType.END]
