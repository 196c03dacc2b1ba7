"""Published weights as torch modules, from files that are not trusted."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from snnc.base.errors import FileError, UsageError
from snnc.compiler.ir.network import Shape
from snnc.training.conversion.resnet import ResNet
from snnc.training.files.tensor_files import read_tensor_file

MAX_FILE_BYTES = 1 << 28
COUNTER = ".num_batches_tracked"


@dataclass(frozen=True)
class Pretrained:
    """A module in evaluation mode, trained on (pixels / 255 - mean) / deviation, per channel."""

    module: nn.Module
    shape: Shape
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


PRETRAINED = {f"resnet{depth}": depth for depth in (20, 32, 44, 56, 110)}
"""Depth of the CIFAR-10 networks of github.com/akamaster/pytorch_resnet_cifar10, by name."""


def load_pretrained(name: str, path: Path) -> Pretrained:
    """The network `name` with the weights of a `torch.save` file: a state dict, or one in `state_dict`.

    Raises FileError for anything that is not exactly these tensors; nothing in the file is executed.
    """
    if name not in PRETRAINED:
        raise UsageError(f"unknown module {name!r}; known: {', '.join(PRETRAINED)}")
    module = ResNet(PRETRAINED[name])
    state = _state(path)
    # How many batches the statistics have seen matters to training alone; older files do not say.
    expected = {key: value for key, value in module.state_dict().items() if not key.endswith(COUNTER)}
    state = {key: value for key, value in state.items() if not key.endswith(COUNTER)}
    if set(state) != set(expected):
        missing, extra = sorted(set(expected) - set(state)), sorted(set(state) - set(expected))
        raise FileError(
            f"is not a {name}: {len(missing)} tensors are missing, {len(extra)} unknown "
            f"(first {(missing + extra)[0]!r})",
            where=str(path),
        )
    for key, tensor in expected.items():
        value = state[key]
        # The shape first: a tensor may repeat one stored number without end.
        if value.shape != tensor.shape:
            raise FileError(
                f"{key} must have shape {tuple(tensor.shape)}, not {tuple(value.shape)}", where=str(path)
            )
        if not bool(value.to(tensor.dtype).isfinite().all()):
            raise FileError(f"{key} must hold finite numbers in the range of float32", where=str(path))
    module.load_state_dict(state, strict=False)
    return Pretrained(module.eval(), (3, 32, 32), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, without the `module.` that DataParallel puts before each."""
    content = read_tensor_file(path, MAX_FILE_BYTES, legacy=True)
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(type(tensor) is Tensor for tensor in state.values()):
        raise FileError("holds no state dict of tensors", where=str(path))
    return {str(key).removeprefix("module."): tensor for key, tensor in state.items()}
