// SPDX-License-Identifier: Apache-2.0
// Simulation only (compiled under SNNC_TRACE): prints one line per word that a sweep writes:
// run, cycle, x, y, context, step, word (decimal), spikes, state before, membrane after, last (hexadecimal).
`default_nettype none

module snnc_trace #(
  // Neurons per word.
  parameter int Lanes = 8,
  // Bits of a state word.
  parameter int StateWordBits = 128,
  // Bits of a word's address.
  parameter int WordBits = 4
) (
  input  wire logic                     clk_i,
  input  wire logic                     rst_i,
  // Position of the core.
  input  wire logic [snnc_pkg::FlitXBits-1:0] x_i,
  input  wire logic [snnc_pkg::FlitYBits-1:0] y_i,
  // Run and cycle to print, and the open file; nothing is printed while the file is 0.
  input  wire logic [31:0]              run_i,
  input  wire logic [31:0]              cycle_i,
  input  wire logic [31:0]              file_i,
  // The core is in SWEEP, in its last cycle, in the last step of a sample.
  input  wire logic                     sweep_i,
  input  wire logic                     sweep_last_cycle_i,
  input  wire logic                     last_step_i,
  // The context that is swept.
  input  wire logic [3:0]               context_i,
  // The write: its word, spikes and new membrane.
  input  wire logic                     write_i,
  input  wire logic [WordBits-1:0]      word_i,
  input  wire logic [Lanes-1:0]         spikes_i,
  input  wire logic [StateWordBits-1:0] after_i,
  // State with all input of the step, before bias: five cycles ahead of its write.
  input  wire logic [StateWordBits-1:0] before_i
);
  // Step of each context.
  logic [31:0] step_q [0:15];
  logic [StateWordBits-1:0] before_q;
  logic [StateWordBits-1:0] before_q2;
  logic [StateWordBits-1:0] before_q3;
  logic [StateWordBits-1:0] before_q4;
  logic [StateWordBits-1:0] before_q5;

  always @(posedge clk_i) begin
    before_q <= before_i;
    before_q2 <= before_q;
    before_q3 <= before_q2;
    before_q4 <= before_q3;
    before_q5 <= before_q4;
    if (sweep_i && sweep_last_cycle_i) step_q[context_i] <= last_step_i ? '0 : step_q[context_i] + 32'd1;
    if (rst_i) begin
      for (int i = 0; i < 16; i++) step_q[i] <= '0;
    end
    if (sweep_i && write_i && file_i != '0) begin
      $fwrite(file_i, "%0d %0d %0d %0d %0d %0d %0d %h %h %h %h\n", run_i, cycle_i, x_i, y_i, context_i,
              step_q[context_i], word_i, spikes_i, before_q5, after_i, last_step_i);
    end
  end
endmodule

`default_nettype wire
