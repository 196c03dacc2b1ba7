// SPDX-License-Identifier: Apache-2.0
// Signature of a stream, one word per cycle: what the host has sent and got must give the same (docs/host.md).
`default_nettype none

module snnc_signature #(
  // Bits of a word, 33 to 96.
  parameter int Width = 44
) (
  input  wire logic             clk_i,
  // Begin a stream.
  input  wire logic             rst_i,
  // A word of the stream.
  input  wire logic             valid_i,
  input  wire logic [Width-1:0] data_i,
  output      logic [31:0]      signature_o
);
  localparam logic [31:0] Polynomial = 32'h04c1_1db7;

  logic [95:0] word;

  assign word = 96'(data_i);

  // A multiple-input shift register: any one word that differs gives another signature, for a step can be
  // undone, unless the difference vanishes as the word is folded; and the count matters, for none is 0.
  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      signature_o <= {signature_o[30:0], 1'b0} ^ (signature_o[31] ? Polynomial : 32'd0)
                     ^ word[31:0] ^ word[63:32] ^ word[95:64];
    end
    if (rst_i) signature_o <= '1;
  end
endmodule

`default_nettype wire
