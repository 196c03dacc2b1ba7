// SPDX-License-Identifier: Apache-2.0
// The rule of a stream: what is offered stays, unchanged, until it is taken. Demanded of a design's
// outputs, assumed of what drives its inputs.
`default_nettype none

module formal_stream #(
  parameter int Width = 8,
  // 1: the environment drives this stream.
  parameter int Assumed = 0
) (
  input wire logic             clk_i,
  input wire logic             rst_i,
  input wire logic             valid_i,
  input wire logic             ready_i,
  input wire logic [Width-1:0] data_i
);
  logic waiting_q;
  logic [Width-1:0] offer_q;

  always_ff @(posedge clk_i) begin
    waiting_q <= valid_i && !ready_i && !rst_i;
    offer_q <= data_i;
  end

  always @(posedge clk_i) begin
    if (!rst_i && waiting_q) begin
      if (Assumed != 0) assume (valid_i && data_i == offer_q);
      else assert (valid_i && data_i == offer_q);
    end
  end
endmodule

`default_nettype wire
