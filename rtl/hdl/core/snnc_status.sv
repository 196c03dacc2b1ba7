// SPDX-License-Identifier: Apache-2.0
// What a core tells about itself: whether it is at rest, whether it is between two samples, which errors it
// has seen since the reset. Nothing in the core waits for any of it, but for configuration.
`default_nettype none

module snnc_status (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  // In this cycle no event is under way, nor a flit in the core or its router; control and emitter wait for flits.
  input  wire logic        quiet_i,
  input  wire logic        events_done_i,
  input  wire logic        stands_i,
  // The core takes part; it writes v(0) because of a reset, or at all; it is between two samples.
  input  wire logic        enabled_i,
  input  wire logic        starting_i,
  input  wire logic        init_i,
  input  wire logic        fresh_i,
  input  wire logic        waits_for_end_i,
  input  wire logic        waits_for_credit_i,
  // Low bits of the number of ENDs that are counted.
  input  wire logic [snnc_pkg::CoreStatusEndsBits-1:0] ends_i,
  // An END or CREDIT arrives, or a step starts.
  input  wire logic        stirs_i,
  // Errors of this cycle, in the order of the status word.
  input  wire logic        surplus_end_i,
  input  wire logic        surplus_credit_i,
  input  wire logic        config_refused_i,
  input  wire logic        outside_i,
  input  wire logic        no_payload_i,
  input  wire logic        dropped_i,
  input  wire logic        no_neuron_i,
  // The core may be configured.
  output      logic        configurable_o,
  // In the last cycle: v(0) was written, nothing can happen before a flit arrives, a sample can begin.
  output      logic        ready_o,
  output      logic        rest_o,
  output      logic        home_o,
  // An error was seen since the reset.
  output      logic        error_o,
  // The status word of docs/microarchitecture.md.
  output      logic [snnc_pkg::CoreStatusBits-1:0] status_o
);
  // Errors are the lowest bits of the word.
  localparam int Errors = snnc_pkg::CoreStatusNoNeuronAt + 1;

  logic [Errors-1:0] errors_q;
  logic [snnc_pkg::CoreStatusDropsBits-1:0] dropped_q;

  // The core was between two samples in the last cycle, and nothing came to change that but events.
  logic fresh_q;
  logic [Errors-1:0] errors;

  always @* begin
    errors = '0;
    errors[snnc_pkg::CoreStatusSurplusEndAt] = surplus_end_i;
    errors[snnc_pkg::CoreStatusSurplusCreditAt] = surplus_credit_i;
    errors[snnc_pkg::CoreStatusConfigRefusedAt] = config_refused_i;
    errors[snnc_pkg::CoreStatusOutsideAt] = outside_i;
    errors[snnc_pkg::CoreStatusNoPayloadAt] = no_payload_i;
    errors[snnc_pkg::CoreStatusDroppedAt] = dropped_i;
    errors[snnc_pkg::CoreStatusNoNeuronAt] = no_neuron_i;
  end
  // `fresh_i` comes too late in a cycle.
  assign configurable_o = !enabled_i || (fresh_q && quiet_i);

  always_ff @(posedge clk_i) begin
    errors_q <= errors_q | errors;
    if (dropped_i && dropped_q != '1) dropped_q <= dropped_q + 8'd1;
    fresh_q <= fresh_i && !stirs_i && !rst_i;
    ready_o <= !starting_i;
    rest_o <= events_done_i && stands_i;
    home_o <= !enabled_i || fresh_i;
    if (rst_i) begin
      errors_q <= '0;
      dropped_q <= '0;
      ready_o <= 1'b0;
      rest_o <= 1'b0;
      home_o <= 1'b0;
    end
  end

  assign error_o = errors_q != '0;
  always @* begin
    status_o = '0;
    status_o[Errors-1:0] = errors_q;
    status_o[snnc_pkg::CoreStatusHomeAt] = home_o;
    status_o[snnc_pkg::CoreStatusAwaitsEndsAt] = waits_for_end_i && !fresh_i;
    status_o[snnc_pkg::CoreStatusAwaitsCreditsAt] = waits_for_credit_i;
    status_o[snnc_pkg::CoreStatusEnabledAt] = enabled_i;
    status_o[snnc_pkg::CoreStatusInitialisingAt] = init_i;
    status_o[snnc_pkg::CoreStatusEndsAt+:snnc_pkg::CoreStatusEndsBits] = ends_i;
    status_o[snnc_pkg::CoreStatusDropsAt+:snnc_pkg::CoreStatusDropsBits] = dropped_q;
  end

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!configurable_o || !enabled_i || fresh_i) else $fatal(1, "%m: configured in the middle of a sample");
    end
  end
`endif
endmodule

`default_nettype wire
