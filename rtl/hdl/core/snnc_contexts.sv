// SPDX-License-Identifier: Apache-2.0
// Books of a core's several tiles, its contexts: their ENDs, CREDITs, steps and jobs, and whose turn it is. What a
// single tile needs of them is in snnc_single.
`default_nettype none

module snnc_contexts #(
  parameter int Contexts = 2,
  // Bits of counts of ENDs and CREDITs.
  parameter int CountBits = snnc_pkg::CountBits,
  // Derived; not to be set.
  parameter int ContextBits = $clog2(Contexts)
) (
  input  wire logic                              clk_i,
  input  wire logic                              rst_i,
  // Registers of the current context, which takes part; of the one whose job is at work; of the named one.
  input  wire logic                              enable_i,
  input  wire logic [snnc_pkg::RegisterBits-1:0] registers_i,
  input  wire logic [snnc_pkg::RegisterBits-1:0] job_registers_i,
  input  wire logic [snnc_pkg::RegisterBits-1:0] named_registers_i,
  // By context: its register 2 is cleared.
  input  wire logic [Contexts-1:0]               disable_i,
  // An END arrives in this cycle, or a CREDIT, and names this context; the END's `last` bit.
  input  wire logic                              end_i,
  input  wire logic                              credit_i,
  input  wire logic [snnc_pkg::EndContextBits-1:0] context_i,
  input  wire logic                              end_last_i,
  // No flit has come that could name one.
  input  wire logic                              fifo_empty_i,
  // The control state of this cycle; see snnc_control.
  input  wire logic                              accumulate_i,
  input  wire logic                              chosen_i,
  input  wire logic                              sweep_i,
  input  wire logic                              drain_i,
  input  wire logic                              starting_i,
  input  wire logic                              next_context_i,
  input  wire logic                              step_ends_i,
  input  wire logic                              drain_starts_i,
  // v(0) of the current context is written. The emitter may not yet read what is swept.
  input  wire logic                              renews_i,
  input  wire logic                              held_i,
  // No event is under way; the row engine takes one of this context's, if it is a SPIKE.
  input  wire logic                              quiet_i,
  input  wire logic                              event_start_i,
  input  wire logic                              event_is_value_i,
  input  wire logic [ContextBits-1:0]            event_context_i,
  // The emitter is IDLE; it is in LOAD; what it has sent has left the router's FIFO.
  input  wire logic                              emitter_idle_i,
  input  wire logic                              emitter_loads_i,
  input  wire logic                              sent_i,
  // A step of a context starts, which is the current one from the next cycle on. Events wait for it.
  output      logic                              start_o,
  output      logic                              fence_o,
  output      logic [ContextBits-1:0]            current_o,
  output      logic                              last_context_o,
  // Whose registers `named_registers_i` are to be.
  output      logic [ContextBits-1:0]            named_o,
  // Of the current context: the step that is swept or drained, and that it is the last of the sample.
  output      logic [snnc_pkg::StepBits-1:0]     step_o,
  output      logic                              last_step_o,
  // The emitter takes a job, and whose; of the job at work, its step and whether that is the last.
  output      logic                              start_credit_o,
  output      logic                              start_emit_o,
  output      logic [ContextBits-1:0]            job_o,
  output      logic [snnc_pkg::StepBits-1:0]     job_step_o,
  output      logic                              job_last_step_o,
  output      logic                              drained_o,
  // What is told; see snnc_status.
  output      logic                              enabled_o,
  output      logic                              fresh_o,
  output      logic                              stands_o,
  output      logic                              waits_for_end_o,
  output      logic                              waits_for_credit_o,
  output      logic [CountBits-1:0]              ends_o,
  output      logic                              surplus_end_o,
  output      logic                              surplus_credit_o
);
  localparam int StepBits = snnc_pkg::StepBits;

  logic [Contexts-1:0] enabled_q;
  logic [Contexts-1:0] values_last_q;
  logic [Contexts-1:0] values_every_q;
  logic [Contexts-1:0] last_step_q;
  // The step that was swept last is emitted, and the next one follows it; after a reset it was a sample's last.
  (* ram_style = "distributed" *) logic [StepBits-1:0] steps [0:Contexts-1];
  logic [Contexts-1:0] sample_ended_q;
  // Something was accumulated since v(0) was written. A VALUE names no context; the END behind it does.
  logic [Contexts-1:0] touched_q;
  logic [ContextBits-1:0] current_q;
  logic [StepBits-1:0] step_q;
  // The step of the current context ends in DRAIN, and gives its CREDITs behind it.
  logic closed_q;
  logic is_chosen;

  logic [ContextBits-1:0] named;
  logic named_known;
  logic end_counts;
  logic end_open;
  logic credit_counts;
  logic [CountBits-1:0] ends_left;
  logic [CountBits-1:0] owed;
  logic [CountBits-1:0] ends_first;
  logic [CountBits-1:0] named_ends_first;
  logic [Contexts-1:0] ends_met;
  logic [Contexts-1:0] ends_fresh;
  logic [Contexts-1:0] nothing_owed;
  logic [Contexts-1:0] owed_fresh;
  logic [Contexts-1:0] jobs_done;
  logic [Contexts-1:0] waits_for_credit;
  logic current_pending;
  logic [ContextBits-1:0] next_job;
  logic [ContextBits-1:0] job;

  logic [Contexts-1:0] due;
  logic [Contexts-1:0] drains;
  logic [Contexts-1:0] ready;
  logic [Contexts-1:0] awaits_ends;
  logic [Contexts-1:0] at_home;
  logic [ContextBits-1:0] lowest_ready;
  logic [ContextBits-1:0] lowest_waiting;
  logic [CountBits-1:0] ends_q;
  logic [StepBits-1:0] last_swept;
  logic [StepBits-1:0] step;

  function automatic logic [CountBits-1:0] first_ends(input logic [snnc_pkg::RegisterBits-1:0] word);
    first_ends = CountBits'({snnc_pkg::register_ends_needed(word)})
        - CountBits'({snnc_pkg::register_recurrent_sources(word)});
  endfunction

  // ENDs and CREDITs. One that comes during the INIT of a reset counts before it is known who takes part; one
  // for a context that has not yet given its CREDITs does not.
  assign named = fifo_empty_i ? lowest_waiting : context_i[ContextBits-1:0];
  assign named_known = 32'(context_i) < Contexts && (enabled_q[named] || starting_i);
  assign end_open = named_known && (accumulate_i || starting_i || named != current_q || !(chosen_i || closed_q));
  assign named_ends_first = first_ends(named_registers_i);
  assign ends_first = first_ends(registers_i);
  assign surplus_end_o = end_i && !end_counts;
  assign surplus_credit_o = credit_i && !credit_counts;

  snnc_awaited #(
    .Contexts(Contexts),
    .CountBits(CountBits)
  ) u_ends (
    .clk_i,
    .rst_i,
    .arrive_i(end_i && end_open),
    .named_i(named),
    .named_first_i(named_ends_first),
    .named_needed_i(CountBits'({snnc_pkg::register_ends_needed(named_registers_i)})),
    .counts_o(end_counts),
    .left_o(ends_left),
    .renew_i(start_o),
    .renewed_i(lowest_ready),
    .look_i(chosen_i),
    .looked_i(current_q),
    .looked_first_i(ends_first),
    .looked_needed_i(CountBits'({snnc_pkg::register_ends_needed(registers_i)})),
    .none_o(ends_met),
    .fresh_o(ends_fresh)
  );

  snnc_awaited #(
    .Contexts(Contexts),
    .CountBits(CountBits)
  ) u_credits (
    .clk_i,
    .rst_i,
    .arrive_i(credit_i && named_known),
    .named_i(named),
    .named_first_i(CountBits'({snnc_pkg::register_recurrent_destinations(named_registers_i)})),
    .named_needed_i(CountBits'({snnc_pkg::register_credits_needed(named_registers_i)})),
    .counts_o(credit_counts),
    .left_o(owed),
    .renew_i(start_emit_o),
    .renewed_i(next_job),
    .look_i(emitter_loads_i || starting_i),
    .looked_i(job_o),
    .looked_first_i(CountBits'({snnc_pkg::register_recurrent_destinations(job_registers_i)})),
    .looked_needed_i(CountBits'({snnc_pkg::register_credits_needed(job_registers_i)})),
    .none_o(nothing_owed),
    .fresh_o(owed_fresh)
  );

  snnc_jobs #(
    .Contexts(Contexts)
  ) u_jobs (
    .clk_i,
    .rst_i,
    .current_i(current_q),
    .give_credit_i(is_chosen ? !drains[current_q] : step_ends_i && closed_q),
    .give_emit_i((is_chosen && !values_last_q[current_q] && !values_every_q[current_q]) || drain_starts_i),
    .nothing_owed_i(nothing_owed),
    .held_i,
    .idle_i(emitter_idle_i),
    .blocked_i((due & drains) != '0 || (chosen_i && drains[current_q]) || (sweep_i && closed_q)),
    .draining_i(drain_i),
    .start_credit_o,
    .start_emit_o,
    .next_o(next_job),
    .job_o(job),
    .done_o(jobs_done),
    .waits_o(waits_for_credit),
    .current_pending_o(current_pending)
  );

  // Whose turn it is. What a DRAIN sends stands behind nothing of this core.
  assign due = enabled_q & ends_met & jobs_done;
  assign drains = values_every_q | (values_last_q & last_step_q);
  assign ready = due & (~drains | {Contexts{emitter_idle_i && sent_i}});
  assign fence_o = ready != '0;
  assign start_o = accumulate_i && fence_o && quiet_i;
  assign is_chosen = chosen_i && !starting_i;
  assign drained_o = emitter_idle_i && !current_pending;
  for (genvar i = 0; i < Contexts; i++) begin : g_waits
    assign awaits_ends[i] = enabled_q[i] && !ends_met[i]
        && (accumulate_i || starting_i || current_q != ContextBits'(i) || !(chosen_i || closed_q));
  end
  always @* begin
    lowest_ready = '0;
    lowest_waiting = '0;
    for (int i = Contexts - 1; i >= 0; i--) begin
      if (ready[i]) lowest_ready = ContextBits'(i);
      if (awaits_ends[i]) lowest_waiting = ContextBits'(i);
    end
  end

  assign last_swept = steps[current_q];
  assign step = sample_ended_q[current_q] ? '0
      : {last_swept[StepBits-1] || last_swept[StepBits-2:0] == '1, last_swept[StepBits-2:0] + (StepBits - 1)'(1)};
  assign step_o = step_q;
  assign last_step_o = sample_ended_q[current_q];
  assign current_o = current_q;
  assign last_context_o = current_q == ContextBits'(Contexts - 1);
  assign named_o = named;
  // While nobody emits, its place in the registers is that of the current context.
  assign job_o = starting_i ? current_q : job;
  assign job_step_o = steps[job];
  assign job_last_step_o = sample_ended_q[job];

  always_ff @(posedge clk_i) begin
    if (start_o) current_q <= lowest_ready;
    else if (next_context_i) current_q <= last_context_o ? '0 : current_q + ContextBits'(1);
    enabled_q <= enabled_q & ~disable_i;
    if (chosen_i && starting_i) begin
      enabled_q[current_q] <= enable_i;
      values_last_q[current_q] <= snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesLast;
      values_every_q[current_q] <= snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesEvery;
    end
    if (is_chosen) begin
      sample_ended_q[current_q] <= last_step_q[current_q];
      closed_q <= drains[current_q];
    end
    if (is_chosen ? !drains[current_q] : step_ends_i && closed_q) last_step_q[current_q] <= 1'b0;
    if (end_counts && end_last_i) last_step_q[named] <= 1'b1;
    if (renews_i) touched_q[current_q] <= 1'b0;
    if (event_start_i && !event_is_value_i) touched_q[event_context_i] <= 1'b1;
    if (rst_i) begin
      current_q <= '0;
      enabled_q <= '0;
      sample_ended_q <= '1;
      closed_q <= 1'b0;
      last_step_q <= '0;
      touched_q <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (is_chosen) begin
      step_q <= step;
      steps[current_q] <= step;
    end
    // While no flit names a context, it is the one that waits.
    if (fifo_empty_i) begin
      ends_q <= CountBits'({snnc_pkg::register_ends_needed(named_registers_i)}) - ends_left;
    end
  end

  assign at_home = ~enabled_q | (sample_ended_q & ends_fresh & owed_fresh & jobs_done & ~touched_q);
  assign enabled_o = enabled_q != '0;
  assign fresh_o = accumulate_i && quiet_i && at_home == '1;
  assign stands_o = emitter_idle_i && !start_credit_o && !start_emit_o
      && ((accumulate_i && !fence_o) || (drain_i && current_pending));
  assign waits_for_end_o = awaits_ends != '0;
  assign waits_for_credit_o = waits_for_credit != '0;
  assign ends_o = ends_q;

  logic unused;
  assign unused = ^{owed, registers_i, job_registers_i, named_registers_i};
endmodule

`default_nettype wire
