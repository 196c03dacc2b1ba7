// SPDX-License-Identifier: Apache-2.0
// Decay of one number, x - ((x * d) >> 12), over one clock: with a multiplier, or as a shift.
`default_nettype none

module snnc_decay #(
  // Bits of the number.
  parameter int StateBits = 16,
  // 1: any d from 0 to 4096; 0: d is 0 or a power of two.
  parameter int Multiplier = 0
) (
  input  wire logic                          clk_i,
  // Of x_i: with a multiplier d; else {7'd0, 2'd1, k} for x - (x >> k), {7'd0, 2'd2, 4'd0} for 0, or 0 for x itself.
  input  wire logic [snnc_pkg::DecayBits-1:0] decay_i,
  input  wire logic [StateBits-1:0]          x_i,
  // One clock later.
  output      logic [StateBits-1:0]          x_o
);
  logic [StateBits-1:0] x_q;

  if (Multiplier != 0) begin : g_multiplier
    localparam int ProductBits = StateBits + snnc_pkg::DecayBits + 1;
    logic signed [StateBits-1:0] factor;
    logic signed [snnc_pkg::DecayBits:0] signed_decay;
    logic signed [ProductBits-1:0] product;
    logic [StateBits-1:0] leak_q;

    assign factor = x_i;
    assign signed_decay = {1'b0, decay_i};
    assign product = factor * signed_decay;
    always_ff @(posedge clk_i) begin
      x_q <= x_i;
      leak_q <= product[snnc_pkg::DecayShift+:StateBits];
    end
    assign x_o = x_q - leak_q;

    logic unused;
    assign unused = ^product;
  end else begin : g_shift
    logic signed [StateBits-1:0] number;
    logic signed [StateBits-1:0] coarse;
    logic signed [StateBits-1:0] coarse_q;
    logic [1:0] fine_q;
    logic signed [StateBits-1:0] leak;

    assign number = x_i;
    assign coarse = number >>> {decay_i[3:2], 2'b00};
    always_ff @(posedge clk_i) begin
      x_q <= decay_i[5] ? '0 : x_i;
      coarse_q <= decay_i[4] ? coarse : '0;
      fine_q <= decay_i[1:0];
    end
    assign leak = coarse_q >>> fine_q;
    assign x_o = x_q - leak;

    logic unused;
    assign unused = ^decay_i[snnc_pkg::DecayBits-1:6];
  end
endmodule

`default_nettype wire
