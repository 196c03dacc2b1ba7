// SPDX-License-Identifier: Apache-2.0
// A core and a router with all five ports in use, as inside a large mesh, to be measured: its links end in
// registers, since no device has so many pins. Nothing but registers is added.
`default_nettype none

module snnc_tile #(
  // As in snnc_top; the tile is the one in the middle of the mesh.
  parameter int MeshWidth = 7,
  parameter int MeshHeight = 7,
  parameter int Lanes = 8,
  parameter int WeightBits = 4,
  parameter int StateBits = 16,
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  parameter int ParameterWords = 16,
  parameter int AxonRows = 16,
  parameter int AxonColumns = 16,
  parameter int BitmapSlots = 1,
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0,
  parameter int ResetAmount = 0,
  parameter int ChannelLeak = 0,
  parameter int LowerClamp = 0,
  parameter int FractionBits = 0,
  parameter int PayloadBits = 8,
  parameter int Destinations = 8,
  parameter int Sources = 8,
  parameter int EventFifoDepth = 16,
  parameter int RouterFifoDepth = 2,
  parameter int Contexts = 1,
  parameter int Loadable = 8191,
  parameter int SinglePortWeights = 0
) (
  input  wire logic clk_i,
  input  wire logic rst_i,
  // What the links bring, bit by bit.
  input  wire logic in_i
);
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int Links = 4;
  localparam int XBits = snnc_pkg::coordinate_bits(MeshWidth, snnc_pkg::FlitXBits);
  localparam int YBits = snnc_pkg::coordinate_bits(MeshHeight, snnc_pkg::FlitYBits);
  localparam int InBits = Links * (Bits + 2);
  localparam int OutBits = InBits + 36;

  logic [InBits-1:0] in_q;
  (* keep *) logic [OutBits-1:0] out_q;
  logic rst_q;

  logic [Links-1:0] in_ready;
  logic [Links-1:0] out_valid;
  logic [Links*Bits-1:0] out_data;
  logic event_valid;
  logic event_ready;
  logic [Bits-1:0] event_data;
  logic packet_valid;
  logic packet_ready;
  logic [Bits-1:0] packet_data;
  logic router_empty;
  logic router_dropped;
  logic ready;
  logic rest;
  logic home;
  logic error;
  logic [31:0] status;

  always_ff @(posedge clk_i) begin
    rst_q <= rst_i;
    in_q <= {in_q[InBits-2:0], in_i};
    out_q <= {out_data, out_valid, in_ready, status, ready, rest, home, error};
  end

  snnc_router #(
    .FifoDepth(RouterFifoDepth),
    .XBits(XBits),
    .YBits(YBits)
  ) u_router (
    .clk_i,
    .rst_i(rst_q),
    .x_i(XBits'(MeshWidth / 2)),
    .y_i(YBits'(MeshHeight / 2)),
    .edge_i('0),
    .valid_i({packet_valid, in_q[Links-1:0]}),
    .ready_o({packet_ready, in_ready}),
    .data_i({packet_data, in_q[InBits-1:2*Links]}),
    .valid_o({event_valid, out_valid}),
    .ready_i({event_ready, in_q[2*Links-1:Links]}),
    .data_o({event_data, out_data}),
    .empty_o(router_empty),
    .dropped_o(router_dropped)
  );

  snnc_core #(
    .Lanes(Lanes),
    .WeightBits(WeightBits),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .ParameterWords(ParameterWords),
    .AxonRows(AxonRows),
    .AxonColumns(AxonColumns),
    .BitmapSlots(BitmapSlots),
    .Cuba(Cuba),
    .DecayMultiplier(DecayMultiplier),
    .ResetAmount(ResetAmount),
    .ChannelLeak(ChannelLeak),
    .LowerClamp(LowerClamp),
    .FractionBits(FractionBits),
    .PayloadBits(PayloadBits),
    .Destinations(Destinations),
    .Sources(Sources),
    .EventFifoDepth(EventFifoDepth),
    .Contexts(Contexts),
    .Loadable(Loadable),
    .SinglePortWeights(SinglePortWeights),
    .KeptAddress(snnc_pkg::address_kept(MeshWidth, MeshHeight))
  ) u_core (
    .clk_i,
    .rst_i(rst_q),
    .event_valid_i(event_valid),
    .event_ready_o(event_ready),
    .event_data_i(event_data),
    .packet_valid_o(packet_valid),
    .packet_ready_i(packet_ready),
    .packet_data_o(packet_data),
    .router_empty_i(router_empty),
    .router_dropped_i(router_dropped),
    .ready_o(ready),
    .rest_o(rest),
    .home_o(home),
    .error_o(error),
    .status_o(status)
  );
endmodule

`default_nettype wire
