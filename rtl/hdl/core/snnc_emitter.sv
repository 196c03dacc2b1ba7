// SPDX-License-Identifier: Apache-2.0
// Emission: the emitter with its tables of destinations and sources, set up by the registers.
`default_nettype none

module snnc_emitter #(
  // Parameters of the core; see snnc_core.
  parameter int Lanes = 8,
  parameter int StateBits = 16,
  parameter int StateWords = 16,
  parameter int Destinations = 8,
  parameter int Sources = 8,
  parameter int Contexts = 1,
  parameter logic [snnc_pkg::AddressBits-1:0] KeptAddress = '1,
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1
) (
  input  wire logic                              clk_i,
  input  wire logic                              rst_i,
  // Configuration, and writes of the tables.
  input  wire logic [snnc_pkg::RegisterBits-1:0] registers_i,
  input  wire logic                              destination_write_i,
  input  wire logic                              source_write_i,
  input  wire logic [snnc_pkg::ConfigAddressBits-1:0] write_address_i,
  input  wire logic [snnc_pkg::DestinationBits-1:0] write_data_i,
  // Commands, credits, and reads of bitmap and state; see snnc_emit.
  input  wire logic                              start_credit_i,
  input  wire logic                              start_emit_i,
  input  wire logic [snnc_pkg::StepBits-1:0]     step_i,
  input  wire logic                              last_step_i,
  output      logic                              idle_o,
  output      logic                              waits_o,
  input  wire logic                              granted_i,
  output      logic                              bitmap_read_o,
  output      logic [3:0]                        bitmap_slot_o,
  output      logic [WordBits-1:0]               bitmap_word_o,
  input  wire logic [Lanes-1:0]                  spikes_i,
  output      logic                              state_read_o,
  output      logic                              state_keep_o,
  output      logic [WordBits-1:0]               word_o,
  input  wire logic [Lanes*StateBits-1:0]        state_i,
  // Segment by number, read without a clock.
  output      logic [1:0]                        segment_address_o,
  input  wire logic [snnc_pkg::SegmentBits-1:0]  segment_i,
  // Stream out.
  output      logic                              valid_o,
  input  wire logic                              ready_i,
  output      logic [snnc_pkg::FlitBits-1:0]     data_o
);
  localparam int NeuronBits = WordBits + $clog2(Lanes) + 1;
  localparam int DestinationAddressBits = (Destinations > 1) ? $clog2(Destinations) : 1;
  localparam int SourceAddressBits = (Sources > 1) ? $clog2(Sources) : 1;

  // Written they are distributed RAM, since they are read without a clock; constant they are logic.
  logic [snnc_pkg::DestinationBits-1:0] destinations [0:Destinations-1];
  logic [snnc_pkg::SourceBits-1:0] sources [0:Sources-1];
  logic [DestinationAddressBits-1:0] destination_address;
  logic [SourceAddressBits-1:0] source_address;

  // Entries as they are kept: of their addresses what the mesh needs.
  logic [snnc_pkg::DestinationBits-1:0] kept_destination;
  logic [snnc_pkg::SourceBits-1:0] kept_source;

  always @* begin
    kept_destination = write_data_i;
    kept_destination[snnc_pkg::DestinationAddressAt+:snnc_pkg::AddressBits] =
        snnc_pkg::address_within(snnc_pkg::destination_address(write_data_i), KeptAddress);
    kept_source = write_data_i[snnc_pkg::SourceBits-1:0];
    kept_source[snnc_pkg::SourceAddressAt+:snnc_pkg::AddressBits] =
        snnc_pkg::address_within(snnc_pkg::source_address(kept_source), KeptAddress);
  end

  if (InitCore != "") begin : g_init
    initial $readmemh({InitCore, "_destinations.hex"}, destinations);
    initial $readmemh({InitCore, "_sources.hex"}, sources);
  end

  // Not always_ff: nothing else, no initial content either, may write what it writes.
  always @(posedge clk_i) begin
    if (destination_write_i) begin
      destinations[write_address_i[DestinationAddressBits-1:0]] <= kept_destination;
    end
    if (source_write_i) begin
      sources[write_address_i[SourceAddressBits-1:0]] <= kept_source;
    end
  end

  snnc_emit #(
    .Lanes(Lanes),
    .StateBits(StateBits),
    .StateWords(StateWords),
    .Destinations(Destinations),
    .Sources(Sources),
    .Contexts(Contexts)
  ) u_emit (
    .clk_i,
    .rst_i,
    .state_word_i(WordBits'({snnc_pkg::register_state_word(registers_i)})),
    .words_i((WordBits + 1)'({snnc_pkg::register_words(registers_i)})),
    .neurons_i(NeuronBits'({snnc_pkg::register_neurons(registers_i)})),
    .flat_i(snnc_pkg::register_flat(registers_i)),
    .pixel_words_i(8'({snnc_pkg::register_pixel_words(registers_i)})),
    .columns_i(8'({snnc_pkg::register_columns(registers_i)})),
    .values_last_i(snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesLast),
    .values_every_i(snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesEvery),
    .first_destination_i(DestinationAddressBits'({snnc_pkg::register_first_destination(registers_i)})),
    .destination_count_i((DestinationAddressBits + 1)'({snnc_pkg::register_destinations(registers_i)})),
    .first_source_i(SourceAddressBits'({snnc_pkg::register_first_source(registers_i)})),
    .source_count_i((SourceAddressBits + 1)'({snnc_pkg::register_sources(registers_i)})),
    .segment_count_i(snnc_pkg::register_segments(registers_i)),
    .start_credit_i,
    .start_emit_i,
    .step_i,
    .last_step_i,
    .idle_o,
    .waits_o,
    .granted_i,
    .bitmap_read_o,
    .bitmap_slot_o,
    .bitmap_word_o,
    .spikes_i,
    .state_read_o,
    .state_keep_o,
    .word_o,
    .state_i,
    .segment_address_o,
    .segment_i,
    .destination_address_o(destination_address),
    .destination_i(destinations[destination_address]),
    .source_address_o(source_address),
    .source_i(sources[source_address]),
    .valid_o,
    .ready_i,
    .data_o
  );

  logic unused;
  assign unused = ^{registers_i, write_address_i, write_data_i};
endmodule

`default_nettype wire
