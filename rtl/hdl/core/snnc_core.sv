// SPDX-License-Identifier: Apache-2.0
// Neurocore: the way of its events, its neurons and its emission, under one control; configuration and status.
`default_nettype none

module snnc_core #(
  // Neurons per word; a power of two.
  parameter int Lanes = 8,
  // Bits of a weight, 2 to 8, and of a neuron's state, of a threshold and of a bias, 8 to 24.
  parameter int WeightBits = 4,
  parameter int StateBits = 16,
  // Words of the weight memory, and of the state memory.
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  // Words of thresholds, initial membranes and biases each: one per channel, Lanes to a word.
  parameter int ParameterWords = 16,
  // Entries of the axon row and the axon column table, 1 to 256.
  parameter int AxonRows = 16,
  parameter int AxonColumns = 16,
  // Spike bitmaps that are kept: one more than the longest delay; a power of two, at most 16.
  parameter int BitmapSlots = 1,
  // 1: a second state memory, for neurons with a synaptic current. 1: decays multiply; 0: they shift.
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0,
  // 1: memories of what soft resets subtract and of decays, one per channel; a lower end of the clamp.
  parameter int ResetAmount = 0,
  parameter int ChannelLeak = 0,
  parameter int LowerClamp = 0,
  // The largest left shift of what events add, 0 to 12, and bits of their payload, 1 to 8.
  parameter int FractionBits = 0,
  parameter int PayloadBits = 8,
  // Entries of the destination and of the source table, and of the event FIFO; the latter a power of two, at least 2.
  parameter int Destinations = 8,
  parameter int Sources = 8,
  parameter int EventFifoDepth = 16,
  parameter int Contexts = 1,
  // Memories that CONFIG flits write; the weights' RAM has one port and no initial content: both see snnc_mesh.
  parameter int Loadable = 8191,
  parameter int SinglePortWeights = 0,
  // Bits of addresses that matter in its mesh; the beginning of the names of its initial memory images, "" for none.
  parameter logic [snnc_pkg::AddressBits-1:0] KeptAddress = '1,
  parameter InitCore = ""
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
`ifdef SNNC_TRACE
  // Position, run, cycle and open file of the trace.
  input  wire logic [snnc_pkg::FlitXBits-1:0] x_i,
  input  wire logic [snnc_pkg::FlitYBits-1:0] y_i,
  input  wire logic [31:0]                  trace_run_i,
  input  wire logic [31:0]                  trace_cycle_i,
  input  wire logic [31:0]                  trace_file_i,
`endif
  // Events from the router, and packets to it.
  input  wire logic                         event_valid_i,
  output      logic                         event_ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] event_data_i,
  output      logic                         packet_valid_o,
  input  wire logic                         packet_ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] packet_data_o,
  // The router holds no flit, or none of this core; it dropped one.
  input  wire logic                         router_empty_i,
  input  wire logic                         sent_i,
  input  wire logic                         router_dropped_i,
  // What it does in this cycle, see snnc_neurons; what it tells about itself, see snnc_status.
  output      logic [Lanes+1:0]             actions_o,
  output      logic                         ready_o,
  output      logic                         rest_o,
  output      logic                         home_o,
  output      logic                         error_o,
  output      logic [31:0]                  status_o
);
  localparam int WeightAddressBits = (WeightWords > 1) ? $clog2(WeightWords) : 1;
  localparam int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1;
  localparam int ContextBits = (Contexts > 1) ? $clog2(Contexts) : 1;
  localparam int WeightWordBits = Lanes * WeightBits;
  localparam int StateWordBits = Lanes * StateBits;
  localparam int DecayWordBits = (ChannelLeak != 0) ? Lanes * snnc_pkg::DecayBits : 0;
  localparam int LongestWordBits = (WeightWordBits > StateWordBits && WeightWordBits > DecayWordBits)
      ? WeightWordBits : (StateWordBits > DecayWordBits) ? StateWordBits : DecayWordBits;
  localparam int ConfigBits = (LongestWordBits > 96) ? (LongestWordBits + 31) / 32 * 32 : 96;

  // Configuration: registers of the current context, of the one whose job is at work, and of the named one.
  logic [ContextBits-1:0] current;
  logic [ContextBits-1:0] job;
  logic [ContextBits-1:0] named;
  logic [snnc_pkg::RegisterBits-1:0] registers;
  logic [snnc_pkg::RegisterBits-1:0] job_registers;
  logic [snnc_pkg::RegisterBits-1:0] named_registers;
  logic [Contexts-1:0] disabled;
  logic [snnc_pkg::Memories-1:0] config_write;
  logic [snnc_pkg::ConfigAddressBits-1:0] config_address;
  logic [ConfigBits-1:0] config_data;

  // Flits for others than the row engine, and whether events are under way.
  logic [snnc_pkg::FlitDataBits-1:0] head_data;
  logic config_address_arrives;
  logic config_data_arrives;
  logic end_arrives;
  logic credit_arrives;
  logic head_unknown;
  logic fifo_empty;
  logic event_start;
  logic event_is_value;
  logic [ContextBits-1:0] event_context;
  logic quiet;
  logic [ContextBits-1:0] bank_context;
  logic [snnc_pkg::AxonRowBankBits-1:0] bank_number;
  logic [snnc_pkg::BankBits-1:0] bank;

  // Accesses of the row engine.
  logic weight_read;
  logic [WeightAddressBits-1:0] weight_address;
  logic acc_read;
  logic [WordBits-1:0] acc_read_word;
  logic [Lanes-1:0] acc_lanes;
  logic weigh;
  logic [7:0] weight_factor;
  logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits;
  logic [StateBits-1:0] value;
  logic acc_write;
  logic [WordBits-1:0] acc_write_word;

  // Control, and what status words show.
  logic sweeping;
  logic draining;
  logic initialising;
  logic events_pass;
  logic [snnc_pkg::StepBits-1:0] time_step;
  logic last_step;
  logic sweep_last_cycle;
  logic sweep_write;
  logic start_credit;
  logic start_emit;
  logic [snnc_pkg::StepBits-1:0] emit_step;
  logic emit_last_step;
  logic emitter_idle;
  logic emitter_waits;
  logic granted;
  logic configurable;
  logic config_refused;
  logic outside;
  logic no_payload;
  logic no_neuron;

  // Emitter, and what it reads.
  logic emit_read;
  logic emit_keep;
  logic [WordBits-1:0] emit_word;
  logic bitmap_read;
  logic [3:0] bitmap_slot;
  logic [WordBits-1:0] bitmap_word;
  logic [1:0] segment_number;
  logic [snnc_pkg::SegmentBits-1:0] segment;
  logic [StateWordBits-1:0] state;
  logic [Lanes-1:0] bitmap;

  snnc_events #(
    .Lanes(Lanes),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .AxonRows(AxonRows),
    .AxonColumns(AxonColumns),
    .DecayMultiplier(DecayMultiplier),
    .PayloadBits(PayloadBits),
    .EventFifoDepth(EventFifoDepth),
    .Contexts(Contexts),
    .InitCore(InitCore)
  ) u_events (
    .clk_i,
    .rst_i,
    .row_write_i(config_write[snnc_pkg::MemoryAxonRows]),
    .column_write_i(config_write[snnc_pkg::MemoryAxonColumns]),
    .write_address_i(config_address[snnc_pkg::SpikeYBits-1:0]),
    .write_data_i(config_data[snnc_pkg::AxonRowBits-1:0]),
    .valid_i(event_valid_i),
    .ready_o(event_ready_o),
    .data_i(event_data_i),
    .pass_i(events_pass),
    .config_address_valid_o(config_address_arrives),
    .config_data_valid_o(config_data_arrives),
    .end_o(end_arrives),
    .credit_o(credit_arrives),
    .unknown_o(head_unknown),
    .data_o(head_data),
    .fifo_empty_o(fifo_empty),
    .quiet_o(quiet),
    .outside_o(outside),
    .no_payload_o(no_payload),
    .no_neuron_o(no_neuron),
    .bank_context_o(bank_context),
    .bank_o(bank_number),
    .bank_i(bank),
    .start_o(event_start),
    .is_value_o(event_is_value),
    .context_o(event_context),
    .weight_read_o(weight_read),
    .weight_address_o(weight_address),
    .read_o(acc_read),
    .read_word_o(acc_read_word),
    .lanes_o(acc_lanes),
    .weigh_o(weigh),
    .factor_o(weight_factor),
    .fraction_bits_o(fraction_bits),
    .value_o(value),
    .write_o(acc_write),
    .write_word_o(acc_write_word)
  );

  snnc_configuration #(
    .WeightWordBits(WeightWordBits),
    .StateWordBits(StateWordBits),
    .DecayWordBits(DecayWordBits),
    .ConfigBits(ConfigBits),
    .Loadable(Loadable),
    .Contexts(Contexts),
    .InitCore(InitCore)
  ) u_configuration (
    .clk_i,
    .rst_i,
    .address_valid_i(config_address_arrives),
    .data_valid_i(config_data_arrives),
    .data_i(head_data),
    .allowed_i(configurable),
    .refused_o(config_refused),
    .write_o(config_write),
    .write_address_o(config_address),
    .write_data_o(config_data),
    .disable_o(disabled),
    .current_i(current),
    .registers_o(registers),
    .job_i(job),
    .job_registers_o(job_registers),
    .named_i(named),
    .named_registers_o(named_registers),
    .segment_i(segment_number),
    .segment_o(segment),
    .bank_context_i(bank_context),
    .bank_i(bank_number),
    .bank_o(bank)
  );

  snnc_steps #(
    .Contexts(Contexts),
    .CountBits($clog2(((Sources > Destinations) ? Sources : Destinations) + 1))
  ) u_steps (
    .clk_i,
    .rst_i,
    .current_o(current),
    .job_o(job),
    .named_o(named),
    // Without words there is no INIT, and a core that never ended it could not be configured again.
    .enable_i(snnc_pkg::register_enable(registers) && (WordBits + 1)'({snnc_pkg::register_words(registers)}) != '0),
    .registers_i(registers),
    .job_registers_i(job_registers),
    .named_registers_i(named_registers),
    .disable_i(disabled),
    .end_i(end_arrives),
    .credit_i(credit_arrives),
    .data_i(head_data),
    .quiet_i(quiet),
    .event_start_i(event_start),
    .event_is_value_i(event_is_value),
    .event_context_i(event_context),
    .sweep_last_cycle_i(sweep_last_cycle),
    .sweep_write_i(sweep_write),
    .emitter_idle_i(emitter_idle),
    .emitter_waits_i(emitter_waits),
    .sent_i,
    .sweep_o(sweeping),
    .drain_o(draining),
    .init_o(initialising),
    .events_pass_o(events_pass),
    .step_o(time_step),
    .last_step_o(last_step),
    .start_credit_o(start_credit),
    .start_emit_o(start_emit),
    .emit_step_o(emit_step),
    .emit_last_step_o(emit_last_step),
    .granted_o(granted),
    .router_empty_i,
    .fifo_empty_i(fifo_empty),
    .config_refused_i(config_refused),
    .outside_i(outside),
    .no_payload_i(no_payload),
    .dropped_i(router_dropped_i || head_unknown),
    .no_neuron_i(no_neuron),
    .configurable_o(configurable),
    .ready_o,
    .rest_o,
    .home_o,
    .error_o,
    .status_o
  );

  snnc_neurons #(
    .Lanes(Lanes),
    .WeightBits(WeightBits),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .ParameterWords(ParameterWords),
    .BitmapSlots(BitmapSlots),
    .Cuba(Cuba),
    .DecayMultiplier(DecayMultiplier),
    .ResetAmount(ResetAmount),
    .ChannelLeak(ChannelLeak),
    .LowerClamp(LowerClamp),
    .FractionBits(FractionBits),
    .Contexts(Contexts),
    .ConfigBits(ConfigBits),
    .SinglePortWeights(SinglePortWeights),
    .InitCore(InitCore)
  ) u_neurons (
    .clk_i,
    .rst_i,
`ifdef SNNC_TRACE
    .x_i,
    .y_i,
    .trace_run_i,
    .trace_cycle_i,
    .trace_file_i,
    .context_i(4'(current)),
`endif
    .registers_i(registers),
    .config_write_i(config_write),
    .config_address_i(config_address),
    .config_data_i(config_data),
    .sweep_i(sweeping),
    .drain_i(draining),
    .init_i(initialising),
    .last_step_i(last_step),
    .step_i(time_step),
    .last_cycle_o(sweep_last_cycle),
    .write_o(sweep_write),
    .weight_read_i(weight_read),
    .weight_address_i(weight_address),
    .acc_read_i(acc_read),
    .acc_read_word_i(acc_read_word),
    .lanes_i(acc_lanes),
    .weigh_i(weigh),
    .weight_factor_i(weight_factor),
    .fraction_bits_i(fraction_bits),
    .value_i(value),
    .acc_write_i(acc_write),
    .acc_write_word_i(acc_write_word),
    .emit_read_i(emit_read),
    .emit_keep_i(emit_keep),
    .emit_word_i(emit_word),
    .bitmap_read_i(bitmap_read),
    .bitmap_slot_i(bitmap_slot),
    .bitmap_word_i(bitmap_word),
    .state_o(state),
    .bitmap_o(bitmap),
    .actions_o
  );

  snnc_emitter #(
    .Lanes(Lanes),
    .StateBits(StateBits),
    .StateWords(StateWords),
    .Destinations(Destinations),
    .Sources(Sources),
    .KeptAddress(KeptAddress),
    .Contexts(Contexts),
    .InitCore(InitCore)
  ) u_emitter (
    .clk_i,
    .rst_i,
    .registers_i(job_registers),
    .destination_write_i(config_write[snnc_pkg::MemoryDestinations]),
    .source_write_i(config_write[snnc_pkg::MemorySources]),
    .write_address_i(config_address),
    .write_data_i(config_data[snnc_pkg::DestinationBits-1:0]),
    .start_credit_i(start_credit),
    .start_emit_i(start_emit),
    .step_i(emit_step),
    .last_step_i(emit_last_step),
    .idle_o(emitter_idle),
    .waits_o(emitter_waits),
    .granted_i(granted),
    .bitmap_read_o(bitmap_read),
    .bitmap_slot_o(bitmap_slot),
    .bitmap_word_o(bitmap_word),
    .spikes_i(bitmap),
    .state_read_o(emit_read),
    .state_keep_o(emit_keep),
    .word_o(emit_word),
    .state_i(state),
    .segment_address_o(segment_number),
    .segment_i(segment),
    .valid_o(packet_valid_o),
    .ready_i(packet_ready_i),
    .data_o(packet_data_o)
  );

  wire unused = ^{config_write, config_data, config_address};
endmodule

`default_nettype wire
