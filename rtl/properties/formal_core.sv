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
    .sent_i(1'b1),
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

  (* hierconn *) wire [snnc_pkg::RegisterBits-1:0] \dut.registers ;
  (* hierconn *) wire [snnc_pkg::SegmentBits-1:0] \dut.u_configuration.u_registers.segments[0] ;
  (* hierconn *) wire [snnc_pkg::BankBits-1:0] \dut.u_configuration.u_registers.banks[0] ;
  // Weights, state word, count, and of a row its bank; addresses as wide as those of the memories.
  localparam int EntryBits = 2;
  localparam int StateAt = EntryBits;
  localparam int CountAt = StateAt + EntryBits;
  localparam int BankAt = CountAt + snnc_pkg::AxonRowCountBits;
  localparam int RowBits = BankAt + snnc_pkg::AxonRowBankBits;
  (* hierconn *) wire [RowBits-1:0] \dut.u_events.u_decode.rows[0] ;
  (* hierconn *) wire [BankAt-1:0] \dut.u_events.u_decode.columns[0] ;
  (* hierconn *) wire [BankAt-1:0] \dut.u_events.u_decode.columns[1] ;
  (* hierconn *) wire [snnc_pkg::DestinationBits-1:0] \dut.u_emitter.destinations[0] ;

  logic [snnc_pkg::RegisterBits-1:0] registers;
  logic [snnc_pkg::BankBits-1:0] bank;
  logic [RowBits-1:0] row;
  logic [31:0] words;
  logic [snnc_pkg::SegmentBits-1:0] segment;
  logic [snnc_pkg::DestinationBits-1:0] destination;
  logic [31:0] row_words;
  logic [31:0] pixel_words;
  logic [1:0] emission;
  logic credits_needed;

  assign registers = \dut.registers ;
  assign bank = \dut.u_configuration.u_registers.banks[0] ;
  assign segment = \dut.u_configuration.u_registers.segments[0] ;
  assign destination = \dut.u_emitter.destinations[0] ;
  assign pixel_words = 32'({snnc_pkg::register_pixel_words(registers)});
  assign row = \dut.u_events.u_decode.rows[0] ;
  assign words = snnc_pkg::register_words(registers);
  assign row_words = 32'({snnc_pkg::bank_row_words(bank)});
  assign emission = snnc_pkg::register_emission(registers);
  assign credits_needed = snnc_pkg::register_credits_needed(registers) != '0;

  always @(posedge clk_i) begin
    if (configured) begin
      assume (words >= 1 && words <= StateWords);
      assume (snnc_pkg::register_neurons(registers) >= 1);
      assume (snnc_pkg::register_neurons(registers) <= 2 * words);
      assume (snnc_pkg::register_enable(registers) && emission <= snnc_pkg::EmitValuesEvery);
      assume (snnc_pkg::register_reset(registers) == snnc_pkg::ResetSoft);
      assume (Cuba != 0 || !snnc_pkg::register_cuba(registers));
      assume (snnc_pkg::register_ends_needed(registers) == 1);
      assume (snnc_pkg::register_credits_needed(registers) <= 1);
      assume (snnc_pkg::register_destinations(registers) == 1 && snnc_pkg::register_sources(registers) == 1);
      assume (snnc_pkg::register_recurrent_sources(registers) == 0);
      assume (snnc_pkg::register_recurrent_destinations(registers) == 0);
      // Pixels of one or two words.
      assume (pixel_words == 1 || (pixel_words == 2 && !words[0]));
      // One segment of one entry, which gets an END.
      assume (snnc_pkg::register_segments(registers) == 1);
      assume (snnc_pkg::segment_first_entry(segment) == 0 && snnc_pkg::segment_end_entry(segment) == 1);
      assume (snnc_pkg::segment_delay(segment) == 0 && !snnc_pkg::segment_recurrent(segment));
      assume (snnc_pkg::destination_end(destination) && !snnc_pkg::destination_recurrent(destination));
      // One bank; events touch `count` neighbouring groups of `row_words` words from a group on.
      assume (row[BankAt+:snnc_pkg::AxonRowBankBits] == '0 && row[CountAt+:snnc_pkg::AxonRowCountBits] == 1);
      assume (row[StateAt+:EntryBits] == '0);
      assume (row_words == 1 || row_words == 2 || row_words == 4);
      assume (32'({snnc_pkg::bank_column_state_step(bank)}) == row_words);
      assume (snnc_pkg::bank_first_channel(bank) == 0);
      assume (!snnc_pkg::bank_spaced(bank) && !snnc_pkg::bank_depthwise(bank));
    end
  end
  for (genvar i = 0; i < AxonColumns; i++) begin : g_column
    logic [BankAt-1:0] column;
    if (i == 0) begin : g_first
      assign column = \dut.u_events.u_decode.columns[0] ;
    end else begin : g_second
      assign column = \dut.u_events.u_decode.columns[1] ;
    end
    always @(posedge clk_i) begin
      if (configured) begin
        assume (32'(column[StateAt+:EntryBits]) % row_words == 0);
        assume (32'(column[StateAt+:EntryBits]) + 32'(column[CountAt+:snnc_pkg::AxonColumnCountBits]) * row_words <= words);
      end
    end
  end

  // The source: events of a step, END, and the next step after a CREDIT. The receiver: a CREDIT per END,
  // if it returns any.
  logic [snnc_pkg::FlitDataBits-1:0] data;
  logic may_send_q;
  logic to_answer_q;
  logic sent;

  assign data = snnc_pkg::flit_data(flit);
  assign sent = packet_valid && packet_ready;

  always_ff @(posedge clk_i) begin
    if (event_valid && event_ready) begin
      if (snnc_pkg::flit_type(flit) == snnc_pkg::FlitEnd) may_send_q <= 1'b0;
      if (snnc_pkg::flit_type(flit) == snnc_pkg::FlitCredit) to_answer_q <= 1'b0;
    end
    if (sent && snnc_pkg::flit_type(packet) == snnc_pkg::FlitCredit) may_send_q <= 1'b1;
    if (sent && snnc_pkg::flit_type(packet) == snnc_pkg::FlitEnd) to_answer_q <= credits_needed;
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
      assume (snnc_pkg::flit_type(flit) <= snnc_pkg::FlitCredit);
      assume ((snnc_pkg::flit_type(flit) == snnc_pkg::FlitCredit) ? to_answer_q : may_send_q);
      // A payload, y = 0, and x of one of the two columns.
      if (snnc_pkg::flit_type(flit) == snnc_pkg::FlitSpike) begin
        assume (snnc_pkg::spike_payload(data) != '0 && snnc_pkg::spike_y(data) == '0);
        assume (snnc_pkg::spike_x(data) <= 1);
      end
      if (snnc_pkg::flit_type(flit) == snnc_pkg::FlitValue) begin
        assume (32'(data[snnc_pkg::FlitDataBits-1:StateBits]) < 2 * words);
      end
    end
  end
endmodule

`default_nettype wire
