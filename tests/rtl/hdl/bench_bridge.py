"""cocotb benches of snnc_bridge: frames as bytes on one side, the mesh's streams played on the other."""

from functools import partial

import cocotb
import numpy as np
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import cycles, seeded, start, until

from snnc.compiler.isa.host_link import FrameKind, Verdict
from snnc.rtl.host.frames import (
    FLAG,
    OPEN,
    RESTART,
    FrameReader,
    Reply,
    Status,
    argument,
    encode_frame,
    flits_body,
)
from snnc.rtl.host.signature import START, signature_of_flits, signature_of_packets

BYTE_CYCLES = 12
INPUT_DEPTH, OUTPUT_DEPTH = 16, 32


class Bench:
    """Bytes in, replies out, and a mesh that notes what enters it and gives what it is told to."""

    def __init__(self, dut) -> None:
        self.dut = dut
        self.replies: list[Reply] = []
        self.entered: list[int] = []
        self.entry_cycles: list[int] = []
        self.resets = 0
        self.packets: list[int] = []
        self.exit_cycles: list[int] = []
        self.cycle = 0
        self.reader = FrameReader()

    async def begin(self) -> None:
        await start(
            self.dut,
            valid_i=0,
            data_i=0,
            error_i=0,
            ready_i=1,
            mesh_ready_i=1,
            mesh_valid_i=0,
            mesh_data_i=0,
            mesh_ready_to_run_i=1,
            mesh_rest_i=0,
            mesh_home_i=0,
            mesh_error_i=0,
            status_i=0,
        )
        cocotb.start_soon(self._run())

    async def _run(self) -> None:
        dut = self.dut
        while True:
            offered = bool(self.packets)
            dut.mesh_valid_i.value = int(offered)
            dut.mesh_data_i.value = self.packets[0] if offered else 0
            await ReadOnly()
            if int(dut.valid_o.value) and int(dut.ready_i.value):
                contents = self.reader.feed(bytes([int(dut.data_o.value)]))
                parsed = [Reply.parse(content) for content in contents]
                assert None not in parsed
                self.replies += [reply for reply in parsed if reply is not None]
            if int(dut.mesh_valid_o.value) and int(dut.mesh_ready_i.value):
                self.entered.append(int(dut.mesh_data_o.value))
                self.entry_cycles.append(self.cycle)
            left = offered and int(dut.mesh_ready_o.value) and not int(dut.mesh_rst_o.value)
            self.resets += int(dut.mesh_rst_o.value)
            await RisingEdge(dut.clk_i)
            if left:
                self.packets.pop(0)
                self.exit_cycles.append(self.cycle)
            self.cycle += 1

    async def write(self, data: bytes) -> None:
        for byte in data:
            self.dut.data_i.value = byte
            self.dut.valid_i.value = 1
            await RisingEdge(self.dut.clk_i)
            self.dut.valid_i.value = 0
            await cycles(self.dut.clk_i, BYTE_CYCLES - 1)

    async def ask(self, kind: int, number: int, body: bytes) -> Reply:
        """Send one frame and wait for its reply."""
        before = len(self.replies)
        await self.write(encode_frame(kind, number, body))
        await until(self.dut.clk_i, lambda: len(self.replies) > before, 60000)
        return self.replies[-1]

    async def restart(self, flags: int = 0) -> None:
        reply = await self.ask(FrameKind.HELLO, 0, argument(RESTART | flags))
        assert (reply.verdict, reply.expected) == (Verdict.ACCEPTED, 1)


def flits(rng, count: int) -> list[int]:
    return [rng.getrandbits(48) for _ in range(count)]


def body(items: list[int]) -> bytes:
    return flits_body(np.array(items, np.uint64))


@cocotb.test()
async def a_gathered_run_enters_without_a_gap_and_packets_carry_their_cycles(dut) -> None:
    rng = seeded()
    bench = Bench(dut)
    await bench.begin()
    await bench.restart()
    sent = flits(rng, INPUT_DEPTH)
    await bench.ask(FrameKind.FLITS, 1, body(sent[:7]))
    await bench.ask(FrameKind.FLITS, 2, body(sent[7:]))
    assert bench.entered == [], "the gate is closed"
    bench.exit_cycles.clear()
    await bench.write(encode_frame(FrameKind.CONTROL, 3, argument(OPEN)))
    packets = flits(rng, 20)
    bench.packets += packets
    await until(dut.clk_i, lambda: len(bench.exit_cycles) == 20 and len(bench.entered) == INPUT_DEPTH)
    await until(dut.clk_i, lambda: len(bench.replies) == 4)
    first = bench.entry_cycles[0]
    assert bench.entered == sent
    assert bench.entry_cycles == list(range(first, first + INPUT_DEPTH))
    reply = await bench.ask(FrameKind.READ, 4, argument(0))
    assert reply.flits.tolist() == packets
    assert reply.cycles.tolist() == [cycle - first for cycle in bench.exit_cycles]
    assert (reply.open, reply.late, reply.stalled) == (True, False, False)


@cocotb.test()
async def refused_frames_leave_no_flit_behind(dut) -> None:
    rng = seeded()
    bench = Bench(dut)
    await bench.begin()
    await bench.restart(OPEN)
    good, bad = flits(rng, 5), body(flits(rng, 5))
    frame = encode_frame(FrameKind.FLITS, 1, bad)
    refused = {
        Verdict.DAMAGED: [
            frame[:9] + bytes([frame[9] ^ 16]) + frame[10:],
            frame[:-2] + bytes([FLAG]),
            frame[:20] + bytes([0x7D, FLAG]),
            b"noise" + bytes([FLAG]),
            bytes([0x7D, FLAG]),
        ],
        Verdict.MALFORMED: [
            encode_frame(FrameKind.FLITS, 1, bad[:-1]),
            encode_frame(5, 1, bad),
            encode_frame(FrameKind.READ, 1, bad[:6]),
        ],
        Verdict.SEQUENCE: [encode_frame(FrameKind.FLITS, number, bad) for number in (0, 2, 255)],
        Verdict.OVERRUN: [encode_frame(FrameKind.FLITS, 1, body(flits(rng, INPUT_DEPTH + 3)))],
    }
    for verdict, frames in refused.items():
        if verdict is Verdict.OVERRUN:
            dut.mesh_ready_i.value = 0
        for data in frames:
            before = len(bench.replies)
            await bench.write(data)
            await until(dut.clk_i, partial(lambda count: len(bench.replies) > count, before))
            assert bench.replies[-1].verdict == verdict, (verdict, data)
            assert bench.replies[-1].expected == 1
        assert bench.replies[-1].counts[verdict] == len(frames)
    dut.mesh_ready_i.value = 1
    reply = await bench.ask(FrameKind.FLITS, 1, body(good))
    assert (reply.verdict, reply.expected) == (Verdict.ACCEPTED, 2)
    assert bench.entered == good


@cocotb.test()
async def counts_are_right_whenever_a_frame_ends_beside_a_reply(dut) -> None:
    bench = Bench(dut)
    await bench.begin()
    await bench.restart()
    base = bench.replies[-1].counts
    # An error and a flag are the shortest frame; a byte of a reply takes 10 cycles: every phase occurs.
    dut.data_i.value = FLAG
    for _ in range(250):
        for error, flag, clocks in ((1, 0, 1), (0, 1, 1), (0, 0, 5)):
            dut.error_i.value, dut.valid_i.value = error, flag
            await cycles(dut.clk_i, clocks)
    await cycles(dut.clk_i, 1000)
    counts = [reply.counts for reply in bench.replies]
    assert len(counts) > 5
    assert all(count[0] == base[0] and count[2:] == base[2:] for count in counts), counts
    damaged = [count[1] for count in counts]
    assert damaged[-1] == (base[1] + 250) % 256


@cocotb.test()
async def an_error_on_the_line_spoils_the_frame_it_falls_into_alone(dut) -> None:
    rng = seeded()
    bench = Bench(dut)
    await bench.begin()
    await bench.restart(OPEN)
    frame = encode_frame(FrameKind.FLITS, 1, body(flits(rng, 1)))
    await bench.write(frame[:6])
    dut.error_i.value = 1
    await RisingEdge(dut.clk_i)
    dut.error_i.value = 0
    await bench.write(frame[6:])
    await until(dut.clk_i, lambda: len(bench.replies) == 2)
    assert bench.replies[-1].verdict == Verdict.DAMAGED
    reply = await bench.ask(FrameKind.FLITS, 1, body(flits(rng, 1)))
    assert reply.verdict == Verdict.ACCEPTED


@cocotb.test()
async def a_dry_buffer_and_a_full_one_are_reported(dut) -> None:
    rng = seeded()
    bench = Bench(dut)
    await bench.begin()
    await bench.restart(OPEN)
    for number in (1, 2):
        reply = await bench.ask(FrameKind.FLITS, number, body(flits(rng, 3)))
    reply = await bench.ask(FrameKind.FLITS, 3, b"")
    assert reply.late and not reply.stalled
    packets = flits(rng, 2 * OUTPUT_DEPTH + 5)
    bench.packets += packets
    await cycles(dut.clk_i, 3 * OUTPUT_DEPTH)
    assert len(bench.exit_cycles) == OUTPUT_DEPTH, "a full buffer stops the mesh"
    got: list[int] = []
    number = 4
    while len(got) < len(packets):
        reply = await bench.ask(FrameKind.READ, number, argument(len(got) % (2 * OUTPUT_DEPTH)))
        assert reply.first == len(got) % (2 * OUTPUT_DEPTH)
        got += reply.flits.tolist()
        number += 1
    assert got == packets
    assert reply.stalled


@cocotb.test()
async def a_packet_stays_until_it_is_released(dut) -> None:
    rng = seeded()
    bench = Bench(dut)
    await bench.begin()
    await bench.restart(OPEN)
    packets = flits(rng, 6)
    bench.packets += packets
    for number, (position, expected) in enumerate([(0, 0), (0, 0), (4, 4), (4, 4), (6, 6)], 1):
        reply = await bench.ask(FrameKind.READ, number, argument(position))
        assert reply.first == position
        assert reply.flits.tolist() == packets[expected:]


@cocotb.test()
async def a_reset_comes_at_once_and_empties_everything(dut) -> None:
    rng = seeded()
    bench = Bench(dut)
    await bench.begin()
    await bench.restart(OPEN)
    dut.mesh_ready_i.value = 0
    await bench.ask(FrameKind.FLITS, 1, body(flits(rng, 4)))
    bench.packets += flits(rng, 5)
    await until(dut.clk_i, lambda: not bench.packets)
    resets, cycle = bench.resets, bench.cycle
    await bench.write(encode_frame(FrameKind.CONTROL, 2, argument(RESTART | OPEN)))
    await until(dut.clk_i, lambda: bench.resets > resets)
    assert bench.cycle - cycle < 12 * BYTE_CYCLES, "nothing is waited for"
    dut.mesh_ready_i.value = 1
    await until(dut.clk_i, lambda: len(bench.replies) == 3)
    assert bench.resets == resets + 1
    reply = await bench.ask(FrameKind.READ, 3, argument(0))
    assert bench.entered == [], "what was gathered is gone"
    assert (reply.open, reply.taken, reply.first, len(reply.flits)) == (True, 0, 0, 0)
    reply = await bench.ask(FrameKind.STATUS, 4, argument(0))
    assert reply.status == Status(0, START, START), "and so is what the signatures were of"


@cocotb.test()
async def the_mesh_speaks_through_every_reply(dut) -> None:
    bench = Bench(dut)
    await bench.begin()
    await bench.restart()
    for number in range(16):
        states = [number >> bit & 1 for bit in range(4)]
        for name, state in zip(("ready_to_run", "rest", "home", "error"), states, strict=True):
            getattr(dut, f"mesh_{name}_i").value = state
        reply = await bench.ask(FrameKind.READ, 1 + number, argument(0))
        assert [reply.ready, reply.rest, reply.home, reply.error] == states


@cocotb.test()
async def a_mesh_is_not_at_rest_while_a_flit_waits_to_enter(dut) -> None:
    rng = seeded()
    bench = Bench(dut)
    await bench.begin()
    await bench.restart(OPEN)
    dut.mesh_rest_i.value = 1
    dut.mesh_ready_i.value = 0
    await bench.ask(FrameKind.FLITS, 1, body(flits(rng, 1)))
    assert not (await bench.ask(FrameKind.READ, 2, argument(0))).rest
    dut.mesh_ready_i.value = 1
    assert (await bench.ask(FrameKind.READ, 3, argument(0))).rest


@cocotb.test()
async def status_gives_the_word_asked_for_and_both_signatures(dut) -> None:
    rng = seeded()
    bench = Bench(dut)
    await bench.begin()
    await bench.restart()
    sent, packets = flits(rng, INPUT_DEPTH), flits(rng, 20)
    await bench.ask(FrameKind.FLITS, 1, body(sent))
    await bench.ask(FrameKind.CONTROL, 2, argument(OPEN))
    bench.packets += packets + packets
    await until(dut.clk_i, lambda: len(bench.packets) == 40 - OUTPUT_DEPTH)
    reply = await bench.ask(FrameKind.READ, 3, argument(0))
    assert len(reply.flits) == OUTPUT_DEPTH
    for number, (select, word) in enumerate([(0x100, 0x7E7D0102), (0x42, 0xFFFFFFFF), (0x0FF, 0)], 4):
        dut.status_i.value = word
        answer = await bench.ask(FrameKind.STATUS, number, argument(select))
        assert int(dut.status_select_o.value) == select
        assert answer.status is not None and answer.status.word == word
        assert answer.status.entered == signature_of_flits(np.array(sent, np.uint64))
        assert answer.status.left == signature_of_packets(reply.flits, reply.cycles)
    answer = await bench.ask(FrameKind.READ, 7, argument(30))
    assert answer.status is None and answer.flits.tolist() == reply.flits.tolist()[30:]
