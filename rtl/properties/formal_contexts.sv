// SPDX-License-Identifier: Apache-2.0
// Properties of the books of several contexts, snnc_steps, beside the rules of docs/microarchitecture.md, section 4.7,
// kept here cycle by cycle as they are written there: counts of ENDs and CREDITs, pending jobs, whose turn it is. ENDs
// and CREDITs come whenever they like, for any context, and events, sweeps and jobs last as long as they like.
`default_nettype none

module formal_contexts #(
  parameter int Contexts = 2
) (
  input wire logic clk_i
);
  `include "formal_tiles.svh"

  // The rules. Per context what is counted, and its jobs: pending ones, the one at work, and the step they are about.
  logic [Contexts*CountBits-1:0] ends_q;
  logic [Contexts*CountBits-1:0] owed_q;
  logic [Contexts-1:0] last_q;
  logic [Contexts-1:0] credit_q;
  logic [Contexts-1:0] emit_q;
  logic [Contexts-1:0] emitted_last_q;
  // The step of the current context ends in DRAIN.
  logic closed_q;
  logic [Bits-1:0] job_q;

  logic [Contexts-1:0] due;
  logic [Contexts-1:0] drains;
  logic [Contexts-1:0] ready;
  logic [Contexts-1:0] goes;
  logic [Contexts-1:0] chosen_next;
  logic [Contexts-1:0] taken;
  logic blocked;
  logic known;
  logic end_counts;
  logic credit_counts;
  logic gives_credit;
  logic gives_emit;
  logic [Bits-1:0] whose;

  assign whose = named[Bits-1:0];
  assign known = 32'(named) < Contexts && (enabled[whose] || starting);
  assign end_counts = end_arrives && known && (accumulating || starting || whose != current || !(chosen || closed_q))
      && ends_q[whose*CountBits+:CountBits] != ends_needed[whose*CountBits+:CountBits];
  assign credit_counts = credit_arrives && known && owed_q[whose*CountBits+:CountBits] != '0;
  for (genvar i = 0; i < Contexts; i++) begin : g_rules
    assign due[i] = enabled[i] && ends_q[i*CountBits+:CountBits] == ends_needed[i*CountBits+:CountBits]
        && !credit_q[i] && !emit_q[i] && !(working_q && job_q == Bits'(i));
    assign drains[i] = values_last[i] && last_q[i];
    assign ready[i] = due[i] && (!drains[i] || (!working_q && sent));
    assign goes[i] = (credit_q[i] || (emit_q[i] && owed_q[i*CountBits+:CountBits] == '0
            && !(sweeping && !sweep_write && current == Bits'(i))))
        && (draining ? current == Bits'(i) : !blocked);
  end
  assign blocked = (due & drains) != '0 || (chosen && drains[current]) || (sweeping && closed_q);
  // The lowest of them.
  assign chosen_next = ready & (~ready + Contexts'(1));
  assign taken = goes & (~goes + Contexts'(1));

  // Where a step leads, and what it gives to the emitter.
  logic was_sweeping_q;
  logic was_draining_q;
  // Whose turn it was in the last cycle: a step's, a job's.
  logic [Contexts-1:0] turn_q;
  logic [Contexts-1:0] taken_q;
  logic drained;
  logic drained_q;
  logic leaves;
  logic to_drain;

  // SWEEP or INIT is over in this cycle; so is a step of the sample, or membranes are sent.
  assign leaves = sweep_last_cycle && !starting;
  assign to_drain = sweeping && leaves && closed_q;
  assign gives_credit = (chosen && !starting && !drains[current]) || (leaves && initialising && closed_q);
  assign gives_emit = (chosen && !starting && !values_last[current]) || to_drain;

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < Contexts; i++) begin
      if (accumulating && quiet && chosen_next[i]) ends_q[i*CountBits+:CountBits] <= '0;
      if (end_counts && whose == Bits'(i)) begin
        ends_q[i*CountBits+:CountBits] <= ends_q[i*CountBits+:CountBits] + CountBits'(1);
        if (end_last) last_q[i] <= 1'b1;
      end
      if (credit_counts && whose == Bits'(i)) owed_q[i*CountBits+:CountBits] <= owed_q[i*CountBits+:CountBits] - CountBits'(1);
      if (!working_q && taken[i]) begin
        job_q <= Bits'(i);
        if (credit_q[i]) credit_q[i] <= 1'b0;
        else begin
          emit_q[i] <= 1'b0;
          owed_q[i*CountBits+:CountBits] <= credits_needed[i*CountBits+:CountBits];
        end
      end
    end
    if (gives_credit) begin
      credit_q[current] <= 1'b1;
      last_q[current] <= 1'b0;
    end
    if (gives_emit) emit_q[current] <= 1'b1;
    if (chosen && !starting) begin
      emitted_last_q[current] <= last_q[current];
      closed_q <= drains[current];
    end
    if (rst) begin
      closed_q <= 1'b0;
      last_q <= '0;
      credit_q <= '0;
      emit_q <= '0;
      emitted_last_q <= '1;
      ends_q <= recurrent_sources;
      owed_q <= recurrent_destinations;
      job_q <= '0;
    end
  end

  assign drained = draining && !working_q && !credit_q[current] && !emit_q[current];
  always_ff @(posedge clk_i) begin
    was_sweeping_q <= sweeping && !rst;
    was_draining_q <= draining && !rst;
    turn_q <= (accumulating && quiet) ? chosen_next : '0;
    taken_q <= working_q ? '0 : taken;
    drained_q <= drained;
  end

  for (genvar i = 0; i < Contexts; i++) begin : g_configuration
    always @(posedge clk_i) begin
      assume (ends_needed[i*CountBits+:CountBits] != '0);
      assume (recurrent_sources[i*CountBits+:CountBits] <= ends_needed[i*CountBits+:CountBits]);
      assume (recurrent_destinations[i*CountBits+:CountBits] <= credits_needed[i*CountBits+:CountBits]);
      if (!rst) begin
        assert (ends_q[i*CountBits+:CountBits] <= ends_needed[i*CountBits+:CountBits]);
        assert (owed_q[i*CountBits+:CountBits] <= credits_needed[i*CountBits+:CountBits]);
      end
    end
  end

  // All that is left to do waits for ENDs or CREDITs.
  logic [Contexts-1:0] waits;
  for (genvar i = 0; i < Contexts; i++) begin : g_waits
    assign waits[i] = !due[i] && !credit_q[i] && (!emit_q[i] || owed_q[i*CountBits+:CountBits] != '0);
  end

  always @(posedge clk_i) begin
    if (rst) assume (!end_arrives && !credit_arrives);
    assume (!(end_arrives && credit_arrives));
    if (!rst) begin
      // ENDs and CREDITs: those that count, and those that are told.
      assert (\dut.surplus_end == (end_arrives && !end_counts));
      assert (\dut.surplus_credit == (credit_arrives && !credit_counts));
      // A context is chosen when it is ready and no event is under way, the lowest; meanwhile no event passes.
      assert (\dut.step_starts == (accumulating && quiet && ready != '0));
      assert (events_pass == (accumulating && ready == '0));
      // A job is taken when it can go, the lowest; one at a time, and none is given while one is there.
      assert ((start_credit || start_emit) == (!working_q && goes != '0));
      if (start_credit) assert ((taken & credit_q) != '0);
      if (start_emit) assert ((taken & ~credit_q) != '0);
      assert (!(start_credit && start_emit));
      if (gives_credit || gives_emit) assert (!credit_q[current] && !emit_q[current] && !(working_q && job_q == current));
      if (working_q) assert (job == job_q && emit_last_step == emitted_last_q[job]);
      // Nothing stands still: where no job is at work and nothing of the core is on its way, something begins, unless
      // all that is left waits for others. Each beginning uses up a job or the ENDs of a step.
      if (accumulating && !working_q && quiet && sent) assert (\dut.step_starts || goes != '0 || waits == '1);
      if (draining && !working_q) assert (goes != '0 || drained || emit_q[current]);
      if (draining && !working_q && emit_q[current] && goes == '0) assert (owed_q[current*CountBits+:CountBits] != '0);
      // The way of the control.
      if (!starting) assert (last_step == emitted_last_q[current]);
      if (chosen && !starting) assert (turn_q[current]);
      if (loads_q) assert (taken_q[job]);
      // The sweep before a DRAIN, and all of it, find the emitter free for what it sends.
      if ((chosen && !starting && drains[current]) || (sweeping && closed_q)) assert (!working_q);
      if (draining && working_q) assert (job_q == current);
      if (draining && !was_draining_q) assert (!working_q && was_sweeping_q && last_q[current]);
      if (was_draining_q) assert (draining == !drained_q && (draining || initialising));
      assert (!(chosen && sweeping) && !(starting && (sweeping || draining)));
      // INIT follows a reset or a sample, and no sweep that has written v(0).
      if (initialising && !starting) assert (values_last[current] || !clears[current]);

    end
  end

`ifdef INVARIANTS
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.last_step_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.values_last_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.values_every_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.sample_ended_q ;
  (* hierconn *) wire \dut.g_contexts.u_contexts.closed_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_jobs.credit_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_jobs.emit_q ;
  (* hierconn *) wire [Bits-1:0] \dut.g_contexts.u_contexts.u_jobs.job_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_ends.first_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_ends.needed_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_ends.none_q ;
  (* hierconn *) wire [snnc_pkg::CountBits-1:0] \dut.g_contexts.u_contexts.u_ends.counts[0] ;
  (* hierconn *) wire [snnc_pkg::CountBits-1:0] \dut.g_contexts.u_contexts.u_ends.counts[1] ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_credits.first_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_credits.needed_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_credits.none_q ;
  (* hierconn *) wire [snnc_pkg::CountBits-1:0] \dut.g_contexts.u_contexts.u_credits.counts[0] ;
  (* hierconn *) wire [snnc_pkg::CountBits-1:0] \dut.g_contexts.u_contexts.u_credits.counts[1] ;
  logic [Contexts*snnc_pkg::CountBits-1:0] awaited;
  logic [Contexts*snnc_pkg::CountBits-1:0] owed;

  assign awaited = {\dut.g_contexts.u_contexts.u_ends.counts[1] , \dut.g_contexts.u_contexts.u_ends.counts[0] };
  assign owed = {\dut.g_contexts.u_contexts.u_credits.counts[1] , \dut.g_contexts.u_contexts.u_credits.counts[0] };

  logic loads_emit_q;
  always_ff @(posedge clk_i) loads_emit_q <= !working_q && start_emit && !rst;

  // What the design keeps is what the rules say, for two contexts.
  for (genvar i = 0; i < Contexts; i++) begin : g_invariants
    logic [CountBits-1:0] needs;
    logic [CountBits-1:0] first;
    logic [CountBits-1:0] credits;
    logic [CountBits-1:0] tokens;
    logic first_ends;
    logic needed_ends;
    logic first_credits;
    logic needed_credits;
    // Behind a reset, before its registers were looked at.
    logic unseen;

    assign needs = ends_needed[i*CountBits+:CountBits];
    assign first = needs - recurrent_sources[i*CountBits+:CountBits];
    assign credits = credits_needed[i*CountBits+:CountBits];
    assign tokens = recurrent_destinations[i*CountBits+:CountBits];
    assign first_ends = \dut.g_contexts.u_contexts.u_ends.first_q [i];
    assign needed_ends = \dut.g_contexts.u_contexts.u_ends.needed_q [i];
    assign first_credits = \dut.g_contexts.u_contexts.u_credits.first_q [i];
    assign needed_credits = \dut.g_contexts.u_contexts.u_credits.needed_q [i];
    assign unseen = starting && (32'(current) < i || (32'(current) == i && chosen));
    always @(posedge clk_i) begin
      if (!rst) begin
        assert (!(first_ends && needed_ends) && !(first_credits && needed_credits));
        assert (needs - ends_q[i*CountBits+:CountBits] == (first_ends ? first : needed_ends ? needs
                : awaited[i*snnc_pkg::CountBits+:CountBits]));
        assert (owed_q[i*CountBits+:CountBits] == (first_credits ? tokens : needed_credits ? credits
                : owed[i*snnc_pkg::CountBits+:CountBits]));
        if (!first_ends && !needed_ends) assert (awaited[i*snnc_pkg::CountBits+CountBits+:8] == '0);
        if (!first_credits && !needed_credits) assert (owed[i*snnc_pkg::CountBits+CountBits+:8] == '0);
        if (!(unseen && first_ends) && !(chosen && current == Bits'(i) && needed_ends)) begin
          assert (\dut.g_contexts.u_contexts.u_ends.none_q [i] == (ends_q[i*CountBits+:CountBits] == needs));
        end else assert (!\dut.g_contexts.u_contexts.u_ends.none_q [i]);
        if (!(unseen && first_credits) && !(loads_emit_q && job_q == Bits'(i) && needed_credits)) begin
          assert (\dut.g_contexts.u_contexts.u_credits.none_q [i] == (owed_q[i*CountBits+:CountBits] == '0));
        end else assert (!\dut.g_contexts.u_contexts.u_credits.none_q [i]);
        if (enabled[i]) begin
          assert (\dut.g_contexts.u_contexts.values_last_q [i] == values_last[i]);
          assert (!\dut.g_contexts.u_contexts.values_every_q [i]);
        end
        if (credit_q[i] || emit_q[i]) assert (enabled[i] && !starting);
        if (unseen) assert (!enabled[i]);
        // Who is chosen has no job, nor has whose step ends in DRAIN, but for what that sends.
        if (!accumulating && !starting && current == Bits'(i)) begin
          assert (enabled[i]);
          if (chosen) assert (ends_q[i*CountBits+:CountBits] == '0);
          if (chosen || closed_q) begin
            assert (!credit_q[i]);
            if (!draining) assert (!emit_q[i] && !(working_q && job_q == current));
          end
          if (!chosen && closed_q) assert (emitted_last_q[i] && last_q[i] && values_last[i]);
          if (sweeping && !closed_q) assert (!(emitted_last_q[i] && values_last[i]));
          if (draining || (initialising && values_last[i])) assert (closed_q);
          if (initialising && !values_last[i]) assert (!closed_q);
        end
      end
    end
  end
  always @(posedge clk_i) begin
    if (!rst) begin
      assert (\dut.g_contexts.u_contexts.last_step_q == last_q);
      assert (\dut.g_contexts.u_contexts.sample_ended_q == emitted_last_q);
      assert (\dut.g_contexts.u_contexts.closed_q == closed_q);
      assert (\dut.g_contexts.u_contexts.u_jobs.credit_q == credit_q);
      assert (\dut.g_contexts.u_contexts.u_jobs.emit_q == emit_q);
      if (working_q) assert (\dut.g_contexts.u_contexts.u_jobs.job_q == job_q && !starting && enabled[job_q]);
      if (loads_q) assert (working_q);
      if (starting) assert (chosen || initialising);
    end
  end
`endif
endmodule

`default_nettype wire
