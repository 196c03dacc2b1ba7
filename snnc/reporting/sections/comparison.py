"""Several builds side by side, with what differs marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snnc.reporting.sections import network, verdicts
from snnc.reporting.subject import Subject

TITLE = "Side by side"


@dataclass(frozen=True)
class Row:
    """A figure of every build; which differ, and which of them is best."""

    name: str
    cells: tuple[str, ...]
    differs: bool
    best: tuple[bool, ...]


def content(subjects: Sequence[Subject]) -> dict[str, Any]:
    """What the builds are, then their figures."""
    facts = [dict(network.content(subject)["rows"]) for subject in subjects]
    rows = [_row(name, [fact.get(name, "") for fact in facts]) for name in facts[0]]
    figures = [{found.name: found for found in verdicts.verdicts(subject)} for subject in subjects]
    names = dict.fromkeys(name for found in figures for name in found)
    for name in names:
        found = [column.get(name) for column in figures]
        rows.append(_row(name, ["" if one is None else one.text for one in found], _best(found)))
    return {"names": [subject.name for subject in subjects], "rows": rows}


def _row(name: str, cells: list[str], best: tuple[bool, ...] | None = None) -> Row:
    return Row(name, tuple(cells), len(set(cells)) > 1, best or (False,) * len(cells))


def _best(found: list[verdicts.Verdict | None]) -> tuple[bool, ...] | None:
    """Which are best, where they differ and there is a better."""
    known = [one for one in found if one is not None and one.number is not None]
    numbers = [one.number for one in known if one.number is not None]
    if len(set(numbers)) < 2 or known[0].lower_is_better is None:
        return None
    best = min(numbers) if known[0].lower_is_better else max(numbers)
    return tuple(one is not None and one.number == best for one in found)
