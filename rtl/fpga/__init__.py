"""From SystemVerilog to a board: synthesis, placement, bitstream, area."""
