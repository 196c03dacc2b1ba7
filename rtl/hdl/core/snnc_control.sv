// SPDX-License-Identifier: Apache-2.0
// Control of a core: the phases of a time step, and INIT after a reset.
`default_nettype none

module snnc_control #(
  // Tiles that the core can hold.
  parameter int Contexts = 1
) (
  input  wire logic clk_i,
  input  wire logic rst_i,
  // By the registers of the current context: it takes part, looked at during the reset (of several contexts
  // in CHOSEN behind it), and what it emits.
  input  wire logic enable_i,
  input  wire logic values_last_i,
  input  wire logic values_every_i,
  // The last sweep of its sample writes v(0).
  input  wire logic clears_i,
  // A step of a context starts, only in ACCUMULATE; the current step is the last of its sample.
  input  wire logic start_i,
  input  wire logic last_step_i,
  // Behind the reset: the current context is the last one.
  input  wire logic last_context_i,
  // Last cycle of SWEEP or INIT.
  input  wire logic sweep_last_cycle_i,
  // What DRAIN sends is sent.
  input  wire logic drained_i,
  // The control state of this cycle; exactly one is high.
  output      logic accumulate_o,
  output      logic chosen_o,
  output      logic sweep_o,
  output      logic drain_o,
  output      logic init_o,
  // Contexts are initialised because of a reset, which belongs to no step; the next one follows.
  output      logic starting_o,
  output      logic next_context_o,
  // The next cycle is the first of ACCUMULATE behind a step, or of DRAIN.
  output      logic step_ends_o,
  output      logic drain_starts_o
);
  localparam logic [1:0] Accumulate = 2'd0;
  localparam logic [1:0] Sweep = 2'd1;
  localparam logic [1:0] Drain = 2'd2;
  localparam logic [1:0] Init = 2'd3;

  // CHOSEN is ACCUMULATE with `chosen_q`; a single context needs no choice.
  logic [1:0] state_q;
  logic [1:0] state_d;
  logic chosen_q;
  logic chosen_d;
  logic starting_q;

  assign accumulate_o = state_q == Accumulate && !chosen_q;
  assign chosen_o = chosen_q;
  assign sweep_o = state_q == Sweep;
  assign drain_o = state_q == Drain;
  assign init_o = state_q == Init;
  assign starting_o = starting_q;
  assign step_ends_o = state_q != Accumulate && state_d == Accumulate && !starting_q;
  assign drain_starts_o = state_q != Drain && state_d == Drain;

  always @* begin
    state_d = state_q;
    case (state_q)
      Accumulate: begin
        if (chosen_q && starting_q) state_d = enable_i ? Init : Accumulate;
        else if (chosen_q || (Contexts == 1 && start_i)) state_d = values_every_i ? Drain : Sweep;
      end
      Sweep: begin
        if (sweep_last_cycle_i) begin
          if (!last_step_i || clears_i) state_d = Accumulate;
          else state_d = values_last_i ? Drain : Init;
        end
      end
      Drain: begin
        if (drained_i) state_d = Init;
      end
      default: begin
        if (sweep_last_cycle_i) state_d = Accumulate;
      end
    endcase
  end

  if (Contexts > 1) begin : g_chosen
    // Behind a reset every context is chosen once, initialised if it takes part.
    assign next_context_o = starting_q && state_d == Accumulate;
    assign chosen_d = starting_q ? next_context_o && !last_context_i : start_i;
    always_ff @(posedge clk_i) chosen_q <= chosen_d || rst_i;
  end else begin : g_single
    assign next_context_o = 1'b0;
    assign chosen_d = 1'b0;
    assign chosen_q = 1'b0;

    logic unused;
    assign unused = last_context_i;
  end

  always_ff @(posedge clk_i) begin
    state_q <= state_d;
    if (state_d == Accumulate && !chosen_d) starting_q <= 1'b0;
    if (rst_i) begin
      state_q <= (Contexts == 1 && enable_i) ? Init : Accumulate;
      starting_q <= Contexts > 1 || enable_i;
    end
  end
endmodule

`default_nettype wire
