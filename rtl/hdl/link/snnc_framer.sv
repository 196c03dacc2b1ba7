// SPDX-License-Identifier: Apache-2.0
// Bytes into frames for the line: adds flags, escapes and the check sequence (docs/host.md).
`default_nettype none

module snnc_framer (
  input  wire logic       clk_i,
  input  wire logic       rst_i,
  // Stream of the bytes of a frame; `last_i` marks the final one.
  input  wire logic       valid_i,
  output      logic       ready_o,
  input  wire logic [7:0] data_i,
  input  wire logic       last_i,
  // Stream of bytes to the line.
  output      logic       valid_o,
  input  wire logic       ready_i,
  output      logic [7:0] data_o
);
  // The bytes of a frame, the bytes of its check sequence, the flags around both.
  localparam logic [1:0] Content = 2'd0;
  localparam logic [1:0] Check = 2'd1;
  localparam logic [1:0] Close = 2'd2;
  localparam logic [1:0] Open = 2'd3;

  logic [1:0] state_q;
  // Byte of the check sequence that comes next.
  logic [1:0] check_q;
  // The byte to be sent, and how many of its bits are still to pass the check sequence: it takes those of
  // the content, which turn full circle in `byte_q`, and gives its own.
  logic [7:0] byte_q;
  logic [3:0] bits_q;
  logic loaded_q;
  logic last_q;
  // The escape of the byte was sent.
  logic escaped_q;

  logic is_flag;
  logic special;
  logic escape;
  logic sent;
  logic [31:0] crc;
  logic unused_good;

  assign is_flag = state_q[1];
  // A flag (7e) or an escape (7d) within the frame.
  assign special = byte_q[7:2] == 6'h1f && byte_q[1] != byte_q[0] && !is_flag;
  assign escape = special && !escaped_q;

  always @* begin
    data_o = byte_q;
    if (special) data_o[5] = !escaped_q;
    if (escape) data_o[1:0] = 2'b01;
    if (is_flag) data_o = 8'h7e;
  end

  assign valid_o = is_flag ? (state_q == Close || valid_i) : loaded_q && bits_q == '0;
  assign sent = valid_o && ready_i && !escape;
  assign ready_o = state_q == Content && !loaded_q && valid_i;

  snnc_crc32 u_crc (
    .clk_i,
    .clear_i(state_q == Open),
    .shift_i(bits_q != '0),
    .bit_i(byte_q[0]),
    .drain_i(state_q == Check && loaded_q),
    .crc_o(crc),
    .good_o(unused_good)
  );

  always_ff @(posedge clk_i) begin
    if (valid_o && ready_i) escaped_q <= escape;
    if (sent) loaded_q <= 1'b0;
    case (state_q)
      Open: if (sent) state_q <= Content;
      Close: if (sent) state_q <= Open;
      Check: begin
        if (!loaded_q) begin
          loaded_q <= 1'b1;
          bits_q <= 4'd8;
        end
        if (sent) begin
          check_q <= check_q + 2'd1;
          if (check_q == 2'd3) state_q <= Close;
        end
      end
      default: begin
        if (ready_o) begin
          loaded_q <= 1'b1;
          bits_q <= 4'd8;
          byte_q <= data_i;
          last_q <= last_i;
        end
        if (sent && last_q) state_q <= Check;
      end
    endcase
    if (bits_q != '0) begin
      bits_q <= bits_q - 4'd1;
      byte_q <= {(state_q == Check) ? !crc[0] : byte_q[0], byte_q[7:1]};
    end
    if (rst_i) begin
      state_q <= Open;
      check_q <= '0;
      loaded_q <= 1'b0;
      bits_q <= '0;
      escaped_q <= 1'b0;
    end
  end

  logic unused;
  assign unused = unused_good ^ ^crc[31:1];
endmodule

`default_nettype wire
