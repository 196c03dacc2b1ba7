"""What may leave the mesh in one sample: the packets of a run are checked against its program."""

from dataclasses import dataclass

import numpy as np

from snnc.base.errors import LinkError
from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import END, FLIT, FlitType
from snnc.compiler.isa.flits import (
    DATA_SHIFT,
    PAYLOAD_SHIFT,
    SENDER_MASK,
    FlitArray,
    address_bits,
    flit,
    flit_types,
)
from snnc.compiler.isa.host_link import PACKET
from snnc.compiler.protocol.streams import named_neurons

LAST_CYCLE = PACKET["cycle"].mask


@dataclass(frozen=True)
class _Sender:
    """What one tile sends to the host in a sample."""

    at: Address
    steps: int
    """ENDs that it sends: one a step, or one for all."""
    known: int
    """Bits of a packet that the program says; the others are a membrane."""
    places: dict[int, int]
    """The known bits of all packets that it may send before an END, with their order."""
    complete: bool
    """It sends all of them."""

    def end(self, step: int) -> int:
        """The END that closes `step`."""
        data = END.pack(last=step == self.steps - 1, context=self.at.context)
        return flit(FlitType.END, data, _host(self.at))


class PacketCheck:
    """The rules for the packets of one sample of `program`."""

    def __init__(self, program: TiledProgram) -> None:
        self._senders = [_sender(core, program) for core in program.readout_cores]
        self.most = sum((len(sender.places) + 1) * sender.steps for sender in self._senders)
        """Packets that leave at most."""

    def check(self, flits: FlitArray, stamps: IntArray) -> None:
        """Raise LinkError unless these are the packets of a whole sample, in an order that can be."""
        later = (stamps[1:] > stamps[:-1]) | (stamps[1:] == LAST_CYCLE)
        if not later.all():
            at = 1 + int(np.argmin(later))
            raise LinkError(f"packet {at} is of cycle {stamps[at]}, the one before it of {stamps[at - 1]}")
        places, contexts = (flits & np.uint64(SENDER_MASK)).astype(np.int64), _contexts(flits)
        expected = 0
        for sender in self._senders:
            own = flits[(places == address_bits(sender.at)) & (contexts == sender.at.context)]
            expected += len(own)
            _check_sender(sender, own)
        if expected != len(flits):
            raise LinkError(f"{len(flits) - expected} packets come from cores that send nothing to the host")


def _contexts(flits: FlitArray) -> IntArray:
    """The context that sent each packet: that of the END behind it, since a core sends for one context at a
    time. Packets with no END behind them count to the last one's."""
    places = flits & np.uint64(SENDER_MASK)
    named = END["context"].read_all(flits >> np.uint64(DATA_SHIFT))
    is_end = flit_types(flits) == FlitType.END
    contexts = np.zeros(len(flits), np.int64)
    for place in np.unique(places):
        own = np.flatnonzero(places == place)
        ends = own[is_end[own]]
        if len(ends):
            behind = np.minimum(np.searchsorted(ends, own), len(ends) - 1)
            contexts[own] = named[ends[behind]]
    return contexts


def _sender(core: Core, program: TiledProgram) -> _Sender:
    bits, values = program.target.state_bits, core.emission == "values_last"
    places: dict[int, int] = {}
    for name in named_neurons(core, program):
        if values:
            packet = flit(FlitType.VALUE, name << bits, _host(core.at))
        else:
            packet = flit(FlitType.SPIKE, 1 << PAYLOAD_SHIFT | name, _host(core.at))
        places[packet] = len(places)
    membrane = (1 << bits) - 1 << DATA_SHIFT if values else 0
    known = (1 << FLIT.width) - 1 & ~membrane
    return _Sender(core.at, 1 if values else program.steps, known, places, values)


def _host(at: Address) -> Address:
    """Where the core at `at` sends packets for the host."""
    return Address(at.x, at.y, host=True)


def _check_sender(sender: _Sender, flits: FlitArray) -> None:
    ends = np.flatnonzero(flit_types(flits) == FlitType.END).tolist()
    if len(ends) != sender.steps or ends[-1] != len(flits) - 1:
        raise LinkError(f"core {sender.at} sent {len(ends)} ENDs of {sender.steps} in {len(flits)} packets")
    begin = 0
    for step, end in enumerate(ends):
        if int(flits[end]) != sender.end(step):
            raise LinkError(f"core {sender.at} ended step {step} with {int(flits[end]):011x}")
        _check_step(sender, step, flits[begin:end].tolist())
        begin = end + 1


def _check_step(sender: _Sender, step: int, packets: list[int]) -> None:
    """Every packet is one that the core may send, and comes behind those that it sends earlier."""
    before = -1
    for packet in packets:
        place = sender.places.get(packet & sender.known, -1)
        if place <= before:
            what = "which the program cannot send" if place < 0 else "out of order"
            raise LinkError(f"core {sender.at} sent {packet:011x} in step {step}, {what}")
        before = place
    if sender.complete and len(packets) != len(sender.places):
        raise LinkError(f"core {sender.at} sent {len(packets)} values of {len(sender.places)}")
