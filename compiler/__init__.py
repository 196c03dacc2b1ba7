"""The compiler: Network -> TiledProgram -> Image, one pass per file. Never imports torch."""
