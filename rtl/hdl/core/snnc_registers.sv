// SPDX-License-Identifier: Apache-2.0
// Configuration registers of a core, of each of its contexts: plain ones, of three contexts at a time, and two small
// tables of them, the segments of the destination table and the banks of the axon tables, read by number.
`default_nettype none

module snnc_registers #(
  // Tiles that the core can hold.
  parameter int Contexts = 1,
  // Common beginning of the names of the files with initial content; "" for none.
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int Bits = snnc_pkg::ChunkBits,
  parameter int ContextBits = (Contexts > 1) ? $clog2(Contexts) : 1,
  parameter int AddressBits = ContextBits + snnc_pkg::RegisterAddressBits
) (
  input  wire logic        clk_i,
  // Write of register `address_i`, above it the context. The write takes this context out of the work.
  input  wire logic        write_i,
  input  wire logic [AddressBits-1:0] address_i,
  input  wire logic [Bits-1:0] data_i,
  output      logic [Contexts-1:0] disable_o,
  // Plain registers of these contexts, the first in the lowest bits, read without a clock.
  input  wire logic [ContextBits-1:0] current_i,
  output      logic [snnc_pkg::RegisterBits-1:0] registers_o,
  input  wire logic [ContextBits-1:0] job_i,
  output      logic [snnc_pkg::RegisterBits-1:0] job_registers_o,
  input  wire logic [ContextBits-1:0] named_i,
  output      logic [snnc_pkg::RegisterBits-1:0] named_registers_o,
  // Segment of context `job_i` by number.
  input  wire logic [1:0]  segment_i,
  output      logic [snnc_pkg::SegmentBits-1:0] segment_o,
  // Bank by context and number: its four registers, the first in the lowest bits.
  input  wire logic [ContextBits-1:0] bank_context_i,
  input  wire logic [1:0]  bank_i,
  output      logic [snnc_pkg::BankBits-1:0] bank_o
);
  localparam int NumberBits = snnc_pkg::RegisterAddressBits;
  localparam int PlainNumberBits = $clog2(snnc_pkg::SegmentRegister);
  localparam int SegmentNumberBits = $clog2(snnc_pkg::Segments);
  localparam int BankPlaceBits = $clog2(snnc_pkg::BankStride);
  localparam int BankNumberBits = $clog2(snnc_pkg::Banks);
  localparam int BankTableBits = BankPlaceBits + BankNumberBits;
  localparam int SegmentAddressBits = (Contexts > 1) ? ContextBits + SegmentNumberBits : SegmentNumberBits;
  localparam int BankAddressBits = (Contexts > 1) ? ContextBits + BankNumberBits : BankNumberBits;

  // One context has the registers of its own, several a memory. Where nothing writes them these are constants,
  // for which no kind of RAM may be asked.
  (* ram_style = (Contexts > 1) ? "auto" : "registers" *)
  logic [snnc_pkg::RegisterBits-1:0] registers [0:Contexts-1];
  logic [snnc_pkg::SegmentBits-1:0] segments [0:Contexts*snnc_pkg::Segments-1];
  logic [snnc_pkg::BankBits-1:0] banks [0:Contexts*snnc_pkg::Banks-1];

  logic [NumberBits-1:0] number;
  logic [ContextBits-1:0] written;
  logic is_plain;
  logic is_segment;
  logic is_bank;

  assign number = address_i[NumberBits-1:0];
  assign written = address_i[NumberBits+:ContextBits];
  assign is_plain = number[NumberBits-1:PlainNumberBits] == '0;
  assign is_segment = number[NumberBits-1:SegmentNumberBits]
      == (NumberBits - SegmentNumberBits)'(snnc_pkg::SegmentRegister >> SegmentNumberBits);
  assign is_bank = number[NumberBits-1:BankTableBits]
      == (NumberBits - BankTableBits)'(snnc_pkg::BankRegister >> BankTableBits);

  if (InitCore != "") begin : g_init
    initial $readmemh({InitCore, "_registers.hex"}, registers);
    initial $readmemh({InitCore, "_segments.hex"}, segments);
    initial $readmemh({InitCore, "_banks.hex"}, banks);
  end else begin : g_zero
    // Disabled until it is configured.
    initial begin
      for (int i = 0; i < Contexts; i++) registers[i] = '0;
    end
  end

  // Not always_ff: nothing else, no initial content either, may write what it writes.
  always @(posedge clk_i) begin
    for (int i = 0; i < snnc_pkg::Registers; i++) begin
      if (write_i && is_plain && number[PlainNumberBits-1:0] == PlainNumberBits'(i)) begin
        registers[(Contexts > 1) ? written : '0][i*Bits+:Bits] <= data_i;
      end
    end
    if (write_i && is_segment) begin
      segments[SegmentAddressBits'({written, number[SegmentNumberBits-1:0]})] <= data_i[snnc_pkg::SegmentBits-1:0];
    end
    for (int i = 0; i < snnc_pkg::BankBits / Bits; i++) begin
      if (write_i && is_bank && number[BankPlaceBits-1:0] == BankPlaceBits'(i)) begin
        banks[BankAddressBits'({written, number[BankPlaceBits+:BankNumberBits]})][i*Bits+:Bits] <= data_i;
      end
    end
  end

  for (genvar i = 0; i < Contexts; i++) begin : g_disable
    assign disable_o[i] = write_i && written == ContextBits'(i)
        && number == NumberBits'(snnc_pkg::RegisterEnableAt / Bits) && !data_i[snnc_pkg::RegisterEnableAt % Bits];
  end

  // Apart, since Icarus Verilog reads X from an array whose index a constant condition chooses.
  if (Contexts > 1) begin : g_several
    assign registers_o = registers[current_i];
    assign job_registers_o = registers[job_i];
    assign named_registers_o = registers[named_i];
  end else begin : g_one
    assign registers_o = registers[0];
    assign job_registers_o = registers[0];
    assign named_registers_o = registers[0];
    logic unused;
    assign unused = ^{current_i, job_i, named_i};
  end
  assign segment_o = segments[SegmentAddressBits'({job_i, segment_i})];
  assign bank_o = banks[BankAddressBits'({bank_context_i, bank_i})];
endmodule

`default_nettype wire
