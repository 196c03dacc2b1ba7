"""How large files and functions may be, so that each fits in a head: the limits of CONTRIBUTING.md."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("base", "compiler", "examples", "rtl", "sim", "snnc", "tests", "training")
SUFFIXES = {".py", ".sv", ".svh", ".cpp"}
MOST_LINES = 400
GENERATED = {Path("rtl/hdl/common/snnc_pkg.sv")}
"""Nobody reads these as code; what they come from is measured."""
MEDIAN_LINES = 150
NINE_OF_TEN_FUNCTIONS = 30


def _files() -> dict[Path, str]:
    """Every source file by its path; links name a folder a second time."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)
    here = {path.resolve().relative_to(ROOT) for path in found}
    built = {"build", "sim_build", "__pycache__"}
    wanted = (path for path in here - GENERATED if not built & set(path.parts))
    return {path: (ROOT / path).read_text("utf-8") for path in sorted(wanted)}


FILES = _files()


def _functions() -> Iterator[int]:
    """Lines of every function."""
    for path, text in FILES.items():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    assert node.end_lineno is not None
                    yield node.end_lineno - node.lineno + 1


def test_no_file_is_too_long() -> None:
    lines = {str(path): text.count("\n") for path, text in FILES.items()}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_most_files_are_short() -> None:
    assert median(text.count("\n") for text in FILES.values()) <= MEDIAN_LINES


def test_most_functions_are_short() -> None:
    assert quantiles(_functions(), n=10)[-1] <= NINE_OF_TEN_FUNCTIONS
