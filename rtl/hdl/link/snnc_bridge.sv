// SPDX-License-Identifier: Apache-2.0
// Host bridge: gathers the flits of a run behind a gate, releases them at full speed, and keeps the packets
// of the mesh with their cycles until the host has read them (docs/host.md).
`default_nettype none

module snnc_bridge #(
  // Flits gathered and packets kept; powers of two.
  parameter int InputDepth = 1024,
  parameter int OutputDepth = 512,
  // Bits of x and y that the packets of the mesh have; see snnc_packet_buffer.
  parameter int XBits = snnc_pkg::FlitXBits,
  parameter int YBits = snnc_pkg::FlitYBits,
  // Names the hardware to the host.
  parameter logic [23:0] Identity = '0
) (
  input  wire logic       clk_i,
  input  wire logic       rst_i,
  // Bytes and errors from the line.
  input  wire logic       valid_i,
  input  wire logic [7:0] data_i,
  input  wire logic       error_i,
  // Stream of bytes to the line.
  output      logic       valid_o,
  input  wire logic       ready_i,
  output      logic [7:0] data_o,
  // Reset of the mesh, allowed in any cycle; what it says about itself (snnc_top); its streams in and out.
  output      logic       mesh_rst_o,
  input  wire logic       mesh_ready_to_run_i,
  input  wire logic       mesh_rest_i,
  input  wire logic       mesh_home_i,
  input  wire logic       mesh_error_i,
  output      logic [snnc_pkg::AddressBits-1:0] status_select_o,
  input  wire logic [31:0] status_i,
  output      logic       mesh_valid_o,
  input  wire logic       mesh_ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] mesh_data_o,
  input  wire logic       mesh_valid_i,
  output      logic       mesh_ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] mesh_data_i
);
  localparam int CycleBits = snnc_pkg::PacketCycleBits;
  localparam int PositionBits = $clog2(OutputDepth) + 1;
  // Cycles after which the mesh's word on its rest takes into account a flit that entered.
  localparam int RestCycles = 4;
  localparam int TakenBits = $clog2(InputDepth) + 1;
  localparam int PacketBits = snnc_pkg::FlitBits + CycleBits;

  // Requests of the link.
  logic write;
  logic [snnc_pkg::FlitBits-1:0] flit;
  logic full;
  logic commit;
  logic drop;
  logic control;
  logic read;
  logic status;
  logic [15:0] argument;
  logic frame_end;
  logic [2:0] verdict;
  logic [2:0] kind;
  logic [7:0] expected;
  logic counting;
  logic [2:0] count_verdict;
  logic [7:0] count;

  // Reset and gate.
  logic reset_q;
  logic open_q;
  // A frame ended in the cycle before, and what its answer holds: what it did is in the state by then.
  logic answer_q;
  logic read_q;
  logic status_q;

  // The run: its cycle, and whether the streams ever waited for the host.
  logic started_q;
  logic dry_q;
  logic late_q;
  logic stalled_q;
  logic [CycleBits-1:0] cycle_q;
  logic [CycleBits:0] cycle_next;
  // Cycles of late in which a flit was offered to the mesh, or about to be.
  logic [RestCycles-1:0] offered_q;
  logic entered;
  logic left;
  logic started;

  logic buffer_valid;
  logic buffer_ready;
  logic slice_empty;
  logic [snnc_pkg::FlitBits-1:0] buffer_data;
  logic [TakenBits-1:0] taken;
  logic [PositionBits-1:0] first;
  logic [PositionBits-1:0] last;
  logic [PositionBits-1:0] position;
  logic reading;
  logic [PacketBits-1:0] packet;
  logic [31:0] entered_signature;
  logic [31:0] left_signature;

  snnc_link u_link (
    .clk_i,
    .rst_i,
    .valid_i,
    .data_i,
    .error_i,
    .write_o(write),
    .flit_o(flit),
    .full_i(full),
    .commit_o(commit),
    .drop_o(drop),
    .control_o(control),
    .read_o(read),
    .status_o(status),
    .argument_o(argument),
    .end_o(frame_end),
    .verdict_o(verdict),
    .kind_o(kind),
    .expected_o(expected),
    .counting_o(counting),
    .count_verdict_i(count_verdict),
    .count_o(count)
  );

  snnc_frame_buffer #(
    .Depth(InputDepth)
  ) u_input (
    .clk_i,
    .rst_i(mesh_rst_o),
    .write_i(write),
    .data_i(flit),
    .full_o(full),
    .commit_i(commit),
    .drop_i(drop),
    .taken_o(taken),
    .open_i(open_q),
    .valid_o(buffer_valid),
    .ready_i(buffer_ready),
    .data_o(buffer_data)
  );

  // The mesh says late whether it takes a flit; the block RAM behind would not hear it in time.
  snnc_fifo #(
    .Width(snnc_pkg::FlitBits),
    .Depth(2)
  ) u_slice (
    .clk_i,
    .rst_i(mesh_rst_o),
    .valid_i(buffer_valid),
    .ready_o(buffer_ready),
    .data_i(buffer_data),
    .valid_o(mesh_valid_o),
    .ready_i(mesh_ready_i),
    .data_o(mesh_data_o),
    .empty_o(slice_empty)
  );

  snnc_packet_buffer #(
    .Depth(OutputDepth),
    .CycleBits(CycleBits),
    .XBits(XBits),
    .YBits(YBits)
  ) u_output (
    .clk_i,
    .rst_i(mesh_rst_o),
    .valid_i(mesh_valid_i),
    .ready_o(mesh_ready_o),
    .data_i(mesh_data_i),
    .cycle_i(cycle_q),
    .release_i(read),
    .release_to_i(argument[PositionBits-1:0]),
    .first_o(first),
    .end_o(last),
    .read_i(reading),
    .read_position_i(position),
    .read_data_o(packet)
  );

  snnc_signature #(
    .Width(snnc_pkg::FlitBits)
  ) u_entered (
    .clk_i,
    .rst_i(mesh_rst_o),
    .valid_i(entered),
    .data_i(mesh_data_o),
    .signature_o(entered_signature)
  );

  snnc_signature #(
    .Width(PacketBits)
  ) u_left (
    .clk_i,
    .rst_i(mesh_rst_o),
    .valid_i(left),
    .data_i({cycle_q, mesh_data_i}),
    .signature_o(left_signature)
  );

  snnc_reply #(
    .PositionBits(PositionBits),
    .TakenBits(TakenBits),
    .Identity(Identity)
  ) u_reply (
    .clk_i,
    .rst_i,
    .reply_i(answer_q),
    .packets_i(read_q),
    .status_i(status_q),
    .verdict_i({1'b0, kind, 1'b0, verdict}),
    .expected_i(expected),
    .taken_i(taken),
    .flags_i({stalled_q, late_q, open_q}),
    .mesh_i({mesh_error_i, mesh_home_i, mesh_rest_i && offered_q == '0, mesh_ready_to_run_i}),
    .counting_i(counting),
    .count_verdict_o(count_verdict),
    .count_i(count),
    .first_i(first),
    .end_i(last),
    .reading_o(reading),
    .position_o(position),
    .packet_i(snnc_pkg::PacketBits'(packet)),
    .word_i(status_i),
    .entered_i(entered_signature),
    .left_i(left_signature),
    .valid_o,
    .ready_i,
    .data_o
  );

  assign mesh_rst_o = rst_i || reset_q;
  assign entered = mesh_valid_o && mesh_ready_i;
  assign left = mesh_valid_i && mesh_ready_o;
  assign started = started_q || entered;
  // Counting stops at the largest number.
  assign cycle_next = {1'b0, cycle_q} + (CycleBits + 1)'(1);

  always_ff @(posedge clk_i) begin
    answer_q <= frame_end;
    read_q <= read;
    status_q <= status;
    if (status) status_select_o <= argument[snnc_pkg::AddressBits-1:0];
    reset_q <= control && snnc_pkg::control_restart(argument);
    if (control) open_q <= snnc_pkg::control_open(argument) || (open_q && !snnc_pkg::control_restart(argument));
    if (rst_i) begin
      answer_q <= 1'b0;
      reset_q <= 1'b0;
      open_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    started_q <= started;
    offered_q <= {offered_q[RestCycles-2:0], buffer_valid || !slice_empty};
    if (started && !mesh_valid_o) dry_q <= 1'b1;
    if (entered && dry_q) late_q <= 1'b1;
    if (mesh_valid_i && !mesh_ready_o) stalled_q <= 1'b1;
    if (started && !cycle_next[CycleBits]) cycle_q <= cycle_next[CycleBits-1:0];
    if (mesh_rst_o) begin
      started_q <= 1'b0;
      dry_q <= 1'b0;
      late_q <= 1'b0;
      stalled_q <= 1'b0;
      cycle_q <= '0;
    end
  end

  logic unused;
  assign unused = ^argument;
endmodule

`default_nettype wire
