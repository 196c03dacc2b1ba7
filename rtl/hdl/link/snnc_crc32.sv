// SPDX-License-Identifier: Apache-2.0
// Frame check sequence of RFC 1662 (CRC-32, as in Ethernet and zlib), one bit per cycle, lowest bit first.
`default_nettype none

module snnc_crc32 (
  input  wire logic        clk_i,
  // Begin a frame.
  input  wire logic        clear_i,
  // Take `bit_i` in this cycle.
  input  wire logic        shift_i,
  input  wire logic        bit_i,
  // Shift zeros in and the remainder out, instead of taking `bit_i`.
  input  wire logic        drain_i,
  // The remainder; its complement, lowest byte first, ends a frame.
  output      logic [31:0] crc_o,
  // Everything taken, its check sequence included, is undamaged.
  output      logic        good_o
);
  localparam logic [31:0] Polynomial = 32'hedb8_8320;
  localparam logic [31:0] Residue = 32'hdebb_20e3;

  logic feedback;

  assign feedback = (crc_o[0] ^ bit_i) && !drain_i;
  assign good_o = crc_o == Residue;

  always_ff @(posedge clk_i) begin
    if (shift_i) crc_o <= {1'b0, crc_o[31:1]} ^ (feedback ? Polynomial : 32'd0);
    if (clear_i) crc_o <= '1;
  end
endmodule

`default_nettype wire
