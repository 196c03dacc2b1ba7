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
  // 1: decays multiply; 0: they shift.
  parameter int DecayMultiplier = 0
) (
  input  wire logic                  clk_i,
  // Stage 1: words from the memories and what is to be added to the state: the weight, shifted
  // left by `shift_i`; the bias and, if asked for, the membrane; or the value of an event.
  input  wire logic [StateBits-1:0]  state_i,
  input  wire logic [StateBits-1:0]  membrane_i,
  input  wire logic [WeightBits-1:0] weight_i,
  input  wire logic [StateBits-1:0]  bias_i,
  input  wire logic [StateBits-1:0]  value_i,
  input  wire logic [2:0]            shift_i,
  input  wire logic                  add_weight_i,
  input  wire logic                  add_bias_i,
  input  wire logic                  add_membrane_i,
  input  wire logic                  add_value_i,
  // Stage 1: pass the membrane on to stage 2 instead of the state.
  input  wire logic                  show_membrane_i,
  // Stage 2: the state as it was read.
  output      logic [StateBits-1:0]  state_o,
  // Stage 2: threshold from the memory, used in stage 3.
  input  wire logic [StateBits-1:0]  threshold_i,
  // Threshold (or initial membrane) one clock after the memory.
  output      logic [StateBits-1:0]  threshold_o,
  // Stage 3: state + addend; all there is to an arriving event.
  output      logic [StateBits-1:0]  sum_o,
  // Neuron parameters, constant while a sweep is under way.
  input  wire logic                  fires_i,
  input  wire logic                  hard_reset_i,
  input  wire logic [StateBits-1:0]  reset_value_i,
  // One bit per state bit from the sign bit of the clamped number upwards.
  input  wire logic [StateBits-1:0]  sign_mask_i,
  // Decay of the membrane, and of a current; see snnc_decay.
  input  wire logic [snnc_pkg::DecayBits-1:0] decay_i,
  input  wire logic [snnc_pkg::DecayBits-1:0] current_decay_i,
  // Stage 5: spike, membrane after the step, and state after the step where it is a current.
  output      logic                  spike_o,
  output      logic [StateBits-1:0]  membrane_after_o,
  output      logic [StateBits-1:0]  current_after_o
);
  localparam int ShiftedBits = WeightBits + 7;

  logic [ShiftedBits-1:0] shifted;
  logic [StateBits-1:0] weighted;
  logic [StateBits-1:0] state;
  logic [StateBits-1:0] constant;
  logic [StateBits-1:0] addend;

  logic [StateBits-1:0] state_q;
  logic [StateBits-1:0] addend_q;
  logic [StateBits-1:0] threshold_q;
  logic [StateBits-1:0] sum_q;

  logic [StateBits:0] difference;
  logic spike;
  logic [StateBits-1:0] settled;
  logic [StateBits-1:0] settled_q;
  logic spike_q;
  logic spike_q2;

  logic sign;
  logic overflow;
  logic [StateBits-1:0] clamped;

  // Stage 1.
  assign shifted = {{7{weight_i[WeightBits-1]}}, weight_i} << shift_i;
  // A shifted weight may be wider than the state, or narrower.
  if (ShiftedBits >= StateBits) begin : g_weight_cut
    assign weighted = shifted[StateBits-1:0];
    logic unused;
    assign unused = ^shifted;
  end else begin : g_weight_extended
    assign weighted = {{(StateBits - ShiftedBits){shifted[ShiftedBits-1]}}, shifted};
  end

  always_comb begin
    addend = '0;
    if (add_weight_i) addend = weighted;
    if (add_bias_i) addend = constant;
    if (add_value_i) addend = value_i;
  end

  // Stage 3.
  assign difference = {sum_q[StateBits-1], sum_q} - {threshold_q[StateBits-1], threshold_q};
  assign spike = fires_i && !difference[StateBits];
  always_comb begin
    settled = sum_q;
    if (spike) settled = hard_reset_i ? reset_value_i : difference[StateBits-1:0];
  end

  // Stage 4: all bits from the clamped number's sign upwards must be equal.
  assign sign = settled_q[StateBits-1];
  assign overflow = (({StateBits{sign}} ^ settled_q) & sign_mask_i) != '0;
  assign clamped = overflow ? {StateBits{sign}} ^ ~sign_mask_i : settled_q;

  // Stages 4 and 5.
  snnc_decay #(
    .StateBits(StateBits),
    .Multiplier(DecayMultiplier)
  ) u_decay (
    .clk_i,
    .decay_i,
    .x_i(clamped),
    .x_o(membrane_after_o)
  );

  if (Cuba != 0) begin : g_cuba
    logic [StateBits-1:0] state_q2;
    logic [StateBits-1:0] state_q3;

    assign state = show_membrane_i ? membrane_i : state_i;
    assign constant = bias_i + (add_membrane_i ? membrane_i : '0);
    always_ff @(posedge clk_i) begin
      state_q2 <= state_q;
      state_q3 <= state_q2;
    end

    snnc_decay #(
      .StateBits(StateBits),
      .Multiplier(DecayMultiplier)
    ) u_current_decay (
      .clk_i,
      .decay_i(current_decay_i),
      .x_i(state_q3),
      .x_o(current_after_o)
    );
  end else begin : g_no_cuba
    assign state = state_i;
    assign constant = bias_i;
    assign current_after_o = '0;

    logic unused;
    assign unused = ^{membrane_i, add_membrane_i, show_membrane_i, current_decay_i};
  end

  always_ff @(posedge clk_i) begin
    state_q <= state;
    addend_q <= addend;
    threshold_q <= threshold_i;
    sum_q <= state_q + addend_q;
    settled_q <= settled;
    spike_q <= spike;
    spike_q2 <= spike_q;
  end

  assign state_o = state_q;
  assign threshold_o = threshold_q;
  assign sum_o = sum_q;
  assign spike_o = spike_q2;
endmodule

`default_nettype wire
