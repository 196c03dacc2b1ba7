"""What `snnc import` tells: every node with its verdict, what was assumed, what was lost and where."""

from dataclasses import asdict, dataclass
from typing import Any

from snnc.compiler.frontends.conversion import Agreement
from snnc.compiler.frontends.findings import Finding
from snnc.importing import ImportResult

LISTED = 40
"""Nodes that the terminal shows; the JSON has all."""


@dataclass(frozen=True)
class ImportReport:
    """An import for people and for scripts."""

    result: ImportResult

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        result = self.result
        return {
            "schema": 1,
            "source": result.imported.findings.source,
            "assumed": list(result.assumed),
            "nodes": [asdict(one) for one in result.imported.findings.found.values()],
            "approximate": result.remarks,
            "agreement": asdict(result.agreement),
        }

    def render(self) -> str:
        """Tables and lines."""
        result = self.result
        findings = list(result.imported.findings.found.values())
        lines = [f"read {result.imported.findings.source}"]
        lines += [f"  {line}" for line in result.assumed]
        shown = findings[:LISTED]
        name, kind = _width([one.node for one in shown]), _width([one.kind for one in shown])
        lines += ["", f"{'node':{name}}{'kind':{kind}}verdict"]
        lines += [f"{one.node:{name}}{one.kind:{kind}}{_verdict(one)}" for one in shown]
        if len(findings) > LISTED:
            lines.append(f"... {len(findings) - LISTED} more nodes are in the JSON report")
        lines += [f"{name}: approximate: {one}" for name, all_of in result.remarks.items() for one in all_of]
        if result.agreement.samples:
            lines += ["", *_agreement(result.agreement)]
        return "\n".join(lines)


def _width(texts: list[str]) -> int:
    """Of a column that holds them."""
    return max([18, *map(len, texts)]) + 2


def _verdict(one: Finding) -> str:
    return f"{one.status}{': ' if one.remarks else ''}{'; '.join(one.remarks)}"


def _agreement(found: Agreement) -> list[str]:
    lines = [
        f"agreement on {found.samples} samples (exact)",
        f"  same class, float graph and contract's form (semantics)   {found.semantics:8.2%}",
        f"  same class, contract's form and integers (quantisation)   {found.quantisation:8.2%}",
        f"  same class, float graph and integers                      {found.overall:8.2%}",
    ]
    if found.accuracy is not None and found.float_accuracy is not None:
        lines.append(f"  accuracy, float and integers     {found.float_accuracy:8.2%}{found.accuracy:10.2%}")
    if found.layers:
        width = _width([one.name for one in found.layers])
        lines += ["", f"{'layer':{width}}{'rate':>8}{'same bits':>12}{'F1 of spikes':>14}"]
        for one in found.layers:
            lines.append(f"{one.name:{width}}{one.rate:8.4f}{one.same:12.4f}{one.found:14.4f}")
    return lines
