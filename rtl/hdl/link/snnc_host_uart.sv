// SPDX-License-Identifier: Apache-2.0
// The mesh behind a UART: the unit that a board's top level instantiates (docs/host.md).
`default_nettype none

module snnc_host_uart #(
  // Clock cycles of one bit on the line, at least 4: clock frequency / baud rate.
  parameter int ClocksPerBit = 100,
  // Flits of a run that are gathered before it starts, and packets kept for the host; powers of two,
  // 2 to 32768 and 32 to 16384.
  parameter int InputDepth = 1024,
  parameter int OutputDepth = 512,
  // Names the hardware to the host; the driver refuses to load an image made for another.
  parameter logic [23:0] Identity = '0,
  // Parameters of snnc_top.
  parameter int MeshWidth = 2,
  parameter int MeshHeight = 2,
  parameter int Lanes = 8,
  parameter int WeightBits = 4,
  parameter int StateBits = 16,
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  parameter int ParameterWords = 16,
  parameter int AxonRows = 16,
  parameter int AxonColumns = 16,
  parameter int BitmapSlots = 1,
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0,
  parameter int ResetAmount = 0,
  parameter int ChannelLeak = 0,
  parameter int LowerClamp = 0,
  parameter int FractionBits = 0,
  parameter int PayloadBits = 8,
  parameter int Destinations = 8,
  parameter int Sources = 8,
  parameter int EventFifoDepth = 16,
  parameter int RouterFifoDepth = 4,
  parameter int Contexts = 1,
  parameter int Loadable = 8191,
  parameter int SinglePortWeights = 0,
  parameter int Diagnostics = 1,
  parameter InitPrefix = ""
) (
  input  wire logic clk_i,
  // Synchronous, active high.
  input  wire logic rst_i,
  // UART lines, seen from here; 8 data bits, no parity, one stop bit.
  input  wire logic rx_i,
  output      logic tx_o
);
  logic rx_valid;
  logic [7:0] rx_data;
  logic rx_error;
  logic tx_valid;
  logic tx_ready;
  logic [7:0] tx_data;
  logic mesh_rst;
  logic ready_to_run;
  logic rest;
  logic home;
  logic error;
  logic [snnc_pkg::AddressBits-1:0] status_select;
  logic [31:0] status;
  logic in_valid;
  logic in_ready;
  logic [snnc_pkg::FlitBits-1:0] in_data;
  logic out_valid;
  logic out_ready;
  logic [snnc_pkg::FlitBits-1:0] out_data;
  logic [MeshWidth*MeshHeight*snnc_pkg::ActionsBits-1:0] unused_actions;

  snnc_uart_rx #(
    .ClocksPerBit(ClocksPerBit)
  ) u_rx (
    .clk_i,
    .rst_i,
    .rx_i,
    .valid_o(rx_valid),
    .data_o(rx_data),
    .error_o(rx_error)
  );

  snnc_uart_tx #(
    .ClocksPerBit(ClocksPerBit)
  ) u_tx (
    .clk_i,
    .rst_i,
    .valid_i(tx_valid),
    .ready_o(tx_ready),
    .data_i(tx_data),
    .tx_o
  );

  snnc_bridge #(
    .InputDepth(InputDepth),
    .OutputDepth(OutputDepth),
    .XBits(snnc_pkg::coordinate_bits(MeshWidth, snnc_pkg::FlitXBits)),
    .YBits(snnc_pkg::coordinate_bits(MeshHeight, snnc_pkg::FlitYBits)),
    .Identity(Identity)
  ) u_bridge (
    .clk_i,
    .rst_i,
    .valid_i(rx_valid),
    .data_i(rx_data),
    .error_i(rx_error),
    .valid_o(tx_valid),
    .ready_i(tx_ready),
    .data_o(tx_data),
    .mesh_rst_o(mesh_rst),
    .mesh_ready_to_run_i(ready_to_run),
    .mesh_rest_i(rest),
    .mesh_home_i(home),
    .mesh_error_i(error),
    .status_select_o(status_select),
    .status_i(status),
    .mesh_valid_o(in_valid),
    .mesh_ready_i(in_ready),
    .mesh_data_o(in_data),
    .mesh_valid_i(out_valid),
    .mesh_ready_o(out_ready),
    .mesh_data_i(out_data)
  );

  snnc_top #(
    .MeshWidth(MeshWidth),
    .MeshHeight(MeshHeight),
    .Lanes(Lanes),
    .WeightBits(WeightBits),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .ParameterWords(ParameterWords),
    .AxonRows(AxonRows),
    .AxonColumns(AxonColumns),
    .BitmapSlots(BitmapSlots),
    .Cuba(Cuba),
    .DecayMultiplier(DecayMultiplier),
    .ResetAmount(ResetAmount),
    .ChannelLeak(ChannelLeak),
    .LowerClamp(LowerClamp),
    .FractionBits(FractionBits),
    .PayloadBits(PayloadBits),
    .Destinations(Destinations),
    .Sources(Sources),
    .EventFifoDepth(EventFifoDepth),
    .RouterFifoDepth(RouterFifoDepth),
    .Contexts(Contexts),
    .Loadable(Loadable),
    .SinglePortWeights(SinglePortWeights),
    .Diagnostics(Diagnostics),
    .InitPrefix(InitPrefix)
  ) u_top (
    .clk_i,
    .rst_i(mesh_rst),
    .s_axis_tvalid(in_valid),
    .s_axis_tready(in_ready),
    .s_axis_tdata(in_data),
    .m_axis_tvalid(out_valid),
    .m_axis_tready(out_ready),
    .m_axis_tdata(out_data),
    .ready_o(ready_to_run),
    .rest_o(rest),
    .home_o(home),
    .error_o(error),
    .actions_o(unused_actions),
    .status_select_i(status_select),
    .status_o(status)
  );

  // Nobody counts here.
  logic unused;
  assign unused = ^unused_actions;
endmodule

`default_nettype wire
