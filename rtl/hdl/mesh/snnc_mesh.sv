// SPDX-License-Identifier: Apache-2.0
// Mesh of neurocores with a router each; the host attaches at West of router (0, 0).
`default_nettype none

module snnc_mesh #(
  // Routers and cores in X and in Y, 1 to 64 each.
  parameter int MeshWidth = 2,
  parameter int MeshHeight = 2,
  // Parameters of every core; see snnc_core.
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
  // Entries of each router input FIFO; a power of two, at least 2.
  parameter int RouterFifoDepth = 4,
  // Tiles that a core can hold.
  parameter int Contexts = 1,
  // Memories that CONFIG flits write, one bit per memory code. The others keep their initial
  // content, which synthesis then folds into the logic.
  parameter int Loadable = 8191,
  // 1: weights lie in RAM of one port, which has no initial content: they are loaded before the first run.
  parameter int SinglePortWeights = 0,
  // Common beginning of the names of the initial memory images; "" for none.
  parameter InitPrefix = ""
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
`ifdef SNNC_TRACE
  // Run, cycle and open file of the trace.
  input  wire logic [31:0]                  trace_run_i,
  input  wire logic [31:0]                  trace_cycle_i,
  input  wire logic [31:0]                  trace_file_i,
`endif
  // From the host port.
  input  wire logic                         host_valid_i,
  output      logic                         host_ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] host_data_i,
  // To the host port.
  output      logic                         host_valid_o,
  input  wire logic                         host_ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] host_data_o,
  // What all cores tell; see snnc_top.
  output      logic                         ready_o,
  output      logic                         rest_o,
  output      logic                         home_o,
  output      logic                         error_o,
  // What every core did in the last cycle, row by row.
  output      logic [MeshWidth*MeshHeight*snnc_pkg::ActionsBits-1:0] actions_o,
  // Core {y, x} and, in the same cycle, its status word; 0 where there is none.
  input  wire logic [snnc_pkg::AddressBits-1:0] select_i,
  output      logic [31:0]                  status_o
);
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int Ports = snnc_pkg::Ports;
  localparam int North = snnc_pkg::North;
  localparam int East = snnc_pkg::East;
  localparam int South = snnc_pkg::South;
  localparam int West = snnc_pkg::West;
  localparam int Local = snnc_pkg::Local;
  localparam int Cores = MeshWidth * MeshHeight;
  // What this mesh keeps of an address.
  localparam int XBits = snnc_pkg::coordinate_bits(MeshWidth, snnc_pkg::FlitXBits);
  localparam int YBits = snnc_pkg::coordinate_bits(MeshHeight, snnc_pkg::FlitYBits);
  localparam logic [snnc_pkg::AddressBits-1:0] Kept = snnc_pkg::address_kept(MeshWidth, MeshHeight);

  logic [Cores-1:0] ready;
  logic [Cores-1:0] rest;
  logic [Cores-1:0] home;
  logic [Cores-1:0] error;
  // The status word of each core, 0 but for the chosen one.
  logic [Cores*32-1:0] status;

  // All equally late: what holds, held for every core and router in the same cycle.
  always_ff @(posedge clk_i) begin
    ready_o <= ready == '1;
    rest_o <= rest == '1;
    home_o <= rest == '1 && home == '1;
    error_o <= error != '0;
    if (rst_i) begin
      ready_o <= 1'b0;
      rest_o <= 1'b0;
      home_o <= 1'b0;
      error_o <= 1'b0;
    end
  end

  always @* begin
    status_o = '0;
    for (int i = 0; i < Cores; i++) status_o = status_o | status[i*32+:32];
  end

  for (genvar y = 0; y < MeshHeight; y++) begin : g_y
    for (genvar x = 0; x < MeshWidth; x++) begin : g_x
      // Two hexadecimal digits each, in lower case.
      localparam logic [7:0] SixteensX = 8'h30 + 8'(x / 16);
      localparam logic [7:0] SixteensY = 8'h30 + 8'(y / 16);
      localparam logic [7:0] OnesX = (x % 16 < 10) ? 8'h30 + 8'(x % 16) : 8'h57 + 8'(x % 16);
      localparam logic [7:0] OnesY = (y % 16 < 10) ? 8'h30 + 8'(y % 16) : 8'h57 + 8'(y % 16);

      // Streams of this router: into and out of its ports. Where no flit ever comes from, synthesis chooses what
      // it would be, and needs no register for it.
      logic [Ports-1:0] in_valid;
      logic [Ports-1:0] in_ready;
      logic [Ports*Bits-1:0] in_data;
      logic [Ports-1:0] out_valid;
      logic [Ports-1:0] out_ready;
      logic [Ports*Bits-1:0] out_data;

      if (y > 0) begin : g_north
        assign in_valid[North] = g_y[y-1].g_x[x].out_valid[South];
        assign in_data[North*Bits+:Bits] = g_y[y-1].g_x[x].out_data[South*Bits+:Bits];
        assign out_ready[North] = g_y[y-1].g_x[x].in_ready[South];
      end else begin : g_no_north
        assign in_valid[North] = 1'b0;
        assign in_data[North*Bits+:Bits] = 'x;
        assign out_ready[North] = 1'b0;
      end

      if (x < MeshWidth - 1) begin : g_east
        assign in_valid[East] = g_y[y].g_x[x+1].out_valid[West];
        assign in_data[East*Bits+:Bits] = g_y[y].g_x[x+1].out_data[West*Bits+:Bits];
        assign out_ready[East] = g_y[y].g_x[x+1].in_ready[West];
      end else begin : g_no_east
        assign in_valid[East] = 1'b0;
        assign in_data[East*Bits+:Bits] = 'x;
        assign out_ready[East] = 1'b0;
      end

      if (y < MeshHeight - 1) begin : g_south
        assign in_valid[South] = g_y[y+1].g_x[x].out_valid[North];
        assign in_data[South*Bits+:Bits] = g_y[y+1].g_x[x].out_data[North*Bits+:Bits];
        assign out_ready[South] = g_y[y+1].g_x[x].in_ready[North];
      end else begin : g_no_south
        assign in_valid[South] = 1'b0;
        assign in_data[South*Bits+:Bits] = 'x;
        assign out_ready[South] = 1'b0;
      end

      if (x > 0) begin : g_west
        assign in_valid[West] = g_y[y].g_x[x-1].out_valid[East];
        assign in_data[West*Bits+:Bits] = g_y[y].g_x[x-1].out_data[East*Bits+:Bits];
        assign out_ready[West] = g_y[y].g_x[x-1].in_ready[East];
      end else if (y == 0) begin : g_host
        assign in_valid[West] = host_valid_i;
        assign in_data[West*Bits+:Bits] = {
          host_data_i[Bits-1:snnc_pkg::AddressBits],
          snnc_pkg::address_within(snnc_pkg::flit_address(host_data_i), Kept)
        };
        assign out_ready[West] = host_ready_i;
        assign host_ready_o = in_ready[West];
        assign host_valid_o = out_valid[West];
        assign host_data_o = out_data[West*Bits+:Bits];
      end else begin : g_no_west
        assign in_valid[West] = 1'b0;
        assign in_data[West*Bits+:Bits] = 'x;
        assign out_ready[West] = 1'b0;
      end

      // Edge outputs lead nowhere, and their router knows.
      logic unused;
      assign unused = ^{out_valid, out_data};

      localparam int Core = y * MeshWidth + x;
      localparam logic [snnc_pkg::AddressBits-1:0] Here =
          snnc_pkg::AddressBits'(y << snnc_pkg::AddressYAt | x << snnc_pkg::AddressXAt);
      localparam logic [Ports-1:0] Edges = Ports'(32'(y == 0) << North) | Ports'(32'(x == MeshWidth - 1) << East)
          | Ports'(32'(y == MeshHeight - 1) << South) | Ports'(32'(x == 0 && y != 0) << West);
      logic router_empty;
      logic router_sent;
      logic router_dropped;
      logic [31:0] core_status;
      logic [Lanes+1:0] core_actions;

      assign status[Core*32+:32] = (select_i == Here) ? core_status : '0;

      snnc_router #(
        .FifoDepth(RouterFifoDepth),
        .XBits(XBits),
        .YBits(YBits)
      ) u_router (
        .clk_i,
        .rst_i,
        .x_i(XBits'(x)),
        .y_i(YBits'(y)),
        .edge_i(Edges),
        .valid_i(in_valid),
        .ready_o(in_ready),
        .data_i(in_data),
        .valid_o(out_valid),
        .ready_i(out_ready),
        .data_o(out_data),
        .empty_o(router_empty),
        .local_empty_o(router_sent),
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
        .KeptAddress(Kept),
        .InitCore((InitPrefix == "") ? "" : {InitPrefix, "_x", SixteensX, OnesX, "_y", SixteensY, OnesY})
      ) u_core (
        .clk_i,
        .rst_i,
`ifdef SNNC_TRACE
        .x_i(snnc_pkg::FlitXBits'(x)),
        .y_i(snnc_pkg::FlitYBits'(y)),
        .trace_run_i,
        .trace_cycle_i,
        .trace_file_i,
`endif
        .event_valid_i(out_valid[Local]),
        .event_ready_o(out_ready[Local]),
        .event_data_i(out_data[Local*Bits+:Bits]),
        .packet_valid_o(in_valid[Local]),
        .packet_ready_i(in_ready[Local]),
        .packet_data_o(in_data[Local*Bits+:Bits]),
        .router_empty_i(router_empty),
        .sent_i(router_sent),
        .router_dropped_i(router_dropped),
        .actions_o(core_actions),
        .ready_o(ready[Core]),
        .rest_o(rest[Core]),
        .home_o(home[Core]),
        .error_o(error[Core]),
        .status_o(core_status)
      );

      snnc_actions #(
        .Lanes(Lanes)
      ) u_actions (
        .clk_i,
        .rst_i,
        .weight_read_i(core_actions[0]),
        .sweep_i(core_actions[1]),
        .spikes_i(core_actions[Lanes+1:2]),
        .arrival_i(out_valid[Local] && out_ready[Local]),
        .hops_i(in_valid & in_ready),
        .actions_o(actions_o[Core*snnc_pkg::ActionsBits+:snnc_pkg::ActionsBits])
      );
    end
  end
endmodule

`default_nettype wire
