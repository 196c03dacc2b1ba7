// SPDX-License-Identifier: Apache-2.0
// Neurons of a core: memories and lanes, set up by the registers, and the sweep that updates them.
`default_nettype none

module snnc_neurons #(
  // Parameters of the core; see snnc_core.
  parameter int Lanes = 8,
  parameter int WeightBits = 4,
  parameter int StateBits = 16,
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  parameter int ParameterWords = 16,
  parameter int BitmapSlots = 1,
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0,
  parameter int ResetAmount = 0,
  parameter int ChannelLeak = 0,
  parameter int LowerClamp = 0,
  parameter int FractionBits = 0,
  parameter int Contexts = 1,
  // Bits that configuration writes at once.
  parameter int ConfigBits = 128,
  parameter int SinglePortWeights = 0,
  parameter InitCore = "",
  // Derived; not to be set.
  parameter int WeightAddressBits = (WeightWords > 1) ? $clog2(WeightWords) : 1,
  parameter int WordBits = (StateWords > 1) ? $clog2(StateWords) : 1
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_i,
`ifdef SNNC_TRACE
  // Position, run, cycle and open file of the trace; the context at work.
  input  wire logic [snnc_pkg::FlitXBits-1:0] x_i,
  input  wire logic [snnc_pkg::FlitYBits-1:0] y_i,
  input  wire logic [31:0]                  trace_run_i,
  input  wire logic [31:0]                  trace_cycle_i,
  input  wire logic [31:0]                  trace_file_i,
  input  wire logic [3:0]                   context_i,
`endif
  // Configuration, and writes of it, one bit per memory code.
  input  wire logic [snnc_pkg::RegisterBits-1:0] registers_i,
  input  wire logic [snnc_pkg::Memories-1:0] config_write_i,
  input  wire logic [snnc_pkg::ConfigAddressBits-1:0] config_address_i,
  input  wire logic [ConfigBits-1:0]        config_data_i,
  // The control state is SWEEP, DRAIN or INIT, respectively.
  input  wire logic                         sweep_i,
  input  wire logic                         drain_i,
  input  wire logic                         init_i,
  // The step is the last of its sample.
  input  wire logic                         last_step_i,
  input  wire logic [snnc_pkg::StepBits-1:0] step_i,
  // Last cycle of SWEEP or INIT, and a word is written.
  output      logic                         last_cycle_o,
  output      logic                         write_o,
  // Row engine; see snnc_accumulate.
  input  wire logic                         weight_read_i,
  input  wire logic [WeightAddressBits-1:0] weight_address_i,
  input  wire logic                         acc_read_i,
  input  wire logic [WordBits-1:0]          acc_read_word_i,
  input  wire logic [Lanes-1:0]             lanes_i,
  input  wire logic                         weigh_i,
  input  wire logic [7:0]                   weight_factor_i,
  input  wire logic [snnc_pkg::BankFractionBitsBits-1:0] fraction_bits_i,
  input  wire logic [StateBits-1:0]         value_i,
  input  wire logic                         acc_write_i,
  input  wire logic [WordBits-1:0]          acc_write_word_i,
  // Emitter; see snnc_emit. The state comes two clocks after its address and stays while it is kept, a
  // bitmap one.
  input  wire logic                         emit_read_i,
  input  wire logic                         emit_keep_i,
  input  wire logic [WordBits-1:0]          emit_word_i,
  input  wire logic                         bitmap_read_i,
  input  wire logic [3:0]                   bitmap_slot_i,
  input  wire logic [WordBits-1:0]          bitmap_word_i,
  output      logic [Lanes*StateBits-1:0]   state_o,
  output      logic [Lanes-1:0]             bitmap_o,
  // A word of weights is read; a sweep writes a word, and from bit 2 on the lanes that spike.
  output      logic [Lanes+1:0]             actions_o
);
  localparam int ParameterBits = (ParameterWords > 1) ? $clog2(ParameterWords) : 1;

  // What the sweep reads and writes; see snnc_sweep.
  logic constant_read;
  logic [WordBits-1:0] membrane_word;
  logic [ParameterBits:0] constant_address;
  logic sweep_read;
  logic [WordBits-1:0] sweep_read_word;
  logic threshold_read;
  logic [ParameterBits-1:0] threshold_word;
  logic decay_read;
  logic [ParameterBits-1:0] decay_word;
  logic add_constant;
  logic settle;
  logic [WordBits-1:0] sweep_write_word;
  logic [Lanes-1:0] lane_spike;
`ifdef SNNC_TRACE
  logic [Lanes*StateBits-1:0] lane_before;
  logic [Lanes*StateBits-1:0] lane_after;
`endif

  assign actions_o = {lane_spike, sweep_i && write_o, weight_read_i};

  snnc_sweep #(
    .StateWords(StateWords),
    .ParameterWords(ParameterWords),
    .Contexts(Contexts)
  ) u_sweep (
    .clk_i,
    .rst_i,
    .state_word_i(WordBits'({snnc_pkg::register_state_word(registers_i)})),
    .parameter_word_i(ParameterBits'({snnc_pkg::register_parameter_word(registers_i)})),
    .words_i((WordBits + 1)'({snnc_pkg::register_words(registers_i)})),
    .pixel_words_i((ParameterBits + 1)'({snnc_pkg::register_pixel_words(registers_i)})),
    .sweep_i,
    .init_i,
    .last_cycle_o,
    .constant_read_o(constant_read),
    .membrane_word_o(membrane_word),
    .constant_address_o(constant_address),
    .read_o(sweep_read),
    .read_word_o(sweep_read_word),
    .threshold_read_o(threshold_read),
    .threshold_word_o(threshold_word),
    .decay_read_o(decay_read),
    .decay_word_o(decay_word),
    .add_constant_o(add_constant),
    .settle_o(settle),
    .write_o(write_o),
    .write_word_o(sweep_write_word)
  );

  snnc_datapath #(
    .Lanes(Lanes),
    .WeightBits(WeightBits),
    .StateBits(StateBits),
    .WeightWords(WeightWords),
    .StateWords(StateWords),
    .ParameterWords(ParameterWords),
    .BitmapSlots(BitmapSlots),
    .Cuba(Cuba),
    .DecayMultiplier(DecayMultiplier),
    .ResetAmount(ResetAmount),
    .ChannelLeak(ChannelLeak),
    .LowerClamp(LowerClamp),
    .FractionBits(FractionBits),
    .ConfigBits(ConfigBits),
    .SinglePortWeights(SinglePortWeights),
    .InitCore(InitCore)
  ) u_datapath (
    .clk_i,
    .reset_mode_i(snnc_pkg::register_reset(registers_i)),
    .cuba_i(snnc_pkg::register_cuba(registers_i)),
    .clamp_bits_i(5'({snnc_pkg::register_state_bits(registers_i)})),
    .reset_value_i(StateBits'({snnc_pkg::register_reset_value(registers_i)})),
    .reset_amounts_i(snnc_pkg::register_reset_amounts(registers_i)),
    .channel_decays_i(snnc_pkg::register_channel_decays(registers_i)),
    .lower_clamp_i(StateBits'({snnc_pkg::register_lower_clamp(registers_i)})),
    .decay_i(snnc_pkg::register_decay(registers_i)),
    .current_decay_i(snnc_pkg::register_current_decay(registers_i)),
    .config_write_i,
    .config_address_i,
    .config_data_i,
    .sweep_i,
    .clears_i(sweep_i && last_step_i && snnc_pkg::register_clears(registers_i)),
    .drain_i,
    .drain_sums_i(snnc_pkg::register_emission(registers_i) == snnc_pkg::EmitValuesEvery),
    .step_i,
    .weight_read_i,
    .weight_address_i,
    .acc_read_i,
    .acc_read_word_i,
    .lanes_i,
    .weigh_i,
    .weight_factor_i,
    .fraction_bits_i,
    .value_i,
    .acc_write_i,
    .acc_write_word_i,
    .constant_read_i(constant_read),
    .membrane_word_i(membrane_word),
    .constant_address_i(constant_address),
    .sweep_read_i(sweep_read),
    .sweep_read_word_i(sweep_read_word),
    .threshold_read_i(threshold_read),
    .threshold_word_i(threshold_word),
    .decay_read_i(decay_read),
    .decay_word_i(decay_word),
    .add_constant_i(add_constant),
    .settle_i(settle),
    .sweep_write_i(write_o),
    .sweep_write_word_i(sweep_write_word),
    .emit_read_i,
    .emit_keep_i,
    .emit_word_i,
    .bitmap_read_i,
    .bitmap_slot_i,
    .bitmap_word_i,
`ifdef SNNC_TRACE
    .before_o(lane_before),
    .after_o(lane_after),
`endif
    .spikes_o(lane_spike),
    .state_o,
    .bitmap_o
  );

  logic unused;
  assign unused = ^registers_i;

`ifdef SNNC_TRACE
  snnc_trace #(
    .Lanes(Lanes),
    .StateWordBits(Lanes * StateBits),
    .WordBits(WordBits)
  ) u_trace (
    .clk_i,
    .rst_i,
    .x_i,
    .y_i,
    .run_i(trace_run_i),
    .cycle_i(trace_cycle_i),
    .file_i(trace_file_i),
    .sweep_i,
    .sweep_last_cycle_i(last_cycle_o),
    .context_i,
    .last_step_i,
    .write_i(write_o),
    .word_i(sweep_write_word),
    .spikes_i(lane_spike),
    .before_i(lane_before),
    .after_i(lane_after)
  );
`endif

`ifdef SNNC_ASSERT
  localparam int SlotBits = (BitmapSlots > 1) ? $clog2(BitmapSlots) : 1;

  always @(posedge clk_i) begin
    if (Contexts == 1 && sweep_i && bitmap_read_i
        && (BitmapSlots == 1 || bitmap_slot_i[SlotBits-1:0] == step_i[SlotBits-1:0])) begin
      assert (write_o && bitmap_word_i < sweep_write_word) else $fatal(1, "%m: spikes read before they are known");
    end
  end
`endif
endmodule

`default_nettype wire
