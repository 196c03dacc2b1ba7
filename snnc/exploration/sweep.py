"""A sweep over a design space: models are trained, all points looked at cheaply, the survivors exactly."""

import shlex
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import yaml

from snnc.base.errors import TargetError, UsageError
from snnc.base.files import make_directory, write_text
from snnc.compiler.targets import SCHEMA as TARGET_SCHEMA
from snnc.exploration.cluster import Cluster
from snnc.exploration.evaluate import Answer, Lesson, Question, Tier, answer, train
from snnc.exploration.ranking import Values, best
from snnc.exploration.samplers import SAMPLERS, wanted_of
from snnc.exploration.space import Axes, Objective, Point, Space, Variant, axes
from snnc.exploration.store import Store, content_key
from snnc.models import Selection

STORE_FILE, MODELS, TARGETS = "results.sqlite", "models", "targets"
Announce = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""From what is done and how many times to what is told how often it was."""


@dataclass(frozen=True)
class Found:
    """A point that can be built, in the functional tier and, if it survived, in the cycle tier."""

    point: Point
    screened: Answer
    measured: Answer | None = None

    def values(self, objectives: Sequence[Objective]) -> Values:
        """Its objectives, from the best that is known."""
        timed = self.measured or self.screened
        known: dict[str, float | None] = {
            "error": None if self.screened.accuracy is None else 1.0 - self.screened.accuracy,
            "latency": timed.latency_s,
            "energy": timed.energy_j,
            "area": self.screened.area,
            "memory": self.screened.memory,
            "cores": self.screened.cores,
        }
        return tuple(float(known[name] or 0.0) for name in objectives)


@dataclass(frozen=True)
class Explored:
    """What a sweep found."""

    found: tuple[Found, ...]
    refused: dict[Point, str]
    """Points that cannot be built, and why."""
    lost: int
    """Looks at points whose workers died every time."""
    reused: int
    """Looks that an earlier run had done."""
    done: int


class Sweep:
    """One run over a space whose file lies in `folder`; everything it makes is in `output`."""

    def __init__(
        self, space: Space, folder: Path, output: Path, data_dir: Path | None, cluster: Cluster
    ) -> None:
        self.space, self.folder, self.output, self.cluster = (
            space,
            folder.resolve(),
            output.resolve(),
            cluster,
        )
        self.data_dir = None if data_dir is None else data_dir.resolve()
        self.answers: dict[str, Answer] = {}
        self.refused: dict[Point, str] = {}
        self.lost = self.reused = self.done = 0
        make_directory(self.output)

    @cached_property
    def store(self) -> Store:
        """Where answers are kept."""
        return Store(self.output / STORE_FILE)

    @cached_property
    def axes(self) -> Axes:
        """The axes of the space; raises UsageError for a space that is too large."""
        return axes(self.space, self.folder)

    def run(self, announce: Announce) -> Explored:
        """Everything in order. Raises UsageError for an objective that a target does not have, FileError for
        models and data that cannot be read."""
        self._require_areas()
        self._train(announce)
        search = self.space.search
        screened: dict[Point, Answer] = {}
        with announce("screening designs", wanted_of(self.axes, search)) as update:

            def look(points: Sequence[Point]) -> list[Values | None]:
                answers = self._ask(points, "functional", lambda new: update(len(screened) + new))
                screened.update(answers)
                return [
                    Found(one, answers[one]).values(search.objectives) if one in answers else None
                    for one in points
                ]

            SAMPLERS[search.method](self.axes, search, look)
        designs = [Found(one, found) for one, found in screened.items()]
        kept = best([design.values(search.objectives) for design in designs], search.survivors)
        with announce("simulating survivors", len(kept)) as update:
            exact = self._ask([designs[place].point for place in kept], "cycle", update)
        complete = tuple(replace(design, measured=exact.get(design.point)) for design in designs)
        return Explored(complete, self.refused, self.lost, self.reused, self.done)

    def command(self, point: Point) -> str:
        """The command that builds a point; a target of its own is written beside the results."""
        words = ["snnc", "compile", str(self.model(point.model)), "--target", self._target(point)]
        words += [] if point.bits is None else ["--bits", str(point.bits)]
        words += [] if point.steps is None else ["--steps", str(point.steps)]
        return shlex.join([*words, "-o", str(self.output / "build")])

    def model(self, variant: Variant) -> Path:
        """Where the file of a model is."""
        if variant.file is not None:
            return variant.file
        lesson = {"recipe": variant.recipe, "seed": variant.seed, "settings": variant.settings}
        return self.output / MODELS / f"{content_key(lesson)[:16]}.pt"

    def _target(self, point: Point) -> str:
        if point.cores is None and not point.hardware:
            own = point.target.endswith((".yaml", ".yml"))
            return str(self.folder / point.target) if own else point.target
        fields = asdict(point.mesh(self.folder))
        if fields["device"] is None:
            del fields["device"]
        path = self.output / TARGETS / f"{content_key(fields)[:16]}.yaml"
        make_directory(path.parent)
        write_text(path, yaml.safe_dump({"schema": TARGET_SCHEMA} | fields, sort_keys=False))
        return str(path)

    def _require_areas(self) -> None:
        """Raises UsageError where an area is asked for that is not known."""
        for name in self.space.targets if "area" in self.space.search.objectives else ():
            device = Point(Variant(""), None, None, name, None, ()).mesh(self.folder).device
            if device is None or device.family != "ecp5":
                raise UsageError(f"areas are known for targets on an ECP5 alone, not for `{name}`")

    def _train(self, announce: Announce) -> None:
        lessons = {
            path.stem: Lesson(variant.recipe, variant.seed, variant.settings, self.data_dir, path)
            for variant in self.axes["model"]
            if variant.file is None and not (path := self.model(variant)).exists()
        }
        make_directory(self.output / MODELS)
        done: list[str] = []
        with announce("training models", len(lessons)) as update:

            def count(name: str, path: str) -> None:
                done.append(name)
                update(len(done))

            if lost := self.cluster.run(train, lessons, count):
                raise UsageError(f"{len(lost)} trainings lost their worker every time", hint="run it again")

    def _ask(self, points: Sequence[Point], tier: Tier, update: Callable[[int], None]) -> dict[Point, Answer]:
        """The answers to points that can be built; those that are known already cost nothing."""
        keys: dict[Point, str] = {}
        missing: dict[str, Question] = {}
        for one in dict.fromkeys(points):
            try:
                question = self._question(one, tier)
            except TargetError as error:
                self.refused[one] = error.message
                continue
            keys[one] = key = content_key(question.content())
            if (stored := self.store.get(key)) is not None:
                self.answers[key] = Answer(**stored)
                self.reused += 1
            else:
                missing[key] = question
        count = len(keys) - len(missing)
        update(count)

        def keep(key: str, found: Answer) -> None:
            nonlocal count
            self.store.put(key, missing[key].content(), asdict(found))
            self.answers[key] = found
            self.done += 1
            count += 1
            update(count)

        self.lost += len(self.cluster.run(answer, missing, keep))
        answers = {one: self.answers[key] for one, key in keys.items() if key in self.answers}
        self.refused |= {one: found.refused for one, found in answers.items() if found.refused is not None}
        return {one: found for one, found in answers.items() if found.refused is None}

    def _question(self, point: Point, tier: Tier) -> Question:
        space = self.space
        data = str(self.folder / space.data) if space.data.endswith(".npz") else space.data
        samples = space.samples if tier == "functional" else min(space.timed_samples, space.samples)
        selection = Selection(data, self.data_dir, space.split, samples)
        return Question(
            self.model(point.model), point.bits, point.steps, point.mesh(self.folder), selection, tier
        )
