// SPDX-License-Identifier: Apache-2.0
// UART transmitter: 8 data bits, lowest first, no parity, one stop bit.
`default_nettype none

module snnc_uart_tx #(
  // Clock cycles of one bit, at least 4.
  parameter int ClocksPerBit = 100
) (
  input  wire logic       clk_i,
  input  wire logic       rst_i,
  // Stream of bytes in.
  input  wire logic       valid_i,
  output      logic       ready_o,
  input  wire logic [7:0] data_i,
  // The line; high when idle.
  output      logic       tx_o
);
  localparam int CountBits = $clog2(ClocksPerBit);
  localparam logic [CountBits-1:0] FullBit = CountBits'(ClocksPerBit - 1);

  // Bits still to be sent, the current one lowest; idle when none is left.
  logic [8:0] data_q;
  logic [3:0] left_q;
  logic [CountBits-1:0] count_q;

  assign ready_o = left_q == '0;
  assign tx_o = data_q[0];

  always_ff @(posedge clk_i) begin
    count_q <= (count_q == '0 || ready_o) ? FullBit : count_q - CountBits'(1);
    if (!ready_o && count_q == '0) begin
      data_q <= {1'b1, data_q[8:1]};
      left_q <= left_q - 4'd1;
    end
    if (ready_o && valid_i) begin
      data_q <= {data_i, 1'b0};
      left_q <= 4'd10;
    end
    if (rst_i) begin
      data_q <= '1;
      left_q <= '0;
    end
  end
endmodule

`default_nettype wire
