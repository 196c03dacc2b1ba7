"""The power on the FPGA, line by line."""

from typing import Any

from snnc.reporting.subject import Subject

TITLE = "Power"


def content(subject: Subject) -> dict[str, Any]:
    """Every line in watts with the confidence of its price, and the total."""
    page = subject.power
    if page is None or not page.lines:
        return {"missing": [subject.missing.get("power", "power.json has no lines")]}
    return {"page": page, "totals": page.totals}
