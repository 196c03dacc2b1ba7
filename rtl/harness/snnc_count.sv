// SPDX-License-Identifier: Apache-2.0
// Simulation only: counts what every memory is asked for, and prints it at the end, by hierarchical name.
`default_nettype none

module snnc_count (
  input wire logic clk_i,
  input wire logic read_i,
  input wire logic write_i
);
  int reads = 0;
  int writes = 0;

  always @(posedge clk_i) begin
    if (read_i === 1'b1) reads <= reads + 1;
    if (write_i === 1'b1) writes <= writes + 1;
  end
  final $display("accesses %m %0d %0d", reads, writes);
endmodule

bind snnc_memory snnc_count u_count (.clk_i, .read_i, .write_i);

`default_nettype wire
