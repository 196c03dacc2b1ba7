// SPDX-License-Identifier: Apache-2.0
// How long an event waits at the head of a core of several contexts, snnc_steps: what it waits for is counted in
// cycles, which become fewer in each. ENDs and CREDITs stand behind it, so none comes meanwhile. Bounded are the events
// under way, a sweep or INIT, and, in DRAIN alone, a job: nothing else waits for the emitter.
`default_nettype none

module formal_waiting #(
  parameter int Contexts = 2,
  // Most cycles until events under way are done, of a sweep or INIT, and of a job behind its LOAD.
  parameter int Events = 3,
  parameter int Sweep = 3,
  parameter int Job = 3
) (
  input wire logic clk_i
);
  `include "formal_tiles.svh"

  // A DRAIN takes its job, LOAD, the job, and a cycle in which the emitter is IDLE. A turn is what a context takes
  // from CHOSEN on, if it ends a sample.
  localparam int Drain = Job + 3;
  localparam int Turn = 1 + Sweep + Drain + Sweep;
  localparam int Bound = Contexts * (Turn + 1) + Turn;
  localparam int LeftBits = $clog2(Bound + 1);

  (* anyseq *) logic head;
  logic waits;
  logic waits_q;
  logic [LeftBits-1:0] waited_q;
  logic [LeftBits-1:0] left_q;
  logic [LeftBits-1:0] left;
  logic [LeftBits-1:0] phase;
  logic [LeftBits-1:0] drain;
  logic [LeftBits-1:0] events_age_q;
  logic [LeftBits-1:0] sweep_age_q;
  logic [LeftBits-1:0] job_age_q;
  logic passed_q;
  logic quiet_q;
  logic timed;

  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_ends.none_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_ends.first_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_credits.none_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_credits.first_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_credits.needed_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_jobs.credit_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_jobs.emit_q ;
  (* hierconn *) wire [Bits-1:0] \dut.g_contexts.u_contexts.u_jobs.job_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.values_last_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.values_every_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.last_step_q ;
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.sample_ended_q ;
  (* hierconn *) wire \dut.g_contexts.u_contexts.closed_q ;
  logic [Contexts-1:0] met;
  logic [Contexts-1:0] emit;
  logic closed;

  assign met = enabled & \dut.g_contexts.u_contexts.u_ends.none_q ;
  assign emit = \dut.g_contexts.u_contexts.u_jobs.emit_q ;
  assign closed = \dut.g_contexts.u_contexts.closed_q ;

  // The environment: every wait ends, but for ENDs and CREDITs, and that of a job outside DRAIN.
  assign timed = sweeping || initialising;
  always_ff @(posedge clk_i) begin
    events_age_q <= (accumulating && !events_pass && !quiet) ? events_age_q + 1'b1 : '0;
    sweep_age_q <= (timed && !sweep_last_cycle) ? sweep_age_q + 1'b1 : '0;
    job_age_q <= (draining && working_q && !loads_q && !job_ends) ? job_age_q + 1'b1 : '0;
    passed_q <= events_pass || starting || rst;
    quiet_q <= quiet;
    waits_q <= waits && !rst;
    waited_q <= waits ? waited_q + 1'b1 : '0;
    left_q <= left;
    if (rst) begin
      events_age_q <= '0;
      sweep_age_q <= '0;
      job_age_q <= '0;
      waited_q <= '0;
    end
  end
  always @(posedge clk_i) begin
    if (rst) assume (!end_arrives && !credit_arrives);
    assume (!(end_arrives && credit_arrives));
    assume (!(head && (end_arrives || credit_arrives)));
    if (waits_q) assume (head);
    // Events come under way only where they pass.
    if (quiet_q && !passed_q) assume (quiet);
    if (!accumulating && !starting) assume (quiet);
    assume (quiet || events_pass || starting || 32'(events_age_q) < Events - 1);
    assume (!timed || sweep_last_cycle || 32'(sweep_age_q) < Sweep - 1);
    assume (!(draining && working_q && !loads_q) || job_ends || 32'(job_age_q) < Job - 1);
  end
  for (genvar i = 0; i < Contexts; i++) begin : g_configuration
    always @(posedge clk_i) begin
      assume (ends_needed[i*CountBits+:CountBits] != '0);
      assume (recurrent_sources[i*CountBits+:CountBits] <= ends_needed[i*CountBits+:CountBits]);
      assume (recurrent_destinations[i*CountBits+:CountBits] <= credits_needed[i*CountBits+:CountBits]);
      // Membranes go to the host, which returns no CREDIT.
      assume (!values_last[i] || credits_needed[i*CountBits+:CountBits] == '0);
    end
  end

  // What is left before events pass: a turn of each context whose ENDs are here, and the rest of the one at work.
  assign waits = head && !events_pass && !starting && !rst;
  assign drain = emit[current] ? LeftBits'(Drain) : loads_q ? LeftBits'(Job + 2)
      : working_q ? LeftBits'(Job + 1) - job_age_q : LeftBits'(1);
  always @* begin
    if (chosen) phase = LeftBits'(Turn);
    else if (sweeping) phase = LeftBits'(Sweep + Drain + Sweep) - sweep_age_q;
    else if (draining) phase = drain + LeftBits'(Sweep);
    else if (initialising) phase = LeftBits'(Sweep) - sweep_age_q;
    else phase = quiet ? '0 : LeftBits'(Events) - events_age_q;
    left = phase;
    for (int i = 0; i < Contexts; i++) if (met[i]) left = left + LeftBits'(Turn + 1);
  end

  always @(posedge clk_i) begin
    if (!rst) begin
      if (waits && waits_q) assert (left < left_q);
      if (waits) assert (32'(waited_q) + 32'(left) <= Bound);
    end
  end

`ifdef INVARIANTS
  (* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.u_ends.needed_q ;
  (* hierconn *) wire [snnc_pkg::CountBits-1:0] \dut.g_contexts.u_contexts.u_ends.counts[0] ;
  (* hierconn *) wire [snnc_pkg::CountBits-1:0] \dut.g_contexts.u_contexts.u_ends.counts[1] ;
  logic [Contexts-1:0] credit;
  logic [Contexts-1:0] unseen;
  logic [Contexts*snnc_pkg::CountBits-1:0] counts;

  assign counts = {\dut.g_contexts.u_contexts.u_ends.counts[1] , \dut.g_contexts.u_contexts.u_ends.counts[0] };

  assign credit = \dut.g_contexts.u_contexts.u_jobs.credit_q ;
  for (genvar i = 0; i < Contexts; i++) begin : g_invariants
    // Behind a reset, before its registers were looked at.
    assign unseen[i] = starting && (32'(current) < i || (32'(current) == i && chosen));
    always @(posedge clk_i) begin
      if (!rst) begin
        if (enabled[i]) begin
          assert (\dut.g_contexts.u_contexts.values_last_q [i] == values_last[i]);
          assert (!\dut.g_contexts.u_contexts.values_every_q [i]);
        end
        if (credit[i] || emit[i]) assert (enabled[i] && !starting);
        if (unseen[i]) assert (!enabled[i]);
        // ENDs are here when none is awaited.
        if (\dut.g_contexts.u_contexts.u_ends.none_q [i]) begin
          assert (!\dut.g_contexts.u_contexts.u_ends.needed_q [i]);
          if (\dut.g_contexts.u_contexts.u_ends.first_q [i]) begin
            assert (ends_needed[i*CountBits+:CountBits] == recurrent_sources[i*CountBits+:CountBits]);
          end else assert (counts[i*snnc_pkg::CountBits+:snnc_pkg::CountBits] == '0);
        end
        assert (!(\dut.g_contexts.u_contexts.u_ends.first_q [i] && \dut.g_contexts.u_contexts.u_ends.needed_q [i]));
        // To whom nobody gives a CREDIT none is owed, but in the cycle before that is known.
        if (values_last[i]) begin
          assert (\dut.g_contexts.u_contexts.u_credits.first_q [i] || \dut.g_contexts.u_contexts.u_credits.needed_q [i]);
        end
        if (values_last[i] && enabled[i]) begin
          assert (\dut.g_contexts.u_contexts.u_credits.none_q [i] || (loads_q && \dut.g_contexts.u_contexts.u_jobs.job_q == Bits'(i)));
        end
      end
    end
  end
  always @(posedge clk_i) begin
    if (!rst) begin
      assert (!(chosen && (timed || draining)) && !(sweeping && (initialising || draining)) && !(initialising && draining));
      assert (!starting || chosen || initialising);
      assert (!loads_q || working_q);
      assert (32'(sweep_age_q) < Sweep && 32'(job_age_q) < Job && 32'(events_age_q) < Events);
      if (!timed) assert (sweep_age_q == '0);
      if (!draining || !working_q || loads_q) assert (job_age_q == '0);
      if (events_age_q != '0 && accumulating && !events_pass) assert (!quiet_q && !passed_q);
      if (waits_q) assert (32'(waited_q) + 32'(left_q) <= Bound + 1);
      if (!accumulating && !starting) begin
        assert (enabled[current]);
        if (chosen) assert (!\dut.g_contexts.u_contexts.u_ends.none_q [current] && !\dut.g_contexts.u_contexts.u_ends.first_q [current]);
        if (chosen && values_last[current] && \dut.g_contexts.u_contexts.last_step_q [current]) assert (!working_q && !emit[current] && !credit[current]);
        if (sweeping) assert (closed == (values_last[current] && \dut.g_contexts.u_contexts.sample_ended_q [current]));
        if (sweeping && closed) assert (!working_q && !emit[current] && !credit[current]);
        if (draining) begin
          assert (closed && values_last[current] && !credit[current] && !(emit[current] && working_q));
          assert (!working_q || \dut.g_contexts.u_contexts.u_jobs.job_q == current);
        end
      end
    end
  end
`endif
endmodule

`default_nettype wire
