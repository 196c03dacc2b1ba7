"""What has entered and left the mesh since its last reset, as the board's replies tell it."""

import numpy as np

from snnc.base.errors import LinkError
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import FlitArray
from snnc.compiler.isa.host_link import RUN_PACKETS, FrameKind, Verdict
from snnc.rtl.host.frames import Reply, Status
from snnc.rtl.host.signature import signature_of_flits, signature_of_packets


class Traffic:
    """Counts positions on from the numbers in replies, which are modulo twice the depth of a buffer.

    At most `most` packets can leave.
    """

    def __init__(self, input_depth: int, output_depth: int, most: int) -> None:
        self.input_depth, self.output_depth, self.most = input_depth, output_depth, most
        self.taken = 0
        """Flits that entered the mesh."""
        self.position = 0
        """Packets that have arrived here."""
        self.exact = True
        """The mesh never waited for the host, as far as replies say."""
        self._sent: list[FlitArray] = []
        self._flits: list[FlitArray] = []
        self._stamps: list[IntArray] = []
        self._count = 0

    @property
    def room(self) -> int:
        """Flits that the board can take now."""
        return self.input_depth - (self._count - self.taken)

    @property
    def read_position(self) -> int:
        """The position to read on from, as the board counts."""
        return self.position % (2 * self.output_depth)

    def send(self, flits: FlitArray) -> None:
        """Note what is sent."""
        self._sent.append(flits)
        self._count += len(flits)

    def note(self, reply: Reply) -> bool:
        """Take what a reply says; returns whether anything moved. Raises LinkError where it cannot be."""
        before = self.taken, self.position
        self.taken += (reply.taken - self.taken) % (2 * self.input_depth)
        if self.taken > self._count:
            raise LinkError(f"the board says that {self.taken} flits entered, {self._count} were sent")
        if len(reply.flits) and reply.first == self.read_position:
            self._flits.append(reply.flits)
            self._stamps.append(reply.cycles)
            self.position += len(reply.flits)
        if self.position > self.most:
            raise LinkError(f"{self.position} packets left the mesh, where {self.most} can at most")
        self.exact &= not (reply.late or reply.stalled)
        return (self.taken, self.position) != before

    def is_complete(self, reply: Reply) -> bool:
        """Whether, by this answer to READ, the mesh is at rest and everything has arrived."""
        answered = reply.kind == FrameKind.READ and reply.verdict == Verdict.ACCEPTED
        at_end = not len(reply.flits) or self.position % RUN_PACKETS != 0
        return answered and at_end and reply.rest and self.taken == self._count

    def packets(self) -> tuple[FlitArray, IntArray]:
        """All packets that have arrived, and their cycles."""
        flits, stamps = [np.zeros(0, np.uint64), *self._flits], [np.zeros(0, np.int64), *self._stamps]
        return np.concatenate(flits), np.concatenate(stamps)

    def difference(self, status: Status) -> str | None:
        """How what entered and left the mesh is not what was sent and has arrived; None where it is."""
        sent = np.concatenate([np.zeros(0, np.uint64), *self._sent])
        if status.entered != signature_of_flits(sent):
            return f"what entered the mesh is not what was sent: {len(sent)} flits, with another signature"
        flits, stamps = self.packets()
        if status.left != signature_of_packets(flits, stamps):
            return f"what left the mesh is not what has arrived: {len(flits)} packets, with another signature"
        return None
