"""What every counted action costs on a target, by a table."""

from typing import get_args

from snnc.compiler.isa.contract import AXON_COLUMN, AXON_ROW, DECAY_WIDTH, DESTINATION, FLIT, SPIKE
from snnc.compiler.targets import Target
from snnc.sim.accounting.coefficients import Corner
from snnc.sim.accounting.energy_table import Action, EnergyTable, Logic, MemoryAction
from snnc.sim.accounting.memory_cost import BlockRam, SramCurve

PAYLOAD_BITS = SPIKE["payload"].width
MEMORY_ACTIONS: tuple[MemoryAction, ...] = get_args(MemoryAction)


def action_costs(
    table: EnergyTable, target: Target, weight_bits: int, corner: Corner = "typical"
) -> dict[str, float]:
    """Picojoules of every action on a target whose weights have `weight_bits` bits; 0 for what the table does
    not price."""
    costs = dict.fromkeys(get_args(Action), 0.0)
    if table.memory is not None:
        costs |= _memory_costs(table.memory, target, weight_bits, corner)
    if table.logic is not None:
        costs |= _logic_costs(table.logic, target, weight_bits, corner)
    return costs | {name: price.at(corner) for name, price in table.prices.items()}


def _memory_costs(
    memory: SramCurve | BlockRam, target: Target, weight_bits: int, corner: Corner
) -> dict[str, float]:
    """States, bitmaps and FIFOs have two ports, being read and written in the same cycle; nothing else is."""
    lanes = target.lanes
    word, states, parameters = lanes * target.state_bits, target.state_words, target.parameter_words

    def read(words: int, bits: int, ports: int = 1) -> float:
        return memory.read(words, bits, ports=ports, corner=corner)

    def write(words: int, bits: int) -> float:
        return memory.write(words, bits, ports=2, corner=corner)

    bitmaps = target.delay_slots * states
    axon_tables = read(target.axon_rows, AXON_ROW.width) + read(target.axon_columns, AXON_COLUMN.width)
    return {
        "weight_reads": read(target.weight_words(weight_bits), lanes * weight_bits),
        "state_reads": read(states, word, 2),
        "state_writes": write(states, word),
        "membrane_reads": read(states, word, 2),
        "membrane_writes": write(states, word),
        "threshold_reads": read(parameters, word),
        "reset_amount_reads": read(parameters, word),
        "decay_reads": read(parameters, lanes * DECAY_WIDTH),
        "bias_reads": read(2 * parameters, word),
        "bitmap_reads": read(bitmaps, lanes, 2),
        "bitmap_writes": write(bitmaps, lanes),
        "axon_reads": axon_tables / 2,
        "table_reads": read(target.destinations, DESTINATION.width),
        "event_fifo_writes": read(target.event_fifo, FLIT.width, 2) + write(target.event_fifo, FLIT.width),
    }


def _logic_costs(logic: Logic, target: Target, weight_bits: int, corner: Corner) -> dict[str, float]:
    add = logic.add(target.state_bits, corner)
    return {
        "lane_adds": add,
        "compares": logic.compare_per_add.at(corner) * add,
        "multiplies": logic.multiply(target.state_bits, DECAY_WIDTH, corner),
        "payload_multiplies": logic.multiply(weight_bits, PAYLOAD_BITS, corner),
        "flit_hops": logic.flit_hop.at(corner),
        "host_flits": logic.host_flit.at(corner),
    }
