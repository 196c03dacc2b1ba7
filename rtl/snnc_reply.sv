// SPDX-License-Identifier: Apache-2.0
// Sending end of the host link: a frame with the state of the bridge, then packets if asked for
// (docs/host.md).
`default_nettype none

module snnc_reply #(
  // Bits of a position in the packet buffer, and of one in the frame buffer; at most 16.
  parameter int PositionBits = 10,
  parameter int TakenBits = 11,
  // Names the hardware to the host.
  parameter logic [31:0] Identity = '0
) (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  // Answer as soon as the frame before has left; `packets_i` says with packets.
  input  wire logic        reply_i,
  input  wire logic        packets_i,
  // The state: what the bytes of the header hold, of which `taken_i` is latched.
  input  wire logic [7:0]  verdict_i,
  input  wire logic [7:0]  expected_i,
  input  wire logic [TakenBits-1:0] taken_i,
  input  wire logic [2:0]  flags_i,
  output      logic [2:0]  count_verdict_o,
  input  wire logic [7:0]  count_i,
  // Packets held: the first, and the one after the last.
  input  wire logic [PositionBits-1:0] first_i,
  input  wire logic [PositionBits-1:0] end_i,
  // Packet that is sent, if `reading_o`.
  output      logic        reading_o,
  output      logic [PositionBits-1:0] position_o,
  input  wire logic [71:0] packet_i,
  // Stream of bytes to the line.
  output      logic        valid_o,
  input  wire logic        ready_i,
  output      logic [7:0]  data_o
);
  localparam logic [7:0] Version = 8'd1;
  localparam logic [4:0] HeaderEnd = 5'd18;
  localparam logic [4:0] PacketStart = 5'd19;
  localparam logic [4:0] PacketEnd = 5'd27;
  // A reply ends with a packet of which the position ends in ones, so that it stays short.
  localparam int RunBits = 5;

  logic pending_q;
  logic with_packets_q;
  logic sending_q;
  logic packets_q;
  logic [4:0] index_q;
  logic [15:0] taken_q;
  logic [PositionBits-1:0] position_q;
  logic [PositionBits-1:0] next;
  logic [7:0] data;
  logic [15:0] first;
  logic last;
  logic ready;

  assign reading_o = sending_q && packets_q;
  assign position_o = position_q;
  assign next = position_q + PositionBits'(1);
  assign first = 16'(position_q);
  assign count_verdict_o = index_q[2:0];

  always_comb begin
    case (index_q)
      5'd0: data = verdict_i;
      5'd1: data = expected_i;
      5'd2: data = taken_q[7:0];
      5'd3: data = taken_q[15:8];
      5'd4: data = first[7:0];
      5'd5: data = first[15:8];
      5'd6: data = {5'd0, flags_i};
      5'd7: data = Version;
      5'd8, 5'd9, 5'd10, 5'd11, 5'd12: data = count_i;
      5'd13: data = 8'(TakenBits - 1);
      5'd14: data = 8'(PositionBits - 1);
      5'd15: data = Identity[7:0];
      5'd16: data = Identity[15:8];
      5'd17: data = Identity[23:16];
      5'd18: data = Identity[31:24];
      5'd19: data = packet_i[7:0];
      5'd20: data = packet_i[15:8];
      5'd21: data = packet_i[23:16];
      5'd22: data = packet_i[31:24];
      5'd23: data = packet_i[39:32];
      5'd24: data = packet_i[47:40];
      5'd25: data = packet_i[55:48];
      5'd26: data = packet_i[63:56];
      default: data = packet_i[71:64];
    endcase
  end

  always_comb begin
    case (index_q)
      HeaderEnd: last = !packets_q || position_q == end_i;
      PacketEnd: last = next == end_i || next[RunBits-1:0] == '0;
      default: last = 1'b0;
    endcase
  end

  snnc_framer u_framer (
    .clk_i,
    .rst_i,
    .valid_i(sending_q),
    .ready_o(ready),
    .data_i(data),
    .last_i(last),
    .valid_o,
    .ready_i,
    .data_o
  );

  always_ff @(posedge clk_i) begin
    if (sending_q && ready) begin
      index_q <= (index_q == PacketEnd) ? PacketStart : index_q + 5'd1;
      if (index_q == PacketEnd) position_q <= next;
      if (last) sending_q <= 1'b0;
    end
    if (!sending_q) begin
      index_q <= '0;
      position_q <= first_i;
      taken_q <= 16'(taken_i);
      packets_q <= with_packets_q;
      sending_q <= pending_q;
      pending_q <= 1'b0;
    end
    if (reply_i) begin
      pending_q <= 1'b1;
      with_packets_q <= packets_i;
    end
    if (rst_i) begin
      pending_q <= 1'b0;
      sending_q <= 1'b0;
    end
  end
endmodule

`default_nettype wire
