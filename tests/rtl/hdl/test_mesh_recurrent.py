"""Recurrence and delays on a mesh of hand-made cores: tokens, credits and the ring of bitmaps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rtl_bench import Needs
from rtl_network import (
    END,
    HOST,
    PARAMETERS,
    SPIKE,
    Core,
    Destination,
    Segment,
    configuration,
    flit,
    inputs,
    run_cores,
    sample,
)

from snnc.compiler.isa.arithmetic import Decay
from snnc.rtl.simulation.simulate import build_rtl, end_of_run, run_rtl

BITS = PARAMETERS.state_bits


def recurrent_network(rng: np.random.Generator, delay: int = 2) -> list[Core]:
    """Input -> CUBA core (0, 0) -> core (1, 0) -> host, forward with `delay` besides, and back to (0, 0); the
    first core also feeds itself with a delay."""
    first = Core(
        0,
        0,
        [rng.integers(-8, 8, (13, 20)), rng.integers(-8, 8, (13, 6)), rng.integers(-8, 8, (13, 13))],
        rng.integers(5, 15, 13),
        [
            Destination(x=1),
            Destination(x=1, base=1 << 16, end=False),
            Destination(x=0, base=2 << 16, recurrent=True),
        ],
        [HOST, 1, 0],
        leak=Decay(4000, 12),
        current_leak=Decay(3, 2),
        bias=rng.integers(-3, 4, 13),
        credits_needed=2,
        recurrent_sources=2,
        segments=[Segment(0, 1), Segment(1, 2, delay), Segment(2, 3, 1, True)],
    )
    second = Core(
        1,
        0,
        [rng.integers(-8, 8, (6, 13)), rng.integers(-8, 8, (6, 13))],
        np.full(6, 9),
        [Destination(host=True, base=100), Destination(x=0, base=1 << 16, recurrent=True)],
        [0],
        leak=Decay(1, 3),
        segments=[Segment(0, 1), Segment(1, 2, 0, True)],
    )
    return [first, second]


def recurrent_packets(cores: list[Core], x: np.ndarray, delay: int = 2) -> list[int]:
    """Packets that leave the recurrent network."""
    first, second = cores
    packets = []
    for rows in x:
        for core in cores:
            core.restart()
        one, two = [np.zeros(13, np.int64)] * max(delay, 2), [np.zeros(6, np.int64)]
        for step, row in enumerate(rows):
            # `one` and `two` end with the spikes of the last step; edges back arrive a step later.
            _, spikes = first.step([row, two[-1], one[-2]], BITS)
            one.append(spikes.astype(np.int64))
            _, spikes = second.step([one[-1], one[-1 - delay]], BITS)
            two.append(spikes.astype(np.int64))
            hits = [flit(SPIKE, 1 << 24 | int(n) + 100, host=True) for n in np.flatnonzero(spikes)]
            # Packets to the host carry the destination entry's x and y, here 0.
            packets += [*hits, flit(END, int(step == len(rows) - 1), host=True)]
    return packets


@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_recurrence_delays_and_currents(stall: float, rtl_cache: Path, needs: Needs) -> None:
    needs("verilator")
    rng = np.random.default_rng(9)
    cores, x = recurrent_network(rng), inputs(rng, 3, 8)
    result = run_cores(cores, x, rtl_cache, stall_hooks=stall > 0, stall=stall)
    packets = recurrent_packets(cores, x)
    assert sum(p >> 13 & 7 == SPIKE for p in packets) > 5
    assert result.outputs["flit"].tolist() == packets


@pytest.mark.parametrize("delay", [1, 9, 15])
def test_every_delay_over_more_steps_than_are_counted(delay: int, rtl_cache: Path, needs: Needs) -> None:
    """The step counter stays in 16 to 31, so that no step behind the 32nd passes for one before the delay."""
    needs("verilator")
    rng = np.random.default_rng(11)
    cores, x = recurrent_network(rng, delay), inputs(rng, 2, 70)
    parameters = replace(PARAMETERS, bitmap_slots=16)
    setup = configuration(cores, parameters)
    flits = np.array([*setup, *(f for rows in x for f in sample(rows, [(0, 0)]))], np.uint64)
    result = run_rtl(build_rtl(parameters, rtl_cache), flits, 140, config_flits=len(setup))
    packets = recurrent_packets(cores, x, delay)
    assert not result.wrong
    assert result.outputs["flit"].tolist() == packets


def test_tokens_come_back_with_every_reset(rtl_cache: Path, needs: Needs) -> None:
    needs("verilator")
    rng = np.random.default_rng(10)
    cores, x = recurrent_network(rng), inputs(rng, 2, 5)
    built = build_rtl(PARAMETERS, rtl_cache)
    setup = configuration(cores, PARAMETERS)
    runs = [sample(rows, [(0, 0)]) for rows in x]
    flits = np.array([*setup, *runs[0], end_of_run(5), *runs[1]], np.uint64)
    result = run_rtl(built, flits, 10, config_flits=len(setup))
    assert result.outputs["flit"].tolist() == recurrent_packets(cores, x)
