// SPDX-License-Identifier: Apache-2.0
// Walks the state memory: once per step through the neuron pipeline (SWEEP), or writing the
// initial membrane of the next sample to every word (INIT). Word w of a sweep is read in cycle w
// and written in cycle w + 5; word w of an init is read in cycle w and written in cycle w + 2.
`default_nettype none

module snnc_sweep #(
  // Words of the state memory.
  parameter int StateWords = 16,
  // Derived; not to be set.
  parameter int WordBits = $clog2(StateWords)
) (
  input  wire logic                clk_i,
  input  wire logic                rst_i,
  // Number of state words in use.
  input  wire logic [WordBits:0]   words_i,
  // The control state is SWEEP or INIT, respectively, in this cycle.
  input  wire logic                sweep_i,
  input  wire logic                init_i,
  // Last cycle of SWEEP or INIT.
  output      logic                last_cycle_o,
  // Reads of this cycle. A sweep reads state and bias of `read_word_o`, and the threshold one
  // cycle later; an init reads the initial membrane, in the upper half of the threshold memory.
  output      logic                read_o,
  output      logic [WordBits-1:0] read_word_o,
  output      logic                threshold_read_o,
  output      logic [WordBits:0]   threshold_address_o,
  // State write of this cycle; a sweep also writes this word of the bitmap.
  output      logic                write_o,
  output      logic [WordBits-1:0] write_word_o
);
  // Cycles from the read of a word to its write.
  localparam int SweepLatency = 5;
  localparam int InitLatency = 2;
  localparam int CountBits = WordBits + 2;

  logic [CountBits-1:0] count_q;
  logic read_q;
  logic [WordBits-1:0] read_word_q;
  logic writing_q;
  logic [WordBits:0] write_word_q;

  logic active;
  logic [CountBits-1:0] latency;

  assign active = sweep_i || init_i;
  assign latency = init_i ? CountBits'(InitLatency) : CountBits'(SweepLatency);
  assign last_cycle_o = active
      && count_q == CountBits'(words_i) + latency - CountBits'(init_i);

  assign read_o = sweep_i && count_q < CountBits'(words_i);
  assign read_word_o = count_q[WordBits-1:0];
  assign threshold_read_o = init_i ? count_q < CountBits'(words_i) : read_q;
  assign threshold_address_o = init_i ? {1'b1, count_q[WordBits-1:0]} : {1'b0, read_word_q};
  assign write_o = writing_q && write_word_q != words_i;
  assign write_word_o = write_word_q[WordBits-1:0];

  always_ff @(posedge clk_i) begin
    count_q <= active ? count_q + CountBits'(1) : '0;
    writing_q <= active && (writing_q || count_q == latency - CountBits'(1));
    write_word_q <= writing_q ? write_word_q + (WordBits + 1)'(1) : '0;
    read_q <= read_o;
    read_word_q <= read_word_o;
    if (rst_i || last_cycle_o) begin
      count_q <= '0;
      writing_q <= 1'b0;
      write_word_q <= '0;
      read_q <= 1'b0;
    end
  end
endmodule

`default_nettype wire
