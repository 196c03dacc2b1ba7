// SPDX-License-Identifier: Apache-2.0
// Board ULX3S (ECP5 12F to 85F): the clock from a PLL, reset until it has locked, the UART on the
// board's USB serial chip, and a sign of life on the LEDs.
`default_nettype none

module ulx3s #(
  // Clock = 25 MHz * PllFeedback / PllInput; the oscillator, clock * PllOutput, runs at 400 to 800 MHz.
  parameter int PllInput = 1,
  parameter int PllFeedback = 4,
  parameter int PllOutput = 6,
  // Clock cycles of one bit on the line.
  parameter int ClocksPerBit = 100
) (
  input  wire logic clk_25mhz,
  // From the serial chip, and to it: the pins are named as the chip sees them.
  input  wire logic ftdi_txd,
  output      logic ftdi_rxd,
  output      logic [7:0] led,
  // High: the board's ESP32 leaves the FPGA alone.
  output      logic wifi_gpio0
);
  logic clk;
  logic locked;
  logic [3:0] settle_q = '0;
  logic rst_q = 1'b1;
  logic [25:0] blink_q = '0;

  EHXPLLL #(
    .PLLRST_ENA("DISABLED"),
    .INTFB_WAKE("DISABLED"),
    .STDBY_ENABLE("DISABLED"),
    .DPHASE_SOURCE("DISABLED"),
    .OUTDIVIDER_MUXA("DIVA"),
    .OUTDIVIDER_MUXB("DIVB"),
    .OUTDIVIDER_MUXC("DIVC"),
    .OUTDIVIDER_MUXD("DIVD"),
    .CLKI_DIV(PllInput),
    .CLKFB_DIV(PllFeedback),
    .CLKOP_ENABLE("ENABLED"),
    .CLKOP_DIV(PllOutput),
    .CLKOP_CPHASE(PllOutput - 1),
    .CLKOP_FPHASE(0),
    .FEEDBK_PATH("CLKOP")
  ) u_pll (
    .CLKI(clk_25mhz),
    .CLKFB(clk),
    .CLKOP(clk),
    .LOCK(locked),
    .RST(1'b0),
    .STDBY(1'b0),
    .PHASESEL0(1'b0),
    .PHASESEL1(1'b0),
    .PHASEDIR(1'b1),
    .PHASESTEP(1'b1),
    .PHASELOADREG(1'b1),
    .PLLWAKESYNC(1'b0),
    .ENCLKOP(1'b0)
  );

  // Reset ends some cycles after the lock, which is asynchronous to the clock.
  always_ff @(posedge clk) begin
    settle_q <= {settle_q[2:0], locked};
    rst_q <= settle_q != '1;
    blink_q <= blink_q + 26'd1;
  end

  build_uart #(
    .ClocksPerBit(ClocksPerBit)
  ) u_build (
    .clk_i(clk),
    .rst_i(rst_q),
    .rx_i(ftdi_txd),
    .tx_o(ftdi_rxd)
  );

  // Blinks with the clock; on while bytes come and go.
  assign led = {blink_q[25], 5'd0, !ftdi_txd, !ftdi_rxd};
  assign wifi_gpio0 = 1'b1;
endmodule

`default_nettype wire
