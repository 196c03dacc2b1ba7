// SPDX-License-Identifier: Apache-2.0
// Properties of snnc_arbiter: it is the arbiter of docs/microarchitecture.md, section 3 (first of next,
// next + 1, ... that asks; held until served), and whoever asks is served within as many grants as
// there are requesters.
`default_nettype none

module formal_arbiter #(
  parameter int Requesters = 5
) (
  input wire logic clk_i
);
  localparam int ChoiceBits = $clog2(Requesters);

  (* anyseq *) logic reset;
  (* anyseq *) logic [Requesters-1:0] request;
  (* anyseq *) logic ready;
  // The requester whose turns are counted.
  (* anyconst *) logic [ChoiceBits-1:0] patient;
  logic rst;
  logic valid;
  logic [Requesters-1:0] grant;
  logic [ChoiceBits-1:0] choice;

  assign rst = reset || $initstate;

  snnc_arbiter #(
    .Requesters(Requesters)
  ) dut (
    .clk_i,
    .rst_i(rst),
    .request_i(request),
    .ready_i(ready),
    .valid_o(valid),
    .grant_o(grant)
  );

  always_comb begin
    choice = '0;
    for (int i = 0; i < Requesters; i++) begin
      if (grant[i]) choice = choice | ChoiceBits'(i);
    end
  end

  // What the page says.
  logic [ChoiceBits-1:0] next_q;
  logic held_q;
  logic [ChoiceBits-1:0] held_choice_q;
  logic [ChoiceBits-1:0] first;
  logic [ChoiceBits-1:0] looked_at;
  logic [ChoiceBits-1:0] after;

  always_comb begin
    first = '0;
    for (int i = Requesters - 1; i >= 0; i--) begin
      looked_at = ChoiceBits'((32'(next_q) + i) % Requesters);
      if (request[looked_at]) first = looked_at;
    end
    if (held_q) first = held_choice_q;
    after = (first == ChoiceBits'(Requesters - 1)) ? '0 : first + ChoiceBits'(1);
  end

  logic [Requesters-1:0] waiting_q;
  logic [ChoiceBits:0] grants_q;

  always_ff @(posedge clk_i) begin
    if (request != '0) begin
      held_q <= !ready;
      held_choice_q <= first;
      if (ready) next_q <= after;
    end
    waiting_q <= request;
    if (request != '0 && ready) waiting_q[choice] <= 1'b0;
    if (!request[patient] || (ready && choice == patient)) grants_q <= '0;
    else if (ready) grants_q <= grants_q + (ChoiceBits + 1)'(1);
    if (rst) begin
      next_q <= '0;
      held_q <= 1'b0;
      waiting_q <= '0;
      grants_q <= '0;
    end
  end

  always @(posedge clk_i) begin
    assume (32'(patient) < Requesters);
    // A request stays until it is served.
    if (!rst) assume ((waiting_q & ~request) == '0);
    if (!rst) begin
      assert (valid == (request != '0));
      assert (grant == (valid ? Requesters'(1) << choice : '0));
      if (valid) begin
        assert (request[choice]);
        assert (choice == first);
      end
      assert (32'(grants_q) < Requesters);
    end
  end

`ifdef INVARIANTS
  (* hierconn *) wire [Requesters-1:0] \dut.upper_q ;
  logic [31:0] start;
  logic [31:0] distance;

  // Where the arbiter begins to look, and at how many before the patient one.
  always_comb begin
    start = 0;
    for (int i = Requesters - 1; i >= 0; i--) begin
      if (\dut.upper_q [i]) start = i;
    end
  end
  assign distance = (32'(patient) + Requesters - start) % Requesters;

  always @(posedge clk_i) begin
    if (!rst) begin
      assert (32'(next_q) < Requesters && start == 32'(held_q ? held_choice_q : next_q));
      // All from there on, or none.
      assert (\dut.upper_q == '0 || \dut.upper_q == {Requesters{1'b1}} << start);
      assert (!held_q || waiting_q[held_choice_q]);
      if (grants_q != '0) assert (waiting_q[patient] && 32'(grants_q) + distance < Requesters);
    end
  end
`endif
endmodule

`default_nettype wire
