// SPDX-License-Identifier: Apache-2.0
// Control of a core: what it does in each phase of a time step, and which step it is.
`default_nettype none

module snnc_control (
  input  wire logic                             clk_i,
  input  wire logic                             rst_i,
  // Configuration.
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
  output      logic                             start_emit_o
);
  localparam logic [1:0] Accumulate = 2'd0;
  localparam logic [1:0] Sweep = 2'd1;
  localparam logic [1:0] Drain = 2'd2;
  localparam logic [1:0] Init = 2'd3;
  localparam int CountBits = snnc_pkg::CountBits;
  localparam int StepBits = snnc_pkg::StepBits;

  logic [1:0] state_q;
  logic [1:0] state_d;
  logic [CountBits-1:0] ends_q;
  // `ends_q` is what is needed; not looked at in the cycle behind the start of a step.
  logic ends_met_q;
  logic [StepBits-1:0] step_q;
  logic last_step_q;
  logic step_starts;
  logic step_ends;

  assign step_starts = state_q == Accumulate && enable_i && ends_met_q && quiet_i
      && emitter_idle_i;
  assign step_ends = state_q != Accumulate && state_d == Accumulate;

  assign accumulate_o = state_q == Accumulate;
  assign sweep_o = state_q == Sweep;
  assign drain_o = state_q == Drain;
  assign init_o = state_q == Init;
  assign step_o = step_q;
  assign last_step_o = last_step_q;
  assign start_credit_o = step_ends;
  assign start_emit_o = (step_ends && !values_last_i && !values_every_i)
      || (state_q != Drain && state_d == Drain);

  always_comb begin
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
    // A step starts when `ends_q` is `ends_needed_i`.
    ends_q <= step_starts ? CountBits'(end_i) : ends_q + CountBits'(end_i);
    ends_met_q <= end_i ? ends_q + CountBits'(1) == ends_needed_i : ends_q == ends_needed_i;
    if (end_i && end_last_i) last_step_q <= 1'b1;
    else if (step_ends) last_step_q <= 1'b0;
    if (step_ends) begin
      step_q <= last_step_q ? '0 : {step_q[StepBits-1] || step_q[StepBits-2:0] == '1,
                                    step_q[StepBits-2:0] + (StepBits - 1)'(1)};
    end
    if (rst_i) begin
      state_q <= Accumulate;
      ends_q <= recurrent_sources_i;
      ends_met_q <= recurrent_sources_i == ends_needed_i;
      step_q <= '0;
      last_step_q <= 1'b0;
    end
  end

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && state_q == Accumulate && enable_i) begin
      assert (ends_met_q == (ends_q == ends_needed_i)) else $fatal(1, "%m: ENDs miscounted");
    end
    if (!rst_i && end_i && !step_starts) begin
      assert (ends_q < ends_needed_i || !enable_i) else $fatal(1, "%m: END beyond those needed");
    end
  end
`endif
endmodule

`default_nettype wire
