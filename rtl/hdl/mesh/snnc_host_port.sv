// SPDX-License-Identifier: Apache-2.0
// Host port: counts the credits that come back to the host, holds its stream until the mesh is ready and at
// SYNC until there are enough, and passes everything else through without a register.
`default_nettype none

module snnc_host_port (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
  // From the host.
  input  wire logic                         s_valid_i,
  output      logic                         s_ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] s_data_i,
  // Into the mesh.
  output      logic                         mesh_valid_o,
  input  wire logic                         mesh_ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] mesh_data_o,
  // Out of the mesh.
  input  wire logic                         mesh_valid_i,
  output      logic                         mesh_ready_o,
  input  wire logic [snnc_pkg::FlitBits-1:0] mesh_data_i,
  // To the host.
  output      logic                         m_valid_o,
  input  wire logic                         m_ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] m_data_o,
  // Every core has written v(0). Two cycles ago nothing could happen in the mesh before a flit came.
  input  wire logic                         ready_i,
  input  wire logic                         rest_i,
  // An error was seen since the reset; the status word of docs/microarchitecture.md.
  output      logic                         error_o,
  output      logic [snnc_pkg::HostStatusBits-1:0] status_o
);
  // Cycles at SYNC after which `rest_i` speaks of the mesh behind the last flit before it.
  localparam int RestCycles = 4;

  logic [snnc_pkg::SyncCountBits-1:0] credits_q;
  logic [snnc_pkg::SyncCountBits-1:0] count;
  logic is_sync;
  logic is_credit;
  logic enough;
  logic waiting;
  logic [RestCycles-1:0] waiting_q;
  // No CREDIT will come any more.
  logic starved;
  logic granted;
  logic counted;
  logic starved_q;
  logic overflow_q;

  assign is_sync = snnc_pkg::flit_type(s_data_i) == snnc_pkg::FlitSync;
  assign count = snnc_pkg::sync_count(snnc_pkg::flit_data(s_data_i));
  assign enough = credits_q >= count;
  assign waiting = s_valid_i && is_sync && ready_i && !enough;
  assign starved = waiting_q == '1 && rest_i;
  assign granted = s_valid_i && is_sync && ready_i && (enough || starved);
  assign s_ready_o = ready_i && (is_sync ? enough || starved : mesh_ready_i);
  assign mesh_valid_o = s_valid_i && !is_sync && ready_i;
  assign mesh_data_o = s_data_i;

  assign is_credit = snnc_pkg::flit_type(mesh_data_i) == snnc_pkg::FlitCredit;
  assign m_valid_o = mesh_valid_i && !is_credit;
  assign mesh_ready_o = is_credit || m_ready_i;
  assign m_data_o = mesh_data_i;

  // A CREDIT that cannot be counted is one of many too many.
  assign counted = mesh_valid_i && is_credit && credits_q != '1;
  assign error_o = starved_q || overflow_q;
  always @* begin
    status_o = '0;
    status_o[snnc_pkg::HostStatusStarvedSyncAt] = starved_q;
    status_o[snnc_pkg::HostStatusSurplusCreditsAt] = overflow_q;
    status_o[snnc_pkg::HostStatusAtSyncAt] = waiting_q[0];
    status_o[snnc_pkg::HostStatusCreditsAt+:snnc_pkg::HostStatusCreditsBits] = credits_q;
  end

  always_ff @(posedge clk_i) begin
    // A SYNC that is starved takes all there are.
    credits_q <= (granted && !enough) ? 16'd0
        : credits_q + 16'(counted) - (granted ? count : 16'd0);
    waiting_q <= (waiting && !granted) ? {waiting_q[RestCycles-2:0], 1'b1} : '0;
    starved_q <= starved_q || (granted && !enough);
    overflow_q <= overflow_q || (mesh_valid_i && is_credit && !counted);
    if (rst_i) begin
      credits_q <= '0;
      waiting_q <= '0;
      starved_q <= 1'b0;
      overflow_q <= 1'b0;
    end
  end

`ifdef SNNC_ASSERT
  logic s_waiting_q;
  logic m_waiting_q;
  logic [snnc_pkg::FlitBits-1:0] s_data_q;
  logic [snnc_pkg::FlitBits-1:0] m_data_q;

  always @(posedge clk_i) begin
    s_waiting_q <= s_valid_i && !s_ready_o && !rst_i;
    m_waiting_q <= m_valid_o && !m_ready_i && !rst_i;
    s_data_q <= s_data_i;
    m_data_q <= m_data_o;
    if (!rst_i) begin
      if (s_waiting_q) begin
        assert (s_valid_i && s_data_i == s_data_q)
          else $fatal(1, "%m: host input changed while waiting");
      end
      if (m_waiting_q) begin
        assert (m_valid_o && m_data_o == m_data_q)
          else $fatal(1, "%m: host output changed while waiting");
      end
    end
  end
`endif
endmodule

`default_nettype wire
