"""The driver against a board that lies: it ends in time, with a LinkError or with the right values."""

import random
import re
from collections.abc import Callable

import numpy as np
import pytest
from board_programs import OTHER, SMALL, payloads
from soft_board import SoftBoard, driver, soft_board

from snnc.base.errors import LinkError
from snnc.compiler.isa.host_link import FrameKind
from snnc.compiler.protocol.streams import decode_outputs
from snnc.rtl.host.driver import HardwareResults, run_samples
from snnc.rtl.host.frames import HEADER_BYTES, PACKET_BYTES, encode_frame
from snnc.rtl.host.packets import PacketCheck
from snnc.sim.engine.cycle import run_isolated

pytestmark = pytest.mark.slow

CASES = [(compilation, payloads(compilation, 2)) for compilation in (SMALL, OTHER)]
EXPECTED = [run_isolated(case.tiled, inputs) for case, inputs in CASES]
OUTPUTS = [
    decode_outputs(case.tiled, run.flits, 2).tolist() for (case, _), run in zip(CASES, EXPECTED, strict=True)
]

Alter = Callable[[bytes], list[bytes]]


def session(number: int, alter: Alter | None = None) -> tuple[SoftBoard, Callable[[], HardwareResults]]:
    """A board, and a whole session with it from HELLO to results."""
    compilation, inputs = CASES[number]
    board = soft_board(compilation.image, compilation.tiled, inputs)
    if alter is not None:
        board.alter = alter
    host = driver(board)

    def run() -> HardwareResults:
        host.connect()
        host.load(compilation.image)
        return run_samples(host, compilation.tiled, inputs)

    return board, run


def outcome(number: int, alter: Alter) -> bool:
    """Run a session; whether it gave results, which then are right. Only a LinkError may be raised."""
    _, run = session(number, alter)
    try:
        results = run()
    except LinkError as error:
        assert "\n" not in str(error) and str(error).startswith("soft: ")
        return False
    assert results.outputs.tolist() == OUTPUTS[number], "a wrong result"
    if results.cycles is not None:
        assert results.cycles.tolist() == EXPECTED[number].cycles.tolist(), "wrong cycles"
    return True


@pytest.mark.parametrize("number", [0, 1])
def test_an_honest_board_gives_the_simulators_results(number: int) -> None:
    assert outcome(number, lambda content: [content])


def flip(rng: random.Random, data: bytes, begin: int = 0) -> bytes:
    """One bit from byte `begin` on is wrong."""
    bit = rng.randrange(8 * begin, 8 * len(data))
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def altered_packets(rng: random.Random, content: bytes) -> bytes:
    """A reply with a single fault in its packets: a bit, a byte, a field; one lost, doubled, moved."""
    header, body = content[:HEADER_BYTES], content[HEADER_BYTES:]
    packets = [body[i : i + PACKET_BYTES] for i in range(0, len(body), PACKET_BYTES)]
    at, other = rng.randrange(len(packets)), rng.randrange(len(packets))
    match rng.randrange(6):
        case 0:
            return header + flip(rng, body)
        case 1:
            place = rng.randrange(len(body))
            return header + body[:place] + rng.randbytes(1) + body[place + 1 :]
        case 2:
            # The value or coordinate of one packet in another: as legal as it can be.
            value = int.from_bytes(packets[at], "little")
            data = int.from_bytes(packets[other], "little") & 0xFFFFFFFF << 16
            packets[at] = (value & ~(0xFFFFFFFF << 16) | data).to_bytes(PACKET_BYTES, "little")
        case 3:
            del packets[at]
        case 4:
            packets.insert(at, packets[other])
        case _:
            packets[at], packets[other] = packets[other], packets[at]
    return header + b"".join(packets)


def test_none_of_3000_single_faults_in_packets_gives_a_wrong_result() -> None:
    """Behind the check sequence of their frame: ranges alone would miss those that stay legal."""
    changed = caught = 0
    for trial in range(3000):
        rng = random.Random(trial)
        fault_at = rng.randrange(2)
        seen = 0

        def alter(content: bytes, rng: random.Random = rng, fault_at: int = fault_at) -> list[bytes]:
            nonlocal seen, changed
            if content[0] >> 4 == FrameKind.READ and len(content) > HEADER_BYTES:
                seen += 1
                if seen == fault_at + 1:
                    damaged = altered_packets(rng, content)
                    changed += damaged != content
                    return [damaged]
            return [content]

        caught += not outcome(trial % 2, alter)
    # A double of a packet that its neighbour repeats, and packets lost at the end, are read again.
    assert changed > 2000
    assert caught > 0.9 * changed


def flips(rng: random.Random) -> Alter:
    return lambda content: [flip(rng, content) if rng.random() < 0.05 else content]


NOISE_SIZES = [16, 17, 26, 29, 60]


def noise(rng: random.Random) -> Alter:
    return lambda content: [
        rng.randbytes(rng.choice([16, 17, 26, 29, 60])) if rng.random() < 0.1 else content
    ]


def versioned_noise(rng: random.Random) -> Alter:
    """Valid frames of the right version, kind and number that say anything."""

    def alter(content: bytes) -> list[bytes]:
        if rng.random() < 0.9:
            return [content]
        said = bytearray(rng.randbytes(HEADER_BYTES + rng.choice([0, 9, 12, 27])))
        said[0], said[1], said[6] = content[0], content[1], content[6]
        return [bytes(said)]

    return alter


def stalls(rng: random.Random) -> Alter:
    return lambda content: [content] if rng.random() < 0.7 else []


def repeats(rng: random.Random) -> Alter:
    earlier: list[bytes] = []

    def alter(content: bytes) -> list[bytes]:
        earlier.append(content)
        return [content, *rng.choices(earlier, k=rng.randrange(3))]

    return alter


def everything(rng: random.Random) -> Alter:
    kinds = [kind(rng) for kind in (flips, noise, versioned_noise, stalls, repeats)]
    return lambda content: rng.choice(kinds)(content)


@pytest.mark.parametrize("kind", [flips, noise, versioned_noise, stalls, repeats, everything])
def test_no_lie_hangs_the_driver_or_gives_a_wrong_result(kind: Callable[[random.Random], Alter]) -> None:
    right = sum(outcome(trial % 2, kind(random.Random(trial))) for trial in range(200))
    # Repeated replies and lost ones cost time alone.
    assert right == 200 if kind in (repeats,) else right > 0


@pytest.mark.parametrize("kind", list(FrameKind))
def test_valid_replies_without_progress_end(kind: FrameKind) -> None:
    """The board acknowledges nothing from some frame on, but never stops talking."""
    count = 0

    def alter(content: bytes) -> list[bytes]:
        nonlocal count
        count += 1
        stuck = bytes([content[0], (content[1] - 1) % 256]) + content[2:]
        return [stuck] * 3 if content[0] >> 4 == kind else [content]

    board, run = session(0, alter)
    endless = board.read
    board.read = lambda: endless() or last  # type: ignore[method-assign]
    last = encode_frame(0x10 | 0, 77, bytes(15))
    with pytest.raises(LinkError, match=r"no board answers|did not get through"):
        run()


def test_a_mesh_that_never_rests_is_an_error_in_time() -> None:
    board, run = session(0, lambda content: [content[:16] + bytes([content[16] & ~2]) + content[17:]])
    with pytest.raises(LinkError, match="the mesh stands still after"):
        run()
    assert 5.0 < board.now < 60.0


@pytest.mark.parametrize(
    ("depths", "says"),
    [
        (0x90, "gathers 1 flits; 2 to 32768"),
        (0x0A, "keeps 1 packets; 32 to 16384"),
        (0xFA, "keeps 32768 packets"),
    ],
)
def test_sizes_that_cannot_be_are_refused(depths: int, says: str) -> None:
    _, run = session(0, lambda content: [content[:7] + bytes([depths]) + content[8:]])
    with pytest.raises(LinkError, match=re.escape(says)):
        run()


@pytest.mark.parametrize("version", [0, 1, 2, 15])
def test_another_version_is_named_whatever_its_replies_hold_besides(version: int) -> None:
    board, run = session(0, lambda content: [content[:16]])
    board.version = version
    with pytest.raises(LinkError, match=f"speaks version {version} of the protocol, this driver 3"):
        run()


def test_an_error_of_a_core_is_told_in_words() -> None:
    board, run = session(0)
    board.error = True
    at = [core.at.y << 6 | core.at.x for core in SMALL.image.cores]
    board.status_words = {
        at[0]: 1 << 11 | 1 | 1 << 4,
        at[1]: 2 << 24 | 1 << 5 | 1 << 10 | 1 << 11,
        0x1000: 1 << 8 | 5 << 16,
    }
    with pytest.raises(LinkError) as error:
        run()
    message = str(error.value)
    assert "(hidden) got an END beyond those of its step and got an event of payload 0; " in message
    assert "(readout) dropped 2 flits addressed to nowhere and waits for CREDITs from those it" in message
    assert message.endswith("the host port waits at a SYNC with 5 CREDITs")


def test_flits_that_were_altered_on_their_way_in_are_noticed() -> None:
    """The signature of what entered differs: here of the CONFIG flits."""
    board, run = session(0)
    obey = board._obey

    def wrong(kind: FrameKind, body: bytes) -> bytes:
        return obey(kind, bytes([body[0] ^ 16, *body[1:]]) if kind is FrameKind.FLITS else body)

    board._obey = wrong  # type: ignore[method-assign]
    with pytest.raises(LinkError, match=r"what entered the mesh is not what was sent: \d+ flits"):
        run()


def test_packets_are_those_the_program_can_send() -> None:
    """Without the signature: number, order, range, stamps and the last step, each by itself."""
    for (compilation, _), run in zip(CASES, EXPECTED, strict=True):
        check = PacketCheck(compilation.tiled)
        part = slice(*run.offsets[:2])
        flits, stamps = run.flits[part], run.stamps[part]
        check.check(flits, stamps)
        spare = np.append(flits[-1] ^ np.uint64(1 << 16), flits)
        wrong = [
            (flits[:-1], stamps[:-1], "ENDs of"),
            (flits ^ np.uint64(1 << 16 + 31), stamps, "sent|ended"),
            (flits ^ np.uint64(2), stamps, "ENDs of"),
            (flits, stamps[::-1], "is of cycle"),
            (np.append(np.uint64(0x102), flits), np.append(-1, stamps), "send nothing to the host"),
            (spare, np.append(-1, stamps), "ENDs of"),
            (flits[:0], stamps[:0], "0 ENDs of"),
        ]
        for packets, cycles, message in wrong:
            if compilation is OTHER and message.startswith("values"):
                continue
            with pytest.raises(LinkError, match=message):
                check.check(packets, cycles)
