// SPDX-License-Identifier: Apache-2.0
// Neurocore: event FIFO, dispatcher, decode and row engine, control, emitter, and the datapath.
`default_nettype none

module snnc_core #(
  // Neurons per word; a power of two.
  parameter int Lanes = 8,
  // Bits of a weight, 2 to 8.
  parameter int WeightBits = 4,
  // Bits of a neuron's state, of a threshold and of a bias, 8 to 24.
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
  // 1: a second state memory, for neurons with a synaptic current.
  parameter int Cuba = 0,
  // 1: decays multiply; 0: they shift.
  parameter int DecayMultiplier = 0,
  // Entries of the destination and of the source table.
  parameter int Destinations = 8,
  parameter int Sources = 8,
  // Entries of the event FIFO; a power of two, at least 2.
  parameter int EventFifoDepth = 16,
  // Memories that CONFIG flits write, one bit per memory code. The others keep their initial
  // content, which synthesis then folds into the logic.
  parameter int Loadable = 1023,
  // Common beginning of the names of this core's initial memory images; "" for none.
  parameter InitCore = ""
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
`ifdef SNNC_TRACE
  // Position, run, cycle and open file of the trace.
  input  wire logic [3:0]                   x_i,
  input  wire logic [3:0]                   y_i,
  input  wire logic [31:0]                  trace_run_i,
  input  wire logic [31:0]                  trace_cycle_i,
  input  wire logic [31:0]                  trace_file_i,
`endif
  // Events from the router.
  input  wire logic                         event_valid_i,
  output      logic                         event_ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] event_data_i,
  // Packets to the router.
  output      logic                         packet_valid_o,
  input  wire logic                         packet_ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] packet_data_o,
  // The router holds no flit; it dropped one.
  input  wire logic                         router_empty_i,
  input  wire logic                         router_dropped_i,
  // What the core tells about itself; see snnc_status.
  output      logic                         ready_o,
  output      logic                         rest_o,
  output      logic                         home_o,
  output      logic                         error_o,
  output      logic [31:0]                  status_o
);
  localparam int CountBits = snnc_pkg::CountBits;
  localparam int WeightAddressBits = (WeightWords > 1) ? $clog2(WeightWords) : 1;
  localparam int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1;
  localparam int ParameterBits = (ParameterWords > 1) ? $clog2(ParameterWords) : 1;
  localparam int WordCountBits = $clog2(StateWords + 1);
  localparam int NeuronBits = WordBits + $clog2(Lanes) + 1;
  localparam int DestinationAddressBits = (Destinations > 1) ? $clog2(Destinations) : 1;
  localparam int SourceAddressBits = (Sources > 1) ? $clog2(Sources) : 1;
  localparam int WeightWordBits = Lanes * WeightBits;
  localparam int StateWordBits = Lanes * StateBits;
  localparam int LongestWordBits =
      (WeightWordBits > StateWordBits) ? WeightWordBits : StateWordBits;
  localparam int ConfigBits = (LongestWordBits > 96) ? (LongestWordBits + 31) / 32 * 32 : 96;
  localparam int ConfigAddressBits = snnc_pkg::ConfigAddressBits;

  // Configuration.
  logic [snnc_pkg::RegisterBits-1:0] registers;
  logic [snnc_pkg::Memories-1:0] config_wanted;
  logic [snnc_pkg::Memories-1:0] config_write;
  logic [ConfigAddressBits-1:0] config_address;
  logic [ConfigBits-1:0] config_data;

  logic [WordBits:0] words;
  logic [NeuronBits-1:0] neurons;
  logic values_last;
  logic values_every;

  assign config_write = config_wanted & snnc_pkg::Memories'(Loadable);
  assign words = (WordBits + 1)'({snnc_pkg::register_words(registers)});
  assign neurons = NeuronBits'({snnc_pkg::register_neurons(registers)});
  assign values_last = snnc_pkg::register_emission(registers) == snnc_pkg::EmitValuesLast;
  assign values_every = snnc_pkg::register_emission(registers) == snnc_pkg::EmitValuesEvery;

  // Dispatcher.
  logic head_valid;
  logic head_ready;
  logic [snnc_pkg::FlitDataBits-1:0] head_data;
  logic [snnc_pkg::FlitTypeBits-1:0] head_type;
  logic head_is_event;
  logic decode_ready;
  logic decode_empty;
  logic end_arrives;
  logic credit_arrives;
  logic fifo_empty;
  // The flit at the head has a type that cores know nothing of.
  logic head_unknown;

  // Control.
  logic accumulating;
  logic sweeping;
  logic draining;
  logic initialising;
  logic [snnc_pkg::StepBits-1:0] time_step;
  logic last_step;
  logic start_credit;
  logic start_emit;
  logic sweep_last_cycle;
  logic emitter_idle;

  // What status words show.
  logic enabled;
  logic starting;
  logic control_fresh;
  logic waits_for_end;
  logic step_starts;
  logic surplus_end;
  logic [CountBits-1:0] ends;
  logic emitter_fresh;
  logic waits_for_credit;
  logic surplus_credit;
  logic configurable;
  logic config_refused;
  logic outside;
  logic no_payload;
  logic no_neuron;

  assign head_is_event =
      head_type == snnc_pkg::FlitSpike || head_type == snnc_pkg::FlitValue;
  assign head_ready = !head_is_event || (accumulating && decode_ready);
  assign end_arrives = head_valid && head_type == snnc_pkg::FlitEnd;
  assign credit_arrives = head_valid && head_type == snnc_pkg::FlitCredit;
  assign head_unknown = head_valid && head_type >= snnc_pkg::FlitSync;

  // Decoded event.
  logic [snnc_pkg::AxonRowBankBits-1:0] bank_number;
  logic [snnc_pkg::BankBits-1:0] bank;
  logic event_start;
  logic event_is_value;
  logic [snnc_pkg::SpikePayloadBits-1:0] event_payload;
  logic [StateBits-1:0] event_value;
  logic event_masked;
  logic [Lanes-1:0] event_lanes;
  logic [WeightAddressBits-1:0] event_weights;
  logic [WeightAddressBits-1:0] event_weights_offset;
  logic [WordBits-1:0] event_state;
  logic [WordBits-1:0] event_state_offset;
  logic [snnc_pkg::AxonRowCountBits-1:0] event_rows;
  logic [snnc_pkg::AxonColumnCountBits-1:0] event_columns;
  logic [WordCountBits-1:0] event_words;
  logic [WeightAddressBits-1:0] row_weight_step;
  logic [WeightAddressBits-1:0] column_weight_step;
  logic [WordBits-1:0] row_state_step;
  logic [WordBits-1:0] column_state_step;
  logic [1:0] event_gap;

  // Row engine.
  logic engine_ready;
  logic engine_busy;
  logic weight_read;
  logic [WeightAddressBits-1:0] weight_address;
  logic acc_read;
  logic [WordBits-1:0] acc_read_word;
  logic [Lanes-1:0] acc_lanes;
  logic weigh;
  logic [2:0] weight_shift;
  logic [StateBits-1:0] value;
  logic acc_write;
  logic [WordBits-1:0] acc_write_word;

  // Sweep and emitter.
  logic constant_read;
  logic [WordBits-1:0] membrane_word;
  logic [ParameterBits:0] constant_address;
  logic sweep_read;
  logic [WordBits-1:0] sweep_read_word;
  logic threshold_read;
  logic [ParameterBits-1:0] threshold_word;
  logic add_constant;
  logic settle;
  logic sweep_write;
  logic [WordBits-1:0] sweep_write_word;
  logic emit_read;
  logic [WordBits-1:0] emit_word;
  logic bitmap_read;
  logic [3:0] bitmap_slot;
  logic [WordBits-1:0] bitmap_word;
  logic [Lanes-1:0] bitmap_data;
  logic [1:0] segment_number;
  logic [snnc_pkg::SegmentBits-1:0] segment;

  // Datapath.
  logic [StateWordBits-1:0] lane_state;
`ifdef SNNC_TRACE
  logic [StateWordBits-1:0] lane_after;
  logic [Lanes-1:0] lane_spike;
`endif

  // Tables of the emitter.
  (* ram_style = "distributed" *)
  logic [snnc_pkg::DestinationBits-1:0] destinations [0:Destinations-1];
  (* ram_style = "distributed" *) logic [snnc_pkg::SourceBits-1:0] sources [0:Sources-1];
  logic [DestinationAddressBits-1:0] destination_address;
  logic [SourceAddressBits-1:0] source_address;

  if (InitCore != "") begin : g_init
    initial $readmemh({InitCore, "_destinations.hex"}, destinations);
    initial $readmemh({InitCore, "_sources.hex"}, sources);
  end

  always_ff @(posedge clk_i) begin
    if (config_write[snnc_pkg::MemoryDestinations]) begin
      destinations[config_address[DestinationAddressBits-1:0]] <=
          config_data[snnc_pkg::DestinationBits-1:0];
    end
    if (config_write[snnc_pkg::MemorySources]) begin
      sources[config_address[SourceAddressBits-1:0]] <= config_data[snnc_pkg::SourceBits-1:0];
    end
  end

  // Where a flit was to go is of no use any more.
  snnc_fifo #(
    .Width(snnc_pkg::FlitTypeBits + snnc_pkg::FlitDataBits),
    .Depth(EventFifoDepth)
  ) u_events (
    .clk_i,
    .rst_i,
    .valid_i(event_valid_i),
    .ready_o(event_ready_o),
    .data_i({snnc_pkg::flit_data(event_data_i), snnc_pkg::flit_type(event_data_i)}),
    .valid_o(head_valid),
    .ready_i(head_ready),
    .data_o({head_data, head_type}),
    .empty_o(fifo_empty)
  );

  snnc_config #(
    .WeightWordBits(WeightWordBits),
    .StateWordBits(StateWordBits),
    .AddressBits(ConfigAddressBits)
  ) u_config (
    .clk_i,
    .rst_i,
    .address_valid_i(head_valid && head_type == snnc_pkg::FlitConfigAddress),
    .data_valid_i(head_valid && head_type == snnc_pkg::FlitConfigData),
    .data_i(head_data),
    .allowed_i(configurable),
    .refused_o(config_refused),
    .write_o(config_wanted),
    .write_address_o(config_address),
    .write_data_o(config_data)
  );

  snnc_registers #(
    .InitCore(InitCore)
  ) u_registers (
    .clk_i,
    .write_i(config_write[snnc_pkg::MemoryRegisters]),
    .address_i(config_address[snnc_pkg::RegisterAddressBits-1:0]),
    .data_i(config_data[snnc_pkg::ChunkBits-1:0]),
    .registers_o(registers),
    .segment_i(segment_number),
    .segment_o(segment),
    .bank_i(bank_number),
    .bank_o(bank)
  );

  snnc_control u_control (
    .clk_i,
    .rst_i,
    // Without words there is no INIT, and a core that never ended it could not be configured again.
    .enable_i(snnc_pkg::register_enable(registers) && words != '0),
    .values_last_i(values_last),
    .values_every_i(values_every),
    .ends_needed_i(CountBits'({snnc_pkg::register_ends_needed(registers)})),
    .recurrent_sources_i(CountBits'({snnc_pkg::register_recurrent_sources(registers)})),
    .end_i(end_arrives),
    .end_last_i(snnc_pkg::end_last(head_data)),
    .quiet_i(decode_empty && !engine_busy),
    .sweep_last_cycle_i(sweep_last_cycle),
    .emitter_idle_i(emitter_idle),
    .accumulate_o(accumulating),
    .sweep_o(sweeping),
    .drain_o(draining),
    .init_o(initialising),
    .step_o(time_step),
    .last_step_o(last_step),
    .start_credit_o(start_credit),
    .start_emit_o(start_emit),
    .enabled_o(enabled),
    .starting_o(starting),
    .fresh_o(control_fresh),
    .waits_o(waits_for_end),
    .step_starts_o(step_starts),
    .surplus_end_o(surplus_end),
    .ends_o(ends)
  );

  snnc_decode #(
    .Lanes(Lanes),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .AxonRows(AxonRows),
    .AxonColumns(AxonColumns),
    .InitCore(InitCore)
  ) u_decode (
    .clk_i,
    .rst_i,
    .row_write_i(config_write[snnc_pkg::MemoryAxonRows]),
    .column_write_i(config_write[snnc_pkg::MemoryAxonColumns]),
    .write_address_i(config_address[snnc_pkg::SpikeYBits-1:0]),
    .write_data_i(config_data[snnc_pkg::AxonRowBits-1:0]),
    .valid_i(head_valid && head_is_event && accumulating),
    .ready_o(decode_ready),
    .is_value_i(head_type == snnc_pkg::FlitValue),
    .data_i(head_data),
    .empty_o(decode_empty),
    .outside_o(outside),
    .no_payload_o(no_payload),
    .no_neuron_o(no_neuron),
    .bank_o(bank_number),
    .bank_i(bank),
    .engine_ready_i(engine_ready),
    .start_o(event_start),
    .is_value_o(event_is_value),
    .payload_o(event_payload),
    .value_o(event_value),
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
    .StateWords(StateWords)
  ) u_accumulate (
    .clk_i,
    .rst_i,
    .start_i(event_start),
    .is_value_i(event_is_value),
    .payload_i(event_payload),
    .value_i(event_value),
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
    .weight_read_o(weight_read),
    .weight_address_o(weight_address),
    .read_o(acc_read),
    .read_word_o(acc_read_word),
    .lanes_o(acc_lanes),
    .weigh_o(weigh),
    .shift_o(weight_shift),
    .value_o(value),
    .write_o(acc_write),
    .write_word_o(acc_write_word)
  );

  snnc_sweep #(
    .StateWords(StateWords),
    .ParameterWords(ParameterWords)
  ) u_sweep (
    .clk_i,
    .rst_i,
    .words_i(words),
    .pixel_words_i((ParameterBits + 1)'({snnc_pkg::register_pixel_words(registers)})),
    .sweep_i(sweeping),
    .init_i(initialising),
    .last_cycle_o(sweep_last_cycle),
    .constant_read_o(constant_read),
    .membrane_word_o(membrane_word),
    .constant_address_o(constant_address),
    .read_o(sweep_read),
    .read_word_o(sweep_read_word),
    .threshold_read_o(threshold_read),
    .threshold_word_o(threshold_word),
    .add_constant_o(add_constant),
    .settle_o(settle),
    .write_o(sweep_write),
    .write_word_o(sweep_write_word)
  );

  snnc_emit #(
    .Lanes(Lanes),
    .StateBits(StateBits),
    .StateWords(StateWords),
    .Destinations(Destinations),
    .Sources(Sources)
  ) u_emit (
    .clk_i,
    .rst_i,
    .words_i(words),
    .neurons_i(neurons),
    .flat_i(snnc_pkg::register_flat(registers)),
    .pixel_words_i(8'({snnc_pkg::register_pixel_words(registers)})),
    .columns_i(8'({snnc_pkg::register_columns(registers)})),
    .values_last_i(values_last),
    .values_every_i(values_every),
    .recurrent_destinations_i(CountBits'({snnc_pkg::register_recurrent_destinations(registers)})),
    .credits_needed_i(CountBits'({snnc_pkg::register_credits_needed(registers)})),
    .destination_count_i((DestinationAddressBits + 1)'({snnc_pkg::register_destinations(registers)})),
    .source_count_i((SourceAddressBits + 1)'({snnc_pkg::register_sources(registers)})),
    .segment_count_i(snnc_pkg::register_segments(registers)),
    .start_credit_i(start_credit),
    .start_emit_i(start_emit),
    .step_i(time_step),
    .last_step_i(last_step),
    .idle_o(emitter_idle),
    .credit_i(credit_arrives),
    .surplus_credit_o(surplus_credit),
    .waits_o(waits_for_credit),
    .fresh_o(emitter_fresh),
    .bitmap_read_o(bitmap_read),
    .bitmap_slot_o(bitmap_slot),
    .bitmap_word_o(bitmap_word),
    .spikes_i(bitmap_data),
    .state_read_o(emit_read),
    .word_o(emit_word),
    .state_i(lane_state),
    .segment_address_o(segment_number),
    .segment_i(segment),
    .destination_address_o(destination_address),
    .destination_i(destinations[destination_address]),
    .source_address_o(source_address),
    .source_i(sources[source_address]),
    .valid_o(packet_valid_o),
    .ready_i(packet_ready_i),
    .data_o(packet_data_o)
  );

  snnc_status u_status (
    .clk_i,
    .rst_i,
    .router_empty_i,
    .fifo_empty_i(fifo_empty),
    .decode_empty_i(decode_empty),
    .engine_busy_i(engine_busy),
    .event_start_i(event_start),
    .enabled_i(enabled),
    .starting_i(starting),
    .accumulate_i(accumulating),
    .drain_i(draining),
    .init_i(initialising),
    .step_starts_i(step_starts),
    .waits_for_end_i(waits_for_end),
    .control_fresh_i(control_fresh),
    .emitter_idle_i(emitter_idle),
    .waits_for_credit_i(waits_for_credit),
    .emitter_fresh_i(emitter_fresh),
    .ends_i(ends[snnc_pkg::CoreStatusEndsBits-1:0]),
    .surplus_end_i(surplus_end),
    .surplus_credit_i(surplus_credit),
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

  snnc_datapath #(
    .Lanes(Lanes),
    .WeightBits(WeightBits),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .ParameterWords(ParameterWords),
    .BitmapSlots(BitmapSlots),
    .Cuba(Cuba),
    .DecayMultiplier(DecayMultiplier),
    .ConfigBits(ConfigBits),
    .Loadable(Loadable),
    .InitCore(InitCore)
  ) u_datapath (
    .clk_i,
    .reset_mode_i(snnc_pkg::register_reset(registers)),
    .cuba_i(snnc_pkg::register_cuba(registers)),
    .clamp_bits_i(5'({snnc_pkg::register_state_bits(registers)})),
    .reset_value_i(StateBits'({snnc_pkg::register_reset_value(registers)})),
    .decay_i(snnc_pkg::register_decay(registers)),
    .current_decay_i(snnc_pkg::register_current_decay(registers)),
    .config_write_i(config_write),
    .config_address_i(config_address),
    .config_data_i(config_data),
    .sweep_i(sweeping),
    .drain_i(draining),
    .drain_membrane_i(values_last),
    .step_i(time_step),
    .weight_read_i(weight_read),
    .weight_address_i(weight_address),
    .acc_read_i(acc_read),
    .acc_read_word_i(acc_read_word),
    .lanes_i(acc_lanes),
    .weigh_i(weigh),
    .shift_i(weight_shift),
    .value_i(value),
    .acc_write_i(acc_write),
    .acc_write_word_i(acc_write_word),
    .constant_read_i(constant_read),
    .membrane_word_i(membrane_word),
    .constant_address_i(constant_address),
    .sweep_read_i(sweep_read),
    .sweep_read_word_i(sweep_read_word),
    .threshold_read_i(threshold_read),
    .threshold_word_i(threshold_word),
    .add_constant_i(add_constant),
    .settle_i(settle),
    .sweep_write_i(sweep_write),
    .sweep_write_word_i(sweep_write_word),
    .emit_read_i(emit_read),
    .emit_word_i(emit_word),
    .bitmap_read_i(bitmap_read),
    .bitmap_slot_i(bitmap_slot),
    .bitmap_word_i(bitmap_word),
`ifdef SNNC_TRACE
    .after_o(lane_after),
    .spikes_o(lane_spike),
`endif
    .state_o(lane_state),
    .bitmap_o(bitmap_data)
  );

  logic unused;
  assign unused = ^{snnc_pkg::flit_address(event_data_i), ends, registers, config_write, config_address, config_data};

`ifdef SNNC_TRACE
  snnc_trace #(
    .Lanes(Lanes),
    .StateWordBits(StateWordBits),
    .WordBits(WordBits)
  ) u_trace (
    .clk_i,
    .rst_i,
    .x_i,
    .y_i,
    .run_i(trace_run_i),
    .cycle_i(trace_cycle_i),
    .file_i(trace_file_i),
    .sweep_i(sweeping),
    .sweep_last_cycle_i(sweep_last_cycle),
    .last_step_i(last_step),
    .write_i(sweep_write),
    .word_i(sweep_write_word),
    .spikes_i(lane_spike),
    .before_i(lane_state),
    .after_i(lane_after)
  );
`endif

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && head_valid && head_is_event) begin
      assert (accumulating) else $fatal(1, "%m: event outside ACCUMULATE");
    end
    if (!rst_i && weight_read) begin
      assert (accumulating) else $fatal(1, "%m: accumulation outside ACCUMULATE");
    end
  end
`endif
endmodule

`default_nettype wire
