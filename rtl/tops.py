"""Texts of top levels: a module of the design with a build's parameters and memory images."""

from snnc.compiler.isa.contract import ADDRESS, CORE_STATUS, FLIT
from snnc.compiler.isa.peripheral import ACTIONS, ADDRESS_BITS, REGISTER_BITS, STREAM_IN, STREAM_OUT
from snnc.rtl.parameters import RtlParameters


def assignments(parameters: RtlParameters, *, prefix: str | None = None) -> str:
    """The parameters of an instance of `snnc_top`; `prefix` is an expression in the place of InitPrefix."""
    values = parameters.verilog()
    if prefix is not None:
        values["InitPrefix"] = prefix
    return ",\n".join(f"    .{name}({value})" for name, value in values.items())


def stream_top(parameters: RtlParameters, name: str) -> str:
    """`snnc_top` with two streams of flits, as module `name`; InitPrefix stays a parameter of it."""
    return f"""// SPDX-License-Identifier: Apache-2.0
// Top of this build: snnc_top with the build's parameters and memory images.
`default_nettype none

module {name} #(
  // Where the memory images are: relative to the folder in which the tool runs, or absolute.
  parameter InitPrefix = "{parameters.init_prefix}"
) (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  input  wire logic        s_axis_tvalid,
  output      logic        s_axis_tready,
  input  wire logic [{FLIT.width - 1}:0] s_axis_tdata,
  output      logic        m_axis_tvalid,
  input  wire logic        m_axis_tready,
  output      logic [{FLIT.width - 1}:0] m_axis_tdata,
  output      logic        ready_o,
  output      logic        rest_o,
  output      logic        home_o,
  output      logic        error_o,
  input  wire logic [{ADDRESS.width - 1}:0]  status_select_i,
  output      logic [{CORE_STATUS.width - 1}:0] status_o
);
  // Nobody counts here.
  logic [{parameters.mesh_width * parameters.mesh_height * ACTIONS.width - 1}:0] unused_actions;
  logic unused;
  assign unused = ^unused_actions;

  snnc_top #(
{assignments(parameters, prefix="InitPrefix")}
  ) u_top (
    .clk_i,
    .rst_i,
    .s_axis_tvalid,
    .s_axis_tready,
    .s_axis_tdata,
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata,
    .ready_o,
    .rest_o,
    .home_o,
    .error_o,
    .actions_o(unused_actions),
    .status_select_i,
    .status_o
  );
endmodule

`default_nettype wire
"""


def uart_top(parameters: RtlParameters, identity: int) -> str:
    """`snnc_host_uart` as module `build_uart`, for a board's top level."""
    return f"""// SPDX-License-Identifier: Apache-2.0
// This build behind a UART: snnc_host_uart with the build's parameters and memory images.
`default_nettype none

module build_uart #(
  // Clock cycles of one bit on the line.
  parameter int ClocksPerBit = 100
) (
  input  wire logic clk_i,
  input  wire logic rst_i,
  input  wire logic rx_i,
  output      logic tx_o
);
  snnc_host_uart #(
    .ClocksPerBit(ClocksPerBit),
    .Identity(32'd{identity}),
{assignments(parameters)}
  ) u_host (
    .clk_i,
    .rst_i,
    .rx_i,
    .tx_o
  );
endmodule

`default_nettype wire
"""


def peripheral_top(parameters: RtlParameters, name: str, identity: int, senders: int) -> str:
    """`snnc_peripheral` as module `name`; `senders` tiles send to the host."""
    ports = ",\n".join(f"  {port}" for port in _PERIPHERAL_PORTS)
    names = ",\n".join(f"    .{port.split()[-1]}" for port in _PERIPHERAL_PORTS)
    return f"""// SPDX-License-Identifier: Apache-2.0
// This build as a peripheral: snnc_peripheral with the build's parameters and memory images.
`default_nettype none

module {name} #(
  // Flits and packets that are buffered; powers of two, 2 to 32768.
  parameter int InputDepth = 1024,
  parameter int OutputDepth = 512,
  // Where the memory images are: relative to the folder in which the tool runs, or absolute.
  parameter InitPrefix = "{parameters.init_prefix}"
) (
{ports}
);
  snnc_peripheral #(
    .InputDepth(InputDepth),
    .OutputDepth(OutputDepth),
    .Identity(24'h{identity:06x}),
    .Senders({senders}),
{assignments(parameters, prefix="InitPrefix")}
  ) u_peripheral (
{names}
  );
endmodule

`default_nettype wire
"""


def _port(direction: str, name: str, bits: int = 1) -> str:
    kind = "input  wire logic" if direction == "in" else "output      logic"
    return f"{kind} {f'[{bits - 1}:0]' if bits > 1 else '':6} {name}"


_PERIPHERAL_PORTS = (
    _port("in", "aclk"),
    _port("in", "aresetn"),
    _port("in", "mesh_clk_i"),
    _port("out", "mesh_clk_enable_o"),
    _port("out", "irq_o"),
    _port("in", "s_axis_tvalid"),
    _port("out", "s_axis_tready"),
    _port("in", "s_axis_tdata", STREAM_IN.width),
    _port("in", "s_axis_tlast"),
    _port("out", "m_axis_tvalid"),
    _port("in", "m_axis_tready"),
    _port("out", "m_axis_tdata", STREAM_OUT.width),
    _port("out", "m_axis_tlast"),
    _port("in", "s_axil_awaddr", ADDRESS_BITS),
    _port("in", "s_axil_awprot", 3),
    _port("in", "s_axil_awvalid"),
    _port("out", "s_axil_awready"),
    _port("in", "s_axil_wdata", REGISTER_BITS),
    _port("in", "s_axil_wstrb", REGISTER_BITS // 8),
    _port("in", "s_axil_wvalid"),
    _port("out", "s_axil_wready"),
    _port("out", "s_axil_bresp", 2),
    _port("out", "s_axil_bvalid"),
    _port("in", "s_axil_bready"),
    _port("in", "s_axil_araddr", ADDRESS_BITS),
    _port("in", "s_axil_arprot", 3),
    _port("in", "s_axil_arvalid"),
    _port("out", "s_axil_arready"),
    _port("out", "s_axil_rdata", REGISTER_BITS),
    _port("out", "s_axil_rresp", 2),
    _port("out", "s_axil_rvalid"),
    _port("in", "s_axil_rready"),
)
