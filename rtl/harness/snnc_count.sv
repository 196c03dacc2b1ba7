// SPDX-License-Identifier: Apache-2.0
// Simulation only, bound to the design inside snnc_harness: counts the actions of every run, between the
// first flit that the host sends and the next reset, and prints them at the end by hierarchical name.
`default_nettype none

module snnc_count_memory (
  input wire logic clk_i,
  input wire logic read_i,
  input wire logic write_i
);
  int reads = 0;
  int writes = 0;

  always @(posedge clk_i) begin
    if (snnc_harness.counting) begin
      reads <= reads + 32'(read_i);
      writes <= writes + 32'(write_i);
    end
  end
  final $display("counted %m reads=%0d writes=%0d", reads, writes);
endmodule

module snnc_count_fifo (
  input wire logic clk_i,
  input wire logic push,
  input wire logic pop
);
  int pushes = 0;
  int pops = 0;

  always @(posedge clk_i) begin
    if (snnc_harness.counting) begin
      pushes <= pushes + 32'(push);
      pops <= pops + 32'(pop);
    end
  end
  final $display("counted %m pushes=%0d pops=%0d", pushes, pops);
endmodule

// Flits that leave a router, by direction, and how many of them are SPIKEs and VALUEs.
module snnc_count_router (
  input wire logic                                           clk_i,
  input wire logic [snnc_pkg::Ports-1:0]                     valid_o,
  input wire logic [snnc_pkg::Ports-1:0]                     ready_i,
  input wire logic [snnc_pkg::Ports*snnc_pkg::FlitBits-1:0]  data_o
);
  int flits [0:snnc_pkg::Ports-1] = '{default: 0};
  int events [0:snnc_pkg::Ports-1] = '{default: 0};
  logic [snnc_pkg::Ports-1:0] is_event;

  for (genvar i = 0; i < snnc_pkg::Ports; i++) begin : g_port
    logic [snnc_pkg::FlitTypeBits-1:0] kind;
    assign kind = snnc_pkg::flit_type(data_o[i*snnc_pkg::FlitBits+:snnc_pkg::FlitBits]);
    assign is_event[i] = kind == snnc_pkg::FlitSpike || kind == snnc_pkg::FlitValue;
  end

  always @(posedge clk_i) begin
    if (snnc_harness.counting) begin
      for (int i = 0; i < snnc_pkg::Ports; i++) begin
        flits[i] <= flits[i] + 32'(valid_o[i] && ready_i[i]);
        events[i] <= events[i] + 32'(valid_o[i] && ready_i[i] && is_event[i]);
      end
    end
  end
  final $display("counted %m north=%0d east=%0d south=%0d west=%0d local=%0d", flits[snnc_pkg::North],
      flits[snnc_pkg::East], flits[snnc_pkg::South], flits[snnc_pkg::West], flits[snnc_pkg::Local],
      " north_events=%0d east_events=%0d south_events=%0d west_events=%0d local_events=%0d",
      events[snnc_pkg::North], events[snnc_pkg::East], events[snnc_pkg::South], events[snnc_pkg::West],
      events[snnc_pkg::Local]);
endmodule

// An event reads the table of rows and the one of columns.
module snnc_count_decode (
  input wire logic clk_i,
  input wire logic take
);
  int reads = 0;

  always @(posedge clk_i) if (snnc_harness.counting && take) reads <= reads + 2;
  final $display("counted %m axon_reads=%0d", reads);
endmodule

// Entries of the destination and source tables that the emitter works on.
module snnc_count_emit (
  input wire logic       clk_i,
  input wire logic [2:0] state_q,
  input wire logic [2:0] Credit,
  input wire logic [2:0] Send,
  input wire logic [2:0] End,
  input wire logic       step,
  input wire logic       entry_done
);
  int reads = 0;
  logic send;
  logic other;

  assign send = state_q == Send && entry_done;
  assign other = (state_q == Credit || state_q == End) && step;
  always @(posedge clk_i) if (snnc_harness.counting) reads <= reads + 32'(send || other);
  final $display("counted %m table_reads=%0d", reads);
endmodule

// What the lanes compute: additions of two numbers, comparisons, multiplications by what is no power of two;
// and the words that they hand on to themselves, which count as read.
module snnc_count_lanes #(
  parameter int Lanes = 8,
  parameter int Cuba = 0,
  parameter int DecayMultiplier = 0
) (
  input wire logic                           clk_i,
  input wire logic                           acc_read_i,
  input wire logic                           sweep_read_i,
  input wire logic                           forward,
  input wire logic [Lanes-1:0]               lanes_i,
  input wire logic                           weigh_i,
  input wire logic [7:0]                     weight_factor_i,
  input wire logic                           sweep_i,
  input wire logic                           sweep_write_i,
  input wire logic [Lanes-1:0]               lane_spike,
  input wire logic                           cuba_i,
  input wire logic [1:0]                     reset_mode_i,
  input wire logic                           channel_decays_i,
  input wire logic [snnc_pkg::DecayBits-1:0] decay_i,
  input wire logic [snnc_pkg::DecayBits-1:0] current_decay_i
);
  int adds = 0;
  int compares = 0;
  int multiplies = 0;
  int payloads = 0;
  int spikes = 0;
  int forwards = 0;
  logic cuba;
  logic swept;
  logic weighs;
  int sweep_adds;
  int sweep_multiplies;

  assign cuba = Cuba != 0 && cuba_i;
  assign swept = sweep_i && sweep_write_i;
  assign weighs = DecayMultiplier != 0 && acc_read_i && weigh_i && weight_factor_i > 8'd1;
  // Input, current, what a soft reset takes, and what either decay does. Decays of channels are taken to be
  // any number.
  assign sweep_adds = 1 + 32'(cuba) + 32'(reset_mode_i == snnc_pkg::ResetSoft)
      + 32'(channel_decays_i || decay_i != '0) + 32'(cuba && (channel_decays_i || current_decay_i != '0));
  assign sweep_multiplies = (DecayMultiplier == 0) ? 0 : 32'(channel_decays_i || $countones(decay_i) > 1)
      + 32'(cuba && (channel_decays_i || $countones(current_decay_i) > 1));

  always @(posedge clk_i) begin
    if (snnc_harness.counting) begin
      adds <= adds + (acc_read_i ? $countones(lanes_i) : 0) + (swept ? Lanes * sweep_adds : 0);
      compares <= compares + (swept ? Lanes : 0);
      multiplies <= multiplies + (swept ? Lanes * sweep_multiplies : 0);
      payloads <= payloads + (weighs ? $countones(lanes_i) : 0);
      spikes <= spikes + (swept ? $countones(lane_spike) : 0);
      forwards <= forwards + 32'(forward && (acc_read_i || sweep_read_i));
    end
  end
  final $display("counted %m lane_adds=%0d compares=%0d multiplies=%0d payload_multiplies=%0d spikes=%0d",
      adds, compares, multiplies, payloads, spikes, " state_reads=%0d", forwards);
endmodule

bind snnc_memory snnc_count_memory u_count (.clk_i, .read_i, .write_i);
bind snnc_single_port_memory snnc_count_memory u_count (.clk_i, .read_i, .write_i);
bind snnc_fifo snnc_count_fifo u_count (.clk_i, .push, .pop);
bind snnc_router snnc_count_router u_count (.clk_i, .valid_o, .ready_i, .data_o);
bind snnc_decode snnc_count_decode u_count (.clk_i, .take);
bind snnc_emit snnc_count_emit u_count (.clk_i, .state_q, .Credit, .Send, .End, .step, .entry_done);
bind snnc_datapath snnc_count_lanes #(
  .Lanes(Lanes),
  .Cuba(Cuba),
  .DecayMultiplier(DecayMultiplier)
) u_count (
  .clk_i, .acc_read_i, .sweep_read_i, .forward, .lanes_i, .weigh_i, .weight_factor_i, .sweep_i, .sweep_write_i, .lane_spike,
  .cuba_i, .reset_mode_i, .channel_decays_i, .decay_i, .current_decay_i
);

`default_nettype wire
