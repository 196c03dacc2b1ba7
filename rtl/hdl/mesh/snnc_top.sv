// SPDX-License-Identifier: Apache-2.0
// Mesh and host port: the unit that goes into an FPGA. Both streams are AXI-Stream shaped.
`default_nettype none

module snnc_top #(
  // Routers and cores in X and in Y, 1 to 64 each.
  parameter int MeshWidth = 2,
  parameter int MeshHeight = 2,
  // Neurons per word of a core; a power of two.
  parameter int Lanes = 8,
  // Bits of a weight, 2 to 8.
  parameter int WeightBits = 4,
  // Bits of a neuron's state, of a threshold and of a bias, 8 to 24.
  parameter int StateBits = 16,
  // Words of a core's weight memory, and of its state memory.
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  // Words of thresholds, initial membranes and biases each: one per channel, Lanes to a word.
  parameter int ParameterWords = 16,
  // Entries of a core's axon row and axon column table, 1 to 256.
  parameter int AxonRows = 16,
  parameter int AxonColumns = 16,
  // Spike bitmaps a core keeps: one more than the longest delay; a power of two, at most 16.
  parameter int BitmapSlots = 1,
  // 1: a second state memory, for neurons with a synaptic current.
  parameter int Cuba = 0,
  // 1: decays multiply; 0: they shift.
  parameter int DecayMultiplier = 0,
  parameter int ResetAmount = 0,
  parameter int ChannelLeak = 0,
  parameter int LowerClamp = 0,
  parameter int FractionBits = 0,
  parameter int PayloadBits = 8,
  // Entries of a core's destination and source table.
  parameter int Destinations = 8,
  parameter int Sources = 8,
  // Entries of a core's event FIFO and of each router input FIFO; powers of two, at least 2.
  parameter int EventFifoDepth = 16,
  parameter int RouterFifoDepth = 4,
  // Tiles that a core can hold, 1 to 16.
  parameter int Contexts = 1,
  // Memories that CONFIG flits write, one bit per memory code. The others keep their initial
  // content, which synthesis then folds into the logic.
  parameter int Loadable = 8191,
  // 1: weights lie in RAM of one port, which has no initial content: they are loaded before the first run.
  parameter int SinglePortWeights = 0,
  // 0: no status words; `status_o` is 0. Errors are ignored and flagged all the same.
  parameter int Diagnostics = 1,
  // With a prefix other than "", the memories of core (X, Y) start with the content of
  // <InitPrefix>_x<X>_y<Y>_<memory>.hex; X and Y are two hexadecimal digits in lower case.
  parameter InitPrefix = ""
) (
  input  wire logic                         clk_i,
  // Synchronous, active high, one cycle or more, at any time: the way to the state between two samples.
  input  wire logic                         rst_i,
`ifdef SNNC_TRACE
  // Run, cycle and open file of the trace.
  input  wire logic [31:0]                  trace_run_i,
  input  wire logic [31:0]                  trace_cycle_i,
  input  wire logic [31:0]                  trace_file_i,
`endif
  // Flits from the host.
  input  wire logic                         s_axis_tvalid,
  output      logic                         s_axis_tready,
  input  wire logic [snnc_pkg::FlitBits-1:0] s_axis_tdata,
  // Flits to the host.
  output      logic                         m_axis_tvalid,
  input  wire logic                         m_axis_tready,
  output      logic [snnc_pkg::FlitBits-1:0] m_axis_tdata,
  // Every enabled core has written v(0) since the reset; until then no flit is accepted.
  output      logic                         ready_o,
  // Nothing happens any more until a flit arrives; that, and a sample could begin.
  output      logic                         rest_o,
  output      logic                         home_o,
  // An error was found since the reset; the status words say where.
  output      logic                         error_o,
  // What every core and its router did in the last cycle, row by row; see snnc_actions.
  output      logic [MeshWidth*MeshHeight*snnc_pkg::ActionsBits-1:0] actions_o,
  // The status word to show two cycles later: that of core {y, x}, or with bit 12 that of the host port.
  input  wire logic [snnc_pkg::AddressBits-1:0] status_select_i,
  output      logic [31:0]                  status_o
);
  // A reset lasts until what is on its way through the cores' pipelines has run out.
  logic [2:0] settle_q;
  logic rst;

  logic in_valid;
  logic in_ready;
  logic [snnc_pkg::FlitBits-1:0] in_data;
  logic out_valid;
  logic out_ready;
  logic [snnc_pkg::FlitBits-1:0] out_data;
  logic mesh_error;
  logic host_error;
  logic [snnc_pkg::AddressBits-1:0] select_q;
  logic [31:0] mesh_status;
  logic [31:0] host_status;

  assign rst = rst_i || settle_q != '0;
  always_ff @(posedge clk_i) begin
    if (rst_i) settle_q <= '1;
    else if (settle_q != '0) settle_q <= settle_q - 3'd1;
  end

  snnc_parameters #(
    .MeshWidth(MeshWidth),
    .MeshHeight(MeshHeight),
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
    .RouterFifoDepth(RouterFifoDepth),
    .Contexts(Contexts),
    .Loadable(Loadable),
    .SinglePortWeights(SinglePortWeights),
    .Diagnostics(Diagnostics)
  ) u_parameters ();

  snnc_host_port u_host_port (
    .clk_i,
    .rst_i(rst),
    .s_valid_i(s_axis_tvalid),
    .s_ready_o(s_axis_tready),
    .s_data_i(s_axis_tdata),
    .mesh_valid_o(in_valid),
    .mesh_ready_i(in_ready),
    .mesh_data_o(in_data),
    .mesh_valid_i(out_valid),
    .mesh_ready_o(out_ready),
    .mesh_data_i(out_data),
    .m_valid_o(m_axis_tvalid),
    .m_ready_i(m_axis_tready),
    .m_data_o(m_axis_tdata),
    .ready_i(ready_o),
    .rest_i(rest_o),
    .error_o(host_error),
    .status_o(host_status)
  );

  snnc_mesh #(
    .MeshWidth(MeshWidth),
    .MeshHeight(MeshHeight),
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
    .RouterFifoDepth(RouterFifoDepth),
    .Contexts(Contexts),
    .Loadable(Loadable),
    .SinglePortWeights(SinglePortWeights),
    .InitPrefix(InitPrefix)
  ) u_mesh (
    .clk_i,
    .rst_i(rst),
`ifdef SNNC_TRACE
    .trace_run_i,
    .trace_cycle_i,
    .trace_file_i,
`endif
    .host_valid_i(in_valid),
    .host_ready_o(in_ready),
    .host_data_i(in_data),
    .host_valid_o(out_valid),
    .host_ready_i(out_ready),
    .host_data_o(out_data),
    .ready_o,
    .rest_o,
    .home_o,
    .error_o(mesh_error),
    .actions_o,
    .select_i(select_q),
    .status_o(mesh_status)
  );

  assign error_o = mesh_error || host_error;

  if (Diagnostics != 0) begin : g_status
    always_ff @(posedge clk_i) begin
      select_q <= status_select_i;
      status_o <= snnc_pkg::address_host(select_q) ? host_status : mesh_status;
    end
  end else begin : g_no_status
    assign select_q = '0;
    assign status_o = '0;

    logic unused;
    assign unused = ^{status_select_i, host_status, mesh_status};
  end
endmodule

`default_nettype wire
