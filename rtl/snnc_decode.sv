// SPDX-License-Identifier: Apache-2.0
// Decode register between event FIFO and row engine: looks a SPIKE up in the axon tables, drops it
// if it touches nothing, and works out where its reads begin.
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
  // Common beginning of the names of the files with initial tables; "" for none.
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int WeightAddressBits = (WeightWords > 1) ? $clog2(WeightWords) : 1,
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
  // Writes of the axon tables.
  input  wire logic                         row_write_i,
  input  wire logic                         column_write_i,
  input  wire logic [7:0]                   write_address_i,
  input  wire logic [snnc_pkg::AxonRowBits-1:0] write_data_i,
  // Stream in: the data of a SPIKE or VALUE.
  input  wire logic                         valid_i,
  output      logic                         ready_o,
  input  wire logic                         is_value_i,
  input  wire logic [31:0]                  data_i,
  // The register holds nothing.
  output      logic                         empty_o,
  // Bank of the event, read without a clock.
  output      logic [1:0]                   bank_o,
  input  wire logic [snnc_pkg::BankBits-1:0] bank_i,
  // The row engine takes the event described below in this cycle.
  input  wire logic                         engine_ready_i,
  output      logic                         start_o,
  // The event adds `value_o`, or weights shifted by each set bit of `payload_o`.
  output      logic                         is_value_o,
  output      logic [7:0]                   payload_o,
  output      logic [StateBits-1:0]         value_o,
  // Only to the lanes of `lanes_o`.
  output      logic                         masked_o,
  output      logic [Lanes-1:0]             lanes_o,
  // The first weight address is the sum of the first two, the first state word that of the others.
  output      logic [WeightAddressBits-1:0] weights_o,
  output      logic [WeightAddressBits-1:0] weights_offset_o,
  output      logic [WordBits-1:0]          state_o,
  output      logic [WordBits-1:0]          state_offset_o,
  // Rows of positions, positions in a row, words in a position, and the steps between them.
  output      logic [3:0]                   rows_o,
  output      logic [3:0]                   columns_o,
  output      logic [11:0]                  words_o,
  output      logic [WeightAddressBits-1:0] row_weight_step_o,
  output      logic [WeightAddressBits-1:0] column_weight_step_o,
  output      logic [WordBits-1:0]          row_state_step_o,
  output      logic [WordBits-1:0]          column_state_step_o,
  // Idle cycles at the end of a pass.
  output      logic [1:0]                   gap_o
);
  localparam int LaneBits = $clog2(Lanes);
  localparam int IndexBits = 32 - StateBits;
  localparam int RowBits = (AxonRows > 1) ? $clog2(AxonRows) : 1;
  localparam int ColumnBits = (AxonColumns > 1) ? $clog2(AxonColumns) : 1;

  (* ram_style = "distributed" *)
  logic [snnc_pkg::AxonRowBits-1:0] rows [0:AxonRows-1];
  (* ram_style = "distributed" *)
  logic [snnc_pkg::AxonColumnBits-1:0] columns [0:AxonColumns-1];

  logic valid_q;
  logic is_value_q;
  logic [31:0] data_q;
  logic [snnc_pkg::AxonRowBits-1:0] row_q;
  logic [snnc_pkg::AxonColumnBits-1:0] column_q;

  logic [15:0] channel_stride;
  logic [8:0] channels;
  logic spaced;
  logic depthwise;
  logic [8:0] channel;
  logic [7:0] channel_word;
  logic [IndexBits-1:0] index;
  logic [IndexBits-1:0] selector;
  logic drop;
  logic take;

  if (InitCore != "") begin : g_init
    initial $readmemh({InitCore, "_axon_rows.hex"}, rows);
    initial $readmemh({InitCore, "_axon_columns.hex"}, columns);
  end

  always_ff @(posedge clk_i) begin
    if (row_write_i) rows[write_address_i[RowBits-1:0]] <= write_data_i;
    if (column_write_i) begin
      columns[write_address_i[ColumnBits-1:0]] <= write_data_i[snnc_pkg::AxonColumnBits-1:0];
    end
  end

  // A register that is left in this cycle takes the next event at once.
  assign take = valid_i && ready_o;
  assign ready_o = !valid_q || drop || engine_ready_i;
  assign start_o = valid_q && !drop && engine_ready_i;
  assign empty_o = !valid_q;

  always_ff @(posedge clk_i) begin
    if (take) begin
      is_value_q <= is_value_i;
      data_q <= data_i;
      row_q <= rows[data_i[16+:RowBits]];
      column_q <= columns[data_i[8+:ColumnBits]];
    end
    if (ready_o) valid_q <= valid_i;
    if (rst_i) valid_q <= 1'b0;
  end

  assign bank_o = row_q[37:36];
  assign channel_stride = bank_i[15:0];
  assign channels = bank_i[112:104];
  assign spaced = bank_i[126];
  assign depthwise = bank_i[127];

  // A channel below the first one is more than 256 here, and so more than any number of channels.
  assign channel = {1'b0, data_q[7:0]} - {1'b0, bank_i[103:96]};
  assign channel_word = channel[7:0] >> LaneBits;
  assign drop = !is_value_q
      && (channel >= channels || row_q[35:32] == '0 || column_q[35:32] == '0);

  assign index = data_q[31:StateBits];
  assign selector = is_value_q ? index : IndexBits'(channel[7:0]);
  for (genvar i = 0; i < Lanes; i++) begin : g_lanes
    assign lanes_o[i] = (selector & IndexBits'(Lanes - 1)) == IndexBits'(i);
  end

  assign is_value_o = is_value_q;
  assign payload_o = is_value_q ? 8'd1 : data_q[31:24];
  assign value_o = data_q[StateBits-1:0];
  assign masked_o = is_value_q || depthwise;
  assign weights_o = WeightAddressBits'(row_q[15:0]) + WeightAddressBits'(column_q[15:0]);
  assign weights_offset_o = depthwise ? WeightAddressBits'(channel_word)
      : WeightAddressBits'({16'd0, channel[7:0]} * {8'd0, channel_stride});
  assign state_o = is_value_q
      ? WordBits'(index >> LaneBits) : WordBits'(row_q[31:16]) + WordBits'(column_q[31:16]);
  assign state_offset_o = (depthwise && !is_value_q) ? WordBits'(channel_word) : '0;
  assign rows_o = is_value_q ? 4'd1 : row_q[35:32];
  assign columns_o = is_value_q ? 4'd1 : column_q[35:32];
  assign words_o = is_value_q ? 12'd1 : bank_i[27:16];
  assign row_weight_step_o = WeightAddressBits'(bank_i[47:32]);
  assign column_weight_step_o = WeightAddressBits'(bank_i[63:48]);
  assign row_state_step_o = WordBits'(bank_i[79:64]);
  assign column_state_step_o = WordBits'(bank_i[95:80]);
  always_comb begin
    if (is_value_q || spaced) gap_o = 2'd3;
    else gap_o = (words_o < 12'd4) ? 2'd0 - words_o[1:0] : 2'd0;
  end

  logic unused;
  assign unused = ^{write_address_i, bank_i, row_q, column_q, channel_word};

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i && take && !is_value_i) begin
      assert (data_i[31:24] != '0) else $fatal(1, "%m: payload of 0");
      assert (32'(data_i[23:16]) < AxonRows && 32'(data_i[15:8]) < AxonColumns)
        else $fatal(1, "%m: coordinate beyond the axon tables");
    end
    if (!rst_i && start_o) begin
      assert (words_o != '0 && (!depthwise || is_value_q || words_o == 12'd1))
        else $fatal(1, "%m: malformed bank");
    end
  end
`endif
endmodule

`default_nettype wire
