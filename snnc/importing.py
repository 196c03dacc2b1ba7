"""A network trained elsewhere, from its file to integers: which reader, which data, which of two ways."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError, UsageError
from snnc.base.quoting import quote
from snnc.compiler.frontends.conversion import (
    Agreement,
    InputData,
    convert,
    on_stored,
    payloads,
    preparation,
    prepared,
)
from snnc.compiler.frontends.execution import accuracy_of, classes_of, execute
from snnc.compiler.frontends.findings import Imported
from snnc.compiler.frontends.float_graph import FloatGraph, Reset
from snnc.compiler.frontends.nir.conventions import Exporter
from snnc.compiler.frontends.nir.reader import NirOptions, read_nir
from snnc.compiler.frontends.quantise import Widths
from snnc.compiler.ir.network import Network, Shape
from snnc.compiler.ir.provenance import Preparation, Provenance
from snnc.models import Selection
from snnc.training.data.recordings.load import is_recordings, load_recordings
from snnc.training.data.recordings.view import WHOLE, Taken, View

if TYPE_CHECKING:
    from snnc.training.model.classifier import SpikingClassifier
    from snnc.training.model.imported import ImportedModel

USUAL_STEPS = 32
"""Of still samples, where nobody says."""
CALIBRATION_SAMPLES = 1024
INVENTED = 64
"""Random samples that stand for data, where there are none."""
LARGEST = 255
"""Most events of a recording that are counted in a step and input."""
DIGITS = 16
"""Largest pixel of the data set `digits`, which stands for 1."""


@dataclass(frozen=True)
class ImportRequest:
    """What is imported, and all that its file may not say."""

    source: str
    """A `.nir` or `.onnx` file, or `FILE.py:NAME`, a module or what builds one."""
    checkpoint: Path | None = None
    """Weights of a module."""
    framework: str | None = None
    dt: float | None = None
    reset: Reset | None = None
    strict: bool | None = None
    exporter: Exporter | None = None
    shape: Shape | None = None
    """Of an input, for modules; else that of the data, or a usual one."""
    steps: int | None = None
    calibrate: str | None = None
    data_dir: Path | None = None
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    bits: int = 8
    state_bits: int = 18
    view: View = WHOLE
    """What is seen of recordings."""


@dataclass(frozen=True)
class ImportResult:
    """The model, how its network was read, and how well the two agree."""

    model: "ImportedModel | SpikingClassifier"
    imported: Imported
    agreement: Agreement
    provenance: Provenance
    assumed: tuple[str, ...]
    """What was taken for granted of the whole network."""
    remarks: dict[str, list[str]]
    """What is approximate in integers, by population."""


def import_network(request: ImportRequest) -> ImportResult:
    """Read, calibrate, quantise and compare; raises FileError, UsageError, UnsupportedModel."""
    recorded: list[str] = []
    if request.calibrate is not None and is_recordings(request.calibrate):
        imported = read_network(request)
        stored: tuple[InputData, Shape] | None = _recorded(request, imported, recorded.append)
    else:
        stored = None if request.calibrate is None else _stored(request)
        imported = read_network(request, None if stored is None else stored[1])
    if imported.integers is not None and stored is None:
        return _as_written(imported, imported.integers)
    graph = imported.graph
    assumed = [*imported.findings.general, *recorded]
    data = _invented(graph) if stored is None else _fitting(stored[0], stored[1], graph, request)
    if stored is None:
        assumed.append(f"calibrated on {INVENTED} random samples, which says little: give --calibrate")
    data = replace(data, mean=request.mean, deviation=request.deviation)
    steps = imported.steps or request.steps
    if imported.steps is not None and request.steps not in (None, imported.steps):
        raise UsageError(f"the network itself runs {imported.steps} steps, not {request.steps}")
    if steps is None and not data.events:
        steps = USUAL_STEPS
        assumed.append(f"{steps} steps for each still sample (--steps states another number)")
    if graph.spiking:
        made = convert(imported, data, steps, Widths(request.bits, request.state_bits))
        from snnc.training.model.imported import ImportedModel

        model: ImportedModel | SpikingClassifier = ImportedModel(
            replace(made.network, provenance=Provenance())
        )
        agreement, prepared_by, remarks = made.agreement, made.network.provenance.preparation, made.remarks
    else:
        model, agreement, prepared_by, remarks = _without_spikes(
            imported, data, steps or USUAL_STEPS, request
        )
    said = f"{agreement.overall:.2%} of {agreement.samples} samples have the class of the float network"
    provenance = Provenance("import", imported.findings.source, preparation=prepared_by, remarks=(said,))
    return ImportResult(model, imported, agreement, provenance, tuple(assumed), remarks)


def _as_written(imported: Imported, network: Network) -> ImportResult:
    """A file that snnc wrote holds the integers: nothing is chosen, nothing lost."""
    from snnc.training.model.imported import ImportedModel

    said = "written by snnc: the integers themselves, nothing is quantised (with --calibrate the nodes are)"
    same = Agreement(0, 1.0, 1.0, 1.0, None, None, ())
    model = ImportedModel(replace(network, name="imported", provenance=Provenance()))
    return ImportResult(model, imported, same, network.provenance, (said,), {})


def read_network(request: ImportRequest, shape: Shape | None = None) -> Imported:
    """The float graph of a file, by the reader that its name asks for; `shape` is that of the data."""
    path, colon, name = request.source.rpartition(":")
    own = bool(colon) and path.endswith(".py")
    _require_uses(request, own)
    if own:
        from snnc.training.frontends.modules import read_module

        wanted = request.shape or shape
        return read_module(
            Path(path), name, request.checkpoint, request.framework, shape=wanted, steps=request.steps
        )
    suffix = Path(request.source).suffix
    if suffix == ".nir":
        if request.shape is not None:
            raise UsageError(f"--shape is for modules and .onnx files, not {quote(request.source)}")
        options = NirOptions(request.dt, request.reset, request.strict, request.exporter)
        return read_nir(Path(request.source), options)
    if suffix == ".onnx":
        return _read_onnx(Path(request.source), request.shape, shape)
    raise UsageError(
        f"{quote(request.source)} is no .nir or .onnx file and no FILE.py:NAME",
        hint="a checkpoint alone has weights but no network: give the FILE.py:NAME that builds it, too",
    )


def _require_uses(request: ImportRequest, own: bool) -> None:
    """Raise UsageError for what is stated and would change nothing."""
    if Path(request.source).suffix != ".nir":
        for name in ("dt", "reset", "strict", "exporter"):
            if getattr(request, name) is not None:
                raise UsageError(f"--{name} is for .nir files, not {quote(request.source)}")
    if not own:
        for said, value in (("a checkpoint", request.checkpoint), ("--from", request.framework)):
            if value is not None:
                raise UsageError(f"{said} is for a module, FILE.py:NAME, not {quote(request.source)}")
    for said, values in (("mean", request.mean), ("deviation", request.deviation)):
        if not all(map(math.isfinite, values)):
            raise UsageError(f"{said} must be finite numbers, not {quote(list(values))}")


def _read_onnx(path: Path, stated: Shape | None, of_data: Shape | None) -> Imported:
    from snnc.compiler.frontends.onnx_reader import read_onnx

    imported = read_onnx(path, stated or of_data)
    if stated is not None and imported.graph.shape != stated:
        raise UsageError(f"--shape says {stated}, but the file's input is {imported.graph.shape}")
    return imported


def _stored(request: ImportRequest) -> "tuple[InputData, Shape]":
    """The first samples of the data, and the shape of one."""
    from snnc.training.data.datasets import load_samples

    chosen = Selection(request.calibrate or "", request.data_dir, "train", CALIBRATION_SAMPLES)
    for split in ("train", "test"):
        try:
            found = load_samples(chosen.data, split, chosen.samples, chosen.data_dir)
        except FileError:
            if split == "test":
                raise
            continue
        break
    full = DIGITS if chosen.data == "digits" else 255
    return InputData(found.x, found.y, full), found.shape


def _recorded(
    request: ImportRequest, imported: Imported, say: Callable[[str], object]
) -> "tuple[InputData, Shape]":
    """The first recordings, as many events in a step and input as there are, and the shape of a step."""
    steps = imported.steps or request.steps
    if steps is None:
        raise UsageError("recordings need a number of steps", hint="--steps 50 reads the first 50 of each")
    shape = imported.graph.shape
    taken = Taken(shape, steps, LARGEST)
    for split in ("train", "test"):
        try:
            found = load_recordings(
                request.calibrate or "", split, CALIBRATION_SAMPLES, view=request.view, taken=taken, say=say
            )
        except FileError:
            if split == "test":
                raise
            continue
        break
    return InputData(found.x, found.y), shape


def _fitting(data: InputData, shape: Shape, graph: FloatGraph, request: ImportRequest) -> InputData:
    """The data as still samples, or as spike trains where that is what has as many features."""
    wanted = math.prod(graph.shape)
    features = data.x.shape[-1]
    if features == wanted:
        return data
    if (request.calibrate or "").endswith(".npz") and features % wanted == 0:
        return replace(data, x=data.x.reshape(len(data.x), -1, wanted), full=1)
    raise UsageError(f"samples have {features} features, the network takes {wanted} {graph.shape}")


def _invented(graph: FloatGraph) -> InputData:
    """Random samples, always the same."""
    values = np.random.default_rng(0).integers(0, 256, (INVENTED, math.prod(graph.shape)))
    return InputData(values.astype(np.uint8))


def _without_spikes(
    imported: Imported, data: InputData, steps: int, request: ImportRequest
) -> "tuple[SpikingClassifier, Agreement, Preparation, dict[str, list[str]]]":
    """A network of ReLUs becomes integrate-and-fire neurons with balanced thresholds."""
    from snnc.training.conversion.calibration import final_membranes
    from snnc.training.conversion.options import ConversionOptions
    from snnc.training.conversion.rectified import convert_rectified, one_thread, rectified

    if data.events:
        raise UsageError("a network without spikes takes still samples")
    graph = on_stored(imported.graph, data)
    found = rectified(graph)
    options = ConversionOptions(weight_bits=request.bits, state_bits=max(10, min(24, request.state_bits)))

    def images(payload: int) -> NDArray[np.uint8]:
        return prepared(data.x, data, payload).astype(np.uint8).reshape(len(data.x), *graph.shape)

    model = convert_rectified(found, images(data.full), steps, options, payloads(data), images)
    payload = model.config.max_payload
    some = data.x[:256]
    before = execute(graph, some.reshape(len(some), *graph.shape) / data.full, 1)
    with one_thread():
        outputs = final_membranes(model, prepared(some, data, payload).astype(np.uint8))
    classes = classes_of(outputs, before.pixels)
    labels = None if data.y is None else data.y[: len(some)]
    same = float((classes == before.classes).mean())
    agreement = Agreement(
        len(some),
        1.0,
        same,
        same,
        accuracy_of(before.classes, labels),
        accuracy_of(classes, labels),
        (),
    )
    return model, agreement, preparation(data, payload), found.remarks


def numbers(text: str | None) -> tuple[float, ...]:
    """Numbers with commas between; raises UsageError for anything else."""
    try:
        return () if text is None else tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"must be numbers with commas between, not {quote(text)}") from None


def shape_of(values: Sequence[Any]) -> Shape:
    """Channels, height and width from one to three whole numbers; raises UsageError."""
    sizes = [int(value) for value in values]
    if not 1 <= len(sizes) <= 3 or min(sizes) < 1:
        raise UsageError(f"a shape is channels, or channels,height,width, not {quote(list(values))}")
    height, width = (1, 1, *sizes[1:])[-2:]
    return sizes[0], height, width
