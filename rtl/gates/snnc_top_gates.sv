// SPDX-License-Identifier: Apache-2.0
// Stands for snnc_top in a simulation of its netlist, which has its parameters built in.
`default_nettype none

module snnc_top #(
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
  parameter InitPrefix = ""
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
  input  wire logic                         s_axis_tvalid,
  output      logic                         s_axis_tready,
  input  wire logic [snnc_pkg::FlitBits-1:0] s_axis_tdata,
  output      logic                         m_axis_tvalid,
  input  wire logic                         m_axis_tready,
  output      logic [snnc_pkg::FlitBits-1:0] m_axis_tdata,
  output      logic                         ready_o,
  output      logic                         rest_o,
  output      logic                         home_o,
  output      logic                         error_o,
  output      logic [MeshWidth*MeshHeight*snnc_pkg::ActionsBits-1:0] actions_o,
  input  wire logic [snnc_pkg::AddressBits-1:0] status_select_i,
  output      logic [31:0]                  status_o
);
  // Nobody counts here.
  assign actions_o = '0;

  build_top u_netlist (
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
