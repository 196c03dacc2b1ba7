"""`python -m snnc`: the command line."""

from .cli import main

main()
