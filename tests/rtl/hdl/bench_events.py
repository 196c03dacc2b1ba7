"""cocotb benches of event registers and row engine, in a core: which words are touched, how and when."""

import os
from dataclasses import dataclass

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import Source, cycles, seeded, start, until
from rtl_network import SPIKE, VALUE, Bank, config_flits, flit

LANES, STATE, WORDS, WEIGHT_WORDS, ROWS, COLUMNS = (
    int(os.environ[f"BENCH_{name}"])
    for name in ("Lanes", "StateBits", "StateWords", "WeightWords", "AxonRows", "AxonColumns")
)
MULTIPLIER = int(os.environ["BENCH_DecayMultiplier"])


@dataclass
class Grid:
    """A tile, its axon tables, and which y and x belong to each bank."""

    pixel_words: int
    columns: int
    rows: int
    banks: list[Bank]
    axon_rows: list[tuple[int, int, int, int]]
    axon_columns: list[tuple[int, int, int]]


def grid(rng) -> Grid:
    """Random tables whose events stay inside the memories and keep their words apart."""
    pixel_words = rng.choice([1, 2, 3, 4, 5])
    columns = rng.randrange(1, min(8, WORDS // pixel_words) + 1)
    rows = WORDS // pixel_words // columns
    row_words = [rng.choice([pixel_words, pixel_words, rng.randrange(1, pixel_words + 1)]) for _ in range(4)]
    depthwise = [words == 1 and rng.random() < 0.5 for words in row_words]
    spaced = len(set(row_words)) > 1 or rng.random() < 0.2
    banks, axon_rows, axon_columns = [], [], []
    for number in range(4):
        # A depthwise event reaches any word of its pixel.
        sign = [rng.choice([-1, 1]) for _ in "yx"]
        row_step, column_step = sign[0] * columns * pixel_words, sign[1] * pixel_words
        channels = rng.randrange(1, 20)
        if depthwise[number]:
            channels = min(channels, LANES * pixel_words)
        banks.append(
            Bank(
                rng.randrange(1, 9), rng.randrange(9), rng.randrange(9), row_step, column_step,
                row_words[number], rng.randrange(10), channels, spaced, depthwise[number], rng.randrange(13),
            )
        )  # fmt: skip
    for y in range(ROWS):
        bank = y % 4
        count = rng.randrange(min(rows, 4) + 1)
        first = rng.randrange(rows - count + 1)
        step = banks[bank].row_state_step
        at = first if step > 0 else first + max(count - 1, 0)
        axon_rows.append((bank, count, rng.randrange(40), at * abs(step)))
    for x in range(COLUMNS):
        count = rng.choice([0, 1, 1, min(columns, rng.randrange(1, 5))])
        first = rng.randrange(columns - count + 1)
        step = banks[x % 4].column_state_step
        at = first if step > 0 else first + max(count - 1, 0)
        axon_columns.append((count, rng.randrange(40), at * abs(step)))
    return Grid(pixel_words, columns, rows, banks, axon_rows, axon_columns)


def configuration(g: Grid) -> list[int]:
    """CONFIG flits of the tables; the core stays disabled and takes events all the same."""
    rows = [w | s << 16 | c << 32 | b << 36 for b, c, w, s in g.axon_rows]
    columns = [w | s << 16 | c << 32 for c, w, s in g.axon_columns]
    flits = config_flits(8, 0, 64, rows) + config_flits(9, 0, 64, columns)
    flits += config_flits(2, 0, LANES * STATE, [0] * WORDS)
    for number, bank in enumerate(g.banks):
        flits += config_flits(0, 32 + 8 * number, 32, bank.encode())
    return flits


Event = tuple[int, int, tuple[int, int, int], int]
"""Type, payload, (y, x, channel), value."""
Factor = tuple[int, int]
"""What a weight is multiplied or shifted by, and the fraction bits."""
Cycle = tuple[int | None, int, Factor | None, int | None, int]
Read = tuple[int, int | None, int, Factor | None, int | None, int]


def schedule(g: Grid, event: Event) -> list[Cycle | None] | None:
    """Per engine cycle (weight address or None, word, factor, value, lanes) or None; None if dropped."""
    kind, payload, (y, x, channel), value = event
    if kind == VALUE:
        lane = 1 << channel % LANES
        return [None, (None, channel // LANES, None, value, lane), None]
    number, row_count, row_weights, row_state = g.axon_rows[y]
    column_count, column_weights, column_state = g.axon_columns[x]
    b = g.banks[number]
    local = channel - b.first_channel
    if not 0 <= local < b.channels or not row_count or not column_count:
        return None
    offset = local // LANES if b.depthwise else 0
    weights = row_weights + column_weights + (offset if b.depthwise else local * b.channel_stride)
    state = row_state + column_state + offset
    lanes = 1 << local % LANES if b.depthwise else (1 << LANES) - 1
    plan: list[Cycle | None] = []
    for factor in [payload] if MULTIPLIER else [bit for bit in range(8) if payload >> bit & 1]:
        plan += [
            (
                weights + i * b.row_weight_step + j * b.column_weight_step + k,
                state + i * b.row_state_step + j * b.column_state_step + k,
                (factor, b.fraction_bits),
                None,
                lanes,
            )
            for i in range(row_count)
            for j in range(column_count)
            for k in range(b.row_words)
        ]
        plan += [None] * (b.spaced or b.row_words == 1)
    return plan


def random_event(rng, g: Grid) -> Event:
    """A VALUE, or a SPIKE that now and then touches nothing."""
    if rng.random() < 0.2:
        neuron = rng.randrange(LANES * g.pixel_words * g.columns * g.rows)
        return VALUE, 0, (0, 0, neuron), rng.getrandbits(STATE)
    y = rng.randrange(ROWS)
    x = rng.randrange(y % 4, COLUMNS, 4)
    b = g.banks[y % 4]
    channel = rng.randrange(b.first_channel, b.first_channel + b.channels)
    if rng.random() < 0.2:
        channel = rng.choice([0, b.first_channel - 1, b.first_channel + b.channels, 255]) & 255
    payload = rng.choice([1, 1, 1 << rng.randrange(8), rng.randrange(1, 256)])
    return SPIKE, payload, (y, x, channel), 0


def encode(event: Event) -> int:
    kind, payload, (y, x, channel), value = event
    data = channel << STATE | value if kind == VALUE else payload << 24 | y << 16 | x << 8 | channel
    return flit(kind, data)


@dataclass
class Watch:
    """What was seen, each with its cycle."""

    pushed: list[int]
    busy: list[int]
    reads: list[tuple[int, int | None, int]]
    lanes: list[tuple[Factor | None, int | None, int]]
    writes: list[tuple[int, int]]


def known(signal) -> int | None:
    """The signal's number, or None where it holds none: a VALUE reads no weight."""
    return int(signal.value) if signal.value.is_resolvable else None


async def watch(dut, count: int) -> Watch:
    """Follow the core until `count` events have been pushed and nothing is under way."""
    engine, seen = dut.u_events.u_accumulate, Watch([], [], [], [], [])
    cycle = quiet = 0
    address = previous = None
    while quiet < 12:
        await ReadOnly()
        if int(dut.event_valid_i.value) and int(dut.event_ready_o.value):
            seen.pushed.append(cycle)
        if int(engine.read_o.value):
            seen.reads.append((cycle, previous, int(engine.read_word_o.value)))
            value = None if int(engine.weigh_o.value) else int(engine.value_o.value)
            factor = None
            if value is None:
                factor = (int(engine.factor_o.value), int(engine.fraction_bits_o.value))
            seen.lanes.append((factor, value, int(engine.lanes_o.value)))
        previous = address
        address = known(engine.weight_address_o) if int(engine.weight_read_o.value) else None
        if int(engine.write_o.value):
            seen.writes.append((cycle, int(engine.write_word_o.value)))
        if int(engine.busy_o.value):
            seen.busy.append(cycle)
        resting = int(dut.quiet.value)
        quiet = quiet + 1 if resting and len(seen.pushed) == count else 0
        await RisingEdge(dut.clk_i)
        cycle += 1
    return seen


def expected(g: Grid, events: list[Event], pushed: list[int]) -> tuple[list[int], list[Read]]:
    """Cycles in which the engine is occupied, and (cycle, *entry of the schedule) per read."""
    busy: list[int] = []
    reads: list[Read] = []
    tables = entry = free = final = -1
    for event, push in zip(events, pushed, strict=True):
        plan = schedule(g, event)
        # Popped when visible and the first register is empty, or in the cycle in which it is left.
        popped = max(push + 1, tables)
        tables = max(popped + 1, entry)
        entry = max(tables + 1, free)
        left = free = entry + 1
        if plan is None:
            continue
        left = max(left, final)
        free = left + 1
        busy += range(left + 1, left + 1 + len(plan))
        # A weight is read in the cycle that is counted, the state two cycles later.
        reads += [(left + 3 + at, *row) for at, row in enumerate(plan) if row is not None]
        final = left + len(plan)
    return busy, reads


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.6, 0.97])
async def touches_each_word_on_schedule(dut, idle: float) -> None:
    rng = seeded()
    still = {"event_valid_i": 0, "event_data_i": 0, "packet_ready_i": 0}
    await start(dut, router_empty_i=1, router_dropped_i=0, **still)
    source = Source(dut.clk_i, dut.event_valid_i, dut.event_ready_o, dut.event_data_i, rng)
    dropped = 0
    for _ in range(8):
        g = grid(rng)
        source.idle = 0.0
        source.queue += configuration(g)
        await until(dut.clk_i, lambda: not source.queue and not int(dut.event_valid_i.value))
        await cycles(dut.clk_i, 4)
        events = [random_event(rng, g) for _ in range(40)]
        source.idle = idle
        source.queue += [encode(event) for event in events]
        seen = await watch(dut, len(events))
        busy, reads = expected(g, events, seen.pushed)
        assert seen.busy == busy
        assert [(c, w) for c, _, w in seen.reads] == [(r[0], r[2]) for r in reads]
        assert seen.writes == [(r[0] + 2, r[2]) for r in reads]
        for (_, address, _), lanes, (_, weight, _, *planned) in zip(
            seen.reads, seen.lanes, reads, strict=True
        ):
            assert weight is None or address == weight
            assert lanes == tuple(planned)
        dropped += sum(schedule(g, event) is None for event in events)
    assert dropped > 10
