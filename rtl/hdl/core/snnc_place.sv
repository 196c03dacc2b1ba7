// SPDX-License-Identifier: Apache-2.0
// Place of what an emitter sends: the word at work, where it stands in the tile, and the coordinate of one
// of its lanes at a destination.
`default_nettype none

module snnc_place #(
  // Neurons per word; a power of two.
  parameter int Lanes = 8,
  // Words of the state memory.
  parameter int StateWords = 16,
  // Tiles that the core can hold: those of several begin anywhere in its memories.
  parameter int Contexts = 1,
  // Derived; not to be set.
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1,
  parameter int LaneBits = (Lanes > 1) ? $clog2(Lanes) : 1
) (
  input  wire logic                clk_i,
  // First word of the tile in its memories, words, words of a pixel, and columns of pixels; constant while the
  // emitter works.
  input  wire logic [WordBits-1:0] state_word_i,
  input  wire logic [WordBits:0]   words_i,
  input  wire logic [7:0]          pixel_words_i,
  input  wire logic [7:0]          columns_i,
  // Coordinates are the neurons' numbers, not row, column and channel.
  input  wire logic                numbered_i,
  // The first word is at work next; the word at work is done, as one of spikes. Values have no place in the
  // tile.
  input  wire logic                start_i,
  input  wire logic                word_done_i,
  input  wire logic                spikes_done_i,
  // The word at work, the one behind it, the last one, and that it is at work.
  output      logic [WordBits-1:0] word_o,
  output      logic [WordBits-1:0] next_word_o,
  output      logic [WordBits-1:0] final_word_o,
  output      logic                last_word_o,
  // In this cycle a word is read, the first of the tile or the one behind the last that was; where it is in the
  // memory, if there are several contexts.
  input  wire logic                restart_i,
  input  wire logic                read_i,
  output      logic [WordBits-1:0] read_word_o,
  // From the next cycle on coordinates are added to this base.
  input  wire logic                load_i,
  input  wire logic [snnc_pkg::CoordinateBits-1:0] base_i,
  // Coordinate of this lane of the word at work.
  input  wire logic [LaneBits-1:0] lane_i,
  output      logic [snnc_pkg::CoordinateBits-1:0] coordinate_o
);
  localparam int NeuronBits = WordBits + $clog2(Lanes) + 1;

  logic [7:0] final_pixel_word_q;
  logic [7:0] final_column_q;
  logic [snnc_pkg::SpikeYBits-1:0] row_q;
  logic [snnc_pkg::SpikeXBits-1:0] column_q;
  logic [snnc_pkg::SpikeChannelBits-1:0] pixel_word_q;
  logic [snnc_pkg::CoordinateBits-1:0] base_q;
  logic pixel_done;
  logic row_done;
  logic [NeuronBits-1:0] neuron;
  logic [snnc_pkg::CoordinateBits-1:0] local_coordinate;

  assign pixel_done = pixel_word_q == final_pixel_word_q;
  assign row_done = column_q == final_column_q;
  assign neuron = NeuronBits'(word_o) * NeuronBits'(Lanes) + NeuronBits'(lane_i);
  assign local_coordinate = numbered_i ? snnc_pkg::CoordinateBits'(neuron)
      : {row_q, column_q, pixel_word_q * 8'(Lanes) + 8'(lane_i)};
  assign coordinate_o = base_q + local_coordinate;

  always_ff @(posedge clk_i) begin
    final_word_o <= WordBits'(words_i - (WordBits + 1)'(1));
    final_pixel_word_q <= pixel_words_i - 8'd1;
    final_column_q <= columns_i - 8'd1;
    if (load_i) base_q <= base_i;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      next_word_o <= WordBits'(1);
      word_o <= '0;
      last_word_o <= final_word_o == '0;
    end else if (word_done_i) begin
      word_o <= next_word_o;
      next_word_o <= next_word_o + WordBits'(1);
      last_word_o <= next_word_o == final_word_o;
    end
  end

  if (Contexts > 1) begin : g_contexts
    logic [WordBits-1:0] read_word_q;

    assign read_word_o = read_word_q;
    always_ff @(posedge clk_i) begin
      if (restart_i) read_word_q <= state_word_i;
      else if (read_i) read_word_q <= read_word_q + WordBits'(1);
    end
  end else begin : g_single
    assign read_word_o = '0;

    logic unused;
    assign unused = ^{state_word_i, restart_i, read_i};
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      row_q <= '0;
      column_q <= '0;
      pixel_word_q <= '0;
    end else if (spikes_done_i) begin
      pixel_word_q <= pixel_done ? '0 : pixel_word_q + 8'd1;
      if (pixel_done) column_q <= row_done ? '0 : column_q + 8'd1;
      if (pixel_done && row_done) row_q <= row_q + 8'd1;
    end
  end
endmodule

`default_nettype wire
