// SPDX-License-Identifier: Apache-2.0
// Steps of a core: its control, the books of its tile or tiles, and what it tells about both.
`default_nettype none

module snnc_steps #(
  // Tiles that the core can hold.
  parameter int Contexts = 1,
  // Bits of counts of ENDs and CREDITs; a core never awaits more than its tables have entries.
  parameter int CountBits = snnc_pkg::CountBits,
  // Derived; not to be set.
  parameter int ContextBits = (Contexts > 1) ? $clog2(Contexts) : 1
) (
  input  wire logic                              clk_i,
  input  wire logic                              rst_i,
  // Registers of these contexts: the current one, which takes part; the one whose job the emitter is at; the one
  // that an END or CREDIT names. By context: its register 2 is cleared.
  output      logic [ContextBits-1:0]            current_o,
  output      logic [ContextBits-1:0]            job_o,
  output      logic [ContextBits-1:0]            named_o,
  input  wire logic                              enable_i,
  input  wire logic [snnc_pkg::RegisterBits-1:0] registers_i,
  input  wire logic [snnc_pkg::RegisterBits-1:0] job_registers_i,
  input  wire logic [snnc_pkg::RegisterBits-1:0] named_registers_i,
  input  wire logic [Contexts-1:0]               disable_i,
  // An END or a CREDIT arrives in this cycle, and its data.
  input  wire logic                              end_i,
  input  wire logic                              credit_i,
  input  wire logic [snnc_pkg::FlitDataBits-1:0] data_i,
  // Events: there is none under way; the row engine takes one, and of which context if it is a SPIKE.
  input  wire logic                              quiet_i,
  input  wire logic                              event_start_i,
  input  wire logic                              event_is_value_i,
  input  wire logic [ContextBits-1:0]            event_context_i,
  // Last cycle of SWEEP or INIT, and a word is written.
  input  wire logic                              sweep_last_cycle_i,
  input  wire logic                              sweep_write_i,
  // The emitter is IDLE; it waits for its grant, or loads the registers of its job; what it has sent is gone.
  input  wire logic                              emitter_idle_i,
  input  wire logic                              emitter_waits_i,
  input  wire logic                              sent_i,
  // The control state of this cycle; in ACCUMULATE SPIKEs and VALUEs may pass.
  output      logic                              sweep_o,
  output      logic                              drain_o,
  output      logic                              init_o,
  output      logic                              events_pass_o,
  // The step that is swept or drained, and that it is the last of its sample.
  output      logic [snnc_pkg::StepBits-1:0]     step_o,
  output      logic                              last_step_o,
  // Commands to the emitter, the step they are about, and that it need not wait for CREDITs.
  output      logic                              start_credit_o,
  output      logic                              start_emit_o,
  output      logic [snnc_pkg::StepBits-1:0]     emit_step_o,
  output      logic                              emit_last_step_o,
  output      logic                              granted_o,
  // Status: what the router and the events' FIFO are doing, errors that others saw; see snnc_status.
  input  wire logic                              router_empty_i,
  input  wire logic                              fifo_empty_i,
  input  wire logic                              config_refused_i,
  input  wire logic                              outside_i,
  input  wire logic                              no_payload_i,
  input  wire logic                              dropped_i,
  input  wire logic                              no_neuron_i,
  output      logic                              configurable_o,
  output      logic                              ready_o,
  output      logic                              rest_o,
  output      logic                              home_o,
  output      logic                              error_o,
  output      logic [snnc_pkg::CoreStatusBits-1:0] status_o
);
  logic values_last;
  logic values_every;
  logic clears;
  logic renews;
  logic accumulate;
  logic chosen;
  logic starting;
  logic step_starts;
  logic step_ends;
  logic drain_starts;
  logic held;
  logic next_context;
  logic last_context;
  logic drained;
  logic enabled;
  logic fresh;
  logic stands;
  logic waits_for_end;
  logic waits_for_credit;
  logic [CountBits-1:0] ends;
  logic surplus_end;
  logic surplus_credit;

  assign values_last = snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesLast;
  assign values_every = snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesEvery;
  assign clears = snnc_pkg::register_clears(registers_i);
  assign renews = init_o || (sweep_o && clears && last_step_o);
  // The emitter reads what is swept some words behind the sweep, which both go through word by word.
  assign held = sweep_o && !sweep_write_i;

  snnc_control #(
    .Contexts(Contexts)
  ) u_control (
    .clk_i,
    .rst_i,
    .enable_i,
    .values_last_i(values_last),
    .values_every_i(values_every),
    .clears_i(clears),
    .start_i(step_starts),
    .last_step_i(last_step_o),
    .last_context_i(last_context),
    .sweep_last_cycle_i,
    .drained_i(drained),
    .accumulate_o(accumulate),
    .chosen_o(chosen),
    .sweep_o,
    .drain_o,
    .init_o,
    .starting_o(starting),
    .next_context_o(next_context),
    .step_ends_o(step_ends),
    .drain_starts_o(drain_starts)
  );

  if (Contexts > 1) begin : g_contexts
    logic fence;
    logic [snnc_pkg::EndContextBits-1:0] whose;

    assign whose = credit_i ? data_i[snnc_pkg::CreditContextAt+:snnc_pkg::CreditContextBits]
        : data_i[snnc_pkg::EndContextAt+:snnc_pkg::EndContextBits];

    snnc_contexts #(
      .Contexts(Contexts),
      .CountBits(CountBits)
    ) u_contexts (
      .clk_i,
      .rst_i,
      .enable_i,
      .registers_i,
      .job_registers_i,
      .named_registers_i,
      .disable_i,
      .end_i,
      .credit_i,
      .context_i(whose),
      .end_last_i(snnc_pkg::end_last(data_i)),
      .fifo_empty_i,
      .accumulate_i(accumulate),
      .chosen_i(chosen),
      .sweep_i(sweep_o),
      .drain_i(drain_o),
      .starting_i(starting),
      .next_context_i(next_context),
      .step_ends_i(step_ends),
      .drain_starts_i(drain_starts),
      .renews_i(renews),
      .held_i(held),
      .quiet_i,
      .event_start_i,
      .event_is_value_i,
      .event_context_i,
      .emitter_idle_i,
      .emitter_loads_i(emitter_waits_i),
      .sent_i,
      .start_o(step_starts),
      .fence_o(fence),
      .current_o,
      .last_context_o(last_context),
      .named_o,
      .step_o,
      .last_step_o,
      .start_credit_o,
      .start_emit_o,
      .job_o,
      .job_step_o(emit_step_o),
      .job_last_step_o(emit_last_step_o),
      .drained_o(drained),
      .enabled_o(enabled),
      .fresh_o(fresh),
      .stands_o(stands),
      .waits_for_end_o(waits_for_end),
      .waits_for_credit_o(waits_for_credit),
      .ends_o(ends),
      .surplus_end_o(surplus_end),
      .surplus_credit_o(surplus_credit)
    );

    assign events_pass_o = accumulate && !fence;
    assign granted_o = 1'b1;
  end else begin : g_single
    logic nothing_owed;
    logic accumulated_last;

    snnc_single #(
      .CountBits(CountBits)
    ) u_single (
      .clk_i,
      .rst_i,
      .enable_i,
      .registers_i,
      .end_i,
      .end_last_i(snnc_pkg::end_last(data_i)),
      .credit_i,
      .accumulate_i(accumulate),
      .renews_i(renews),
      .step_ends_i(step_ends),
      .held_i(held),
      .quiet_i,
      .event_start_i,
      .emitter_idle_i,
      .emitter_waits_i,
      .start_o(step_starts),
      .step_o,
      .last_step_o(accumulated_last),
      .ending_o(last_step_o),
      .credit_o(start_credit_o),
      .nothing_owed_o(nothing_owed),
      .granted_o,
      .enabled_o(enabled),
      .fresh_o(fresh),
      .waits_o(waits_for_end),
      .ends_o(ends),
      .surplus_end_o(surplus_end),
      .surplus_credit_o(surplus_credit)
    );

    assign current_o = '0;
    assign job_o = '0;
    assign named_o = '0;
    assign last_context = 1'b1;
    assign events_pass_o = accumulate;
    assign start_emit_o = (step_starts && !values_last && !values_every) || drain_starts;
    assign emit_step_o = step_o;
    assign emit_last_step_o = accumulated_last;
    assign drained = emitter_idle_i;
    assign waits_for_credit = emitter_waits_i && !nothing_owed;
    assign stands = ((accumulate || drain_o) && waits_for_credit)
        || (accumulate && emitter_idle_i && !step_starts);

    logic unused;
    assign unused = ^{job_registers_i, named_registers_i, disable_i, event_is_value_i, event_context_i, sent_i,
                      chosen, next_context, data_i};
  end

  snnc_status u_status (
    .clk_i,
    .rst_i,
    .quiet_i,
    .events_done_i(router_empty_i && fifo_empty_i && quiet_i),
    .stands_i(stands),
    .enabled_i(enabled),
    .starting_i(starting),
    .init_i(init_o),
    .fresh_i(fresh),
    .waits_for_end_i(waits_for_end),
    .waits_for_credit_i(waits_for_credit),
    .ends_i(snnc_pkg::CoreStatusEndsBits'(ends)),
    .stirs_i(end_i || credit_i || step_starts),
    .surplus_end_i(surplus_end),
    .surplus_credit_i(surplus_credit),
    .config_refused_i,
    .outside_i,
    .no_payload_i,
    .dropped_i,
    .no_neuron_i,
    .configurable_o,
    .ready_o,
    .rest_o,
    .home_o,
    .error_o,
    .status_o
  );

  logic unused;
  assign unused = ^{ends, data_i, registers_i};

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) assert (accumulate || quiet_i) else $fatal(1, "%m: accumulation outside ACCUMULATE");
  end
`endif
endmodule

`default_nettype wire
