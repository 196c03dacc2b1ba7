// SPDX-License-Identifier: Apache-2.0
// Properties of snnc_lane around one word of memory: as long as a step's contributions stay within what the
// compiler summed up for the neuron (compiler/analysis/bounds.py), the word is the exact integer, whatever arrives in
// whatever order, and a sweep computes docs/arithmetic.md. Weights, shifts, values, bias, threshold, reset,
// clamp and leak (a shift) are free, and so, where the lane has them, reset amount and lower clamp.
`default_nettype none

module formal_lane #(
  parameter int StateBits = 16,
  parameter int WeightBits = 4
) (
  input wire logic clk_i
);
  // Wide enough for every exact number here.
  localparam int Wide = StateBits + 4;
  localparam int Cuba = 0;
  // 1: a lane with reset amounts, a lower clamp and fraction bits.
`ifdef AMOUNTS
  localparam int Amounts = 1;
`else
  localparam int Amounts = 0;
`endif
  localparam int FractionBits = Amounts * 3;
  localparam int ShiftBits = $clog2(8 + FractionBits);
  // The last phase of an accumulation and of a sweep: weight or bias comes in phase 0, the word is read in
  // phase 1 and written after this one. What comes as a sum is written is in its phase 0, and the sum is forwarded.
  localparam logic [2:0] LastOfSum = 3'd2;
  localparam logic [2:0] LastOfSweep = 3'd7;

  // The neuron.
  (* anyconst *) logic signed [StateBits-1:0] bias;
  (* anyconst *) logic signed [StateBits-1:0] threshold;
  (* anyconst *) logic signed [StateBits-1:0] reset_value;
  (* anyconst *) logic signed [StateBits-1:0] reset_amount;
  (* anyconst *) logic signed [StateBits-1:0] lower_clamp;
  (* anyconst *) logic reset_amounts;
  (* anyconst *) logic fires;
  (* anyconst *) logic hard_reset;
  (* anyconst *) logic [4:0] clamp_bits;
  (* anyconst *) logic leaks;
  (* anyconst *) logic [3:0] leak_shift;
  // Sums of all positive and of all negative contributions that one step can bring.
  (* anyconst *) logic signed [Wide-1:0] most;
  (* anyconst *) logic signed [Wide-1:0] least;

  // What arrives.
  (* anyseq *) logic start;
  (* anyseq *) logic sweep;
  (* anyseq *) logic is_value;
  (* anyseq *) logic signed [WeightBits-1:0] weight;
  (* anyseq *) logic [ShiftBits-1:0] shift;
  (* anyseq *) logic signed [StateBits-1:0] value;
  (* anyseq *) logic [StateBits-1:0] noise;

  logic [2:0] phase_q;
  logic sweep_q;
  logic is_value_q;
  logic [StateBits-1:0] value_q;
  logic [ShiftBits-1:0] shift_q;
  logic take;
  logic forward_q;
  logic [StateBits-1:0] word_q;
  logic [StateBits-1:0] sum;
  logic [StateBits-1:0] after;
  logic spike;
  logic [StateBits-1:0] sign_mask;
  logic [snnc_pkg::DecayBits-1:0] decay;

  assign take = start && (phase_q == '0 || (phase_q == LastOfSum && !sweep_q));
  for (genvar i = 0; i < StateBits; i++) begin : g_sign_mask
    assign sign_mask[i] = 5'(i) >= clamp_bits - 5'd1;
  end
  assign decay = leaks
      ? snnc_pkg::decay_shift(snnc_pkg::DecayBits'(4096) >> leak_shift) : '0;

  snnc_lane #(
    .WeightBits(WeightBits),
    .StateBits(StateBits),
    .Cuba(Cuba),
    .ResetAmount(Amounts),
    .LowerClamp(Amounts),
    .FractionBits(FractionBits)
  ) dut (
    .clk_i,
    .weight_i((!take || sweep || is_value) ? '0 : weight),
    .bias_i(take ? bias : noise),
    .membrane_skip_i(1'b1),
    .membrane_i(noise),
    .state_skip_i(phase_q != 3'd1),
    .forward_i(forward_q),
    .state_i((phase_q == 3'd1 && !forward_q) ? word_q : noise),
    .show_membrane_i(1'b0),
    .add_nothing_i(phase_q != 3'd1),
    .add_constant_i(sweep_q),
    .value_i((!sweep_q && is_value_q) ? value_q : '0),
    .factor_i(snnc_pkg::DecayBits'(shift_q)),
    .threshold_i((phase_q == 3'd2) ? threshold : noise),
    .reset_amount_i((phase_q == 3'd2) ? reset_amount : noise),
    .sum_o(sum),
    .settle_skip_i(phase_q != 3'd4),
    .fires_i(fires),
    .hard_reset_i(hard_reset),
    .reset_value_i(hard_reset ? reset_value : '0),
    .reset_amounts_i(reset_amounts),
    .sign_mask_i(sign_mask),
    .lower_clamp_i(lower_clamp),
    .decay_i(decay),
    .current_decay_i({snnc_pkg::DecayBits{1'b0}}),
    .spike_o(spike),
    .membrane_after_o(after)
  );

  // The same in integers.
  logic signed [Wide-1:0] exact_q;
  logic signed [Wide-1:0] more_q;
  logic signed [Wide-1:0] less_q;
  logic signed [Wide-1:0] contribution;
  logic signed [Wide-1:0] contribution_q;
  logic signed [Wide-1:0] more;
  logic signed [Wide-1:0] less;
  logic ends;
  logic signed [Wide-1:0] largest;
  logic signed [Wide-1:0] lowest;
  logic signed [Wide-1:0] amount;
  logic signed [Wide-1:0] settled;
  logic signed [Wide-1:0] clamped;
  logic signed [Wide-1:0] leaked;
  logic fired;

  assign contribution = is_value ? Wide'(value) : (Wide'(weight) <<< shift);
  assign largest = (Wide'(1) <<< (clamp_bits - 5'd1)) - Wide'(1);
  assign lowest = (Amounts != 0) ? Wide'(lower_clamp) : -largest - Wide'(1);
  assign amount = (Amounts != 0 && reset_amounts) ? Wide'(reset_amount) : Wide'(threshold);

  always_comb begin
    settled = exact_q + Wide'(bias);
    fired = fires && settled >= Wide'(threshold);
    if (fired) settled = hard_reset ? Wide'(reset_value) : settled - amount;
    clamped = settled;
    if (settled > largest) clamped = largest;
    if (settled < lowest) clamped = lowest;
    leaked = clamped;
    if (leaks) leaked = clamped - (clamped >>> leak_shift);
  end

  // What the step has brought, with the sum that is written in this cycle.
  assign ends = phase_q == LastOfSum && !sweep_q;
  assign more = (ends && contribution_q > 0) ? more_q + contribution_q : more_q;
  assign less = (ends && contribution_q <= 0) ? less_q + contribution_q : less_q;

  always_ff @(posedge clk_i) begin
    forward_q <= take && ends;
    if (ends) begin
      phase_q <= '0;
      word_q <= sum;
      exact_q <= exact_q + contribution_q;
      more_q <= more;
      less_q <= less;
    end
    if (take) begin
      phase_q <= 3'd1;
      sweep_q <= sweep;
      is_value_q <= is_value;
      value_q <= value;
      shift_q <= shift;
      contribution_q <= contribution;
    end else if (phase_q != '0 && !ends) begin
      phase_q <= phase_q + 3'd1;
    end
    if (phase_q == LastOfSweep) begin
      phase_q <= '0;
      word_q <= after;
      exact_q <= leaked;
      more_q <= '0;
      less_q <= '0;
    end
    if ($initstate) begin
      phase_q <= '0;
      forward_q <= 1'b0;
      word_q <= '0;
      exact_q <= '0;
      more_q <= '0;
      less_q <= '0;
    end
  end

  // What the compiler makes sure of: the state width holds membrane (here the whole range of the clamp) plus
  // or minus what a step can bring, with and without the bias, and what a soft reset leaves of it.
  function automatic logic fits(input logic signed [Wide-1:0] number);
    fits = number >= -(Wide'(1) <<< (StateBits - 1)) && number < (Wide'(1) <<< (StateBits - 1));
  endfunction

  always @(posedge clk_i) begin
    assume (clamp_bits >= 5'd2 && 32'(clamp_bits) <= StateBits && leak_shift <= 4'd12);
    assume (32'(shift) <= 7 + FractionBits);
    assume (fits(most) && fits(least) && most >= 0 && least <= 0);
    assume (fits(largest + most) && fits(-largest - Wide'(1) + least));
    assume (fits(largest + most + Wide'(bias)) && fits(-largest - Wide'(1) + least + Wide'(bias)));
    assume (fits(largest + most + Wide'(bias) - amount) && fits(Wide'(threshold) - amount));
    assume (lowest <= 0 && lowest >= -largest - Wide'(1));
    if (take && !sweep) begin
      assume (fits(contribution));
      if (contribution > 0) assume (more + contribution <= most);
      else assume (less + contribution >= least);
    end
  end

  always @(posedge clk_i) begin
    if (!$initstate) begin
      if (ends) assert (Wide'($signed(sum)) == exact_q + contribution_q);
      if (phase_q == LastOfSweep) assert (spike == fired);
      if (phase_q == '0) assert (Wide'($signed(word_q)) == exact_q);
    end
  end

`ifdef INVARIANTS
  (* hierconn *) wire [StateBits-1:0] \dut.sum_q ;

  always @(posedge clk_i) begin
    if (!$initstate) begin
      assert (phase_q <= (sweep_q ? LastOfSweep : LastOfSum));
      if (forward_q) assert (phase_q == 3'd1 && \dut.sum_q == word_q);
      assert (more_q >= 0 && more_q <= most && less_q <= 0 && less_q >= least);
      assert (exact_q - more_q <= largest && exact_q - less_q >= -largest - Wide'(1));
      if (phase_q != '0 && !sweep_q) begin
        assert (fits(contribution_q));
        if (contribution_q > 0) assert (more_q + contribution_q <= most);
        else assert (less_q + contribution_q >= least);
      end
    end
  end
`endif
endmodule

`default_nettype wire
