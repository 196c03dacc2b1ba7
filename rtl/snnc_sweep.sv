// SPDX-License-Identifier: Apache-2.0
// Sequencer of SWEEP (read, update and write every state word) and of INIT (write v(0) to every
// state word). SWEEP takes words + 6 cycles, INIT words + 2.
`default_nettype none

module snnc_sweep #(
  // Words of the state memory.
  parameter int StateWords = 16,
  // Words of parameters: as many as a pixel may have.
  parameter int ParameterWords = 16,
  // Derived; not to be set.
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1,
  parameter int ParameterBits = (ParameterWords > 1) ? $clog2(ParameterWords) : 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_i,
  // Number of state words in use, and of words per pixel.
  input  wire logic [WordBits:0]      words_i,
  input  wire logic [ParameterBits:0] pixel_words_i,
  // The control state is SWEEP or INIT, respectively, in this cycle.
  input  wire logic                   sweep_i,
  input  wire logic                   init_i,
  // Last cycle of SWEEP or INIT.
  output      logic                   last_cycle_o,
  // Reads of this cycle. A sweep reads state, membrane and the bias of `parameter_word_o`, and the
  // threshold one cycle later; an init reads the initial membrane, above the thresholds.
  output      logic                   read_o,
  output      logic [WordBits-1:0]    read_word_o,
  output      logic [ParameterBits-1:0] parameter_word_o,
  output      logic                   threshold_read_o,
  output      logic [ParameterBits:0] threshold_address_o,
  // The bias read one cycle ago is to be added in this one.
  output      logic                   add_bias_o,
  // Write of this cycle to state and membrane; a sweep also writes this word of the bitmap.
  output      logic                   write_o,
  output      logic [WordBits-1:0]    write_word_o
);
  // Cycles from the read of a word to its write.
  localparam int SweepLatency = 5;
  localparam int InitLatency = 2;
  localparam int CountBits = WordBits + 3;

  logic [CountBits-1:0] count_q;
  logic [ParameterBits-1:0] parameter_q;
  logic read_q;
  logic [ParameterBits-1:0] parameter_q2;
  logic writing_q;
  logic [WordBits:0] write_word_q;

  logic active;
  logic reading;
  logic last_parameter;
  logic [CountBits-1:0] latency;

  assign active = sweep_i || init_i;
  assign latency = init_i ? CountBits'(InitLatency) : CountBits'(SweepLatency);
  assign last_cycle_o = active
      && count_q == CountBits'(words_i) + latency - CountBits'(init_i);
  assign last_parameter = (ParameterBits + 1)'(parameter_q)
      == pixel_words_i - (ParameterBits + 1)'(1);

  assign reading = count_q < CountBits'(words_i);
  assign read_o = sweep_i && reading;
  assign read_word_o = count_q[WordBits-1:0];
  assign parameter_word_o = parameter_q;
  assign threshold_read_o = init_i ? reading : read_q;
  assign threshold_address_o = init_i
      ? (ParameterBits + 1)'(ParameterWords) + {1'b0, parameter_q} : {1'b0, parameter_q2};
  assign add_bias_o = read_q;
  assign write_o = writing_q && write_word_q != words_i;
  assign write_word_o = write_word_q[WordBits-1:0];

  always_ff @(posedge clk_i) begin
    count_q <= active ? count_q + CountBits'(1) : '0;
    parameter_q <= (active && !last_parameter) ? parameter_q + ParameterBits'(1) : '0;
    writing_q <= active && (writing_q || count_q == latency - CountBits'(1));
    write_word_q <= writing_q ? write_word_q + (WordBits + 1)'(1) : '0;
    read_q <= read_o;
    parameter_q2 <= parameter_q;
    if (rst_i || last_cycle_o) begin
      count_q <= '0;
      parameter_q <= '0;
      writing_q <= 1'b0;
      write_word_q <= '0;
      read_q <= 1'b0;
    end
  end
endmodule

`default_nettype wire
