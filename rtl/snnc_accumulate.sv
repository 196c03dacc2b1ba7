// SPDX-License-Identifier: Apache-2.0
// Row engine: turns one SPIKE or VALUE into the memory addresses and the lane controls of its
// read-modify-write passes. A word is read in cycle i and written in cycle i + 3.
`default_nettype none

module snnc_accumulate #(
  // Neurons per word; a power of two.
  parameter int Lanes = 8,
  // Bits of a neuron's state.
  parameter int StateBits = 16,
  // Words of the weight memory.
  parameter int WeightWords = 256,
  // Words of the state memory.
  parameter int StateWords = 16,
  // Derived; not to be set.
  parameter int WeightAddressBits = $clog2(WeightWords),
  parameter int WordBits = $clog2(StateWords)
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
  // Number of state words in use.
  input  wire logic [WordBits:0]            words_i,
  // The engine takes `flit_i` in this cycle, a SPIKE or VALUE; only while `ready_o`.
  input  wire logic                         start_i,
  input  wire logic [snnc_pkg::FlitBits-1:0] flit_i,
  // Free, or in the final cycle of the current event.
  output      logic                         ready_o,
  // Occupied, the final cycle included.
  output      logic                         busy_o,
  // Memory reads of this cycle; the two memories are read together.
  output      logic                         read_o,
  output      logic [WeightAddressBits-1:0] weight_address_o,
  output      logic [WordBits-1:0]          read_word_o,
  // Lane controls one cycle after the read: left shift of the weight, or add `value_o` to the
  // lanes of `value_lanes_o` and no weight.
  output      logic [2:0]                   shift_o,
  output      logic                         is_value_o,
  output      logic [Lanes-1:0]             value_lanes_o,
  output      logic [StateBits-1:0]         value_o,
  // State write of this cycle.
  output      logic                         write_o,
  output      logic [WordBits-1:0]          write_word_o
);
  // Cycles that must lie between two reads of the same word: the second follows the write. All
  // passes visit the words in the same order; a value may hit any word and keeps clear both ways.
  localparam int HazardDistance = 4;
  localparam int PassBits = (WordBits + 1 > 3) ? WordBits + 1 : 3;
  localparam int LaneBits = $clog2(Lanes);
  localparam int IndexBits = 32 - StateBits;

  logic busy_q;
  logic is_value_q;
  logic [7:0] payload_q;
  logic [WeightAddressBits-1:0] row_q;
  logic [WeightAddressBits-1:0] weight_address_q;
  logic [WordBits-1:0] word_q;
  logic [PassBits-1:0] pass_cycle_q;
  logic [Lanes-1:0] value_lanes_q;
  logic [StateBits-1:0] value_q;

  logic start_is_value;
  logic [WeightAddressBits-1:0] start_row;
  logic [IndexBits-1:0] start_index;
  logic [IndexBits-1:0] start_word;
  logic [PassBits-1:0] last_pass_cycle;
  logic pass_ends;
  logic [7:0] later_bits;
  logic final_cycle;
  logic [2:0] shift;

  logic read_q;
  logic read_q2;
  logic read_q3;
  logic [WordBits-1:0] word_q2;
  logic [WordBits-1:0] word_q3;
  logic [WordBits-1:0] word_q4;
  logic is_value_q2;
  logic [2:0] shift_q2;

  assign start_is_value = flit_i[11:9] == snnc_pkg::FlitValue;
  assign start_row = WeightAddressBits'(flit_i[27:12] * words_i);
  assign start_index = flit_i[43:12+StateBits];
  assign start_word = start_index >> LaneBits;

  always_comb begin
    last_pass_cycle = PassBits'(words_i) - PassBits'(1);
    if (is_value_q) last_pass_cycle = PassBits'(2 * HazardDistance - 2);
    else if (32'(words_i) < HazardDistance) last_pass_cycle = PassBits'(HazardDistance - 1);
  end
  assign pass_ends = pass_cycle_q == last_pass_cycle;
  assign later_bits = payload_q & (payload_q - 8'd1);
  assign final_cycle = pass_ends && later_bits == '0;

  always_comb begin
    shift = '0;
    for (int i = 7; i >= 0; i--) begin
      if (payload_q[i]) shift = 3'(i);
    end
  end

  assign ready_o = !busy_q || final_cycle;
  assign busy_o = busy_q;
  assign read_o = busy_q && (is_value_q ? pass_cycle_q == PassBits'(HazardDistance - 1)
                                        : pass_cycle_q < PassBits'(words_i));
  assign weight_address_o = weight_address_q;
  assign read_word_o = word_q;
  assign shift_o = shift_q2;
  assign is_value_o = is_value_q2;
  assign value_lanes_o = value_lanes_q;
  assign value_o = value_q;
  assign write_o = read_q3;
  assign write_word_o = word_q4;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      is_value_q <= start_is_value;
      payload_q <= start_is_value ? 8'd1 : flit_i[43:36];
      row_q <= start_row;
      weight_address_q <= start_row;
      word_q <= start_is_value ? WordBits'(start_word) : '0;
      pass_cycle_q <= '0;
      value_q <= flit_i[12+:StateBits];
      for (int i = 0; i < Lanes; i++) begin
        value_lanes_q[i] <= (start_index & IndexBits'(Lanes - 1)) == IndexBits'(i);
      end
    end else if (pass_ends) begin
      payload_q <= later_bits;
      weight_address_q <= row_q;
      word_q <= '0;
      pass_cycle_q <= '0;
    end else begin
      weight_address_q <= weight_address_q + WeightAddressBits'(1);
      if (!is_value_q) word_q <= word_q + WordBits'(1);
      pass_cycle_q <= pass_cycle_q + PassBits'(1);
    end
    is_value_q2 <= is_value_q;
    shift_q2 <= shift;
    word_q2 <= word_q;
    word_q3 <= word_q2;
    word_q4 <= word_q3;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) busy_q <= 1'b1;
    else if (final_cycle) busy_q <= 1'b0;
    read_q <= read_o;
    read_q2 <= read_q;
    read_q3 <= read_q2;
    if (rst_i) begin
      busy_q <= 1'b0;
      read_q <= 1'b0;
      read_q2 <= 1'b0;
      read_q3 <= 1'b0;
    end
  end

  logic unused;
  assign unused = ^{flit_i[8:0], start_word};

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && read_o) begin
      assert (!(read_q && word_q2 == word_q) && !(read_q2 && word_q3 == word_q)
              && !(read_q3 && word_q4 == word_q))
        else $fatal(1, "%m: word %0d read before it was written back", word_q);
    end
    if (!rst_i && start_i) begin
      assert (ready_o) else $fatal(1, "%m: event taken while the engine is occupied");
      assert (start_is_value || flit_i[43:36] != '0) else $fatal(1, "%m: payload of 0");
      assert (start_is_value || flit_i[11:9] == snnc_pkg::FlitSpike)
        else $fatal(1, "%m: neither SPIKE nor VALUE");
      if (start_is_value) begin
        assert (start_word < IndexBits'(words_i)) else $fatal(1, "%m: neuron beyond the last word");
      end else begin
        assert (32'(flit_i[27:12]) * 32'(words_i) + 32'(words_i) <= WeightWords)
          else $fatal(1, "%m: axon beyond the weight memory");
      end
    end
  end
`endif
endmodule

`default_nettype wire
