// SPDX-License-Identifier: Apache-2.0
// Constants of the flit format and of the configuration space, shared by all modules.
`default_nettype none

package snnc_pkg;
  // A flit: data[43:12], type[11:9], host[8], y[7:4], x[3:0].
  localparam int FlitBits = 44;

  localparam logic [2:0] FlitSpike = 3'd0;
  localparam logic [2:0] FlitValue = 3'd1;
  localparam logic [2:0] FlitEnd = 3'd2;
  localparam logic [2:0] FlitCredit = 3'd3;
  localparam logic [2:0] FlitConfigAddress = 3'd4;
  localparam logic [2:0] FlitConfigData = 3'd5;
  localparam logic [2:0] FlitSync = 3'd6;

  // Router ports.
  localparam int North = 0;
  localparam int East = 1;
  localparam int South = 2;
  localparam int West = 3;
  localparam int Local = 4;
  localparam int Ports = 5;

  // Memories a CONFIG_ADDRESS flit can select.
  localparam logic [3:0] MemoryRegisters = 4'd0;
  localparam logic [3:0] MemoryWeights = 4'd1;
  localparam logic [3:0] MemoryState = 4'd2;
  localparam logic [3:0] MemoryThresholds = 4'd3;
  localparam logic [3:0] MemoryBias = 4'd4;
  localparam logic [3:0] MemoryDestinations = 4'd5;
  localparam logic [3:0] MemorySources = 4'd6;
  localparam logic [3:0] MemoryMembrane = 4'd7;
  localparam logic [3:0] MemoryAxonRows = 4'd8;
  localparam logic [3:0] MemoryAxonColumns = 4'd9;

  // Bits of an entry of the destination, source and axon tables.
  localparam int DestinationBits = 75;
  localparam int SourceBits = 9;
  localparam int AxonBits = 38;

  // Configuration registers that are neither a segment nor a bank; bits of a segment and a bank.
  localparam int Registers = 13;
  localparam int SegmentBits = 25;
  localparam int BankBits = 128;

  // A decay is x - ((x * d) >> DecayShift), d being 0 to 1 << DecayShift.
  localparam int DecayShift = 12;
  localparam int DecayBits = 13;

  // The shift that a d of 0 or a power of two stands for, as snnc_decay takes it.
  function automatic logic [DecayBits-1:0] decay_shift(input logic [DecayBits-1:0] d);
    decay_shift = '0;
    for (int i = 0; i <= DecayShift; i++) begin
      if (d[i]) decay_shift = DecayBits'(16 + DecayShift - i);
    end
  endfunction

  // The time step within a sample; it stays in 16 to 31, right modulo 16, once it got there.
  localparam int StepBits = 5;

  // Frames of the host link (docs/host.md), and verdicts on them.
  localparam logic [2:0] FrameFlits = 3'd0;
  localparam logic [2:0] FrameHello = 3'd1;
  localparam logic [2:0] FrameControl = 3'd2;
  localparam logic [2:0] FrameRead = 3'd3;
  localparam logic [2:0] FrameStatus = 3'd4;

  localparam logic [2:0] VerdictAccepted = 3'd0;
  localparam logic [2:0] VerdictDamaged = 3'd1;
  localparam logic [2:0] VerdictMalformed = 3'd2;
  localparam logic [2:0] VerdictSequence = 3'd3;
  localparam logic [2:0] VerdictOverrun = 3'd4;

  // Wide enough for an END or CREDIT from each of 256 cores and the host.
  localparam int CountBits = 10;
endpackage

`default_nettype wire
