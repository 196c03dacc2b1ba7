// SPDX-License-Identifier: Apache-2.0
// Configuration registers of a core: plain ones, always readable, and two small tables of them,
// the segments of the destination table and the banks of the axon tables, read by number.
`default_nettype none

module snnc_registers #(
  // Common beginning of the names of the files with initial content; "" for none.
  parameter InitCore = ""
) (
  input  wire logic        clk_i,
  // Write of register `address_i`.
  input  wire logic        write_i,
  input  wire logic [5:0]  address_i,
  input  wire logic [31:0] data_i,
  // Registers 0 to 12, the first in the lowest bits.
  output      logic [snnc_pkg::Registers*32-1:0] registers_o,
  // Segment by number.
  input  wire logic [1:0]  segment_i,
  output      logic [snnc_pkg::SegmentBits-1:0] segment_o,
  // Bank by number: its four registers, the first in the lowest bits.
  input  wire logic [1:0]  bank_i,
  output      logic [snnc_pkg::BankBits-1:0] bank_o
);
  (* ram_style = "registers" *) logic [31:0] registers [0:15];
  (* ram_style = "distributed" *) logic [snnc_pkg::SegmentBits-1:0] segments [0:3];
  (* ram_style = "distributed" *) logic [snnc_pkg::BankBits-1:0] banks [0:3];

  if (InitCore != "") begin : g_init
    initial $readmemh({InitCore, "_registers.hex"}, registers);
    initial $readmemh({InitCore, "_segments.hex"}, segments);
    initial $readmemh({InitCore, "_banks.hex"}, banks);
  end else begin : g_zero
    // Disabled until it is configured.
    initial begin
      for (int i = 0; i < 16; i++) registers[i] = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_i && address_i[5:4] == 2'd0) registers[address_i[3:0]] <= data_i;
    if (write_i && address_i[5:2] == 4'd4) begin
      segments[address_i[1:0]] <= data_i[snnc_pkg::SegmentBits-1:0];
    end
    // Bank b starts at register 32 + 8 b.
    for (int i = 0; i < 4; i++) begin
      if (write_i && address_i[5] && address_i[2:0] == 3'(i)) begin
        banks[address_i[4:3]][i*32+:32] <= data_i;
      end
    end
  end

  for (genvar i = 0; i < snnc_pkg::Registers; i++) begin : g_registers
    assign registers_o[i*32+:32] = registers[i];
  end
  assign segment_o = segments[segment_i];
  assign bank_o = banks[bank_i];
endmodule

`default_nettype wire
