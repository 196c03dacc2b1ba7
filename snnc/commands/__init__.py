"""The command line: one module per verb, what a terminal shows, and build directories."""
