// SPDX-License-Identifier: Apache-2.0
// Weights of a core, written by configuration and read by the row engine, never both in one cycle: in block RAM, or in
// RAM with one port, which is large and has no initial content.
`default_nettype none

module snnc_weights #(
  // Bits of one word, and number of words.
  parameter int Width = 32,
  parameter int Depth = 256,
  // 1: RAM with one port.
  parameter int SinglePort = 0,
  // $readmemh file with the initial content of block RAM; "" for none.
  parameter InitFile = "",
  // Derived; not to be set.
  parameter int AddressBits = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   write_i,
  input  wire logic [AddressBits-1:0] write_address_i,
  input  wire logic [Width-1:0]       write_data_i,
  input  wire logic                   read_i,
  input  wire logic [AddressBits-1:0] read_address_i,
  output      logic [Width-1:0]       read_data_o
);
  if (SinglePort != 0) begin : g_single_port
    snnc_single_port_memory #(
      .Width(Width),
      .Depth(Depth)
    ) u_weights (
      .clk_i,
      .write_i,
      .read_i,
      .address_i(write_i ? write_address_i : read_address_i),
      .write_data_i,
      .read_data_o
    );
  end else begin : g_two_ports
    snnc_memory #(
      .Width(Width),
      .Depth(Depth),
      .InitFile(InitFile)
    ) u_weights (
      .clk_i,
      .write_i,
      .write_address_i,
      .write_data_i,
      .read_i,
      .read_address_i,
      .read_data_o
    );
  end
endmodule

`default_nettype wire
