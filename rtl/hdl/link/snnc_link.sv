// SPDX-License-Identifier: Apache-2.0
// Receiving end of the host link: which frame is accepted, what it asks for, and how many were not
// (docs/host.md).
`default_nettype none

module snnc_link (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  // Bytes and errors from the line.
  input  wire logic        valid_i,
  input  wire logic [7:0]  data_i,
  input  wire logic        error_i,
  // A flit of the current frame; `commit_o` or `drop_o` says later whether the frame is accepted.
  output      logic        write_o,
  output      logic [snnc_pkg::FlitBits-1:0] flit_o,
  input  wire logic        full_i,
  output      logic        commit_o,
  output      logic        drop_o,
  // Accepted in this cycle, with its argument: HELLO or CONTROL, READ, and STATUS.
  output      logic        control_o,
  output      logic        read_o,
  output      logic        status_o,
  output      logic [15:0] argument_o,
  // A frame ended in this cycle, whatever became of it.
  output      logic        end_o,
  // Verdict on the last frame, its kind, and the sequence number of the next.
  output      logic [2:0]  verdict_o,
  output      logic [2:0]  kind_o,
  output      logic [7:0]  expected_o,
  // Frames with a verdict, modulo 256; another one's while `counting_o`, the cycle after a frame ended.
  output      logic        counting_o,
  input  wire logic [2:0]  count_verdict_i,
  output      logic [7:0]  count_o
);
  logic [7:0] kind;
  logic [7:0] number;
  logic word_valid;
  logic [47:0] word;
  logic intact;
  logic whole_words;
  logic one_argument;
  logic known;
  logic is_flits;
  logic is_hello;
  logic in_turn;
  logic accepted;
  logic [2:0] verdict;
  // A flit of the current frame found no room.
  logic overrun_q;

  snnc_deframer u_deframer (
    .clk_i,
    .rst_i,
    .valid_i,
    .data_i,
    .error_i,
    .kind_o(kind),
    .sequence_o(number),
    .word_valid_o(word_valid),
    .word_o(word),
    .end_o,
    .intact_o(intact),
    .whole_words_o(whole_words),
    .one_argument_o(one_argument),
    .argument_o
  );

  assign known = kind <= 8'(snnc_pkg::FrameStatus);
  assign is_flits = kind[2:0] == snnc_pkg::FrameFlits;
  assign is_hello = kind[2:0] == snnc_pkg::FrameHello;
  assign in_turn = number == expected_o || is_hello;

  always @* begin
    if (!intact) verdict = snnc_pkg::VerdictDamaged;
    else if (!known || !(is_flits ? whole_words : one_argument)) verdict = snnc_pkg::VerdictMalformed;
    else if (!in_turn) verdict = snnc_pkg::VerdictSequence;
    else if (overrun_q) verdict = snnc_pkg::VerdictOverrun;
    else verdict = snnc_pkg::VerdictAccepted;
  end

  assign accepted = end_o && verdict == snnc_pkg::VerdictAccepted;
  assign write_o = word_valid && known && is_flits && !full_i && !overrun_q;
  assign flit_o = word[snnc_pkg::FlitBits-1:0];
  assign commit_o = accepted && is_flits;
  assign drop_o = end_o && !accepted;
  assign read_o = accepted && kind[2:0] == snnc_pkg::FrameRead;
  assign status_o = accepted && kind[2:0] == snnc_pkg::FrameStatus;
  assign control_o = accepted && (is_hello || kind[2:0] == snnc_pkg::FrameControl);

  always_ff @(posedge clk_i) begin
    if (word_valid && known && is_flits && !write_o) overrun_q <= 1'b1;
    if (end_o) begin
      overrun_q <= 1'b0;
      verdict_o <= verdict;
      kind_o <= kind[2:0];
    end
    if (accepted) expected_o <= number + 8'd1;
    if (rst_i) begin
      overrun_q <= 1'b0;
      expected_o <= '0;
    end
  end

  // Counts come one at a time from a small memory, which only its initial content sets to 0.
  logic [7:0] counts [0:7];

  initial begin
    for (int i = 0; i < 8; i++) counts[i] = '0;
  end

  assign count_o = counts[counting_o ? verdict_o : count_verdict_i];

  // Not always_ff: nothing else, no initial content either, may write what it writes.
  always @(posedge clk_i) begin
    counting_o <= end_o && !rst_i;
    if (counting_o) counts[verdict_o] <= count_o + 8'd1;
  end
endmodule

`default_nettype wire
