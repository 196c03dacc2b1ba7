"""How long each pass of the compiler took."""

from typing import Any

from snnc.reporting.subject import Subject

TITLE = "Passes"


def content(subject: Subject) -> dict[str, Any]:
    """The passes in the order they ran."""
    if not subject.passes:
        return {"missing": ["passes.json is not there: `snnc compile` makes it"]}
    return {"passes": subject.passes, "total": sum(step.seconds for step in subject.passes)}
