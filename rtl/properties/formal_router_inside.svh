// For induction: what the counters of formal_router say of the two entries of each input FIFO.
(* hierconn *) wire \dut.g_input[0].u_fifo.read_q ;
(* hierconn *) wire \dut.g_input[0].u_fifo.write_q ;
(* hierconn *) wire [1:0] \dut.g_input[0].u_fifo.count_q ;
(* hierconn *) wire \dut.g_input[0].u_fifo.valid_q ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[0].u_fifo.memory[0] ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[0].u_fifo.memory[1] ;
(* hierconn *) wire \dut.g_input[1].u_fifo.read_q ;
(* hierconn *) wire \dut.g_input[1].u_fifo.write_q ;
(* hierconn *) wire [1:0] \dut.g_input[1].u_fifo.count_q ;
(* hierconn *) wire \dut.g_input[1].u_fifo.valid_q ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[1].u_fifo.memory[0] ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[1].u_fifo.memory[1] ;
(* hierconn *) wire \dut.g_input[2].u_fifo.read_q ;
(* hierconn *) wire \dut.g_input[2].u_fifo.write_q ;
(* hierconn *) wire [1:0] \dut.g_input[2].u_fifo.count_q ;
(* hierconn *) wire \dut.g_input[2].u_fifo.valid_q ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[2].u_fifo.memory[0] ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[2].u_fifo.memory[1] ;
(* hierconn *) wire \dut.g_input[3].u_fifo.read_q ;
(* hierconn *) wire \dut.g_input[3].u_fifo.write_q ;
(* hierconn *) wire [1:0] \dut.g_input[3].u_fifo.count_q ;
(* hierconn *) wire \dut.g_input[3].u_fifo.valid_q ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[3].u_fifo.memory[0] ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[3].u_fifo.memory[1] ;
(* hierconn *) wire \dut.g_input[4].u_fifo.read_q ;
(* hierconn *) wire \dut.g_input[4].u_fifo.write_q ;
(* hierconn *) wire [1:0] \dut.g_input[4].u_fifo.count_q ;
(* hierconn *) wire \dut.g_input[4].u_fifo.valid_q ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[4].u_fifo.memory[0] ;
(* hierconn *) wire [Bits-1:0] \dut.g_input[4].u_fifo.memory[1] ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[0].u_arbiter.upper_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[1].u_arbiter.upper_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[2].u_arbiter.upper_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[3].u_arbiter.upper_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[4].u_arbiter.upper_q ;

logic [Ports-1:0] reads;
logic [Ports-1:0] writes;
logic [Ports*2-1:0] counts;
logic [Ports-1:0] valids;
logic [Ports*Bits-1:0] slots_0;
logic [Ports*Bits-1:0] slots_1;
logic [Ports*Ports-1:0] uppers;
logic [Ports*3-1:0] firsts;

assign reads = {
    \dut.g_input[4].u_fifo.read_q ,
    \dut.g_input[3].u_fifo.read_q ,
    \dut.g_input[2].u_fifo.read_q ,
    \dut.g_input[1].u_fifo.read_q ,
    \dut.g_input[0].u_fifo.read_q };
assign writes = {
    \dut.g_input[4].u_fifo.write_q ,
    \dut.g_input[3].u_fifo.write_q ,
    \dut.g_input[2].u_fifo.write_q ,
    \dut.g_input[1].u_fifo.write_q ,
    \dut.g_input[0].u_fifo.write_q };
assign counts = {
    \dut.g_input[4].u_fifo.count_q ,
    \dut.g_input[3].u_fifo.count_q ,
    \dut.g_input[2].u_fifo.count_q ,
    \dut.g_input[1].u_fifo.count_q ,
    \dut.g_input[0].u_fifo.count_q };
assign valids = {
    \dut.g_input[4].u_fifo.valid_q ,
    \dut.g_input[3].u_fifo.valid_q ,
    \dut.g_input[2].u_fifo.valid_q ,
    \dut.g_input[1].u_fifo.valid_q ,
    \dut.g_input[0].u_fifo.valid_q };
assign slots_0 = {
    \dut.g_input[4].u_fifo.memory[0] ,
    \dut.g_input[3].u_fifo.memory[0] ,
    \dut.g_input[2].u_fifo.memory[0] ,
    \dut.g_input[1].u_fifo.memory[0] ,
    \dut.g_input[0].u_fifo.memory[0] };
assign slots_1 = {
    \dut.g_input[4].u_fifo.memory[1] ,
    \dut.g_input[3].u_fifo.memory[1] ,
    \dut.g_input[2].u_fifo.memory[1] ,
    \dut.g_input[1].u_fifo.memory[1] ,
    \dut.g_input[0].u_fifo.memory[1] };
assign uppers = {
    \dut.g_output[4].u_arbiter.upper_q ,
    \dut.g_output[3].u_arbiter.upper_q ,
    \dut.g_output[2].u_arbiter.upper_q ,
    \dut.g_output[1].u_arbiter.upper_q ,
    \dut.g_output[0].u_arbiter.upper_q };

// Where each arbiter begins to look.
always_comb begin
  firsts = '0;
  for (int i = 0; i < Ports; i++) begin
    for (int j = Ports - 1; j >= 0; j--) begin
      if (uppers[i*Ports+j]) firsts[i*3+:3] = 3'(j);
    end
  end
end

for (genvar port = 0; port < Ports; port++) begin : g_inside
  logic [1:0] count;
  logic [Bits-1:0] head;
  logic [Bits-1:0] tail;

  assign count = counts[port*2+:2];
  assign head = reads[port] ? slots_1[port*Bits+:Bits] : slots_0[port*Bits+:Bits];
  assign tail = reads[port] ? slots_0[port*Bits+:Bits] : slots_1[port*Bits+:Bits];

  always @(posedge clk_i) begin
    if (!rst) begin
      assert (uppers[port*Ports+:Ports] == '0
          || uppers[port*Ports+:Ports] == {Ports{1'b1}} << firsts[port*3+:3]);
      assert (valids[port] == (count != 2'd0));
      assert (count != 2'd3 && writes[port] == (reads[port] ^ count[0]));
      if (count != 2'd0) assert (head[Mark] == (from == 3'(port)));
      if (count[1]) assert (tail[Mark] == (from == 3'(port)));
      if (!astray_q && count != 2'd0) assert (leads_to(head, 3'(port), edges) != Nowhere);
      if (!astray_q && count[1]) assert (leads_to(tail, 3'(port), edges) != Nowhere);
    end
  end
end

// The FIFO of the marked flits: entries per output, and where the watched one stands.
logic [1:0] from_count;
logic [Bits-1:0] from_head;
logic [Bits-1:0] from_tail;
logic [2:0] head_way;
logic [2:0] tail_way;
logic watched_at_head;
logic [31:0] turns;

assign from_count = counts[from*2+:2];
assign from_head = reads[from] ? slots_1[from*Bits+:Bits] : slots_0[from*Bits+:Bits];
assign from_tail = reads[from] ? slots_0[from*Bits+:Bits] : slots_1[from*Bits+:Bits];
assign head_way = leads_to(from_head, from, edges);
assign tail_way = leads_to(from_tail, from, edges);
// The first of its output may be head or tail of the FIFO.
assign watched_at_head = ahead_q == '0 && head_way == way_q;
// How many inputs the arbiter looks at before it looks at the head; what leads nowhere is dropped at once.
assign turns = (head_way == Nowhere) ? 0 : (32'(from) + Ports - 32'(firsts[head_way*3+:3])) % Ports;

for (genvar way = 0; way < Ports; way++) begin : g_inside_way
  always @(posedge clk_i) begin
    if (!rst) begin
      assert (inside_q[way*CountBits+:CountBits]
          == CountBits'(from_count != 2'd0 && head_way == 3'(way))
          + CountBits'(from_count[1] && tail_way == 3'(way)));
    end
  end
end

always @(posedge clk_i) begin
  if (!rst && watched_q) begin
    assert (way_q == leads_to(flit_q, from, edges) && way_q != Nowhere);
    if (watched_at_head) assert (from_count != 2'd0 && from_head == flit_q);
    else assert (from_count[1] && from_tail == flit_q && (ahead_q == '0 || head_way == way_q));
    // The head leaves after its turns, and behind it the tail after at most as many as there are inputs.
    if (Delivery != 0) begin
      assert (32'(age_q) + turns + (watched_at_head ? 0 : Ports) < Ports * FifoDepth);
    end
  end
end

always @(posedge clk_i) begin
  if (!rst && !astray_q) begin
    assert (total_q == 8'(counts[1:0]) + 8'(counts[3:2]) + 8'(counts[5:4]) + 8'(counts[7:6])
        + 8'(counts[9:8]));
  end
end
