// The books of several contexts, snnc_steps, with a free environment: ENDs, CREDITs and resets at any time, events, sweeps
// and jobs of any length. Whoever includes it has the parameter Contexts.
localparam int Bits = $clog2(Contexts);
localparam int CountBits = 2;

// The configuration of each context.
(* anyconst *) logic [Contexts-1:0] enable;
(* anyconst *) logic [Contexts-1:0] values_last;
(* anyconst *) logic [Contexts-1:0] clears;
(* anyconst *) logic [Contexts*CountBits-1:0] ends_needed;
(* anyconst *) logic [Contexts*CountBits-1:0] credits_needed;
(* anyconst *) logic [Contexts*CountBits-1:0] recurrent_sources;
(* anyconst *) logic [Contexts*CountBits-1:0] recurrent_destinations;

(* anyseq *) logic reset;
(* anyseq *) logic end_arrives;
(* anyseq *) logic credit_arrives;
(* anyseq *) logic end_last;
(* anyseq *) logic [3:0] named;
(* anyseq *) logic quiet;
(* anyseq *) logic sweep_last_cycle;
(* anyseq *) logic sweep_write;
(* anyseq *) logic job_ends;
(* anyseq *) logic sent;

logic rst;
logic [Bits-1:0] current;
logic [Bits-1:0] job;
logic [Bits-1:0] asked;
logic sweeping;
logic draining;
logic initialising;
logic events_pass;
logic [snnc_pkg::StepBits-1:0] time_step;
logic last_step;
logic start_credit;
logic start_emit;
logic [snnc_pkg::StepBits-1:0] emit_step;
logic emit_last_step;

// The emitter: LOAD, then any number of cycles.
logic working_q;
logic loads_q;

assign rst = reset || $initstate;

function automatic logic [snnc_pkg::RegisterBits-1:0] registers(input logic [Bits-1:0] whose);
  registers = '0;
  registers[snnc_pkg::RegisterEmissionAt] = values_last[whose];
  registers[snnc_pkg::RegisterClearsAt] = clears[whose] && !values_last[whose];
  registers[snnc_pkg::RegisterEndsNeededAt+:CountBits] = ends_needed[whose*CountBits+:CountBits];
  registers[snnc_pkg::RegisterCreditsNeededAt+:CountBits] = credits_needed[whose*CountBits+:CountBits];
  registers[snnc_pkg::RegisterRecurrentSourcesAt+:CountBits] = recurrent_sources[whose*CountBits+:CountBits];
  registers[snnc_pkg::RegisterRecurrentDestinationsAt+:CountBits] =
      recurrent_destinations[whose*CountBits+:CountBits];
endfunction

snnc_steps #(
  .Contexts(Contexts)
) dut (
  .clk_i,
  .rst_i(rst),
  .current_o(current),
  .job_o(job),
  .named_o(asked),
  .enable_i(enable[current]),
  .registers_i(registers(current)),
  .job_registers_i(registers(job)),
  .named_registers_i(registers(asked)),
  .disable_i({Contexts{1'b0}}),
  .end_i(end_arrives),
  .credit_i(credit_arrives),
  .data_i(credit_arrives ? {28'd0, named} : {27'd0, named, end_last}),
  .quiet_i(quiet),
  .event_start_i(1'b0),
  .event_is_value_i(1'b0),
  .event_context_i({Bits{1'b0}}),
  .sweep_last_cycle_i(sweep_last_cycle),
  .sweep_write_i(sweep_write),
  .emitter_idle_i(!working_q),
  .emitter_waits_i(loads_q),
  .sent_i(sent),
  .sweep_o(sweeping),
  .drain_o(draining),
  .init_o(initialising),
  .events_pass_o(events_pass),
  .step_o(time_step),
  .last_step_o(last_step),
  .start_credit_o(start_credit),
  .start_emit_o(start_emit),
  .emit_step_o(emit_step),
  .emit_last_step_o(emit_last_step),
  .router_empty_i(1'b1),
  .fifo_empty_i(!end_arrives && !credit_arrives)
);

(* hierconn *) wire \dut.chosen ;
(* hierconn *) wire \dut.starting ;
(* hierconn *) wire \dut.step_starts ;
(* hierconn *) wire \dut.surplus_end ;
(* hierconn *) wire \dut.surplus_credit ;
(* hierconn *) wire [Contexts-1:0] \dut.g_contexts.u_contexts.enabled_q ;

logic chosen;
logic starting;
logic accumulating;
logic [Contexts-1:0] enabled;

assign chosen = \dut.chosen ;
assign starting = \dut.starting ;
assign enabled = \dut.g_contexts.u_contexts.enabled_q ;
assign accumulating = !chosen && !sweeping && !draining && !initialising;

always_ff @(posedge clk_i) begin
  working_q <= (working_q ? loads_q || !job_ends : start_credit || start_emit) && !rst;
  loads_q <= !working_q && (start_credit || start_emit) && !rst;
end
