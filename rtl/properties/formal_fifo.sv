// SPDX-License-Identifier: Apache-2.0
// Properties of snnc_fifo: what is pushed leaves once, in order and unchanged, and nothing else does.
// One entry, pushed at any time, is watched; how many entries are ahead of it is counted at the ports.
`default_nettype none

module formal_fifo #(
  parameter int Width = 8,
  parameter int Depth = 4
) (
  input wire logic clk_i
);
  localparam int PointerBits = $clog2(Depth);
  localparam int CountBits = PointerBits + 1;

  (* anyseq *) logic reset;
  (* anyseq *) logic in_valid;
  (* anyseq *) logic [Width-1:0] in_data;
  (* anyseq *) logic out_ready;
  (* anyseq *) logic watch;
  logic rst;
  logic in_ready;
  logic out_valid;
  logic [Width-1:0] out_data;

  assign rst = reset || $initstate;

  snnc_fifo #(
    .Width(Width),
    .Depth(Depth)
  ) dut (
    .clk_i,
    .rst_i(rst),
    .valid_i(in_valid),
    .ready_o(in_ready),
    .data_i(in_data),
    .valid_o(out_valid),
    .ready_i(out_ready),
    .data_o(out_data)
  );

  formal_stream #(
    .Width(Width),
    .Assumed(1)
  ) u_in (
    .clk_i,
    .rst_i(rst),
    .valid_i(in_valid),
    .ready_i(in_ready),
    .data_i(in_data)
  );
  formal_stream #(
    .Width(Width)
  ) u_out (
    .clk_i,
    .rst_i(rst),
    .valid_i(out_valid),
    .ready_i(out_ready),
    .data_i(out_data)
  );

  logic push;
  logic pop;
  logic [CountBits-1:0] count_q;
  logic watched_q;
  logic [CountBits-1:0] ahead_q;
  logic [Width-1:0] entry_q;

  assign push = in_valid && in_ready;
  assign pop = out_valid && out_ready;

  always_ff @(posedge clk_i) begin
    count_q <= count_q + CountBits'(push) - CountBits'(pop);
    if (watched_q && pop) begin
      ahead_q <= ahead_q - CountBits'(1);
      if (ahead_q == '0) watched_q <= 1'b0;
    end
    if (!watched_q && watch && push) begin
      watched_q <= 1'b1;
      ahead_q <= count_q - CountBits'(pop);
      entry_q <= in_data;
    end
    if (rst) begin
      count_q <= '0;
      watched_q <= 1'b0;
    end
  end

  always @(posedge clk_i) begin
    if (!rst) begin
      assert (in_ready == (count_q < CountBits'(Depth)));
      assert (out_valid == (count_q != '0));
      if (watched_q) begin
        assert (ahead_q < count_q);
        if (ahead_q == '0) assert (out_valid && out_data == entry_q);
      end
    end
  end

`ifdef INVARIANTS
  // For induction, with a depth of 4: what the counters here say of the registers inside.
  (* hierconn *) wire \dut.valid_q ;
  (* hierconn *) wire [Width-1:0] \dut.head_q ;
  (* hierconn *) wire \dut.g_memory.more_q ;
  (* hierconn *) wire [1:0] \dut.g_memory.read_q ;
  (* hierconn *) wire [1:0] \dut.g_memory.write_q ;
  (* hierconn *) wire [2:0] \dut.g_memory.count_q ;
  (* hierconn *) wire [Width-1:0] \dut.g_memory.memory[0] ;
  (* hierconn *) wire [Width-1:0] \dut.g_memory.memory[1] ;
  (* hierconn *) wire [Width-1:0] \dut.g_memory.memory[2] ;
  (* hierconn *) wire [Width-1:0] \dut.g_memory.memory[3] ;
  logic [1:0] slot;
  logic [4*Width-1:0] memory;

  // Slots are counted from the one behind the head.
  assign slot = \dut.g_memory.read_q + ahead_q[1:0] - 2'd1;
  assign memory = {\dut.g_memory.memory[3] , \dut.g_memory.memory[2] , \dut.g_memory.memory[1] ,
                   \dut.g_memory.memory[0] };

  always @(posedge clk_i) begin
    if (!rst) begin
      assert (count_q <= 3'd4 && \dut.g_memory.count_q == count_q);
      assert (\dut.valid_q == (count_q != '0) && \dut.g_memory.more_q == (count_q > 3'd1));
      assert (\dut.g_memory.write_q == 2'(\dut.g_memory.read_q + count_q[1:0] - 2'd1));
      if (watched_q && ahead_q == '0) assert (\dut.head_q == entry_q);
      if (watched_q && ahead_q != '0) assert (memory[slot*Width+:Width] == entry_q);
    end
  end
`endif
endmodule

`default_nettype wire
