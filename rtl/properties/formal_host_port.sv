// SPDX-License-Identifier: Apache-2.0
// Properties of snnc_host_port: a SYNC is taken exactly when its credits are there, or when the mesh is at
// rest and will bring no more, which is flagged; every CREDIT is counted once, up to what can be counted,
// everything else passes unchanged in both directions, and streams stay streams. Nothing passes before the
// mesh is ready.
`default_nettype none

module formal_host_port (
  input wire logic clk_i
);
  localparam int Bits = snnc_pkg::FlitBits;

  (* anyseq *) logic reset;
  (* anyseq *) logic s_valid;
  (* anyseq *) logic [Bits-1:0] s_data;
  (* anyseq *) logic into_ready;
  (* anyseq *) logic from_valid;
  (* anyseq *) logic [Bits-1:0] from_data;
  (* anyseq *) logic m_ready;
  (* anyseq *) logic ready;
  (* anyseq *) logic rest;
  logic rst;
  logic error;
  logic s_ready;
  logic into_valid;
  logic [Bits-1:0] into_data;
  logic from_ready;
  logic m_valid;
  logic [Bits-1:0] m_data;

  assign rst = reset || $initstate;

  snnc_host_port dut (
    .clk_i,
    .rst_i(rst),
    .s_valid_i(s_valid),
    .s_ready_o(s_ready),
    .s_data_i(s_data),
    .mesh_valid_o(into_valid),
    .mesh_ready_i(into_ready),
    .mesh_data_o(into_data),
    .mesh_valid_i(from_valid),
    .mesh_ready_o(from_ready),
    .mesh_data_i(from_data),
    .m_valid_o(m_valid),
    .m_ready_i(m_ready),
    .m_data_o(m_data),
    .ready_i(ready),
    .rest_i(rest),
    .error_o(error)
  );

  formal_stream #(.Width(Bits), .Assumed(1)) u_s (
    .clk_i, .rst_i(rst), .valid_i(s_valid), .ready_i(s_ready), .data_i(s_data)
  );
  formal_stream #(.Width(Bits), .Assumed(1)) u_from (
    .clk_i, .rst_i(rst), .valid_i(from_valid), .ready_i(from_ready), .data_i(from_data)
  );
  formal_stream #(.Width(Bits)) u_into (
    .clk_i, .rst_i(rst), .valid_i(into_valid), .ready_i(into_ready), .data_i(into_data)
  );
  formal_stream #(.Width(Bits)) u_m (
    .clk_i, .rst_i(rst), .valid_i(m_valid), .ready_i(m_ready), .data_i(m_data)
  );

  logic is_sync;
  logic is_credit;
  logic [15:0] count;
  logic enough;
  logic comes;
  // Cycles that this SYNC has waited; whether there was something to flag; the mesh stays ready.
  logic [2:0] waited_q;
  logic flagged_q;
  logic ready_q;
  logic [16:0] held_q;
  logic [16:0] held_d;

  assign is_sync = snnc_pkg::flit_type(s_data) == snnc_pkg::FlitSync;
  assign is_credit = snnc_pkg::flit_type(from_data) == snnc_pkg::FlitCredit;
  assign count = snnc_pkg::sync_count(snnc_pkg::flit_data(s_data));
  assign enough = held_q >= {1'b0, count};
  assign comes = from_valid && is_credit;
  assign held_d = held_q + 17'(comes && held_q != 17'h0ffff)
      - ((s_valid && s_ready && is_sync) ? {1'b0, count} : 17'd0);

  always_ff @(posedge clk_i) begin
    held_q <= (s_valid && s_ready && is_sync && !enough) ? '0 : held_d;
    waited_q <= (s_valid && !s_ready && is_sync && ready) ? waited_q + 3'(waited_q != '1) : '0;
    flagged_q <= flagged_q || (s_valid && s_ready && is_sync && !enough) || (comes && held_q == 17'h0ffff);
    ready_q <= ready;
    if (rst) begin
      held_q <= '0;
      waited_q <= '0;
      flagged_q <= 1'b0;
      ready_q <= 1'b0;
    end
  end

  always @(posedge clk_i) begin
    if (!rst) begin
      assume (ready || !ready_q);
      if (!ready) assert (!s_ready && !into_valid);
      // Behind the last flit before it, a SYNC has seen four cycles of the mesh: then rest is rest.
      if (ready && s_valid && is_sync) begin
        assert (s_ready == (enough || (waited_q >= 3'd4 && rest)) && !into_valid);
      end
      if (ready && s_valid && !is_sync) begin
        assert (into_valid && into_data == s_data && s_ready == into_ready);
      end
      assert (error == flagged_q);
      if (!s_valid) assert (!into_valid);
      if (from_valid && is_credit) assert (from_ready && !m_valid);
      if (from_valid && !is_credit) begin
        assert (m_valid && m_data == from_data && from_ready == m_ready);
      end
      if (!from_valid) assert (!m_valid);
    end
  end

`ifdef INVARIANTS
  (* hierconn *) wire [15:0] \dut.credits_q ;
  (* hierconn *) wire [3:0] \dut.waiting_q ;

  always @(posedge clk_i) begin
    if (!rst) begin
      assert (held_q == {1'b0, \dut.credits_q });
      assert (\dut.waiting_q == ((waited_q >= 3'd4) ? 4'hf : 4'hf >> (4 - waited_q)));
    end
  end
`endif
endmodule

`default_nettype wire
