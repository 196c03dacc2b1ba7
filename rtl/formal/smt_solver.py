"""Bitwuzla as a process that speaks SMT-LIB on its standard streams, which is what yosys-smtbmc drives.

Run as a file, not as a module of the package: it starts once per proof and needs Bitwuzla alone.
"""

import sys
from collections.abc import Iterable, Iterator

import bitwuzla


def commands(lines: Iterable[str]) -> Iterator[str]:
    """Complete commands out of a stream of lines: parentheses balance at the end of each."""
    command, depth = "", 0
    for line in lines:
        command += line
        depth += line.count("(") - line.count(")")
        if depth == 0 and command.strip():
            yield command.strip()
            command = ""


def main() -> None:
    """Answer commands until `(exit)` or the end of the input."""
    if "--help" in sys.argv:
        print("reads SMT-LIB from standard input; options: --lang smt2")
        return
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    for command in commands(sys.stdin):
        # The parser closes its scopes at the end of each text, so levels are kept outside of it.
        if command == "(push 1)":
            parser.bitwuzla().push(1)
        elif command == "(pop 1)":
            parser.bitwuzla().pop(1)
        elif command == "(exit)":
            return
        else:
            parser.parse(command, False, False)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
