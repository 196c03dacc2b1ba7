"""How a space is searched: every point, random ones, or those that Optuna proposes after what was seen."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from snnc.exploration.ranking import Values
from snnc.exploration.space import Axes, Method, Point, Search, grid, point

BATCH = 8
"""Points that Optuna proposes at once: always so many, so that what it proposes depends neither on the number
of workers nor on which of them was faster."""
TRIES = 20
"""Batches without a new point after which a search gives up."""
Look = Callable[[Sequence[Point]], list[Values | None]]
"""From points to their objectives, None for those that cannot be."""


class Sampler(Protocol):
    """Looks at points of a space."""

    def __call__(self, space: Axes, search: Search, look: Look) -> None:
        """Look at as many points as the search wants."""


def every(space: Axes, search: Search, look: Look) -> None:
    """The first points of the grid, or all."""
    look([chosen for _, chosen in zip(range(wanted_of(space, search)), grid(space), strict=False)])


def at_random(space: Axes, search: Search, look: Look) -> None:
    """Different points, each as likely as any other."""
    places = random.Random(search.seed).sample(range(size_of(space)), wanted_of(space, search))
    look([_at(space, place) for place in places])


def proposed(space: Axes, search: Search, look: Look) -> None:
    """By Optuna's tree-structured Parzen estimator for several objectives (Ozaki et al. 2022)."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=search.seed)
    study = optuna.create_study(directions=["minimize"] * len(search.objectives), sampler=sampler)
    wanted, idle = wanted_of(space, search), 0
    seen: set[Point] = set()
    while len(seen) < wanted and idle < TRIES:
        trials = [study.ask() for _ in range(BATCH)]
        points = [_suggested(trial, space) for trial in trials]
        fresh = list(dict.fromkeys(one for one in points if one not in seen))[: wanted - len(seen)]
        known = [one in seen or one in fresh for one in points]
        idle = 0 if fresh else idle + 1
        seen.update(fresh)
        asked = [one for one, there in zip(points, known, strict=True) if there]
        answers = iter(look(asked))
        for trial, there in zip(trials, known, strict=True):
            values = next(answers) if there else None
            if values is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, list(values))


SAMPLERS: dict[Method, Sampler] = {"grid": every, "random": at_random, "optuna": proposed}


def _suggested(trial: Any, space: Axes) -> Point:
    return point({name: _suggested_value(trial, name, axis) for name, axis in space.items()})


def _suggested_value(trial: Any, name: str, axis: Sequence[Any]) -> Any:
    """A value of an axis: numbers are proposed by their rank, so that neighbours mean something."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in axis):
        ranked = sorted(axis)
        return ranked[trial.suggest_int(name, 0, len(ranked) - 1)]
    return axis[trial.suggest_categorical(name, list(range(len(axis))))]


def size_of(space: Axes) -> int:
    """Points of a space."""
    return math.prod(len(values) for values in space.values())


def wanted_of(space: Axes, search: Search) -> int:
    """Points that a search looks at, at most."""
    return min(search.points or size_of(space), size_of(space))


def _at(space: Axes, place: int) -> Point:
    """The point of that number in the grid."""
    values: dict[str, Any] = {}
    for name in reversed(space):
        place, rank = divmod(place, len(space[name]))
        values[name] = space[name][rank]
    return point({name: values[name] for name in space})
