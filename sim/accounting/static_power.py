"""Power that flows while a sample is under way, whatever it does: the device, leaking memories, the clock."""

from dataclasses import dataclass

from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.contract import AXON_COLUMN, AXON_ROW, DESTINATION, SOURCE
from snnc.compiler.targets import Target
from snnc.sim.accounting.coefficients import Corner
from snnc.sim.accounting.energy_table import EnergyTable

CORE_REGISTERS, LANE_BIT_REGISTERS = 1340, 14.0
"""Flip-flops of a core into which any network can be loaded, and per lane and state bit, router included: a
fit to the builds of `rtl/fpga/area_measurements.json`."""
BUILT_CORE_REGISTERS, BUILT_LANE_BIT_REGISTERS = 640, 9.75
"""The same of hardware for one network."""
SHARED_REGISTERS, CONTEXT_REGISTERS = 160, 3
"""What a core has more because tiles share it, and per tile that may: of the same builds."""
BUILT_SHARED_REGISTERS, BUILT_CONTEXT_REGISTERS = 205, 105
"""The same of hardware for one network, whose registers of tiles are no memory."""


@dataclass(frozen=True)
class StaticPower:
    """Watts while a sample is under way."""

    device: float
    """What the target and the table say of the whole device."""
    leakage: float
    """Of the memories of cores that hold tiles."""
    clock: float
    """Of the registers of these cores, and of the trunk of the clock tree."""

    @property
    def total(self) -> float:
        return self.device + self.leakage + self.clock


def static_power(table: EnergyTable, program: TiledProgram, corner: Corner, *, built: bool) -> StaticPower:
    """Of the hardware of `program`; with `built` it is made for this network alone."""
    target, cores = program.target, len(on_core(program))
    device, leakage, clock = target.static_mw * 1e-3, 0.0, 0.0
    if table.memory is not None:
        leakage = table.memory.leakage(cores * memory_kibit(target, program.weight_bits), corner) * 1e-6
    if (power := table.power) is not None:
        part = target.device.part if target.device is not None else ""
        static = power.static_of(part)
        device += static.at(corner) * 1e-3 if static is not None else 0.0
        per_cycle = power.clock_per_register.at(corner) * cores * registers(target, built=built)
        per_cycle += power.clock_base.at(corner) if power.clock_base is not None else 0.0
        clock = per_cycle * 1e-12 * target.clock_mhz * 1e6
    return StaticPower(device, leakage, clock)


def registers(target: Target, *, built: bool) -> int:
    """Flip-flops of a core, those by which tiles share it among them."""
    lane_bits, shares = target.lanes * target.state_bits, target.contexts > 1
    if built:
        shared = shares * (BUILT_SHARED_REGISTERS + BUILT_CONTEXT_REGISTERS * target.contexts)
        return round(BUILT_CORE_REGISTERS + BUILT_LANE_BIT_REGISTERS * lane_bits) + shared
    shared = shares * (SHARED_REGISTERS + CONTEXT_REGISTERS * target.contexts)
    return round(CORE_REGISTERS + LANE_BIT_REGISTERS * lane_bits) + shared


def memory_kibit(target: Target, weight_bits: int) -> float:
    """Bits of a core's memories and tables, in units of 1024."""
    word = target.lanes * target.state_bits
    weights = target.weight_words(weight_bits) * target.lanes * weight_bits
    states = target.state_words * word * (1 + target.cuba)
    parameters = 3 * target.parameter_words * word
    bitmaps = target.delay_slots * target.neurons
    axons = target.axon_rows * AXON_ROW.width + target.axon_columns * AXON_COLUMN.width
    ends = target.destinations * DESTINATION.width + target.sources * SOURCE.width
    return (weights + states + parameters + bitmaps + axons + ends) / 1024
