// SPDX-License-Identifier: Apache-2.0
// The registers of the peripheral: which address is which, what is kept, interrupts (docs/peripheral.md).
`default_nettype none

module snnc_peripheral_registers #(
  // What VERSION, IDENTITY and GEOMETRY say, and SENDERS at power-up.
  parameter logic [31:0] Version = '0,
  parameter logic [31:0] Identity = '0,
  parameter logic [31:0] Geometry = '0,
  parameter logic [snnc_pkg::PeripheralSendersBits-1:0] Senders = 1
) (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  // From the bus.
  input  wire logic        write_i,
  input  wire logic [snnc_pkg::PeripheralAddressBits-1:0] write_address_i,
  input  wire logic [31:0] write_data_i,
  output      logic        write_error_o,
  input  wire logic        read_i,
  input  wire logic [snnc_pkg::PeripheralAddressBits-1:0] read_address_i,
  output      logic [31:0] read_data_o,
  output      logic        read_error_o,
  // What the registers set.
  output      logic        restart_o,
  output      logic        gather_o,
  output      logic        manual_o,
  output      logic        gate_o,
  output      logic [snnc_pkg::PeripheralSendersBits-1:0] senders_o,
  output      logic [snnc_pkg::AddressBits-1:0] select_o,
  output      logic        select_change_o,
  output      logic        irq_o,
  // A flit written to them, and whether it finds room; a packet read from them.
  output      logic        append_o,
  output      logic [snnc_pkg::FlitBits:0] append_data_o,
  input  wire logic        append_ready_i,
  output      logic        take_o,
  input  wire logic [snnc_pkg::StreamOutBits-1:0] first_i,
  // A packet is offered on the stream: not the time to turn to registers.
  input  wire logic        offered_i,
  // Interrupts, and what else is read, in the order of the addresses.
  input  wire logic        sample_i,
  input  wire logic        error_i,
  input  wire logic [31:0] state_i,
  input  wire logic [31:0] status_i,
  input  wire logic [31:0] space_i,
  input  wire logic [31:0] count_i,
  input  wire logic [31:0] samples_i,
  input  wire logic [31:0] finished_i,
  input  wire logic [31:0] flits_i,
  input  wire logic [31:0] packets_i,
  input  wire logic [31:0] busy_i,
  input  wire logic [31:0] blocked_i,
  input  wire logic [31:0] entered_i,
  input  wire logic [31:0] left_i,
  // Kind by kind, the first in the lowest bits.
  input  wire logic [snnc_pkg::ActionKinds*32-1:0] actions_i
);
  localparam int InterruptBits = snnc_pkg::PeripheralPendingBits;
  // Registers that there is room for below the highest address.
  localparam int WordBits = 5;
  localparam int Words = 2 ** WordBits;

  logic [InterruptBits-1:0] pending_q;
  logic [InterruptBits-1:0] clear;
  logic [InterruptBits-1:0] enable_q;
  logic [31:0] low_q;
  logic manual_q;
  logic [1:0] manual_before_q;
  logic error_q;
  logic overrun_q;
  logic turns;
  logic writes_control;
  logic [31:0] control;
  logic [31:0] state;
  logic [WordBits-1:0] place;
  logic [Words*32-1:0] words;
  logic [Words-1:0] readable;

  assign writes_control = write_i && write_address_i == snnc_pkg::PeripheralControl;
  assign turns = snnc_pkg::peripheral_control_manual(write_data_i[snnc_pkg::PeripheralControlBits-1:0])
      && !manual_o && offered_i;
  assign append_o = write_i && write_address_i == snnc_pkg::PeripheralInputHigh;
  assign append_data_o = {
    write_data_i[snnc_pkg::PeripheralInputHighLastAt],
    write_data_i[snnc_pkg::PeripheralInputHighHighAt+:snnc_pkg::PeripheralInputHighHighBits],
    low_q
  };
  // A packet that waits for a register, and that a restart throws away, is not offered on the stream before.
  assign manual_o = manual_q || manual_before_q != '0;
  assign take_o = read_i && manual_o && read_address_i == snnc_pkg::PeripheralOutputHigh;
  assign place = read_address_i[2+:WordBits];
  assign select_change_o = write_i && write_address_i == snnc_pkg::PeripheralSelect;

  always @* begin
    case (write_address_i)
      snnc_pkg::PeripheralControl: write_error_o = turns;
      snnc_pkg::PeripheralInputHigh: write_error_o = !append_ready_i;
      snnc_pkg::PeripheralPending, snnc_pkg::PeripheralEnable, snnc_pkg::PeripheralSenders,
      snnc_pkg::PeripheralSelect, snnc_pkg::PeripheralInputLow: write_error_o = 1'b0;
      default: write_error_o = 1'b1;
    endcase
  end

  always @* begin
    control = '0;
    control[snnc_pkg::PeripheralControlGatherAt] = gather_o;
    control[snnc_pkg::PeripheralControlManualAt] = manual_q;
    control[snnc_pkg::PeripheralControlGateAt] = gate_o;
    state = state_i;
    state[snnc_pkg::PeripheralStateOverrunAt] = overrun_q;
  end

  // A register stands at eight times its address, so that reading is a choice by five bits of it.
  always @* begin
    words = '0;
    readable = '0;
    words[8*snnc_pkg::PeripheralMagic+:32] = snnc_pkg::PeripheralMagicValue;
    words[8*snnc_pkg::PeripheralVersion+:32] = Version;
    words[8*snnc_pkg::PeripheralIdentity+:32] = Identity;
    words[8*snnc_pkg::PeripheralGeometry+:32] = Geometry;
    words[8*snnc_pkg::PeripheralControl+:32] = control;
    words[8*snnc_pkg::PeripheralState+:32] = state;
    words[8*snnc_pkg::PeripheralPending+:32] = 32'(pending_q);
    words[8*snnc_pkg::PeripheralEnable+:32] = 32'(enable_q);
    words[8*snnc_pkg::PeripheralSenders+:32] = 32'(senders_o);
    words[8*snnc_pkg::PeripheralSelect+:32] = 32'(select_o);
    words[8*snnc_pkg::PeripheralStatus+:32] = status_i;
    words[8*snnc_pkg::PeripheralSpace+:32] = space_i;
    words[8*snnc_pkg::PeripheralCount+:32] = count_i;
    words[8*snnc_pkg::PeripheralOutputLow+:32] = first_i[31:0];
    words[8*snnc_pkg::PeripheralOutputHigh+:32] = first_i[63:32];
    words[8*snnc_pkg::PeripheralSamples+:32] = samples_i;
    words[8*snnc_pkg::PeripheralFinished+:32] = finished_i;
    words[8*snnc_pkg::PeripheralFlits+:32] = flits_i;
    words[8*snnc_pkg::PeripheralPackets+:32] = packets_i;
    words[8*snnc_pkg::PeripheralBusy+:32] = busy_i;
    words[8*snnc_pkg::PeripheralBlocked+:32] = blocked_i;
    words[8*snnc_pkg::PeripheralEntered+:32] = entered_i;
    words[8*snnc_pkg::PeripheralLeft+:32] = left_i;
    words[8*snnc_pkg::PeripheralWeightReads+:32] = actions_i[0*32+:32];
    words[8*snnc_pkg::PeripheralSweptWords+:32] = actions_i[1*32+:32];
    words[8*snnc_pkg::PeripheralSpikes+:32] = actions_i[2*32+:32];
    words[8*snnc_pkg::PeripheralArrivals+:32] = actions_i[3*32+:32];
    words[8*snnc_pkg::PeripheralHops+:32] = actions_i[4*32+:32];
    for (int i = 0; i < Words; i++) begin
      case (8'(4 * i))
        snnc_pkg::PeripheralInputLow, snnc_pkg::PeripheralInputHigh: readable[i] = 1'b0;
        default: readable[i] = 4 * i <= 32'(snnc_pkg::PeripheralHops);
      endcase
    end
  end
  assign read_data_o = words[{place, 5'd0}+:32];
  assign read_error_o = read_address_i[snnc_pkg::PeripheralAddressBits-1:WordBits+2] != '0
      || read_address_i[1:0] != '0 || !readable[place];

  assign clear = (write_i && write_address_i == snnc_pkg::PeripheralPending)
      ? write_data_i[InterruptBits-1:0] : '0;

  always_ff @(posedge clk_i) begin
    manual_before_q <= {manual_before_q[0], manual_q};
    restart_o <= writes_control && !turns && write_data_i[snnc_pkg::PeripheralControlRestartAt];
    if (writes_control && !turns) begin
      gather_o <= write_data_i[snnc_pkg::PeripheralControlGatherAt];
      manual_q <= write_data_i[snnc_pkg::PeripheralControlManualAt];
      gate_o <= write_data_i[snnc_pkg::PeripheralControlGateAt];
    end
    if (write_i && write_address_i == snnc_pkg::PeripheralSenders) begin
      senders_o <= write_data_i[snnc_pkg::PeripheralSendersBits-1:0];
    end
    if (select_change_o) select_o <= write_data_i[snnc_pkg::AddressBits-1:0];
    if (write_i && write_address_i == snnc_pkg::PeripheralInputLow) low_q <= write_data_i;
    if (restart_o) overrun_q <= 1'b0;
    else if (append_o && !append_ready_i) overrun_q <= 1'b1;
    if (rst_i) begin
      restart_o <= 1'b0;
      gather_o <= 1'b0;
      manual_q <= 1'b0;
      manual_before_q <= '0;
      gate_o <= 1'b0;
      senders_o <= Senders;
      select_o <= snnc_pkg::AddressBits'(1 << snnc_pkg::AddressHostAt);
      overrun_q <= 1'b0;
    end
  end

  // What happens in the cycle in which its bit is cleared stays told.
  always_ff @(posedge clk_i) begin
    error_q <= error_i;
    pending_q <= (pending_q & ~clear) | {error_i && !error_q, sample_i};
    if (write_i && write_address_i == snnc_pkg::PeripheralEnable) enable_q <= write_data_i[InterruptBits-1:0];
    irq_o <= (pending_q & enable_q) != '0;
    if (rst_i) begin
      error_q <= 1'b0;
      pending_q <= '0;
      enable_q <= '0;
      irq_o <= 1'b0;
    end
  end
endmodule

`default_nettype wire
