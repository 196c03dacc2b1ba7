// SPDX-License-Identifier: Apache-2.0
// Arithmetic of one neuron per word: state + addend for both an arriving event and a sweep, and
// behind it compare, reset, clamp and decay of the sweep. One stage per clock, no stalls.
`default_nettype none

module snnc_lane #(
  // Bits of a weight.
  parameter int WeightBits = 4,
  // Bits of a neuron's state, of a threshold and of a bias.
  parameter int StateBits = 16
) (
  input  wire logic                  clk_i,
  // Stage 1: words from the memories and what is to be added to the state: the weight, shifted
  // left by `shift_i`; the bias; or the value of an event that carries one.
  input  wire logic [StateBits-1:0]  state_i,
  input  wire logic [WeightBits-1:0] weight_i,
  input  wire logic [StateBits-1:0]  bias_i,
  input  wire logic [StateBits-1:0]  value_i,
  input  wire logic [2:0]            shift_i,
  input  wire logic                  add_weight_i,
  input  wire logic                  add_bias_i,
  input  wire logic                  add_value_i,
  // Stage 2: the state as it was read.
  output      logic [StateBits-1:0]  state_o,
  // Stage 2: threshold from the memory, used in stage 3.
  input  wire logic [StateBits-1:0]  threshold_i,
  // Threshold (or initial membrane) one clock after the memory.
  output      logic [StateBits-1:0]  threshold_o,
  // Stage 3: state + addend, exact; all there is to an arriving event.
  output      logic [StateBits-1:0]  sum_o,
  // Neuron parameters, constant while a sweep is under way.
  input  wire logic                  fires_i,
  input  wire logic                  hard_reset_i,
  input  wire logic [StateBits-1:0]  reset_value_i,
  // One bit per state bit from the sign bit of the clamped number upwards.
  input  wire logic [StateBits-1:0]  sign_mask_i,
  // Right shift of the leak; 0 for none.
  input  wire logic [3:0]            leak_shift_i,
  // Stage 5: spike and state after the step.
  output      logic                  spike_o,
  output      logic [StateBits-1:0]  state_after_o
);
  localparam int ShiftedBits = WeightBits + 7;
  // Exact width of state + bias - threshold.
  localparam int FullBits = StateBits + 2;

  logic [ShiftedBits-1:0] shifted;
  logic [StateBits-1:0] weighted;
  logic [StateBits-1:0] addend;

  logic [StateBits-1:0] state_q;
  logic [StateBits-1:0] addend_q;
  logic [StateBits-1:0] threshold_q;
  logic [StateBits:0] sum_q;

  logic [FullBits-1:0] full_sum;
  logic [FullBits-1:0] full_reset_value;
  logic [FullBits-1:0] difference;
  logic spike;
  logic [FullBits-1:0] settled;
  logic [FullBits-1:0] settled_q;
  logic spike_q;
  logic spike_q2;

  logic sign;
  logic overflow;
  logic signed [StateBits-1:0] clamped;
  logic signed [StateBits-1:0] coarse_leak;
  logic [StateBits-1:0] clamped_q;
  logic signed [StateBits-1:0] coarse_leak_q;
  logic signed [StateBits-1:0] leak;

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
    if (add_bias_i) addend = bias_i;
    if (add_value_i) addend = value_i;
  end

  // Stage 3.
  assign full_reset_value = {{2{reset_value_i[StateBits-1]}}, reset_value_i};
  assign full_sum = {sum_q[StateBits], sum_q};
  assign difference = full_sum - {{2{threshold_q[StateBits-1]}}, threshold_q};
  assign spike = fires_i && !difference[FullBits-1];
  always_comb begin
    settled = full_sum;
    if (spike) settled = hard_reset_i ? full_reset_value : difference;
  end

  // Stage 4: all bits from the clamped number's sign upwards must be equal.
  assign sign = settled_q[FullBits-1];
  assign overflow = sign ? (~settled_q & {2'b11, sign_mask_i}) != '0
                         : (settled_q & {2'b11, sign_mask_i}) != '0;

  assign clamped = overflow ? {StateBits{sign}} ^ ~sign_mask_i : settled_q[StateBits-1:0];
  assign coarse_leak = clamped >>> {leak_shift_i[3:2], 2'b00};

  // Stage 5: the rest of the shift.
  assign leak = coarse_leak_q >>> leak_shift_i[1:0];
  assign state_after_o = clamped_q - leak;

  always_ff @(posedge clk_i) begin
    state_q <= state_i;
    addend_q <= addend;
    threshold_q <= threshold_i;
    sum_q <= {state_q[StateBits-1], state_q} + {addend_q[StateBits-1], addend_q};
    settled_q <= settled;
    spike_q <= spike;
    clamped_q <= clamped;
    coarse_leak_q <= (leak_shift_i == '0) ? '0 : coarse_leak;
    spike_q2 <= spike_q;
  end

  assign state_o = state_q;
  assign threshold_o = threshold_q;
  assign sum_o = sum_q[StateBits-1:0];
  assign spike_o = spike_q2;
endmodule

`default_nettype wire
