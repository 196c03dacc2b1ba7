// SPDX-License-Identifier: Apache-2.0
// Bytes of the line into frames: flags, escapes, header, words of 48 bits, check sequence (docs/host.md).
`default_nettype none

module snnc_deframer (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  // A byte from the line, or an error on the line; at most one in 9 cycles.
  input  wire logic        valid_i,
  input  wire logic [7:0]  data_i,
  input  wire logic        error_i,
  // Header of the frame, from its second byte on.
  output      logic [7:0]  kind_o,
  output      logic [7:0]  sequence_o,
  // In this cycle a word of the frame is complete, of which the check is still to come.
  output      logic        word_valid_o,
  output      logic [47:0] word_o,
  // In this cycle the frame ends; the verdict on it follows.
  output      logic        end_o,
  // The check sequence fits and the line was free of errors.
  output      logic        intact_o,
  // Between header and check sequence were whole words alone, or exactly one argument of 2 bytes.
  output      logic        whole_words_o,
  output      logic        one_argument_o,
  output      logic [15:0] argument_o
);
  localparam logic [7:0] Flag = 8'h7e;
  localparam logic [7:0] Escape = 8'h7d;

  // What the next byte is.
  localparam logic [1:0] Kind = 2'd0;
  localparam logic [1:0] Sequence = 2'd1;
  localparam logic [1:0] Body = 2'd2;

  logic [1:0] place_q;
  logic escape_q;
  logic bad_q;
  // Bits of the current byte that are still to be taken.
  logic [3:0] bits_q;
  logic [7:0] byte_q;
  // The last 6 bytes, the latest highest; its last 4 are the check sequence once the frame ends.
  logic [47:0] word_q;
  // Bytes of the body modulo 6, and whether it has had one word or more.
  logic [2:0] bytes_q;
  logic one_word_q;
  logic more_q;

  logic is_flag;
  logic begun;
  logic last_bit;
  logic crc_good;
  logic [31:0] unused_crc;

  assign is_flag = valid_i && data_i == Flag;
  // Flags in a row are no frame.
  assign begun = place_q != Kind || bad_q || escape_q;
  assign end_o = is_flag && begun;
  assign intact_o = crc_good && !bad_q && !escape_q && place_q == Body;
  assign whole_words_o = bytes_q == 3'd4;
  assign one_argument_o = bytes_q == 3'd0 && one_word_q && !more_q;
  assign argument_o = word_q[15:0];
  assign last_bit = bits_q == 4'd1;
  assign word_o = {byte_q[0], word_q[47:1]};
  assign word_valid_o = last_bit && place_q == Body && bytes_q == 3'd5;

  snnc_crc32 u_crc (
    .clk_i,
    .clear_i(rst_i || is_flag),
    .shift_i(bits_q != '0),
    .bit_i(byte_q[0]),
    .drain_i(1'b0),
    .crc_o(unused_crc),
    .good_o(crc_good)
  );

  always_ff @(posedge clk_i) begin
    if (bits_q != '0) begin
      bits_q <= bits_q - 4'd1;
      byte_q <= {1'b0, byte_q[7:1]};
      word_q <= word_o;
    end
    if (last_bit) begin
      case (place_q)
        Kind: begin
          kind_o <= word_o[47:40];
          place_q <= Sequence;
        end
        Sequence: begin
          sequence_o <= word_o[47:40];
          place_q <= Body;
        end
        default: begin
          bytes_q <= (bytes_q == 3'd5) ? 3'd0 : bytes_q + 3'd1;
          if (bytes_q == 3'd5) one_word_q <= 1'b1;
          if (one_word_q) more_q <= 1'b1;
        end
      endcase
    end
    if (valid_i && !is_flag) begin
      escape_q <= data_i == Escape;
      if (data_i != Escape) begin
        bits_q <= 4'd8;
        byte_q <= data_i ^ {2'b00, escape_q, 5'b00000};
      end
    end
    if (error_i) bad_q <= 1'b1;
    if (rst_i || is_flag) begin
      place_q <= Kind;
      escape_q <= 1'b0;
      bad_q <= 1'b0;
      bytes_q <= '0;
      one_word_q <= 1'b0;
      more_q <= 1'b0;
    end
    if (rst_i) bits_q <= '0;
  end

  logic unused;
  assign unused = ^unused_crc;
endmodule

`default_nettype wire
