// SPDX-License-Identifier: Apache-2.0
// Sending end of the host link: a frame with the state of bridge and mesh, then packets or a status if asked for
// (docs/host.md).
`default_nettype none

module snnc_reply #(
  // Bits of a position in the packet buffer, and of one in the frame buffer; at most 16.
  parameter int PositionBits = 10,
  parameter int TakenBits = 11,
  // Names the hardware to the host.
  parameter logic [23:0] Identity = '0
) (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  // Answer as soon as the frame before has left, with packets or with the status.
  input  wire logic        reply_i,
  input  wire logic        packets_i,
  input  wire logic        status_i,
  // The state: what the bytes of the header hold, of which `taken_i` is latched; no count while
  // `counting_i`.
  input  wire logic [7:0]  verdict_i,
  input  wire logic [7:0]  expected_i,
  input  wire logic [TakenBits-1:0] taken_i,
  input  wire logic [2:0]  flags_i,
  input  wire logic [3:0]  mesh_i,
  input  wire logic        counting_i,
  output      logic [2:0]  count_verdict_o,
  input  wire logic [7:0]  count_i,
  // Packets held: the first, and the one after the last.
  input  wire logic [PositionBits-1:0] first_i,
  input  wire logic [PositionBits-1:0] end_i,
  // Packet that is sent, if `reading_o`.
  output      logic        reading_o,
  output      logic [PositionBits-1:0] position_o,
  input  wire logic [snnc_pkg::PacketBits-1:0] packet_i,
  // What the status holds: a status word, and the signatures of what entered the mesh and of what left it.
  input  wire logic [31:0] word_i,
  input  wire logic [31:0] entered_i,
  input  wire logic [31:0] left_i,
  // Stream of bytes to the line.
  output      logic        valid_o,
  input  wire logic        ready_i,
  output      logic [7:0]  data_o
);
  // Last byte of the header, first and last of a packet, last of a status.
  localparam logic [4:0] HeaderEnd = 5'(snnc_pkg::ReplyBits / 8 - 1);
  localparam logic [4:0] PacketStart = HeaderEnd + 5'd1;
  localparam logic [4:0] PacketEnd = HeaderEnd + 5'(snnc_pkg::PacketBits / 8);
  localparam logic [4:0] StatusEnd = HeaderEnd + 5'(snnc_pkg::StatusReplyBits / 8);
  // A reply ends before a position that ends in this many zeros, so that it stays short.
  localparam int RunBits = $clog2(snnc_pkg::RunPackets);

  logic pending_q;
  logic with_packets_q;
  logic with_status_q;
  logic sending_q;
  logic packets_q;
  logic status_q;
  logic [4:0] index_q;
  logic [15:0] taken_q;
  logic [PositionBits-1:0] position_q;
  logic [PositionBits-1:0] next;
  logic [15:0] first;
  logic [7:0] header;
  // Registered at every stage: a byte takes the framer many cycles.
  logic [95:0] body_q;
  logic [7:0] piece_q;
  logic [7:0] data_q;
  logic last_q;
  logic ready;

  assign reading_o = sending_q && packets_q;
  assign position_o = position_q;
  assign next = position_q + PositionBits'(1);
  assign first = 16'(position_q);
  assign count_verdict_o = 3'(index_q - 5'(snnc_pkg::ReplyCountAcceptedAt / 8));

  always @* begin
    case (index_q[3:0])
      4'(snnc_pkg::ReplyVerdictAt / 8): header = verdict_i;
      4'(snnc_pkg::ReplyExpectedAt / 8): header = expected_i;
      4'(snnc_pkg::ReplyTakenAt / 8): header = taken_q[7:0];
      4'(snnc_pkg::ReplyTakenAt / 8 + 1): header = taken_q[15:8];
      4'(snnc_pkg::ReplyFirstAt / 8): header = first[7:0];
      4'(snnc_pkg::ReplyFirstAt / 8 + 1): header = first[15:8];
      4'(snnc_pkg::ReplyOpenAt / 8): header = {4'(snnc_pkg::LinkVersion), 1'b0, flags_i};
      4'(snnc_pkg::ReplyInputDepthAt / 8): header = {4'(PositionBits - 1), 4'(TakenBits - 1)};
      4'(snnc_pkg::ReplyIdentityAt / 8): header = Identity[7:0];
      4'(snnc_pkg::ReplyIdentityAt / 8 + 1): header = Identity[15:8];
      4'(snnc_pkg::ReplyIdentityAt / 8 + 2): header = Identity[23:16];
      default: header = count_i;
    endcase
  end

  always_ff @(posedge clk_i) begin
    body_q <= status_q ? {left_i, entered_i, word_i} : 96'(packet_i);
    case (index_q[3:0])
      4'd0: piece_q <= {4'd0, mesh_i};
      4'd1: piece_q <= body_q[7:0];
      4'd2: piece_q <= body_q[15:8];
      4'd3: piece_q <= body_q[23:16];
      4'd4: piece_q <= body_q[31:24];
      4'd5: piece_q <= body_q[39:32];
      4'd6: piece_q <= body_q[47:40];
      4'd7: piece_q <= body_q[55:48];
      4'd8: piece_q <= body_q[63:56];
      4'd9: piece_q <= body_q[71:64];
      4'd10: piece_q <= body_q[79:72];
      4'd11: piece_q <= body_q[87:80];
      default: piece_q <= body_q[95:88];
    endcase
    if (!counting_i) data_q <= index_q[4] ? piece_q : header;
    case (index_q)
      HeaderEnd: last_q <= !status_q && (!packets_q || position_q == end_i);
      PacketEnd: last_q <= !status_q && (next == end_i || next[RunBits-1:0] == '0);
      StatusEnd: last_q <= 1'b1;
      default: last_q <= 1'b0;
    endcase
  end

  snnc_framer u_framer (
    .clk_i,
    .rst_i,
    .valid_i(sending_q),
    .ready_o(ready),
    .data_i(data_q),
    .last_i(last_q),
    .valid_o,
    .ready_i,
    .data_o
  );

  always_ff @(posedge clk_i) begin
    if (sending_q && ready) begin
      index_q <= (index_q == PacketEnd && packets_q) ? PacketStart : index_q + 5'd1;
      if (index_q == PacketEnd) position_q <= next;
      if (last_q) sending_q <= 1'b0;
    end
    if (!sending_q) begin
      index_q <= '0;
      position_q <= first_i;
      taken_q <= 16'(taken_i);
      packets_q <= with_packets_q;
      status_q <= with_status_q;
      sending_q <= pending_q;
      pending_q <= 1'b0;
    end
    if (reply_i) begin
      pending_q <= 1'b1;
      with_packets_q <= packets_i;
      with_status_q <= status_i;
    end
    if (rst_i) begin
      pending_q <= 1'b0;
      sending_q <= 1'b0;
    end
  end
endmodule

`default_nettype wire
