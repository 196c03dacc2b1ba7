// SPDX-License-Identifier: Apache-2.0
// Properties of snnc_router. The flits of one input, any, carry a mark; one of them, any, is watched.
// Marked flits leave by the output that dimension order names, in the order they came per output, each
// once and unchanged; those that would have to leave the mesh, or to take a turn that dimension order has
// not, leave by none, and hold up nobody. Every output obeys the stream rule and gives its neighbour only
// what dimension order brings there, whatever comes in.
`default_nettype none

module formal_router #(
  parameter int FifoDepth = 2,
  // As in snnc_router.
  parameter int XBits = snnc_pkg::FlitXBits,
  parameter int YBits = snnc_pkg::FlitYBits,
  // 1: once a flit is watched all receivers are ready; it has to leave in time, at once if it is alone.
  parameter int Delivery = 0
) (
  input wire logic clk_i
);
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int Ports = snnc_pkg::Ports;
  localparam int North = snnc_pkg::North;
  localparam int East = snnc_pkg::East;
  localparam int South = snnc_pkg::South;
  localparam int West = snnc_pkg::West;
  localparam int Local = snnc_pkg::Local;
  // Which bit of a flit marks it; the router looks at the address alone.
  localparam int Mark = Bits - 1;

  (* anyconst *) logic [XBits-1:0] x;
  (* anyconst *) logic [YBits-1:0] y;
  // The outputs that lead to nowhere.
  (* anyconst *) logic [Ports-1:0] edges;
  (* anyconst *) logic [2:0] from;
  (* anyseq *) logic reset;
  (* anyseq *) logic [Ports-1:0] in_valid;
  (* anyseq *) logic [Ports*Bits-1:0] in_data;
  (* anyseq *) logic [Ports-1:0] out_ready;
  (* anyseq *) logic watch;
  logic rst;
  logic [Ports-1:0] in_ready;
  logic [Ports-1:0] out_valid;
  logic [Ports*Bits-1:0] out_data;
  logic empty;
  logic dropped;

  assign rst = reset || $initstate;

  snnc_router #(
    .FifoDepth(FifoDepth),
    .XBits(XBits),
    .YBits(YBits)
  ) dut (
    .clk_i,
    .rst_i(rst),
    .x_i(x),
    .y_i(y),
    .edge_i(edges),
    .valid_i(in_valid),
    .ready_o(in_ready),
    .data_i(in_data),
    .valid_o(out_valid),
    .ready_i(out_ready),
    .data_o(out_data),
    .empty_o(empty),
    .dropped_o(dropped)
  );

  // Dimension order, X then Y; the host is addressed as (0, 0) and left for through West.
  function automatic logic [2:0] way_of(input logic [Bits-1:0] flit, input logic [XBits-1:0] at_x,
                                        input logic [YBits-1:0] at_y);
    logic [XBits-1:0] to_x;
    logic [YBits-1:0] to_y;
    to_x = snnc_pkg::flit_host(flit) ? '0 : flit[snnc_pkg::FlitXAt+:XBits];
    to_y = snnc_pkg::flit_host(flit) ? '0 : flit[snnc_pkg::FlitYAt+:YBits];
    if (to_x != at_x) way_of = (to_x > at_x) ? 3'(East) : 3'(West);
    else if (to_y != at_y) way_of = (to_y > at_y) ? 3'(South) : 3'(North);
    else way_of = snnc_pkg::flit_host(flit) ? 3'(West) : 3'(Local);
  endfunction

  // The way of a flit that came in at `port`; Nowhere if there is none.
  localparam logic [2:0] Nowhere = 3'd7;

  function automatic logic [2:0] leads_to(input logic [Bits-1:0] flit, input logic [2:0] port,
                                          input logic [Ports-1:0] nowhere);
    leads_to = way_of(flit, x, y);
    if (nowhere[leads_to] || (leads_to == port && port != 3'(Local))
        || (leads_to == 3'(East) && (port == 3'(North) || port == 3'(South)))
        || (leads_to == 3'(West) && port == 3'(North))) begin
      leads_to = Nowhere;
    end
  endfunction

  // What dimension order brings to a port of the router at (at_x, at_y), given that X comes before Y.
  function automatic logic legal(input logic [Bits-1:0] flit, input logic [2:0] port,
                                 input logic [XBits-1:0] at_x, input logic [YBits-1:0] at_y);
    logic [XBits-1:0] to_x;
    logic [YBits-1:0] to_y;
    to_x = snnc_pkg::flit_host(flit) ? '0 : flit[snnc_pkg::FlitXAt+:XBits];
    to_y = snnc_pkg::flit_host(flit) ? '0 : flit[snnc_pkg::FlitYAt+:YBits];
    case (port)
      3'(North): legal = to_x == at_x && to_y >= at_y && !snnc_pkg::flit_host(flit);
      3'(East): legal = to_x <= at_x;
      3'(South): legal = to_x == at_x && to_y <= at_y;
      3'(West): legal = to_x >= at_x && !snnc_pkg::flit_host(flit);
      default: legal = 1'b1;
    endcase
  endfunction

  function automatic logic [2:0] ones(input logic [Ports-1:0] bits);
    ones = 3'(bits[0]) + 3'(bits[1]) + 3'(bits[2]) + 3'(bits[3]) + 3'(bits[4]);
  endfunction

  for (genvar port = 0; port < Ports; port++) begin : g_port
    logic [Bits-1:0] in_flit;
    logic [Bits-1:0] out_flit;

    assign in_flit = in_data[port*Bits+:Bits];
    assign out_flit = out_data[port*Bits+:Bits];

    formal_stream #(.Width(Bits), .Assumed(1)) u_in (
      .clk_i, .rst_i(rst), .valid_i(in_valid[port]), .ready_i(in_ready[port]), .data_i(in_flit)
    );
    formal_stream #(.Width(Bits)) u_out (
      .clk_i, .rst_i(rst), .valid_i(out_valid[port]), .ready_i(out_ready[port]), .data_i(out_flit)
    );

    always @(posedge clk_i) begin
      assume (!in_valid[port] || in_flit[Mark] == (from == 3'(port)));
      assume ((in_flit[snnc_pkg::FlitXAt+:snnc_pkg::FlitXBits] >> XBits) == '0);
      assume ((in_flit[snnc_pkg::FlitYAt+:snnc_pkg::FlitYBits] >> YBits) == '0);
      if (!rst && out_valid[port]) begin
        assert (!edges[port]);
        assert (way_of(out_flit, x, y) == 3'(port));
        if (port == North) assert (legal(out_flit, 3'(South), x, y - YBits'(1)));
        if (port == East) assert (legal(out_flit, 3'(West), x + XBits'(1), y));
        if (port == South) assert (legal(out_flit, 3'(North), x, y + YBits'(1)));
        if (port == West && x != '0) assert (legal(out_flit, 3'(East), x - XBits'(1), y));
        if (port == West && x == '0) assert (snnc_pkg::flit_host(out_flit) && y == '0);
      end
    end
  end

  // Marked flits per output: how many are inside, and how many of them are ahead of the watched one.
  localparam int CountBits = $clog2(FifoDepth) + 1;

  logic [Bits-1:0] entering;
  logic enters;
  logic [2:0] entering_way;
  logic [Ports-1:0] leaves;
  logic [Ports*CountBits-1:0] inside_q;
  logic watched_q;
  logic [Bits-1:0] flit_q;
  logic [2:0] way_q;
  logic [CountBits-1:0] ahead_q;
  logic [7:0] age_q;
  // Flits in the router, marked or not, if all that came had somewhere to go.
  logic [7:0] total_q;
  logic [Ports-1:0] astray;
  logic astray_q;
  // What leads nowhere came into an empty router alone; nothing followed.
  logic lost_q;
  logic lost_q2;

  assign entering = in_data[from*Bits+:Bits];
  assign enters = in_valid[from] && in_ready[from];
  assign entering_way = leads_to(entering, from, edges);
  for (genvar port = 0; port < Ports; port++) begin : g_astray
    assign astray[port] = in_valid[port] && leads_to(in_data[port*Bits+:Bits], 3'(port), edges) == Nowhere;
  end
  for (genvar way = 0; way < Ports; way++) begin : g_way
    assign leaves[way] = out_valid[way] && out_ready[way] && out_data[way*Bits+Mark];

    always_ff @(posedge clk_i) begin
      inside_q[way*CountBits+:CountBits] <= inside_q[way*CountBits+:CountBits]
          + CountBits'(enters && entering_way == 3'(way)) - CountBits'(leaves[way]);
      if (rst) inside_q[way*CountBits+:CountBits] <= '0;
    end

    always @(posedge clk_i) begin
      if (!rst && leaves[way]) assert (inside_q[way*CountBits+:CountBits] != '0);
    end
  end

  always_ff @(posedge clk_i) begin
    age_q <= age_q + 8'd1;
    astray_q <= astray_q || astray != '0;
    lost_q <= total_q == '0 && !astray_q && ones(in_valid) == 3'd1 && (astray & in_ready) != '0;
    lost_q2 <= lost_q && in_valid == '0;
    total_q <= total_q + 8'(ones(in_valid & in_ready)) - 8'(ones(out_valid & out_ready));
    if (watched_q && leaves[way_q]) begin
      ahead_q <= ahead_q - CountBits'(1);
      if (ahead_q == '0) watched_q <= 1'b0;
    end
    if (!watched_q && watch && enters && entering_way != Nowhere) begin
      watched_q <= 1'b1;
      flit_q <= entering;
      way_q <= entering_way;
      ahead_q <= inside_q[entering_way*CountBits+:CountBits] - CountBits'(leaves[entering_way]);
      age_q <= '0;
    end
    if (rst) begin
      watched_q <= 1'b0;
      total_q <= '0;
      astray_q <= 1'b0;
      lost_q <= 1'b0;
      lost_q2 <= 1'b0;
    end
  end

  always @(posedge clk_i) begin
    assume (32'(from) < Ports && !edges[Local]);
    // No neighbour, and no host, beyond the corners of the largest mesh.
    assume (x != '1 || edges[East]);
    assume (y != '1 || edges[South]);
    if (!rst && lost_q2) assert (empty && dropped);
    if (!rst && watched_q) begin
      assert (ahead_q < inside_q[way_q*CountBits+:CountBits]);
      if (ahead_q == '0 && leaves[way_q]) assert (out_data[way_q*Bits+:Bits] == flit_q);
      if (Delivery != 0) begin
        assume (out_ready == '1);
        assert (32'(age_q) < Ports * FifoDepth);
        if (total_q == 8'd1 && !astray_q) assert (leaves[way_q]);
      end
    end
  end

`ifdef INVARIANTS
`include "formal_router_inside.svh"
`endif
endmodule

`default_nettype wire
