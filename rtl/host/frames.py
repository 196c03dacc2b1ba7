"""Frames of the host link as bytes (`docs/host.md`): flags, escapes, check sequence, replies."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FLIT
from snnc.compiler.isa.flits import FlitArray
from snnc.compiler.isa.host_link import (
    COMMON_BYTES,
    CONTROL,
    PACKET,
    REPLY,
    RUN_PACKETS,
    STATUS_REPLY,
    VERSION,
    Verdict,
)

FLAG, ESCAPE, ESCAPED = 0x7E, 0x7D, 0x20
FLIT_BYTES = -(-FLIT.width // 8)
HEADER_BYTES, PACKET_BYTES, STATUS_BYTES = REPLY.width // 8, PACKET.width // 8, STATUS_REPLY.width // 8
CHECK_BYTES = 4
LONGEST_REPLY = HEADER_BYTES + RUN_PACKETS * PACKET_BYTES + CHECK_BYTES
NO_PACKETS: tuple[FlitArray, IntArray] = (np.zeros(0, np.uint64), np.zeros(0, np.int64))

RESTART, OPEN = CONTROL.pack(restart=1), CONTROL.pack(open=1)
"""Bits of the argument of HELLO and CONTROL: reset the mesh, open the gate."""


def encode_frame(kind: int, number: int, body: bytes) -> bytes:
    """The bytes on the line of the frame with sequence number `number`."""
    content = bytes([kind, number & 0xFF]) + body
    content += crc32(content).to_bytes(CHECK_BYTES, "little")
    escaped = bytearray([FLAG])
    for byte in content:
        escaped += bytes([ESCAPE, byte ^ ESCAPED]) if byte in (FLAG, ESCAPE) else bytes([byte])
    return bytes([*escaped, FLAG])


def argument(value: int) -> bytes:
    """The body of every frame but FLITS."""
    return (value & 0xFFFF).to_bytes(2, "little")


def flits_body(flits: FlitArray) -> bytes:
    """The body of a FLITS frame: 6 bytes per flit, lowest first."""
    return flits.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :FLIT_BYTES].tobytes()


@dataclass(frozen=True)
class Status:
    """What STATUS asks for: the status word of a core or the host port, and a signature of either stream."""

    word: int
    entered: int
    left: int


@dataclass(frozen=True)
class Reply:
    """A frame of the bridge: its state and the mesh's; packets with the cycles they left in, or a status."""

    kind: int
    verdict: int
    expected: int
    """Sequence number of the next frame."""
    taken: int
    """Flits that entered the mesh, modulo twice the input depth."""
    first: int
    """Position of the first packet held, modulo twice the output depth."""
    open: bool
    late: bool
    """The mesh asked for a flit before it was there: cycles are not those of an undisturbed run."""
    stalled: bool
    """The mesh waited for room in the packet buffer: likewise."""
    version: int
    counts: tuple[int, ...]
    """Frames by verdict, modulo 256."""
    input_depth: int
    output_depth: int
    identity: int
    ready: bool
    """The mesh takes flits: after a reset every core has its initial states."""
    rest: bool
    """Nothing waits to enter the mesh, and nothing happens in it until a flit does."""
    home: bool
    """The mesh is as between samples."""
    error: bool
    """A core or the host port found an error since the reset; the status words say which."""
    flits: FlitArray
    cycles: IntArray
    status: Status | None

    @staticmethod
    def parse(content: bytes) -> "Reply | None":
        """The reply in the content of an intact frame; None where it is not one. Of another version's replies
        only the bytes that all have in common are read."""
        if len(content) < COMMON_BYTES:
            return None
        header, body = content[:HEADER_BYTES], content[HEADER_BYTES:]
        if REPLY["version"].read(int.from_bytes(header, "little")) != VERSION:
            header, body = content[:COMMON_BYTES] + bytes(HEADER_BYTES - COMMON_BYTES), b""
        is_status = len(body) == STATUS_BYTES
        if len(header) < HEADER_BYTES or (len(body) % PACKET_BYTES and not is_status):
            return None
        said = REPLY.unpack(int.from_bytes(header, "little"))
        flits, cycles = NO_PACKETS if is_status else _packets(body)
        return Reply(
            kind=said["kind"],
            verdict=said["verdict"],
            expected=said["expected"],
            taken=said["taken"],
            first=said["first"],
            open=bool(said["open"]),
            late=bool(said["late"]),
            stalled=bool(said["stalled"]),
            version=said["version"],
            counts=tuple(said[f"count_{verdict.name.lower()}"] for verdict in Verdict),
            input_depth=1 << said["input_depth"],
            output_depth=1 << said["output_depth"],
            identity=said["identity"],
            ready=bool(said["ready"]),
            rest=bool(said["rest"]),
            home=bool(said["home"]),
            error=bool(said["error"]),
            flits=flits,
            cycles=cycles,
            status=Status(**STATUS_REPLY.unpack(int.from_bytes(body, "little"))) if is_status else None,
        )


def _packets(data: bytes) -> tuple[FlitArray, IntArray]:
    if not data:
        return NO_PACKETS
    rows = np.frombuffer(data, np.uint8).reshape(-1, PACKET_BYTES).astype(np.uint64)
    low = (rows[:, :8] << (np.arange(8, dtype=np.uint64) * np.uint64(8))).sum(axis=1, dtype=np.uint64)
    flit, cycle = PACKET["flit"], PACKET["cycle"]
    flits = low & np.uint64(flit.mask)
    cycles = low >> np.uint64(cycle.at) | rows[:, 8] << np.uint64(64 - cycle.at)
    return flits, cycles.astype(np.int64)


class FrameReader:
    """Finds the frames in a stream of bytes; those that are damaged are counted and left out."""

    def __init__(self) -> None:
        self.damaged = 0
        self._bytes = bytearray()
        self._escaped = False

    def feed(self, data: bytes) -> list[bytes]:
        """Contents, without check sequence, of the frames that end within `data`."""
        frames = []
        for byte in data:
            if byte == FLAG:
                if self._bytes or self._escaped:
                    content = self._close()
                    frames += [] if content is None else [content]
            elif byte == ESCAPE:
                self._escaped = True
            else:
                # What is longer than any reply is none: its end is waited for, its bytes are not kept.
                if len(self._bytes) <= LONGEST_REPLY:
                    self._bytes.append(byte ^ ESCAPED if self._escaped else byte)
                self._escaped = False
        return frames

    def _close(self) -> bytes | None:
        content, check = bytes(self._bytes[:-CHECK_BYTES]), bytes(self._bytes[-CHECK_BYTES:])
        intact = not self._escaped and check == crc32(content).to_bytes(CHECK_BYTES, "little")
        self._bytes.clear()
        self._escaped = False
        if not intact:
            self.damaged += 1
        return content if intact else None
