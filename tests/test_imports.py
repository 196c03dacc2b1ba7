"""Who may import whom: folders stand on floors, and no module needs itself to be imported."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BELOW = {
    "base": set[str](),
    "compiler": {"base"},
    "sim": {"base", "compiler"},
    "rtl": {"base", "compiler"},
    "training": {"base", "compiler", "sim"},
    "snnc": {"base", "compiler", "sim", "rtl", "training"},
}


def _modules() -> dict[str, Path]:
    """Every module of the package by name."""
    found = {}
    for room in BELOW:
        for path in (ROOT / room).rglob("*.py"):
            parts = path.relative_to(ROOT if room != "snnc" else ROOT / "snnc").with_suffix("").parts
            found[".".join(("snnc", *parts)).removesuffix(".__init__")] = path
    return found


MODULES = _modules()


def _room(module: str) -> str:
    second = f"{module}.".split(".")[1]
    return second if second in BELOW else "snnc"


def _imports(path: Path, *, on_import: bool) -> Iterator[str]:
    """The modules of ours that a file names; with `on_import` only those it needs to be imported itself."""
    tree = ast.parse(path.read_text())
    for node in tree.body if on_import else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in inside)


@pytest.mark.parametrize("module", MODULES)
def test_no_import_goes_up(module: str) -> None:
    room = _room(module)
    others = {_room(name) for name in _imports(MODULES[module], on_import=False)} - {room}
    assert others <= BELOW[room], f"{room}/ must not import {others - BELOW[room]}"


def test_no_import_goes_round() -> None:
    graph = {module: set(_imports(path, on_import=True)) - {module} for module, path in MODULES.items()}
    TopologicalSorter(graph).prepare()  # a CycleError names the modules
