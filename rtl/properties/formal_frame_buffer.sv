// SPDX-License-Identifier: Apache-2.0
// Properties of snnc_frame_buffer, the registered buffer in front of the mesh: flits of committed frames
// leave once, in order and unchanged, those of dropped frames never, the stream rule holds, and its block
// RAM is not read where it is written. One flit, written at any time, is watched.
`default_nettype none

module formal_frame_buffer #(
  parameter int Depth = 4
) (
  input wire logic clk_i
);
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int CountBits = $clog2(Depth) + 1;

  (* anyseq *) logic reset;
  (* anyseq *) logic write;
  (* anyseq *) logic [Bits-1:0] data;
  (* anyseq *) logic commit;
  (* anyseq *) logic drop;
  (* anyseq *) logic open;
  (* anyseq *) logic out_ready;
  (* anyseq *) logic watch;
  logic rst;
  logic full;
  logic out_valid;
  logic [Bits-1:0] out_data;

  assign rst = reset || $initstate;

  snnc_frame_buffer #(
    .Depth(Depth)
  ) dut (
    .clk_i,
    .rst_i(rst),
    .write_i(write),
    .data_i(data),
    .full_o(full),
    .commit_i(commit),
    .drop_i(drop),
    .open_i(open),
    .valid_o(out_valid),
    .ready_i(out_ready),
    .data_o(out_data)
  );

  formal_stream #(.Width(Bits)) u_out (
    .clk_i, .rst_i(rst), .valid_i(out_valid), .ready_i(out_ready), .data_i(out_data)
  );

  // Flits of the current frame, committed ones in the memory, those of them that are there for more than a
  // cycle, and the one in the output register.
  logic [CountBits-1:0] current_q;
  logic [CountBits-1:0] stored_q;
  logic [CountBits-1:0] readable_q;
  logic loaded_q;
  logic fetch;
  logic pop;
  logic open_q;
  logic watched_q;
  logic [CountBits-1:0] ahead_q;
  logic [Bits-1:0] flit_q;

  assign pop = out_valid && out_ready;
  assign fetch = readable_q != '0 && (!loaded_q || pop);

  always_ff @(posedge clk_i) begin
    open_q <= open;
    current_q <= (commit || drop) ? '0 : current_q + CountBits'(write);
    stored_q <= stored_q + (commit ? current_q : '0) - CountBits'(fetch);
    readable_q <= stored_q - CountBits'(fetch);
    loaded_q <= fetch || (loaded_q && !pop);
    if (watched_q && pop) begin
      ahead_q <= ahead_q - CountBits'(1);
      if (ahead_q == '0) watched_q <= 1'b0;
    end
    if (watched_q && drop && ahead_q >= stored_q + CountBits'(loaded_q)) watched_q <= 1'b0;
    if (!watched_q && watch && write) begin
      watched_q <= 1'b1;
      ahead_q <= stored_q + CountBits'(loaded_q) + current_q - CountBits'(pop);
      flit_q <= data;
    end
    if (rst) begin
      open_q <= 1'b0;
      current_q <= '0;
      stored_q <= '0;
      readable_q <= '0;
      loaded_q <= 1'b0;
      watched_q <= 1'b0;
    end
  end

  always @(posedge clk_i) begin
    // What snnc_frame_buffer asks of its user; the gate closes by a reset alone.
    assume (!(write && (full || commit || drop)) && !(commit && drop));
    if (rst) assume (!write && !commit && !drop && !open);
    else assume (open || !open_q);
    if (!rst) begin
      assert (full == (stored_q + current_q == CountBits'(Depth)));
      assert (out_valid == (loaded_q && open));
      if (out_valid && watched_q && ahead_q == '0) assert (out_data == flit_q);
    end
  end

`ifdef INVARIANTS
  // For induction, with a depth of 4.
  (* hierconn *) wire [2:0] \dut.write_q ;
  (* hierconn *) wire [2:0] \dut.committed_q ;
  (* hierconn *) wire [2:0] \dut.readable_q ;
  (* hierconn *) wire [2:0] \dut.read_q ;
  (* hierconn *) wire [2:0] \dut.second_q ;
  (* hierconn *) wire \dut.loaded_q ;
  (* hierconn *) wire [Bits-1:0] \dut.data ;
  (* hierconn *) wire [Bits-1:0] \dut.u_memory.memory[0] ;
  (* hierconn *) wire [Bits-1:0] \dut.u_memory.memory[1] ;
  (* hierconn *) wire [Bits-1:0] \dut.u_memory.memory[2] ;
  (* hierconn *) wire [Bits-1:0] \dut.u_memory.memory[3] ;
  logic [4*Bits-1:0] memory;
  logic [1:0] head;
  logic [1:0] slot;

  assign memory = {\dut.u_memory.memory[3] , \dut.u_memory.memory[2] , \dut.u_memory.memory[1] ,
                   \dut.u_memory.memory[0] };
  assign head = \dut.read_q [1:0];
  assign slot = head + ahead_q[1:0] - 2'(loaded_q);

  always @(posedge clk_i) begin
    if (!rst) begin
      assert (stored_q <= 3'd4 && current_q <= 3'd4 - stored_q && readable_q <= stored_q);
      assert (\dut.readable_q == 3'(\dut.read_q + readable_q));
      assert (\dut.committed_q == 3'(\dut.read_q + stored_q));
      assert (\dut.write_q == 3'(\dut.committed_q + current_q));
      assert (\dut.second_q == 3'(\dut.read_q + 3'd1));
      assert (\dut.loaded_q == loaded_q);
      if (readable_q != '0) assert (\dut.data == memory[head*Bits+:Bits]);
      if (watched_q) begin
        assert (ahead_q < stored_q + current_q + 3'(loaded_q));
        if (loaded_q && ahead_q == '0) assert (out_data == flit_q);
        else assert (memory[slot*Bits+:Bits] == flit_q);
      end
    end
  end
`endif
endmodule

`default_nettype wire
