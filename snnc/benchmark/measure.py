"""How time is measured: CPU time, contenders in turn, each in the cache state that its own last run left."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of several measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least two values."""
        low, _, high = quantiles(values, n=4, method="inclusive")
        return cls(median(values), low, high)


def interleaved(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Seconds of every contender in each of `rounds`, by name.

    They take turns, so that what changes on the machine in between hits all of them; each runs once
    unmeasured before it is measured, so that none pays for the caches that another one emptied.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            run()
            with _no_collection():
                start = clock()
                run()
                times[name].append(clock() - start)
    return times


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing is collected meanwhile, unless nothing is anyway; afterwards it is as it was."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def ratios(times: Mapping[str, Sequence[float]], name: str, reference: str) -> Spread:
    """How many times as long as `reference` the contender `name` takes, round by round."""
    pairs = zip(times[name], times[reference], strict=True)
    return Spread.of([own / other for own, other in pairs])
