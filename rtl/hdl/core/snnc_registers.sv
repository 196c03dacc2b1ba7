// SPDX-License-Identifier: Apache-2.0
// Configuration registers of a core: plain ones, always readable, and two small tables of them,
// the segments of the destination table and the banks of the axon tables, read by number.
`default_nettype none

module snnc_registers #(
  // Common beginning of the names of the files with initial content; "" for none.
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int Bits = snnc_pkg::ChunkBits,
  parameter int AddressBits = snnc_pkg::RegisterAddressBits
) (
  input  wire logic        clk_i,
  // Write of register `address_i`.
  input  wire logic        write_i,
  input  wire logic [AddressBits-1:0] address_i,
  input  wire logic [Bits-1:0] data_i,
  // Registers 0 to 12, the first in the lowest bits.
  output      logic [snnc_pkg::RegisterBits-1:0] registers_o,
  // Segment by number.
  input  wire logic [1:0]  segment_i,
  output      logic [snnc_pkg::SegmentBits-1:0] segment_o,
  // Bank by number: its four registers, the first in the lowest bits.
  input  wire logic [1:0]  bank_i,
  output      logic [snnc_pkg::BankBits-1:0] bank_o
);
  localparam int PlainNumberBits = $clog2(snnc_pkg::SegmentRegister);
  localparam int SegmentNumberBits = $clog2(snnc_pkg::Segments);
  localparam int BankPlaceBits = $clog2(snnc_pkg::BankStride);
  localparam int BankNumberBits = $clog2(snnc_pkg::Banks);
  localparam int BankTableBits = BankPlaceBits + BankNumberBits;

  (* ram_style = "registers" *) logic [Bits-1:0] registers [0:snnc_pkg::SegmentRegister-1];
  // Written these are distributed RAM, since they are read without a clock; constant they are logic.
  logic [snnc_pkg::SegmentBits-1:0] segments [0:snnc_pkg::Segments-1];
  logic [snnc_pkg::BankBits-1:0] banks [0:snnc_pkg::Banks-1];

  logic is_plain;
  logic is_segment;
  logic is_bank;

  assign is_plain = address_i[AddressBits-1:PlainNumberBits] == '0;
  assign is_segment = address_i[AddressBits-1:SegmentNumberBits]
      == (AddressBits - SegmentNumberBits)'(snnc_pkg::SegmentRegister >> SegmentNumberBits);
  assign is_bank = address_i[AddressBits-1:BankTableBits]
      == (AddressBits - BankTableBits)'(snnc_pkg::BankRegister >> BankTableBits);

  if (InitCore != "") begin : g_init
    initial $readmemh({InitCore, "_registers.hex"}, registers);
    initial $readmemh({InitCore, "_segments.hex"}, segments);
    initial $readmemh({InitCore, "_banks.hex"}, banks);
  end else begin : g_zero
    // Disabled until it is configured.
    initial begin
      for (int i = 0; i < snnc_pkg::SegmentRegister; i++) registers[i] = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_i && is_plain) registers[address_i[PlainNumberBits-1:0]] <= data_i;
    if (write_i && is_segment) begin
      segments[address_i[SegmentNumberBits-1:0]] <= data_i[snnc_pkg::SegmentBits-1:0];
    end
    for (int i = 0; i < snnc_pkg::BankBits / Bits; i++) begin
      if (write_i && is_bank && address_i[BankPlaceBits-1:0] == BankPlaceBits'(i)) begin
        banks[address_i[BankPlaceBits+:BankNumberBits]][i*Bits+:Bits] <= data_i;
      end
    end
  end

  for (genvar i = 0; i < snnc_pkg::Registers; i++) begin : g_registers
    assign registers_o[i*Bits+:Bits] = registers[i];
  end
  assign segment_o = segments[segment_i];
  assign bank_o = banks[bank_i];
endmodule

`default_nettype wire
