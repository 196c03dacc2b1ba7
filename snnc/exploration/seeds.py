"""The RTL under random stalls with many seeds, shared out over workers."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from snnc.base.version import __version__
from snnc.compiler.formats.storage import PROGRAM_FILE
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.reference.interpreter import execute_network
from snnc.exploration.evaluate import file_hash
from snnc.exploration.shards import Sharing, array_hash, build_of
from snnc.exploration.store import content_key
from snnc.verification.compare import Comparison, Difference, Verification, VerifyOptions, compare_stalled


@dataclass(frozen=True)
class Seed:
    """One run of the RTL of a build, for a worker; the seed is that of `options`."""

    folder: Path
    program: str
    """Hash of its file."""
    payloads: IntArray
    options: VerifyOptions


def share_seeds(shared: Sharing, payloads: IntArray, options: VerifyOptions) -> list[Verification]:
    """What each seed of `options` compares on `payloads`, in their order."""
    program, x = file_hash(shared.folder / PROGRAM_FILE), array_hash(payloads)
    tasks = {}
    for seed in range(options.seed, options.seed + options.seeds):
        question = {"snnc": __version__, "program": program, "x": x, "stall": options.stall, "seed": seed}
        own = replace(options, seed=seed, seeds=1, work=options.work / f"seed{seed}")
        tasks[content_key(question)] = Seed(shared.folder, program, np.asarray(payloads), own)
    return [_verification(answer) for answer in shared.run(run_seed, tasks)]


def run_seed(task: Seed) -> dict[str, Any]:
    """What a worker does: reference and RTL. Raises FileError where the build has changed."""
    build = build_of(task.folder, task.program)
    reference = execute_network(build.network, task.payloads)
    comparison = Comparison(build.tiled, reference.layers, reference.outputs)
    compare_stalled(comparison, build.image, task.payloads, task.options)
    return comparison.result.to_dict()


def _verification(answer: dict[str, Any]) -> Verification:
    difference = answer["first_difference"]
    return Verification(**answer | {"first_difference": difference and Difference(**difference)})
