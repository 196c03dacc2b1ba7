"""Work shared out over workers: a large test set, or many seeds; resumable, and one result."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError, UsageError
from snnc.base.version import __version__
from snnc.compiler.formats.storage import PROGRAM_FILE, Build
from snnc.compiler.ir.program import TiledProgram
from snnc.exploration.cluster import Cluster, workers
from snnc.exploration.evaluate import file_hash
from snnc.exploration.store import Store, content_key
from snnc.sim.accounting.counts import Primitives
from snnc.sim.answers import Answers
from snnc.sim.simulate import Progress, Ran, Runner, Tier, join_parts, run_samples

SHARDS_FILE = "shards.sqlite"
MOST_SHARDS = 64
"""Of a test set: an interruption costs one for each worker."""


@dataclass(frozen=True)
class Sharing:
    """Workers, and what they have found out for a build; kept until all of it is there."""

    folder: Path
    cluster: Cluster
    store: Store

    def run(
        self,
        function: Callable[[Any], dict[str, Any]],
        tasks: Mapping[str, Any],
        done: Callable[[int], None] = lambda count: None,
    ) -> list[dict[str, Any]]:
        """What `function` makes of every task, by whose content it is known, in their order; `done` is told
        how many are. Raises UsageError where a task lost its worker each time."""
        known = {key: answer for key in tasks if (answer := self.store.get(key)) is not None}
        done(len(known))

        def keep(key: str, answer: dict[str, Any]) -> None:
            self.store.put(key, {}, answer)
            known[key] = answer
            done(len(known))

        missing = {key: task for key, task in tasks.items() if key not in known}
        if lost := self.cluster.run(function, missing, keep):
            raise UsageError(f"{len(lost)} shards lost their worker every time", hint="run it again")
        return [known[key] for key in tasks]


@contextmanager
def sharing(folder: Path, scheduler: str | None, count: int | None) -> Iterator[Sharing]:
    """Workers for the build in `folder`, as `cluster.workers` has them. What they found out before an
    interruption is still known the next time."""
    kept = folder.resolve() / SHARDS_FILE
    with workers(scheduler, count) as cluster:
        yield Sharing(folder.resolve(), cluster, Store(kept))
    kept.unlink(missing_ok=True)


@dataclass(frozen=True)
class Samples:
    """Some samples of a test set, for a worker."""

    folder: Path
    program: str
    """Hash of its file."""
    tier: Tier
    x: NDArray[Any]


def shared_runner(shared: Sharing) -> Runner:
    """What runs the samples of a simulation of the build, whose program is in its folder, on the workers."""

    def run(program: TiledProgram, x: NDArray[Any], tier: Tier, progress: Progress) -> Ran:
        own = file_hash(shared.folder / PROGRAM_FILE)
        parts = np.array_split(x, max(1, min(MOST_SHARDS, len(x))))
        tasks = {}
        for place, part in enumerate(parts):
            question = {"snnc": __version__, "program": own, "tier": tier, "place": place}
            tasks[content_key(question | {"x": array_hash(part)})] = Samples(shared.folder, own, tier, part)
        ends = np.cumsum([0, *map(len, parts)]).tolist()
        answers = shared.run(run_shard, tasks, lambda count: progress(ends[count]))
        return join_parts([_ran(answer) for answer in answers])

    return run


def run_shard(task: Samples) -> dict[str, Any]:
    """What a worker does: run samples on one thread. Raises FileError where the build has changed."""
    ran = run_samples(
        build_of(task.folder, task.program).tiled, task.x, task.tier, lambda done: None, threads=1
    )
    return asdict(ran, dict_factory=lambda items: {name: _plain(value) for name, value in items})


@lru_cache(1)
def build_of(folder: Path, program: str) -> Build:
    """The build in `folder`; raises FileError where its file has another hash than `program` by now."""
    if file_hash(folder / PROGRAM_FILE) != program:
        raise FileError("has changed since the run began", where=str(folder / PROGRAM_FILE))
    return Build.load(folder)


def array_hash(x: NDArray[Any]) -> str:
    """SHA-256 of an array with its type and shape."""
    return hashlib.sha256(np.ascontiguousarray(x).tobytes() + str((x.dtype, x.shape)).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _ran(answer: dict[str, Any]) -> Ran:
    """From JSON; every array is of int64."""

    def arrays(values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: np.array(value, np.int64) if isinstance(value, list) else value
            for name, value in values.items()
        }

    answers = answer["answers"]
    return Ran(
        **arrays({name: answer[name] for name in ("outputs", "cycles", "causes")}),
        primitives=Primitives(**arrays(answer["primitives"])),
        answers=None if answers is None else Answers(**arrays(answers)),
    )
