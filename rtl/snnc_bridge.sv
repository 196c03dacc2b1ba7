// SPDX-License-Identifier: Apache-2.0
// Host bridge: gathers the flits of a run behind a gate, releases them at full speed, and keeps the packets
// of the mesh with their cycles until the host has read them (docs/host.md).
`default_nettype none

module snnc_bridge #(
  // Flits gathered and packets kept; powers of two.
  parameter int InputDepth = 1024,
  parameter int OutputDepth = 512,
  // Cycles without a flit in or out after which the mesh is at rest; then a reset cuts nothing short.
  parameter int QuietCycles = 256,
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
  // Reset of the mesh; its streams in and out.
  output      logic       mesh_rst_o,
  output      logic       mesh_valid_o,
  input  wire logic       mesh_ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] mesh_data_o,
  input  wire logic       mesh_valid_i,
  output      logic       mesh_ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] mesh_data_i
);
  localparam int CycleBits = 28;
  localparam int PositionBits = $clog2(OutputDepth) + 1;
  localparam int TakenBits = $clog2(InputDepth) + 1;
  localparam int QuietBits = $clog2(QuietCycles + 1);

  // Requests of the link.
  logic write;
  logic [snnc_pkg::FlitBits-1:0] flit;
  logic full;
  logic commit;
  logic drop;
  logic control;
  logic read;
  logic [15:0] argument;
  logic frame_end;
  logic [2:0] verdict;
  logic [1:0] kind;
  logic [7:0] expected;
  logic counting;
  logic [2:0] count_verdict;
  logic [7:0] count;

  // Reset and gate: what was asked for, and what holds.
  logic restart_q;
  logic open_next_q;
  logic open_q;
  logic reset_q;
  logic restart_now;
  logic [QuietBits-1:0] quiet_q;

  // The run: its cycle, and whether the streams ever waited for the host.
  logic started_q;
  logic dry_q;
  logic late_q;
  logic stalled_q;
  logic [CycleBits-1:0] cycle_q;
  logic [CycleBits:0] cycle_next;
  logic entered;
  logic left;
  logic started;

  logic [TakenBits-1:0] taken;
  logic [PositionBits-1:0] first;
  logic [PositionBits-1:0] last;
  logic [PositionBits-1:0] position;
  logic reading;
  logic [71:0] packet;

  snnc_link u_link (
    .clk_i,
    .rst_i,
    .valid_i,
    .data_i,
    .error_i,
    .busy_i(restart_q),
    .write_o(write),
    .flit_o(flit),
    .full_i(full),
    .commit_o(commit),
    .drop_o(drop),
    .control_o(control),
    .read_o(read),
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
    .valid_o(mesh_valid_o),
    .ready_i(mesh_ready_i),
    .data_o(mesh_data_o)
  );

  snnc_packet_buffer #(
    .Depth(OutputDepth),
    .CycleBits(CycleBits)
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

  snnc_reply #(
    .PositionBits(PositionBits),
    .TakenBits(TakenBits),
    .Identity(Identity)
  ) u_reply (
    .clk_i,
    .rst_i,
    .reply_i((frame_end && !(control && argument[0])) || restart_now),
    .packets_i(read),
    .verdict_i({2'b00, kind, 1'b0, verdict}),
    .expected_i(expected),
    .taken_i(taken),
    .flags_i({stalled_q, late_q, open_q}),
    .counting_i(counting),
    .count_verdict_o(count_verdict),
    .count_i(count),
    .first_i(first),
    .end_i(last),
    .reading_o(reading),
    .position_o(position),
    .packet_i(packet),
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
  assign restart_now = restart_q && quiet_q == '0;

  always_ff @(posedge clk_i) begin
    reset_q <= restart_now;
    quiet_q <= (quiet_q == '0) ? '0 : quiet_q - QuietBits'(1);
    if (control) begin
      restart_q <= argument[0];
      open_next_q <= argument[1];
      if (argument[1] && !argument[0]) open_q <= 1'b1;
    end
    if (restart_now) restart_q <= 1'b0;
    if (entered || left || rst_i) quiet_q <= QuietBits'(QuietCycles);
    if (reset_q) open_q <= open_next_q;
    if (rst_i) begin
      restart_q <= 1'b0;
      reset_q <= 1'b0;
      open_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    started_q <= started;
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
  assign unused = ^argument[15:2];
endmodule

`default_nettype wire
