// SPDX-License-Identifier: Apache-2.0
// How many flits of a kind, END or CREDIT, each of several contexts awaits: in every step as many as its registers
// say. A count is in memory from its first flit on; before, the registers say it.
`default_nettype none

module snnc_awaited #(
  parameter int Contexts = 2,
  // Bits of a count.
  parameter int CountBits = snnc_pkg::CountBits,
  // Derived; not to be set.
  parameter int ContextBits = $clog2(Contexts)
) (
  input  wire logic                           clk_i,
  input  wire logic                           rst_i,
  // A flit arrives for this context, which may count it. What its registers say: awaited after a reset, and
  // in a step.
  input  wire logic                           arrive_i,
  input  wire logic [ContextBits-1:0]         named_i,
  input  wire logic [CountBits-1:0] named_first_i,
  input  wire logic [CountBits-1:0] named_needed_i,
  // The flit counts; what the context still awaits.
  output      logic                           counts_o,
  output      logic [CountBits-1:0] left_o,
  // From the next cycle on this context, which awaits none, awaits what a step needs.
  input  wire logic                           renew_i,
  input  wire logic [ContextBits-1:0]         renewed_i,
  // The registers of this context can be read: behind a reset and behind `renew_i`, before anybody asks.
  input  wire logic                           look_i,
  input  wire logic [ContextBits-1:0]         looked_i,
  input  wire logic [CountBits-1:0] looked_first_i,
  input  wire logic [CountBits-1:0] looked_needed_i,
  // By context: awaits none; awaits as many as after the reset.
  output      logic [Contexts-1:0]            none_o,
  output      logic [Contexts-1:0]            fresh_o
);
  // A few counts are cheaper in registers.
  (* ram_style = (Contexts > 4) ? "distributed" : "registers" *)
  logic [CountBits-1:0] counts [0:Contexts-1];
  // The count is still what the registers say: after a reset, or in a step.
  logic [Contexts-1:0] first_q;
  logic [Contexts-1:0] needed_q;
  logic [Contexts-1:0] none_q;
  logic [Contexts-1:0] fresh_q;
  logic [CountBits-1:0] next;
  // What was counted in the last cycle; whether that many are awaited after a reset, nobody asks at once.
  logic counted_q;
  logic [ContextBits-1:0] named_q;
  logic [CountBits-1:0] next_q;
  logic [CountBits-1:0] first_count_q;

  assign left_o = first_q[named_i] ? named_first_i : needed_q[named_i] ? named_needed_i : counts[named_i];
  assign counts_o = arrive_i && left_o != '0;
  assign next = left_o - CountBits'(1);
  assign none_o = none_q;
  assign fresh_o = fresh_q;

  always_ff @(posedge clk_i) begin
    if (counts_o) counts[named_i] <= next;
    counted_q <= counts_o && !rst_i;
    named_q <= named_i;
    next_q <= next;
    first_count_q <= named_first_i;
  end

  always_ff @(posedge clk_i) begin
    if (counted_q) fresh_q[named_q] <= next_q == first_count_q;
    if (look_i && first_q[looked_i]) none_q[looked_i] <= looked_first_i == '0;
    if (look_i && needed_q[looked_i]) begin
      none_q[looked_i] <= looked_needed_i == '0;
      fresh_q[looked_i] <= looked_needed_i == looked_first_i;
    end
    if (renew_i) begin
      first_q[renewed_i] <= 1'b0;
      needed_q[renewed_i] <= 1'b1;
      none_q[renewed_i] <= 1'b0;
      fresh_q[renewed_i] <= 1'b0;
    end
    if (counts_o) begin
      first_q[named_i] <= 1'b0;
      needed_q[named_i] <= 1'b0;
      none_q[named_i] <= left_o == CountBits'(1);
      fresh_q[named_i] <= 1'b0;
    end
    if (rst_i) begin
      first_q <= '1;
      needed_q <= '0;
      none_q <= '0;
      fresh_q <= '1;
    end
  end
endmodule

`default_nettype wire
