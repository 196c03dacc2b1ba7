// SPDX-License-Identifier: Apache-2.0
// What the cores have done since the last restart, kind by kind: all of them, or one that is chosen (docs/peripheral.md).
`default_nettype none

module snnc_peripheral_actions #(
  parameter int MeshWidth = 2,
  parameter int MeshHeight = 2,
  // 0: nothing is counted, and counts are 0.
  parameter int Actions = 1,
  // Derived; not to be set.
  parameter int Cores = MeshWidth * MeshHeight
) (
  input  wire logic                               clk_i,
  input  wire logic                               rst_i,
  // Whose actions: {0, y, x} of a core, or with the highest bit those of all.
  input  wire logic [snnc_pkg::AddressBits-1:0]   select_i,
  // Actions of a cycle of every core, row by row.
  input  wire logic [Cores*snnc_pkg::ActionsBits-1:0] actions_i,
  // Of weight reads, swept words, spikes, arrivals and hops, the first in the lowest bits.
  output      logic [snnc_pkg::ActionKinds*32-1:0] counts_o
);
  localparam int SpikesBits = snnc_pkg::ActionsSpikesBits;
  localparam int HopsBits = snnc_pkg::ActionsHopsBits;

  if (Actions != 0) begin : g_actions
    logic [Cores-1:0] counts;
    logic [Cores-1:0] weight_reads;
    logic [Cores-1:0] swept_words;
    logic [Cores*SpikesBits-1:0] spikes;
    logic [Cores-1:0] arrivals;
    logic [Cores*HopsBits-1:0] hops;

    for (genvar y = 0; y < MeshHeight; y++) begin : g_y
      for (genvar x = 0; x < MeshWidth; x++) begin : g_x
        localparam int Core = y * MeshWidth + x;
        localparam logic [snnc_pkg::AddressBits-1:0] Here =
            snnc_pkg::AddressBits'(y << snnc_pkg::AddressYAt | x << snnc_pkg::AddressXAt);
        logic [snnc_pkg::ActionsBits-1:0] word;

        assign word = actions_i[Core*snnc_pkg::ActionsBits+:snnc_pkg::ActionsBits];
        assign counts[Core] = select_i == Here || snnc_pkg::address_host(select_i);
        assign weight_reads[Core] = snnc_pkg::actions_weight_reads(word);
        assign swept_words[Core] = snnc_pkg::actions_swept_words(word);
        assign spikes[Core*SpikesBits+:SpikesBits] = snnc_pkg::actions_spikes(word);
        assign arrivals[Core] = snnc_pkg::actions_arrivals(word);
        assign hops[Core*HopsBits+:HopsBits] = snnc_pkg::actions_hops(word);
      end
    end

    snnc_action_counter #(
      .MeshWidth(MeshWidth),
      .MeshHeight(MeshHeight)
    ) u_weight_reads (
      .clk_i, .rst_i, .counts_i(counts), .actions_i(weight_reads), .count_o(counts_o[0*32+:32])
    );

    snnc_action_counter #(
      .MeshWidth(MeshWidth),
      .MeshHeight(MeshHeight)
    ) u_swept_words (
      .clk_i, .rst_i, .counts_i(counts), .actions_i(swept_words), .count_o(counts_o[1*32+:32])
    );

    snnc_action_counter #(
      .MeshWidth(MeshWidth),
      .MeshHeight(MeshHeight),
      .Bits(SpikesBits)
    ) u_spikes (
      .clk_i, .rst_i, .counts_i(counts), .actions_i(spikes), .count_o(counts_o[2*32+:32])
    );

    snnc_action_counter #(
      .MeshWidth(MeshWidth),
      .MeshHeight(MeshHeight)
    ) u_arrivals (
      .clk_i, .rst_i, .counts_i(counts), .actions_i(arrivals), .count_o(counts_o[3*32+:32])
    );

    snnc_action_counter #(
      .MeshWidth(MeshWidth),
      .MeshHeight(MeshHeight),
      .Bits(HopsBits)
    ) u_hops (
      .clk_i, .rst_i, .counts_i(counts), .actions_i(hops), .count_o(counts_o[4*32+:32])
    );
  end else begin : g_no_actions
    assign counts_o = '0;

    logic unused;
    assign unused = ^{clk_i, rst_i, select_i, actions_i};
  end
endmodule

`default_nettype wire
