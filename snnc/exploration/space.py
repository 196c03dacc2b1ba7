"""A file of a design space: axes, how they are searched, what is minimised; and the points of the space."""

import itertools
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from snnc.base.bounds import Range, Text
from snnc.base.errors import FileError, UsageError
from snnc.base.files import read_limited
from snnc.base.quoting import quote
from snnc.base.schema import SchemaError, decode, expect, reported, versioned
from snnc.compiler.targets import Target, load_target

SCHEMA = 1
MAX_BYTES = 1 << 20
MAX_POINTS = 1_000_000

Word = Annotated[str, Text(1000, least=1)]
Objective = Literal["error", "latency", "energy", "area", "memory", "cores"]
"""What may be minimised: the share of wrong answers, time and energy of a sample, LUT4s predicted on an ECP5,
bits of weight and state memory in use, cores in use."""
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
Method = Literal["grid", "random", "optuna"]
Value = str | int | float | bool
Setting = Value | tuple[Value, ...]
"""What a field of a recipe is set to."""


@dataclass(frozen=True)
class Training:
    """Models that are trained first: one of every combination of the settings and seeds."""

    recipe: Word
    seeds: tuple[Annotated[int, Range(0, 2**31 - 1)], ...] = (1,)
    settings: dict[str, tuple[Setting, ...]] = field(default_factory=dict)
    """Values of fields of the recipe."""


@dataclass(frozen=True)
class Search:
    """Which points are looked at."""

    method: Method = "grid"
    points: Annotated[int, Range(1, MAX_POINTS)] | None = None
    """How many; None: all there are."""
    seed: Annotated[int, Range(0, 2**31 - 1)] = 0
    objectives: tuple[Objective, ...] = ("error", "latency", "energy")
    survivors: Annotated[float, Range(0, 1)] = 0.5
    """Share of the points that is simulated cycle by cycle; those that none beats always are."""
    choose: Objective | None = None
    """What the chosen point is best in; None: the first objective."""
    min_accuracy: Annotated[float, Range(0, 1)] = 0.0
    """Below it, no point is chosen."""

    @property
    def goal(self) -> Objective:
        """What the chosen point is best in."""
        return self.choose or self.objectives[0]


@dataclass(frozen=True)
class Space:
    """The whole file; paths in it are relative to it."""

    data: Word
    """Data set by name, or an `.npz` file."""
    samples: Annotated[int, Range(1, 2**31 - 1)] = 500
    """Of the split, in the functional tier: what accuracy is measured on."""
    timed_samples: Annotated[int, Range(1, 2**31 - 1)] = 100
    """The first so many of them in the cycle tier: what time and energy are measured on."""
    split: Literal["train", "test"] = "test"
    models: tuple[Word, ...] = ()
    """Model files."""
    train: tuple[Training, ...] = ()
    bits: tuple[Annotated[int, Range(2, 8)], ...] = ()
    """Widths of weights; none given, the models' own."""
    steps: tuple[Annotated[int, Range(1, 1024)], ...] = ()
    """Time steps; none given, the models' own."""
    targets: tuple[Word, ...] = ("fpga",)
    cores: tuple[Word, ...] = ()
    """Meshes, such as `2x2`, in place of the target's."""
    hardware: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    """Values of other fields of the target, such as lanes."""
    search: Search = field(default_factory=Search)

    def __post_init__(self) -> None:
        """Raise SchemaError for a space without models, or with fields that no target has."""
        expect(self.models or self.train, "models", "one model file or [[train]] at least", "none")
        expect(self.search.objectives, "search.objectives", "one of " + ", ".join(OBJECTIVES), "none")
        known = {item.name for item in fields(Target)} - {"name", "description", "device", "width", "height"}
        for name in self.hardware:
            expect(name in known, f"hardware.{name}"[:200], "a field of a target", quote(name))
        for mesh in self.cores:
            _mesh(mesh)


@dataclass(frozen=True)
class Variant:
    """A model of the space: a file, or a recipe to be trained."""

    label: str
    file: Path | None = None
    recipe: str = ""
    seed: int = 1
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Point:
    """One design: a place on every axis."""

    model: Variant
    bits: int | None
    steps: int | None
    target: str
    cores: str | None
    hardware: tuple[tuple[str, Value], ...]

    def mesh(self, folder: Path) -> Target:
        """The target that it is compiled for; raises TargetError for one that cannot be."""
        source = self.target
        target = load_target(str(folder / source) if source.endswith((".yaml", ".yml")) else source)
        changes: dict[str, Any] = dict(self.hardware)
        if self.cores is not None:
            changes["width"], changes["height"] = _mesh(self.cores)
        changed = replace(target, **changes)
        changed.verify()
        return changed

    @property
    def label(self) -> str:
        """In short, for tables."""
        parts = [self.model.label, self.target]
        parts += [] if self.bits is None else [f"{self.bits} bits"]
        parts += [] if self.steps is None else [f"{self.steps} steps"]
        parts += [] if self.cores is None else [self.cores]
        return ", ".join([*parts, *(f"{name} {value}" for name, value in self.hardware)])


Axes = dict[str, tuple[Any, ...]]
"""Values by the name of an axis; `hardware.` before fields of the target."""


def read_space(path: Path) -> Space:
    """The space of a file; raises FileError that names what is wrong."""
    try:
        document: dict[str, Any] = tomllib.loads(read_limited(path, MAX_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(f"not valid TOML: {str(error).splitlines()[0]}", where=str(path)) from None
    with reported(FileError, str(path)):
        found: Space = decode(Space, versioned(document, SCHEMA))
    return found


def axes(space: Space, folder: Path) -> Axes:
    """The axes of a space whose file lies in `folder`."""
    variants = [Variant(Path(name).stem, folder / name) for name in space.models]
    variants += [variant for training in space.train for variant in _trained(training)]
    found: Axes = {
        "model": tuple(variants),
        "bits": space.bits or (None,),
        "steps": space.steps or (None,),
        "target": space.targets,
        "cores": space.cores or (None,),
    }
    found |= {f"hardware.{name}": values for name, values in space.hardware.items()}
    size = math.prod(len(values) for values in found.values())
    if not 0 < size <= MAX_POINTS:
        raise UsageError(f"the space has {size} points, the limit is {MAX_POINTS}")
    return found


def grid(space: Axes) -> Iterator[Point]:
    """Every point, the last axis fastest."""
    for values in itertools.product(*space.values()):
        yield point(dict(zip(space, values, strict=True)))


def point(places: dict[str, Any]) -> Point:
    """The point with these values on the axes."""
    hardware = [
        (name.removeprefix("hardware."), v) for name, v in places.items() if name.startswith("hardware.")
    ]
    named = {name: value for name, value in places.items() if not name.startswith("hardware.")}
    return Point(**named, hardware=tuple(hardware))


def _trained(training: Training) -> Iterator[Variant]:
    names = list(training.settings)
    for values in itertools.product(*training.settings.values()):
        settings = tuple(zip(names, map(_as_setting, values), strict=True))
        for seed in training.seeds:
            words = [training.recipe, *(f"{name}={value}" for name, value in settings)]
            words += [f"seed={seed}"] if len(training.seeds) > 1 else []
            yield Variant(" ".join(words), None, training.recipe, seed, settings)


def _as_setting(value: Setting) -> str:
    """A value as `snnc train --set` takes it."""
    if isinstance(value, tuple):
        return ",".join(map(_as_setting, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mesh(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise SchemaError(f"cores must be a mesh such as 2x2, not {quote(text)}")
    return int(width), int(height)
