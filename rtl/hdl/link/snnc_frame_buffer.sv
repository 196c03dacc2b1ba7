// SPDX-License-Identifier: Apache-2.0
// Block RAM buffer of the flits to the mesh: a frame counts once it is committed, and leaves at one flit
// per cycle once the gate is open.
`default_nettype none

module snnc_frame_buffer #(
  // Flits it holds; a power of two, 2 to 32768.
  parameter int Depth = 1024
) (
  input  wire logic                         clk_i,
  // Empties the buffer and closes the gate.
  input  wire logic                         rst_i,
  // A flit of the current frame; it must find room.
  input  wire logic                         write_i,
  input  wire logic [snnc_pkg::FlitBits-1:0] data_i,
  output      logic                         full_o,
  // The current frame becomes valid, or is forgotten.
  input  wire logic                         commit_i,
  input  wire logic                         drop_i,
  // Flits that have left the memory, modulo twice the depth.
  output      logic [$clog2(Depth):0]       taken_o,
  // Flits may leave.
  input  wire logic                         open_i,
  // Stream to the mesh.
  output      logic                         valid_o,
  input  wire logic                         ready_i,
  output      logic [snnc_pkg::FlitBits-1:0] data_o
);
  localparam int Bits = $clog2(Depth);

  // Positions count modulo twice the depth.
  logic [Bits:0] write_q;
  logic [Bits:0] committed_q;
  // What was committed a cycle ago, which the memory can have been read of.
  logic [Bits:0] readable_q;
  // Position of the word that the memory gives now, and of the one behind it, ready to be chosen late.
  logic [Bits:0] read_q;
  logic [Bits:0] second_q;
  logic [Bits:0] read;
  // Output register: the memory alone would be slow.
  logic loaded_q;
  logic load;
  logic readable;
  logic [snnc_pkg::FlitBits-1:0] data;

  assign load = read_q != readable_q && (!loaded_q || (ready_i && open_i));
  assign read = load ? second_q : read_q;
  // Whether the word to be read was committed; both are known before it is chosen.
  assign readable = load ? second_q != committed_q : read_q != committed_q;
  assign full_o = write_q == (read_q ^ (Bits + 1)'(Depth));
  assign taken_o = read_q;
  assign valid_o = loaded_q && open_i;

  snnc_memory #(
    .Width(snnc_pkg::FlitBits),
    .Depth(Depth)
  ) u_memory (
    .clk_i,
    .write_i,
    .write_address_i(write_q[Bits-1:0]),
    .write_data_i(data_i),
    .read_i(readable),
    .read_address_i(read[Bits-1:0]),
    .read_data_o(data)
  );

  always_ff @(posedge clk_i) begin
    readable_q <= committed_q;
    read_q <= read;
    loaded_q <= load || (loaded_q && !(ready_i && open_i));
    if (load) begin
      second_q <= second_q + (Bits + 1)'(1);
      data_o <= data;
    end
    if (write_i) write_q <= write_q + (Bits + 1)'(1);
    if (commit_i) committed_q <= write_q;
    if (drop_i) write_q <= committed_q;
    if (rst_i) begin
      write_q <= '0;
      committed_q <= '0;
      readable_q <= '0;
      read_q <= '0;
      second_q <= (Bits + 1)'(1);
      loaded_q <= 1'b0;
    end
  end

`ifdef SNNC_ASSERT
  always @(posedge clk_i) begin
    if (!rst_i) begin
      assert (!(write_i && full_o)) else $fatal(1, "%m: written while full");
      assert (!(write_i && (commit_i || drop_i))) else $fatal(1, "%m: written at the end of a frame");
    end
  end
`endif
endmodule

`default_nettype wire
