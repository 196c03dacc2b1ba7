// SPDX-License-Identifier: Apache-2.0
// AXI4-Lite subordinate: one write and one read at a time, all ready and valid outputs registered, for
// registers of 32 bits that are written as a whole.
`default_nettype none

module snnc_axil (
  input  wire logic        clk_i,
  input  wire logic        rst_i,
  input  wire logic [snnc_pkg::PeripheralAddressBits-1:0] s_axil_awaddr,
  input  wire logic        s_axil_awvalid,
  output      logic        s_axil_awready,
  input  wire logic [31:0] s_axil_wdata,
  input  wire logic [3:0]  s_axil_wstrb,
  input  wire logic        s_axil_wvalid,
  output      logic        s_axil_wready,
  output      logic [1:0]  s_axil_bresp,
  output      logic        s_axil_bvalid,
  input  wire logic        s_axil_bready,
  input  wire logic [snnc_pkg::PeripheralAddressBits-1:0] s_axil_araddr,
  input  wire logic        s_axil_arvalid,
  output      logic        s_axil_arready,
  output      logic [31:0] s_axil_rdata,
  output      logic [1:0]  s_axil_rresp,
  output      logic        s_axil_rvalid,
  input  wire logic        s_axil_rready,
  // A register is written in this cycle, unless `write_error_i` refuses it.
  output      logic        write_o,
  output      logic [snnc_pkg::PeripheralAddressBits-1:0] write_address_o,
  output      logic [31:0] write_data_o,
  input  wire logic        write_error_i,
  // A register is read in this cycle.
  output      logic        read_o,
  output      logic [snnc_pkg::PeripheralAddressBits-1:0] read_address_o,
  input  wire logic [31:0] read_data_i,
  input  wire logic        read_error_i
);
  localparam logic [1:0] Okay = 2'b00;
  localparam logic [1:0] SlaveError = 2'b10;

  // The address and the data of a write, and the address of a read, that wait to be carried out.
  logic addressed_q;
  logic given_q;
  logic asked_q;
  logic whole_q;
  logic write;

  assign s_axil_awready = !addressed_q;
  assign s_axil_wready = !given_q;
  assign s_axil_arready = !asked_q;
  assign write = addressed_q && given_q && !s_axil_bvalid;
  assign write_o = write && whole_q;
  assign read_o = asked_q && !s_axil_rvalid;

  always_ff @(posedge clk_i) begin
    if (s_axil_awready && s_axil_awvalid) begin
      addressed_q <= 1'b1;
      write_address_o <= s_axil_awaddr;
    end
    if (s_axil_wready && s_axil_wvalid) begin
      given_q <= 1'b1;
      write_data_o <= s_axil_wdata;
      whole_q <= s_axil_wstrb == '1;
    end
    if (s_axil_bready) s_axil_bvalid <= 1'b0;
    if (write) begin
      addressed_q <= 1'b0;
      given_q <= 1'b0;
      s_axil_bvalid <= 1'b1;
      s_axil_bresp <= (whole_q && !write_error_i) ? Okay : SlaveError;
    end
    if (rst_i) begin
      addressed_q <= 1'b0;
      given_q <= 1'b0;
      s_axil_bvalid <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_axil_arready && s_axil_arvalid) begin
      asked_q <= 1'b1;
      read_address_o <= s_axil_araddr;
    end
    if (s_axil_rready) s_axil_rvalid <= 1'b0;
    if (read_o) begin
      asked_q <= 1'b0;
      s_axil_rvalid <= 1'b1;
      s_axil_rdata <= read_data_i;
      s_axil_rresp <= read_error_i ? SlaveError : Okay;
    end
    if (rst_i) begin
      asked_q <= 1'b0;
      s_axil_rvalid <= 1'b0;
    end
  end
endmodule

`default_nettype wire
