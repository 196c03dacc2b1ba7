// SPDX-License-Identifier: Apache-2.0
// The way of events into a core: event FIFO, dispatcher, decode and row engine.
`default_nettype none

module snnc_events #(
  // Parameters of the core; see snnc_core.
  parameter int Lanes = 8,
  parameter int StateBits = 16,
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  parameter int AxonRows = 16,
  parameter int AxonColumns = 16,
  parameter int DecayMultiplier = 0,
  parameter int PayloadBits = 8,
  parameter int EventFifoDepth = 16,
  parameter int Contexts = 1,
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int WeightAddressBits = (WeightWords > 1) ? $clog2(WeightWords) : 1,
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1,
  parameter int ContextBits = (Contexts > 1) ? $clog2(Contexts) : 1
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
  // Writes of the axon tables.
  input  wire logic                         row_write_i,
  input  wire logic                         column_write_i,
  input  wire logic [snnc_pkg::SpikeYBits-1:0] write_address_i,
  input  wire logic [snnc_pkg::AxonRowBits-1:0] write_data_i,
  // Stream in: flits from the router.
  input  wire logic                         valid_i,
  output      logic                         ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] data_i,
  // SPIKEs and VALUEs may pass.
  input  wire logic                         pass_i,
  // What all other flits are, in the one cycle in which each is at the head of the FIFO, and their data;
  // cores know nothing of those that are `unknown_o`.
  output      logic                         config_address_valid_o,
  output      logic                         config_data_valid_o,
  output      logic                         end_o,
  output      logic                         credit_o,
  output      logic                         unknown_o,
  output      logic [snnc_pkg::FlitDataBits-1:0] data_o,
  // Nothing is in the FIFO; no event is in the registers behind it, nor in the row engine.
  output      logic                         fifo_empty_o,
  output      logic                         quiet_o,
  // Events that name what there is not; see snnc_decode.
  output      logic                         outside_o,
  output      logic                         no_payload_o,
  output      logic                         no_neuron_o,
  // Bank of an event, of which context, read without a clock.
  output      logic [ContextBits-1:0]       bank_context_o,
  output      logic [snnc_pkg::AxonRowBankBits-1:0] bank_o,
  input  wire logic [snnc_pkg::BankBits-1:0] bank_i,
  // The row engine takes an event in this cycle, of which context if it is a SPIKE.
  output      logic                         start_o,
  output      logic                         is_value_o,
  output      logic [ContextBits-1:0]       context_o,
  // Accesses of the row engine; see snnc_accumulate.
  output      logic                         weight_read_o,
  output      logic [WeightAddressBits-1:0] weight_address_o,
  output      logic                         read_o,
  output      logic [WordBits-1:0]          read_word_o,
  output      logic [Lanes-1:0]             lanes_o,
  output      logic                         weigh_o,
  output      logic [7:0]                   factor_o,
  output      logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_o,
  output      logic [StateBits-1:0]         value_o,
  output      logic                         write_o,
  output      logic [WordBits-1:0]          write_word_o
);
  localparam int CountBits = $clog2(StateWords + 1);

  // Head of the FIFO.
  logic head_valid;
  logic head_ready;
  logic [snnc_pkg::FlitTypeBits-1:0] head_type;
  logic head_is_event;

  // Decoded event; see snnc_decode.
  logic decode_ready;
  logic decode_empty;
  logic engine_busy;
  logic engine_ready;
  logic [PayloadBits-1:0] event_payload;
  logic [StateBits-1:0] event_value;
  logic [snnc_pkg::BankFractionBitsBits-1:0] event_fraction_bits;
  logic event_masked;
  logic [Lanes-1:0] event_lanes;
  logic [WeightAddressBits-1:0] event_weights;
  logic [WeightAddressBits-1:0] event_weights_offset;
  logic [WordBits-1:0] event_state;
  logic [WordBits-1:0] event_state_offset;
  logic [snnc_pkg::AxonRowCountBits-1:0] event_rows;
  logic [snnc_pkg::AxonColumnCountBits-1:0] event_columns;
  logic [CountBits-1:0] event_words;
  logic [WeightAddressBits-1:0] row_weight_step;
  logic [WeightAddressBits-1:0] column_weight_step;
  logic [WordBits-1:0] row_state_step;
  logic [WordBits-1:0] column_state_step;
  logic event_gap;

  assign head_is_event =
      head_type == snnc_pkg::FlitSpike || head_type == snnc_pkg::FlitValue;
  assign quiet_o = decode_empty && !engine_busy;
  assign head_ready = !head_is_event || (pass_i && decode_ready);
  assign end_o = head_valid && head_type == snnc_pkg::FlitEnd;
  assign credit_o = head_valid && head_type == snnc_pkg::FlitCredit;
  assign unknown_o = head_valid && head_type >= snnc_pkg::FlitSync;
  assign config_address_valid_o = head_valid && head_type == snnc_pkg::FlitConfigAddress;
  assign config_data_valid_o = head_valid && head_type == snnc_pkg::FlitConfigData;

  // Where a flit was to go is of no use any more.
  snnc_fifo #(
    .Width(snnc_pkg::FlitTypeBits + snnc_pkg::FlitDataBits),
    .Depth(EventFifoDepth)
  ) u_fifo (
    .clk_i,
    .rst_i,
    .valid_i,
    .ready_o,
    .data_i({snnc_pkg::flit_data(data_i), snnc_pkg::flit_type(data_i)}),
    .valid_o(head_valid),
    .ready_i(head_ready),
    .data_o({data_o, head_type}),
    .empty_o(fifo_empty_o)
  );

  snnc_decode #(
    .Lanes(Lanes),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .AxonRows(AxonRows),
    .AxonColumns(AxonColumns),
    .PayloadBits(PayloadBits),
    .Contexts(Contexts),
    .InitCore(InitCore)
  ) u_decode (
    .clk_i,
    .rst_i,
    .row_write_i,
    .column_write_i,
    .write_address_i,
    .write_data_i,
    .valid_i(head_valid && head_is_event && pass_i),
    .ready_o(decode_ready),
    .is_value_i(head_type == snnc_pkg::FlitValue),
    .data_i(data_o),
    .empty_o(decode_empty),
    .outside_o,
    .no_payload_o,
    .no_neuron_o,
    .bank_context_o,
    .bank_o,
    .bank_i,
    .engine_ready_i(engine_ready),
    .start_o,
    .context_o,
    .is_value_o,
    .payload_o(event_payload),
    .value_o(event_value),
    .fraction_bits_o(event_fraction_bits),
    .masked_o(event_masked),
    .lanes_o(event_lanes),
    .weights_o(event_weights),
    .weights_offset_o(event_weights_offset),
    .state_o(event_state),
    .state_offset_o(event_state_offset),
    .rows_o(event_rows),
    .columns_o(event_columns),
    .words_o(event_words),
    .row_weight_step_o(row_weight_step),
    .column_weight_step_o(column_weight_step),
    .row_state_step_o(row_state_step),
    .column_state_step_o(column_state_step),
    .gap_o(event_gap)
  );

  snnc_accumulate #(
    .Lanes(Lanes),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .DecayMultiplier(DecayMultiplier),
    .PayloadBits(PayloadBits)
  ) u_accumulate (
    .clk_i,
    .rst_i,
    .start_i(start_o),
    .is_value_i(is_value_o),
    .payload_i(event_payload),
    .value_i(event_value),
    .fraction_bits_i(event_fraction_bits),
    .masked_i(event_masked),
    .lanes_i(event_lanes),
    .weights_i(event_weights),
    .weights_offset_i(event_weights_offset),
    .state_i(event_state),
    .state_offset_i(event_state_offset),
    .rows_i(event_rows),
    .columns_i(event_columns),
    .words_i(event_words),
    .row_weight_step_i(row_weight_step),
    .column_weight_step_i(column_weight_step),
    .row_state_step_i(row_state_step),
    .column_state_step_i(column_state_step),
    .gap_i(event_gap),
    .ready_o(engine_ready),
    .busy_o(engine_busy),
    .weight_read_o,
    .weight_address_o,
    .read_o,
    .read_word_o,
    .lanes_o,
    .weigh_o,
    .factor_o,
    .fraction_bits_o,
    .value_o,
    .write_o,
    .write_word_o
  );

  logic unused;
  assign unused = ^{snnc_pkg::flit_address(data_i)};
endmodule

`default_nettype wire
