"""A LiteX SoC with an snnc peripheral: VexRiscv, ROM, RAM, a UART that a simulation reads; as Verilog."""

import json
from pathlib import Path

from litex.build.generic_platform import Pins, Subsignal
from litex.build.sim import SimPlatform
from litex.gen import LiteXModule
from litex.soc.integration.export import get_csr_header
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCCore
from litex.soc.interconnect.axi import AXILiteInterface
from migen import ClockDomain, ClockSignal, Instance, ResetSignal, Signal

PERIPHERAL = 0x9000_0000
ROM_BYTES, RAM_BYTES = 64 * 1024, 8 * 1024
_STREAM = (("valid", 1), ("ready", 1), ("data", 8))
_PINS = [
    ("sys_clk", 0, Pins(1)),
    ("sys_rst", 0, Pins(1)),
    (
        *("serial", 0),
        *(Subsignal(f"{end}_{name}", Pins(bits)) for end in ("source", "sink") for name, bits in _STREAM),
    ),
]


class SnncPeripheral(LiteXModule):
    """A block that `snnc export-ip` wrote; `bus`, AXI4-Lite, goes to `soc.bus.add_slave`.

    Flits come and go by registers; the streams are tied off. `irq` is its interrupt.
    """

    def __init__(self, platform, block: Path) -> None:
        self.bus = bus = AXILiteInterface(data_width=32, address_width=32)
        self.irq = Signal()
        enable = Signal()
        signals = {
            f"{'o' if driven else 'i'}_s_axil_{channel}{name}": getattr(getattr(bus, channel), name)
            for channel, names in _CHANNELS.items()
            for name, driven in names
        }
        addresses = {f"i_s_axil_{channel}addr": getattr(bus, channel).addr[:8] for channel in ("aw", "ar")}
        top = f"snnc_{json.loads((block / 'ip.json').read_text())['name']}"
        self.specials += Instance(
            top,
            p_InitPrefix=str(block / top / "core"),
            i_aclk=ClockSignal("sys"),
            i_aresetn=~ResetSignal("sys"),
            i_mesh_clk_i=ClockSignal("sys"),
            o_mesh_clk_enable_o=enable,
            o_irq_o=self.irq,
            i_s_axis_tvalid=0,
            i_s_axis_tdata=0,
            i_s_axis_tlast=0,
            i_m_axis_tready=0,
            **signals | addresses,
        )
        for name in (block / "files.f").read_text().split():
            platform.add_source(str(block / name))


_CHANNELS = {
    "aw": (("valid", False), ("ready", True), ("prot", False)),
    "w": (("valid", False), ("ready", True), ("data", False), ("strb", False)),
    "b": (("valid", True), ("ready", False), ("resp", True)),
    "ar": (("valid", False), ("ready", True), ("prot", False)),
    "r": (("valid", True), ("ready", False), ("data", True), ("resp", True)),
}
"""Signals of each channel, and whether the peripheral drives them."""


class Chip(SoCCore):
    """The SoC; `program` is the content of its ROM."""

    def __init__(self, platform, block: Path, program: list[int]) -> None:
        SoCCore.__init__(
            self,
            platform,
            clk_freq=int(100e6),
            cpu_type="vexriscv",
            cpu_variant="minimal",
            integrated_rom_size=ROM_BYTES,
            integrated_rom_init=program,
            integrated_sram_size=RAM_BYTES,
            uart_name="sim",
            with_timer=False,
            ident="",
        )
        self.cd_sys = ClockDomain()
        self.comb += [
            self.cd_sys.clk.eq(platform.request("sys_clk")),
            self.cd_sys.rst.eq(platform.request("sys_rst")),
        ]
        self.snnc = SnncPeripheral(platform, block)
        self.bus.add_slave("snnc", self.snnc.bus, SoCRegion(PERIPHERAL, 0x100, cached=False))


def header(block: Path) -> str:
    """Addresses of the SoC as C, which do not depend on the program."""
    chip = _finished(block, [0x6F])
    addresses = get_csr_header(chip.csr.regions, chip.constants, with_access_functions=False)
    defines = [line for line in addresses.splitlines() if line.startswith("#define CSR_")]
    return "\n".join(["#pragma once", f"#define SNNC_BASE {PERIPHERAL:#x}u", *defines]) + "\n"


def verilog(block: Path, program: list[int], folder: Path) -> list[Path]:
    """Write `soc.v` and the content of its memories into `folder`; returns all sources of the SoC."""
    chip = _finished(block, program)
    written = chip.platform.get_verilog(chip, name="soc")
    for name, content in {"soc.v": written.main_source, **written.data_files}.items():
        (folder / name).write_text(content)
    return [*(Path(source) for source, *_ in chip.platform.sources), folder / "soc.v"]


def _finished(block: Path, program: list[int]) -> Chip:
    chip = Chip(SimPlatform("SIM", _PINS, name="soc"), block, program)
    chip.finalize()
    return chip
