// SPDX-License-Identifier: Apache-2.0
// What a core and its router did in the last cycle, as the peripheral counts it (docs/peripheral.md). Where nobody
// counts, synthesis leaves nothing of it.
`default_nettype none

module snnc_actions #(
  // Neurons per word of the core.
  parameter int Lanes = 8
) (
  input  wire logic                           clk_i,
  input  wire logic                           rst_i,
  // In this cycle the core reads a word of weights for an event; a sweep writes a word, and these lanes spike.
  input  wire logic                           weight_read_i,
  input  wire logic                           sweep_i,
  input  wire logic [Lanes-1:0]               spikes_i,
  // The core takes a flit from its router; the router takes flits at these ports.
  input  wire logic                           arrival_i,
  input  wire logic [snnc_pkg::Ports-1:0]     hops_i,
  output      logic [snnc_pkg::ActionsBits-1:0] actions_o
);
  logic [snnc_pkg::ActionsSpikesBits-1:0] spikes;
  logic [snnc_pkg::ActionsHopsBits-1:0] hops;

  always @* begin
    spikes = '0;
    for (int i = 0; i < Lanes; i++) spikes = spikes + snnc_pkg::ActionsSpikesBits'(spikes_i[i]);
    hops = '0;
    for (int i = 0; i < snnc_pkg::Ports; i++) hops = hops + snnc_pkg::ActionsHopsBits'(hops_i[i]);
  end

  always_ff @(posedge clk_i) begin
    actions_o[snnc_pkg::ActionsWeightReadsAt] <= weight_read_i;
    actions_o[snnc_pkg::ActionsSweptWordsAt] <= sweep_i;
    actions_o[snnc_pkg::ActionsSpikesAt+:snnc_pkg::ActionsSpikesBits] <= sweep_i ? spikes : '0;
    actions_o[snnc_pkg::ActionsArrivalsAt] <= arrival_i;
    actions_o[snnc_pkg::ActionsHopsAt+:snnc_pkg::ActionsHopsBits] <= hops;
    if (rst_i) actions_o <= '0;
  end
endmodule

`default_nettype wire
