"""The SystemVerilog files of the design, in the order in which tools read them."""

from pathlib import Path

RTL_DIR = Path(__file__).resolve().parent

SOURCES = (
    "snnc_pkg.sv",
    "snnc_fifo.sv",
    "snnc_memory.sv",
    "snnc_arbiter.sv",
    "snnc_router.sv",
    "snnc_decay.sv",
    "snnc_lane.sv",
    "snnc_datapath.sv",
    "snnc_decode.sv",
    "snnc_accumulate.sv",
    "snnc_sweep.sv",
    "snnc_emit.sv",
    "snnc_config.sv",
    "snnc_registers.sv",
    "snnc_control.sv",
    "snnc_status.sv",
    "snnc_core.sv",
    "snnc_host_port.sv",
    "snnc_mesh.sv",
    "snnc_parameters.sv",
    "snnc_top.sv",
    "snnc_uart_rx.sv",
    "snnc_uart_tx.sv",
    "snnc_crc32.sv",
    "snnc_deframer.sv",
    "snnc_framer.sv",
    "snnc_link.sv",
    "snnc_reply.sv",
    "snnc_signature.sv",
    "snnc_frame_buffer.sv",
    "snnc_packet_buffer.sv",
    "snnc_bridge.sv",
    "snnc_host_uart.sv",
)
"""What a synthesis tool needs, in dependency order."""

SIMULATION_SOURCES = ("snnc_trace.sv", "harness/snnc_harness.sv")
"""What a simulation needs besides."""


def sources() -> list[Path]:
    """The synthesisable source files in dependency order."""
    return [RTL_DIR / name for name in SOURCES]


def simulation_sources() -> list[Path]:
    """The source files and the harness around them, in dependency order."""
    return [RTL_DIR / name for name in (*SOURCES, *SIMULATION_SOURCES)]
