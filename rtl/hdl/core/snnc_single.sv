// SPDX-License-Identifier: Apache-2.0
// Books of a core's only tile: its ENDs, CREDITs and steps.
`default_nettype none

module snnc_single #(
  // Bits of counts of ENDs and CREDITs.
  parameter int CountBits = snnc_pkg::CountBits
) (
  input  wire logic                             clk_i,
  input  wire logic                             rst_i,
  // Configuration. What is enabled takes part from the next reset on.
  input  wire logic                             enable_i,
  input  wire logic [snnc_pkg::RegisterBits-1:0] registers_i,
  // An END arrives in this cycle, and its `last` bit; a CREDIT does.
  input  wire logic                             end_i,
  input  wire logic                             end_last_i,
  input  wire logic                             credit_i,
  // The control state of this cycle; see snnc_control. v(0) is written. The emitter may not yet read what is swept.
  input  wire logic                             accumulate_i,
  input  wire logic                             renews_i,
  input  wire logic                             step_ends_i,
  input  wire logic                             held_i,
  // No event is under way; the row engine takes one.
  input  wire logic                             quiet_i,
  input  wire logic                             event_start_i,
  // The emitter is IDLE; it is in WAIT.
  input  wire logic                             emitter_idle_i,
  input  wire logic                             emitter_waits_i,
  // A step starts.
  output      logic                             start_o,
  // The step, and that it is the last of its sample: the one that is accumulated, or begins to be swept or
  // drained; the one that is swept or drained.
  output      logic [snnc_pkg::StepBits-1:0]    step_o,
  output      logic                             last_step_o,
  output      logic                             ending_o,
  // CREDITs are due from the next cycle on; no CREDIT is owed to the core; the emitter need not wait.
  output      logic                             credit_o,
  output      logic                             nothing_owed_o,
  output      logic                             granted_o,
  // The tile takes part; it is between two samples; it waits for ENDs, of which it has so many.
  output      logic                             enabled_o,
  output      logic                             fresh_o,
  output      logic                             waits_o,
  output      logic [CountBits-1:0]             ends_o,
  // A flit arrives that nobody waits for.
  output      logic                             surplus_end_o,
  output      logic                             surplus_credit_o
);
  localparam int StepBits = snnc_pkg::StepBits;

  logic [CountBits-1:0] ends_needed;
  logic [CountBits-1:0] credits_needed;
  logic [CountBits-1:0] recurrent_sources;
  logic [CountBits-1:0] recurrent_destinations;
  logic enabled_q;
  logic [CountBits-1:0] ends_q;
  // `ends_q` is what is needed, as far as ACCUMULATE is concerned.
  logic ends_met_q;
  logic [CountBits-1:0] owed_q;
  // Either is what it was after the reset, and none came in the last cycle.
  logic ends_fresh_q;
  logic owed_fresh_q;
  // Something was accumulated since v(0) was written.
  logic touched_q;
  logic [StepBits-1:0] step_q;
  logic last_step_q;
  logic ending_q;
  // The CREDITs of the last step are given, so that ENDs may come.
  logic open_q;
  logic drains;
  logic awaits_end;
  logic counts;

  assign ends_needed = CountBits'({snnc_pkg::register_ends_needed(registers_i)});
  assign credits_needed = CountBits'({snnc_pkg::register_credits_needed(registers_i)});
  assign recurrent_sources = CountBits'({snnc_pkg::register_recurrent_sources(registers_i)});
  assign recurrent_destinations = CountBits'({snnc_pkg::register_recurrent_destinations(registers_i)});

  assign start_o = accumulate_i && enabled_q && ends_met_q && quiet_i && emitter_idle_i;
  // A step that ends in DRAIN gives its CREDITs behind it, any other as it begins to be swept.
  assign drains = snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesEvery
      || (snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesLast && last_step_q);
  assign credit_o = start_o ? !drains : step_ends_i && !open_q;
  // A source sends END after the CREDIT for it and before that of the next step: any other is one too many, and
  // ignored. After a reset a source may be earlier than the core.
  assign awaits_end = open_q && enabled_q && !ends_met_q;
  assign counts = end_i && awaits_end;
  assign nothing_owed_o = owed_q == '0;
  assign granted_o = nothing_owed_o && !held_i;

  assign step_o = step_q;
  assign last_step_o = last_step_q;
  assign ending_o = ending_q;
  assign enabled_o = enabled_q;
  assign fresh_o = accumulate_i && step_q == '0 && ends_fresh_q && emitter_idle_i && owed_fresh_q
      && quiet_i && !touched_q;
  assign waits_o = awaits_end;
  assign ends_o = ends_q;
  assign surplus_end_o = end_i && !awaits_end;
  assign surplus_credit_o = credit_i && nothing_owed_o;

  always_ff @(posedge clk_i) begin
    enabled_q <= enabled_q && enable_i;
    // A step starts when `ends_q` is `ends_needed`.
    if (start_o) ends_q <= '0;
    else if (counts) ends_q <= ends_q + CountBits'(1);
    ends_met_q <= counts ? ends_q + CountBits'(1) == ends_needed : ends_q == ends_needed;
    ends_fresh_q <= ends_q == recurrent_sources && !end_i;
    if (counts && end_last_i) last_step_q <= 1'b1;
    else if (credit_o) last_step_q <= 1'b0;
    if (start_o) begin
      open_q <= !drains;
      ending_q <= last_step_q;
    end
    if (step_ends_i) begin
      open_q <= 1'b1;
      step_q <= ending_q ? '0 : {step_q[StepBits-1] || step_q[StepBits-2:0] == '1,
                                    step_q[StepBits-2:0] + (StepBits - 1)'(1)};
    end
    if (rst_i) begin
      enabled_q <= enable_i;
      ends_q <= recurrent_sources;
      ends_met_q <= recurrent_sources == ends_needed;
      step_q <= '0;
      last_step_q <= 1'b0;
      open_q <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (emitter_waits_i && granted_o) owed_q <= credits_needed;
    else if (credit_i && !nothing_owed_o) owed_q <= owed_q - CountBits'(1);
    owed_fresh_q <= owed_q == recurrent_destinations && !credit_i;
    touched_q <= event_start_i || (touched_q && !renews_i);
    if (rst_i) begin
      owed_q <= recurrent_destinations;
      touched_q <= 1'b0;
    end
  end

  logic unused;
  assign unused = ^registers_i;

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && accumulate_i && enabled_q) begin
      assert (ends_met_q == (ends_q == ends_needed)) else $fatal(1, "%m: ENDs miscounted");
    end
  end
`endif
endmodule

`default_nettype wire
