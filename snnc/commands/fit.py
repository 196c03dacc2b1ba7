"""How a compiled network fits its target: memory of every core, and what its events cost in packets."""

from dataclasses import asdict, dataclass
from typing import Any

from snnc.compiler.analysis.bounds import bits_needed
from snnc.compiler.analysis.multicast import multicast
from snnc.compiler.ir.program import Core, TiledProgram, state_memory_bits
from snnc.compiler.targets import Target


@dataclass(frozen=True)
class CoreFit:
    """What a core holds, of what it has."""

    x: int
    y: int
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
    cores: tuple[CoreFit, ...]
    nodes: tuple[NodeFit, ...]

    @staticmethod
    def of(program: TiledProgram) -> "Fit":
        """The fit of a compiled program."""
        target = program.target
        nodes = multicast(program).items()
        return Fit(
            name=program.name,
            target=target.name,
            cores_available=target.core_count,
            weight_bits=program.weight_bits,
            lanes=target.lanes,
            cores=tuple(_core_fit(core, target, program.weight_bits) for core in program.cores),
            nodes=tuple(_node_fit(program, name, cost.packets, cost.halo) for name, cost in nodes),
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return asdict(self)

    def render(self) -> str:
        """Two tables for people."""
        return "\n".join(
            [
                f"{self.name} -> {self.target}: {len(self.cores)} of {self.cores_available} cores, "
                f"{self.weight_bits}-bit weights, {self.lanes} lanes",
                f"{'core':>7}  {'layer':12}{'channels':>9}{'rows':>5}{'neurons':>8}{'weights KiB':>20}"
                f"{'state word bits':>17}",
                *map(_core_line, self.cores),
                f"{'':7}  {'layer':12}{'cores':>9}{'weights Kb':>13}{'state Kb':>11}{'packets per event':>20}"
                f"{'of them halo':>15}",
                *map(_node_line, self.nodes),
            ]
        )


def _core_fit(core: Core, target: Target, weight_bits: int) -> CoreFit:
    return CoreFit(
        x=core.at.x,
        y=core.at.y,
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
    place = f"({core.x},{core.y})"
    return (
        f"{place:>7}  {core.layer:12}{core.channels:9}{core.rows:5}{core.neurons:8}"
        f"{used / 8192:8.1f} /{available / 8192:6.1f} {used / available:4.0%}"
        f"{core.state_word_bits_used:11} / {core.state_word_bits}"
    )


def _node_line(node: NodeFit) -> str:
    weights, states = node.weight_memory_bits / 1024, node.state_memory_bits / 1024
    memory = f"{node.cores:9}{weights:13.1f}{states:11.1f}" if node.cores else f"{'':33}"
    return f"{'':7}  {node.name:12}{memory}{node.packets_per_event:20.2f}{node.halo_packets_per_event:15.2f}"
