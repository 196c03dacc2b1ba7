// SPDX-License-Identifier: Apache-2.0
// Block RAM buffer of the packets from the mesh, each with the cycle it left in; a packet stays until the
// host releases it, so that it can be read again.
`default_nettype none

module snnc_packet_buffer #(
  // Packets it holds; a power of two, 32 to 16384.
  parameter int Depth = 512,
  // Bits of a cycle stamp.
  parameter int CycleBits = 28,
  // Bits of a flit's x and y that are kept; those above are 0.
  parameter int XBits = snnc_pkg::FlitXBits,
  parameter int YBits = snnc_pkg::FlitYBits,
  // Derived; not to be set.
  parameter int PositionBits = $clog2(Depth) + 1,
  parameter int PacketBits = snnc_pkg::FlitBits + CycleBits
) (
  input  wire logic                         clk_i,
  // Empties the buffer.
  input  wire logic                         rst_i,
  // Stream from the mesh, and the current cycle of the run.
  input  wire logic                         valid_i,
  output      logic                         ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] data_i,
  input  wire logic [CycleBits-1:0]         cycle_i,
  // The host has everything before position `release_to_i`; positions count modulo twice the depth. It is
  // that of a packet that is still held, or of the next one to come.
  input  wire logic                         release_i,
  input  wire logic [PositionBits-1:0]      release_to_i,
  // First packet that is held, and the one after the last.
  output      logic [PositionBits-1:0]      first_o,
  output      logic [PositionBits-1:0]      end_o,
  // Read port with one clock of latency.
  input  wire logic                         read_i,
  input  wire logic [PositionBits-1:0]      read_position_i,
  output      logic [PacketBits-1:0]        read_data_o
);
  localparam int Bits = PositionBits - 1;
  // Cycle, data, type and host.
  localparam int RestBits = PacketBits - snnc_pkg::FlitHostAt;

  logic write;
  logic [PacketBits-1:0] packet;
  logic [RestBits-1:0] rest;
  logic [YBits-1:0] y;
  logic [XBits-1:0] x;

  assign ready_o = end_o != (first_o ^ PositionBits'(Depth));
  assign packet = {cycle_i, data_i};
  assign read_data_o = {rest, snnc_pkg::FlitYBits'(y), snnc_pkg::FlitXBits'(x)};
  assign write = valid_i && ready_o && !rst_i;

  snnc_memory #(
    .Width(RestBits + YBits + XBits),
    .Depth(Depth)
  ) u_memory (
    .clk_i,
    .write_i(write),
    .write_address_i(end_o[Bits-1:0]),
    .write_data_i({packet[PacketBits-1:snnc_pkg::FlitHostAt], packet[snnc_pkg::FlitYAt+:YBits],
                   packet[snnc_pkg::FlitXAt+:XBits]}),
    .read_i(read_i && read_position_i != end_o),
    .read_address_i(read_position_i[Bits-1:0]),
    .read_data_o({rest, y, x})
  );

  always_ff @(posedge clk_i) begin
    if (write) end_o <= end_o + PositionBits'(1);
    if (release_i) first_o <= release_to_i;
    if (rst_i) begin
      first_o <= '0;
      end_o <= '0;
    end
  end

  logic unused;
  assign unused = ^packet;
endmodule

`default_nettype wire
