// SPDX-License-Identifier: Apache-2.0
// Jobs of the emitter in a core of several contexts: CREDIT and EMIT of each, and which one is next.
`default_nettype none

module snnc_jobs #(
  parameter int Contexts = 2,
  // Derived; not to be set.
  parameter int ContextBits = $clog2(Contexts)
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_i,
  // The current context gives its jobs, which are pending from the next cycle on.
  input  wire logic [ContextBits-1:0] current_i,
  input  wire logic                   give_credit_i,
  input  wire logic                   give_emit_i,
  // By context: no CREDIT is owed to it. An EMIT of the current one does not go.
  input  wire logic [Contexts-1:0]    nothing_owed_i,
  input  wire logic                   held_i,
  // The emitter is IDLE. No job goes; only those of the current context go.
  input  wire logic                   idle_i,
  input  wire logic                   blocked_i,
  input  wire logic                   draining_i,
  // A job is taken in this cycle, which is at work from the next on until the emitter is IDLE again.
  output      logic                   start_credit_o,
  output      logic                   start_emit_o,
  output      logic [ContextBits-1:0] next_o,
  output      logic [ContextBits-1:0] job_o,
  // By context: no job is pending or at work; it waits for CREDITs. The current one has a job pending.
  output      logic [Contexts-1:0]    done_o,
  output      logic [Contexts-1:0]    waits_o,
  output      logic                   current_pending_o
);
  logic [Contexts-1:0] credit_q;
  logic [Contexts-1:0] emit_q;
  logic [ContextBits-1:0] job_q;
  logic [Contexts-1:0] goes;
  logic start;

  for (genvar i = 0; i < Contexts; i++) begin : g_goes
    assign goes[i] = (credit_q[i] || (emit_q[i] && nothing_owed_i[i] && !(held_i && current_i == ContextBits'(i))))
        && (draining_i ? current_i == ContextBits'(i) : !blocked_i);
    assign done_o[i] = !credit_q[i] && !emit_q[i] && (idle_i || job_q != ContextBits'(i));
  end
  assign waits_o = emit_q & ~credit_q & ~nothing_owed_i;
  assign current_pending_o = credit_q[current_i] || emit_q[current_i];
  assign start = idle_i && goes != '0;
  assign start_credit_o = start && credit_q[next_o];
  assign start_emit_o = start && !credit_q[next_o];
  assign job_o = job_q;

  always @* begin
    next_o = '0;
    for (int i = Contexts - 1; i >= 0; i--) begin
      if (goes[i]) next_o = ContextBits'(i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (start) job_q <= next_o;
    if (start_credit_o) credit_q[next_o] <= 1'b0;
    if (start_emit_o) emit_q[next_o] <= 1'b0;
    if (give_credit_i) credit_q[current_i] <= 1'b1;
    if (give_emit_i) emit_q[current_i] <= 1'b1;
    if (rst_i) begin
      credit_q <= '0;
      emit_q <= '0;
      job_q <= '0;
    end
  end
endmodule

`default_nettype wire
