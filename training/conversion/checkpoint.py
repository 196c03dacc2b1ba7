"""`snnc train convert`: a checkpoint of pretrained weights to a measured spiking model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from snnc.base.errors import FileError
from snnc.compiler.ir.provenance import Provenance
from snnc.training.conversion.convert import convert
from snnc.training.conversion.options import Conversion
from snnc.training.conversion.pretrained import Pretrained, load_pretrained
from snnc.training.data.datasets import Samples, load_samples
from snnc.training.fitting.measure import Quality, measure
from snnc.training.fitting.remarks import Warn, warn
from snnc.training.model.classifier import SpikingClassifier

BATCH = 100

Announce = Callable[[str, int], Callable[[int], None]]
"""Begins a stage of so many parts; what it gives back is told how many of them are done."""


@dataclass(frozen=True)
class ConversionResult:
    """A converted model and its quality on test samples, from its integers."""

    model: SpikingClassifier
    conversion: Conversion
    quality: Quality
    float_accuracy: float
    """Of the module itself, on the same samples."""
    warnings: tuple[str, ...] = ()
    """What was remarked on."""

    def provenance(self) -> Provenance:
        """What is stored with the model."""
        return Provenance(
            recipe=self.conversion.name,
            module=self.conversion.module,
            data=self.conversion.data,
            seed=self.conversion.seed,
            test=self.quality.summary(),
            origin_accuracy=self.float_accuracy,
            remarks=self.warnings,
        )


def convert_checkpoint(
    conversion: Conversion,
    checkpoint: Path,
    *,
    calibrate: str | None = None,
    data_dir: Path | None = None,
    announce: Announce = lambda stage, total: lambda done: None,
    warn: Warn = warn,
) -> ConversionResult:
    """Convert the weights in `checkpoint` and measure both networks on test samples of `conversion.data`.

    The images of `calibrate`, a data set or .npz, balance the thresholds; without it, the training split of
    `conversion.data`. `warn` as in `convert.convert`. Raises FileError, UsageError.
    """
    remarks: list[str] = []
    pretrained = load_pretrained(conversion.module, checkpoint)
    images = _calibration_images(calibrate or conversion.data, pretrained, data_dir)
    test = load_samples(conversion.data, "test", conversion.test_samples, data_dir)
    _check_shape(test, pretrained)
    model = convert(
        pretrained.module,
        images,
        conversion.steps,
        conversion,
        mean=pretrained.mean,
        deviation=pretrained.deviation,
        progress=announce("balancing", conversion.tried[-1]),
        warn=remarks.append,
    )
    for line in remarks:
        warn(line)
    quality = measure(model, test, announce("measuring", len(test)))
    return ConversionResult(model, conversion, quality, _float_accuracy(pretrained, test), tuple(remarks))


def _calibration_images(source: str, pretrained: Pretrained, data_dir: Path | None) -> NDArray[np.uint8]:
    """Images of the training split of `source`, or all that an .npz without splits holds."""
    try:
        samples = load_samples(source, "train", None, data_dir)
    except FileError:
        if not source.endswith(".npz"):
            raise
        samples = load_samples(source, "test", None, data_dir)
    _check_shape(samples, pretrained)
    return samples.x.reshape(len(samples), *samples.shape)


def _check_shape(samples: Samples, pretrained: Pretrained) -> None:
    if samples.shape != pretrained.shape:
        raise FileError(
            f"holds images of shape {samples.shape}, the module takes {pretrained.shape}", where=samples.name
        )


@torch.no_grad()
def _float_accuracy(pretrained: Pretrained, samples: Samples) -> float:
    mean, deviation = (
        torch.tensor(values).reshape(-1, 1, 1) for values in (pretrained.mean, pretrained.deviation)
    )
    right = 0
    for start in range(0, len(samples), BATCH):
        pixels = torch.from_numpy(samples.x[start : start + BATCH]).reshape(-1, *samples.shape)
        logits = pretrained.module((pixels / 255 - mean) / deviation)
        right += int((logits.argmax(1).cpu().numpy() == samples.classes[start : start + BATCH]).sum())
    return right / len(samples)
