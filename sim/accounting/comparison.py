"""The same network without spikes on the same table: an output-stationary array, and an ideal beyond it."""

from dataclasses import dataclass

from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.sim.accounting.coefficients import CORNERS, Corner
from snnc.sim.accounting.energy import BASIS
from snnc.sim.accounting.energy_table import EnergyTable, load_energy_table
from snnc.sim.accounting.output_stationary import OutputStationary, edge_macs, sum_of
from snnc.sim.accounting.zeros import EVERYTHING, Zeros, ZeroSkipping

DATAFLOW = (
    "output stationary: lanes x P accumulators, P positions share a weight word and P is the cheapest power "
    "of two; parameters, requantisation, clock and leakage priced; its control and a network on chip not"
)
IDEAL = "every weight and activation read once, sums in registers; no clock, no leakage, no network on chip"
SKIPPED: dict[ZeroSkipping, str] = {
    "none": "zeros not skipped",
    "activations": "what follows an activation of zero skipped",
    "both": "what follows an activation or a weight of zero skipped",
}


@dataclass(frozen=True)
class LayerComparison:
    """One layer without spikes, joules of one inference."""

    name: str
    positions: int
    """P, the positions that share a weight word."""
    dataflow: float
    ideal: float


@dataclass(frozen=True)
class Bound:
    """Joules of one inference by a way of computing it."""

    total: float
    low: float
    high: float
    by_action: dict[str, float]
    assumptions: str


@dataclass(frozen=True)
class DenseComparison:
    """The network without spikes, one inference in joules: quantised activations on the same table."""

    activation_bits: int
    macs: int
    passes: int
    """How often the network runs for one answer: once per step where the task has steps, else once."""
    total: float
    """Of the documented dataflow, as `low`, `high`, `by_action` and `assumptions`."""
    low: float
    high: float
    by_action: dict[str, float]
    assumptions: str
    ideal: Bound
    layers: list[LayerComparison]
    table: str
    zero_skipping: ZeroSkipping = "none"
    basis: str = BASIS


def price_dense(
    program: TiledProgram,
    network: Network,
    table: EnergyTable | None = None,
    *,
    sized: bool = False,
    zeros: Zeros = EVERYTHING,
) -> DenseComparison:
    """A quantised network of equal shape whose activations have ceil(log2(T + 1)) bits, as many levels as T
    steps can count, at most eight; a graded input keeps the bits it has.

    Its memories are those of the program's target, or with `sized` as large as each layer needs. Where the
    input is events, or an edge is recurrent or delayed, the task has steps, and the network runs in each.
    `zeros` are those that the array skips.
    """
    table = load_energy_table(program.target.energy_table) if table is None else table
    flows = {corner: OutputStationary(table, program, network, corner, sized, zeros) for corner in CORNERS}
    skipped = SKIPPED[zeros.skipping]
    dataflow = _bound(flows, network, "dataflow", f"{DATAFLOW}; {skipped}")
    ideal = _bound(flows, network, "ideal", f"{IDEAL}; {skipped}")
    typical = flows["typical"]
    return DenseComparison(
        activation_bits=typical.bits,
        macs=sum(edge_macs(layer, edge) for layer in network.layers for edge in layer.edges),
        passes=typical.passes,
        **vars(dataflow),
        ideal=ideal,
        layers=[
            LayerComparison(
                layer.name,
                typical.best_positions(layer),
                sum_of(typical.dataflow(layer)),
                sum_of(typical.ideal(layer)),
            )
            for layer in network.layers
        ],
        table=table.name,
        zero_skipping=zeros.skipping,
    )


def _bound(flows: "dict[Corner, OutputStationary]", network: Network, way: str, text: str) -> Bound:
    sums: dict[Corner, dict[str, float]] = {}
    for corner, flow in flows.items():
        sums[corner] = {}
        for layer in network.layers:
            for name, joules in getattr(flow, way)(layer).items():
                sums[corner][name] = sums[corner].get(name, 0.0) + joules
    low, typical, high = (sum_of(sums[corner]) for corner in CORNERS)
    return Bound(typical, low, high, sums["typical"], text)
