"""Properties of the design, proved with Yosys and Bitwuzla, and mutations that break them."""
