// SPDX-License-Identifier: Apache-2.0
// Simulation only, bound to every core inside snnc_harness: in how many cycles of the runs each phase of the control met
// each flit at the head of the event FIFO, each state of the emitter, and each stall. simulation/counters.py names them.
`default_nettype none

module snnc_cover (
  input wire logic       clk_i,
  // The phase: none of these is ACCUMULATE.
  input wire logic       chosen,
  input wire logic       sweeping,
  input wire logic       draining,
  input wire logic       initialising,
  // What the phase meets.
  input wire logic       head_valid,
  input wire logic [snnc_pkg::FlitTypeBits-1:0] head_type,
  input wire logic [2:0] emitter,
  input wire logic       packet_stalls,
  input wire logic       event_stalls
);
  localparam int Phases = 5;
  // Heads: SPIKE, VALUE, END, CREDIT, none; emitter: its states; stalls.
  localparam int Heads = 5;
  localparam int States = 7;
  localparam int Meetings = Heads + States + 2;

  int met [0:Phases*Meetings-1] = '{default: 0};
  logic [Meetings-1:0] meets;
  int phase;

  always @* begin
    phase = chosen ? 1 : sweeping ? 2 : draining ? 3 : initialising ? 4 : 0;
    meets = '0;
    if (!head_valid) meets[Heads-1] = 1'b1;
    else if (head_type <= snnc_pkg::FlitCredit) meets[32'(head_type)] = 1'b1;
    meets[Heads+32'(emitter)] = 1'b1;
    meets[Meetings-2] = packet_stalls;
    meets[Meetings-1] = event_stalls;
  end

  always @(posedge clk_i) begin
    if (snnc_harness.counting) begin
      for (int i = 0; i < Meetings; i++) met[phase*Meetings+i] <= met[phase*Meetings+i] + 32'(meets[i]);
    end
  end
  final begin
    for (int i = 0; i < Phases * Meetings; i++) $display("covered %0d %0d %0d", i / Meetings, i % Meetings, met[i]);
  end
endmodule

bind snnc_core snnc_cover u_cover (
  .clk_i,
  .chosen(u_steps.chosen),
  .sweeping,
  .draining,
  .initialising,
  .head_valid(u_events.head_valid),
  .head_type(u_events.head_type),
  .emitter(u_emitter.u_emit.state_q),
  .packet_stalls(packet_valid_o && !packet_ready_i),
  .event_stalls(event_valid_i && !event_ready_o)
);

`default_nettype wire
