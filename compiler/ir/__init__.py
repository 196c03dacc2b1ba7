"""The three levels, Network, Tiling with TiledProgram, and Image, and what makes each valid."""
