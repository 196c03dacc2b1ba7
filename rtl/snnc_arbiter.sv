// SPDX-License-Identifier: Apache-2.0
// Round-robin arbiter that holds its choice until the chosen requester was served.
`default_nettype none

module snnc_arbiter #(
  // Number of requesters, at least 2.
  parameter int Requesters = 5,
  // Derived; not to be set.
  parameter int ChoiceBits = $clog2(Requesters)
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_i,
  // Who asks. A request stays until it is served.
  input  wire logic [Requesters-1:0] request_i,
  // The receiver takes the chosen request in this cycle.
  input  wire logic                  ready_i,
  // Somebody asks.
  output      logic                  valid_o,
  // The chosen requester, one bit of each, and its index, meaningful while `valid_o`.
  output      logic [Requesters-1:0] grant_o,
  output      logic [ChoiceBits-1:0] choice_o
);
  // The first requester to be looked at. While a choice waits it is the choice itself, which
  // therefore stays the first of those who ask: that is the hold.
  logic [ChoiceBits-1:0] first_q;

  logic [Requesters-1:0] upper;
  logic [Requesters-1:0] candidates;

  always_comb begin
    for (int i = 0; i < Requesters; i++) begin
      upper[i] = request_i[i] && ChoiceBits'(i) >= first_q;
    end
    candidates = (upper != '0) ? upper : request_i;
    grant_o = candidates;
    choice_o = '0;
    for (int i = Requesters - 1; i >= 0; i--) begin
      if ((candidates & ((Requesters'(1) << i) - Requesters'(1))) != '0) grant_o[i] = 1'b0;
      if (candidates[i]) choice_o = ChoiceBits'(i);
    end
  end

  assign valid_o = request_i != '0;

  always_ff @(posedge clk_i) begin
    if (valid_o) begin
      if (!ready_i) first_q <= choice_o;
      else if (choice_o == ChoiceBits'(Requesters - 1)) first_q <= '0;
      else first_q <= choice_o + ChoiceBits'(1);
    end
    if (rst_i) first_q <= '0;
  end

`ifdef SNNC_ASSERT
  logic waiting_q;
  logic [ChoiceBits-1:0] choice_q;

  always @(posedge clk_i) begin
    waiting_q <= valid_o && !ready_i && !rst_i;
    choice_q <= choice_o;
    if (!rst_i && waiting_q) begin
      assert (valid_o && choice_o == choice_q) else $fatal(1, "%m: choice changed while waiting");
    end
  end
`endif
endmodule

`default_nettype wire
