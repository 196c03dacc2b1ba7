// SPDX-License-Identifier: Apache-2.0
// Large RAM with one port, which writes or reads, with one clock of latency and no initial content. The word that was
// read last stays until another is.
`default_nettype none

module snnc_single_port_memory #(
  // Bits of one word.
  parameter int Width = 16,
  // Number of words.
  parameter int Depth = 16384,
  // Derived; not to be set.
  parameter int AddressBits = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   write_i,
  // Only where nothing is written.
  input  wire logic                   read_i,
  input  wire logic [AddressBits-1:0] address_i,
  input  wire logic [Width-1:0]       write_data_i,
  output      logic [Width-1:0]       read_data_o
);
  (* ram_style = "huge" *) logic [Width-1:0] memory [0:Depth-1];

  always_ff @(posedge clk_i) begin
    if (write_i) memory[address_i] <= write_data_i;
    else if (read_i) read_data_o <= memory[address_i];
  end

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    assert (!(write_i && read_i)) else $fatal(1, "%m: read while written");
  end
`endif
endmodule

`default_nettype wire
