"""What a build folder holds for its page: the build and every result kept beside it, all distrusted."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from snnc.base import schema
from snnc.base.bounds import annotations
from snnc.base.errors import FileError, UsageError
from snnc.base.files import is_file, read_limited
from snnc.commands.build_folder import PASSES_FILE, POWER_FILE, REPORT_FILE, VERIFY_FILE
from snnc.commands.power_page import PowerPage
from snnc.commands.synthesis_report import REPORT_FILE as SYNTHESIS_FILE
from snnc.commands.synthesis_report import Synthesis, read_synthesis
from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs
from snnc.sim.report import Report
from snnc.sim.report_energy import ComparisonFigures
from snnc.training.data.datasets import Samples
from snnc.verification.compare import Verification

MAX_BYTES = 1 << 26
MAX_NUMBER = 1e30
"""Largest number that is drawn."""
T = TypeVar("T")


@dataclass(frozen=True)
class PassTime:
    """How long a pass took when the build was made."""

    name: str
    seconds: float


@dataclass(frozen=True)
class PassTimes:
    """The content of passes.json."""

    passes: tuple[PassTime, ...]


@dataclass(frozen=True)
class Subject:
    """A build with its results; None for what is not there, and in `missing` by name what makes it."""

    folder: Path
    build: Build
    report: Report | None
    verification: Verification | None
    synthesis: Synthesis | None
    power: PowerPage | None
    passes: tuple[PassTime, ...]
    samples: Samples | None
    """The samples that the report is of, as far as they are at hand."""
    missing: dict[str, str]

    @property
    def name(self) -> str:
        """What the page calls it."""
        return str(self.folder)


def read_subject(folder: Path, chosen: Selection | None, data_dir: Path | None) -> Subject:
    """The build in `folder` with its results, and the samples of `chosen` or else of its own data set.

    Raises FileError for a folder that is no build, or a result that is damaged.
    """
    build = Build.load(folder)
    missing: dict[str, str] = {}
    report = _read_report(folder, build, missing)
    verification = _read(folder / VERIFY_FILE, Verification)
    if verification is None:
        missing["verify"] = f"`snnc verify {folder}` compares all executions"
    synthesis = read_synthesis(folder) if is_file(folder / SYNTHESIS_FILE) else None
    if synthesis is None:
        missing["synth"] = f"`snnc synth {folder}` places the hardware, for a target on an FPGA"
    power = _read(folder / POWER_FILE, PowerPage)
    if power is None:
        missing["power"] = f"`snnc power {folder} --data NAME` makes it, for a target on an FPGA"
    times = _read(folder / PASSES_FILE, PassTimes)
    samples = _read_samples(build, report, chosen, data_dir, missing)
    passes = () if times is None else times.passes
    return Subject(folder, build, report, verification, synthesis, power, passes, samples, missing)


def _read_report(folder: Path, build: Build, missing: dict[str, str]) -> Report | None:
    command = f"`snnc simulate {folder} --data NAME`"
    document = _load(folder / REPORT_FILE)
    if document is None:
        missing["report"] = f"{command} makes it"
        return None
    with schema.reported(FileError, str(folder / REPORT_FILE)):
        stated = {name: document.get(name) for name in annotations(Report)}
        stated["energy"] = document.get("energy_j")
        stated["comparison"] = _comparison(document.get("non_spiking"))
        for part, name in (("cycles", "per_sample"), ("sim", "wall_s")):
            schema.expect(
                isinstance(document.get(part), dict), part, "a mapping of fields", document.get(part)
            )
            stated["cycles" if part == "cycles" else name] = document[part].get(name)
        report: Report = schema.decode(Report, stated)
        consistent = len(report.predictions) == report.samples >= 1 and report.steps >= 1
        schema.expect(
            consistent, "predictions", f"those of {report.samples} samples", len(report.predictions)
        )
    if report.model_hash != build.model_hash:
        missing["report"] = f"report.json is of another model; {command} makes it anew"
        return None
    return report


def _comparison(document: Any) -> dict[str, Any]:
    """The fields of ComparisonFigures: in the document those of its `target` stand beside the others."""
    schema.expect(isinstance(document, dict), "non_spiking", "a mapping of fields", document)
    beside = {name: document[name] for name in annotations(ComparisonFigures) if name in document}
    return beside | {"target": {name: item for name, item in document.items() if name not in beside}}


def _read_samples(
    build: Build,
    report: Report | None,
    chosen: Selection | None,
    data_dir: Path | None,
    missing: dict[str, str],
) -> Samples | None:
    source = build.network.provenance.data
    if chosen is None and source is None:
        missing["samples"] = "the model does not say what it was trained on; name samples with `--data`"
        return None
    count = None if report is None else report.samples
    selection = chosen or Selection(str(source), data_dir, samples=count)
    try:
        samples = load_inputs(build.network, selection)
    except (FileError, UsageError) as error:
        if chosen is not None:
            raise
        missing["samples"] = str(error)
        return None
    if not samples.has_classes:
        missing["labels"] = f"labels of {selection.data} are arrays: the figures under Verdicts judge them"
    elif report is not None and report.correct is not None:
        right = sum(a == b for a, b in zip(report.predictions, samples.y.tolist(), strict=False))
        if len(samples.y) < report.samples or right != report.correct:
            missing["labels"] = f"these samples of {selection.data} are not those of report.json"
    return samples


def _read(path: Path, kind: type[T]) -> T | None:
    """The dataclass in a file of the build, None where there is none; other fields are left out."""
    document = _load(path)
    if document is None:
        return None
    with schema.reported(FileError, str(path)):
        known = {name: value for name, value in document.items() if name in annotations(kind)}
        value: T = schema.decode(kind, known)
    return value


def _load(path: Path) -> dict[str, Any] | None:
    if not is_file(path):
        return None
    try:
        document = json.loads(read_limited(path, MAX_BYTES))
        _check_numbers(document)
    except (ValueError, RecursionError):
        raise FileError("not a JSON document of a build", where=str(path)) from None
    if not isinstance(document, dict):
        raise FileError("must be a mapping of fields", where=str(path))
    return document


def _check_numbers(document: Any) -> None:
    """Raise ValueError for a number that cannot be drawn, NaN among them."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            _check_numbers(item)
    elif isinstance(document, int | float) and not abs(document) <= MAX_NUMBER:
        raise ValueError(document)
