"""cocotb benches of snnc_emit: the flits of an emission and the cycle of each."""

import os
from dataclasses import dataclass

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge, Timer
from rtl_bench import seeded, start
from rtl_network import CREDIT, END, SPIKE, VALUE, Destination, Segment, flit

LANES = int(os.environ["BENCH_Lanes"])
STATE = int(os.environ["BENCH_StateBits"])
WORDS = int(os.environ["BENCH_StateWords"])
SPIKES, VALUES_LAST, VALUES_EVERY = range(3)
SLOTS = 16
LARGE = WORDS > 128
"""Tiles are one row of pixels, longer than half of what a coordinate can say."""


@dataclass
class Emission:
    """One command to the emitter and the tables it works on."""

    kind: int
    bitmaps: list[list[int]]
    """Per slot the word of each lane mask."""
    state: list[list[int]]
    pixel_words: int
    columns: int
    flat: bool
    neurons: int
    destinations: list[Destination]
    segments: list[Segment]
    sources: list[int]
    step: int
    last: bool
    credit: bool
    emit: bool

    def plan(self) -> list[int | None]:
        """Per cycle without stalls the flit that is offered, or None."""
        rows: list[int | None] = [flit(CREDIT, 0) | source for source in self.sources] if self.credit else []
        if not self.emit:
            return rows
        rows.append(None)
        for segment in self.segments:
            rows += [None, None]
            if self.step >= segment.delay and not (segment.recurrent and self.last):
                rows += self.segment(segment)
        for d in self.destinations:
            last = int(self.last and not d.recurrent)
            rows.append(flit(END, last, d.x, d.y, d.host) if d.end else None)
        return rows

    def reads(self) -> list[int]:
        """Words of bitmaps or states in the order in which they are read."""
        words: list[int] = []
        for segment in self.segments if self.emit else []:
            open_ = self.step >= segment.delay and not (segment.recurrent and self.last)
            # The first bitmap is read before it is known whether the segment is silent.
            words += range(len(self.state)) if open_ else [0] * (self.kind == SPIKES)
        return words

    def segment(self, segment: Segment) -> list[int | None]:
        """The cycles of SCAN and SEND."""
        rows: list[int | None] = []
        for word in range(len(self.state)):
            rows += [None] * (1 if self.kind == SPIKES else 3)
            bitmap = self.bitmaps[(self.step - segment.delay) % SLOTS]
            lanes = {
                SPIKES: [lane for lane in range(LANES) if bitmap[word] >> lane & 1],
                VALUES_LAST: [lane for lane in range(LANES) if word * LANES + lane < self.neurons],
                VALUES_EVERY: [lane for lane in range(LANES) if self.state[word][lane]],
            }[self.kind]
            for lane in lanes:
                for d in self.destinations[segment.first_entry : segment.end_entry]:
                    hit = d.first_word <= word < d.last_word
                    rows.append(self.flit(d, word, lane) if hit else None)
        return rows

    def flit(self, d: Destination, word: int, lane: int) -> int:
        """What neuron (word, lane) sends to `d`."""
        if self.kind != SPIKES:
            data = (d.base + word * LANES + lane) << STATE | self.state[word][lane]
            return flit(VALUE, data, d.x, d.y, d.host)
        pixel, place = divmod(word, self.pixel_words)
        row, column = divmod(pixel, self.columns)
        local = row << 16 | column << 8 | place * LANES + lane
        if self.flat:
            local = word * LANES + lane
        return flit(SPIKE, 1 << 24 | (d.base + local) & 0xFF_FFFF, d.x, d.y, d.host)


def emission(rng, kind: int) -> Emission:
    """Random tables and a random command."""
    words = rng.randrange(1 if not LARGE else WORDS - 20, WORDS + 1)
    pixel_words = rng.choice([n for n in range(1, words + 1) if words % n == 0]) if not LARGE else 1
    pixels = words // pixel_words
    density = rng.choice([0.0, 0.2, 1.0]) if not LARGE else 0.1
    count = rng.randrange(1, 6)
    ends = sorted({*rng.sample(range(1, count + 1), rng.randrange(min(count, 4))), count})
    segments, first = [], 0
    for end in ends:
        delay = rng.randrange(SLOTS) if kind == SPIKES else 0
        segments.append(Segment(first, end, delay, rng.random() < 0.3))
        first = end
    destinations = [
        Destination(
            x=rng.randrange(64),
            y=rng.randrange(64),
            host=rng.random() < 0.2,
            base=rng.randrange(1 << 24),
            first_word=rng.choice([0, 0, rng.randrange(words)]),
            last_word=rng.choice([words, 65535, rng.randrange(words + 1)]),
            end=rng.random() < 0.7,
            recurrent=rng.random() < 0.3,
        )
        for _ in range(count)
    ]
    credit = rng.random() < 0.5
    return Emission(
        kind=kind,
        bitmaps=[
            [sum((rng.random() < density) << i for i in range(LANES)) for _ in range(words)]
            for _ in range(SLOTS)
        ],
        state=[
            [rng.getrandbits(STATE) * (rng.random() < density) for _ in range(LANES)] for _ in range(words)
        ],
        pixel_words=pixel_words,
        columns=rng.choice([n for n in range(1, pixels + 1) if pixels % n == 0]) if not LARGE else pixels,
        flat=pixels == 1 and rng.random() < 0.7,
        neurons=rng.randrange((words - 1) * LANES + 1, words * LANES + 1),
        destinations=destinations,
        segments=segments,
        sources=[rng.randrange(1 << 13) for _ in range(rng.randrange(1, 5))],
        step=rng.choice([0, 1, 2, 3, 4, 9, 17, 31]),
        last=rng.random() < 0.5,
        credit=credit,
        emit=rng.random() < 0.8 or not credit,
    )


def known(signal, limit: int) -> int:
    """The index a signal holds, or 0 while it holds none."""
    value = int(signal.value) if signal.value.is_resolvable else 0
    return value if value < limit else 0


def inputs(kind: int) -> dict[str, int]:
    """Idle values of everything the bench drives."""
    names = (
        *("spikes_i", "state_i", "destination_i", "source_i", "segment_i", "ready_i", "flat_i"),
        *("start_credit_i", "start_emit_i", "step_i", "last_step_i", "state_word_i"),
        *("first_destination_i", "first_source_i"),
    )
    ones = ("words_i", "neurons_i", "pixel_words_i", "columns_i", "destination_count_i", "source_count_i")
    values = {name: 0 for name in names} | {name: 1 for name in (*ones, "segment_count_i")}
    return values | {"values_last_i": int(kind == VALUES_LAST), "values_every_i": int(kind == VALUES_EVERY)}


@cocotb.test()
@cocotb.parametrize(kind=[SPIKES, VALUES_LAST, VALUES_EVERY], pause=[0.0, 0.5])
async def sends_what_is_due_in_the_planned_cycles(dut, kind: int, pause: float) -> None:
    rng = seeded()
    await start(dut, granted_i=1, **inputs(kind))
    for _ in range(25 if not LARGE else 3):
        e = emission(rng, kind)
        plan = e.plan()
        dut.words_i.value, dut.neurons_i.value = len(e.state), e.neurons
        dut.pixel_words_i.value, dut.columns_i.value = e.pixel_words, e.columns & 0xFF
        dut.flat_i.value = int(e.flat)
        dut.destination_count_i.value = len(e.destinations)
        dut.source_count_i.value = len(e.sources)
        dut.segment_count_i.value = len(e.segments)
        dut.step_i.value, dut.last_step_i.value = e.step, int(e.last)
        dut.start_credit_i.value, dut.start_emit_i.value = int(e.credit), int(e.emit)
        await ReadOnly()
        assert int(dut.idle_o.value)
        await RisingEdge(dut.clk_i)
        dut.start_credit_i.value, dut.start_emit_i.value = 0, 0
        dut.step_i.value, dut.last_step_i.value = rng.randrange(32), int(not e.last)
        # State answers two clocks after its address and stays, 0 where none is kept; bitmaps one, tables at
        # once. Every word of a scan is read once.
        memory = [0, 0]
        stored = 0
        reads: list[int] = []
        bitmap = 0
        cycle = 0
        while cycle < len(plan):
            dut.state_i.value = memory.pop(0)
            dut.spikes_i.value = bitmap
            ready = int(rng.random() >= pause)
            dut.ready_i.value = ready
            await Timer(1, "step")
            place = known(dut.segment_address_o, len(e.segments))
            dut.segment_i.value = e.segments[place].encode()
            await Timer(1, "step")
            if int(dut.state_read_o.value):
                word = int(dut.word_o.value)
                stored = sum(v << i * STATE for i, v in enumerate(e.state[word]))
                reads.append(word)
            memory.append(stored if int(dut.state_keep_o.value) else 0)
            place = known(dut.destination_address_o, len(e.destinations))
            dut.destination_i.value = e.destinations[place].encode()
            dut.source_i.value = e.sources[known(dut.source_address_o, len(e.sources))]
            await ReadOnly()
            if int(dut.bitmap_read_o.value):
                word = int(dut.bitmap_word_o.value)
                bitmap = e.bitmaps[int(dut.bitmap_slot_o.value) % SLOTS][word]
                reads.append(word)
            assert not int(dut.idle_o.value)
            assert int(dut.valid_o.value) == int(plan[cycle] is not None), f"cycle {cycle}"
            if plan[cycle] is not None:
                assert int(dut.data_o.value) == plan[cycle], f"cycle {cycle}"
            # A flit that is not taken stays; so does the memory's answer.
            cycle += ready or plan[cycle] is None
            await RisingEdge(dut.clk_i)
        assert reads == e.reads()


@cocotb.test()
async def waits_for_its_grant(dut) -> None:
    values = inputs(SPIKES) | {"destination_i": 1 << 77, "segment_i": 1 << 8, "ready_i": 1}
    await start(dut, granted_i=0, **values)
    ended, waited = [], []
    for cycle in range(20):
        dut.start_emit_i.value = int(cycle == 0)
        dut.granted_i.value = int(cycle >= 9)
        await ReadOnly()
        if int(dut.waits_o.value):
            waited.append(cycle)
        if int(dut.valid_o.value):
            ended.append(cycle)
        await RisingEdge(dut.clk_i)
    # WAIT up to the grant, two cycles of SEGMENT, SCAN, END.
    assert waited == list(range(1, 10))
    assert ended == [13]
