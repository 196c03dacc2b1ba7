"""`python -m snnc`: the command line."""

from snnc.commands.cli import main

main()
