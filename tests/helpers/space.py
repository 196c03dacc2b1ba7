"""What the random cases have hit: rows of features, values and sizes, and pairs of features that met.

Tests call `record`; `space_report.py` adds up the counts of all processes and prints `table` after a fuzz.
"""

from collections import Counter
from itertools import combinations

from space_rows import FEATURES, ROWS, Drawn

COUNTS: Counter[str] = Counter()
"""`column|group|label` of this process."""


def record(drawn: Drawn, column: str) -> None:
    """Count a case under every row it hits, and accepted ones under every pair of their features."""
    COUNTS[f"{column}|cases|{'compiled' if drawn.compilation else 'refused'}"] += 1
    for group, rows in ROWS.items():
        if drawn.compilation is None and group != "refused":
            continue
        COUNTS.update(f"{column}|{group}|{label}" for label, row in rows.items() if row(drawn))
    if drawn.compilation is not None:
        met = [label for label, row in FEATURES.items() if row(drawn)]
        COUNTS.update(f"{column}|pair|{one} + {other}" for one, other in combinations(met, 2))


def table(counts: Counter[str]) -> list[str]:
    """Lines: every row with its count in software and on the RTL, rows and pairs never hit marked."""
    columns = ("software", "rtl")
    lines = [f"{'':58}{'software':>10}{'rtl':>8}"]

    def line(group: str, label: str) -> str:
        hit = [counts[f"{column}|{group}|{label}"] for column in columns]
        return f"{group:10} {label:46} {hit[0]:>10}{hit[1]:>8}{'' if all(hit) else '   <- never'}"

    lines += [line("cases", label) for label in ("compiled", "refused")]
    lines += [line(group, label) for group, rows in ROWS.items() for label in rows]
    pairs = [f"{one} + {other}" for one, other in combinations(FEATURES, 2)]
    for column in columns:
        missed = [pair for pair in pairs if not counts[f"{column}|pair|{pair}"]]
        lines.append(f"{column}: {len(pairs) - len(missed)} of {len(pairs)} pairs of features met; never:")
        lines += [f"    {pair}" for pair in missed]
    return lines
