"""Trained models as `.pt` files: tensors and plain data only, written atomically, distrusted on load."""

import io
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from snnc.base.errors import FileError, UsageError, VerificationError
from snnc.base.files import write_atomically
from snnc.base.schema import decode, reported
from snnc.compiler.ir.provenance import Provenance
from snnc.training.files import imported
from snnc.training.files.tensor_files import read_tensor_file
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import ModelConfig
from snnc.training.model.imported import ImportedModel

FORMAT = "snnc-model"
SCHEMA = 3

MAX_FILE_BYTES = 1 << 28

_KEYS = {"format", "schema", "config", "provenance", "parameters"}


@dataclass(frozen=True)
class Checkpoint:
    """A model in evaluation mode, and where it comes from."""

    model: SpikingClassifier | ImportedModel
    provenance: Provenance


def save_checkpoint(
    path: Path, model: SpikingClassifier | ImportedModel, provenance: Provenance | None = None
) -> None:
    """Write the float parameters, the configuration and the provenance, or an imported model's integers; same
    content, same bytes."""
    stored = asdict(provenance or Provenance())
    if isinstance(model, ImportedModel):
        content = imported.content_of(model, stored)
    else:
        content = {
            "format": FORMAT,
            "schema": SCHEMA,
            "config": asdict(model.config),
            "provenance": stored,
            "parameters": {name: value.clone() for name, value in _parameters(model).items()},
        }
    # Through a buffer, because torch.save writes the file's own name into the archive.
    buffer = io.BytesIO()
    torch.save(_interned(content), buffer)
    write_atomically(path, lambda stream: stream.write(buffer.getvalue()))


def load_checkpoint(path: Path) -> Checkpoint:
    """The model that `save_checkpoint` wrote; raises FileError with one line for anything else."""
    where = str(path)
    content = read_tensor_file(path, MAX_FILE_BYTES)
    if isinstance(content, dict) and content.get("format") == imported.FORMAT:
        return Checkpoint(*imported.read_content(content, where))
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FileError("is a PyTorch file, but not a model written by snnc train", where=where)
    schema = content.get("schema")
    if type(schema) is not int or schema != SCHEMA:
        known = type(schema) is int and 0 <= schema < 1 << 31
        shown = schema if known else f"of type {type(schema).__name__}"
        raise FileError(f"has schema {shown}, this version reads {SCHEMA}", where=where)
    if set(content) != _KEYS:
        raise FileError(f"must hold {', '.join(sorted(_KEYS))}", where=where)
    with reported(FileError, where):
        config = decode(ModelConfig, content["config"], "config")
        provenance = decode(Provenance, content["provenance"], "provenance")
    model = SpikingClassifier(config)
    _fill(model, content["parameters"], where)
    model.eval()
    return Checkpoint(model, provenance)


def requantised(checkpoint: Checkpoint, *, weight_bits: int | None, steps: int | None) -> Checkpoint:
    """The same float parameters on another integer grid, or run for another number of steps.

    Nothing is retrained: accuracy may fall. What was measured, the scale of the outputs too, is lost. Raises
    UsageError for fewer steps than the readout waits for.
    """
    old = checkpoint.model
    if isinstance(old, ImportedModel):
        return Checkpoint(_rerun(old, weight_bits, steps), _current(checkpoint.provenance))
    config = replace(old.config, output_scale=None)
    if weight_bits is not None:
        config = config.with_weight_bits(weight_bits)
    if steps is not None:
        try:
            config = replace(config, steps=steps)
        except ValueError as error:
            raise UsageError(f"the model cannot run for {steps} steps: {error}") from None
    model = SpikingClassifier(config)
    _fill(model, _parameters(old), "requantised model")
    model.eval()
    return Checkpoint(model, _current(checkpoint.provenance))


def _rerun(model: ImportedModel, weight_bits: int | None, steps: int | None) -> ImportedModel:
    """The same integers for another number of steps."""
    network = model.network
    if weight_bits is not None and weight_bits != network.weight_bits:
        raise UsageError(
            f"an imported model keeps its integers of {network.weight_bits} bits",
            hint=f"`snnc import` with --bits {weight_bits} makes others",
        )
    changed = replace(network, steps=network.steps if steps is None else steps)
    try:
        changed.verify()
    except VerificationError as error:
        raise UsageError(f"the model cannot run for {changed.steps} steps: {error.message}") from None
    return ImportedModel(changed)


def _current(provenance: Provenance) -> Provenance:
    """What still holds after a change."""
    return replace(provenance, test=None, activity=None)


def _parameters(model: SpikingClassifier) -> dict[str, Tensor]:
    """The learned tensors by name, as the file calls them."""
    if any(layer.statistics is not None for layer in model.stack):
        raise ValueError("fold the batch normalisation before the model is stored")
    return {
        f"{name}.{kind}": tensor.detach()
        for name, layer in zip(model.layer_names, model.stack, strict=True)
        for kind, tensor in (
            ("weights", layer.synapses.weight),
            ("threshold", layer.threshold),
            ("bias", layer.bias),
            *((kind, getattr(layer, kind)) for kind in ("reset_amount", "leak", "current_leak")),
        )
        if tensor is not None
    }


def _interned(content: Any) -> Any:
    """`content` with one object for equal strings: pickle writes the second mention of an object short."""
    if isinstance(content, dict):
        return {sys.intern(key): _interned(value) for key, value in content.items()}
    if isinstance(content, tuple | list):
        return type(content)(_interned(value) for value in content)
    return sys.intern(content) if isinstance(content, str) else content


def _fill(model: SpikingClassifier, content: object, where: str) -> None:
    """Copy the file's tensors into the model, each checked against the parameter it replaces."""
    parameters = _parameters(model)
    if not isinstance(content, dict) or set(content) != set(parameters):
        raise FileError(f"parameters must hold {', '.join(parameters)}", where=where)
    for name, parameter in parameters.items():
        value = content[name]
        if type(value) is not Tensor or value.dtype != torch.float32:
            raise FileError(f"parameter {name} must be a float32 tensor", where=where)
        if value.shape != parameter.shape:
            raise FileError(
                f"parameter {name} must have shape {tuple(parameter.shape)}, not {tuple(value.shape)}",
                where=where,
            )
        if value.device.type != "cpu" or not bool(torch.isfinite(value).all()):
            raise FileError(f"parameter {name} must hold finite numbers", where=where)
        with torch.no_grad():
            parameter.copy_(value)
