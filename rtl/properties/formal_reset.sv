// SPDX-License-Identifier: Apache-2.0
// Properties of the reset of a whole snnc_core, bounded: from any state whatever, a reset as long as
// snnc_top makes it leads to the state between two samples. An enabled core writes v(0) of all its words (and currents of 0) and sends
// nothing; then it is ready, at rest and at home. A disabled core does nothing at all.
`default_nettype none

module formal_reset #(
  parameter int Cuba = 0
) (
  input wire logic clk_i
);
  localparam int Bits = snnc_pkg::FlitBits;
  localparam int StateWords = 4;
  localparam int WordBits = 16;
  // INIT takes words + 4 cycles, what is told another, and comparisons one.
  localparam int Delay = 6;

  (* anyseq *) logic packet_ready;
  (* anyconst *) logic [1:0] word;
  logic packet_valid;
  logic ready;
  logic rest;
  logic home;
  logic error;
  logic rst;
  logic [2:0] resets_q;
  logic [3:0] cycle_q;

  // As many cycles as words are on their way through a lane.
  assign rst = $initstate || resets_q != 3'd7;
  always_ff @(posedge clk_i) begin
    resets_q <= $initstate ? 3'd0 : resets_q + 3'(rst);
    cycle_q <= rst ? 4'd1 : cycle_q + 4'(cycle_q != '1);
  end

  snnc_core #(
    .Lanes(2),
    .WeightBits(2),
    .StateBits(8),
    .WeightWords(4),
    .StateWords(StateWords),
    .ParameterWords(2),
    .AxonRows(1),
    .AxonColumns(2),
    .BitmapSlots(1),
    .Cuba(Cuba),
    .Destinations(1),
    .Sources(1),
    .EventFifoDepth(2)
  ) dut (
    .clk_i,
    .rst_i(rst),
    .event_valid_i(1'b0),
    .event_data_i({Bits{1'b0}}),
    .packet_valid_o(packet_valid),
    .packet_ready_i(packet_ready),
    .router_empty_i(1'b1),
    .sent_i(1'b1),
    .router_dropped_i(1'b0),
    .ready_o(ready),
    .rest_o(rest),
    .home_o(home),
    .error_o(error)
  );

  (* hierconn *) wire [snnc_pkg::RegisterBits-1:0] \dut.registers ;
  (* hierconn *) wire [snnc_pkg::Memories-1:0] \dut.config_write ;
  (* hierconn *) wire [WordBits-1:0] \dut.u_neurons.u_datapath.u_channels.u_bias.memory[2] ;
  (* hierconn *) wire [WordBits-1:0] \dut.u_neurons.u_datapath.u_channels.u_bias.memory[3] ;
  (* hierconn *) wire [WordBits-1:0] \dut.u_neurons.u_datapath.u_state.memory[0] ;
  (* hierconn *) wire [WordBits-1:0] \dut.u_neurons.u_datapath.u_state.memory[1] ;
  (* hierconn *) wire [WordBits-1:0] \dut.u_neurons.u_datapath.u_state.memory[2] ;
  (* hierconn *) wire [WordBits-1:0] \dut.u_neurons.u_datapath.u_state.memory[3] ;

  logic [snnc_pkg::RegisterBits-1:0] registers;
  logic [31:0] words;
  logic [31:0] pixel_words;
  logic enabled;
  logic cuba;
  logic [WordBits-1:0] state;
  logic [WordBits-1:0] state_q;
  logic [WordBits-1:0] initial_state;

  assign registers = \dut.registers ;
  assign words = snnc_pkg::register_words(registers);
  assign pixel_words = 32'({snnc_pkg::register_pixel_words(registers)});
  assign enabled = snnc_pkg::register_enable(registers);
  assign cuba = Cuba != 0 && snnc_pkg::register_cuba(registers);
  assign state = word[1]
      ? (word[0] ? \dut.u_neurons.u_datapath.u_state.memory[3] : \dut.u_neurons.u_datapath.u_state.memory[2] )
      : (word[0] ? \dut.u_neurons.u_datapath.u_state.memory[1] : \dut.u_neurons.u_datapath.u_state.memory[0] );
  // v(0) of pixels of one word or two.
  assign initial_state = (pixel_words == 2 && word[0])
      ? \dut.u_neurons.u_datapath.u_channels.u_bias.memory[3] : \dut.u_neurons.u_datapath.u_channels.u_bias.memory[2] ;

  always_ff @(posedge clk_i) if (cycle_q == 4'd1) state_q <= state;

  always @(posedge clk_i) begin
    if (rst) begin
      // The configuration is not about to change.
      assume (\dut.config_write == '0);
      assume (words >= 1 && words <= StateWords && 32'(word) < words);
      assume (pixel_words == 1 || (pixel_words == 2 && !words[0]));
      // Of its one source it needs an END that has not come: a core that needs none starts a step at once.
      assume (snnc_pkg::CountBits'({snnc_pkg::register_ends_needed(registers)}) == 16'd1);
      assume (snnc_pkg::CountBits'({snnc_pkg::register_recurrent_sources(registers)}) == 16'd0);
      assume (snnc_pkg::CountBits'({snnc_pkg::register_recurrent_destinations(registers)}) <= 16'd1);
    end
    if (!rst) begin
      assert (!packet_valid && !error);
      if (enabled && 32'(cycle_q) <= words + 4) assert (!ready && !home);
      if (enabled && 32'(cycle_q) > words + Delay) begin
        assert (ready && rest && home);
        assert (state == (cuba ? '0 : initial_state));
      end
      if (!enabled && cycle_q > 4'd1) assert (state == state_q);
      if (!enabled && cycle_q > 4'd3) assert (ready && rest && home);
    end
  end
endmodule

`default_nettype wire
