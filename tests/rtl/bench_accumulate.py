"""cocotb benches of snnc_accumulate: which words are read, how, and when they are written."""

import os

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import seeded, start

LANES = int(os.environ["BENCH_Lanes"])
STATE = int(os.environ["BENCH_StateBits"])
WORDS = int(os.environ["BENCH_StateWords"])
SPIKE, VALUE = 0, 1


def schedule(events, words: int):
    """Cycle by cycle what is read: (weight address or None, word, shift, value, lanes) or None.

    `events` are (kind, payload, axon or neuron, value).
    """
    rows = []
    for kind, payload, number, value in events:
        if kind == VALUE:
            lanes = 1 << number % LANES
            rows += [None] * 3 + [(None, number // LANES, 0, value, lanes)] + [None] * 3
            continue
        for bit in range(8):
            if payload >> bit & 1:
                rows += [(number * words + w, w, bit, None, 0) for w in range(words)]
                rows += [None] * (max(words, 4) - words)
    return rows


def known(signal) -> int | None:
    """The signal's number, or None while it was never set."""
    return int(signal.value) if signal.value.is_resolvable else None


@cocotb.test()
@cocotb.parametrize(words=[*(w for w in (1, 3, 4) if w < WORDS), WORDS], gaps=[False, True])
async def reads_and_writes_on_schedule(dut, words: int, gaps: bool) -> None:
    rng = seeded()
    weight_words = int(os.environ["BENCH_WeightWords"])
    events = []
    for _ in range(30):
        if rng.random() < 0.6:
            events.append((SPIKE, rng.randrange(1, 256), rng.randrange(weight_words // words), 0))
        else:
            events.append((VALUE, 0, rng.randrange(words * LANES), rng.getrandbits(STATE)))
    await start(dut, words_i=words, start_i=0, flit_i=0)
    expected: list = []
    reads, stage, writes = [], [], []
    pending = list(events)
    cycle = 0
    while pending or cycle < len(expected) + 6:
        # The engine is free, or in its final cycle, from cycle len(expected) - 1 on.
        can_start = cycle >= len(expected) - 1
        dut.start_i.value = 0
        if pending and can_start and not (gaps and rng.random() < 0.7):
            kind, payload, number, value = event = pending.pop(0)
            data = payload << 24 | number if kind == SPIKE else number << STATE | value
            dut.start_i.value = 1
            dut.flit_i.value = (data & 0xFFFF_FFFF) << 12 | kind << 9
            expected += [None] * (cycle + 1 - len(expected)) + schedule([event], words)
        await ReadOnly()
        assert int(dut.ready_o.value) == can_start, f"ready in cycle {cycle}"
        if int(dut.read_o.value):
            reads.append((cycle, int(dut.weight_address_o.value), int(dut.read_word_o.value)))
        if int(dut.write_o.value):
            writes.append((cycle, int(dut.write_word_o.value)))
        names = ("is_value_o", "shift_o", "value_o", "value_lanes_o")
        stage.append([known(getattr(dut, name)) for name in names])
        await RisingEdge(dut.clk_i)
        cycle += 1
    planned = [(c, row) for c, row in enumerate(expected) if row is not None]
    assert [(c, w) for c, _, w in reads] == [(c, row[1]) for c, row in planned]
    assert [(c, w) for c, w in writes] == [(c + 3, row[1]) for c, row in planned]
    for (_, address, _), (c, row) in zip(reads, planned, strict=True):
        is_value, shift, value, lanes = stage[c + 1]
        if row[0] is None:
            assert is_value and (value, lanes) == row[3:]
        else:
            assert not is_value and (address, shift) == (row[0], row[2])
