"""Data sets, and samples as an input takes them."""
