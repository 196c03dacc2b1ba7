// SPDX-License-Identifier: Apache-2.0
// Counts one kind of action, in all cores of a mesh or in a chosen one: sums of rows, of the mesh, and over time, each
// registered, so that the width of the mesh costs no clock.
`default_nettype none

module snnc_action_counter #(
  parameter int MeshWidth = 2,
  parameter int MeshHeight = 2,
  // Bits of the actions that a core does in a cycle.
  parameter int Bits = 1,
  // Derived; not to be set.
  parameter int Cores = MeshWidth * MeshHeight
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_i,
  // The cores that count, and what they did; row by row.
  input  wire logic [Cores-1:0]      counts_i,
  input  wire logic [Cores*Bits-1:0] actions_i,
  // Modulo 2^32, two cycles later.
  output      logic [31:0]           count_o
);
  localparam int RowBits = Bits + $clog2(MeshWidth);
  localparam int SumBits = RowBits + $clog2(MeshHeight);

  logic [MeshHeight*RowBits-1:0] rows;
  logic [MeshHeight*RowBits-1:0] rows_q;
  logic [SumBits-1:0] sum;
  logic [SumBits-1:0] sum_q;

  for (genvar y = 0; y < MeshHeight; y++) begin : g_row
    logic [RowBits-1:0] row;

    always @* begin
      row = '0;
      for (int x = 0; x < MeshWidth; x++) begin
        if (counts_i[y*MeshWidth+x]) row = row + RowBits'(actions_i[(y*MeshWidth+x)*Bits+:Bits]);
      end
    end
    assign rows[y*RowBits+:RowBits] = row;
  end

  always @* begin
    sum = '0;
    for (int y = 0; y < MeshHeight; y++) sum = sum + SumBits'(rows_q[y*RowBits+:RowBits]);
  end

  always_ff @(posedge clk_i) begin
    rows_q <= rows;
    sum_q <= sum;
    count_o <= count_o + 32'(sum_q);
    if (rst_i) begin
      rows_q <= '0;
      sum_q <= '0;
      count_o <= '0;
    end
  end
endmodule

`default_nettype wire
