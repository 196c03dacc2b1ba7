"""From which firing rate on a layer costs more with spikes than without."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from snnc.compiler.ir.network import Layer, Network, count
from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import TiledProgram
from snnc.sim.accounting.comparison import DenseComparison
from snnc.sim.accounting.counts import Primitives, count_actions
from snnc.sim.accounting.energy import price
from snnc.sim.accounting.energy_table import EnergyTable


@dataclass(frozen=True)
class BreakEven:
    """One layer: the rate of events it hears, and the rates up to which spikes cost less."""

    input_rate: float
    """Events per source neuron and step."""
    dataflow: float | None
    """The input rate at which it costs what the documented dataflow does; 0 where its sweeps alone cost more,
    None where it hears nothing."""
    ideal: float | None
    """The same for the ideal."""


def break_even(
    program: TiledProgram,
    network: Network,
    counted: Primitives,
    dense: DenseComparison,
    table: EnergyTable,
    static: float,
    rates: Mapping[str, float],
) -> dict[str, BreakEven]:
    """By layer. What a layer costs beyond its silence is taken to grow in proportion to the events it hears;
    `static`, the joules of a sample that flow whatever happens, is shared by the cores, and on a core by its
    tiles. `rates` are events per neuron and step of the input and the layers, `dense` an array that skips no
    zeros, so that what it costs does not depend on them."""
    busy, silent = (
        price(count_actions(program, primitives), program, None, table).typical.per_core
        for primitives in (counted, _silent(counted))
    )
    sharing = on_core(program)
    result = {}
    for layer, other in zip(network.layers, dense.layers, strict=True):
        members = [number for number, core in enumerate(program.cores) if core.layer == layer.name]
        tiles = (program.cores[number].at for number in members)
        held = sum(1 / len(sharing[at.x, at.y]) for at in tiles) / len(sharing)
        fixed = float(silent[members].sum()) / counted.samples + static * held
        events = float((busy - silent)[members].sum()) / counted.samples
        rate = _rate_heard(network, layer, rates)
        ways = (_rate_at(way, fixed, events, rate) for way in (other.dataflow, other.ideal))
        result[layer.name] = BreakEven(rate, *ways)
    return result


def _rate_at(budget: float, fixed: float, events: float, rate: float) -> float | None:
    return max(0.0, (budget - fixed) / events * rate) if events > 0 else None


def _silent(counted: Primitives) -> Primitives:
    """The same run, but nothing arrived; what the layers sent, they still sent."""
    names = ("events", "values", "positions", "pass_positions", "multiplied_positions")
    return replace(counted, **{name: np.zeros_like(getattr(counted, name)) for name in names})


def _rate_heard(network: Network, layer: Layer, rates: Mapping[str, float]) -> float:
    """Mean over the source neurons of all its edges."""
    sources = [(count(network.shape_of(edge.source)), rates[edge.source]) for edge in layer.edges]
    return sum(number * rate for number, rate in sources) / sum(number for number, _ in sources)
