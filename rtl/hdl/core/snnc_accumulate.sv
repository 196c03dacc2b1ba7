// SPDX-License-Identifier: Apache-2.0
// Row engine: turns one decoded event into the memory addresses and the lane controls of its
// read-modify-write passes. A state word is read in cycle i and written in cycle i + 2; its weights
// are read two cycles before it, and wait one of them in a register.
`default_nettype none

module snnc_accumulate #(
  // Neurons per word; a power of two.
  parameter int Lanes = 8,
  // Bits of a neuron's state.
  parameter int StateBits = 16,
  // Words of the weight memory.
  parameter int WeightWords = 256,
  // Words of the state memory.
  parameter int StateWords = 16,
  // 1: one pass adds the weights times the payload; 0: one pass per set bit of it shifts them.
  parameter int DecayMultiplier = 0,
  // Bits of a payload.
  parameter int PayloadBits = 8,
  // Derived; not to be set.
  parameter int WeightAddressBits = (WeightWords > 1) ? $clog2(WeightWords) : 1,
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1,
  parameter int CountBits = $clog2(StateWords + 1)
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
  // The engine takes the event in this cycle; only while `ready_o`. What the fields mean is said
  // in snnc_decode, where they come from.
  input  wire logic                         start_i,
  input  wire logic                         is_value_i,
  input  wire logic [PayloadBits-1:0]       payload_i,
  input  wire logic [StateBits-1:0]         value_i,
  input  wire logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_i,
  input  wire logic                         masked_i,
  input  wire logic [Lanes-1:0]             lanes_i,
  input  wire logic [WeightAddressBits-1:0] weights_i,
  input  wire logic [WeightAddressBits-1:0] weights_offset_i,
  input  wire logic [WordBits-1:0]          state_i,
  input  wire logic [WordBits-1:0]          state_offset_i,
  input  wire logic [3:0]                   rows_i,
  input  wire logic [3:0]                   columns_i,
  input  wire logic [CountBits-1:0]         words_i,
  input  wire logic [WeightAddressBits-1:0] row_weight_step_i,
  input  wire logic [WeightAddressBits-1:0] column_weight_step_i,
  input  wire logic [WordBits-1:0]          row_state_step_i,
  input  wire logic [WordBits-1:0]          column_state_step_i,
  input  wire logic                         gap_i,
  // Free, or in the final cycle of the current event.
  output      logic                         ready_o,
  // Occupied, the final cycle included.
  output      logic                         busy_o,
  // Weight read of this cycle, and state read of this cycle.
  output      logic                         weight_read_o,
  output      logic [WeightAddressBits-1:0] weight_address_o,
  output      logic                         read_o,
  output      logic [WordBits-1:0]          read_word_o,
  // With the state read: these lanes take part. They add their weight if `weigh_o`, with DecayMultiplier
  // times `factor_o`, else shifted left by it, and either shifted left by `fraction_bits_o` besides; if not,
  // `value_o`.
  output      logic [Lanes-1:0]             lanes_o,
  output      logic                         weigh_o,
  output      logic [7:0]                   factor_o,
  output      logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_o,
  output      logic [StateBits-1:0]         value_o,
  // State write of this cycle.
  output      logic                         write_o,
  output      logic [WordBits-1:0]          write_word_o
);
  // How the next address follows: from the start of the event, the last word, the start of the
  // last position, or the start of the last row of positions.
  localparam logic [1:0] FromEvent = 2'd0;
  localparam logic [1:0] FromWord = 2'd1;
  localparam logic [1:0] FromColumn = 2'd2;
  localparam logic [1:0] FromRow = 2'd3;

  // The event.
  logic is_value_q;
  logic masked_q;
  logic [Lanes-1:0] lanes_q;
  logic [StateBits-1:0] value_q;
  logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_q;
  logic [WeightAddressBits-1:0] weights_q;
  logic [WeightAddressBits-1:0] weights_offset_q;
  logic [WeightAddressBits-1:0] row_weight_step_q;
  logic [WeightAddressBits-1:0] column_weight_step_q;
  logic [WordBits-1:0] state_q;
  logic [WordBits-1:0] state_offset_q;
  logic [WordBits-1:0] row_state_step_q;
  logic [WordBits-1:0] column_state_step_q;
  logic [3:0] rows_q;
  logic [3:0] columns_q;
  logic [CountBits-1:0] words_q;
  logic gap_q;

  // What is left of it.
  logic busy_q;
  logic [PayloadBits-1:0] payload_q;
  // No pass is left behind this one; known from the second cycle of a pass on, which has two.
  logic last_pass_q;
  // The idle cycle before the read of a VALUE, and the one behind a pass.
  logic lead_q;
  logic [1:0] from_q;
  logic [3:0] rows_left_q;
  logic [3:0] columns_left_q;
  logic [CountBits-1:0] words_left_q;
  logic idle_q;
  // The last cycle of a pass; known a cycle early, since a pass without idle cycles has words to see it come.
  logic pass_ends_q;

  logic read;
  logic last_word;
  logic last_column;
  logic last_read;
  logic final_cycle;
  logic [PayloadBits-1:0] later_bits;
  logic [7:0] factor;

  logic [WeightAddressBits-1:0] weight_from;
  logic [WeightAddressBits-1:0] weight_step;
  logic [WeightAddressBits-1:0] weight_sum;
  logic [WeightAddressBits-1:0] weight_row_q;
  logic [WeightAddressBits-1:0] weight_column_q;
  logic [WeightAddressBits-1:0] weight_address_q;
  logic [WordBits-1:0] word_from;
  logic [WordBits-1:0] word_step;
  logic [WordBits-1:0] word_sum;
  logic [WordBits-1:0] word_row_q;
  logic [WordBits-1:0] word_column_q;
  logic [WordBits-1:0] word_q;

  // Behind the address: the number counts the cycles since.
  logic read_q;
  logic read_q2;
  logic read_q3;
  logic read_q4;
  logic [WordBits-1:0] word_q2;
  logic [WordBits-1:0] word_q3;
  logic [WordBits-1:0] word_q4;
  logic is_value_q1;
  logic [StateBits-1:0] value_q1;
  logic masked_q1;
  logic weigh_q2;
  logic [Lanes-1:0] lanes_q2;
  logic [7:0] factor_q1;
  logic [7:0] factor_q2;
  logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_q1;
  logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_q2;

  // Passes: one read per cycle, then an idle cycle if there is one.
  assign read = busy_q && !idle_q && !lead_q;
  assign last_word = words_left_q == CountBits'(1);
  assign last_column = columns_left_q == 4'd1;
  assign last_read = read && last_word && last_column && rows_left_q == 4'd1;
  assign final_cycle = pass_ends_q && last_pass_q;

  assign ready_o = !busy_q || final_cycle;
  assign busy_o = busy_q;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      is_value_q <= is_value_i;
      masked_q <= masked_i;
      lanes_q <= lanes_i;
      value_q <= value_i;
      fraction_bits_q <= fraction_bits_i;
      weights_q <= weights_i;
      weights_offset_q <= weights_offset_i;
      row_weight_step_q <= row_weight_step_i;
      column_weight_step_q <= column_weight_step_i;
      state_q <= state_i;
      state_offset_q <= state_offset_i;
      row_state_step_q <= row_state_step_i;
      column_state_step_q <= column_state_step_i;
      rows_q <= rows_i;
      columns_q <= columns_i;
      words_q <= words_i;
      gap_q <= gap_i;
    end
  end

  always_ff @(posedge clk_i) begin
    lead_q <= start_i && is_value_i;
    if (read) begin
      words_left_q <= last_word ? words_q : words_left_q - CountBits'(1);
      if (last_word) columns_left_q <= last_column ? columns_q : columns_left_q - 4'd1;
      if (last_word && last_column) rows_left_q <= last_read ? rows_q : rows_left_q - 4'd1;
      if (!last_word) from_q <= FromWord;
      else if (!last_column) from_q <= FromColumn;
      else from_q <= last_read ? FromEvent : FromRow;
    end
    last_pass_q <= later_bits == '0;
    if (pass_ends_q) payload_q <= later_bits;
    if (start_i) begin
      payload_q <= payload_i;
      from_q <= FromEvent;
      rows_left_q <= rows_i;
      columns_left_q <= columns_i;
      words_left_q <= words_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) busy_q <= 1'b1;
    else if (final_cycle) busy_q <= 1'b0;
    idle_q <= last_read && gap_q;
    pass_ends_q <= (last_read && gap_q)
        || (read && words_left_q == CountBits'(2) && last_column && rows_left_q == 4'd1 && !gap_q);
    if (rst_i) begin
      busy_q <= 1'b0;
      idle_q <= 1'b0;
      pass_ends_q <= 1'b0;
    end
  end

  // Addresses, one cycle behind the counters.
  always @* begin
    case (from_q)
      FromEvent: begin
        weight_from = weights_q;
        weight_step = weights_offset_q;
        word_from = state_q;
        word_step = state_offset_q;
      end
      FromWord: begin
        weight_from = weight_address_q;
        weight_step = WeightAddressBits'(1);
        word_from = word_q;
        word_step = WordBits'(1);
      end
      FromColumn: begin
        weight_from = weight_column_q;
        weight_step = column_weight_step_q;
        word_from = word_column_q;
        word_step = column_state_step_q;
      end
      default: begin
        weight_from = weight_row_q;
        weight_step = row_weight_step_q;
        word_from = word_row_q;
        word_step = row_state_step_q;
      end
    endcase
  end
  assign weight_sum = weight_from + weight_step;
  assign word_sum = word_from + word_step;

  always_ff @(posedge clk_i) begin
    if (read) begin
      weight_address_q <= weight_sum;
      word_q <= word_sum;
      if (from_q != FromWord) begin
        weight_column_q <= weight_sum;
        word_column_q <= word_sum;
      end
      if (from_q == FromEvent || from_q == FromRow) begin
        weight_row_q <= weight_sum;
        word_row_q <= word_sum;
      end
    end
  end

  if (DecayMultiplier != 0) begin : g_product
    assign later_bits = '0;
    assign factor = 8'(payload_q);
  end else if (PayloadBits == 1) begin : g_spikes
    assign later_bits = '0;
    assign factor = '0;
  end else begin : g_shifts
    assign later_bits = payload_q & (payload_q - PayloadBits'(1));
    always @* begin
      factor = '0;
      for (int i = PayloadBits - 1; i >= 0; i--) begin
        if (payload_q[i]) factor = 8'(i);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    is_value_q1 <= is_value_q;
    masked_q1 <= masked_q;
    factor_q1 <= factor;
    factor_q2 <= factor_q1;
    fraction_bits_q1 <= fraction_bits_q;
    fraction_bits_q2 <= fraction_bits_q1;
    weigh_q2 <= read_q && !is_value_q1;
    // The idle cycle of a masked event outlasts its last word on the way to here.
    value_q1 <= value_q;
    lanes_q2 <= (masked_q1 ? lanes_q : '1) & {Lanes{read_q}};
    word_q2 <= word_q;
    word_q3 <= word_q2;
    word_q4 <= word_q3;
    read_q <= read;
    read_q2 <= read_q;
    read_q3 <= read_q2;
    read_q4 <= read_q3;
    if (rst_i) begin
      read_q <= 1'b0;
      read_q2 <= 1'b0;
      read_q3 <= 1'b0;
      read_q4 <= 1'b0;
    end
  end

  assign weight_read_o = read && !is_value_q;
  assign weight_address_o = weight_sum;
  assign read_o = read_q2;
  assign read_word_o = word_q2;
  assign lanes_o = lanes_q2;
  assign weigh_o = weigh_q2;
  assign factor_o = factor_q2;
  assign fraction_bits_o = fraction_bits_q2;
  assign value_o = value_q1;
  assign write_o = read_q4;
  assign write_word_o = word_q4;

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && read_q2) begin
      assert (!(read_q3 && word_q3 == word_q2))
        else $fatal(1, "%m: word %0d read before it was written back", word_q2);
      assert (32'(word_q2) < StateWords) else $fatal(1, "%m: beyond the state memory");
    end
    if (!rst_i) begin
      assert (pass_ends_q == ((last_read && !gap_q) || idle_q)
              && (!pass_ends_q || last_pass_q == (later_bits == '0)))
        else $fatal(1, "%m: end of a pass missed");
    end
    if (!rst_i && weight_read_o) begin
      assert (32'(weight_sum) < WeightWords) else $fatal(1, "%m: beyond the weight memory");
    end
    if (!rst_i && start_i) begin
      assert (ready_o) else $fatal(1, "%m: event taken while the engine is occupied");
      assert (!masked_i || gap_i) else $fatal(1, "%m: masked event without an idle cycle");
    end
  end
`endif
endmodule

`default_nettype wire
