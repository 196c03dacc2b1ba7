"""The driver of a board: loads programs, runs samples on the hardware, reads results and cycles."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..compiler.arithmetic import IntArray
from ..compiler.flits import (
    MEMORY_SHIFT,
    FlitArray,
    FlitType,
    decode_outputs,
    encode_samples,
    flit,
    flit_types,
)
from ..compiler.image import MODE_REGISTER, Image, Memory
from ..compiler.program import Address, TiledProgram
from ..compiler.targets import Target
from ..errors import DoesNotFit, LinkError
from .frames import OPEN, RESTART, VERSION, FrameKind, Reply, argument, flits_body
from .link import WINDOW, Link
from .parameters import RtlParameters, identity, parameters_for

FRAME_FLITS = 32
RUN_TIMEOUT = 10.0
"""Seconds without progress after which a run counts as hung."""


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
    """Hardware at the other end of a link. `connect` first, then `load`, then `run` as often as wanted."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.input_depth = self.output_depth = self.identity = 0
        self._entered = self._taken = self._position = 0
        self._packets: list[Reply] = []

    def connect(self) -> None:
        """Begin a session; raises LinkError where nothing answers or the protocol is another."""
        reply = self.link.hello(RESTART)
        if reply.version != VERSION:
            raise LinkError(
                f"the board speaks version {reply.version} of the protocol, this driver {VERSION}",
                where=self.link.port.name,
            )
        self.input_depth, self.output_depth = reply.input_depth, reply.output_depth
        self.identity = reply.identity
        self._forget()

    def load(
        self,
        image: Image,
        parameters: RtlParameters | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        """Write `image` into the memories; `progress` takes the number of flits sent so far.

        `parameters` are those of the hardware, by default those of a target on which everything can be
        loaded. Raises LinkError where the board holds other hardware.
        """
        expected = identity(parameters or parameters_for(image), image)
        if expected != self.identity:
            raise LinkError(
                f"the board holds hardware {self.identity:06x}, the program needs {expected:06x}",
                where=self.link.port.name,
                hint="load the bitstream that `snnc synth` made for the same target and weight width",
            )
        self._restart(RESTART | OPEN)
        self._feed(load_flits(image), progress)
        self._until(lambda: self._taken == self._entered)

    def run(self, flits: FlitArray, ends: int) -> HardwareRun:
        """Run `flits` from reset on until `ends` END flits have left.

        More flits than the board gathers are streamed: the mesh then waits for the line, and its cycles are
        not exact. Raises LinkError where the mesh does not finish.
        """
        fits = len(flits) <= self.input_depth
        self._restart(RESTART if fits else RESTART | OPEN)
        self._feed(flits)
        if fits:
            self.link.send(FrameKind.CONTROL, [argument(OPEN)])
        self._until(lambda: self._ends() >= ends)
        exact = fits and not any(reply.late or reply.stalled for reply in self._packets)
        return HardwareRun(*self._collected(), exact)

    def _restart(self, flags: int) -> None:
        self.link.send(FrameKind.CONTROL, [argument(flags)])
        self._forget()

    def _forget(self) -> None:
        """After a reset of the mesh both buffers are empty and their positions 0."""
        self._entered = self._taken = self._position = 0
        self._packets = []

    def _feed(self, flits: FlitArray, progress: Callable[[int], None] = lambda done: None) -> None:
        """Send flits as the board has room for them."""
        step = min(FRAME_FLITS * WINDOW, self.input_depth // 2)
        for start in range(0, len(flits), step):
            part = flits[start : start + step]
            self._make_room(len(part))
            bodies = [flits_body(part[i : i + FRAME_FLITS]) for i in range(0, len(part), FRAME_FLITS)]
            reply = self.link.send(FrameKind.FLITS, bodies)
            self._entered += len(part)
            self._note(reply)
            progress(start + len(part))

    def _make_room(self, flits: int) -> None:
        self._until(lambda: self._entered + flits - self._taken <= self.input_depth)

    def _until(self, done: Callable[[], bool]) -> None:
        """Read until `done`; raises LinkError when flits neither enter nor leave the mesh for long."""
        deadline = time.monotonic() + RUN_TIMEOUT
        while not done():
            before = self._taken, self._position
            self._read()
            if (self._taken, self._position) != before:
                deadline = time.monotonic() + RUN_TIMEOUT
            elif time.monotonic() > deadline:
                raise LinkError(
                    f"the mesh stands still after {self._taken} flits in and {self._position} packets out",
                    where=self.link.port.name,
                    hint="load the program again: an interrupted run leaves its memories in disorder",
                )

    def _read(self) -> Reply:
        """Release the packets that are here, and ask for the next."""
        position = argument(self._position % (2 * self.output_depth))
        reply = self.link.send(FrameKind.READ, [position])
        self._note(reply)
        return reply

    def _note(self, reply: Reply) -> None:
        self._taken += (reply.taken - self._taken) % (2 * self.input_depth)
        if len(reply.flits) and reply.first == self._position % (2 * self.output_depth):
            self._packets.append(reply)
            self._position += len(reply.flits)

    def _collected(self) -> tuple[FlitArray, IntArray]:
        """All packets of the run so far and their cycles."""
        flits = [np.zeros(0, np.uint64), *(reply.flits for reply in self._packets)]
        cycles = [np.zeros(0, np.int64), *(reply.cycles for reply in self._packets)]
        return np.concatenate(flits), np.concatenate(cycles)

    def _ends(self) -> int:
        return int(np.count_nonzero(flit_types(self._collected()[0]) == FlitType.END))


def load_flits(image: Image) -> FlitArray:
    """The flits that load `image`, after every other core of the mesh was disabled."""
    used = {core.at for core in image.cores}
    mode = int(Memory.REGISTERS) << MEMORY_SHIFT | MODE_REGISTER
    flits: list[int] = []
    for at in _addresses(image.target):
        if at not in used:
            flits += [flit(FlitType.CONFIG_ADDRESS, mode, at), flit(FlitType.CONFIG_DATA, 0, at)]
    return np.concatenate([np.array(flits, np.uint64), image.config_flits()])


def _addresses(target: Target) -> list[Address]:
    return [Address(x, y) for y in range(target.height) for x in range(target.width)]


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
    runs: list[HardwareRun] = []
    for number in range(len(payloads)):
        flits = encode_samples(program, payloads[number : number + 1])
        runs.append(board.run(flits, program.ends_per_sample))
        progress(len(runs))
    outputs = [decode_outputs(program, run.flits, 1) for run in runs]
    exact = all(run.exact for run in runs)
    return HardwareResults(
        np.concatenate(outputs), np.array([run.cycles for run in runs], np.int64) if exact else None
    )
