"""The driver against the Verilated mesh behind a UART and a pseudo-terminal: bit by bit, end to end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from board_programs import BRIDGE, CHATTY, HARDWARE, LONG, OTHER, SMALL, network, payloads
from rtl_link import Fault, FaultyPort, after_noise, cut, flipped, lost, repeated, unchanged

from snnc.base.errors import DoesNotFit, LinkError
from snnc.compiler.isa.host_link import FrameKind, Verdict
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.rtl.host.driver import Board, run_samples
from snnc.rtl.host.frames import OPEN, RESTART, argument, encode_frame, flits_body
from snnc.rtl.host.link import Link
from snnc.rtl.host.packets import PacketCheck
from snnc.rtl.host.port import SerialPort
from snnc.rtl.host.software_board import build_board, running_board
from snnc.sim.engine.cycle import run_isolated


@dataclass
class Session:
    """A driver and what stands between it and the board."""

    board: Board
    port: FaultyPort

    @property
    def verdicts(self) -> list[int]:
        return self.board.link.counts.by_board


@pytest.fixture(scope="module", name="terminal")
def one_board_for_all_tests(rtl_cache: Path) -> Iterator[str]:
    from snnc.rtl.simulation.tools import simulator_missing

    if (reason := simulator_missing("verilator")) is not None:
        pytest.skip(reason)
    with running_board(build_board(SMALL.image, rtl_cache, BRIDGE)) as name:
        yield name


@pytest.fixture(name="session")
def session_on_the_running_board(terminal: str) -> Iterator[Session]:
    """A new session; the hardware keeps running from test to test."""
    serial = SerialPort(terminal, 115200)
    port = FaultyPort(serial)
    board = Board(Link(port, timeout=20.0))
    board.connect()
    yield Session(board, port)
    serial.close()


def check_exact(session: Session, compilation: Compilation, samples: int) -> None:
    """Packets, outputs and cycles of every sample are the simulator's."""
    inputs = payloads(compilation, samples)
    expected = run_isolated(compilation.tiled, inputs)
    for number in range(samples):
        flits = encode_samples(compilation.tiled, inputs[number : number + 1])
        run = session.board.run(flits, PacketCheck(compilation.tiled))
        part = slice(*expected.offsets[number : number + 2])
        assert run.exact
        assert run.flits.tolist() == expected.flits[part].tolist()
        assert run.stamps.tolist() == expected.stamps[part].tolist()
        assert run.cycles == expected.cycles[number]


def test_packets_and_cycles_are_the_simulators(session: Session) -> None:
    session.board.load(SMALL.image)
    check_exact(session, SMALL, 3)
    assert session.verdicts[1:] == [0, 0, 0, 0], session.board.link.counts


def test_two_programs_share_the_hardware_in_one_session(session: Session) -> None:
    for compilation in (OTHER, SMALL, OTHER):
        session.board.load(compilation.image)
        check_exact(session, compilation, 2)
        inputs = payloads(compilation, 2)
        expected = run_isolated(compilation.tiled, inputs)
        results = run_samples(session.board, compilation.tiled, inputs)
        assert results.outputs.tolist() == decode_outputs(compilation.tiled, expected.flits, 2).tolist()
        assert results.cycles is not None and results.cycles.tolist() == expected.cycles.tolist()


FAULTS: list[tuple[Fault, Verdict]] = [
    (flipped, Verdict.DAMAGED),
    (cut, Verdict.DAMAGED),
    (after_noise, Verdict.DAMAGED),
    (repeated, Verdict.SEQUENCE),
]


@pytest.mark.parametrize(("fault", "verdict"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
@pytest.mark.parametrize("frame", [0, 1, 3], ids=["restart", "flits", "open"])
def test_a_bad_frame_is_counted_and_the_run_stays_exact(
    session: Session, fault: Fault, verdict: Verdict, frame: int
) -> None:
    """A run is CONTROL, two FLITS frames, CONTROL and READs; one of them suffers on its way."""
    session.board.load(SMALL.image)
    # Without its closing flag a frame that nothing follows is found only when its reply does not come.
    session.board.link.timeout = 2.0
    session.port.on_write = [*[unchanged] * frame, fault]
    check_exact(session, SMALL, 1)
    assert not session.port.on_write
    assert session.verdicts[verdict] == 1, session.board.link.counts


@pytest.mark.parametrize("fault", [flipped, cut, lost])
def test_a_lost_reply_is_asked_for_again(session: Session, fault: Fault) -> None:
    session.board.load(SMALL.image)
    session.board.link.timeout = 1.0
    session.port.on_read = [unchanged, fault, unchanged, unchanged, fault]
    check_exact(session, SMALL, 2)
    counts = session.board.link.counts
    assert not session.port.on_read
    assert counts.timeouts > 0 and counts.repeated > 0
    assert session.verdicts[Verdict.SEQUENCE] > 0, "the frame had arrived; its repetition is refused"


def test_a_frame_that_never_arrives_ends_the_run_with_an_error(session: Session) -> None:
    session.board.link.timeout = 0.3
    session.port.on_write = [lost] * 20
    with pytest.raises(LinkError, match="a frame did not get through 6 times"):
        session.board.load(SMALL.image)
    session.port.on_write = []
    session.board.connect()
    session.board.load(SMALL.image)
    check_exact(session, SMALL, 1)


def test_frames_that_say_nonsense_are_counted(session: Session) -> None:
    number = 1
    nonsense = [
        encode_frame(5, number, argument(0)),
        encode_frame(255, number, argument(0)),
        encode_frame(FrameKind.CONTROL, number, b""),
        encode_frame(FrameKind.READ, number, argument(0) + b"\x00"),
        encode_frame(FrameKind.CONTROL, number, argument(RESTART | OPEN) + bytes(6)),
        encode_frame(FrameKind.FLITS, number, bytes(5)),
    ]
    for frame in nonsense:
        session.port.write(frame)
    session.port.write(encode_frame(FrameKind.CONTROL, number + 9, argument(RESTART | OPEN)))
    session.board.connect()
    assert session.verdicts[Verdict.MALFORMED] == len(nonsense)
    assert session.verdicts[Verdict.SEQUENCE] == 1
    session.board.load(SMALL.image)
    check_exact(session, SMALL, 1)


def test_a_flood_of_frames_overruns_and_the_link_recovers(session: Session) -> None:
    """Twice as many flits as there is room for, without waiting for a single reply."""
    session.board.load(SMALL.image)
    session.board.link.send(FrameKind.CONTROL, [argument(RESTART)])
    number = session.board.link._number
    body = flits_body(np.zeros(32, np.uint64))
    for offset in range(8):
        session.port.write(encode_frame(FrameKind.FLITS, number + offset, body))
    session.board.connect()
    assert session.verdicts[Verdict.OVERRUN] == 1
    assert session.verdicts[Verdict.SEQUENCE] == 3, "the frames behind the one without room"
    check_exact(session, SMALL, 1)


def test_a_flood_of_noise_changes_nothing(session: Session) -> None:
    session.board.load(SMALL.image)
    session.port.write(np.random.default_rng(1).bytes(6000))
    session.board.connect()
    assert session.verdicts[Verdict.DAMAGED] > 10
    assert session.verdicts[Verdict.MALFORMED] == 0
    check_exact(session, SMALL, 1)


def test_a_sample_beyond_the_buffer_is_refused_or_streamed_without_cycles(session: Session) -> None:
    session.board.load(LONG.image)
    inputs = payloads(LONG, 2)
    sizes = [len(encode_samples(LONG.tiled, inputs[i : i + 1])) for i in range(2)]
    sent = session.board.link.counts.sent
    with pytest.raises(DoesNotFit, match=f"is {max(sizes)} flits, the board gathers 128"):
        run_samples(session.board, LONG.tiled, inputs)
    assert session.board.link.counts.sent == sent, "refused before anything is sent"
    expected = run_isolated(LONG.tiled, inputs)
    results = run_samples(session.board, LONG.tiled, inputs, stream=True)
    assert results.outputs.tolist() == decode_outputs(LONG.tiled, expected.flits, 2).tolist()
    assert results.cycles is None


def test_more_packets_than_the_buffer_holds_stall_the_mesh_and_say_so(session: Session) -> None:
    session.board.load(CHATTY.image)
    inputs = payloads(CHATTY, 1)
    expected = run_isolated(CHATTY.tiled, inputs)
    assert len(expected.flits) > BRIDGE.output_depth
    run = session.board.run(encode_samples(CHATTY.tiled, inputs), PacketCheck(CHATTY.tiled))
    assert run.flits.tolist() == expected.flits.tolist(), "none is lost"
    assert not run.exact
    assert run.stamps[: BRIDGE.output_depth].tolist() == expected.stamps[: BRIDGE.output_depth].tolist()


def test_other_hardware_is_refused_before_anything_is_loaded(session: Session) -> None:
    other = compile_network(network(1, 20, 24, 5), replace(HARDWARE, event_fifo=8))
    sent = session.board.link.counts.sent
    with pytest.raises(LinkError, match=r"the board holds hardware [0-9a-f]{6}, the program needs"):
        session.board.load(other.image)
    assert session.board.link.counts.sent == sent


def test_a_sample_without_its_last_end_names_who_waits_for_it(session: Session) -> None:
    """The mesh is at rest at once: nobody has to wait for a timeout to know that nothing will happen."""
    session.board.load(SMALL.image)
    flits = encode_samples(SMALL.tiled, payloads(SMALL, 1))
    waits = r"\(hidden\) waits for ENDs, of which 0 of 1 have come"
    with pytest.raises(LinkError, match=waits) as error:
        session.board.run(flits[:-2], PacketCheck(SMALL.tiled))
    assert "is at rest before it is done" in str(error.value)
    assert error.value.hint is None, "nothing has to be loaded again"
    check_exact(session, SMALL, 2)
