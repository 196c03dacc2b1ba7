"""The pass pipeline: Network -> Tiling -> TiledProgram -> Image, verified after every pass."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from snnc.base.errors import SnncError, UsageError
from snnc.base.quoting import quote
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.passes.bound_accumulators import BoundAccumulators
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.hold_input import HoldInput
from snnc.compiler.passes.legalise import Legalise
from snnc.compiler.passes.partition import Partition
from snnc.compiler.passes.place import Place
from snnc.compiler.passes.route import Route
from snnc.compiler.targets import Target, builtin_targets


class Pass(Protocol):
    """One step of the compiler: takes a valid IR, returns a valid IR, or refuses with numbers."""

    @property
    def name(self) -> str:
        """Name used by --print-after and in `ir/`."""

    def run(self, ir: Any, /) -> Any:
        """The IR after the pass."""


@dataclass(frozen=True)
class Stage:
    """What a finished pass left: handed to the observer between passes."""

    name: str
    ir: Any
    seconds: float


@dataclass(frozen=True)
class Compilation:
    """Every level of a compiled network."""

    network: Network
    program: TiledProgram
    image: Image


def standard_passes(target: Target, *, spread: bool = True) -> tuple[Pass, ...]:
    """The passes that lead from a Network to an Image for `target`."""
    return (
        Legalise(target),
        HoldInput(target),
        BoundAccumulators(target),
        Partition(target, spread=spread),
        Place(),
        Route(),
        Encode(),
    )


def run_passes(ir: Any, passes: Sequence[Pass], observe: Callable[[Stage], None] | None = None) -> list[Any]:
    """Run `passes` in order, verifying each result; returns the IR before and after every pass."""
    ir.verify()
    levels = [ir]
    for step in passes:
        start = time.perf_counter()
        ir = step.run(ir)
        ir.verify()
        levels.append(ir)
        if observe is not None:
            observe(Stage(step.name, ir, time.perf_counter() - start))
    return levels


def compile_network(
    network: Network,
    target: Target,
    *,
    spread: bool = True,
    observe: Callable[[Stage], None] | None = None,
) -> Compilation:
    """Compile `network` for `target`.

    Raises UnsupportedModel or DoesNotFit; the latter carries a hint where another built-in target was
    tried and holds the model.
    """
    try:
        levels = run_passes(network, standard_passes(target, spread=spread), observe)
    except SnncError as error:
        if error.code == "does-not-fit" and error.hint is None:
            error.hint = _checked_hint(network, target)
        raise
    return Compilation(network, levels[-2], levels[-1])


def _checked_hint(network: Network, target: Target) -> str | None:
    for candidate in sorted(builtin_targets().values(), key=lambda t: (t.device is None, t.core_count)):
        if candidate.name == target.name:
            continue
        try:
            run_passes(network, standard_passes(candidate, spread=False))
        except SnncError:
            continue
        return f"this model fits `--target {candidate.name}` ({candidate.description})"
    return None


def pass_names() -> tuple[str, ...]:
    """Names of the passes in order."""
    return tuple(step.name for step in standard_passes(next(iter(builtin_targets().values()))))


def check_pass_name(name: str) -> str:
    """`name` if it is a pass; raises UsageError with all names."""
    if name not in (*pass_names(), "all"):
        raise UsageError(f"no pass is called {quote(name)}; there are {', '.join(pass_names())}, all")
    return name
