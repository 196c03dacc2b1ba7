// SPDX-License-Identifier: Apache-2.0
// Control of a core: what it does in each phase of a time step, and which step it is.
`default_nettype none

module snnc_control (
  input  wire logic                             clk_i,
  input  wire logic                             rst_i,
  // Configuration. What is enabled takes part from the next reset on.
  input  wire logic                             enable_i,
  input  wire logic                             values_last_i,
  input  wire logic                             values_every_i,
  input  wire logic [snnc_pkg::CountBits-1:0]   ends_needed_i,
  input  wire logic [snnc_pkg::CountBits-1:0]   recurrent_sources_i,
  // An END arrives in this cycle, and its `last` bit.
  input  wire logic                             end_i,
  input  wire logic                             end_last_i,
  // Decode register and row engine hold no event.
  input  wire logic                             quiet_i,
  // Last cycle of SWEEP or INIT.
  input  wire logic                             sweep_last_cycle_i,
  input  wire logic                             emitter_idle_i,
  // The control state of this cycle; exactly one is high.
  output      logic                             accumulate_o,
  output      logic                             sweep_o,
  output      logic                             drain_o,
  output      logic                             init_o,
  // The step, and that it is the last of its sample.
  output      logic [snnc_pkg::StepBits-1:0]    step_o,
  output      logic                             last_step_o,
  // Commands to the emitter.
  output      logic                             start_credit_o,
  output      logic                             start_emit_o,
  // The core takes part; it writes v(0) after a reset; it is between two samples, as far as steps and ENDs
  // go; it waits for ENDs; a step starts in this cycle; an END arrives that nobody waits for.
  output      logic                             enabled_o,
  output      logic                             starting_o,
  output      logic                             fresh_o,
  output      logic                             waits_o,
  output      logic                             step_starts_o,
  output      logic                             surplus_end_o,
  // ENDs that are counted for the next step.
  output      logic [snnc_pkg::CountBits-1:0]   ends_o
);
  localparam logic [1:0] Accumulate = 2'd0;
  localparam logic [1:0] Sweep = 2'd1;
  localparam logic [1:0] Drain = 2'd2;
  localparam logic [1:0] Init = 2'd3;
  localparam int CountBits = snnc_pkg::CountBits;
  localparam int StepBits = snnc_pkg::StepBits;

  logic [1:0] state_q;
  logic [1:0] state_d;
  logic enabled_q;
  // INIT belongs to the reset, not to a step.
  logic starting_q;
  logic [CountBits-1:0] ends_q;
  // `ends_q` is what is needed, as far as ACCUMULATE is concerned.
  logic ends_met_q;
  // `ends_q` is what it was after the reset, and no END came in the last cycle.
  logic ends_fresh_q;
  logic [StepBits-1:0] step_q;
  logic last_step_q;
  logic awaits_end;
  logic counts;
  logic step_starts;
  logic step_ends;

  assign step_starts = state_q == Accumulate && enabled_q && ends_met_q && quiet_i
      && emitter_idle_i;
  assign step_ends = state_q != Accumulate && state_d == Accumulate && !starting_q;
  // A source sends END after the CREDIT for it, which the core sends in ACCUMULATE, and before that of the
  // next step: any other is one too many, and ignored. After a reset a source may be earlier than the core.
  assign awaits_end = (state_q == Accumulate || starting_q) && enabled_q && !ends_met_q;
  assign counts = end_i && awaits_end;

  assign accumulate_o = state_q == Accumulate;
  assign sweep_o = state_q == Sweep;
  assign drain_o = state_q == Drain;
  assign init_o = state_q == Init;
  assign step_o = step_q;
  assign last_step_o = last_step_q;
  assign start_credit_o = step_ends;
  assign start_emit_o = (step_ends && !values_last_i && !values_every_i)
      || (state_q != Drain && state_d == Drain);
  assign enabled_o = enabled_q;
  assign starting_o = starting_q;
  assign fresh_o = state_q == Accumulate && step_q == '0 && ends_fresh_q;
  assign waits_o = awaits_end;
  assign step_starts_o = step_starts;
  assign ends_o = ends_q;
  assign surplus_end_o = end_i && !awaits_end;

  always @* begin
    state_d = state_q;
    case (state_q)
      Accumulate: begin
        if (step_starts) state_d = values_every_i ? Drain : Sweep;
      end
      Sweep: begin
        if (sweep_last_cycle_i) begin
          if (!last_step_q) state_d = Accumulate;
          else state_d = values_last_i ? Drain : Init;
        end
      end
      Drain: begin
        if (emitter_idle_i) state_d = Init;
      end
      default: begin
        if (sweep_last_cycle_i) state_d = Accumulate;
      end
    endcase
  end

  always_ff @(posedge clk_i) begin
    state_q <= state_d;
    enabled_q <= enabled_q && enable_i;
    if (state_d == Accumulate) starting_q <= 1'b0;
    // A step starts when `ends_q` is `ends_needed_i`.
    if (step_starts) ends_q <= '0;
    else if (counts) ends_q <= ends_q + CountBits'(1);
    ends_met_q <= counts ? ends_q + CountBits'(1) == ends_needed_i : ends_q == ends_needed_i;
    ends_fresh_q <= ends_q == recurrent_sources_i && !end_i;
    if (counts && end_last_i) last_step_q <= 1'b1;
    else if (step_ends) last_step_q <= 1'b0;
    if (step_ends) begin
      step_q <= last_step_q ? '0 : {step_q[StepBits-1] || step_q[StepBits-2:0] == '1,
                                    step_q[StepBits-2:0] + (StepBits - 1)'(1)};
    end
    if (rst_i) begin
      state_q <= enable_i ? Init : Accumulate;
      enabled_q <= enable_i;
      starting_q <= enable_i;
      ends_q <= recurrent_sources_i;
      ends_met_q <= recurrent_sources_i == ends_needed_i;
      step_q <= '0;
      last_step_q <= 1'b0;
    end
  end

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && state_q == Accumulate && enabled_q) begin
      assert (ends_met_q == (ends_q == ends_needed_i)) else $fatal(1, "%m: ENDs miscounted");
    end
  end
`endif
endmodule

`default_nettype wire
