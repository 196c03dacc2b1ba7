"""What an event costs in packets: how many tiles it is sent to, and how many of them for their halo alone."""

from dataclasses import dataclass

import numpy as np

from snnc.compiler.ir.network import count
from snnc.compiler.ir.program import Core, TiledProgram


@dataclass(frozen=True)
class Multicast:
    """Packets of one event, averaged over the neurons of a node."""

    packets: float
    """To cores; what goes to the host is not counted."""
    halo: float
    """The part that goes to a second and further row of tiles of the same layer, because their kernels
    overlap."""


def multicast(program: TiledProgram) -> dict[str, Multicast]:
    """Per node, the input first: its events' packets, from routes and destination tables."""
    nodes = {program.input.name: _input_multicast(program)}
    for layer in dict.fromkeys(core.layer for core in program.cores):
        owners = [core for core in program.cores if core.layer == layer and core.emission == "spikes"]
        parts = [(_core_multicast(program, core), core.neurons) for core in owners]
        neurons = sum(own for _, own in parts) or 1
        nodes[layer] = Multicast(
            sum(part.packets * own for part, own in parts) / neurons,
            sum(part.halo * own for part, own in parts) / neurons,
        )
    return nodes


def _input_multicast(program: TiledProgram) -> Multicast:
    shape = program.input.shape
    tally = _Tally(count(shape))
    for route in program.input_routes:
        heard = np.zeros(shape, np.bool_)
        heard[route.first_channel : route.last_channel, route.first_row : route.last_row] = True
        tally.add(program.core_at(route.to), heard.reshape(-1))
    return tally.mean()


def _core_multicast(program: TiledProgram, core: Core) -> Multicast:
    lanes = program.target.lanes
    words = np.flatnonzero(core.tile.neuron_map(lanes) >= 0) // lanes
    tally = _Tally(core.neurons)
    for entry in core.destinations:
        if not entry.to.host:
            hit = (words >= entry.first_word) & (words < entry.last_word)
            tally.add(program.core_at(entry.to), hit)
    return tally.mean()


class _Tally:
    """Packets of every neuron, by receiving layer and row of tiles."""

    def __init__(self, neurons: int) -> None:
        self.neurons = neurons
        self.sent: dict[str, dict[int, np.ndarray]] = {}

    def add(self, receiver: Core, hit: np.ndarray) -> None:
        """Count the packets of the neurons that are `hit` to `receiver`."""
        rows = self.sent.setdefault(receiver.layer, {})
        first = receiver.tile.first_row
        rows[first] = rows.get(first, np.zeros(self.neurons, np.int64)) + hit

    def mean(self) -> Multicast:
        """The average over the neurons."""
        packets = halo = 0.0
        for rows in self.sent.values():
            table = np.array(list(rows.values()))
            packets += float(table.sum())
            halo += float(table.sum() - table.max(axis=0).sum())
        return Multicast(packets / self.neurons, halo / self.neurons)
