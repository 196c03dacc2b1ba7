// SPDX-License-Identifier: Apache-2.0
// What a core tells about itself: whether it is at rest, whether it is between two samples, which errors it
// has seen since the reset. Nothing in the core waits for any of it, but for configuration.
`default_nettype none

module snnc_status (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  // What the core and its router are doing in this cycle.
  input  wire logic        router_empty_i,
  input  wire logic        fifo_empty_i,
  input  wire logic        decode_empty_i,
  input  wire logic        engine_busy_i,
  input  wire logic        event_start_i,
  input  wire logic        enabled_i,
  input  wire logic        starting_i,
  input  wire logic        accumulate_i,
  input  wire logic        drain_i,
  input  wire logic        init_i,
  input  wire logic        step_starts_i,
  input  wire logic        waits_for_end_i,
  input  wire logic        control_fresh_i,
  input  wire logic        emitter_idle_i,
  input  wire logic        waits_for_credit_i,
  input  wire logic        emitter_fresh_i,
  // Low bits of the number of ENDs that are counted.
  input  wire logic [snnc_pkg::CoreStatusEndsBits-1:0] ends_i,
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

  // Something was accumulated since v(0) was written.
  logic touched_q;
  logic [Errors-1:0] errors_q;
  logic [snnc_pkg::CoreStatusDropsBits-1:0] dropped_q;

  logic [Errors-1:0] errors;
  logic events_done;
  logic at_rest;
  logic fresh;

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
  assign events_done = decode_empty_i && !engine_busy_i;
  assign at_rest = router_empty_i && fifo_empty_i && events_done
      && (((accumulate_i || drain_i) && waits_for_credit_i)
          || (accumulate_i && emitter_idle_i && !step_starts_i));
  assign fresh = control_fresh_i && emitter_fresh_i && events_done && !touched_q;
  assign configurable_o = !enabled_i || fresh;

  always_ff @(posedge clk_i) begin
    touched_q <= event_start_i || (touched_q && !init_i);
    errors_q <= errors_q | errors;
    if (dropped_i && dropped_q != '1) dropped_q <= dropped_q + 8'd1;
    ready_o <= !starting_i;
    rest_o <= at_rest;
    home_o <= !enabled_i || fresh;
    if (rst_i) begin
      touched_q <= 1'b0;
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
    status_o[snnc_pkg::CoreStatusAwaitsEndsAt] = waits_for_end_i && !fresh;
    status_o[snnc_pkg::CoreStatusAwaitsCreditsAt] = waits_for_credit_i;
    status_o[snnc_pkg::CoreStatusEnabledAt] = enabled_i;
    status_o[snnc_pkg::CoreStatusInitialisingAt] = init_i;
    status_o[snnc_pkg::CoreStatusEndsAt+:snnc_pkg::CoreStatusEndsBits] = ends_i;
    status_o[snnc_pkg::CoreStatusDropsAt+:snnc_pkg::CoreStatusDropsBits] = dropped_q;
  end
endmodule

`default_nettype wire
