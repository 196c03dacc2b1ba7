// SPDX-License-Identifier: Apache-2.0
// Simulation only: the pins of an iCEBreaker as a board in software has them, and what stands for its PLL.
`default_nettype none

module icebreaker_pins (
  input  wire logic clk_i,
  // The board has no such pin: its reset ends some cycles after the PLL has locked.
  input  wire logic rst_i,
  input  wire logic rx_i,
  output      logic tx_o
);
  logic [1:0] leds;
  logic unused;

  icebreaker u_board (
    .CLK(clk_i),
    .RX(rx_i),
    .TX(tx_o),
    .LEDR_N(leds[0]),
    .LEDG_N(leds[1])
  );

  assign unused = ^{rst_i, leds};
endmodule

// A cycle of the design in each of the oscillator, whatever the dividers say; locked after some.
module SB_PLL40_PAD #(
  parameter FEEDBACK_PATH = "SIMPLE",
  parameter logic [3:0] DIVR = '0,
  parameter logic [6:0] DIVF = '0,
  parameter logic [2:0] DIVQ = '0,
  parameter logic [2:0] FILTER_RANGE = '0
) (
  input  wire logic PACKAGEPIN,
  output      logic PLLOUTGLOBAL,
  output      logic LOCK,
  input  wire logic RESETB,
  input  wire logic BYPASS
);
  logic [3:0] cycles_q = '0;
  logic unused;

  assign PLLOUTGLOBAL = PACKAGEPIN;
  assign LOCK = cycles_q == '1;
  assign unused = ^{RESETB, BYPASS};
  always_ff @(posedge PACKAGEPIN) begin
    if (!LOCK) cycles_q <= cycles_q + 4'd1;
  end
endmodule

`default_nettype wire
