// SPDX-License-Identifier: Apache-2.0
// Memories of what the neurons of a channel share: bias and v(0), threshold, and what a soft reset subtracts.
`default_nettype none

module snnc_channels #(
  // Bits of a word: a number per lane.
  parameter int WordBits = 128,
  // Words of each kind.
  parameter int ParameterWords = 16,
  // 1: there are reset amounts apart from thresholds.
  parameter int ResetAmount = 0,
  // Bits that configuration writes at once.
  parameter int ConfigBits = 128,
  // Common beginning of the names of the files with initial content; "" for none.
  parameter InitCore = "",
  // Derived; not to be set. Biases come first, v(0) behind them.
  parameter int ConstantBits = $clog2(2 * ParameterWords),
  parameter int ParameterBits = (ParameterWords > 1) ? $clog2(ParameterWords) : 1
) (
  input  wire logic                    clk_i,
  // Configuration register: soft resets subtract reset amounts.
  input  wire logic                    reset_amounts_i,
  // Writes of configuration, one bit per memory code.
  input  wire logic [snnc_pkg::Memories-1:0] config_write_i,
  input  wire logic [ConstantBits-1:0] config_address_i,
  input  wire logic [ConfigBits-1:0]   config_data_i,
  // Reads of the sweep, each with one clock of latency.
  input  wire logic                    constant_read_i,
  input  wire logic [ConstantBits-1:0] constant_address_i,
  output      logic [WordBits-1:0]     constant_o,
  input  wire logic                    threshold_read_i,
  input  wire logic [ParameterBits-1:0] threshold_word_i,
  output      logic [WordBits-1:0]     threshold_o,
  output      logic [WordBits-1:0]     reset_amount_o
);
  snnc_memory #(
    .Width(WordBits),
    .Depth(2 * ParameterWords),
    .InitFile((InitCore == "") ? "" : {InitCore, "_bias.hex"})
  ) u_bias (
    .clk_i,
    .write_i(config_write_i[snnc_pkg::MemoryBias]),
    .write_address_i(config_address_i),
    .write_data_i(config_data_i[WordBits-1:0]),
    .read_i(constant_read_i),
    .read_address_i(constant_address_i),
    .read_data_o(constant_o)
  );

  snnc_memory #(
    .Width(WordBits),
    .Depth(ParameterWords),
    .InitFile((InitCore == "") ? "" : {InitCore, "_thresholds.hex"})
  ) u_thresholds (
    .clk_i,
    .write_i(config_write_i[snnc_pkg::MemoryThresholds]),
    .write_address_i(config_address_i[ParameterBits-1:0]),
    .write_data_i(config_data_i[WordBits-1:0]),
    .read_i(threshold_read_i),
    .read_address_i(threshold_word_i),
    .read_data_o(threshold_o)
  );

  if (ResetAmount != 0) begin : g_reset_amount
    snnc_memory #(
      .Width(WordBits),
      .Depth(ParameterWords),
      .InitFile((InitCore == "") ? "" : {InitCore, "_reset_amounts.hex"})
    ) u_reset_amounts (
      .clk_i,
      .write_i(config_write_i[snnc_pkg::MemoryResetAmounts]),
      .write_address_i(config_address_i[ParameterBits-1:0]),
      .write_data_i(config_data_i[WordBits-1:0]),
      .read_i(threshold_read_i && reset_amounts_i),
      .read_address_i(threshold_word_i),
      .read_data_o(reset_amount_o)
    );
  end else begin : g_threshold
    assign reset_amount_o = '0;

    logic unused;
    assign unused = reset_amounts_i;
  end

  logic unused;
  assign unused = ^{config_write_i, config_address_i, config_data_i};
endmodule

`default_nettype wire
