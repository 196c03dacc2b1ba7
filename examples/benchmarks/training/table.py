"""One table from the results of all finished cells: mean ± standard deviation over the seeds."""

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

COLUMNS = (
    ("accuracy", "accuracy [%]", 100.0, 2),
    ("rate", "rate [%]", 100.0, 1),
    ("sops", "synaptic operations [k]", 1e-3, 1),
    ("energy_j", "energy [nJ]", 1e9, 0),
    ("latency_s", "latency [µs]", 1e6, 2),
    ("seconds", "training [s]", 1.0, 0),
    ("teacher_seconds", "its teacher [s]", 1.0, 0),
)
"""Key of a result, heading, factor and digits."""


def read_results(folder: Path) -> list[dict[str, Any]]:
    """The results of all finished cells."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*-T*-s*.json"))]


def markdown(results: list[dict[str, Any]]) -> str:
    """A row per network, method and number of steps."""
    rows = defaultdict(list)
    for result in results:
        rows[result["network"], result["steps"], result["method"]].append(result)
    header = ["network", "T", "method", "seeds", *(heading for _, heading, _, _ in COLUMNS)]
    lines = [" | ".join(header), " | ".join(["---", "--:", "---"] + ["--:"] * (len(header) - 3))]
    for (network, steps, method), group in sorted(rows.items()):
        cells = [network, str(steps) if steps else "", method, str(len(group))]
        cells += [
            _cell([result.get(key) for result in group], scale, digits) for key, _, scale, digits in COLUMNS
        ]
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _cell(values: list[float | None], scale: float, digits: int) -> str:
    known = [value * scale for value in values if value is not None]
    if not known:
        return ""
    mean = f"{statistics.mean(known):,.{digits}f}"
    return mean if len(known) == 1 else f"{mean} ± {statistics.stdev(known):.{digits}f}"
