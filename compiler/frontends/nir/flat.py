"""A NIR graph without graphs inside it, and its nodes in an order in which they can be computed."""

from dataclasses import dataclass

from snnc.base.errors import FileError
from snnc.compiler.frontends.nir.file import NirNode

NEURONS = ("IF", "LIF", "CubaLIF", "I", "LI", "CubaLI", "Threshold")
MAX_NODES = 1 << 12


@dataclass(frozen=True)
class FlatGraph:
    """Nodes by the path of their names, `block.lif`, and what feeds each."""

    nodes: dict[str, NirNode]
    sources: dict[str, tuple[str, ...]]
    """Of every node."""

    def targets(self) -> dict[str, list[str]]:
        """What every node feeds."""
        found: dict[str, list[str]] = {name: [] for name in self.nodes}
        for name, sources in self.sources.items():
            for source in sources:
                found[source].append(name)
        return found


def flattened(graph: NirNode) -> FlatGraph:
    """The graphs inside `graph` in their place: what enters one feeds its Input, and its Output what it
    feeds. Raises FileError for one without, or for too many nodes."""
    nodes, edges = _inlined(graph, "")
    if len(nodes) > MAX_NODES:
        raise FileError(f"the graph has {len(nodes)} nodes, the limit is {MAX_NODES}")
    sources: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        if source not in sources[target]:
            sources[target].append(source)
    return FlatGraph(nodes, {name: tuple(found) for name, found in sources.items()})


def _inlined(graph: NirNode, prefix: str) -> tuple[dict[str, NirNode], list[tuple[str, str]]]:
    nodes: dict[str, NirNode] = {}
    edges: list[tuple[str, str]] = []
    enter: dict[str, str] = {}
    leave: dict[str, str] = {}
    for name, node in graph.nodes.items():
        path = f"{prefix}{name}"
        if node.kind != "NIRGraph":
            nodes[path] = node
            enter[name] = leave[name] = path
            continue
        inner, inside = _inlined(node, f"{path}.")
        # The ends of a graph inside are no ends of the network.
        ends = {
            kind: [f"{path}.{one}" for one, inside_it in node.nodes.items() if inside_it.kind == kind]
            for kind in ("Input", "Output")
        }
        if len(ends["Input"]) != 1 or len(ends["Output"]) != 1:
            raise FileError(f"the graph {path} has not one Input and one Output", where=path)
        (enter[name],), (leave[name],) = ends["Input"], ends["Output"]
        for end in (enter[name], leave[name]):
            inner[end] = NirNode("Identity", {})
        nodes |= inner
        edges += inside
    edges += [(leave[a], enter[b]) for a, b in graph.edges]
    return nodes, edges


def computing_order(graph: FlatGraph, start: str) -> list[str]:
    """Nodes that `start` reaches, every one after those that feed it, as far as loops allow: reverse
    postorder of a depth-first search, without recursion."""
    targets = graph.targets()
    order: list[str] = []
    seen = {start}
    stack = [(start, iter(targets[start]))]
    while stack:
        name, rest = stack[-1]
        following = next((target for target in rest if target not in seen), None)
        if following is None:
            order.append(name)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(targets[following])))
    return order[::-1]


def linear_order(graph: FlatGraph, names: list[str]) -> list[str]:
    """The nodes of `names` that are no neurons, each after those that feed it; raises FileError for a loop
    without neurons, which no step can compute."""
    plain = [name for name in names if graph.nodes[name].kind not in NEURONS]
    waiting = {name: {one for one in graph.sources[name] if one in set(plain)} for name in plain}
    order: list[str] = []
    while waiting:
        ready = [name for name, sources in waiting.items() if not sources]
        if not ready:
            raise FileError(
                f"nodes feed one another with no neurons between: {', '.join(sorted(waiting)[:4])}"
            )
        for name in ready:
            del waiting[name]
        for sources in waiting.values():
            sources -= set(ready)
        order += ready
    return order
