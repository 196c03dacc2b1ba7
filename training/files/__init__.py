"""Checkpoints, and their export to the compiler's Network."""
