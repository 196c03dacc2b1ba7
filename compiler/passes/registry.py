"""Every pass by its name, and pipelines as texts: `partition{spread=false},place{seed=3}`.

The command line, the documents and the tests read the passes from here.
"""

import re
from dataclasses import fields
from typing import Any, ClassVar, Protocol, get_type_hints

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.compiler.ir.levels import Level
from snnc.compiler.passes.bound_accumulators import BoundAccumulators
from snnc.compiler.passes.crop_kernels import CropKernels
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.hold_input import HoldInput
from snnc.compiler.passes.legalise import Legalise
from snnc.compiler.passes.partition import Partition
from snnc.compiler.passes.place import Place
from snnc.compiler.passes.route import Route
from snnc.compiler.passes.specialise import Specialise
from snnc.compiler.targets import Target


class Pass(Protocol):
    """One step of the compiler: takes a valid IR, returns a valid IR, or refuses with numbers.

    A frozen dataclass; its fields are its options, but for `target`, which the pipeline gives. Its docstring
    says what it needs, guarantees and refuses.
    """

    name: ClassVar[str]
    takes: ClassVar[type[Level]]
    gives: ClassVar[type[Level]]

    def run(self, ir: Any, /) -> Any:
        """The IR after the pass."""


PASSES: dict[str, type[Pass]] = {
    kind.name: kind
    for kind in (
        Legalise,
        HoldInput,
        BoundAccumulators,
        CropKernels,
        Partition,
        Place,
        Route,
        Specialise,
        Encode,
    )
}
"""In the order they run."""
ALL = "all"
"""What stands for every pass where one is named."""

_STEP = re.compile(r"\s*([a-z-]+)\s*(?:\{([^{}]*)\})?\s*(?:,|$)")
_OPTION = re.compile(r"([a-z_]+)=(true|false|-?[0-9]{1,18})")


def check_pass_name(name: str) -> str:
    """`name` if it is a pass or `all`; raises UsageError with all names."""
    if name not in (*PASSES, ALL):
        raise UsageError(f"no pass is called {quote(name)}; there are {', '.join(PASSES)}, {ALL}")
    return name


def options_of(kind: type[Pass]) -> dict[str, type]:
    """The options of a pass with their types, which are bool or int."""
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind) if f.name != "target"}  # type: ignore[arg-type]


def make_pass(name: str, target: Target, /, **options: Any) -> Pass:
    """The pass called `name` for `target`; raises UsageError for an option that it does not have."""
    if name not in PASSES:
        raise UsageError(f"no pass is called {quote(name)}; there are {', '.join(PASSES)}")
    kind = PASSES[name]
    known = options_of(kind)
    for option, value in options.items():
        if option not in known:
            there = f"there are {', '.join(known)}" if known else "it has none"
            raise UsageError(f"{name} has no option {quote(option)}; {there}")
        if type(value) is not known[option]:
            wanted = "true or false" if known[option] is bool else "an integer"
            raise UsageError(f"{option} of {name} must be {wanted}, not {print_value(value)}")
    if any(f.name == "target" for f in fields(kind)):  # type: ignore[arg-type]
        options["target"] = target
    return kind(**options)


def parse_passes(text: str, target: Target) -> tuple[Pass, ...]:
    """The passes that `text` names in order, with their options; raises UsageError for anything else."""
    passes = []
    place = 0
    while place < len(text):
        step = _STEP.match(text, place)
        if step is None:
            raise UsageError(
                f"no pipeline: {quote(text[place:])}",
                hint="`partition{spread=false},place{seed=3},route` is one",
            )
        passes.append(make_pass(step[1], target, **_parse_options(step[2] or "")))
        place = step.end()
    return tuple(passes)


def _parse_options(text: str) -> dict[str, bool | int]:
    options: dict[str, bool | int] = {}
    for part in text.split():
        match = _OPTION.fullmatch(part)
        if match is None or match[1] in options:
            raise UsageError(f"options are {{NAME=VALUE NAME=VALUE}}, each once, not {quote(text)}")
        options[match[1]] = match[2] == "true" if match[2] in ("true", "false") else int(match[2])
    return options


def print_passes(passes: tuple[Pass, ...]) -> str:
    """The text of a pipeline with every option; `parse_passes` is its inverse."""
    return ",".join(_print_pass(step) for step in passes)


def _print_pass(step: Pass) -> str:
    options = [f"{name}={print_value(getattr(step, name))}" for name in options_of(type(step))]
    return step.name + (f"{{{' '.join(options)}}}" if options else "")


def print_value(value: bool | int) -> str:
    """An option's value as texts have it."""
    return str(value).lower()


def describe_passes() -> str:
    """Every pass with its levels, options and contract, for the command line."""
    return "\n".join(_describe(kind) for kind in PASSES.values())


def _describe(kind: type[Pass]) -> str:
    levels = " -> ".join(dict.fromkeys((kind.takes.__name__, kind.gives.__name__)))
    options = " ".join(f"{name}={print_value(getattr(kind, name))}" for name in options_of(kind))
    contract = " ".join((kind.__doc__ or "").split("\n\n", 1)[0].split())
    return f"{kind.name}{f' {{{options}}}' if options else ''}: {levels}\n    {contract}"
