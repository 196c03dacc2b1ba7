// SPDX-License-Identifier: Apache-2.0
// Arithmetic of one neuron per word: state + addend for both an arriving event and a sweep, and
// behind it compare, reset, clamp and decay of the sweep. One stage per clock, no stalls.
`default_nettype none

module snnc_lane #(
  // Bits of a weight.
  parameter int WeightBits = 4,
  // Bits of a neuron's state, of a threshold and of a bias. Every sum of a membrane, input and
  // bias fits, and so does what a reset leaves of it.
  parameter int StateBits = 16,
  // 1: the membrane may be apart from the state, which then is a current with a decay of its own.
  parameter int Cuba = 0,
  // 1: one multiplier weighs a payload and scales for the decay; 0: shifters do.
  parameter int DecayMultiplier = 0,
  // 1: a soft reset may subtract another number than the threshold.
  parameter int ResetAmount = 0,
  // 1: the clamp has a lower end of its own.
  parameter int LowerClamp = 0,
  // The largest left shift of what events add.
  parameter int FractionBits = 0,
  // Derived; not to be set. Bit of the multiplier's first operand that a weight starts at.
  parameter int WeightPlace = (StateBits - WeightBits < snnc_pkg::DecayShift)
      ? StateBits - WeightBits : snnc_pkg::DecayShift,
  // Bits of its second: a decay, or a shifted payload in the place that undoes the other two.
  parameter int FactorBits = (snnc_pkg::DecayShift - WeightPlace + FractionBits > 5)
      ? snnc_pkg::DecayShift - WeightPlace + FractionBits + 8 : snnc_pkg::DecayBits
) (
  input  wire logic                  clk_i,
  // Stage 0: words from the memories; the weight is 0 where none is to be added. A word with its `skip` counts as 0.
  input  wire logic [WeightBits-1:0] weight_i,
  input  wire logic [StateBits-1:0]  bias_i,
  input  wire logic                  membrane_skip_i,
  input  wire logic [StateBits-1:0]  membrane_i,
  // Stage 1: the state, and what is to be added to it: bias and membrane of stage 0, or its weight times
  // `factor_i`, and the value of an event; or nothing.
  input  wire logic                  state_skip_i,
  // The memory wrote the word as it read it: its state is the sum of stage 3.
  input  wire logic                  forward_i,
  input  wire logic [StateBits-1:0]  state_i,
  input  wire logic                  add_nothing_i,
  input  wire logic                  add_constant_i,
  input  wire logic [StateBits-1:0]  value_i,
  // With DecayMultiplier what to multiply by: payload * 2**(12 - WeightPlace) in stage 1 of a weight, with
  // the shift of what events add in it, the decay in stage 6 of a sweep. Without, the left shift of a weight.
  input  wire logic [FactorBits-1:0] factor_i,
`ifdef SNNC_TRACE
  // Stage 2: the state as it was read.
  output      logic [StateBits-1:0]  before_o,
`endif
  // Stage 2: the state, or the membrane that came from the memory with it; threshold and reset amount.
  input  wire logic                  show_membrane_i,
  output      logic [StateBits-1:0]  state_o,
  input  wire logic [StateBits-1:0]  threshold_i,
  input  wire logic [StateBits-1:0]  reset_amount_i,
  // Stage 2 as well: state + addend; all there is to an arriving event.
  output      logic [StateBits-1:0]  sum_o,
  // Stage 4: 0 goes on, and not what is left after compare and reset.
  input  wire logic                  settle_skip_i,
  // Neuron parameters, constant while a sweep is under way; the reset value is 0 unless it is used.
  input  wire logic                  fires_i,
  input  wire logic                  hard_reset_i,
  input  wire logic [StateBits-1:0]  reset_value_i,
  // A soft reset subtracts the reset amount, not the threshold.
  input  wire logic                  reset_amounts_i,
  // One bit per state bit from the sign bit of the clamped number upwards, and with LowerClamp the lower end.
  input  wire logic [StateBits-1:0]  sign_mask_i,
  input  wire logic [StateBits-1:0]  lower_clamp_i,
  // Stage 6: decay of the membrane, unless it is a factor, and of a current; see snnc_decay.
  input  wire logic [snnc_pkg::DecayBits-1:0] decay_i,
  input  wire logic [snnc_pkg::DecayBits-1:0] current_decay_i,
  // Stage 7: spike, membrane after the step, and state after the step where it is a current.
  output      logic                  spike_o,
  output      logic [StateBits-1:0]  membrane_after_o,
  output      logic [StateBits-1:0]  current_after_o
);
  // Bits that say whether four of a number's are beyond the clamp.
  localparam int BeyondBits = (StateBits + 3) / 4;

  logic [StateBits-1:0] bias_q;
  logic [StateBits-1:0] constant;
  logic [StateBits-1:0] weighted;
  logic [StateBits-1:0] state_q;
  logic [StateBits-1:0] addend_q;
  logic [StateBits-1:0] threshold_q;
  logic [StateBits-1:0] sum;
  logic [StateBits-1:0] sum_q;
  logic [StateBits-1:0] sum_q2;

  logic [StateBits:0] difference;
  logic [StateBits-1:0] left;
  logic [StateBits-1:0] left_q;
  logic [4:1] spike_q;
  logic [StateBits-1:0] settled;
  logic [StateBits-1:0] settled_q;
  logic [StateBits-1:0] beyond;
  logic [BeyondBits-1:0] beyond_q;
  logic sign;
  logic overflow;
  logic [StateBits-1:0] lowest;
  logic [StateBits-1:0] clamped;

  // Stage 0 ends with the words in registers.
  always_ff @(posedge clk_i) begin
    bias_q <= bias_i;
  end

  // Stages 1 and 2. No more than one of weight and value is other than 0.
  assign sum = state_q + addend_q;
  always_ff @(posedge clk_i) begin
    state_q <= state_skip_i ? '0 : forward_i ? sum_q : state_i;
    addend_q <= add_nothing_i ? '0 : (add_constant_i ? constant : weighted) | value_i;
    sum_q <= sum;
    threshold_q <= threshold_i;
  end

  // Stage 3. What a soft reset leaves is the difference that tells a spike, unless it subtracts another number.
  assign difference = {sum_q[StateBits-1], sum_q} - {threshold_q[StateBits-1], threshold_q};
  always_ff @(posedge clk_i) begin
    sum_q2 <= sum_q;
    left_q <= hard_reset_i ? '0 : left;
    spike_q <= {spike_q[3:1], fires_i && !difference[StateBits]};
  end

  if (ResetAmount != 0) begin : g_reset_amount
    logic [StateBits-1:0] amount_q;

    always_ff @(posedge clk_i) amount_q <= reset_amounts_i ? reset_amount_i : threshold_i;
    assign left = sum_q - amount_q;
  end else begin : g_threshold
    assign left = difference[StateBits-1:0];

    logic unused;
    assign unused = ^{reset_amounts_i, reset_amount_i};
  end

  // Stage 4. All bits from the clamped number's sign upwards must be equal.
  assign settled = settle_skip_i ? '0 : spike_q[1] ? left_q | reset_value_i : sum_q2;
  assign beyond = ({StateBits{settled[StateBits-1]}} ^ settled) & sign_mask_i;
  always_ff @(posedge clk_i) begin
    settled_q <= settled;
    beyond_q <= '0;
    for (int i = 0; i < StateBits; i++) begin
      if (beyond[i]) beyond_q[i/4] <= 1'b1;
    end
  end

  // Stage 5.
  assign sign = settled_q[StateBits-1];
  if (LowerClamp != 0) begin : g_lower_clamp
    logic below_q;

    // Its lower end is never below what `sign_mask_i` says, so that nothing else is too low.
    always_ff @(posedge clk_i) below_q <= $signed(settled) < $signed(lower_clamp_i);
    assign overflow = below_q || (beyond_q != '0 && !sign);
    assign lowest = lower_clamp_i;
  end else begin : g_symmetric
    assign overflow = beyond_q != '0;
    assign lowest = sign_mask_i;

    logic unused;
    assign unused = ^lower_clamp_i;
  end
  assign clamped = !overflow ? settled_q : sign ? lowest : ~sign_mask_i;

  // Stage 6 and 7: the decay. The weights of stage 1 share its multiplier: a sweep sees no weights,
  // an event nothing that settles. They share its register too: the multiplier takes half a cycle alone.
  if (DecayMultiplier != 0) begin : g_multiplier
    localparam int ProductBits = StateBits + FactorBits + 1;
    logic signed [StateBits-1:0] number_q;
    logic signed [FactorBits:0] factor;
    logic signed [ProductBits-1:0] product;
    logic [StateBits-1:0] clamped_q2;
    logic [StateBits-1:0] leak_q;

    assign factor = {1'b0, factor_i};
    assign product = number_q * factor;
    assign weighted = product[snnc_pkg::DecayShift+:StateBits];
    always_ff @(posedge clk_i) begin
      number_q <= clamped;
      for (int i = WeightPlace; i < StateBits; i++) begin
        number_q[i] <= clamped[i]
            | weight_i[(i - WeightPlace < WeightBits) ? i - WeightPlace : WeightBits - 1];
      end
      clamped_q2 <= number_q;
      leak_q <= product[snnc_pkg::DecayShift+:StateBits];
    end
    assign membrane_after_o = clamped_q2 - leak_q;

    logic unused;
    assign unused = ^{decay_i, product};
  end else begin : g_shift
    localparam int ShiftedBits = WeightBits + 7 + FractionBits;
    logic [WeightBits-1:0] weight_q;
    logic [StateBits-1:0] clamped_q;
    logic [ShiftedBits-1:0] shifted;

    always_ff @(posedge clk_i) begin
      weight_q <= weight_i;
      clamped_q <= clamped;
    end
    assign shifted = {{(ShiftedBits - WeightBits){weight_q[WeightBits-1]}}, weight_q}
        << factor_i[$clog2(8+FractionBits)-1:0];
    // A shifted weight may be wider than the state, or narrower.
    if (ShiftedBits >= StateBits) begin : g_cut
      assign weighted = shifted[StateBits-1:0];
    end else begin : g_extended
      assign weighted = {{(StateBits - ShiftedBits){shifted[ShiftedBits-1]}}, shifted};
    end

    snnc_decay #(
      .StateBits(StateBits)
    ) u_decay (
      .clk_i,
      .decay_i,
      .x_i(clamped_q),
      .x_o(membrane_after_o)
    );

    logic unused;
    assign unused = ^{factor_i, shifted};
  end

  if (Cuba != 0) begin : g_cuba
    logic [StateBits-1:0] membrane_q;
    logic [StateBits-1:0] state_q2;
    logic [StateBits-1:0] state_q3;
    logic [StateBits-1:0] state_q4;
    logic [StateBits-1:0] state_q5;

    assign state_o = show_membrane_i ? membrane_q : state_q;
    assign constant = bias_q + membrane_q;
    always_ff @(posedge clk_i) begin
      membrane_q <= membrane_skip_i ? '0 : membrane_i;
      state_q2 <= state_q;
      state_q3 <= state_q2;
      state_q4 <= state_q3;
      state_q5 <= state_q4;
    end

    snnc_decay #(
      .StateBits(StateBits),
      .Multiplier(DecayMultiplier)
    ) u_current_decay (
      .clk_i,
      .decay_i(current_decay_i),
      .x_i(state_q5),
      .x_o(current_after_o)
    );
  end else begin : g_no_cuba
    assign state_o = state_q;
    assign constant = bias_q;
    assign current_after_o = '0;

    logic unused;
    assign unused = ^{membrane_i, membrane_skip_i, show_membrane_i, current_decay_i};
  end

`ifdef SNNC_TRACE
  assign before_o = state_q;
`endif
  assign sum_o = sum;
  assign spike_o = spike_q[4];
endmodule

`default_nettype wire
