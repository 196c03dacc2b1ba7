// SPDX-License-Identifier: Apache-2.0
// Flits on their way into the mesh: from the stream or from registers, buffered, and where that is wanted held
// back until a sample is complete and the one before has left, so that it enters without a gap and alone
// (docs/peripheral.md).
`default_nettype none

module snnc_peripheral_input #(
  // Flits it holds; a power of two, 2 to 32768.
  parameter int Depth = 1024
) (
  input  wire logic                         clk_i,
  // At power-up, and whenever the mesh is reset.
  input  wire logic                         rst_i,
  input  wire logic                         restart_i,
  // What the registers say, and a flit from them.
  input  wire logic                         gather_i,
  input  wire logic                         manual_i,
  // The mesh is at rest and between two samples.
  input  wire logic                         home_i,
  input  wire logic                         append_i,
  input  wire logic [snnc_pkg::FlitBits:0]  append_data_i,
  output      logic                         append_ready_o,
  output      logic [$clog2(Depth):0]       space_o,
  // Stream in; what is above a flit is ignored.
  input  wire logic                         s_axis_tvalid,
  output      logic                         s_axis_tready,
  input  wire logic [snnc_pkg::StreamInBits-1:0] s_axis_tdata,
  input  wire logic                         s_axis_tlast,
  // Something may enter the mesh, now or once it has come through the buffer.
  output      logic                         pending_o,
  // Stream to the mesh.
  output      logic                         valid_o,
  input  wire logic                         ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] data_o
);
  localparam int Last = snnc_pkg::FlitBits;
  // Cycles from a word's arrival in the buffer until it can leave.
  localparam int Way = 3;

  logic taken;
  logic write;
  logic [snnc_pkg::FlitBits:0] data;
  logic room;
  logic empty;
  logic buffer_valid;
  logic buffer_ready;
  logic [snnc_pkg::FlitBits:0] head;
  logic left;
  // In the middle of a packet of the stream, and what is left of one whose beginning a restart has thrown away.
  logic within_q;
  logic discard_q;
  // Ends of samples on their way through the buffer, those in it, and a sample that leaves before its end is there.
  logic [Way-2:0] way_q;
  logic [$clog2(Depth)+1:0] complete_q;
  logic early_q;
  // A sample has entered, and may not have left the mesh.
  logic inside_q;
  // A flit was offered to the mesh and not taken: it stays.
  logic offered_q;
  logic open;

  assign s_axis_tready = (room && !manual_i) || discard_q;
  assign taken = s_axis_tvalid && s_axis_tready;
  assign append_ready_o = room && manual_i;
  assign write = (append_i && append_ready_o) || (taken && !discard_q);
  assign data = manual_i ? append_data_i : {s_axis_tlast, s_axis_tdata[snnc_pkg::FlitBits-1:0]};

  snnc_stream_buffer #(
    .Width(snnc_pkg::FlitBits + 1),
    .Depth(Depth)
  ) u_buffer (
    .clk_i,
    .rst_i(restart_i),
    .valid_i(write),
    .ready_o(room),
    .data_i(data),
    .space_o,
    .empty_o(empty),
    .valid_o(buffer_valid),
    .ready_i(buffer_ready),
    .data_o(head)
  );

  assign open = !gather_i || offered_q || (!inside_q && (complete_q != '0 || early_q));
  assign pending_o = (open && !empty) || way_q != '0;
  assign valid_o = buffer_valid && open;
  assign buffer_ready = ready_i && open;
  assign data_o = head[snnc_pkg::FlitBits-1:0];
  assign left = buffer_valid && buffer_ready;

  always_ff @(posedge clk_i) begin
    way_q <= {way_q[Way-3:0], write && data[Last]};
    if (way_q[Way-2] != (left && head[Last])) begin
      complete_q <= way_q[Way-2] ? complete_q + 1'b1 : complete_q - 1'b1;
    end
    // A sample that the buffer cannot hold goes as it comes.
    if (!room && complete_q == '0 && way_q == '0) early_q <= 1'b1;
    if (left && head[Last]) early_q <= 1'b0;
    offered_q <= valid_o && !ready_i;
    inside_q <= (left && head[Last]) || (inside_q && !home_i);
    if (restart_i) begin
      way_q <= '0;
      complete_q <= '0;
      early_q <= 1'b0;
      inside_q <= 1'b0;
      offered_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (taken) within_q <= !s_axis_tlast;
    if (restart_i) discard_q <= discard_q ? !(taken && s_axis_tlast) : taken ? !s_axis_tlast : within_q;
    else if (taken && s_axis_tlast) discard_q <= 1'b0;
    if (rst_i) begin
      within_q <= 1'b0;
      discard_q <= 1'b0;
    end
  end

  logic unused;
  assign unused = ^s_axis_tdata;
endmodule

`default_nettype wire
