// SPDX-License-Identifier: Apache-2.0
// UART receiver: 8 data bits, lowest first, no parity, one stop bit.
`default_nettype none

module snnc_uart_rx #(
  // Clock cycles of one bit, at least 4.
  parameter int ClocksPerBit = 100
) (
  input  wire logic       clk_i,
  input  wire logic       rst_i,
  // The line; asynchronous to the clock.
  input  wire logic       rx_i,
  // A byte arrived in this cycle.
  output      logic       valid_o,
  output      logic [7:0] data_o,
  // The stop bit was missing: noise, a wrong baud rate or a break. Said once per break.
  output      logic       error_o
);
  localparam int CountBits = $clog2(ClocksPerBit);
  localparam logic [CountBits-1:0] FullBit = CountBits'(ClocksPerBit - 1);
  localparam logic [CountBits-1:0] HalfBit = CountBits'(ClocksPerBit / 2 - 1);
  localparam logic [3:0] StartBit = 4'd0;
  localparam logic [3:0] StopBit = 4'd9;
  // Waiting for a falling edge, and for the end of a break.
  localparam logic [3:0] Idle = 4'd10;
  localparam logic [3:0] Break = 4'd11;

  (* ASYNC_REG = "TRUE" *) logic [1:0] line_q;
  logic line;
  // The bit that is waited for, or Idle or Break.
  logic [3:0] bit_q;
  logic [CountBits-1:0] count_q;
  logic [7:0] data_q;
  logic sample;

  assign line = line_q[1];
  assign sample = count_q == '0;
  assign data_o = data_q;

  always_ff @(posedge clk_i) begin
    line_q <= {line_q[0], rx_i};
    valid_o <= 1'b0;
    error_o <= 1'b0;
    count_q <= sample ? FullBit : count_q - CountBits'(1);
    case (bit_q)
      Idle: begin
        count_q <= HalfBit;
        if (!line) bit_q <= StartBit;
      end
      Break: if (line) bit_q <= Idle;
      // Half a bit after the edge the line must still be low, else it was a spike.
      StartBit: if (sample) bit_q <= line ? Idle : 4'd1;
      StopBit: begin
        if (sample) begin
          valid_o <= line;
          error_o <= !line;
          bit_q <= line ? Idle : Break;
        end
      end
      default: begin
        if (sample) begin
          data_q <= {line, data_q[7:1]};
          bit_q <= bit_q + 4'd1;
        end
      end
    endcase
    if (rst_i) begin
      line_q <= '1;
      bit_q <= Idle;
      valid_o <= 1'b0;
      error_o <= 1'b0;
    end
  end
endmodule

`default_nettype wire
