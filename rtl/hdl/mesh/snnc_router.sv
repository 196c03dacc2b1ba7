// SPDX-License-Identifier: Apache-2.0
// Five-port router: an input FIFO per port, dimension-order routing (X, then Y), one round-robin
// arbiter per output. Where a flit leads is found out as it comes in and stored with it, so that a cycle
// begins with what the arbiters need. Ports are packed in the order North, East, South, West, Local. What comes
// in has an address within the bits of x and y that are kept (snnc_pkg::address_within).
`default_nettype none

module snnc_router #(
  // Entries of each input FIFO; a power of two, at least 2.
  parameter int FifoDepth = 4,
  // Bits of a flit's x and y that are kept and looked at; those above are 0.
  parameter int XBits = snnc_pkg::FlitXBits,
  parameter int YBits = snnc_pkg::FlitYBits
) (
  input  wire logic                                       clk_i,
  input  wire logic                                       rst_i,
  // Position in the mesh, and which outputs lead to nowhere; constant.
  input  wire logic [XBits-1:0]                           x_i,
  input  wire logic [YBits-1:0]                           y_i,
  input  wire logic [snnc_pkg::Ports-1:0]                 edge_i,
  // Streams in, one per port.
  input  wire logic [snnc_pkg::Ports-1:0]                 valid_i,
  output      logic [snnc_pkg::Ports-1:0]                 ready_o,
  input  wire logic [snnc_pkg::Ports*snnc_pkg::FlitBits-1:0] data_i,
  // Streams out, one per port.
  output      logic [snnc_pkg::Ports-1:0]                 valid_o,
  input  wire logic [snnc_pkg::Ports-1:0]                 ready_i,
  output      logic [snnc_pkg::Ports*snnc_pkg::FlitBits-1:0] data_o,
  // No flit is inside; none from Local is.
  output      logic                                       empty_o,
  output      logic                                       local_empty_o,
  // A flit that cannot be delivered was dropped in the last cycle.
  output      logic                                       dropped_o
);
  localparam int Bits = snnc_pkg::FlitBits;
  // Host, type and data.
  localparam int RestBits = Bits - snnc_pkg::FlitHostAt;
  localparam int Ports = snnc_pkg::Ports;
  localparam int North = snnc_pkg::North;
  localparam int East = snnc_pkg::East;
  localparam int South = snnc_pkg::South;
  localparam int West = snnc_pkg::West;
  localparam int Local = snnc_pkg::Local;

  logic [Ports-1:0] empty;
  // An input drops its head.
  logic [Ports-1:0] drops;
  logic [Ports-1:0] head_valid;
  logic [Ports-1:0] head_ready;
  logic [Ports*Bits-1:0] head_data;

  // wanted[input * Ports + output]: the head of the input is to leave by the output.
  logic [Ports*Ports-1:0] wanted;
  // pops[output * Ports + input]: the output takes the head of the input.
  logic [Ports*Ports-1:0] pops;

  // The outputs that an input may ask for: from the Y direction only South to West, by which a host flit
  // leaves the mesh at (0, 0), besides straight on and Local; only Local turns back.
  function automatic logic may_turn(input int from, input int way);
    may_turn = from != way || from == Local;
    if (way == East && (from == North || from == South)) may_turn = 1'b0;
    if (way == West && from == North) may_turn = 1'b0;
  endfunction

  for (genvar port = 0; port < Ports; port++) begin : g_input
    logic [Bits-1:0] flit;
    logic [XBits-1:0] x;
    logic [YBits-1:0] y;
    logic host;
    logic [RestBits-1:0] head_rest;
    logic [YBits-1:0] head_y;
    logic [XBits-1:0] head_x;
    logic [Ports-1:0] route;
    logic [Ports-1:0] leads;
    logic [Ports-1:0] head_leads;
    logic [Ports-1:0] popped;

    assign flit = data_i[port*Bits+:Bits];
    assign host = snnc_pkg::flit_host(flit);
    assign x = host ? '0 : flit[snnc_pkg::FlitXAt+:XBits];
    assign y = host ? '0 : flit[snnc_pkg::FlitYAt+:YBits];

    always @* begin
      route = '0;
      if (x < x_i) route[West] = 1'b1;
      else if (x > x_i) route[East] = 1'b1;
      else if (y < y_i) route[North] = 1'b1;
      else if (y > y_i) route[South] = 1'b1;
      else if (host) route[West] = 1'b1;
      else route[Local] = 1'b1;
    end

    // Dimension order never takes some turns: only what the host sends to itself, or beyond the mesh, would.
    // Such a flit has nowhere to go.
    snnc_fifo #(
      .Width(Ports + RestBits + YBits + XBits),
      .Depth(FifoDepth)
    ) u_fifo (
      .clk_i,
      .rst_i,
      .valid_i(valid_i[port]),
      .ready_o(ready_o[port]),
      .data_i({leads, flit[snnc_pkg::FlitHostAt+:RestBits], flit[snnc_pkg::FlitYAt+:YBits],
               flit[snnc_pkg::FlitXAt+:XBits]}),
      .valid_o(head_valid[port]),
      .ready_i(head_ready[port]),
      .data_o({head_leads, head_rest, head_y, head_x}),
      .empty_o(empty[port])
    );

    assign head_data[port*Bits+:Bits] = {
      head_rest, snnc_pkg::FlitYBits'(head_y), snnc_pkg::FlitXBits'(head_x)
    };
    assign drops[port] = head_valid[port] && head_leads == '0;

    for (genvar way = 0; way < Ports; way++) begin : g_way
      assign leads[way] = route[way] && may_turn(port, way) && !edge_i[way];
      assign wanted[port*Ports+way] = head_valid[port] && head_leads[way] && may_turn(port, way);
      assign popped[way] = pops[way*Ports+port];
    end
    assign head_ready[port] = popped != '0 || drops[port];
  end

  always_ff @(posedge clk_i) begin
    dropped_o <= drops != '0;
    if (rst_i) dropped_o <= 1'b0;
  end
  assign empty_o = empty == '1;
  assign local_empty_o = empty[Local];

  for (genvar port = 0; port < Ports; port++) begin : g_output
    logic [Ports-1:0] request;
    logic [Ports-1:0] grant;
    logic [Bits-1:0] data;

    for (genvar from = 0; from < Ports; from++) begin : g_request
      assign request[from] = wanted[from*Ports+port];
      assign pops[port*Ports+from] = grant[from] && ready_i[port];
    end

    snnc_arbiter #(
      .Requesters(Ports)
    ) u_arbiter (
      .clk_i,
      .rst_i,
      .request_i(request),
      .ready_i(ready_i[port]),
      .valid_o(valid_o[port]),
      .grant_o(grant)
    );

    always @* begin
      data = '0;
      for (int from = 0; from < Ports; from++) begin
        if (may_turn(from, port)) data = data | (head_data[from*Bits+:Bits] & {Bits{grant[from]}});
      end
    end
    assign data_o[port*Bits+:Bits] = data;
  end
endmodule

`default_nettype wire
