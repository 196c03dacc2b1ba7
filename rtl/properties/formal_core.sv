// SPDX-License-Identifier: Apache-2.0
// Properties of a whole snnc_core, bounded: the assertions of the RTL hold (no word of a memory is read in
// the cycle in which it is written, nor between its read and its write-back; no two writes meet; events only
// in ACCUMULATE; streams obey their rule) for every configuration of a small core that the compiler may write,
// any content of its memories, and a source and a receiver that keep to the protocol.
`default_nettype none

module formal_core #(
  parameter int Cuba = 0
) (
  input wire logic clk_i
);
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int StateBits = 8;
  localparam int StateWords = 4;
  localparam int AxonColumns = 2;

  (* anyseq *) logic event_valid;
  (* anyseq *) logic [Bits-1:0] flit;
  (* anyseq *) logic packet_ready;
  logic rst;
  logic [2:0] resets_q;
  logic event_ready;
  logic packet_valid;
  logic ready;
  logic error;
  logic [Bits-1:0] packet;

  // Long enough for what has no reset of its own to run empty.
  assign rst = $initstate || resets_q != 3'd4;
  always_ff @(posedge clk_i) begin
    if (rst) resets_q <= resets_q + 3'd1;
    if ($initstate) resets_q <= 3'd0;
  end

  snnc_core #(
    .Lanes(2),
    .WeightBits(2),
    .StateBits(StateBits),
    .WeightWords(4),
    .StateWords(StateWords),
    .ParameterWords(2),
    .AxonRows(1),
    .AxonColumns(AxonColumns),
    .BitmapSlots(1),
    .Cuba(Cuba),
    .Destinations(1),
    .Sources(1),
    .EventFifoDepth(2)
  ) dut (
    .clk_i,
    .rst_i(rst),
    .event_valid_i(event_valid),
    .event_ready_o(event_ready),
    .event_data_i(flit),
    .packet_valid_o(packet_valid),
    .packet_ready_i(packet_ready),
    .packet_data_o(packet),
    .router_empty_i(1'b1),
    .router_dropped_i(1'b0),
    .ready_o(ready),
    .error_o(error)
  );

  formal_stream #(.Width(Bits), .Assumed(1)) u_events (
    .clk_i, .rst_i(rst), .valid_i(event_valid), .ready_i(event_ready), .data_i(flit)
  );
  formal_stream #(.Width(Bits)) u_packets (
    .clk_i, .rst_i(rst), .valid_i(packet_valid), .ready_i(packet_ready), .data_i(packet)
  );

  // The configuration, as docs/microarchitecture.md lays it out, in the last cycle of the reset; nothing
  // changes it afterwards.
  logic configured;
  assign configured = resets_q == 3'd3 && !$initstate;

  (* hierconn *) wire [snnc_pkg::Registers*32-1:0] \dut.registers ;
  (* hierconn *) wire [snnc_pkg::SegmentBits-1:0] \dut.u_registers.segments[0] ;
  (* hierconn *) wire [snnc_pkg::BankBits-1:0] \dut.u_registers.banks[0] ;
  // Weights, state word, count, and of a row its bank; addresses as wide as those of the memories.
  (* hierconn *) wire [9:0] \dut.u_decode.rows[0] ;
  (* hierconn *) wire [7:0] \dut.u_decode.columns[0] ;
  (* hierconn *) wire [7:0] \dut.u_decode.columns[1] ;
  (* hierconn *) wire [snnc_pkg::DestinationBits-1:0] \dut.destinations[0] ;

  logic [snnc_pkg::Registers*32-1:0] registers;
  logic [snnc_pkg::BankBits-1:0] bank;
  logic [9:0] row;
  logic [31:0] words;
  logic [31:0] row_words;
  logic [1:0] emission;
  logic credits_needed;

  assign registers = \dut.registers ;
  assign bank = \dut.u_registers.banks[0] ;
  assign row = \dut.u_decode.rows[0] ;
  assign words = registers[0+:32];
  assign row_words = 32'(bank[27:16]);
  assign emission = registers[2*32+3+:2];
  assign credits_needed = registers[6*32];

  always @(posedge clk_i) begin
    if (configured) begin
      assume (words >= 1 && words <= StateWords);
      assume (registers[1*32+:32] >= 1 && registers[1*32+:32] <= 2 * words);
      assume (registers[2*32+:3] == 3'd1 && emission != 2'd3);
      assume (Cuba != 0 || !registers[2*32+5]);
      assume (registers[5*32+:32] == 1 && registers[6*32+:32] <= 1);
      assume (registers[7*32+:32] == 1 && registers[8*32+:32] == 1 && registers[9*32+:32] == 0);
      // Pixels of one or two words.
      assume (registers[11*32+:12] == 1 || (registers[11*32+:12] == 2 && !words[0]));
      assume (registers[12*32+:32] == 1 && \dut.u_registers.segments[0] == 25'h0000100);
      assume (\dut.destinations[0] [73] && !\dut.destinations[0] [74]);
      // One bank; events touch `count` neighbouring groups of `row_words` words from a group on.
      assume (row[9:8] == 2'd0 && row[7:4] == 4'd1 && row[3:2] == '0);
      assume (row_words == 1 || row_words == 2 || row_words == 4);
      assume (bank[95:80] == 16'(row_words) && bank[103:96] == '0 && bank[127:126] == '0);
    end
  end
  for (genvar i = 0; i < AxonColumns; i++) begin : g_column
    logic [7:0] column;
    if (i == 0) begin : g_first
      assign column = \dut.u_decode.columns[0] ;
    end else begin : g_second
      assign column = \dut.u_decode.columns[1] ;
    end
    always @(posedge clk_i) begin
      if (configured) begin
        assume (32'(column[3:2]) % row_words == 0);
        assume (32'(column[3:2]) + 32'(column[7:4]) * row_words <= words);
      end
    end
  end

  // The source: events of a step, END, and the next step after a CREDIT. The receiver: a CREDIT per END,
  // if it returns any.
  logic may_send_q;
  logic to_answer_q;
  logic sent;

  assign sent = packet_valid && packet_ready;

  always_ff @(posedge clk_i) begin
    if (event_valid && event_ready) begin
      if (flit[11:9] == snnc_pkg::FlitEnd) may_send_q <= 1'b0;
      if (flit[11:9] == snnc_pkg::FlitCredit) to_answer_q <= 1'b0;
    end
    if (sent && packet[11:9] == snnc_pkg::FlitCredit) may_send_q <= 1'b1;
    if (sent && packet[11:9] == snnc_pkg::FlitEnd) to_answer_q <= credits_needed;
    if (rst) begin
      may_send_q <= 1'b1;
      to_answer_q <= 1'b0;
    end
  end

  always @(posedge clk_i) begin
    // Flits enter a mesh that is ready.
    if (rst || !ready) assume (!event_valid);
    if (!rst && resets_q == 3'd4) assert (!error);
    if (event_valid) begin
      assume (flit[11:9] <= snnc_pkg::FlitCredit);
      assume ((flit[11:9] == snnc_pkg::FlitCredit) ? to_answer_q : may_send_q);
      // A payload, y = 0, and x of one of the two columns.
      if (flit[11:9] == snnc_pkg::FlitSpike) assume (flit[43:36] != '0 && flit[35:21] == '0);
      if (flit[11:9] == snnc_pkg::FlitValue) assume (32'(flit[43:12+StateBits]) < 2 * words);
    end
  end
endmodule

`default_nettype wire
