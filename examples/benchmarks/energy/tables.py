"""Every table of this folder's README.md, made anew in its place, by one command.

    SNNC_DATA=... python examples/benchmarks/energy/tables.py

simulates, traces one sample per FPGA on the RTL, replaces what stands between the marks of README.md, and
says how long each took. Prose beside the tables is by hand: read it again.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path

import click
import intervals
import run
import sparse

from snnc.base.files import make_directory, write_text

README = Path(__file__).parent / "README.md"


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/energy"))
def main(output: Path) -> None:
    """Make every table and put it where it stands in README.md."""
    make_directory(output)
    makers: dict[str, Callable[[], dict[str, str]]] = {
        "run.py": lambda: {"networks": run.rows_of(output, 200)},
        "sparse.py": lambda: sparse.tables(50),
        "intervals.py": lambda: intervals.tables(50),
    }
    for script, make in makers.items():
        start = time.perf_counter()
        for name, text in make().items():
            write_text(README, replaced(README.read_text("utf-8"), name, text))
        click.echo(f"{script}: {time.perf_counter() - start:.0f} s")


def replaced(document: str, name: str, text: str) -> str:
    """The document with `text` between the marks of the table `name`; raises ValueError without them."""
    marks = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if marks.search(document) is None:
        raise ValueError(f"no place for the table {name}")
    return marks.sub(lambda match: match[1] + text + match[2], document)


if __name__ == "__main__":
    main()
