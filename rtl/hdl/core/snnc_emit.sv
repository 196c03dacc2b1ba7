// SPDX-License-Identifier: Apache-2.0
// Emitter: returns credits upstream, waits for those of downstream, then sends one packet per
// spike (or per value) and destination, segment by segment, and END to whom it is due.
`default_nettype none

module snnc_emit #(
  // Neurons per word; a power of two.
  parameter int Lanes = 8,
  // Bits of a neuron's state.
  parameter int StateBits = 16,
  // Words of the state memory and of a bitmap.
  parameter int StateWords = 16,
  // Entries of the destination table.
  parameter int Destinations = 8,
  // Entries of the source table.
  parameter int Sources = 8,
  // Tiles that the core can hold: with several, IDLE takes the place of WAIT, and LOAD comes behind it.
  parameter int Contexts = 1,
  // Derived; not to be set.
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1,
  parameter int DestinationAddressBits = (Destinations > 1) ? $clog2(Destinations) : 1,
  parameter int SourceAddressBits = (Sources > 1) ? $clog2(Sources) : 1
) (
  input  wire logic                              clk_i,
  input  wire logic                              rst_i,
  // Configuration: of the context whose job is at work, from LOAD on.
  input  wire logic [WordBits-1:0]               state_word_i,
  input  wire logic [WordBits:0]                 words_i,
  input  wire logic [WordBits+$clog2(Lanes):0]   neurons_i,
  input  wire logic                              flat_i,
  input  wire logic [7:0]                        pixel_words_i,
  input  wire logic [7:0]                        columns_i,
  input  wire logic                              values_last_i,
  input  wire logic                              values_every_i,
  input  wire logic [DestinationAddressBits-1:0] first_destination_i,
  input  wire logic [DestinationAddressBits:0]   destination_count_i,
  input  wire logic [SourceAddressBits-1:0]      first_source_i,
  input  wire logic [SourceAddressBits:0]        source_count_i,
  input  wire logic [2:0]                        segment_count_i,
  // Command, given in the cycle before the first one of the work; only while idle.
  input  wire logic                              start_credit_i,
  input  wire logic                              start_emit_i,
  // The step to be emitted, and that it is the last of its sample; latched with the command, or in LOAD.
  input  wire logic [snnc_pkg::StepBits-1:0]     step_i,
  input  wire logic                              last_step_i,
  output      logic                              idle_o,
  // The state is WAIT, which a grant ends, or LOAD.
  output      logic                              waits_o,
  input  wire logic                              granted_i,
  // Bitmap to read in this cycle: the word after the one that is at work in the next. The slot is
  // modulo 16.
  output      logic                              bitmap_read_o,
  output      logic [3:0]                        bitmap_slot_o,
  output      logic [WordBits-1:0]               bitmap_word_o,
  input  wire logic [Lanes-1:0]                  spikes_i,
  // State word to read, a cycle before it is at work; its lanes come two clocks after the address, and stay
  // while they are kept.
  output      logic                              state_read_o,
  output      logic                              state_keep_o,
  output      logic [WordBits-1:0]               word_o,
  input  wire logic [Lanes*StateBits-1:0]        state_i,
  // Tables, read without a clock.
  output      logic [1:0]                        segment_address_o,
  input  wire logic [snnc_pkg::SegmentBits-1:0]  segment_i,
  output      logic [DestinationAddressBits-1:0] destination_address_o,
  input  wire logic [snnc_pkg::DestinationBits-1:0] destination_i,
  output      logic [SourceAddressBits-1:0]      source_address_o,
  input  wire logic [snnc_pkg::SourceBits-1:0]   source_i,
  // Stream out.
  output      logic                              valid_o,
  input  wire logic                              ready_i,
  output      logic [snnc_pkg::FlitBits-1:0]     data_o
);
  localparam int LaneBits = (Lanes > 1) ? $clog2(Lanes) : 1;
  localparam int IndexBits = snnc_pkg::FlitDataBits - StateBits;

  localparam logic [2:0] Idle = 3'd0;
  localparam logic [2:0] Credit = 3'd1;
  localparam logic [2:0] Wait = 3'd2;
  localparam logic [2:0] Segment = 3'd3;
  localparam logic [2:0] Scan = 3'd4;
  localparam logic [2:0] Send = 3'd5;
  localparam logic [2:0] End = 3'd6;

  // Constant while the core works: that values are sent, not spikes, and the last of what is counted.
  logic values_q;
  logic [DestinationAddressBits-1:0] final_destination_q;
  logic [SourceAddressBits-1:0] final_source_q;
  logic [1:0] final_segment_q;

  logic [2:0] state_q;
  logic emit_q;
  logic last_step_q;
  logic [snnc_pkg::StepBits-1:0] step_q;
  logic [1:0] segment_q;
  logic [1:0] scan_q;
  logic [Lanes-1:0] spikes_q;
  // The lanes that are still to be sent, and in SCAN that there are none; in SEND the lowest, and that it is
  // the only one.
  logic [Lanes-1:0] lanes_q;
  logic no_lanes_q;
  logic [LaneBits-1:0] lane_q;
  logic last_lane_q;
  // In END the entry at work; before, the one behind it, which is read and looked at a cycle early.
  logic [DestinationAddressBits-1:0] destination_q;
  logic [SourceAddressBits-1:0] source_q;

  // Of the segment: its first entry and its last, and that nothing of it is sent. Known from the second
  // cycle of SEGMENT on.
  logic [DestinationAddressBits-1:0] first_destination_q;
  logic [DestinationAddressBits-1:0] last_destination_q;
  logic silent_q;
  // The entry at work in SEND: where it sends to, whether the word is one of its own, and whether
  // it is the last of the segment.
  logic [snnc_pkg::AddressBits-1:0] address_q;
  logic hit_q;
  logic last_entry_q;

  logic [DestinationAddressBits-1:0] first_destination;
  logic [SourceAddressBits-1:0] first_source;
  logic load;
  logic [snnc_pkg::SegmentDelayBits-1:0] delay;
  logic last_segment;
  logic segment_done;
  logic scan_done;
  logic word_sent;
  logic spikes_done;
  logic values_done;
  logic word_done;
  // The word at work, the one behind it, the last one, and that it is at work; see snnc_place.
  logic [WordBits-1:0] word;
  logic [WordBits-1:0] next_word;
  logic [WordBits-1:0] final_word;
  logic [WordBits-1:0] read_word;
  logic last_word;
  logic [Lanes-1:0] mask;
  logic [Lanes-1:0] later_lanes;
  logic [Lanes-1:0] next_lanes;
  logic [LaneBits-1:0] next_lane;
  logic [snnc_pkg::CoordinateBits-1:0] coordinate;
  logic word_full_q;
  logic word_tail_q;
  logic [Lanes-1:0] tail_lanes;
  logic [StateBits-1:0] lane_values [0:Lanes-1];
  logic [StateBits-1:0] value;
  logic last_of_segment;
  logic [DestinationAddressBits-1:0] following;
  logic load_entry;
  logic offer;
  logic step;
  logic entry_done;
  logic last_destination;
  logic last_source;
  logic [snnc_pkg::FlitTypeBits-1:0] kind;
  logic [snnc_pkg::FlitDataBits-1:0] packet;

  // Of one context the tables begin at 0; what is latched with its command comes in LOAD of several.
  assign first_destination = (Contexts > 1) ? first_destination_i : '0;
  assign first_source = (Contexts > 1) ? first_source_i : '0;
  assign load = state_q == ((Contexts > 1) ? Wait : Idle);
  assign delay = snnc_pkg::segment_delay(segment_i);
  assign last_segment = segment_q == final_segment_q;
  assign segment_done = state_q == Segment && scan_q[0];
  assign scan_done = state_q == Scan && (!values_q || scan_q == 2'd2);
  assign word_sent = state_q == Send && entry_done && last_entry_q && last_lane_q;
  assign spikes_done = (state_q == Scan && spikes_q == '0) || word_sent;
  assign values_done = (state_q == Scan && scan_q == 2'd2 && no_lanes_q) || word_sent;
  assign word_done = values_q ? values_done : spikes_done;
  assign last_of_segment = destination_q == last_destination_q;
  assign following = last_of_segment
      ? first_destination_q : destination_q + DestinationAddressBits'(1);
  assign last_destination = destination_q == final_destination_q;
  assign last_source = source_q == final_source_q;

  always_ff @(posedge clk_i) begin
    values_q <= values_last_i || values_every_i;
    final_destination_q <= first_destination
        + DestinationAddressBits'(destination_count_i - (DestinationAddressBits + 1)'(1));
    final_source_q <= first_source + SourceAddressBits'(source_count_i - (SourceAddressBits + 1)'(1));
    final_segment_q <= 2'(segment_count_i - 3'd1);
  end

  snnc_place #(
    .Lanes(Lanes),
    .StateWords(StateWords),
    .Contexts(Contexts)
  ) u_place (
    .clk_i,
    .state_word_i,
    .words_i,
    .pixel_words_i,
    .columns_i,
    .numbered_i(flat_i || values_q),
    .start_i(state_q == Segment),
    .word_done_i(word_done),
    .spikes_done_i(spikes_done),
    .word_o(word),
    .next_word_o(next_word),
    .final_word_o(final_word),
    .last_word_o(last_word),
    .restart_i(state_q == Wait || (word_done && last_word) || (segment_done && silent_q)),
    .read_i(bitmap_read_o || state_read_o),
    .read_word_o(read_word),
    .load_i(load_entry),
    .base_i(snnc_pkg::destination_base(destination_i)),
    .lane_i(lane_q),
    .coordinate_o(coordinate)
  );

  // Words whose neurons all count come first, then one of which only the lower lanes do. SCAN of values
  // takes three cycles: in the second both and the values are known, in the third the mask is in `lanes_q`.
  always_ff @(posedge clk_i) begin
    word_full_q <= (WordBits + 1)'(word) < (WordBits + 1)'(neurons_i >> $clog2(Lanes));
    word_tail_q <= (WordBits + 1)'(word) == (WordBits + 1)'(neurons_i >> $clog2(Lanes));
  end
  assign tail_lanes = (Lanes'(1) << neurons_i[LaneBits-1:0]) - Lanes'(1);
  for (genvar i = 0; i < Lanes; i++) begin : g_mask
    assign lane_values[i] = state_i[i*StateBits+:StateBits];
    assign mask[i] = values_every_i ? lane_values[i] != '0
                   : values_last_i ? (word_full_q || (word_tail_q && tail_lanes[i])) : spikes_q[i];
  end

  assign later_lanes = lanes_q & ~(Lanes'(1) << lane_q);
  assign next_lanes = (state_q == Send) ? later_lanes : values_q ? lanes_q : spikes_q;
  always @* begin
    next_lane = '0;
    for (int i = Lanes - 1; i >= 0; i--) begin
      if (next_lanes[i]) next_lane = LaneBits'(i);
    end
  end
  assign value = lane_values[lane_q];

  // An offered flit stays until it is taken; an entry that sends nothing takes one cycle.
  assign offer = state_q == Credit || (state_q == Send && hit_q)
      || (state_q == End && snnc_pkg::destination_end(destination_i));
  assign step = !offer || ready_i;
  // What `step` is in SEND, without the END bit of the table.
  assign entry_done = !hit_q || ready_i;
  assign load_entry = state_q == Scan || (state_q == Send && entry_done);
  assign valid_o = offer;

  assign kind = (state_q == Credit) ? snnc_pkg::FlitCredit :
      (state_q == End) ? snnc_pkg::FlitEnd : values_q ? snnc_pkg::FlitValue : snnc_pkg::FlitSpike;
  always @* begin
    case (state_q)
      Credit: packet = (Contexts > 1) ? snnc_pkg::FlitDataBits'({snnc_pkg::source_context(source_i)}) : '0;
      End: packet = snnc_pkg::FlitDataBits'({(Contexts > 1) ? snnc_pkg::destination_context(destination_i) : '0,
                                             last_step_q && !snnc_pkg::destination_recurrent(destination_i)});
      default: packet = values_q ? {IndexBits'(coordinate), value} : {snnc_pkg::SpikePayloadBits'(1), coordinate};
    endcase
  end
  assign data_o[snnc_pkg::FlitDataAt+:snnc_pkg::FlitDataBits] = packet;
  assign data_o[snnc_pkg::FlitTypeAt+:snnc_pkg::FlitTypeBits] = kind;
  assign data_o[snnc_pkg::FlitAddressAt+:snnc_pkg::FlitAddressBits] =
      (state_q == Credit) ? snnc_pkg::source_address(source_i)
      : (state_q == End) ? snnc_pkg::destination_address(destination_i) : address_q;

  assign idle_o = state_q == Idle;
  assign waits_o = state_q == Wait;
  // Each word is read once, the first before it is known whether the segment is silent.
  assign bitmap_read_o = !values_q && (spikes_done ? !last_word && next_word != final_word
      : state_q == Segment && (!segment_done || (!silent_q && final_word != '0)));
  assign bitmap_slot_o = step_q[3:0] - delay;
  assign bitmap_word_o = (Contexts > 1) ? read_word : spikes_done ? next_word + WordBits'(1) : WordBits'(segment_done);
  // Spikes have no state to read. When the words of values are done is of no use for the place of a word in
  // the tile, which snnc_place keeps.
  assign state_read_o = values_q && (values_done ? !last_word : segment_done && !silent_q);
  assign state_keep_o = values_q && (segment_done || state_q == Scan || state_q == Send);
  assign word_o = (Contexts > 1) ? read_word : values_done ? next_word : word;
  assign segment_address_o = segment_q;
  assign destination_address_o = destination_q;
  assign source_address_o = source_q;

  always_ff @(posedge clk_i) begin
    case (state_q)
      Idle: begin
        if (start_credit_i || start_emit_i) state_q <= (start_credit_i && Contexts == 1) ? Credit : Wait;
        emit_q <= start_emit_i;
      end
      Credit: begin
        if (step) begin
          source_q <= source_q + SourceAddressBits'(1);
          if (last_source) state_q <= (emit_q && Contexts == 1) ? Wait : Idle;
        end
      end
      Wait: begin
        segment_q <= '0;
        scan_q <= '0;
        if (Contexts > 1 && !emit_q) state_q <= Credit;
        else if (granted_i) state_q <= Segment;
      end
      Segment: begin
        scan_q <= segment_done ? '0 : 2'd1;
        destination_q <= silent_q ? first_destination : first_destination_q;
        if (segment_done) begin
          if (!silent_q) state_q <= Scan;
          else if (last_segment) state_q <= End;
          else segment_q <= segment_q + 2'd1;
        end
      end
      Scan: begin
        scan_q <= scan_done ? '0 : scan_q + 2'd1;
        lanes_q <= mask;
        no_lanes_q <= mask == '0;
        if (scan_done) begin
          state_q <= Send;
          destination_q <= following;
        end
      end
      Send: begin
        if (entry_done) begin
          destination_q <= following;
          if (last_entry_q) lanes_q <= later_lanes;
        end
      end
      End: begin
        if (step) begin
          destination_q <= destination_q + DestinationAddressBits'(1);
          if (last_destination) state_q <= Idle;
        end
      end
      default: state_q <= Idle;
    endcase
    if (word_done) begin
      if (!last_word) begin
        state_q <= Scan;
        destination_q <= first_destination_q;
      end else begin
        state_q <= last_segment ? End : Segment;
        segment_q <= segment_q + 2'd1;
        destination_q <= first_destination;
      end
    end
    if (load) begin
      source_q <= first_source;
      last_step_q <= last_step_i;
      step_q <= step_i;
    end
    if (rst_i) state_q <= Idle;
  end

  always_ff @(posedge clk_i) begin
    first_destination_q <= DestinationAddressBits'({snnc_pkg::segment_first_entry(segment_i)});
    last_destination_q <= DestinationAddressBits'({snnc_pkg::segment_end_entry(segment_i)})
        - DestinationAddressBits'(1);
    silent_q <= step_q < {1'b0, delay} || (snnc_pkg::segment_recurrent(segment_i) && last_step_q);
  end

  always_ff @(posedge clk_i) begin
    if (state_q == Scan || (state_q == Send && entry_done && last_entry_q)) begin
      lane_q <= next_lane;
      last_lane_q <= next_lanes == Lanes'(1) << next_lane;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_entry) begin
      address_q <= snnc_pkg::destination_address(destination_i);
      hit_q <= snnc_pkg::DestinationFirstWordBits'(word) >= snnc_pkg::destination_first_word(destination_i)
          && snnc_pkg::DestinationFirstWordBits'(word) < snnc_pkg::destination_last_word(destination_i);
      last_entry_q <= last_of_segment;
    end
  end

  // The spikes of the word, which values do not send.
  always_ff @(posedge clk_i) if (spikes_done || state_q == Segment) spikes_q <= spikes_i;

  logic unused;
  assign unused = ^{destination_i, segment_i, neurons_i};

`ifdef SNNC_ASSERT
  logic waiting_q;
  logic [snnc_pkg::FlitBits-1:0] offer_q;

  always @(posedge clk_i) begin
    waiting_q <= valid_o && !ready_i && !rst_i;
    offer_q <= data_o;
    if (!rst_i) begin
      if (start_credit_i || start_emit_i) begin
        assert (idle_o) else $fatal(1, "%m: command while at work");
      end
      if (waiting_q) begin
        assert (valid_o && data_o == offer_q) else $fatal(1, "%m: flit changed while waiting");
      end
    end
  end
`endif
endmodule

`default_nettype wire
