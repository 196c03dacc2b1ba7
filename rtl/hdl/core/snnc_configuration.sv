// SPDX-License-Identifier: Apache-2.0
// Configuration of a core: CONFIG flits become writes of its memories, its registers among them.
`default_nettype none

module snnc_configuration #(
  // Parameters of snnc_config.
  parameter int WeightWordBits = 32,
  parameter int StateWordBits = 128,
  parameter int DecayWordBits = 0,
  parameter int ConfigBits = 128,
  parameter int Loadable = 8191,
  // Parameters of snnc_registers.
  parameter int Contexts = 1,
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int ContextBits = (Contexts > 1) ? $clog2(Contexts) : 1
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
  // CONFIG flits, and writes of memories; see snnc_config.
  input  wire logic                         address_valid_i,
  input  wire logic                         data_valid_i,
  input  wire logic [snnc_pkg::ConfigBits-1:0] data_i,
  input  wire logic                         allowed_i,
  output      logic                         refused_o,
  output      logic [snnc_pkg::Memories-1:0] write_o,
  output      logic [snnc_pkg::ConfigAddressBits-1:0] write_address_o,
  output      logic [ConfigBits-1:0]        write_data_o,
  // Reads of registers; see snnc_registers.
  output      logic [Contexts-1:0]          disable_o,
  input  wire logic [ContextBits-1:0]       current_i,
  output      logic [snnc_pkg::RegisterBits-1:0] registers_o,
  input  wire logic [ContextBits-1:0]       job_i,
  output      logic [snnc_pkg::RegisterBits-1:0] job_registers_o,
  input  wire logic [ContextBits-1:0]       named_i,
  output      logic [snnc_pkg::RegisterBits-1:0] named_registers_o,
  input  wire logic [1:0]                   segment_i,
  output      logic [snnc_pkg::SegmentBits-1:0] segment_o,
  input  wire logic [ContextBits-1:0]       bank_context_i,
  input  wire logic [snnc_pkg::AxonRowBankBits-1:0] bank_i,
  output      logic [snnc_pkg::BankBits-1:0] bank_o
);
  snnc_config #(
    .WeightWordBits(WeightWordBits),
    .StateWordBits(StateWordBits),
    .DecayWordBits(DecayWordBits),
    .AddressBits(snnc_pkg::ConfigAddressBits),
    .Loadable(Loadable)
  ) u_config (
    .clk_i,
    .rst_i,
    .address_valid_i,
    .data_valid_i,
    .data_i,
    .allowed_i,
    .refused_o,
    .write_o,
    .write_address_o,
    .write_data_o
  );

  snnc_registers #(
    .Contexts(Contexts),
    .InitCore(InitCore)
  ) u_registers (
    .clk_i,
    .write_i(write_o[snnc_pkg::MemoryRegisters]),
    .address_i(write_address_o[ContextBits+snnc_pkg::RegisterAddressBits-1:0]),
    .data_i(write_data_o[snnc_pkg::ChunkBits-1:0]),
    .disable_o,
    .current_i,
    .registers_o,
    .job_i,
    .job_registers_o,
    .named_i,
    .named_registers_o,
    .segment_i,
    .segment_o,
    .bank_context_i,
    .bank_i,
    .bank_o
  );
endmodule

`default_nettype wire
