"""`python -m snnc.rtl.contract [--check]`: writes `snnc_pkg.sv` and the tables of the documents."""

import sys
from pathlib import Path

from snnc.base.errors import FileError
from snnc.base.files import write_text
from snnc.rtl.contract_package import package
from snnc.rtl.contract_tables import tables
from snnc.rtl.sources import RTL_DIR, source

DOCUMENTS = RTL_DIR.parent / "docs"
END_MARKER = "<!-- end -->"


def written() -> dict[Path, str]:
    """The files that come from the contract, with what they should say."""
    documents = {DOCUMENTS / name: with_tables(DOCUMENTS / name, places) for name, places in tables().items()}
    return {source("snnc_pkg.sv"): package()} | documents


def with_tables(path: Path, places: dict[str, str]) -> str:
    """The document with every table between its markers; raises FileError where one has no place."""
    document = path.read_text("utf-8")
    for name, table in places.items():
        marker = f"<!-- contract: {name} -->\n"
        before, found, rest = document.partition(marker)
        _, closed, after = rest.partition(END_MARKER)
        if not (found and closed):
            raise FileError(f"has no place for the table `{name}`", where=str(path))
        document = f"{before}{marker}{table}\n{END_MARKER}{after}"
    return document


def out_of_date() -> list[Path]:
    """The files that say something else than the contract."""
    return [path for path, text in written().items() if path.read_text("utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` name those out of date; returns the exit code."""
    stale = out_of_date()
    for path in stale:
        print(f"{path.relative_to(RTL_DIR.parent)} is out of date")
    if arguments == ["--check"]:
        return int(bool(stale))
    for path, text in written().items():
        write_text(path, text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
