// SPDX-License-Identifier: Apache-2.0
// Refuses parameters of snnc_top that the design does not work with, when it is elaborated. Each rule is an
// identifier: Icarus knows no elaboration tasks, and names the module that is missing.
`default_nettype none

`ifdef __ICARUS__
`define SNNC_REFUSE(rule) rule u_refused ();
`else
`define SNNC_REFUSE(rule) $error(`"rule`");
`endif

module snnc_parameters #(
  // As in snnc_top.
  parameter int MeshWidth = 2,
  parameter int MeshHeight = 2,
  parameter int Lanes = 8,
  parameter int WeightBits = 4,
  parameter int StateBits = 16,
  parameter int WeightWords = 256,
  parameter int StateWords = 16,
  parameter int ParameterWords = 16,
  parameter int AxonRows = 16,
  parameter int AxonColumns = 16,
  parameter int BitmapSlots = 1,
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0,
  parameter int ResetAmount = 0,
  parameter int ChannelLeak = 0,
  parameter int LowerClamp = 0,
  parameter int FractionBits = 0,
  parameter int PayloadBits = 8,
  parameter int Destinations = 8,
  parameter int Sources = 8,
  parameter int EventFifoDepth = 16,
  parameter int RouterFifoDepth = 4,
  parameter int Contexts = 1,
  parameter int Loadable = 8191,
  parameter int SinglePortWeights = 0,
  parameter int Diagnostics = 1
) ();
  function automatic int between(input int value, input int least, input int most);
    between = (value >= least && value <= most) ? 1 : 0;
  endfunction

  function automatic int power(input int value, input int least, input int most);
    power = (between(value, least, most) != 0 && (value & (value - 1)) == 0) ? 1 : 0;
  endfunction

  if (between(MeshWidth, 1, 64) == 0) begin : g_mesh_width
    `SNNC_REFUSE(MeshWidth_is_not_1_to_64)
  end
  if (between(MeshHeight, 1, 64) == 0) begin : g_mesh_height
    `SNNC_REFUSE(MeshHeight_is_not_1_to_64)
  end
  if (power(Lanes, 2, 64) == 0) begin : g_lanes
    `SNNC_REFUSE(Lanes_is_not_a_power_of_two_from_2_to_64)
  end
  if (between(WeightBits, 2, 8) == 0) begin : g_weight_bits
    `SNNC_REFUSE(WeightBits_is_not_2_to_8)
  end
  if (between(StateBits, 8, 24) == 0 || StateBits < WeightBits) begin : g_state_bits
    `SNNC_REFUSE(StateBits_is_not_8_to_24)
  end
  if (between(WeightWords, 1, 2 ** 24) == 0) begin : g_weight_words
    `SNNC_REFUSE(WeightWords_is_not_1_to_16777216)
  end
  if (between(StateWords, 1, 65536) == 0) begin : g_state_words
    `SNNC_REFUSE(StateWords_is_not_1_to_65536)
  end
  if (between(ParameterWords, 1, 65536) == 0) begin : g_parameter_words
    `SNNC_REFUSE(ParameterWords_is_not_1_to_65536)
  end
  if (between(AxonRows, 1, 256) == 0) begin : g_axon_rows
    `SNNC_REFUSE(AxonRows_is_not_1_to_256)
  end
  if (between(AxonColumns, 1, 256) == 0) begin : g_axon_columns
    `SNNC_REFUSE(AxonColumns_is_not_1_to_256)
  end
  if (power(BitmapSlots, 1, 16) == 0) begin : g_bitmap_slots
    `SNNC_REFUSE(BitmapSlots_is_not_a_power_of_two_from_1_to_16)
  end
  if (between(Cuba, 0, 1) == 0) begin : g_cuba
    `SNNC_REFUSE(Cuba_is_not_0_or_1)
  end
  if (between(DecayMultiplier, 0, 1) == 0) begin : g_decay_multiplier
    `SNNC_REFUSE(DecayMultiplier_is_not_0_or_1)
  end
  if (between(ResetAmount, 0, 1) == 0) begin : g_reset_amount
    `SNNC_REFUSE(ResetAmount_is_not_0_or_1)
  end
  if (between(ChannelLeak, 0, 1) == 0) begin : g_channel_leak
    `SNNC_REFUSE(ChannelLeak_is_not_0_or_1)
  end
  if (between(LowerClamp, 0, 1) == 0) begin : g_lower_clamp
    `SNNC_REFUSE(LowerClamp_is_not_0_or_1)
  end
  if (between(FractionBits, 0, 12) == 0) begin : g_fraction_bits
    `SNNC_REFUSE(FractionBits_is_not_0_to_12)
  end
  if (between(PayloadBits, 1, 8) == 0) begin : g_payload_bits
    `SNNC_REFUSE(PayloadBits_is_not_1_to_8)
  end
  if (between(Destinations, 1, 256) == 0) begin : g_destinations
    `SNNC_REFUSE(Destinations_is_not_1_to_256)
  end
  if (between(Sources, 1, 256) == 0) begin : g_sources
    `SNNC_REFUSE(Sources_is_not_1_to_256)
  end
  if (power(EventFifoDepth, 2, 65536) == 0) begin : g_event_fifo_depth
    `SNNC_REFUSE(EventFifoDepth_is_not_a_power_of_two_from_2_to_65536)
  end
  if (power(RouterFifoDepth, 2, 65536) == 0) begin : g_router_fifo_depth
    `SNNC_REFUSE(RouterFifoDepth_is_not_a_power_of_two_from_2_to_65536)
  end
  if (between(Contexts, 1, 16) == 0) begin : g_contexts
    `SNNC_REFUSE(Contexts_is_not_1_to_16)
  end
  if (between(Loadable, 0, 8191) == 0) begin : g_loadable
    `SNNC_REFUSE(Loadable_is_not_0_to_8191)
  end
  if (between(SinglePortWeights, 0, (Loadable >> snnc_pkg::MemoryWeights) & 1) == 0) begin : g_single_port_weights
    `SNNC_REFUSE(SinglePortWeights_is_not_0_or_with_Loadable_weights_1)
  end
  if (between(Diagnostics, 0, 1) == 0) begin : g_diagnostics
    `SNNC_REFUSE(Diagnostics_is_not_0_or_1)
  end
endmodule

`undef SNNC_REFUSE
`default_nettype wire
