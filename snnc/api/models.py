"""Models and data for scripts and notebooks: trained, converted, read, written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from snnc.base.errors import FileError, UnsupportedModel, UsageError, VerificationError
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.protocol.input_encoding import as_samples
from snnc.models import check_model_name, read_model

if TYPE_CHECKING:
    from torch import nn

    from snnc.compiler.frontends.nir.conventions import Exporter
    from snnc.importing import ImportResult
    from snnc.training.data.datasets import Samples
    from snnc.training.fitting.loop import Progress
    from snnc.training.fitting.parts import Loss, MakeOptimiser
    from snnc.training.fitting.train import TrainResult
    from snnc.training.model.classifier import SpikingClassifier
    from snnc.training.model.imported import ImportedModel

    Model = Network | SpikingClassifier | TrainResult | ImportResult | Path | str


def dataset(
    name: str,
    split: Literal["train", "test"] = "test",
    samples: int | None = None,
    *,
    data_dir: Path | str | None = None,
) -> "Samples":
    """Labelled samples: `x` uint8 (samples, features), `y` int64 (samples,) or, of an `.npz`, arrays, and the
    `shape` of a sample.

    `name` is `digits`, which is embedded (8 x 8 pixels 0..16; UCI repository, optical recognition of
    handwritten digits), `mnist`, `fashion-mnist` or `cifar10-sample` (pixels 0..255, channels first) in
    `data_dir` or else `$SNNC_DATA`, or the path of an `.npz` file. `japanese-vowels`, `basic-motions` and the
    path of a `.ts` file are series, `x` (samples, steps, channels) of 1..255, 0 after the end of a series
    (docs/guides/recordings.md). `samples` takes only the first so many.

    Raises UsageError for an unknown name or split, FileError where files are missing or damaged.
    """
    from snnc.training.data.datasets import load_samples
    from snnc.training.data.series import is_series

    place = None if data_dir is None else Path(data_dir)
    return load_samples(name, split, samples, place, events=is_series(name))


def recordings(
    source: Path | str,
    split: Literal["train", "test"] = "test",
    samples: int | None = None,
    *,
    shape: Sequence[int],
    steps: int,
    max_payload: int = 1,
    bin: str | None = None,
    pool: int = 1,
    crop: str | None = None,
    sound: Literal["spectrogram", "delta"] = "spectrogram",
) -> "Samples":
    """Recordings of event cameras or microphones as spike trains: `x` uint8 (samples, steps, features) of
    0..max_payload for an input of `shape`, and their classes `y`.

    `source` is a file or folder that `snnc simulate --data` takes, and `bin` (`10ms`, `500events`), `pool`,
    `crop` and `sound` are its options; docs/guides/recordings.md says what they mean.

    Raises FileError where files are missing or damaged, UsageError where the options do not fit the input.
    """
    from snnc.importing import shape_of
    from snnc.training.data.recordings.load import load_recordings
    from snnc.training.data.recordings.view import Taken, View

    taken = Taken(shape_of(shape), steps, max_payload)
    return load_recordings(str(source), split, samples, view=View.parse(bin, pool, crop, sound), taken=taken)


def train(
    recipe: str,
    *,
    seed: int = 1,
    data_dir: Path | str | None = None,
    progress: "Callable[[Progress], None] | None" = None,
    log: Path | str | None = None,
    model: "SpikingClassifier | None" = None,
    loss: "Loss | str | None" = None,
    optimiser: "MakeOptimiser | None" = None,
    **settings: object,
) -> "TrainResult":
    """Train a recipe by name with PyTorch and Brevitas: surrogate gradients through quantised integer layers.

    `settings` change fields of the recipe, `epochs=3`, `hidden=(128, 64)`; `snnc train --list` shows both.
    `progress` is called after every epoch. The result holds the `model`, whose integers are those the
    hardware computes, and from these its `accuracy` and `mean_rate` (spikes per neuron and step) on the test
    split. The same arguments give the same bits on the same kind of processor. `log` keeps what every epoch
    came to, in a `.csv` file or a folder for TensorBoard.

    `model` is trained in place of the recipe's network. `loss(outputs, y)` replaces the cross entropy:
    `outputs.logits` are (samples, classes), `outputs.steps` what every step adds to them (steps, samples,
    classes), `outputs.rates` the firing rates of the hidden layers, `y` the labels (samples,).
    A name, such as `tet`, is the recipe's setting.
    `optimiser(groups)` makes one of torch.optim from parameter groups in place of AdamW.

    Raises UsageError for an unknown recipe, setting or value, a model that does not take the data, and parts
    that are none, FileError where data are missing or the log cannot be written.
    Source: surrogate gradients as in Fang et al. 2021, arXiv 2007.05785.
    """
    from snnc.training.fitting.logs import open_log
    from snnc.training.fitting.parts import Parts
    from snnc.training.fitting.recipes import find_recipe
    from snnc.training.fitting.train import train as fit

    if isinstance(loss, str):
        settings, loss = {**settings, "loss": loss}, None
    texts = {name: _setting(value) for name, value in settings.items()}
    folder = None if data_dir is None else Path(data_dir)
    keep = None if log is None else open_log(Path(log))

    def report(state: "Progress") -> None:
        for told in (keep, progress):
            if told is not None:
                told(state)

    return fit(find_recipe(recipe), seed, texts, report, data_dir=folder, parts=Parts(model, loss, optimiser))


def convert(
    module: "nn.Module",
    images: Any,
    steps: int,
    *,
    weight_bits: int = 8,
    state_bits: int = 22,
    max_payload: int = 255,
    mean: Sequence[float] = (),
    deviation: Sequence[float] = (),
    seed: int = 1,
) -> "SpikingClassifier":
    """A trained torch module as a spiking model, without training: thresholds balanced on calibration images.

    `module` is made of convolutions, linear layers, batch norm, ReLU, average pooling, flatten and additions,
    and was trained on (pixels / max_payload - mean) / deviation, per channel. `images` are integers
    0..max_payload of shape (samples, channels, height, width), an array or a tensor, unlabelled. The model
    runs for `steps` with weights of `weight_bits` (2..8) and membranes of `state_bits` (8..24) bits.

    Raises UnsupportedModel for a module of other parts, UsageError for images or numbers out of range.
    Source: local threshold balancing, Bu et al. 2024, arXiv 2409.03368.
    """
    from snnc.training.conversion.convert import convert as run
    from snnc.training.conversion.options import ConversionOptions

    pixels = as_samples(images)
    if pixels.dtype.kind not in "biu" or pixels.size == 0 or not 0 <= pixels.min() <= pixels.max() <= 255:
        raise UsageError(f"images must be integers 0..255, not {pixels.dtype} of shape {pixels.shape}")
    options = ConversionOptions(weight_bits=weight_bits, state_bits=state_bits, seed=seed)
    return run(
        module,
        pixels.astype(np.uint8),
        steps,
        options,
        mean=mean,
        deviation=deviation,
        max_payload=max_payload,
    )


def import_model(
    source: Path | str,
    checkpoint: Path | str | None = None,
    *,
    framework: str | None = None,
    calibrate: str | None = None,
    data_dir: Path | str | None = None,
    steps: int | None = None,
    bits: int = 8,
    state_bits: int = 18,
    dt: float | None = None,
    reset: Literal["soft", "hard"] | None = None,
    strict: bool | None = None,
    exporter: "Exporter | None" = None,
    shape: Sequence[int] | None = None,
    mean: Sequence[float] = (),
    deviation: Sequence[float] = (),
) -> "ImportResult":
    """A network trained elsewhere as integers: what `snnc import` does, with the same defaults.

    `source` is a `.nir` or `.onnx` file, or `FILE.py:NAME`, which is run, with the weights of `checkpoint`.
    `calibrate` names the data (as `dataset` takes it, or an `.npz` file) that choose scales and widths and
    judge the result: `.agreement` has the parts of equal classes and spikes, `.imported.findings` what
    became of every node, `.assumed` what the file did not say. The result is a model for `compile`, `save`
    and the others.

    Raises FileError for a broken file, UsageError, and UnsupportedModel with all nodes at once that integers
    cannot honour.
    """
    from snnc.importing import ImportRequest, import_network, shape_of

    request = ImportRequest(
        str(source),
        None if checkpoint is None else Path(checkpoint),
        framework,
        dt,
        reset,
        strict,
        exporter,
        None if shape is None else shape_of(shape),
        steps,
        calibrate,
        None if data_dir is None else Path(data_dir),
        tuple(mean),
        tuple(deviation),
        bits,
        state_bits,
    )
    return import_network(request)


def load(path: Path | str) -> Network:
    """The integer network of a model file (`.pt`), as `snnc train` and `snnc.save` write it.

    A compiled program is read by `snnc.Build.load(directory)`. Raises UsageError for another kind of file,
    FileError for one that is missing, damaged or hostile.
    """
    return read_model(Path(path))[1]


def save(model: "SpikingClassifier | TrainResult | ImportResult", path: Path | str) -> None:
    """Write what `train`, `convert` or `import_model` made as a model file (`.pt`), atomically.

    Raises UsageError for a name without `.pt`, FileError where it cannot be written.
    """
    from snnc.training.files.checkpoint import save_checkpoint

    check_model_name(Path(path))
    classifier, provenance = _trained(model)
    save_checkpoint(Path(path), classifier, provenance)


def as_network(model: "Model") -> Network:
    """The integer network of anything that holds one; raises UnsupportedModel where it breaks a rule."""
    if isinstance(model, str | Path):
        return load(model)
    if not isinstance(model, Network):
        from snnc.training.files.export import to_network

        classifier, provenance = _trained(model)
        return to_network(classifier, provenance.recipe or "model", provenance)
    try:
        model.verify()
    except VerificationError as error:
        # Whoever built it by hand has made the mistake, not the compiler.
        raise UnsupportedModel(error.message, where=error.where) from None
    return model


def _trained(
    model: "SpikingClassifier | TrainResult | ImportResult",
) -> "tuple[SpikingClassifier | ImportedModel, Provenance]":
    from snnc.importing import ImportResult
    from snnc.training.fitting.train import TrainResult
    from snnc.training.model.classifier import SpikingClassifier

    if isinstance(model, TrainResult):
        return model.model, model.provenance()
    if isinstance(model, ImportResult):
        return model.model, model.provenance
    if isinstance(model, SpikingClassifier):
        return model, Provenance()
    raise FileError(f"a model is a Network, a trained model or a path, not {type(model).__name__}")


def _setting(value: object) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, tuple | list | np.ndarray):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
