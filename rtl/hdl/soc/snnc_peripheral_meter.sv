// SPDX-License-Identifier: Apache-2.0
// What the peripheral counts since the last restart: cycles, flits, packets and samples; whether cycles are
// those of the simulator; signatures of both streams (docs/peripheral.md).
`default_nettype none

module snnc_peripheral_meter (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  // A flit is offered to the mesh, and taken; a packet leaves it, the last of a sample, or waits for room.
  input  wire logic        offered_i,
  input  wire logic        entered_i,
  input  wire logic [snnc_pkg::FlitBits-1:0] entered_data_i,
  input  wire logic        left_i,
  input  wire logic [snnc_pkg::FlitBits-1:0] left_data_i,
  input  wire logic        last_i,
  input  wire logic        blocked_i,
  // The mesh has work.
  input  wire logic        busy_i,
  // The current cycle; 0 is that in which the first flit enters.
  output      logic [31:0] cycle_o,
  output      logic        late_o,
  output      logic        stalled_o,
  output      logic [31:0] samples_o,
  output      logic [31:0] finished_o,
  output      logic [31:0] flits_o,
  output      logic [31:0] packets_o,
  output      logic [31:0] busy_o,
  output      logic [31:0] blocked_o,
  output      logic [31:0] entered_o,
  output      logic [31:0] left_o
);
  logic started;
  logic started_q;
  logic dry_q;

  assign started = started_q || entered_i;
  assign stalled_o = blocked_o != '0;

  snnc_signature #(
    .Width(snnc_pkg::FlitBits)
  ) u_entered (
    .clk_i,
    .rst_i,
    .valid_i(entered_i),
    .data_i(entered_data_i),
    .signature_o(entered_o)
  );

  snnc_signature #(
    .Width(snnc_pkg::StreamOutBits)
  ) u_left (
    .clk_i,
    .rst_i,
    .valid_i(left_i),
    .data_i({cycle_o[snnc_pkg::StreamOutCycleBits-1:0], left_data_i}),
    .signature_o(left_o)
  );

  always_ff @(posedge clk_i) begin
    started_q <= started;
    if (started) cycle_o <= cycle_o + 32'd1;
    if (started && !offered_i) dry_q <= 1'b1;
    if (entered_i && dry_q) late_o <= 1'b1;
    if (entered_i) flits_o <= flits_o + 32'd1;
    if (left_i) packets_o <= packets_o + 32'd1;
    if (last_i) begin
      samples_o <= samples_o + 32'd1;
      finished_o <= cycle_o + 32'd1;
    end
    if (busy_i) busy_o <= busy_o + 32'd1;
    if (blocked_i && blocked_o != '1) blocked_o <= blocked_o + 32'd1;
    if (rst_i) begin
      started_q <= 1'b0;
      dry_q <= 1'b0;
      late_o <= 1'b0;
      cycle_o <= '0;
      samples_o <= '0;
      finished_o <= '0;
      flits_o <= '0;
      packets_o <= '0;
      busy_o <= '0;
      blocked_o <= '0;
    end
  end
endmodule

`default_nettype wire
