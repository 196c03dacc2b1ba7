"""The driver of a board: loads programs, runs samples on the hardware, reads results and cycles."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np

from snnc.base.errors import DoesNotFit, LinkError
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import FlitArray
from snnc.compiler.isa.host_link import VERSION, FrameKind
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.rtl.host.diagnosis import diagnose
from snnc.rtl.host.frames import OPEN, RESTART, Reply, Status, argument, flits_body
from snnc.rtl.host.link import ATTEMPTS, WINDOW, Link
from snnc.rtl.host.loading import LoadFlits, load_flits
from snnc.rtl.host.packets import PacketCheck
from snnc.rtl.host.traffic import Traffic
from snnc.rtl.parameters import RtlParameters, identity, parameters_for

FRAME_FLITS = 32
RUN_TIMEOUT = 10.0
"""Seconds without progress after which a run counts as hung, where the mesh does not say so at once."""
INPUT_DEPTHS, OUTPUT_DEPTHS = (2, 32768), (32, 16384)
"""Smallest and largest sizes that the bridge's buffers can have."""


@dataclass(frozen=True)
class HardwareRun:
    """What one run gave: packets in order, with the cycle each left the mesh in."""

    flits: FlitArray
    stamps: IntArray
    exact: bool
    """The mesh never waited for the host, so that the cycles are those of the simulator."""

    @property
    def cycles(self) -> int:
        """Cycles until the last packet had left."""
        return int(self.stamps[-1]) + 1 if len(self.stamps) else 0


@dataclass(frozen=True)
class HardwareResults:
    """Samples run one by one; `cycles` (samples,) is None where the hardware had to wait for the host."""

    outputs: IntArray
    """(samples, readout neurons)."""
    cycles: IntArray | None


class Board:
    """Hardware at the other end of a link. `connect` first, then `load`, then `run` as often as wanted.

    Whatever the board answers, every call ends: with what the hardware has computed, or with a LinkError, at
    the latest `run_timeout` seconds (and what the link allows for a frame) after the last progress.
    """

    def __init__(self, link: Link, run_timeout: float = RUN_TIMEOUT) -> None:
        self.link, self.run_timeout = link, run_timeout
        self.input_depth = self.output_depth = self.identity = 0
        self._image: Image | None = None
        self._traffic = Traffic(0, 0, 0)

    def connect(self) -> None:
        """Begin a session; raises LinkError where nothing answers or the protocol is another."""
        reply = self.link.hello(RESTART)
        if reply.version != VERSION:
            raise self._error(
                f"the board speaks version {reply.version} of the protocol, this driver {VERSION}",
                hint="make its bitstream anew with `snnc synth`",
            )
        for does, depth, what, (least, most) in (
            ("gathers", reply.input_depth, "flits", INPUT_DEPTHS),
            ("keeps", reply.output_depth, "packets", OUTPUT_DEPTHS),
        ):
            if not least <= depth <= most:
                raise self._error(f"the board says that it {does} {depth} {what}; {least} to {most} can be")
        self.input_depth, self.output_depth = reply.input_depth, reply.output_depth
        self.identity = reply.identity

    def load(
        self,
        image: Image,
        parameters: RtlParameters | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        """Write `image` into the memories; `progress` takes the number of flits sent so far.

        `parameters` are those of the hardware, by default those of a target on which everything can be
        loaded. Raises LinkError where the board holds other hardware, or not everything has arrived there.
        """
        parameters = parameters or parameters_for(image)
        expected = identity(parameters, image)
        if expected != self.identity:
            raise self._error(
                f"the board holds hardware {self.identity:06x}, the program needs {expected:06x}",
                hint="load the bitstream that `snnc synth` made of this build",
            )
        self._image = image
        self.configure(load_flits(image, parameters.loadable), progress)

    def configure(self, parts: LoadFlits, progress: Callable[[int], None] = lambda done: None) -> None:
        """Write content, and what enables cores behind it, each from a reset on."""
        done = 0
        for part in (parts.content, parts.enabling):
            self._restart(RESTART | OPEN)
            self._feed(part, partial(_report, progress, done))
            self._finish()
            done += len(part)

    def run(self, flits: FlitArray, packets: PacketCheck) -> HardwareRun:
        """Run `flits`, one sample, from reset on until the mesh is at rest; `packets` says what may leave it.

        More flits than the board gathers are streamed: the mesh then waits for the line, and its cycles are
        not exact. Raises LinkError where the mesh does not finish or finds an error, where what entered it is
        not what was sent, and where what left it is not what has arrived or cannot be the sample's.
        """
        fits = len(flits) <= self.input_depth
        self._restart(RESTART if fits else RESTART | OPEN, packets.most)
        self._feed(flits)
        if fits:
            self._note(self.link.send(FrameKind.CONTROL, [argument(OPEN)]))
        if not self._finish().home:
            raise self._stuck("is at rest before it is done")
        run = HardwareRun(*self._traffic.packets(), fits and self._traffic.exact)
        with self._named():
            packets.check(run.flits, run.stamps)
        return run

    def exchange(self, flits: FlitArray, most: int) -> FlitArray:
        """The packets, `most` at most, that `flits` make from a reset on until the mesh is at rest."""
        self._restart(RESTART | OPEN, most)
        self._feed(flits)
        if not self._finish().home:
            raise self._stuck("is at rest before it is done")
        return self._traffic.packets()[0]

    def _restart(self, flags: int, most: int = 0) -> None:
        """Reset the mesh, from which at most `most` packets can leave then."""
        self.link.send(FrameKind.CONTROL, [argument(flags)])
        self._traffic = Traffic(self.input_depth, self.output_depth, most)

    def _feed(self, flits: FlitArray, progress: Callable[[int], None] = lambda done: None) -> None:
        """Send flits as the board has room for them."""
        step = min(FRAME_FLITS * WINDOW, self.input_depth // 2)
        for start in range(0, len(flits), step):
            part = flits[start : start + step]
            self._make_room(len(part))
            bodies = [flits_body(part[i : i + FRAME_FLITS]) for i in range(0, len(part), FRAME_FLITS)]
            self._traffic.send(part)
            self._note(self.link.send(FrameKind.FLITS, bodies))
            progress(start + len(part))

    def _make_room(self, flits: int) -> None:
        if self._traffic.room < flits:
            self._until(lambda _: self._traffic.room >= flits)

    def _finish(self) -> Reply:
        """Read until the mesh is at rest and everything has arrived, which the signatures prove."""
        while True:
            self._until(self._traffic.is_complete)
            reply, status = self._ask_status(0)
            self._note(reply)
            if (difference := self._traffic.difference(status)) is None:
                return reply
            # On a bad line a later frame's answer can have taken the place of one with packets.
            if not self._note(self._read()):
                raise self._error(difference)

    def _until(self, done: Callable[[Reply], bool]) -> None:
        """Read until `done`; raises LinkError when flits neither enter nor leave the mesh for long, or never
        will."""
        deadline = self.link.clock() + self.run_timeout
        rests = 0
        while True:
            reply = self._read()
            moved = self._note(reply)
            if done(reply):
                return
            rests = rests + 1 if reply.rest and not moved else 0
            if moved:
                deadline = self.link.clock() + self.run_timeout
            elif rests > 1 or self.link.clock() > deadline:
                raise self._stuck("stands still")

    def _read(self) -> Reply:
        """Release the packets that are here, and ask for the next."""
        return self.link.send(FrameKind.READ, [argument(self._traffic.read_position)])

    def _note(self, reply: Reply) -> bool:
        """Take what a reply says; returns whether anything moved."""
        if reply.error:
            raise self._stuck("has found an error")
        with self._named():
            return self._traffic.note(reply)

    def _ask_status(self, select: int) -> tuple[Reply, Status]:
        for _ in range(ATTEMPTS):
            reply = self.link.send(FrameKind.STATUS, [argument(select)])
            if reply.status is not None:
                return reply, reply.status
        raise self._error(f"the board has acknowledged STATUS {ATTEMPTS} times without an answer")

    def _stuck(self, what: str) -> LinkError:
        """The error that says why the mesh is not done, core by core."""
        traffic = self._traffic
        so_far = f"the mesh {what} after {traffic.taken} flits in and {traffic.position} packets out"
        assert self._image is not None, "nothing runs before a program is loaded"
        return self._error(f"{so_far}: {diagnose(self._image, lambda at: self._ask_status(at)[1].word)}")

    @contextmanager
    def _named(self) -> Iterator[None]:
        """A LinkError from within gets the name of the port."""
        try:
            yield
        except LinkError as error:
            raise self._error(error.message) from None

    def _error(self, message: str, hint: str | None = None) -> LinkError:
        return LinkError(message, where=self.link.port.name, hint=hint)


def _report(progress: Callable[[int], None], before: int, done: int) -> None:
    progress(before + done)


def run_samples(
    board: Board,
    program: TiledProgram,
    payloads: IntArray,
    *,
    stream: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> HardwareResults:
    """Run samples (samples, steps, features), each from reset on, on a board that has `program` loaded.

    `progress` takes the number of samples done so far. Raises DoesNotFit before anything is sent where the
    largest sample is more than the board gathers, unless `stream`, and LinkError.
    """
    sizes = [len(encode_samples(program, payloads[i : i + 1])) for i in range(len(payloads))]
    if max(sizes) > board.input_depth and not stream:
        raise DoesNotFit(
            f"sample {int(np.argmax(sizes))} is {max(sizes)} flits, the board gathers {board.input_depth}",
            where=board.link.port.name,
            hint="`--stream` runs it without exact cycles; a larger InputDepth needs a new bitstream",
        )
    packets = PacketCheck(program)
    runs: list[HardwareRun] = []
    for number in range(len(payloads)):
        flits = encode_samples(program, payloads[number : number + 1])
        runs.append(board.run(flits, packets))
        progress(len(runs))
    outputs = [decode_outputs(program, run.flits, 1) for run in runs]
    exact = all(run.exact for run in runs)
    return HardwareResults(
        np.concatenate(outputs), np.array([run.cycles for run in runs], np.int64) if exact else None
    )
