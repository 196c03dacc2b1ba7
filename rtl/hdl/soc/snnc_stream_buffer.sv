// SPDX-License-Identifier: Apache-2.0
// First-in first-out buffer in block RAM, for a word every cycle; whether it takes one is registered.
`default_nettype none

module snnc_stream_buffer #(
  // Bits of a word.
  parameter int Width = 45,
  // Words that its memory holds; a power of two, 2 to 32768. A few more are on their way out.
  parameter int Depth = 1024
) (
  input  wire logic                   clk_i,
  // Empties it.
  input  wire logic                   rst_i,
  // Stream in.
  input  wire logic                   valid_i,
  output      logic                   ready_o,
  input  wire logic [Width-1:0]       data_i,
  // Words that find room now; nothing is in it or on its way.
  output      logic [$clog2(Depth):0] space_o,
  output      logic                   empty_o,
  // Stream out.
  output      logic                   valid_o,
  input  wire logic                   ready_i,
  output      logic [Width-1:0]       data_o
);
  localparam int Bits = $clog2(Depth);
  // Words on their way: as many as keep a stream going while a word is read, passed on and counted.
  localparam int Ahead = 4;

  logic [Bits-1:0] write_q;
  logic [Bits-1:0] read_q;
  logic [Bits:0] stored_q;
  logic [2:0] ahead_q;
  logic arrived_q;
  logic write;
  logic read;
  logic pop;
  logic [Width-1:0] data;
  logic unused_ready;
  logic unused_empty;

  assign ready_o = !stored_q[Bits];
  assign space_o = (Bits + 1)'(Depth) - stored_q;
  assign empty_o = stored_q == '0 && ahead_q == '0;
  assign write = valid_i && ready_o && !rst_i;
  assign read = stored_q != '0 && ahead_q != 3'(Ahead);
  assign pop = valid_o && ready_i;

  snnc_memory #(
    .Width(Width),
    .Depth(Depth)
  ) u_memory (
    .clk_i,
    .write_i(write),
    .write_address_i(write_q),
    .write_data_i(data_i),
    .read_i(read),
    .read_address_i(read_q),
    .read_data_o(data)
  );

  snnc_fifo #(
    .Width(Width),
    .Depth(Ahead)
  ) u_ahead (
    .clk_i,
    .rst_i,
    .valid_i(arrived_q),
    .ready_o(unused_ready),
    .data_i(data),
    .valid_o,
    .ready_i,
    .data_o,
    .empty_o(unused_empty)
  );

  always_ff @(posedge clk_i) begin
    arrived_q <= read;
    if (write) write_q <= write_q + Bits'(1);
    if (read) read_q <= read_q + Bits'(1);
    if (write != read) stored_q <= write ? stored_q + (Bits + 1)'(1) : stored_q - (Bits + 1)'(1);
    if (read != pop) ahead_q <= read ? ahead_q + 3'd1 : ahead_q - 3'd1;
    if (rst_i) begin
      arrived_q <= 1'b0;
      write_q <= '0;
      read_q <= '0;
      stored_q <= '0;
      ahead_q <= '0;
    end
  end

  logic unused;
  assign unused = ^{unused_ready, unused_empty};
endmodule

`default_nettype wire
