"""Energy: counted actions times the table's cost of each, plus static power times time. Always estimated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network, count
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.contract import AXON_COLUMN, AXON_ROW, DECAY_WIDTH, DESTINATION, FLIT, SPIKE
from snnc.compiler.targets import Target
from snnc.sim.accounting.counts import Counts
from snnc.sim.accounting.energy_table import EnergyTable, load_energy_table

PICO = 1e-12
BASIS = "estimated"
PAYLOAD_BITS = SPIKE["payload"].width
MEMORY_ACTIONS = (
    "weight_reads",
    "state_reads",
    "state_writes",
    "membrane_reads",
    "membrane_writes",
    "threshold_reads",
    "reset_amount_reads",
    "decay_reads",
    "bias_reads",
    "bitmap_reads",
    "bitmap_writes",
    "axon_reads",
    "table_reads",
)


@dataclass(frozen=True)
class EnergyReport:
    """Joules of everything counted; nothing in it is measured on a chip."""

    by_action: dict[str, float]
    dynamic: float
    static: float | None
    """None where no time is known and the target has static power."""
    total: float
    """Dynamic plus static as far as that is known."""
    memory_share: float
    """Part of the dynamic energy spent in weight, state, membrane, parameter, bitmap and table memories."""
    per_core: NDArray[np.float64]
    """(cores + 1,): dynamic energy by core, flits booked on their sender; the last entry is the host port."""
    table: str
    basis: str = BASIS


def price(counts: Counts, program: TiledProgram, cycles: int | None) -> EnergyReport:
    """Energy of `counts`; `cycles` is how long the static power ran, None if no time is known."""
    target = program.target
    costs = action_costs(load_energy_table(target.energy_table), target, program.weight_bits)
    energies = {name: counts[name] * (cost * PICO) for name, cost in costs.items()}
    by_action = {name: float(energy.sum()) for name, energy in energies.items()}
    dynamic = sum(by_action.values())
    static = _static(target, cycles)
    memory = sum(by_action[name] for name in MEMORY_ACTIONS)
    return EnergyReport(
        by_action=by_action,
        dynamic=dynamic,
        static=static,
        total=dynamic + (static or 0.0),
        memory_share=memory / dynamic if dynamic else 0.0,
        per_core=np.sum(list(energies.values()), axis=0),
        table=target.energy_table,
    )


def action_costs(table: EnergyTable, target: Target, weight_bits: int) -> dict[str, float]:
    """Picojoules per action on a target whose weights have `weight_bits` bits."""
    lanes, bits = target.lanes, target.state_bits
    word, capacity, decay_word = lanes * bits, target.neurons * bits, lanes * DECAY_WIDTH
    parameters, bitmaps = target.parameter_words * word, target.delay_slots * target.neurons
    state_read, state_write = table.sram_read(capacity, word), table.sram_write(capacity, word)
    fifo = table.sram_read(target.event_fifo * FLIT.width, FLIT.width)
    tables = (AXON_ROW, target.axon_rows), (AXON_COLUMN, target.axon_columns)
    axon_reads = [table.sram_read(entries * entry.width, entry.width) for entry, entries in tables]
    return {
        "weight_reads": table.sram_read(target.weight_bits_per_core, lanes * weight_bits),
        "state_reads": state_read,
        "state_writes": state_write,
        "membrane_reads": state_read,
        "membrane_writes": state_write,
        "threshold_reads": table.sram_read(parameters, word),
        "reset_amount_reads": table.sram_read(parameters, word),
        "decay_reads": table.sram_read(decay_word * target.parameter_words, decay_word),
        "bias_reads": table.sram_read(2 * parameters, word),
        "bitmap_reads": table.sram_read(bitmaps, lanes),
        "bitmap_writes": table.sram_write(bitmaps, lanes),
        "axon_reads": sum(axon_reads) / 2,
        "table_reads": table.sram_read(target.destinations * DESTINATION.width, DESTINATION.width),
        "lane_adds": table.add(bits),
        "compares": table["compare_per_add"] * table.add(bits),
        "multiplies": table.multiply(bits, DECAY_WIDTH),
        "payload_multiplies": table.multiply(weight_bits, PAYLOAD_BITS),
        "event_fifo_writes": fifo * (1 + table["sram_write_ratio"]),
        "flit_hops": table["flit_hop"],
        "host_flits": table["host_flit"],
    }


@dataclass(frozen=True)
class DenseComparison:
    """The same network without spikes, one inference in joules: quantised activations on the same table."""

    activation_bits: int
    macs: int
    by_action: dict[str, float]
    total: float
    table: str
    assumptions: str
    basis: str = BASIS


def price_dense(program: TiledProgram, network: Network) -> DenseComparison:
    """A quantised network of equal shape whose activations have ceil(log2(T + 1)) bits, as many levels as T
    steps can count; a graded input keeps the bits it has.

    Every weight word is read once, every activation once per tile, sums stay in registers and leave as one
    activation per neuron; no network on chip, no tables and no static power are charged to it.
    """
    target = program.target
    table = load_energy_table(target.energy_table)
    bits = int(program.steps).bit_length()
    graded = program.input.encoding in ("direct", "held")
    input_bits = program.input.max_payload.bit_length() if graded else bits
    costs = action_costs(table, target, program.weight_bits)
    names = ("weight_reads", "activation_reads", "activation_writes", "multiplies", "adds")
    by_action = dict.fromkeys(names, 0.0)
    add = table.add(target.state_bits)
    for core in program.cores:
        by_action["weight_reads"] += costs["weight_reads"] * len(core.weights)
        if core.emission == "values_every":
            continue
        layer, tile = network.layer(core.layer), core.tile
        share = tile.rows / layer.shape[1]
        lanes = tile.pixel_words(target.lanes) * target.lanes
        for edge in layer.edges:
            width = max(bits, input_bits) if edge.source == network.input.name else bits
            read = table.sram_read(target.neurons * width, width)
            sources = count(network.shape_of(edge.source)) * share
            operations = edge_macs(layer, edge) * share * lanes / layer.shape[0]
            by_action["activation_reads"] += read * sources
            by_action["multiplies"] += table.multiply(program.weight_bits, width) * operations
            by_action["adds"] += add * operations
        written = table.sram_read(target.neurons * bits, bits) * core.neurons
        by_action["activation_writes"] += table["sram_write_ratio"] * written
    by_action = {name: energy * PICO for name, energy in by_action.items()}
    return DenseComparison(
        activation_bits=bits,
        macs=sum(edge_macs(layer, edge) for layer in network.layers for edge in layer.edges),
        by_action=by_action,
        total=sum(by_action.values()),
        table=table.name,
        assumptions="weights read once per inference, sums in registers, no network on chip, no static power",
    )


def edge_macs(layer: Layer, edge: Edge) -> int:
    """Multiplications of a layer without spikes; of a convolution those with padding are counted too."""
    pixels = layer.shape[1] * layer.shape[2] if isinstance(edge.synapses, Conv2d) else 1
    return pixels * int(edge.synapses.weights.size)


def _static(target: Target, cycles: int | None) -> float | None:
    if cycles is None:
        return None if target.static_mw else 0.0
    return target.static_mw * 1e-3 * cycles / (target.clock_mhz * 1e6)
