"""A board in plain Python for the tests of the driver: bridge, and a mesh that knows some samples by heart.
Its replies can be altered behind their check sequence."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.flits import FlitArray
from snnc.compiler.isa.host_link import RUN_PACKETS, VERSION, FrameKind, Verdict
from snnc.compiler.protocol.streams import encode_samples
from snnc.rtl.host.driver import Board, HardwareRun
from snnc.rtl.host.frames import OPEN, RESTART, FrameReader, encode_frame
from snnc.rtl.host.link import Link
from snnc.rtl.host.signature import START, signature_of_flits, signature_of_packets
from snnc.rtl.parameters import identity, parameters_for
from snnc.sim.engine.cycle import run_isolated

READ_SECONDS = 0.05
"""What a read costs, by the board's own clock."""
MOST_SECONDS = 600.0
"""What a session may take where every frame suffers."""


@dataclass(frozen=True)
class Answer:
    """The content of a reply: 16 bytes about the bridge, 1 about the mesh, and what was asked for."""

    header: bytes
    mesh: int
    body: bytes

    def content(self) -> bytes:
        return self.header + bytes([self.mesh]) + self.body


@dataclass
class SoftBoard:
    """A `Port`, and the board behind it."""

    image: Image
    samples: dict[bytes, HardwareRun]
    input_depth: int = 1024
    output_depth: int = 512
    alter: Callable[[bytes], list[bytes]] = lambda content: [content]
    """What the contents of the replies that arrive are, given one that was sent."""
    name: str = "soft"
    now: float = 0.0
    status_words: dict[int, int] = field(default_factory=dict)
    error: bool = False
    version: int = VERSION

    def __post_init__(self) -> None:
        self._reader, self._line = FrameReader(), bytearray()
        self._identity = identity(parameters_for(self.image), self.image)
        self._expected = 0
        self._restart(0)

    def clock(self) -> float:
        return self.now

    def read(self) -> bytes:
        self.now += READ_SECONDS
        assert self.now < MOST_SECONDS, "the driver still waits"
        data, self._line = bytes(self._line), bytearray()
        return data

    def write(self, data: bytes) -> None:
        for content in self._reader.feed(data):
            answer = self._take(content[0], content[1], content[2:])
            for altered in self.alter(answer.content()):
                self._line += encode_frame(altered[0], altered[1], altered[2:])

    def _restart(self, flags: int) -> None:
        self._flits: list[int] = []
        self._open = bool(flags & OPEN)
        self._first = 0

    def _take(self, kind: int, number: int, body: bytes) -> Answer:
        accepted = number == self._expected or kind == FrameKind.HELLO
        answer = b""
        if accepted:
            self._expected = (number + 1) % 256
            answer = self._obey(FrameKind(kind), body)
        run = self._run()
        mesh = 1 | self._rests() << 1 | (run is not None) << 2 | self.error << 3
        header = bytes([kind << 4 | (Verdict.ACCEPTED if accepted else Verdict.SEQUENCE), self._expected])
        header += ((len(self._flits) if self._open else 0) % (2 * self.input_depth)).to_bytes(2, "little")
        header += (self._first % (2 * self.output_depth)).to_bytes(2, "little")
        depths = self.input_depth.bit_length() - 1 | self.output_depth.bit_length() - 1 << 4
        header += bytes([self.version << 4 | int(self._open), depths, 0, 0, 0, 0, 0])
        return Answer(header + self._identity.to_bytes(3, "little"), mesh, answer)

    def _obey(self, kind: FrameKind, body: bytes) -> bytes:
        if kind is FrameKind.FLITS:
            rows = np.frombuffer(body, np.uint8).reshape(-1, 6)
            self._flits += [int.from_bytes(row.tobytes(), "little") for row in rows]
            return b""
        argument = int.from_bytes(body, "little")
        if kind is FrameKind.READ:
            return self._packets(argument)
        if kind is FrameKind.STATUS:
            return self._status(argument)
        if argument & RESTART:
            self._restart(argument)
        elif argument & OPEN:
            self._open = True
        return b""

    def _rests(self) -> bool:
        return self._open or not self._flits

    def _run(self) -> HardwareRun | None:
        """What the mesh makes of the flits that entered it; None where it waits for more."""
        if not self._open or not self._flits:
            return HardwareRun(np.zeros(0, np.uint64), np.zeros(0, np.int64), True)
        return self.samples.get(np.array(self._flits, np.uint64).tobytes())

    def _packets(self, position: int) -> bytes:
        self._first += (position - self._first) % (2 * self.output_depth)
        run = self._run()
        if run is None:
            return b""
        end = min(len(run.flits), self._first - self._first % RUN_PACKETS + RUN_PACKETS)
        pairs = zip(
            run.flits[self._first : end].tolist(), run.stamps[self._first : end].tolist(), strict=True
        )
        return b"".join((flit | stamp << 48).to_bytes(10, "little") for flit, stamp in pairs)

    def _status(self, select: int) -> bytes:
        entered = signature_of_flits(np.array(self._flits, np.uint64)) if self._open else START
        run = self._run()
        left = START if run is None else signature_of_packets(run.flits, run.stamps)
        words = (self.status_words.get(select, 0), entered, left)
        return b"".join(word.to_bytes(4, "little") for word in words)


def sample_flits(program: TiledProgram, payloads: np.ndarray) -> list[FlitArray]:
    """The input of each sample."""
    return [encode_samples(program, payloads[i : i + 1]) for i in range(len(payloads))]


def soft_board(image: Image, program: TiledProgram, payloads: np.ndarray) -> SoftBoard:
    """A board that computes these samples as the simulator does."""
    expected = run_isolated(program, payloads)
    samples = {}
    for number, flits in enumerate(sample_flits(program, payloads)):
        part = slice(*expected.offsets[number : number + 2])
        samples[flits.tobytes()] = HardwareRun(expected.flits[part], expected.stamps[part], True)
    return SoftBoard(image, samples)


def driver(board: SoftBoard, timeout: float = 1.0, run_timeout: float = 5.0) -> Board:
    """A driver at the other end, by the board's clock."""
    return Board(Link(board, timeout, board.clock), run_timeout)
