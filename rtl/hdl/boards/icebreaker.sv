// SPDX-License-Identifier: Apache-2.0
// Board iCEBreaker (iCE40 UP5K): the clock from a PLL, reset until it has locked, the UART on the board's USB
// serial chip, and a sign of life on the LEDs.
`default_nettype none

module icebreaker #(
  // Clock = 12 MHz * (PllFeedback + 1) / 2^PllOutput, the oscillator before the division at 533 to 1066 MHz.
  parameter int PllFeedback = 47,
  parameter int PllOutput = 4,
  // Clock cycles of one bit on the line.
  parameter int ClocksPerBit = 36
) (
  input  wire logic CLK,
  input  wire logic RX,
  output      logic TX,
  // On while low.
  output      logic LEDR_N,
  output      logic LEDG_N
);
  logic clk;
  logic locked;
  logic [3:0] settle_q = '0;
  logic rst_q = 1'b1;
  logic [24:0] blink_q = '0;

  SB_PLL40_PAD #(
    .FEEDBACK_PATH("SIMPLE"),
    .DIVR(4'd0),
    .DIVF(7'(PllFeedback)),
    .DIVQ(3'(PllOutput)),
    .FILTER_RANGE(3'd1)
  ) u_pll (
    .PACKAGEPIN(CLK),
    .PLLOUTGLOBAL(clk),
    .LOCK(locked),
    .RESETB(1'b1),
    .BYPASS(1'b0)
  );

  // Reset ends some cycles after the lock, which is asynchronous to the clock.
  always_ff @(posedge clk) begin
    settle_q <= {settle_q[2:0], locked};
    rst_q <= settle_q != '1;
    blink_q <= blink_q + 25'd1;
  end

  build_uart #(
    .ClocksPerBit(ClocksPerBit)
  ) u_build (
    .clk_i(clk),
    .rst_i(rst_q),
    .rx_i(RX),
    .tx_o(TX)
  );

  // Green blinks with the clock; red is on while bytes come.
  assign LEDG_N = blink_q[24];
  assign LEDR_N = RX;
endmodule

`default_nettype wire
