// SPDX-License-Identifier: Apache-2.0
// The mesh as a peripheral: flits on AXI4-Stream, registers on AXI4-Lite, an interrupt (docs/peripheral.md).
`default_nettype none

module snnc_peripheral #(
  // Flits and packets that are buffered; powers of two, 2 to 32768.
  parameter int InputDepth = 1024,
  parameter int OutputDepth = 512,
  // Names the hardware.
  parameter logic [23:0] Identity = '0,
  // Tiles that send to the host, at power-up.
  parameter int Senders = 1,
  // 0: actions of the cores are not counted.
  parameter int Actions = 1,
  // Parameters of snnc_top.
  parameter int MeshWidth = 2,
  parameter int MeshHeight = 2,
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
  parameter int RouterFifoDepth = 4,
  parameter int Contexts = 1,
  parameter int Loadable = 8191,
  parameter int SinglePortWeights = 0,
  parameter int Diagnostics = 1,
  parameter InitPrefix = ""
) (
  // Clock and reset as AXI has them: synchronous, active low, two cycles or more.
  input  wire logic        aclk,
  input  wire logic        aresetn,
  // Clock of the mesh: `aclk`, or `aclk` through a clock gate that is open in cycles with `mesh_clk_enable_o`.
  input  wire logic        mesh_clk_i,
  output      logic        mesh_clk_enable_o,
  // Something that is enabled is pending; stays high until it is cleared.
  output      logic        irq_o,
  // Flits to the mesh; the last of a sample has `tlast`.
  input  wire logic        s_axis_tvalid,
  output      logic        s_axis_tready,
  input  wire logic [snnc_pkg::StreamInBits-1:0] s_axis_tdata,
  input  wire logic        s_axis_tlast,
  // Packets from it; the last of a sample has `tlast`.
  output      logic        m_axis_tvalid,
  input  wire logic        m_axis_tready,
  output      logic [snnc_pkg::StreamOutBits-1:0] m_axis_tdata,
  output      logic        m_axis_tlast,
  // Registers.
  input  wire logic [snnc_pkg::PeripheralAddressBits-1:0] s_axil_awaddr,
  input  wire logic [2:0]  s_axil_awprot,
  input  wire logic        s_axil_awvalid,
  output      logic        s_axil_awready,
  input  wire logic [31:0] s_axil_wdata,
  input  wire logic [3:0]  s_axil_wstrb,
  input  wire logic        s_axil_wvalid,
  output      logic        s_axil_wready,
  output      logic [1:0]  s_axil_bresp,
  output      logic        s_axil_bvalid,
  input  wire logic        s_axil_bready,
  input  wire logic [snnc_pkg::PeripheralAddressBits-1:0] s_axil_araddr,
  input  wire logic [2:0]  s_axil_arprot,
  input  wire logic        s_axil_arvalid,
  output      logic        s_axil_arready,
  output      logic [31:0] s_axil_rdata,
  output      logic [1:0]  s_axil_rresp,
  output      logic        s_axil_rvalid,
  input  wire logic        s_axil_rready
);
  localparam int Bits = snnc_pkg::PeripheralAddressBits;
  // Cycles in which the mesh is clocked behind the last sign of work: more than it takes to tell that it is at rest.
  localparam logic [3:0] Awake = '1;
  // Cycles after which the mesh's word on its rest takes into account a flit that entered.
  localparam int RestCycles = 4;

  logic rst;
  logic restart;
  logic mesh_rst_q;
  logic [3:0] awake_q;
  logic reload;
  logic [RestCycles-1:0] pending_q;
  logic pending;
  logic at_rest;

  logic write;
  logic [Bits-1:0] write_address;
  logic [31:0] write_data;
  logic write_error;
  logic read;
  logic [Bits-1:0] read_address;
  logic [31:0] read_data;
  logic read_error;

  logic gather;
  logic manual;
  logic gate;
  logic [snnc_pkg::PeripheralSendersBits-1:0] senders;
  logic [snnc_pkg::AddressBits-1:0] select;
  logic select_change;
  logic append;
  logic [snnc_pkg::FlitBits:0] append_data;
  logic append_ready;
  logic take;
  logic [snnc_pkg::StreamOutBits-1:0] first;
  logic [31:0] state;
  logic [31:0] status;
  logic [$clog2(InputDepth):0] space;
  logic [$clog2(OutputDepth)+1:0] count;

  logic in_valid;
  logic in_ready;
  logic mesh_in_ready;
  logic [snnc_pkg::FlitBits-1:0] in_data;
  logic out_valid;
  logic mesh_out_valid;
  logic out_ready;
  logic [snnc_pkg::FlitBits-1:0] out_data;
  logic last;
  logic ready;
  logic rest;
  logic home;
  logic error;
  logic [MeshWidth*MeshHeight*snnc_pkg::ActionsBits-1:0] actions;

  logic [31:0] cycle;
  logic late;
  logic stalled;
  logic [31:0] samples;
  logic [31:0] finished;
  logic [31:0] flits;
  logic [31:0] packets;
  logic [31:0] busy;
  logic [31:0] blocked;
  logic [31:0] entered_signature;
  logic [31:0] left_signature;
  logic [snnc_pkg::ActionKinds*32-1:0] action_counts;

  assign rst = !aresetn;
  assign at_rest = rest && pending_q == '0 && !pending && !mesh_rst_q;
  assign reload = mesh_rst_q || pending || !rest || select_change || !gate;

  always_ff @(posedge aclk) begin
    // The mesh has to see it: as long as its clock stands still, a reset waits.
    mesh_rst_q <= rst || restart || (mesh_rst_q && !mesh_clk_enable_o);
    pending_q <= {pending_q[RestCycles-2:0], pending};
    if (reload) awake_q <= Awake;
    else if (awake_q != '0) awake_q <= awake_q - 4'd1;
    mesh_clk_enable_o <= reload || awake_q != '0;
    if (rst) begin
      pending_q <= '0;
      awake_q <= Awake;
      mesh_clk_enable_o <= 1'b1;
    end
  end

  snnc_axil u_axil (
    .clk_i(aclk),
    .rst_i(rst),
    .s_axil_awaddr,
    .s_axil_awvalid,
    .s_axil_awready,
    .s_axil_wdata,
    .s_axil_wstrb,
    .s_axil_wvalid,
    .s_axil_wready,
    .s_axil_bresp,
    .s_axil_bvalid,
    .s_axil_bready,
    .s_axil_araddr,
    .s_axil_arvalid,
    .s_axil_arready,
    .s_axil_rdata,
    .s_axil_rresp,
    .s_axil_rvalid,
    .s_axil_rready,
    .write_o(write),
    .write_address_o(write_address),
    .write_data_o(write_data),
    .write_error_i(write_error),
    .read_o(read),
    .read_address_o(read_address),
    .read_data_i(read_data),
    .read_error_i(read_error)
  );

  always @* begin
    state = '0;
    state[snnc_pkg::PeripheralStateReadyAt] = ready && !mesh_rst_q;
    state[snnc_pkg::PeripheralStateRestAt] = at_rest;
    state[snnc_pkg::PeripheralStateHomeAt] = home && at_rest;
    state[snnc_pkg::PeripheralStateErrorAt] = error;
    state[snnc_pkg::PeripheralStateLateAt] = late;
    state[snnc_pkg::PeripheralStateStalledAt] = stalled;
    state[snnc_pkg::PeripheralStateAwakeAt] = mesh_clk_enable_o;
  end

  snnc_peripheral_registers #(
    .Version({
      8'd0, 8'($clog2(OutputDepth)), 8'($clog2(InputDepth)), snnc_pkg::PeripheralVersionNumber
    }),
    .Identity({8'd0, Identity}),
    .Geometry({
      1'b0, 4'(WeightBits), 5'(StateBits), 3'($clog2(Lanes)), 5'(Contexts), 7'(MeshHeight), 7'(MeshWidth)
    }),
    .Senders(snnc_pkg::PeripheralSendersBits'(Senders))
  ) u_registers (
    .clk_i(aclk),
    .rst_i(rst),
    .write_i(write),
    .write_address_i(write_address),
    .write_data_i(write_data),
    .write_error_o(write_error),
    .read_i(read),
    .read_address_i(read_address),
    .read_data_o(read_data),
    .read_error_o(read_error),
    .restart_o(restart),
    .gather_o(gather),
    .manual_o(manual),
    .gate_o(gate),
    .senders_o(senders),
    .select_o(select),
    .select_change_o(select_change),
    .irq_o,
    .append_o(append),
    .append_data_o(append_data),
    .append_ready_i(append_ready),
    .take_o(take),
    .first_i(first),
    .offered_i(m_axis_tvalid && !m_axis_tready),
    .sample_i(last),
    .error_i(error),
    .state_i(state),
    .status_i(status),
    .space_i(32'(space)),
    .count_i(32'(count)),
    .samples_i(samples),
    .finished_i(finished),
    .flits_i(flits),
    .packets_i(packets),
    .busy_i(busy),
    .blocked_i(blocked),
    .entered_i(entered_signature),
    .left_i(left_signature),
    .actions_i(action_counts)
  );

  snnc_peripheral_input #(
    .Depth(InputDepth)
  ) u_input (
    .clk_i(aclk),
    .rst_i(rst),
    .restart_i(mesh_rst_q),
    .gather_i(gather),
    .manual_i(manual),
    .home_i(home && at_rest),
    .append_i(append),
    .append_data_i(append_data),
    .append_ready_o(append_ready),
    .space_o(space),
    .s_axis_tvalid,
    .s_axis_tready,
    .s_axis_tdata,
    .s_axis_tlast,
    .pending_o(pending),
    .valid_o(in_valid),
    .ready_i(in_ready),
    .data_o(in_data)
  );

  // In a cycle in which the mesh is not clocked nothing is transferred.
  assign in_ready = mesh_in_ready && mesh_clk_enable_o;
  assign out_valid = mesh_out_valid && mesh_clk_enable_o;

  snnc_peripheral_output #(
    .Depth(OutputDepth)
  ) u_output (
    .clk_i(aclk),
    .rst_i(rst),
    .restart_i(mesh_rst_q),
    .manual_i(manual),
    .take_i(take),
    .senders_i(senders),
    .cycle_i(cycle[snnc_pkg::StreamOutCycleBits-1:0]),
    .valid_i(out_valid),
    .ready_o(out_ready),
    .data_i(out_data),
    .last_o(last),
    .count_o(count),
    .first_o(first),
    .m_axis_tvalid,
    .m_axis_tready,
    .m_axis_tdata,
    .m_axis_tlast
  );

  snnc_peripheral_meter u_meter (
    .clk_i(aclk),
    .rst_i(mesh_rst_q),
    .offered_i(in_valid),
    .entered_i(in_valid && in_ready),
    .entered_data_i(in_data),
    .left_i(out_valid && out_ready),
    .left_data_i(out_data),
    .last_i(last),
    .blocked_i(out_valid && !out_ready),
    .busy_i(!at_rest),
    .cycle_o(cycle),
    .late_o(late),
    .stalled_o(stalled),
    .samples_o(samples),
    .finished_o(finished),
    .flits_o(flits),
    .packets_o(packets),
    .busy_o(busy),
    .blocked_o(blocked),
    .entered_o(entered_signature),
    .left_o(left_signature)
  );

  snnc_peripheral_actions #(
    .MeshWidth(MeshWidth),
    .MeshHeight(MeshHeight),
    .Actions(Actions)
  ) u_actions (
    .clk_i(aclk),
    .rst_i(mesh_rst_q),
    .select_i(select),
    .actions_i(actions),
    .counts_o(action_counts)
  );

  snnc_top #(
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
    .Diagnostics(Diagnostics),
    .InitPrefix(InitPrefix)
  ) u_top (
    .clk_i(mesh_clk_i),
    .rst_i(mesh_rst_q),
    .s_axis_tvalid(in_valid && mesh_clk_enable_o),
    .s_axis_tready(mesh_in_ready),
    .s_axis_tdata(in_data),
    .m_axis_tvalid(mesh_out_valid),
    .m_axis_tready(out_ready),
    .m_axis_tdata(out_data),
    .ready_o(ready),
    .rest_o(rest),
    .home_o(home),
    .error_o(error),
    .actions_o(actions),
    .status_select_i(select),
    .status_o(status)
  );

  logic unused;
  assign unused = ^{s_axil_awprot, s_axil_arprot, cycle};
endmodule

`default_nettype wire
