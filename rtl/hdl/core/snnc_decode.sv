// SPDX-License-Identifier: Apache-2.0
// From event FIFO to row engine in three registers: tables (a SPIKE's row and column), entry (its
// bank) and decode (where its reads begin, or that it touches nothing and is dropped).
`default_nettype none

module snnc_decode #(
  // Neurons per word; a power of two.
  parameter int Lanes = 8,
  // Bits of a neuron's state.
  parameter int StateBits = 16,
  // Words of the weight memory and of the state memory.
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  // Entries of the axon tables, 1 to 256.
  parameter int AxonRows = 16,
  parameter int AxonColumns = 16,
  // Bits of a payload that count.
  parameter int PayloadBits = 8,
  // Tiles that the core can hold.
  parameter int Contexts = 1,
  // Common beginning of the names of the files with initial tables; "" for none.
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int WeightAddressBits = (WeightWords > 1) ? $clog2(WeightWords) : 1,
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1,
  parameter int CountBits = $clog2(StateWords + 1),
  parameter int ContextBits = (Contexts > 1) ? $clog2(Contexts) : 1
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
  // Writes of the axon tables.
  input  wire logic                         row_write_i,
  input  wire logic                         column_write_i,
  input  wire logic [snnc_pkg::SpikeYBits-1:0]  write_address_i,
  input  wire logic [snnc_pkg::AxonRowBits-1:0] write_data_i,
  // Stream in: the data of a SPIKE or VALUE.
  input  wire logic                         valid_i,
  output      logic                         ready_o,
  input  wire logic                         is_value_i,
  input  wire logic [snnc_pkg::FlitDataBits-1:0] data_i,
  // The registers hold nothing.
  output      logic                         empty_o,
  // An event that was taken names what there is not, and touches nothing: a coordinate beyond the axon
  // tables, a payload of 0, a neuron beyond the state memory.
  output      logic                         outside_o,
  output      logic                         no_payload_o,
  output      logic                         no_neuron_o,
  // Bank of the event, of which context, read without a clock.
  output      logic [ContextBits-1:0]       bank_context_o,
  output      logic [snnc_pkg::AxonRowBankBits-1:0] bank_o,
  input  wire logic [snnc_pkg::BankBits-1:0] bank_i,
  // The row engine takes the event described below in this cycle.
  input  wire logic                         engine_ready_i,
  output      logic                         start_o,
  // Whose event it is, if a SPIKE.
  output      logic [ContextBits-1:0]       context_o,
  // The event adds `value_o`, or weights times `payload_o` shifted left by `fraction_bits_o`.
  output      logic                         is_value_o,
  output      logic [PayloadBits-1:0]       payload_o,
  output      logic [StateBits-1:0]         value_o,
  output      logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_o,
  // Only to the lanes of `lanes_o`.
  output      logic                         masked_o,
  output      logic [Lanes-1:0]             lanes_o,
  // The first weight address is the sum of the first two, the first state word that of the others.
  output      logic [WeightAddressBits-1:0] weights_o,
  output      logic [WeightAddressBits-1:0] weights_offset_o,
  output      logic [WordBits-1:0]          state_o,
  output      logic [WordBits-1:0]          state_offset_o,
  // Rows of positions, positions in a row, words in a position, and the steps between them.
  output      logic [snnc_pkg::AxonRowCountBits-1:0] rows_o,
  output      logic [snnc_pkg::AxonColumnCountBits-1:0] columns_o,
  output      logic [CountBits-1:0]         words_o,
  output      logic [WeightAddressBits-1:0] row_weight_step_o,
  output      logic [WeightAddressBits-1:0] column_weight_step_o,
  output      logic [WordBits-1:0]          row_state_step_o,
  output      logic [WordBits-1:0]          column_state_step_o,
  // An idle cycle ends each pass.
  output      logic                         gap_o
);
  localparam int LaneBits = $clog2(Lanes);
  localparam int IndexBits = snnc_pkg::FlitDataBits - StateBits;
  localparam int RowAddressBits = (AxonRows > 1) ? $clog2(AxonRows) : 1;
  localparam int ColumnAddressBits = (AxonColumns > 1) ? $clog2(AxonColumns) : 1;
  // What is kept of an entry: context and bank (rows only), count, and the bits of a state and a weight address.
  localparam int KeptContextBits = (Contexts > 1) ? ContextBits : 0;
  localparam int ColumnBits = snnc_pkg::AxonColumnCountBits + WordBits + WeightAddressBits;
  localparam int RowBits = KeptContextBits + snnc_pkg::AxonRowBankBits + snnc_pkg::AxonRowCountBits + WordBits
      + WeightAddressBits;

  // Never read and written in the same cycle: a core is configured while no event is under way.
  (* no_rw_check *) logic [RowBits-1:0] rows [0:AxonRows-1];
  (* no_rw_check *) logic [ColumnBits-1:0] columns [0:AxonColumns-1];

  // Tables.
  logic tables_valid_q;
  logic tables_is_value_q;
  logic [snnc_pkg::FlitDataBits-1:0] tables_data_q;
  logic outside_q;
  logic no_payload_q;
  logic no_neuron_q;
  logic [RowBits-1:0] row_q;
  logic [ColumnBits-1:0] column_q;

  // Entry.
  logic entry_valid_q;
  logic entry_is_value_q;
  logic entry_drop_q;
  logic [snnc_pkg::FlitDataBits-1:0] entry_data_q;
  logic [ContextBits-1:0] bank_context_q;
  logic [snnc_pkg::AxonRowBankBits-1:0] bank_q;
  logic [snnc_pkg::AxonRowCountBits-1:0] rows_q;
  logic [snnc_pkg::AxonColumnCountBits-1:0] columns_q;
  logic [WeightAddressBits-1:0] row_weights_q;
  logic [WeightAddressBits-1:0] column_weights_q;
  logic [WordBits-1:0] row_state_q;
  logic [WordBits-1:0] column_state_q;

  logic [snnc_pkg::SpikeChannelBits:0] channel;
  logic drop;
  logic depthwise;
  logic [snnc_pkg::BankRowWordsBits-1:0] row_words;
  logic gap;
  logic [IndexBits-1:0] index;

  // Decode.
  logic valid_q;
  logic drop_q;
  logic depthwise_q;
  logic [snnc_pkg::SpikeChannelBits-1:0] channel_q;
  logic [snnc_pkg::BankChannelStrideBits-1:0] channel_stride_q;
  logic [LaneBits-1:0] lane_q;
  logic [snnc_pkg::SpikeChannelBits-1:0] channel_word;

  logic [snnc_pkg::AxonColumnBits-1:0] column_data;
  logic take;
  logic take_entry;
  logic take_decode;

  if (InitCore != "") begin : g_init
    initial $readmemh({InitCore, "_axon_rows.hex"}, rows);
    initial $readmemh({InitCore, "_axon_columns.hex"}, columns);
  end

  assign column_data = write_data_i[snnc_pkg::AxonColumnBits-1:0];

  // Not always_ff: nothing else, no initial content either, may write what it writes.
  always @(posedge clk_i) begin
    if (row_write_i) begin
      rows[write_address_i[RowAddressBits-1:0]] <=
          RowBits'({snnc_pkg::axon_row_context(write_data_i), snnc_pkg::axon_row_bank(write_data_i),
           snnc_pkg::axon_row_count(write_data_i), WordBits'({snnc_pkg::axon_row_state(write_data_i)}),
           WeightAddressBits'({snnc_pkg::axon_row_weights(write_data_i)})});
    end
    if (column_write_i) begin
      columns[write_address_i[ColumnAddressBits-1:0]] <=
          {snnc_pkg::axon_column_count(column_data), WordBits'({snnc_pkg::axon_column_state(column_data)}),
           WeightAddressBits'({snnc_pkg::axon_column_weights(column_data)})};
    end
    if (take) begin
      row_q <= rows[RowAddressBits'({snnc_pkg::spike_y(data_i)})];
      column_q <= columns[ColumnAddressBits'({snnc_pkg::spike_x(data_i)})];
    end
  end

  // A register that is left in this cycle takes the next event at once; only the decode register,
  // when the row engine takes its event, stays empty for a cycle, which the engine's next one hides.
  assign take_decode = entry_valid_q && (!valid_q || drop_q);
  assign take_entry = tables_valid_q && (!entry_valid_q || take_decode);
  assign ready_o = !tables_valid_q || take_entry;
  assign take = valid_i && ready_o;
  assign start_o = valid_q && !drop_q && engine_ready_i;
  assign empty_o = !tables_valid_q && !entry_valid_q && !valid_q;
  assign outside_o = tables_valid_q && outside_q;
  assign no_payload_o = tables_valid_q && no_payload_q;
  assign no_neuron_o = tables_valid_q && no_neuron_q;

  always_ff @(posedge clk_i) begin
    if (ready_o) tables_valid_q <= valid_i;
    if (!entry_valid_q || take_decode) entry_valid_q <= tables_valid_q;
    if (!valid_q || drop_q) valid_q <= entry_valid_q;
    else if (engine_ready_i) valid_q <= 1'b0;
    if (rst_i) begin
      tables_valid_q <= 1'b0;
      entry_valid_q <= 1'b0;
      valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      tables_is_value_q <= is_value_i;
      tables_data_q <= data_i;
      outside_q <= !is_value_i
          && (32'({snnc_pkg::spike_y(data_i)}) >= AxonRows || 32'({snnc_pkg::spike_x(data_i)}) >= AxonColumns);
      no_payload_q <= !is_value_i && PayloadBits'({snnc_pkg::spike_payload(data_i)}) == '0;
      no_neuron_q <= is_value_i && 32'(data_i[snnc_pkg::FlitDataBits-1:StateBits+LaneBits]) >= StateWords;
    end
    if (take_entry) begin
      entry_is_value_q <= tables_is_value_q;
      entry_drop_q <= outside_q || no_payload_q || no_neuron_q;
      entry_data_q <= tables_data_q;
      {bank_context_q, bank_q, rows_q, row_state_q, row_weights_q} <= (RowBits - KeptContextBits + ContextBits)'(row_q);
      {columns_q, column_state_q, column_weights_q} <= column_q;
    end
  end

  // Entry. A channel below the first one is more than 256 here, and so more than any number of them.
  assign bank_context_o = bank_context_q;
  assign bank_o = bank_q;
  assign channel = {1'b0, snnc_pkg::spike_channel(entry_data_q)} - {1'b0, snnc_pkg::bank_first_channel(bank_i)};
  assign drop = entry_drop_q || (!entry_is_value_q
      && (channel >= snnc_pkg::bank_channels(bank_i) || rows_q == '0 || columns_q == '0));
  assign depthwise = snnc_pkg::bank_depthwise(bank_i) && !entry_is_value_q;
  assign row_words = snnc_pkg::bank_row_words(bank_i);
  assign index = entry_data_q[snnc_pkg::FlitDataBits-1:StateBits];
  assign gap = entry_is_value_q || snnc_pkg::bank_spaced(bank_i) || row_words == 12'd1;

  always_ff @(posedge clk_i) begin
    if (take_decode) begin
      drop_q <= drop;
      depthwise_q <= depthwise;
      channel_q <= channel[snnc_pkg::SpikeChannelBits-1:0];
      channel_stride_q <= snnc_pkg::bank_channel_stride(bank_i);
      lane_q <= entry_is_value_q ? index[LaneBits-1:0] : channel[LaneBits-1:0];
      is_value_o <= entry_is_value_q;
      payload_o <= entry_is_value_q ? PayloadBits'(1) : PayloadBits'({snnc_pkg::spike_payload(entry_data_q)});
      value_o <= entry_data_q[StateBits-1:0];
      context_o <= bank_context_q;
      fraction_bits_o <= snnc_pkg::bank_fraction_bits(bank_i);
      masked_o <= entry_is_value_q || snnc_pkg::bank_depthwise(bank_i);
      weights_o <= row_weights_q + column_weights_q;
      state_o <= entry_is_value_q ? WordBits'(index >> LaneBits) : row_state_q + column_state_q;
      rows_o <= entry_is_value_q ? 4'd1 : rows_q;
      columns_o <= entry_is_value_q ? 4'd1 : columns_q;
      words_o <= entry_is_value_q ? CountBits'(1) : CountBits'(row_words);
      row_weight_step_o <= WeightAddressBits'({snnc_pkg::bank_row_weight_step(bank_i)});
      column_weight_step_o <= WeightAddressBits'({snnc_pkg::bank_column_weight_step(bank_i)});
      row_state_step_o <= WordBits'({snnc_pkg::bank_row_state_step(bank_i)});
      column_state_step_o <= WordBits'({snnc_pkg::bank_column_state_step(bank_i)});
      gap_o <= gap;
    end
  end

  // Decode.
  assign channel_word = channel_q >> LaneBits;
  assign weights_offset_o = depthwise_q ? WeightAddressBits'(channel_word)
      : WeightAddressBits'({16'd0, channel_q} * {8'd0, channel_stride_q});
  assign state_offset_o = depthwise_q ? WordBits'(channel_word) : '0;
  for (genvar i = 0; i < Lanes; i++) begin : g_lanes
    assign lanes_o[i] = lane_q == LaneBits'(i);
  end

  logic unused;
  assign unused = ^{write_address_i, write_data_i, bank_i, channel_word};

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && start_o) begin
      assert (words_o != '0 && (!depthwise_q || words_o == CountBits'(1)))
        else $fatal(1, "%m: malformed bank");
    end
  end
`endif
endmodule

`default_nettype wire
