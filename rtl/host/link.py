"""The host's end of the link to a board: frames in order, sent again until they are acknowledged."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from snnc.base.errors import LinkError
from snnc.compiler.isa.host_link import FrameKind, Verdict
from snnc.rtl.host.frames import FrameReader, Reply, argument, encode_frame

WINDOW = 8
"""Frames that may be under way at once: enough to cover the delays of a USB adapter."""
ATTEMPTS = 5
"""Times that the same frame is sent before the link counts as broken."""
REFUSED = (Verdict.DAMAGED, Verdict.MALFORMED, Verdict.OVERRUN)
"""Verdicts after which a frame is sent again at once. Frames behind it are out of sequence: that one
repetition answers them all, and so do they answer frames that were repeated needlessly."""


class Port(Protocol):
    """A byte stream to the board."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def read(self) -> bytes:
        """What arrived; waits a little, and returns nothing where nothing comes."""

    def write(self, data: bytes) -> None:
        """Send all of `data`."""


@dataclass
class LinkCounts:
    """What happened on a link; a healthy one has no count but `sent`."""

    sent: int = 0
    repeated: int = 0
    timeouts: int = 0
    damaged_replies: int = 0
    by_board: list[int] = field(default_factory=lambda: [0] * len(Verdict))
    """Frames that the board has received since its first reply, by verdict."""


class Link:
    """Sends frames and takes replies (`docs/host.md`, section 3): go-back-N with cumulative acknowledgement.

    `timeout` is the time in seconds after which a reply counts as lost, whatever else arrives; `clock` tells
    the time. `hello` takes at most `ATTEMPTS` of it, `send` `ATTEMPTS + 1` of it per frame.
    """

    def __init__(self, port: Port, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.port, self.timeout, self.clock = port, timeout, clock
        self.counts = LinkCounts()
        self._reader = FrameReader()
        self._number = 0
        self._replies: deque[Reply] = deque()
        self._last: Reply | None = None

    def hello(self, flags: int) -> Reply:
        """Begin a session, whatever state the other end is in."""
        for _ in range(ATTEMPTS):
            self._write(FrameKind.HELLO, 0, argument(flags))
            deadline = self.clock() + self.timeout
            while (reply := self._receive(deadline)) is not None:
                if reply.kind == FrameKind.HELLO and reply.expected == 1:
                    self._number = 1
                    return reply
                if self.clock() > deadline:
                    break
        raise LinkError(
            f"no board answers: {ATTEMPTS} frames without a reply in {self.timeout:g} s each",
            where=self.port.name,
            hint="check the port, the baud rate, and that the board holds a bitstream of `snnc synth`",
        )

    def send(self, kind: FrameKind, bodies: Sequence[bytes]) -> Reply:
        """Send a frame per body, for which there must be room; returns the reply that acknowledges the last.

        Raises LinkError when a frame does not get through.
        """
        done = under_way = attempts = 0
        deadline = 0.0
        while True:
            if under_way == 0:
                deadline = self.clock() + self.timeout
            while under_way < min(WINDOW, len(bodies) - done):
                self._write(kind, self._number + under_way, bodies[done + under_way])
                under_way += 1
            reply = self._receive(deadline)
            news = 0 if reply is None else (reply.expected - self._number) % 256
            if reply is not None and 0 < news <= under_way:
                self._number = reply.expected
                done, under_way, attempts = done + news, under_way - news, 0
                deadline = self.clock() + self.timeout
                if done == len(bodies):
                    return reply
            elif (
                reply is None
                or self.clock() > deadline
                or (news == 0 and reply.verdict in REFUSED and attempts == 0)
            ):
                attempts += 1
                if attempts > ATTEMPTS:
                    raise LinkError(f"a frame did not get through {attempts} times", where=self.port.name)
                self.counts.repeated += under_way
                under_way = 0

    def _write(self, kind: FrameKind, number: int, body: bytes) -> None:
        self.port.write(encode_frame(kind, number, body))
        self.counts.sent += 1

    def _receive(self, deadline: float) -> Reply | None:
        """The next reply; None where none has come by `deadline`."""
        while not self._replies:
            contents = self._reader.feed(self.port.read())
            self._replies += [reply for content in contents if (reply := Reply.parse(content)) is not None]
            if not self._replies and self.clock() > deadline:
                self.counts.timeouts += 1
                return None
        reply = self._replies.popleft()
        self._count(reply)
        return reply

    def _count(self, reply: Reply) -> None:
        self.counts.damaged_replies = self._reader.damaged
        if self._last is not None:
            for verdict, (new, old) in enumerate(zip(reply.counts, self._last.counts, strict=True)):
                self.counts.by_board[verdict] += (new - old) % 256
        self._last = reply
