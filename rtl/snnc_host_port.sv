// SPDX-License-Identifier: Apache-2.0
// Host port: counts the credits that come back to the host, holds its stream at SYNC until there
// are enough, and passes everything else through without a register.
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
  output      logic [snnc_pkg::FlitBits-1:0] m_data_o
);
  logic [15:0] credits_q;
  logic [15:0] count;
  logic is_sync;
  logic is_credit;
  logic granted;

  assign is_sync = s_data_i[11:9] == snnc_pkg::FlitSync;
  assign count = s_data_i[27:12];
  assign granted = s_valid_i && is_sync && credits_q >= count;
  assign s_ready_o = is_sync ? credits_q >= count : mesh_ready_i;
  assign mesh_valid_o = s_valid_i && !is_sync;
  assign mesh_data_o = s_data_i;

  assign is_credit = mesh_data_i[11:9] == snnc_pkg::FlitCredit;
  assign m_valid_o = mesh_valid_i && !is_credit;
  assign mesh_ready_o = is_credit || m_ready_i;
  assign m_data_o = mesh_data_i;

  always_ff @(posedge clk_i) begin
    credits_q <= credits_q + 16'(mesh_valid_i && is_credit) - (granted ? count : 16'd0);
    if (rst_i) credits_q <= '0;
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
      if (mesh_valid_i && is_credit) begin
        assert (credits_q != '1) else $fatal(1, "%m: more credits than can be counted");
      end
    end
  end
`endif
endmodule

`default_nettype wire
