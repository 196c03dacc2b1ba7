"""The design under Verilator or Icarus: built, run, and its results read."""
