"""Runs the notebooks of the examples, and writes their results into them: `make notebooks`."""

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "examples" / "notebooks").glob("*.ipynb"))
SECONDS = 300
"""Most that a cell may take."""


def execute(path: Path, folder: Path) -> Any:
    """The notebook with the results of a run in `folder`; raises CellExecutionError where a cell fails."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    for cell in notebook.cells:
        # When cells ran is nothing to keep, nor the `repr` of what is shown as a table.
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            if "text/html" in output.get("data", {}):
                output.data.pop("text/plain", None)
    return notebook


def shown(notebook: Any) -> list[list[str]]:
    """The kinds of results of each cell of code; of tables also their heads, since figures may differ by
    kind of processor. What is told on the standard error depends on what was compiled before, and in how many
    pieces a text arrives on time: neither counts."""
    results = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            parts = [part for output in outputs for part in _parts(output)]
            results.append([part for part, several in groupby(parts) for part in _once(part, list(several))])
    return results


def _once(part: str, several: list[str]) -> list[str]:
    return several[:1] if part == "stream" else several


def _parts(output: Any) -> list[str]:
    data = output.get("data", {})
    return [output.output_type, *sorted(data), *re.findall("<thead>.*?</thead>", str(data.get("text/html")))]


if __name__ == "__main__":
    for notebook_path in NOTEBOOKS:
        written = execute(notebook_path, notebook_path.parent)
        nbformat.write(written, notebook_path)  # type: ignore[no-untyped-call]
        print(notebook_path)
