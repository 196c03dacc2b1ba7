"""What became of each node of a network from outside: exact, approximate or refused, and what was assumed."""

from dataclasses import dataclass, field
from typing import Literal

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import FloatGraph
from snnc.compiler.ir.network import Network

Status = Literal["exact", "approximate", "refused"]
_RANK: dict[str, int] = {"exact": 0, "approximate": 1, "refused": 2}


@dataclass(frozen=True)
class Finding:
    """Of one node."""

    node: str
    kind: str
    """What the node is in its own framework: `Conv2d`, `LIF`, `snntorch.Leaky`."""
    status: Status
    remarks: tuple[str, ...] = ()
    """Why it is not exact, with a number where there is one, the way out, and what was assumed."""


@dataclass
class Findings:
    """A report in the making: nodes in the order in which they were met."""

    source: str
    """Where the network comes from, as far as it is known: `NIR, exported by snntorch`."""
    found: dict[str, Finding] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)
    """What was assumed of the whole network: the time step, how the answer is read."""

    def note(self, node: str, kind: str, status: Status = "exact", *remarks: str) -> None:
        """Say something of a node; the worst that is said of it counts."""
        before = self.found.get(node, Finding(node, kind, "exact"))
        worst: Status = max(before.status, status, key=lambda one: _RANK[one])
        new = tuple(remark for remark in remarks if remark not in before.remarks)
        self.found[node] = Finding(node, kind, worst, before.remarks + new)

    def refuse(self, node: str, kind: str, error: UnsupportedModel) -> None:
        """Refuse a node for the reason of `error`, whose hint is the way out."""
        self.note(node, kind, "refused", *filter(None, (error.message, error.hint)))

    def require_supported(self) -> None:
        """Raise UnsupportedModel with every refused node at once, if there is one."""
        refused = [finding for finding in self.found.values() if finding.status == "refused"]
        if refused:
            lines = [f"{one.node} ({one.kind}): {'; '.join(one.remarks)}" for one in refused]
            raise UnsupportedModel("\n  ".join([f"{len(refused)} nodes cannot be imported", *lines]))


@dataclass(frozen=True)
class Imported:
    """A network from outside as a float graph, and the report of how it was read."""

    graph: FloatGraph
    findings: Findings
    steps: int | None = None
    """Steps that the network itself runs, in a loop of its own; None where it takes as many as there are."""
    integers: Network | None = None
    """The network itself, where the file is one that snnc wrote."""
