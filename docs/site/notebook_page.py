"""A notebook as a page: its texts, its code, and what the cells printed and showed."""

from pathlib import Path
from typing import Any

import nbformat


def notebook_page(path: Path) -> str:
    """The Markdown of the notebook `path`, with the results that are kept in it."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return "\n\n".join(part for cell in notebook.cells for part in _cell(cell)) + "\n"


def _cell(cell: Any) -> list[str]:
    if cell.cell_type != "code":
        return [cell.source]
    return [f"```python\n{cell.source}\n```", *(_output(output) for output in cell.outputs)]


def _output(output: Any) -> str:
    """A table as HTML, a picture in the page itself, anything else as text."""
    data = output.get("data", {})
    if "text/html" in data:
        return f'<div class="result">\n{data["text/html"]}\n</div>'
    if "image/png" in data:
        return f'<img alt="Result of the cell above" src="data:image/png;base64,{data["image/png"].strip()}">'
    return f"```text\n{output.get('text') or data['text/plain']}\n```"
