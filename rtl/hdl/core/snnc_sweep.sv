// SPDX-License-Identifier: Apache-2.0
// Sequencer of SWEEP (read, update and write every state word) and of INIT (write v(0) to every
// state word). SWEEP takes words + 8 cycles, INIT words + 3; their last cycle writes the last word.
`default_nettype none

module snnc_sweep #(
  // Words of the state memory.
  parameter int StateWords = 16,
  // Words of parameters: as many as a pixel may have.
  parameter int ParameterWords = 16,
  // Tiles that the core can hold: those of several begin anywhere in its memories.
  parameter int Contexts = 1,
  // Derived; not to be set.
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1,
  parameter int ParameterBits = (ParameterWords > 1) ? $clog2(ParameterWords) : 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_i,
  // Of the current tile: its first state word and their number, its first parameter word, and words per pixel;
  // known a cycle before SWEEP and INIT.
  input  wire logic [WordBits-1:0]    state_word_i,
  input  wire logic [ParameterBits-1:0] parameter_word_i,
  input  wire logic [WordBits:0]      words_i,
  input  wire logic [ParameterBits:0] pixel_words_i,
  // The control state is SWEEP or INIT, respectively, in this cycle.
  input  wire logic                   sweep_i,
  input  wire logic                   init_i,
  // Last cycle of SWEEP or INIT.
  output      logic                   last_cycle_o,
  // Reads of this cycle. First bias and membrane, or in INIT the initial membrane, above the biases ...
  output      logic                   constant_read_o,
  output      logic [WordBits-1:0]    membrane_word_o,
  output      logic [ParameterBits:0] constant_address_o,
  // ... in the next cycle the state, in SWEEP only ...
  output      logic                   read_o,
  output      logic [WordBits-1:0]    read_word_o,
  // ... and in the one after that the threshold.
  output      logic                   threshold_read_o,
  output      logic [ParameterBits-1:0] threshold_word_o,
  // ... and three cycles later its decays.
  output      logic                   decay_read_o,
  output      logic [ParameterBits-1:0] decay_word_o,
  // Bias and membrane read in the last cycle are to be added to the state in the next; a word whose
  // bias was read four cycles ago settles in the next.
  output      logic                   add_constant_o,
  output      logic                   settle_o,
  // Write of this cycle to state and membrane; a sweep also writes this word of the bitmap.
  output      logic                   write_o,
  output      logic [WordBits-1:0]    write_word_o
);
  // Cycles from the first read for a word to its write.
  localparam int SweepLatency = 8;
  localparam int InitLatency = 3;

  logic [WordBits:0] count_q;
  // Where the tile ends, and the last of a pixel's parameters.
  logic [WordBits:0] end_word;
  logic [ParameterBits-1:0] final_parameter_q;
  logic [ParameterBits-1:0] parameter_q;
  logic [ParameterBits-1:0] parameter_q2;
  logic [ParameterBits-1:0] parameter_q3;
  logic [ParameterBits-1:0] parameter_q4;
  logic [ParameterBits-1:0] parameter_q5;
  logic [ParameterBits-1:0] parameter_q6;
  logic [WordBits-1:0] read_word_q;
  // Bit i: a word was read i + 1 cycles ago.
  logic [SweepLatency-1:0] reads_q;
  logic [WordBits-1:0] written_q;
  logic last_cycle_q;

  logic [WordBits-1:0] first_word;
  logic [ParameterBits-1:0] first_parameter;
  logic reading;
  logic last_parameter;

  assign reading = (sweep_i || init_i) && count_q != end_word;
  assign last_parameter = parameter_q == final_parameter_q;

  if (Contexts > 1) begin : g_contexts
    assign first_word = state_word_i;
    assign first_parameter = parameter_word_i;
    always_ff @(posedge clk_i) end_word <= {1'b0, state_word_i} + words_i;
  end else begin : g_single
    assign first_word = '0;
    assign first_parameter = '0;
    assign end_word = words_i;

    logic unused;
    assign unused = ^{state_word_i, parameter_word_i};
  end

  assign constant_read_o = reading;
  assign membrane_word_o = count_q[WordBits-1:0];
  assign constant_address_o = init_i
      ? (ParameterBits + 1)'(ParameterWords) + {1'b0, parameter_q} : {1'b0, parameter_q};
  assign read_o = sweep_i && reads_q[0];
  assign read_word_o = read_word_q;
  assign threshold_read_o = sweep_i && reads_q[1];
  assign threshold_word_o = parameter_q3;
  assign decay_read_o = sweep_i && reads_q[4];
  assign decay_word_o = parameter_q6;
  assign add_constant_o = reads_q[0];
  assign settle_o = sweep_i && reads_q[3];
  assign write_o = sweep_i ? reads_q[SweepLatency-1] : init_i && reads_q[InitLatency-1];
  assign write_word_o = written_q;
  assign last_cycle_o = last_cycle_q;

  always_ff @(posedge clk_i) begin
    final_parameter_q <= first_parameter + ParameterBits'(pixel_words_i - (ParameterBits + 1)'(1));
    if (reading) begin
      count_q <= count_q + (WordBits + 1)'(1);
      parameter_q <= last_parameter ? first_parameter : parameter_q + ParameterBits'(1);
    end
    if (write_o) written_q <= written_q + WordBits'(1);
    read_word_q <= count_q[WordBits-1:0];
    parameter_q2 <= parameter_q;
    parameter_q3 <= parameter_q2;
    parameter_q4 <= parameter_q3;
    parameter_q5 <= parameter_q4;
    parameter_q6 <= parameter_q5;
    reads_q <= {reads_q[SweepLatency-2:0], reading};
    // Words are read without a gap, so the write that none follows is the last.
    last_cycle_q <= sweep_i ? reads_q[SweepLatency-2] && !reads_q[SweepLatency-3]
        : init_i && reads_q[InitLatency-2] && !reads_q[InitLatency-3];
    if (rst_i || last_cycle_o || (Contexts > 1 && !sweep_i && !init_i)) begin
      count_q <= {1'b0, first_word};
      parameter_q <= first_parameter;
      written_q <= first_word;
    end
    if (rst_i || last_cycle_o) begin
      reads_q <= '0;
      last_cycle_q <= 1'b0;
    end
  end
endmodule

`default_nettype wire
