"""The pass pipeline: Network -> Tiling -> TiledProgram -> Image, verified after every pass."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from snnc.base.errors import SnncError, UsageError
from snnc.base.quoting import quote
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.levels import Level, verify
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.passes.registry import PASSES, Pass, make_pass
from snnc.compiler.targets import Target, builtin_targets

STANDARD = (
    "legalise",
    "hold-input",
    "bound-accumulators",
    "crop-kernels",
    "partition",
    "place",
    "route",
    "encode",
)
"""From a Network to the Image for a target as it is."""
SPECIALISED = (*STANDARD[:-1], "specialise", "encode")
"""The same for the target cut down to what the network uses."""

L = TypeVar("L", bound=Level)


@dataclass(frozen=True)
class Stage:
    """What a finished pass left: handed to the observer between passes."""

    name: str
    ir: Level
    seconds: float


@dataclass(frozen=True)
class Compilation:
    """Every level of a compiled network, each as the last pass left it, but the network itself."""

    network: Network
    tiling: Tiling
    tiled: TiledProgram
    image: Image

    @classmethod
    def of(cls, levels: Sequence[Level]) -> "Compilation":
        """The levels that a whole pipeline went through."""
        network = next(ir for ir in levels if isinstance(ir, Network))
        return cls(network, last(Tiling, levels), last(TiledProgram, levels), last(Image, levels))


def last(kind: type[L], levels: Sequence[Level]) -> L:
    """The last IR of type `kind`; raises KeyError where the pipeline had none."""
    for ir in reversed(levels):
        if isinstance(ir, kind):
            return ir
    raise KeyError(kind.__name__)


def standard_passes(target: Target, *, spread: bool = True, specialise: bool = False) -> tuple[Pass, ...]:
    """The passes that lead from a Network to an Image for `target`, or with `specialise` for as little of it
    as the network uses."""
    options = {"partition": {"spread": spread}, "place": {"spread": spread}}
    names = SPECIALISED if specialise else STANDARD
    return tuple(make_pass(name, target, **options.get(name, {})) for name in names)


def passes_up_to(name: str, level: type[Level]) -> tuple[str, ...]:
    """The compiler's own passes from the first that takes `level` up to `name`; raises UsageError where that
    one does not follow."""
    if name not in PASSES:
        raise UsageError(f"no pass is called {quote(name)}; there are {', '.join(PASSES)}")
    names = STANDARD if name in STANDARD else SPECIALISED
    following = [other for other in names if PASSES[other].takes is level]
    first = names.index(following[0]) if following else len(names)
    if names.index(name) < first:
        raise UsageError(f"{name} does not follow on the level {level.__name__}")
    return names[first : names.index(name) + 1]


def run_passes(
    ir: Level, passes: Sequence[Pass], observe: Callable[[Stage], None] | None = None
) -> list[Level]:
    """Run `passes` in order, verifying each result; returns the IR before and after every pass. Raises
    UsageError for a pass that takes another level."""
    verify(ir)
    levels = [ir]
    for step in passes:
        if not isinstance(ir, step.takes):
            raise UsageError(f"{step.name} takes the level {step.takes.__name__}, not {type(ir).__name__}")
        start = time.perf_counter()
        ir = step.run(ir)
        verify(ir)
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
        return Compilation.of(run_passes(network, standard_passes(target, spread=spread), observe))
    except SnncError as error:
        if error.code == "does-not-fit" and error.hint is None:
            error.hint = _checked_hint(network, target)
        raise


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
