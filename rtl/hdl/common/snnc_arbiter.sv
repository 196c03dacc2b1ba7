// SPDX-License-Identifier: Apache-2.0
// Round-robin arbiter that holds its choice until the chosen requester was served.
`default_nettype none

module snnc_arbiter #(
  // Number of requesters, at least 2.
  parameter int Requesters = 5
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_i,
  // Who asks. A request stays until it is served.
  input  wire logic [Requesters-1:0] request_i,
  // The receiver takes the chosen request in this cycle.
  input  wire logic                  ready_i,
  // Somebody asks.
  output      logic                  valid_o,
  // The chosen requester, one bit of each; none where nobody asks.
  output      logic [Requesters-1:0] grant_o
);
  // The requesters that are looked at before the others: all behind the last one served. While a choice
  // waits it is the lowest of them, and therefore stays the first of those who ask: that is the hold.
  logic [Requesters-1:0] upper_q;

  logic [Requesters-1:0] upper;
  logic [Requesters-1:0] behind;

  function automatic logic [Requesters-1:0] lowest(input logic [Requesters-1:0] set);
    lowest = set;
    for (int i = 1; i < Requesters; i++) begin
      if ((set & ((Requesters'(1) << i) - Requesters'(1))) != '0) lowest[i] = 1'b0;
    end
  endfunction

  assign upper = request_i & upper_q;
  assign grant_o = (upper != '0) ? lowest(upper) : lowest(request_i);

  always @* begin
    for (int i = 0; i < Requesters; i++) begin
      behind[i] = (grant_o & ((Requesters'(1) << i) - Requesters'(1))) != '0;
    end
  end

  assign valid_o = request_i != '0;

  always_ff @(posedge clk_i) begin
    if (valid_o) upper_q <= ready_i ? behind : behind | grant_o;
    if (rst_i) upper_q <= '0;
  end

`ifdef SNNC_ASSERT
  logic waiting_q;
  logic [Requesters-1:0] grant_q;

  always @(posedge clk_i) begin
    waiting_q <= valid_o && !ready_i && !rst_i;
    grant_q <= grant_o;
    if (!rst_i && waiting_q) begin
      assert (valid_o && grant_o == grant_q) else $fatal(1, "%m: choice changed while waiting");
    end
  end
`endif
endmodule

`default_nettype wire
