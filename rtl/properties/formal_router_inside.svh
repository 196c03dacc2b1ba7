// For induction: what the counters of formal_router say of the two entries of each input FIFO.

// An entry of a FIFO: a flit, and above it the outputs that it leads to.
localparam int RestBits = Bits - snnc_pkg::FlitHostAt;
localparam int KeptBits = RestBits + YBits + XBits;
localparam int EntryBits = Ports + KeptBits;

function automatic logic [Bits-1:0] whole(input logic [KeptBits-1:0] kept);
  whole = '0;
  whole[snnc_pkg::FlitHostAt+:RestBits] = kept[KeptBits-1:YBits+XBits];
  whole[snnc_pkg::FlitYAt+:YBits] = kept[XBits+:YBits];
  whole[snnc_pkg::FlitXAt+:XBits] = kept[XBits-1:0];
endfunction

(* hierconn *) wire \dut.g_input[0].u_fifo.valid_q ;
(* hierconn *) wire \dut.g_input[0].u_fifo.g_two.full_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[0].u_fifo.head_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[0].u_fifo.g_two.second_q ;
(* hierconn *) wire \dut.g_input[1].u_fifo.valid_q ;
(* hierconn *) wire \dut.g_input[1].u_fifo.g_two.full_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[1].u_fifo.head_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[1].u_fifo.g_two.second_q ;
(* hierconn *) wire \dut.g_input[2].u_fifo.valid_q ;
(* hierconn *) wire \dut.g_input[2].u_fifo.g_two.full_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[2].u_fifo.head_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[2].u_fifo.g_two.second_q ;
(* hierconn *) wire \dut.g_input[3].u_fifo.valid_q ;
(* hierconn *) wire \dut.g_input[3].u_fifo.g_two.full_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[3].u_fifo.head_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[3].u_fifo.g_two.second_q ;
(* hierconn *) wire \dut.g_input[4].u_fifo.valid_q ;
(* hierconn *) wire \dut.g_input[4].u_fifo.g_two.full_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[4].u_fifo.head_q ;
(* hierconn *) wire [EntryBits-1:0] \dut.g_input[4].u_fifo.g_two.second_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[0].u_arbiter.upper_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[1].u_arbiter.upper_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[2].u_arbiter.upper_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[3].u_arbiter.upper_q ;
(* hierconn *) wire [Ports-1:0] \dut.g_output[4].u_arbiter.upper_q ;


logic [Ports-1:0] valids;
logic [Ports-1:0] fulls;
logic [Ports*EntryBits-1:0] heads;
logic [Ports*EntryBits-1:0] seconds;
logic [Ports*Ports-1:0] uppers;
logic [Ports*3-1:0] firsts;

assign valids = {
    \dut.g_input[4].u_fifo.valid_q ,
    \dut.g_input[3].u_fifo.valid_q ,
    \dut.g_input[2].u_fifo.valid_q ,
    \dut.g_input[1].u_fifo.valid_q ,
    \dut.g_input[0].u_fifo.valid_q };
assign fulls = {
    \dut.g_input[4].u_fifo.g_two.full_q ,
    \dut.g_input[3].u_fifo.g_two.full_q ,
    \dut.g_input[2].u_fifo.g_two.full_q ,
    \dut.g_input[1].u_fifo.g_two.full_q ,
    \dut.g_input[0].u_fifo.g_two.full_q };
assign heads = {
    \dut.g_input[4].u_fifo.head_q ,
    \dut.g_input[3].u_fifo.head_q ,
    \dut.g_input[2].u_fifo.head_q ,
    \dut.g_input[1].u_fifo.head_q ,
    \dut.g_input[0].u_fifo.head_q };
assign seconds = {
    \dut.g_input[4].u_fifo.g_two.second_q ,
    \dut.g_input[3].u_fifo.g_two.second_q ,
    \dut.g_input[2].u_fifo.g_two.second_q ,
    \dut.g_input[1].u_fifo.g_two.second_q ,
    \dut.g_input[0].u_fifo.g_two.second_q };
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

// The outputs that an entry leads to, one bit each.
function automatic logic [Ports-1:0] outputs_of(input logic [2:0] way);
  outputs_of = (way == Nowhere) ? '0 : Ports'(1) << way;
endfunction

for (genvar port = 0; port < Ports; port++) begin : g_inside
  logic [Bits-1:0] head;
  logic [Bits-1:0] second;
  logic [Ports-1:0] head_outputs;
  logic [Ports-1:0] second_outputs;

  assign head_outputs = heads[port*EntryBits+KeptBits+:Ports];
  assign head = whole(heads[port*EntryBits+:KeptBits]);
  assign second_outputs = seconds[port*EntryBits+KeptBits+:Ports];
  assign second = whole(seconds[port*EntryBits+:KeptBits]);

  always @(posedge clk_i) begin
    if (!rst) begin
      assert (uppers[port*Ports+:Ports] == '0
          || uppers[port*Ports+:Ports] == {Ports{1'b1}} << firsts[port*3+:3]);
      assert (valids[port] || !fulls[port]);
      if (valids[port]) begin
        assert (head[Mark] == (from == 3'(port)));
        assert (head_outputs == outputs_of(leads_to(head, 3'(port), edges)));
        if (!astray_q) assert (head_outputs != '0);
      end
      if (fulls[port]) begin
        assert (second[Mark] == (from == 3'(port)));
        assert (second_outputs == outputs_of(leads_to(second, 3'(port), edges)));
        if (!astray_q) assert (second_outputs != '0);
      end
    end
  end
end

// The FIFO of the marked flits: entries per output, and where the watched one stands.
logic [Bits-1:0] from_head;
logic [Bits-1:0] from_second;
logic [2:0] head_way;
logic [2:0] second_way;
logic watched_at_head;
logic [31:0] turns;

assign from_head = whole(heads[from*EntryBits+:KeptBits]);
assign from_second = whole(seconds[from*EntryBits+:KeptBits]);
assign head_way = leads_to(from_head, from, edges);
assign second_way = leads_to(from_second, from, edges);
// The first of its output may be the head of the FIFO or the second.
assign watched_at_head = ahead_q == '0 && head_way == way_q;
// How many inputs the arbiter looks at before it looks at the head; what leads nowhere is dropped at once.
assign turns = (head_way == Nowhere) ? 0 : (32'(from) + Ports - 32'(firsts[head_way*3+:3])) % Ports;

for (genvar way = 0; way < Ports; way++) begin : g_inside_way
  always @(posedge clk_i) begin
    if (!rst) begin
      assert (inside_q[way*CountBits+:CountBits]
          == CountBits'(valids[from] && head_way == 3'(way))
          + CountBits'(fulls[from] && second_way == 3'(way)));
    end
  end
end

always @(posedge clk_i) begin
  if (!rst && watched_q) begin
    assert (way_q == leads_to(flit_q, from, edges) && way_q != Nowhere);
    if (watched_at_head) assert (valids[from] && from_head == flit_q);
    else assert (fulls[from] && from_second == flit_q && (ahead_q == '0 || head_way == way_q));
    // The head leaves after its turns, and behind it the second after at most as many as there are inputs.
    if (Delivery != 0) begin
      assert (32'(age_q) + turns + (watched_at_head ? 0 : Ports) < Ports * FifoDepth);
    end
  end
end

always @(posedge clk_i) begin
  if (!rst && !astray_q) begin
    assert (total_q == 8'(ones(valids)) + 8'(ones(fulls)));
  end
end
