// SPDX-License-Identifier: Apache-2.0
// Decays of the lanes: those of a register, the same for all, or those of two memories, one per channel. As a
// multiplier takes them, or as shifts; see snnc_decay.
`default_nettype none

module snnc_leak #(
  // Parameters of the core; see snnc_core.
  parameter int Lanes = 8,
  parameter int ParameterWords = 16,
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0,
  parameter int ChannelLeak = 0,
  // Bits that configuration writes at once.
  parameter int ConfigBits = 128,
  // Common beginning of the names of the files with initial content; "" for none.
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int DecayBits = snnc_pkg::DecayBits,
  parameter int ParameterBits = (ParameterWords > 1) ? $clog2(ParameterWords) : 1
) (
  input  wire logic                         clk_i,
  // Configuration registers, constant while the core works: where decays come from the memories those of the
  // register are 0.
  input  wire logic                         cuba_i,
  input  wire logic                         channel_decays_i,
  input  wire logic [DecayBits-1:0]         decay_i,
  input  wire logic [DecayBits-1:0]         current_decay_i,
  // Writes of configuration.
  input  wire logic                         decays_write_i,
  input  wire logic                         current_decays_write_i,
  input  wire logic [ParameterBits-1:0]     config_address_i,
  input  wire logic [ConfigBits-1:0]        config_data_i,
  // Sweep: the word whose decays come in the next cycle. Without, those of the memories count as 0.
  input  wire logic                         read_i,
  input  wire logic [ParameterBits-1:0]     word_i,
  // Decays of every lane's membrane and current.
  output      logic [Lanes*DecayBits-1:0]   decay_o,
  output      logic [Lanes*DecayBits-1:0]   current_decay_o
);
  logic [DecayBits-1:0] decay_q;
  logic [DecayBits-1:0] current_decay_q;
  logic [Lanes*DecayBits-1:0] decays;
  logic [Lanes*DecayBits-1:0] current_decays;

  function automatic logic [DecayBits-1:0] as_taken(input logic [DecayBits-1:0] number);
    as_taken = (DecayMultiplier != 0) ? number : snnc_pkg::decay_shift(number);
  endfunction

  always_ff @(posedge clk_i) begin
    decay_q <= as_taken(decay_i);
    current_decay_q <= as_taken(current_decay_i);
  end

  if (ChannelLeak != 0) begin : g_channels
    logic read;
    logic skip_q;
    logic [Lanes*DecayBits-1:0] decay_words;

    assign read = read_i && channel_decays_i;
    always_ff @(posedge clk_i) skip_q <= !read;

    snnc_memory #(
      .Width(Lanes * DecayBits),
      .Depth(ParameterWords),
      .InitFile((InitCore == "") ? "" : {InitCore, "_decays.hex"})
    ) u_decays (
      .clk_i,
      .write_i(decays_write_i),
      .write_address_i(config_address_i),
      .write_data_i(config_data_i[Lanes*DecayBits-1:0]),
      .read_i(read),
      .read_address_i(word_i),
      .read_data_o(decay_words)
    );

    assign decays = skip_q ? '0 : decay_words;
    if (Cuba != 0) begin : g_cuba
      logic [Lanes*DecayBits-1:0] current_decay_words;

      snnc_memory #(
        .Width(Lanes * DecayBits),
        .Depth(ParameterWords),
        .InitFile((InitCore == "") ? "" : {InitCore, "_current_decays.hex"})
      ) u_current_decays (
        .clk_i,
        .write_i(current_decays_write_i),
        .write_address_i(config_address_i),
        .write_data_i(config_data_i[Lanes*DecayBits-1:0]),
        .read_i(read && cuba_i),
        .read_address_i(word_i),
        .read_data_o(current_decay_words)
      );

      assign current_decays = (skip_q || !cuba_i) ? '0 : current_decay_words;
    end else begin : g_no_cuba
      assign current_decays = '0;

      logic unused;
      assign unused = ^{cuba_i, current_decays_write_i};
    end
  end else begin : g_register
    assign decays = '0;
    assign current_decays = '0;

    logic unused;
    assign unused = ^{cuba_i, channel_decays_i, decays_write_i, current_decays_write_i, config_address_i,
                      read_i, word_i};
  end

  for (genvar lane = 0; lane < Lanes; lane++) begin : g_lane
    assign decay_o[lane*DecayBits+:DecayBits] = decay_q | as_taken(decays[lane*DecayBits+:DecayBits]);
    assign current_decay_o[lane*DecayBits+:DecayBits] =
        current_decay_q | as_taken(current_decays[lane*DecayBits+:DecayBits]);
  end

  logic unused;
  assign unused = ^config_data_i;
endmodule

`default_nettype wire
