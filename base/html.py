"""Tables that a notebook shows in place of an object's `repr`."""

from collections.abc import Iterable, Sequence
from html import escape


def html_table(caption: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """An HTML table: the first column names the row, whole numbers have thousands apart, None is empty."""
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in header)
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td>{escape(_shown(value))}</td>" for value in rest)
        lines.append(f"<tr><th scope='row'>{escape(_shown(first))}</th>{cells}</tr>")
    body = "\n".join(lines)
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
