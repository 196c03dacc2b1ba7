"""The SystemVerilog files of the design, in the order in which tools read them."""

from pathlib import Path

RTL_DIR = Path(__file__).resolve().parent

SOURCES = (
    "hdl/common/snnc_pkg.sv",
    "hdl/common/snnc_fifo.sv",
    "hdl/common/snnc_memory.sv",
    "hdl/common/snnc_single_port_memory.sv",
    "hdl/common/snnc_arbiter.sv",
    "hdl/mesh/snnc_router.sv",
    "hdl/core/snnc_decay.sv",
    "hdl/core/snnc_lane.sv",
    "hdl/core/snnc_leak.sv",
    "hdl/core/snnc_channels.sv",
    "hdl/core/snnc_weights.sv",
    "hdl/core/snnc_datapath.sv",
    "hdl/core/snnc_decode.sv",
    "hdl/core/snnc_accumulate.sv",
    "hdl/core/snnc_events.sv",
    "hdl/core/snnc_sweep.sv",
    "hdl/core/snnc_neurons.sv",
    "hdl/core/snnc_place.sv",
    "hdl/core/snnc_emit.sv",
    "hdl/core/snnc_emitter.sv",
    "hdl/core/snnc_config.sv",
    "hdl/core/snnc_registers.sv",
    "hdl/core/snnc_configuration.sv",
    "hdl/core/snnc_control.sv",
    "hdl/core/snnc_single.sv",
    "hdl/core/snnc_awaited.sv",
    "hdl/core/snnc_jobs.sv",
    "hdl/core/snnc_contexts.sv",
    "hdl/core/snnc_status.sv",
    "hdl/core/snnc_steps.sv",
    "hdl/core/snnc_core.sv",
    "hdl/mesh/snnc_host_port.sv",
    "hdl/mesh/snnc_actions.sv",
    "hdl/mesh/snnc_mesh.sv",
    "hdl/mesh/snnc_parameters.sv",
    "hdl/mesh/snnc_top.sv",
    "hdl/common/snnc_signature.sv",
    "hdl/soc/snnc_stream_buffer.sv",
    "hdl/soc/snnc_axil.sv",
    "hdl/soc/snnc_peripheral_registers.sv",
    "hdl/soc/snnc_peripheral_input.sv",
    "hdl/soc/snnc_peripheral_output.sv",
    "hdl/soc/snnc_peripheral_meter.sv",
    "hdl/soc/snnc_action_counter.sv",
    "hdl/soc/snnc_peripheral_actions.sv",
    "hdl/soc/snnc_peripheral.sv",
    "hdl/link/snnc_uart_rx.sv",
    "hdl/link/snnc_uart_tx.sv",
    "hdl/link/snnc_crc32.sv",
    "hdl/link/snnc_deframer.sv",
    "hdl/link/snnc_framer.sv",
    "hdl/link/snnc_link.sv",
    "hdl/link/snnc_reply.sv",
    "hdl/link/snnc_frame_buffer.sv",
    "hdl/link/snnc_packet_buffer.sv",
    "hdl/link/snnc_bridge.sv",
    "hdl/link/snnc_host_uart.sv",
)
"""What a synthesis tool needs, in dependency order."""

SIMULATION_SOURCES = ("harness/snnc_trace.sv", "harness/snnc_harness.sv")
"""What a simulation needs besides."""

COUNTERS = ("harness/snnc_count.sv", "harness/snnc_cover.sv")
"""Bound to a simulation that counts what the design does and meets; Verilator alone."""

TILE = RTL_DIR / "harness" / "snnc_tile.sv"
"""A core with a router in full use, to be measured."""


def sources() -> list[Path]:
    """The synthesisable source files in dependency order."""
    return [RTL_DIR / name for name in SOURCES]


def block_sources() -> list[Path]:
    """What an IP block needs of them: all but the link to a computer."""
    return [RTL_DIR / name for name in SOURCES if not name.startswith("hdl/link/")]


def source(name: str) -> Path:
    """The file of the design with this name, wherever in `hdl/` it lies."""
    return next(path for path in sources() if path.name == name)


def simulation_sources(*, counters: bool = False) -> list[Path]:
    """The source files and the harness around them, in dependency order, counters of actions last."""
    return [RTL_DIR / name for name in (*SOURCES, *SIMULATION_SOURCES, *(COUNTERS if counters else ()))]
