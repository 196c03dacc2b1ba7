// SPDX-License-Identifier: Apache-2.0
// First-in first-out buffer: everything registered, its head too, which is therefore early in a cycle.
`default_nettype none

module snnc_fifo #(
  // Bits of one entry.
  parameter int Width = 8,
  // Number of entries; a power of two, at least 2.
  parameter int Depth = 4
) (
  input  wire logic             clk_i,
  input  wire logic             rst_i,
  // Stream in.
  input  wire logic             valid_i,
  output      logic             ready_o,
  input  wire logic [Width-1:0] data_i,
  // Stream out.
  output      logic             valid_o,
  input  wire logic             ready_i,
  output      logic [Width-1:0] data_o,
  // Nothing is in it.
  output      logic             empty_o
);
  // The first entry, the one behind it, and which of them there are.
  logic [Width-1:0] head_q;
  logic [Width-1:0] second;
  logic valid_q;
  logic more;
  logic full;

  logic push;
  logic pop;
  logic refuse;
  logic hide;

  assign ready_o = !full && !refuse;
  assign valid_o = valid_q && !hide;
  assign data_o = head_q;
  assign empty_o = !valid_q;
  assign push = valid_i && ready_o;
  assign pop = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    if (pop || !valid_q) head_q <= more ? second : data_i;
    valid_q <= push || more || (valid_q && !pop);
    if (rst_i) valid_q <= 1'b0;
  end

  if (Depth == 2) begin : g_two
    // A memory for one entry would be larger than its flip-flops.
    logic [Width-1:0] second_q;
    logic full_q;

    assign second = second_q;
    assign more = full_q;
    assign full = full_q;

    always_ff @(posedge clk_i) begin
      if (!full_q) second_q <= data_i;
      full_q <= full_q ? !pop : valid_q && push && !pop;
      if (rst_i) full_q <= 1'b0;
    end
  end else begin : g_memory
    localparam int PointerBits = $clog2(Depth);

    (* ram_style = "distributed" *) logic [Width-1:0] memory [0:Depth-1];
    // Where the entry behind the head is, and where the next one goes.
    logic [PointerBits-1:0] read_q;
    logic [PointerBits-1:0] write_q;
    logic [PointerBits:0] count_q;
    logic more_q;

    assign second = memory[read_q];
    assign more = more_q;
    // The count never exceeds Depth.
    assign full = count_q[PointerBits];

    always_ff @(posedge clk_i) begin
      if (push) memory[write_q] <= data_i;
    end

    always_ff @(posedge clk_i) begin
      if (push) write_q <= write_q + PointerBits'(1);
      if (pop) read_q <= read_q + PointerBits'(1);
      // What is counted depends on the push alone, which is known early; a pop, which comes late from
      // whoever is behind, only enables the counter.
      if (push != pop) begin
        count_q <= push ? count_q + (PointerBits + 1)'(1) : count_q - (PointerBits + 1)'(1);
        more_q <= push ? valid_q : count_q > (PointerBits + 1)'(2);
      end
      if (rst_i) begin
        write_q <= '0;
        read_q <= PointerBits'(1);
        count_q <= '0;
        more_q <= 1'b0;
      end
    end

`ifdef SNNC_ASSERT
    always @(posedge clk_i) begin
      if (!rst_i) begin
        assert (count_q <= (PointerBits + 1)'(Depth)) else $fatal(1, "%m: count beyond depth");
      end
    end
`endif
  end

`ifdef SNNC_STALL
  // Test hook: refuse pushes and hide the head at random, within the stream rules.
  int stall_per_mille;
  int seed;
  logic [31:0] random_q;
  logic refuse_q;
  logic hide_q;
  logic shown_q;

  initial begin
    if (!$value$plusargs("stall=%d", stall_per_mille)) stall_per_mille = 0;
    if (!$value$plusargs("stall_seed=%d", seed)) seed = 0;
    random_q = $urandom ^ (32'h9e37_79b9 * (seed + 1));
    if (random_q == '0) random_q = 32'd1;
    refuse_q = 1'b0;
    hide_q = 1'b0;
    shown_q = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    random_q <= {random_q[30:0],
                 random_q[31] ^ random_q[21] ^ random_q[1] ^ random_q[0]};
    refuse_q <= 32'(random_q[15:0] % 16'd1000) < stall_per_mille;
    hide_q <= 32'(random_q[31:16] % 16'd1000) < stall_per_mille;
    shown_q <= valid_o && !ready_i && !rst_i;
  end

  assign refuse = refuse_q;
  assign hide = hide_q && !shown_q;
`else
  assign refuse = 1'b0;
  assign hide = 1'b0;
`endif

`ifdef SNNC_ASSERT
  logic offered_q;
  logic [Width-1:0] offer_q;
  logic waiting_q;
  logic [Width-1:0] shown_data_q;

  always @(posedge clk_i) begin
    offered_q <= valid_i && !ready_o && !rst_i;
    offer_q <= data_i;
    waiting_q <= valid_o && !ready_i && !rst_i;
    shown_data_q <= data_o;
    if (!rst_i) begin
      if (offered_q) begin
        assert (valid_i && data_i == offer_q) else $fatal(1, "%m: input changed while waiting");
      end
      if (waiting_q) begin
        assert (valid_o && data_o == shown_data_q) else $fatal(1, "%m: head changed while waiting");
      end
    end
  end
`endif
endmodule

`default_nettype wire
