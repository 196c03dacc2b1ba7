"""Texts of an IP block: what it says about itself, its FuseSoC core file and its README."""

from dataclasses import dataclass

import yaml

from snnc.compiler.isa.contract import Memory
from snnc.compiler.isa.peripheral import HOST_PORT
from snnc.rtl.contract_tables import tables
from snnc.rtl.parameters import RtlParameters

LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Block:
    """An IP block: names and files, relative to its folder."""

    name: str
    version: str
    """Of snnc."""
    identity: int
    """24 bits that name the hardware and the content of what cannot be loaded."""
    parameters: RtlParameters
    sources: tuple[str, ...]
    """SystemVerilog in the order in which tools read it."""
    images: tuple[str, ...]
    headers: tuple[str, ...]
    """For C."""

    @property
    def top(self) -> str:
        """The module to instantiate: the peripheral. Behind `_stream` it has streams of flits alone."""
        return f"snnc_{self.name}"

    @property
    def core(self) -> str:
        """Its name for FuseSoC."""
        return f"snnc:ip:{self.name}:{self.version}"


def fusesoc_core(block: Block) -> str:
    """The .core file, format CAPI2 (https://fusesoc.readthedocs.io/en/stable/ref/capi2.html)."""
    images = [{name: {"copyto": name}} for name in block.images]
    document = {
        "name": block.core,
        "description": "Mesh of neurocores for spiking neural networks, made by snnc",
        "filesets": {
            "rtl": {"files": list(block.sources), "file_type": "systemVerilogSource"},
            "images": {"files": images, "file_type": "user"},
        },
        "targets": {
            "default": {"filesets": ["rtl", "images"]},
            "lint": {
                "filesets": ["rtl", "images"],
                "toplevel": block.top,
                "flow": "lint",
                "flow_options": {"tool": "verilator", "verilator_options": ["-Wall"]},
            },
        },
    }
    return "CAPI=2:\n" + yaml.safe_dump(document, sort_keys=False, width=110)


def readme(block: Block) -> str:
    """The page of the block: what it is, its ports, how tools find everything."""
    loadable = [m.name.lower() for m in Memory if block.parameters.loadable >> m & 1]
    fixed = [m.name.lower() for m in Memory if not block.parameters.loadable >> m & 1]
    load = f"CONFIG flits write {_words(loadable)}"
    load += f"; {_words(fixed)} keep their content, which synthesis folds into the logic." if fixed else "."
    rows = [f"| `{name}` | {value} |" for name, value in block.parameters.verilog().items()]
    table = "\n".join(["| parameter of `snnc_top` | value |", "|---|---|", *rows])
    return _README.format(
        host_port=HOST_PORT,
        core=block.core,
        name=block.name,
        top=block.top,
        version=block.version,
        identity=f"{block.identity:06x}",
        images=f"snnc_{block.name}/",
        load=load,
        table=table,
        licence=LICENCE,
        registers=tables()["peripheral.md"]["peripheral"],
        streams=tables()["peripheral.md"]["streams"],
        **{name: tables()["microarchitecture.md"][name] for name in ("flit", "types", "status")},
    )


def _words(names: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


_README = """\
# {core}

A mesh of neurocores with a spiking neural network in its memories, made by snnc {version}: {licence}.
SystemVerilog (IEEE 1800-2012) without primitives of a vendor; identity {identity}.

    verilator --lint-only -Wall --top-module {top} -f files.f
    fusesoc --cores-root . run --target lint {core}

Tools run in this folder, or find the memory images (`{images}`) through the parameter `InitPrefix` of the
top, the beginning of their names. FuseSoC copies them to where its tools run. {load}

## `{top}`: the peripheral

One clock `aclk` and its reset `aresetn`, synchronous and active low for two cycles or more. `mesh_clk_i` is
`aclk`, or `aclk` through a clock gate that is open in cycles with `mesh_clk_enable_o`. `irq_o` is the
interrupt.

{streams}

Both streams are AXI4-Stream of whole words, `tlast` on the last of a sample. The registers are AXI4-Lite,
`s_axil_*`, 32 bits at byte addresses, written as a whole:

{registers}

`include/snnc.h` has all of it for C, and what a driver does; `include/snnc_{name}.h` runs samples of this
network by registers: `snnc_{name}_run(base, payloads, stride, outputs)`.

## `{top}_stream`: flits alone

The mesh without buffers and registers. One clock, a synchronous reset that is high for a cycle or more, at
any time. Both streams take a flit in a cycle in which `tvalid` and `tready` are high; an offered flit stays
until it is taken.

| port | direction | meaning |
|---|---|---|
| `clk_i`, `rst_i` | in | clock, reset |
| `s_axis_tvalid`, `s_axis_tready`, `s_axis_tdata` | in, out, in | flits from the host |
| `m_axis_tvalid`, `m_axis_tready`, `m_axis_tdata` | out, in, out | flits to the host |
| `ready_o` | out | every enabled core has written v(0) since the reset; no flit is taken before |
| `rest_o` | out | nothing can happen before the host sends a flit |
| `home_o` | out | at rest, and between two samples |
| `error_o` | out | an error bit of a status word is set |
| `status_select_i` | in | whose status word to show: {{0, y, x}} of a core, {host_port} the host port |
| `status_o` | out | it, two cycles later |

A sample is, per step: a SPIKE for every non-zero input, an END to every tile that the host feeds (`last` in
the last step), a SYNC with their number.

## Flits

{flit}

{types}

## Status words

{status}

## Hardware

{table}
"""
