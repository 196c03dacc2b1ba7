// SPDX-License-Identifier: Apache-2.0
// Memories and lanes of a core, and who reads and writes them when.
`default_nettype none

module snnc_datapath #(
  // Parameters of the core; see snnc_core.
  parameter int Lanes = 8,
  parameter int WeightBits = 4,
  parameter int StateBits = 16,
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  parameter int ParameterWords = 16,
  parameter int BitmapSlots = 1,
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0,
  parameter int ResetAmount = 0,
  parameter int ChannelLeak = 0,
  parameter int LowerClamp = 0,
  parameter int FractionBits = 0,
  // Bits that configuration writes at once, and of its addresses.
  parameter int ConfigBits = 128,
  parameter int ConfigAddressBits = 24,
  parameter int SinglePortWeights = 0,
  // Common beginning of the names of the files with initial content; "" for none.
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int WeightAddressBits = (WeightWords > 1) ? $clog2(WeightWords) : 1,
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1,
  parameter int ParameterBits = (ParameterWords > 1) ? $clog2(ParameterWords) : 1
) (
  input  wire logic                         clk_i,
  // Configuration registers, constant while the core works.
  input  wire logic [1:0]                   reset_mode_i,
  input  wire logic                         cuba_i,
  input  wire logic [4:0]                   clamp_bits_i,
  input  wire logic [StateBits-1:0]         reset_value_i,
  input  wire logic                         reset_amounts_i,
  input  wire logic                         channel_decays_i,
  input  wire logic [StateBits-1:0]         lower_clamp_i,
  input  wire logic [snnc_pkg::DecayBits-1:0] decay_i,
  input  wire logic [snnc_pkg::DecayBits-1:0] current_decay_i,
  // Writes of configuration, one bit per memory code.
  input  wire logic [snnc_pkg::Memories-1:0]                   config_write_i,
  input  wire logic [ConfigAddressBits-1:0] config_address_i,
  input  wire logic [ConfigBits-1:0]        config_data_i,
  // The control state is SWEEP, which may write 0 for every neuron, or DRAIN, which may be of partial sums.
  input  wire logic                         sweep_i,
  input  wire logic                         clears_i,
  input  wire logic                         drain_i,
  input  wire logic                         drain_sums_i,
  input  wire logic [snnc_pkg::StepBits-1:0] step_i,
  // Row engine; see snnc_accumulate.
  input  wire logic                         weight_read_i,
  input  wire logic [WeightAddressBits-1:0] weight_address_i,
  input  wire logic                         acc_read_i,
  input  wire logic [WordBits-1:0]          acc_read_word_i,
  input  wire logic [Lanes-1:0]             lanes_i,
  input  wire logic                         weigh_i,
  input  wire logic [7:0]                   weight_factor_i,
  input  wire logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_i,
  input  wire logic [StateBits-1:0]         value_i,
  input  wire logic                         acc_write_i,
  input  wire logic [WordBits-1:0]          acc_write_word_i,
  // Sweep sequencer; see snnc_sweep.
  input  wire logic                         constant_read_i,
  input  wire logic [WordBits-1:0]          membrane_word_i,
  input  wire logic [ParameterBits:0]       constant_address_i,
  input  wire logic                         sweep_read_i,
  input  wire logic [WordBits-1:0]          sweep_read_word_i,
  input  wire logic                         threshold_read_i,
  input  wire logic [ParameterBits-1:0]     threshold_word_i,
  input  wire logic                         decay_read_i,
  input  wire logic [ParameterBits-1:0]     decay_word_i,
  input  wire logic                         add_constant_i,
  input  wire logic                         settle_i,
  input  wire logic                         sweep_write_i,
  input  wire logic [WordBits-1:0]          sweep_write_word_i,
  // Emitter; see snnc_emit. The state comes two clocks after its address and stays while it is kept, a
  // bitmap one.
  input  wire logic                         emit_read_i,
  input  wire logic                         emit_keep_i,
  input  wire logic [WordBits-1:0]          emit_word_i,
  input  wire logic                         bitmap_read_i,
  input  wire logic [3:0]                   bitmap_slot_i,
  input  wire logic [WordBits-1:0]          bitmap_word_i,
  // What a sweep reads, and writes five cycles later.
`ifdef SNNC_TRACE
  output      logic [Lanes*StateBits-1:0]   before_o,
  output      logic [Lanes*StateBits-1:0]   after_o,
`endif
  output      logic [Lanes-1:0]             spikes_o,
  output      logic [Lanes*StateBits-1:0]   state_o,
  output      logic [Lanes-1:0]             bitmap_o
);
  localparam int DecayBits = snnc_pkg::DecayBits;
  localparam int ConstantAddressBits = $clog2(2 * ParameterWords);
  localparam int BitmapWords = BitmapSlots * 2 ** WordBits;
  localparam int BitmapAddressBits = $clog2(BitmapWords);
  localparam int WeightWordBits = Lanes * WeightBits;
  localparam int StateWordBits = Lanes * StateBits;

  localparam int WeightPlace = (StateBits - WeightBits < snnc_pkg::DecayShift)
      ? StateBits - WeightBits : snnc_pkg::DecayShift;
  localparam int FactorBits = (snnc_pkg::DecayShift - WeightPlace + FractionBits > 5)
      ? snnc_pkg::DecayShift - WeightPlace + FractionBits + 8 : DecayBits;
  // Bits of a shifted payload, and of the left shift of a weight.
  localparam int PayloadBits = 8 + FractionBits;
  localparam int ShiftBits = $clog2(8 + FractionBits);
  localparam int FractionRegisterBits = (FractionBits > 0) ? $clog2(FractionBits + 1) : 1;
  logic cuba;
  logic shows_membrane;
  logic emits_membrane;
  logic fires_q;
  logic hard_reset_q;
  logic [StateBits-1:0] reset_value_q;
  logic [StateBits-1:0] sign_mask_q;
  logic [StateBits-1:0] lower_clamp_q;
  logic reset_amounts_q;
  logic [FractionRegisterBits-1:0] fraction_bits;
  logic [Lanes*DecayBits-1:0] decay;
  logic [Lanes*DecayBits-1:0] current_decay;
  logic [Lanes*DecayBits-1:0] decay_q;
  logic [Lanes*DecayBits-1:0] current_decay_q;

  logic [WordBits-1:0] state_read_word;
  logic state_write;
  logic [WordBits-1:0] state_write_word;
  logic [StateWordBits-1:0] state_write_data;
  logic write_sum;

  logic [WeightWordBits-1:0] weight_data;
  logic [StateWordBits-1:0] state_data;
  logic [StateWordBits-1:0] membrane_data;
  logic [StateWordBits-1:0] threshold_data;
  logic [StateWordBits-1:0] reset_amount_data;
  logic [StateWordBits-1:0] bias_data;

  logic weight_skip_q;
  logic [WeightWordBits-1:0] weight_q;  // Behind the block RAM, which shows a word late.
  logic membrane_skip_q;
  logic state_skip_q;
  logic forward;
  logic forward_q;
  logic add_constant_q;
  logic [Lanes-1:0] add_nothing_q;
  logic settle_skip_q;
  logic [StateBits-1:0] value_q;
  logic [FactorBits-1:0] weight_factor;
  logic [Lanes*FactorBits-1:0] factor_q;

  logic [StateWordBits-1:0] lane_sum;
  logic [StateWordBits-1:0] lane_membrane_after;
  logic [StateWordBits-1:0] lane_current_after;
  logic [Lanes-1:0] lane_spike;

  assign cuba = Cuba != 0 && cuba_i;
  assign shows_membrane = cuba && !drain_sums_i;
  assign emits_membrane = shows_membrane && drain_i;

  // Constant while the core works.
  always_ff @(posedge clk_i) begin
    fires_q <= reset_mode_i != snnc_pkg::ResetNone;
    hard_reset_q <= reset_mode_i == snnc_pkg::ResetHard;
    reset_value_q <= (reset_mode_i == snnc_pkg::ResetHard) ? reset_value_i : '0;
    for (int i = 0; i < StateBits; i++) sign_mask_q[i] <= 5'(i) >= clamp_bits_i - 5'd1;
    lower_clamp_q <= lower_clamp_i;
    reset_amounts_q <= reset_amounts_i;
  end

  // What weights are multiplied by or shifted by.
  assign fraction_bits = (FractionBits != 0) ? fraction_bits_i[FractionRegisterBits-1:0] : '0;
  if (DecayMultiplier != 0) begin : g_payload
    logic [PayloadBits-1:0] payload;

    assign payload = PayloadBits'(weight_factor_i) << fraction_bits;
    assign weight_factor = FactorBits'(payload) << (snnc_pkg::DecayShift - WeightPlace);
  end else begin : g_shift
    logic [ShiftBits-1:0] shift;

    assign shift = ShiftBits'(weight_factor_i[2:0]) + ShiftBits'(fraction_bits);
    assign weight_factor = FactorBits'(shift);
  end

  // Controls of the lanes' stages 0 and 1, and decays of their stage 6.
  always_ff @(posedge clk_i) begin
    weight_skip_q <= !weight_read_i;
    weight_q <= weight_skip_q ? '0 : weight_data;
    membrane_skip_q <= !((constant_read_i && sweep_i && cuba) || (emit_keep_i && shows_membrane));
    state_skip_q <= !(acc_read_i || sweep_read_i || (emit_keep_i && !shows_membrane));
    forward_q <= forward;
    settle_skip_q <= !settle_i;
    add_constant_q <= add_constant_i;
    add_nothing_q <= ~(lanes_i | {Lanes{add_constant_i}});
    value_q <= (acc_read_i && !weigh_i) ? value_i : '0;
    decay_q <= decay;
    current_decay_q <= current_decay;
    for (int i = 0; i < Lanes; i++) begin
      factor_q[i*FactorBits+:FactorBits] <= (DecayMultiplier == 0 || weigh_i) ? weight_factor
          : FactorBits'(decay[i*DecayBits+:DecayBits]);
    end
  end

  snnc_leak #(
    .Lanes(Lanes),
    .ParameterWords(ParameterWords),
    .Cuba(Cuba),
    .DecayMultiplier(DecayMultiplier),
    .ChannelLeak(ChannelLeak),
    .ConfigBits(ConfigBits),
    .InitCore(InitCore)
  ) u_leak (
    .clk_i,
    .cuba_i,
    .channel_decays_i,
    .decay_i,
    .current_decay_i,
    .decays_write_i(config_write_i[snnc_pkg::MemoryDecays]),
    .current_decays_write_i(config_write_i[snnc_pkg::MemoryCurrentDecays]),
    .config_address_i(config_address_i[ParameterBits-1:0]),
    .config_data_i,
    .read_i(decay_read_i),
    .word_i(decay_word_i),
    .decay_o(decay),
    .current_decay_o(current_decay)
  );

  assign state_read_word = acc_read_i ? acc_read_word_i : sweep_read_i ? sweep_read_word_i : emit_word_i;
  // A word that is written as it is to be read comes from the lanes.
  assign forward = acc_write_i && acc_write_word_i == state_read_word;

  // An accumulation may still write in the first cycles of a sweep, long before the sweep does. Configuration
  // writes neither memory: a reset does, by INIT.
  assign state_write = acc_write_i || sweep_write_i;
  assign state_write_word = acc_write_i ? acc_write_word_i : sweep_write_word_i;
  assign write_sum = !sweep_write_i || (!sweep_i && !cuba);
  assign state_write_data = write_sum ? lane_sum
      : clears_i ? '0 : cuba ? lane_current_after : lane_membrane_after;

  snnc_weights #(
    .Width(WeightWordBits),
    .Depth(WeightWords),
    .SinglePort(SinglePortWeights),
    .InitFile((InitCore == "") ? "" : {InitCore, "_weights.hex"})
  ) u_weights (
    .clk_i,
    .write_i(config_write_i[snnc_pkg::MemoryWeights]),
    .write_address_i(config_address_i[WeightAddressBits-1:0]),
    .write_data_i(config_data_i[WeightWordBits-1:0]),
    .read_i(weight_read_i),
    .read_address_i(weight_address_i),
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
    .read_i((acc_read_i || sweep_read_i || (emit_read_i && !emits_membrane)) && !forward),
    .read_address_i(state_read_word),
    .read_data_o(state_data)
  );

  if (Cuba != 0) begin : g_cuba
    snnc_memory #(
      .Width(StateWordBits),
      .Depth(StateWords),
      .InitFile((InitCore == "") ? "" : {InitCore, "_membrane.hex"})
    ) u_membrane (
      .clk_i,
      .write_i(sweep_write_i && cuba),
      .write_address_i(sweep_write_word_i),
      .write_data_i(!sweep_i ? lane_sum : clears_i ? '0 : lane_membrane_after),
      .read_i((constant_read_i && sweep_i && cuba) || (emit_read_i && emits_membrane)),
      .read_address_i(drain_i ? emit_word_i : membrane_word_i),
      .read_data_o(membrane_data)
    );
  end else begin : g_no_cuba
    assign membrane_data = '0;
  end

  snnc_channels #(
    .WordBits(StateWordBits),
    .ParameterWords(ParameterWords),
    .ResetAmount(ResetAmount),
    .ConfigBits(ConfigBits),
    .InitCore(InitCore)
  ) u_channels (
    .clk_i,
    .reset_amounts_i,
    .config_write_i,
    .config_address_i(config_address_i[ConstantAddressBits-1:0]),
    .config_data_i,
    .constant_read_i,
    .constant_address_i(constant_address_i[ConstantAddressBits-1:0]),
    .constant_o(bias_data),
    .threshold_read_i,
    .threshold_word_i,
    .threshold_o(threshold_data),
    .reset_amount_o(reset_amount_data)
  );

  // A slot's number is modulo BitmapSlots, which the cut to the address does.
  snnc_memory #(
    .Width(Lanes),
    .Depth(BitmapWords)
  ) u_bitmap (
    .clk_i,
    .write_i(sweep_write_i && sweep_i),
    .write_address_i(BitmapAddressBits'({step_i[3:0], sweep_write_word_i})),
    .write_data_i(lane_spike),
    .read_i(bitmap_read_i),
    .read_address_i(BitmapAddressBits'({bitmap_slot_i, bitmap_word_i})),
    .read_data_o(bitmap_o)
  );

  for (genvar lane = 0; lane < Lanes; lane++) begin : g_lane
    snnc_lane #(
      .WeightBits(WeightBits),
      .StateBits(StateBits),
      .Cuba(Cuba),
      .DecayMultiplier(DecayMultiplier),
      .ResetAmount(ResetAmount),
      .LowerClamp(LowerClamp),
      .FractionBits(FractionBits)
    ) u_lane (
      .clk_i,
      .weight_i(weight_q[lane*WeightBits+:WeightBits]),
      .bias_i(bias_data[lane*StateBits+:StateBits]),
      .membrane_skip_i(membrane_skip_q),
      .membrane_i(membrane_data[lane*StateBits+:StateBits]),
      .state_skip_i(state_skip_q),
      .forward_i(forward_q),
      .state_i(state_data[lane*StateBits+:StateBits]),
`ifdef SNNC_TRACE
      .before_o(before_o[lane*StateBits+:StateBits]),
`endif
      .show_membrane_i(shows_membrane),
      .add_nothing_i(add_nothing_q[lane]),
      .add_constant_i(add_constant_q),
      .value_i(value_q),
      .factor_i(factor_q[lane*FactorBits+:FactorBits]),
      .state_o(state_o[lane*StateBits+:StateBits]),
      .threshold_i(threshold_data[lane*StateBits+:StateBits]),
      .reset_amount_i(reset_amount_data[lane*StateBits+:StateBits]),
      .sum_o(lane_sum[lane*StateBits+:StateBits]),
      .settle_skip_i(settle_skip_q),
      .fires_i(fires_q),
      .hard_reset_i(hard_reset_q),
      .reset_value_i(reset_value_q),
      .reset_amounts_i(reset_amounts_q),
      .sign_mask_i(sign_mask_q),
      .lower_clamp_i(lower_clamp_q),
      .decay_i(decay_q[lane*DecayBits+:DecayBits]),
      .current_decay_i(current_decay_q[lane*DecayBits+:DecayBits]),
      .spike_o(lane_spike[lane]),
      .membrane_after_o(lane_membrane_after[lane*StateBits+:StateBits]),
      .current_after_o(lane_current_after[lane*StateBits+:StateBits])
    );
  end

  logic unused;
  assign unused = ^{config_write_i, config_address_i, config_data_i, constant_address_i, step_i,
                    membrane_word_i, weight_factor_i, fraction_bits_i, lane_membrane_after, lane_current_after};

  assign spikes_o = lane_spike;
`ifdef SNNC_TRACE
  assign after_o = lane_membrane_after;
`endif

`ifdef SNNC_ASSERT
  // Words read by an accumulation in the last two cycles, the older of which is written in this one.
  logic [1:0] pending_q;
  logic [2*WordBits-1:0] pending_words_q;

  always @(posedge clk_i) begin
    pending_q <= {pending_q[0], acc_read_i};
    pending_words_q <= {pending_words_q[WordBits-1:0], acc_read_word_i};
    for (int i = 0; i < 2; i++) begin
      assert (pending_q[i] !== 1'b1 || !(emit_read_i || (i == 0 && (acc_read_i || sweep_read_i)))
              || state_read_word != pending_words_q[i*WordBits+:WordBits])
        else $fatal(1, "%m: word %0d read before it was written back", state_read_word);
    end
    if (acc_write_i === 1'b1 || sweep_write_i === 1'b1) begin
      assert (!(acc_write_i && sweep_write_i)) else $fatal(1, "%m: two writes to the state memory");
    end
    assert (sweep_write_i !== 1'b1 || 32'(sweep_write_word_i) < StateWords) else $fatal(1, "%m: no word to sweep");
  end
`endif
endmodule

`default_nettype wire
