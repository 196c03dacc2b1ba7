// SPDX-License-Identifier: Apache-2.0
// Simple dual-port RAM, block RAM but for a few words: one write port, one read port with one clock of latency.
// The word that was read last stays until another is. A word is never read in the cycle in which it is
// written: the schedule of the core excludes it.
`default_nettype none

module snnc_memory #(
  // Bits of one word.
  parameter int Width = 8,
  // Number of words.
  parameter int Depth = 16,
  // $readmemh file with the initial content; "" for none.
  parameter InitFile = "",
  // Derived; not to be set.
  parameter int AddressBits = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  wire logic                   clk_i,
  // Write port.
  input  wire logic                   write_i,
  input  wire logic [AddressBits-1:0] write_address_i,
  input  wire logic [Width-1:0]       write_data_i,
  // Read port.
  input  wire logic                   read_i,
  input  wire logic [AddressBits-1:0] read_address_i,
  output      logic [Width-1:0]       read_data_o
);
  // Up to 16 words are one level of distributed RAM, on most devices less than a block RAM; that no style is
  // asked for leaves room for constants, which are logic.
  (* no_rw_check, ram_style = (Depth > 16) ? "block" : "auto" *)
  logic [Width-1:0] memory [0:Depth-1];

  if (InitFile != "") begin : g_init
    initial $readmemh(InitFile, memory);
  end

  // Not always_ff: nothing else, no initial content either, may write what it writes.
  always @(posedge clk_i) begin
    if (write_i) memory[write_address_i] <= write_data_i;
    if (read_i) read_data_o <= memory[read_address_i];
  end

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (write_i && read_i) begin
      assert (write_address_i != read_address_i) else $fatal(1, "%m: word read while written");
    end
  end
`endif
endmodule

`default_nettype wire
