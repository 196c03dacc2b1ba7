// SPDX-License-Identifier: Apache-2.0
// Packets on their way out of the mesh: each with its cycle, the last of a sample marked, buffered, and then
// offered on the stream or to registers (docs/peripheral.md).
`default_nettype none

module snnc_peripheral_output #(
  // Packets it holds; a power of two, 2 to 32768.
  parameter int Depth = 512
) (
  input  wire logic                         clk_i,
  // At power-up, and whenever the mesh is reset.
  input  wire logic                         rst_i,
  input  wire logic                         restart_i,
  // Packets go to registers, which take one.
  input  wire logic                         manual_i,
  input  wire logic                         take_i,
  // Tiles that send to the host: so many ENDs that are `last` end a sample.
  input  wire logic [snnc_pkg::PeripheralSendersBits-1:0] senders_i,
  // The current cycle of the run.
  input  wire logic [snnc_pkg::StreamOutCycleBits-1:0] cycle_i,
  // Stream from the mesh, and the last packet of a sample in it.
  input  wire logic                         valid_i,
  output      logic                         ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] data_i,
  output      logic                         last_o,
  // Packets that have not been taken yet; the first of them.
  output      logic [$clog2(Depth)+1:0]     count_o,
  output      logic [snnc_pkg::StreamOutBits-1:0] first_o,
  // Stream out.
  output      logic                         m_axis_tvalid,
  input  wire logic                         m_axis_tready,
  output      logic [snnc_pkg::StreamOutBits-1:0] m_axis_tdata,
  output      logic                         m_axis_tlast
);
  localparam int Width = snnc_pkg::StreamOutBits + 1;

  logic left;
  logic is_end;
  logic [snnc_pkg::PeripheralSendersBits-1:0] ends_q;
  logic buffer_valid;
  logic buffer_ready;
  logic [Width-1:0] buffer_data;
  logic valid_q;
  logic [Width-1:0] data_q;
  logic taken;
  logic kept;
  logic [$clog2(Depth):0] unused_space;
  logic unused_empty;

  assign left = valid_i && ready_o;
  assign is_end = snnc_pkg::flit_type(data_i) == snnc_pkg::FlitEnd
      && snnc_pkg::end_last(snnc_pkg::EndBits'({snnc_pkg::flit_data(data_i)}));
  assign last_o = left && is_end && ends_q + 1'b1 >= senders_i;

  snnc_stream_buffer #(
    .Width(Width),
    .Depth(Depth)
  ) u_buffer (
    .clk_i,
    .rst_i(restart_i),
    .valid_i,
    .ready_o,
    .data_i({last_o, cycle_i, data_i}),
    .space_o(unused_space),
    .empty_o(unused_empty),
    .valid_o(buffer_valid),
    .ready_i(buffer_ready),
    .data_o(buffer_data)
  );

  // What is offered on the stream stays, even through a restart; the buffer ends in a register for it.
  assign m_axis_tvalid = valid_q && !manual_i;
  assign {m_axis_tlast, m_axis_tdata} = data_q;
  assign first_o = data_q[snnc_pkg::StreamOutBits-1:0];
  assign taken = valid_q && (manual_i ? take_i : m_axis_tready);
  assign kept = m_axis_tvalid && !m_axis_tready;
  assign buffer_ready = !valid_q || taken;

  always_ff @(posedge clk_i) begin
    if (buffer_ready) begin
      valid_q <= buffer_valid;
      data_q <= buffer_data;
    end
    if (left != taken) count_o <= left ? count_o + 1'b1 : count_o - 1'b1;
    if (left && is_end) ends_q <= last_o ? '0 : ends_q + 1'b1;
    if (restart_i) begin
      valid_q <= kept && !rst_i;
      count_o <= {{($clog2(Depth) + 1){1'b0}}, kept && !rst_i};
      ends_q <= '0;
    end
  end

  logic unused;
  assign unused = ^{unused_space, unused_empty};
endmodule

`default_nettype wire
