"""The order in which the cores of a program can be computed within one step."""

from graphlib import CycleError, TopologicalSorter

from snnc.base.errors import VerificationError
from snnc.compiler.ir.program import Core, TiledProgram


def dataflow_order(program: TiledProgram) -> list[Core]:
    """Cores such that every core stands behind all that send to it in the same step.

    Raises VerificationError where cores wait for one another: such a program would never finish a step.
    """
    cores = {core.at: core for core in program.cores}
    graph = TopologicalSorter({at: () for at in cores})
    for core in program.cores:
        for entry in core.destinations:
            if not entry.to.host and not entry.recurrent:
                graph.add(entry.to, core.at)
    try:
        return [cores[at] for at in graph.static_order()]
    except CycleError as error:
        circle = " -> ".join(str(at) for at in error.args[1])
        raise VerificationError(f"cores wait for one another: {circle}", where=program.name) from None
