// SPDX-License-Identifier: Apache-2.0
// Configuration: collects CONFIG flits into words of the memories and registers.
`default_nettype none

module snnc_config #(
  // Bits of a weight word, and of a state, threshold or bias word.
  parameter int WeightWordBits = 32,
  parameter int StateWordBits = 128,
  // Bits of a word of decays; 0 where there are none.
  parameter int DecayWordBits = 0,
  // Bits of the longest address a memory word can have; at most 24.
  parameter int AddressBits = 16,
  // Memories that are written; see snnc_core.
  parameter int Loadable = 8191,
  // Derived; not to be set.
  parameter int LongestBits = (WeightWordBits > StateWordBits && WeightWordBits > DecayWordBits)
      ? WeightWordBits : (StateWordBits > DecayWordBits) ? StateWordBits : DecayWordBits,
  parameter int Chunks = (LongestBits > 96) ? (LongestBits + 31) / 32 : 3
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_i,
  // A CONFIG flit in this cycle, and its 32 bits of data.
  input  wire logic                   address_valid_i,
  input  wire logic                   data_valid_i,
  input  wire logic [snnc_pkg::ConfigBits-1:0] data_i,
  // The core may be configured in this cycle. A flit in any other is refused, and data from then on up to
  // the next address; so is an address in no memory, and data without an address.
  input  wire logic                   allowed_i,
  output      logic                   refused_o,
  // Write of one word to the selected memory in this cycle; one bit per memory code. The data are 0
  // while no word is on its way.
  output      logic [snnc_pkg::Memories-1:0] write_o,
  output      logic [AddressBits-1:0] write_address_o,
  output      logic [Chunks*32-1:0]   write_data_o
);
  localparam int WeightChunks = (WeightWordBits + 31) / 32;
  localparam int StateChunks = (StateWordBits + 31) / 32;
  localparam int DecayChunks = (DecayWordBits + 31) / 32;
  localparam int DestinationChunks = (snnc_pkg::DestinationBits + 31) / 32;
  localparam int AxonChunks = (snnc_pkg::AxonRowBits + 31) / 32;
  localparam int ChunkBits = $clog2(Chunks);
  localparam logic [snnc_pkg::ConfigMemoryBits-1:0] NoMemory = '1;

  logic [snnc_pkg::ConfigMemoryBits-1:0] memory_q;
  logic [AddressBits-1:0] address_q;
  logic [ChunkBits-1:0] chunk_q;
  logic [Chunks*32-1:0] data_q;
  logic write_q;
  logic [ChunkBits-1:0] last_chunk;
  logic address_valid;
  logic data_valid;

  assign address_valid = address_valid_i && allowed_i;
  assign data_valid = data_valid_i && allowed_i && memory_q != NoMemory;
  assign refused_o = (address_valid_i && (!allowed_i || 32'({snnc_pkg::config_memory(data_i)}) >= snnc_pkg::Memories))
      || (data_valid_i && !data_valid);

  always @* begin
    case (memory_q)
      snnc_pkg::MemoryWeights: last_chunk = ChunkBits'(WeightChunks - 1);
      snnc_pkg::MemoryState, snnc_pkg::MemoryMembrane, snnc_pkg::MemoryThresholds,
      snnc_pkg::MemoryBias, snnc_pkg::MemoryResetAmounts:
        last_chunk = ChunkBits'(StateChunks - 1);
      snnc_pkg::MemoryDecays, snnc_pkg::MemoryCurrentDecays:
        last_chunk = (DecayWordBits != 0) ? ChunkBits'(DecayChunks - 1) : '0;
      snnc_pkg::MemoryDestinations: last_chunk = ChunkBits'(DestinationChunks - 1);
      snnc_pkg::MemoryAxonRows, snnc_pkg::MemoryAxonColumns: last_chunk = ChunkBits'(AxonChunks - 1);
      default: last_chunk = '0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    write_q <= data_valid && chunk_q == last_chunk;
    if (write_q) address_q <= address_q + AddressBits'(1);
    if (data_valid) begin
      chunk_q <= (chunk_q == last_chunk) ? '0 : chunk_q + ChunkBits'(1);
    end
    if (address_valid) begin
      memory_q <= snnc_pkg::config_memory(data_i);
      address_q <= AddressBits'({snnc_pkg::config_address(data_i)});
      chunk_q <= '0;
    end
    if (rst_i || !allowed_i || refused_o) memory_q <= NoMemory;
    if (rst_i) begin
      chunk_q <= '0;
      write_q <= 1'b0;
    end
  end

  // After the write the data are 0 until the next word arrives, which may begin in that cycle.
  for (genvar i = 0; i < Chunks; i++) begin : g_chunk
    always_ff @(posedge clk_i) begin
      if (rst_i || !allowed_i || address_valid || (write_q && !(i == 0 && data_valid))) data_q[i*32+:32] <= '0;
      else if (data_valid && chunk_q == ChunkBits'(i)) data_q[i*32+:32] <= data_i;
    end
  end

  always @* begin
    for (int i = 0; i < snnc_pkg::Memories; i++) begin
      write_o[i] = ((Loadable >> i) & 1) != 0 && write_q && memory_q == snnc_pkg::ConfigMemoryBits'(i);
    end
  end
  assign write_address_o = address_q;
  assign write_data_o = data_q;

  logic unused;
  assign unused = ^data_i;
endmodule

`default_nettype wire
