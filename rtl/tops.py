"""Texts of top levels: a module of the design with a build's parameters and memory images."""

from snnc.compiler.isa.contract import ADDRESS, CORE_STATUS, FLIT
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
