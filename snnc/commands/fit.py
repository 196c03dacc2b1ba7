"""How a compiled network fits its target: memory of every core, and what its events cost in packets."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from snnc.compiler.analysis.bounds import bits_needed
from snnc.compiler.analysis.multicast import multicast
from snnc.compiler.ir.program import Core, TiledProgram, state_memory_bits
from snnc.compiler.isa.address import Address
from snnc.compiler.targets import Target
from snnc.reporting.occupancy import Occupancy, draw, occupancies


@dataclass(frozen=True)
class CoreFit:
    """What a tile holds, of what its core has."""

    x: int
    y: int
    context: int
    """Which of the core's tiles."""
    layer: str
    channels: int
    rows: int
    neurons: int
    weight_bits_used: int
    weight_bits: int
    state_word_bits_used: int
    """Bits that the sums of its neurons need."""
    state_word_bits: int


@dataclass(frozen=True)
class NodeFit:
    """The input or a layer over all its cores; the input has none."""

    name: str
    cores: int
    weight_memory_bits: int
    state_memory_bits: int
    packets_per_event: float
    halo_packets_per_event: float
    """Those that other rows of tiles make necessary."""


@dataclass(frozen=True)
class Fit:
    """A program on its target."""

    name: str
    target: str
    cores_available: int
    weight_bits: int
    lanes: int
    held_input: str | None
    """The input, if its events come in the first step alone and the cores keep their current."""
    cores: tuple[CoreFit, ...]
    """Its tiles."""
    nodes: tuple[NodeFit, ...]
    occupancies: tuple[Occupancy, ...]
    """Its cores."""

    @staticmethod
    def of(program: TiledProgram, cycles: Mapping[str, float] | None = None) -> "Fit":
        """The fit of a compiled program; `cycles` are those expected per step of a tile of each layer."""
        target = program.target
        nodes = multicast(program).items()
        return Fit(
            name=program.name,
            target=target.name,
            cores_available=target.core_count,
            weight_bits=program.weight_bits,
            lanes=target.lanes,
            held_input=program.input.name if program.input.encoding == "held" else None,
            cores=tuple(_core_fit(core, target, program.weight_bits) for core in program.cores),
            nodes=tuple(_node_fit(program, name, cost.packets, cost.halo) for name, cost in nodes),
            occupancies=occupancies(program, cycles),
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return asdict(self)

    def render(self) -> str:
        """Two tables for people, and a picture of every core that tiles share."""
        shared = [core for core in self.occupancies if len(core.layers) > 1]
        tiles = f", {len(self.cores)} tiles" if shared else ""
        return "\n".join(
            [
                f"{self.name} -> {self.target}: {len(self.occupancies)} of {self.cores_available} cores"
                f"{tiles}, {self.weight_bits}-bit weights, {self.lanes} lanes",
                *self._held_line(),
                f"{'core':>7}  {'layer':12}{'channels':>9}{'rows':>5}{'neurons':>8}{'weights KiB':>20}"
                f"{'state word bits':>17}",
                *map(_core_line, self.cores),
                f"{'':7}  {'layer':12}{'cores':>9}{'weights Kb':>13}{'state Kb':>11}{'packets per event':>20}"
                f"{'of them halo':>15}",
                *map(_node_line, self.nodes),
                *map(draw, shared),
            ]
        )

    def _held_line(self) -> list[str]:
        """What the compiler does to an input that stays the same, which no number shows."""
        if self.held_input is None:
            return []
        return [
            f"input {self.held_input!r} is held (exact): sent in the first step alone, its current is kept"
        ]


def _core_fit(core: Core, target: Target, weight_bits: int) -> CoreFit:
    return CoreFit(
        x=core.at.x,
        y=core.at.y,
        context=core.at.context,
        layer=core.layer,
        channels=core.tile.channels,
        rows=core.tile.rows,
        neurons=core.neurons,
        weight_bits_used=len(core.weights) * target.lanes * weight_bits,
        weight_bits=target.weight_bits_per_core,
        state_word_bits_used=bits_needed(*core.accumulator),
        state_word_bits=target.state_bits,
    )


def _node_fit(program: TiledProgram, name: str, packets: float, halo: float) -> NodeFit:
    cores = [core for core in program.cores if core.layer == name]
    return NodeFit(
        name=name,
        cores=len(cores),
        weight_memory_bits=sum(core.weights.size for core in cores) * program.weight_bits,
        state_memory_bits=sum(state_memory_bits(core, program.target) for core in cores),
        packets_per_event=packets,
        halo_packets_per_event=halo,
    )


def _core_line(core: CoreFit) -> str:
    used, available = core.weight_bits_used, core.weight_bits
    place = str(Address(core.x, core.y, context=core.context))
    return (
        f"{place:>7}  {core.layer:12}{core.channels:9}{core.rows:5}{core.neurons:8}"
        f"{used / 8192:8.1f} /{available / 8192:6.1f} {used / available:4.0%}"
        f"{core.state_word_bits_used:11} / {core.state_word_bits}"
    )


def _node_line(node: NodeFit) -> str:
    weights, states = node.weight_memory_bits / 1024, node.state_memory_bits / 1024
    memory = f"{node.cores:9}{weights:13.1f}{states:11.1f}" if node.cores else f"{'':33}"
    return f"{'':7}  {node.name:12}{memory}{node.packets_per_event:20.2f}{node.halo_packets_per_event:15.2f}"
