// SPDX-License-Identifier: Apache-2.0
// Neurocore: event FIFO, dispatcher, control of one time step, memories and lanes.
`default_nettype none

module snnc_core #(
  // Neurons per word; a power of two.
  parameter int Lanes = 8,
  // Bits of a weight, 2 to 8.
  parameter int WeightBits = 4,
  // Bits of a neuron's state, of a threshold and of a bias, 8 to 24.
  parameter int StateBits = 16,
  // Words of the weight memory, and of the state memory; at least 2.
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  // Entries of the destination and of the source table.
  parameter int Destinations = 8,
  parameter int Sources = 8,
  // Entries of the event FIFO; a power of two, at least 2.
  parameter int EventFifoDepth = 16,
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
  output      logic [snnc_pkg::FlitBits-1:0] packet_data_o
);
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int CountBits = snnc_pkg::CountBits;
  localparam int WeightAddressBits = $clog2(WeightWords);
  localparam int WordBits = $clog2(StateWords);
  localparam int NeuronBits = WordBits + $clog2(Lanes) + 1;
  localparam int DestinationAddressBits = (Destinations > 1) ? $clog2(Destinations) : 1;
  localparam int SourceAddressBits = (Sources > 1) ? $clog2(Sources) : 1;
  localparam int WeightWordBits = Lanes * WeightBits;
  localparam int StateWordBits = Lanes * StateBits;
  localparam int LongestWordBits =
      (WeightWordBits > StateWordBits) ? WeightWordBits : StateWordBits;
  localparam int ConfigBits = (LongestWordBits > 64) ? (LongestWordBits + 31) / 32 * 32 : 64;
  localparam int ConfigAddressBits = 24;

  localparam logic [1:0] Accumulate = 2'd0;
  localparam logic [1:0] Sweep = 2'd1;
  localparam logic [1:0] Drain = 2'd2;
  localparam logic [1:0] Init = 2'd3;

  localparam logic [1:0] ResetHard = 2'd1;
  localparam logic [1:0] ResetNone = 2'd2;
  localparam logic [1:0] EmitValuesLast = 2'd1;
  localparam logic [1:0] EmitValuesEvery = 2'd2;

  // Configuration.
  logic [9*32-1:0] registers;
  logic [6:1] config_write;
  logic [ConfigAddressBits-1:0] config_address;
  logic [ConfigBits-1:0] config_data;

  logic [WordBits:0] words;
  logic [NeuronBits-1:0] neurons;
  logic enable;
  logic fires;
  logic hard_reset;
  logic values_last;
  logic values_every;
  logic [3:0] leak_shift;
  logic [4:0] clamp_bits;
  logic [StateBits-1:0] sign_mask_q;
  logic [StateBits-1:0] reset_value;
  logic [CountBits-1:0] ends_needed;
  logic [CountBits-1:0] credits_needed;
  logic [DestinationAddressBits:0] destination_count;
  logic [SourceAddressBits:0] source_count;

  assign words = registers[0*32+:WordBits+1];
  assign neurons = registers[1*32+:NeuronBits];
  assign enable = registers[2*32];
  assign hard_reset = registers[2*32+1+:2] == ResetHard;
  assign fires = registers[2*32+1+:2] != ResetNone;
  assign values_last = registers[2*32+3+:2] == EmitValuesLast;
  assign values_every = registers[2*32+3+:2] == EmitValuesEvery;
  assign leak_shift = registers[2*32+8+:4];
  assign clamp_bits = registers[3*32+:5];
  assign reset_value = registers[4*32+:StateBits];
  assign ends_needed = registers[5*32+:CountBits];
  assign credits_needed = registers[6*32+:CountBits];
  assign destination_count = registers[7*32+:DestinationAddressBits+1];
  assign source_count = registers[8*32+:SourceAddressBits+1];

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < StateBits; i++) sign_mask_q[i] <= 5'(i) >= clamp_bits - 5'd1;
  end

  // Dispatcher.
  logic head_valid;
  logic head_ready;
  logic [Bits-1:0] head;
  logic [2:0] head_type;
  logic head_is_event;
  logic engine_ready;
  logic engine_busy;
  logic event_start;
  logic end_arrives;
  logic credit_arrives;

  // Control.
  logic [1:0] state_q;
  logic [1:0] state_d;
  logic [CountBits-1:0] ends_q;
  logic last_step_q;
  logic step_starts;
  logic step_ends;
  logic sweep_last_cycle;
  logic emitter_idle;
  logic emit_starts;

  assign head_type = head[11:9];
  assign head_is_event =
      head_type == snnc_pkg::FlitSpike || head_type == snnc_pkg::FlitValue;
  assign head_ready = !head_is_event || (state_q == Accumulate && engine_ready);
  assign event_start = head_valid && head_ready && head_is_event;
  assign end_arrives = head_valid && head_type == snnc_pkg::FlitEnd;
  assign credit_arrives = head_valid && head_type == snnc_pkg::FlitCredit;

  assign step_starts = state_q == Accumulate && enable && ends_q == ends_needed
      && !engine_busy && emitter_idle;
  assign step_ends = state_q != Accumulate && state_d == Accumulate;
  assign emit_starts = (step_ends && !values_last && !values_every)
      || (state_q != Drain && state_d == Drain);

  always_comb begin
    state_d = state_q;
    case (state_q)
      Accumulate: begin
        if (step_starts) state_d = values_every ? Drain : Sweep;
      end
      Sweep: begin
        if (sweep_last_cycle) begin
          if (!last_step_q) state_d = Accumulate;
          else state_d = values_last ? Drain : Init;
        end
      end
      Drain: begin
        if (emitter_idle) state_d = Init;
      end
      default: begin
        if (sweep_last_cycle) state_d = Accumulate;
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    state_q <= state_d;
    ends_q <= ends_q + CountBits'(end_arrives) - (step_starts ? ends_needed : '0);
    if (end_arrives && head[12]) last_step_q <= 1'b1;
    else if (step_ends) last_step_q <= 1'b0;
    if (rst_i) begin
      state_q <= Accumulate;
      ends_q <= '0;
      last_step_q <= 1'b0;
    end
  end

  // Memories.
  logic acc_read;
  logic [WeightAddressBits-1:0] weight_address;
  logic [WordBits-1:0] acc_read_word;
  logic [2:0] weight_shift;
  logic acc_is_value;
  logic [Lanes-1:0] value_lanes;
  logic [StateBits-1:0] value;
  logic acc_write;
  logic [WordBits-1:0] acc_write_word;

  logic sweep_read;
  logic [WordBits-1:0] sweep_read_word;
  logic threshold_read;
  logic [WordBits:0] threshold_word;
  logic [WordBits:0] threshold_address;
  logic sweep_write;
  logic [WordBits-1:0] sweep_write_word;
  logic [WordBits-1:0] emit_word;

  logic [WordBits-1:0] state_read_word;
  logic state_write;
  logic [WordBits-1:0] state_write_word;
  logic [StateWordBits-1:0] state_write_data;

  logic [WeightWordBits-1:0] weight_data;
  logic [StateWordBits-1:0] state_data;
  logic [StateWordBits-1:0] threshold_data;
  logic [StateWordBits-1:0] bias_data;

  logic [StateWordBits-1:0] lane_state;
  logic [StateWordBits-1:0] lane_threshold;
  logic [StateWordBits-1:0] lane_sum;
  logic [StateWordBits-1:0] lane_after;
  logic [Lanes-1:0] lane_spike;

  always_comb begin
    case (state_q)
      Sweep: state_read_word = sweep_read_word;
      Drain: state_read_word = emit_word;
      default: state_read_word = acc_read_word;
    endcase
  end

  // An accumulation may still write in the first cycles of a sweep, long before the sweep does.
  assign state_write = acc_write || sweep_write || config_write[snnc_pkg::MemoryState];
  assign state_write_word = acc_write ? acc_write_word :
      sweep_write ? sweep_write_word : config_address[WordBits-1:0];
  assign state_write_data = acc_write ? lane_sum :
      (sweep_write && state_q == Sweep) ? lane_after :
      sweep_write ? lane_threshold : config_data[StateWordBits-1:0];

  // The upper half of the thresholds starts at StateWords, a power of two or not.
  assign threshold_address = threshold_word[WordBits]
      ? (WordBits + 1)'(StateWords) + {1'b0, threshold_word[WordBits-1:0]} : threshold_word;

  (* ram_style = "distributed" *) logic [Lanes-1:0] bitmap [0:StateWords-1];
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
    if (sweep_write && state_q == Sweep) bitmap[sweep_write_word] <= lane_spike;
    if (config_write[snnc_pkg::MemoryDestinations]) begin
      destinations[config_address[DestinationAddressBits-1:0]] <=
          config_data[snnc_pkg::DestinationBits-1:0];
    end
    if (config_write[snnc_pkg::MemorySources]) begin
      sources[config_address[SourceAddressBits-1:0]] <= config_data[snnc_pkg::SourceBits-1:0];
    end
  end

  snnc_fifo #(
    .Width(Bits),
    .Depth(EventFifoDepth)
  ) u_events (
    .clk_i,
    .rst_i,
    .valid_i(event_valid_i),
    .ready_o(event_ready_o),
    .data_i(event_data_i),
    .valid_o(head_valid),
    .ready_i(head_ready),
    .data_o(head)
  );

  snnc_config #(
    .WeightWordBits(WeightWordBits),
    .StateWordBits(StateWordBits),
    .AddressBits(ConfigAddressBits),
    .InitFile((InitCore == "") ? "" : {InitCore, "_registers.hex"})
  ) u_config (
    .clk_i,
    .rst_i,
    .address_valid_i(head_valid && head_type == snnc_pkg::FlitConfigAddress),
    .data_valid_i(head_valid && head_type == snnc_pkg::FlitConfigData),
    .data_i(head[43:12]),
    .write_o(config_write),
    .write_address_o(config_address),
    .write_data_o(config_data),
    .registers_o(registers)
  );

  snnc_accumulate #(
    .Lanes(Lanes),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords)
  ) u_accumulate (
    .clk_i,
    .rst_i,
    .words_i(words),
    .start_i(event_start),
    .flit_i(head),
    .ready_o(engine_ready),
    .busy_o(engine_busy),
    .read_o(acc_read),
    .weight_address_o(weight_address),
    .read_word_o(acc_read_word),
    .shift_o(weight_shift),
    .is_value_o(acc_is_value),
    .value_lanes_o(value_lanes),
    .value_o(value),
    .write_o(acc_write),
    .write_word_o(acc_write_word)
  );

  snnc_sweep #(
    .StateWords(StateWords)
  ) u_sweep (
    .clk_i,
    .rst_i,
    .words_i(words),
    .sweep_i(state_q == Sweep),
    .init_i(state_q == Init),
    .last_cycle_o(sweep_last_cycle),
    .read_o(sweep_read),
    .read_word_o(sweep_read_word),
    .threshold_read_o(threshold_read),
    .threshold_address_o(threshold_word),
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
    .values_last_i(values_last),
    .values_every_i(values_every),
    .credits_needed_i(credits_needed),
    .destination_count_i(destination_count),
    .source_count_i(source_count),
    .start_credit_i(step_ends),
    .start_emit_i(emit_starts),
    .last_step_i(last_step_q),
    .idle_o(emitter_idle),
    .credit_i(credit_arrives),
    .word_o(emit_word),
    .spikes_i(bitmap[emit_word]),
    .state_i(lane_state),
    .destination_address_o(destination_address),
    .destination_i(destinations[destination_address]),
    .source_address_o(source_address),
    .source_i(sources[source_address]),
    .valid_o(packet_valid_o),
    .ready_i(packet_ready_i),
    .data_o(packet_data_o)
  );

  snnc_memory #(
    .Width(WeightWordBits),
    .Depth(WeightWords),
    .InitFile((InitCore == "") ? "" : {InitCore, "_weights.hex"})
  ) u_weights (
    .clk_i,
    .write_i(config_write[snnc_pkg::MemoryWeights]),
    .write_address_i(config_address[WeightAddressBits-1:0]),
    .write_data_i(config_data[WeightWordBits-1:0]),
    .read_i(acc_read),
    .read_address_i(weight_address),
    .read_data_o(weight_data)
  );

  snnc_memory #(
    .Width(StateWordBits),
    .Depth(StateWords),
    .InitFile((InitCore == "") ? "" : {InitCore, "_state.hex"})
  ) u_state (
    .clk_i,
    .write_i(state_write),
    .write_address_i(state_write_word),
    .write_data_i(state_write_data),
    .read_i(acc_read || sweep_read || (state_q == Drain && !emitter_idle)),
    .read_address_i(state_read_word),
    .read_data_o(state_data)
  );

  snnc_memory #(
    .Width(StateWordBits),
    .Depth(2 * StateWords),
    .InitFile((InitCore == "") ? "" : {InitCore, "_thresholds.hex"})
  ) u_thresholds (
    .clk_i,
    .write_i(config_write[snnc_pkg::MemoryThresholds]),
    .write_address_i(config_address[WordBits:0]),
    .write_data_i(config_data[StateWordBits-1:0]),
    .read_i(threshold_read),
    .read_address_i(threshold_address),
    .read_data_o(threshold_data)
  );

  snnc_memory #(
    .Width(StateWordBits),
    .Depth(StateWords),
    .InitFile((InitCore == "") ? "" : {InitCore, "_bias.hex"})
  ) u_bias (
    .clk_i,
    .write_i(config_write[snnc_pkg::MemoryBias]),
    .write_address_i(config_address[WordBits-1:0]),
    .write_data_i(config_data[StateWordBits-1:0]),
    .read_i(sweep_read),
    .read_address_i(sweep_read_word),
    .read_data_o(bias_data)
  );

  for (genvar lane = 0; lane < Lanes; lane++) begin : g_lane
    snnc_lane #(
      .WeightBits(WeightBits),
      .StateBits(StateBits)
    ) u_lane (
      .clk_i,
      .state_i(state_data[lane*StateBits+:StateBits]),
      .weight_i(weight_data[lane*WeightBits+:WeightBits]),
      .bias_i(bias_data[lane*StateBits+:StateBits]),
      .value_i(value),
      .shift_i(weight_shift),
      .add_weight_i(state_q != Sweep && !acc_is_value),
      .add_bias_i(state_q == Sweep),
      .add_value_i(state_q != Sweep && acc_is_value && value_lanes[lane]),
      .state_o(lane_state[lane*StateBits+:StateBits]),
      .threshold_i(threshold_data[lane*StateBits+:StateBits]),
      .threshold_o(lane_threshold[lane*StateBits+:StateBits]),
      .sum_o(lane_sum[lane*StateBits+:StateBits]),
      .fires_i(fires),
      .hard_reset_i(hard_reset),
      .reset_value_i(reset_value),
      .sign_mask_i(sign_mask_q),
      .leak_shift_i(leak_shift),
      .spike_o(lane_spike[lane]),
      .state_after_o(lane_after[lane*StateBits+:StateBits])
    );
  end

  logic unused;
  assign unused = ^{registers, config_address, config_data};

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
    .sweep_i(state_q == Sweep),
    .sweep_last_cycle_i(sweep_last_cycle),
    .last_step_i(last_step_q),
    .write_i(sweep_write),
    .word_i(sweep_write_word),
    .spikes_i(lane_spike),
    .before_i(lane_state),
    .after_i(lane_after)
  );
`endif

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      if (head_valid && head_is_event) begin
        assert (state_q == Accumulate) else $fatal(1, "%m: event outside ACCUMULATE");
      end
      if (end_arrives && !step_starts) begin
        assert (ends_q < ends_needed || !enable) else $fatal(1, "%m: END beyond those needed");
      end
      assert (32'(acc_write) + 32'(sweep_write) + 32'(config_write[snnc_pkg::MemoryState]) <= 1)
        else $fatal(1, "%m: two writes to the state memory");
    end
  end
`endif
endmodule

`default_nettype wire
