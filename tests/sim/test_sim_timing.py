"""Cycle counts worked out by hand from docs/microarchitecture.md."""

import numpy as np
import pytest

from snnc.compiler.arithmetic import Decay
from snnc.compiler.flits import FlitType, encode_samples, flit_types
from snnc.compiler.network import Input, Readout
from snnc.compiler.program import HOST, Address, Core, Destination, InputRoute, TiledProgram
from snnc.compiler.targets import Target
from snnc.sim.cycle_engine import run_cycles

TARGET = Target(
    name="one",
    description="",
    width=1,
    height=1,
    lanes=4,
    neurons=64,
    axons=16,
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


def one_core(neurons: int, threshold: int, reads_membrane: bool) -> TiledProgram:
    words = -(-neurons // TARGET.lanes)
    to = Address(0, 0, host=True)
    core = Core(
        at=Address(0, 0),
        layer="only",
        first_neuron=0,
        first_axon=0,
        weights=np.ones((4, neurons), np.int8),
        weight_bits=4,
        threshold=np.full(neurons, threshold),
        bias=np.zeros(neurons, np.int64),
        initial=np.zeros(neurons, np.int64),
        reset="none" if reads_membrane else "soft",
        reset_value=0,
        leak=Decay(),
        state_bits=16,
        emission="values_last" if reads_membrane else "spikes",
        sources=(HOST,),
        destinations=(Destination(to, 0, 0, words, sends_end=True),),
        accumulator=(-1000, 1000),
    )
    program = TiledProgram(
        name="one",
        target=TARGET,
        steps=1,
        input=Input("input", 4, "events", 255),
        input_routes=(InputRoute(Address(0, 0), 0, 4, 0),),
        cores=(core,),
        readout=Readout("only", "membrane" if reads_membrane else "spike_count"),
        outputs=neurons,
        weight_bits=4,
    )
    program.verify()
    return program


@pytest.mark.parametrize(("neurons", "payload", "row"), [(1, 1, 4), (20, 1, 5), (20, 7, 15), (20, 255, 40)])
def test_one_spike_through_one_core(neurons: int, payload: int, row: int) -> None:
    """Input in 0, router in 1, popped in 2, row in 3 ... 2 + row; SWEEP two cycles after the row's last."""
    program = one_core(neurons, threshold=10_000, reads_membrane=False)
    words = -(-neurons // 4)
    run = run_cycles(program, encode_samples(program, np.array([[[payload, 0, 0, 0]]])), event_log=True)
    sweep = 2 + row + 2
    accumulate = sweep + words + 6 + words + 2
    # CREDIT in the first cycle, WAIT in the second, one cycle per empty word, END; then one router.
    scan = accumulate + 2
    end = scan + words
    assert run.timeline.tolist() == [[[[sweep, accumulate, scan, end + 1]]]]
    assert run.stamps.tolist() == [end + 1]
    assert run.busy.tolist() == [row + words + 6 + words + 2]


def test_spikes_leave_one_per_cycle() -> None:
    program = one_core(6, threshold=1, reads_membrane=False)
    run = run_cycles(program, encode_samples(program, np.array([[[1, 0, 0, 0]]])), event_log=True)
    scan = int(run.timeline[0, 0, 0, 2])
    spikes = [scan + 1 + i for i in range(4)] + [scan + 6, scan + 7]
    assert run.stamps.tolist() == [cycle + 1 for cycle in [*spikes, scan + 8]]


def test_membranes_leave_before_the_state_is_initialised() -> None:
    program = one_core(6, threshold=1, reads_membrane=True)
    run = run_cycles(program, encode_samples(program, np.array([[[1, 0, 0, 0]]])), event_log=True)
    sweep, accumulate, scan, idle = run.timeline[0, 0, 0].tolist()
    assert scan == sweep + 2 + 6 + 1
    values = [scan + 3 + i for i in range(4)] + [scan + 10, scan + 11]
    assert run.stamps.tolist() == [cycle + 1 for cycle in [*values, scan + 12]]
    assert idle == scan + 13
    assert accumulate == idle + 1 + 2 + 2
    assert flit_types(run.flits).tolist() == [FlitType.VALUE] * 6 + [FlitType.END]
