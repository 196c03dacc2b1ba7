"""What is known of a module that holds neurons: its equations, how it is called, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.findings import Status
from snnc.compiler.frontends.float_graph import FloatNeurons
from snnc.compiler.frontends.synapses import FloatArray
from snnc.compiler.frontends.values import Value
from snnc.training.frontends.standin import Axis

if TYPE_CHECKING:
    from snnc.training.frontends.trace import Trace

Answer = Callable[["Trace", "Record", tuple[Any, ...], dict[str, Any]], Any]


@dataclass(frozen=True)
class Record:
    """Neurons of a framework."""

    kind: str
    """Framework and class."""
    neurons: FloatNeurons
    respond: Answer
    """What a call of the module returns, after its convention."""
    status: Status = "exact"
    remarks: tuple[str, ...] = ()
    leads: tuple[tuple[Axis, ...], ...] = ()
    """Leading dimensions of neurons that take all steps at once; none for those that take one."""
    gain: FloatArray | None = None
    """What a spike counts, other than 1."""
    incoming: Callable[[Value], Value] | None = None
    """The module's own synapses before the neurons."""
    recurrent: Callable[[Value], Value] | None = None
    """What the neurons' spikes bring them a step later."""

    @property
    def sequence(self) -> bool:
        """Whether it takes all steps at once."""
        return bool(self.leads)

    def answer(self, trace: "Trace", args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a call of the module returns."""
        return self.respond(trace, self, args, kwargs)


def numbers(value: Any) -> FloatArray:
    """A parameter as an array in double precision, ready for a population: a number, or one per channel."""
    array = numbers_of(value) if isinstance(value, torch.Tensor) else np.asarray(value, np.float64)
    if array.size == 1:
        return array.reshape(())
    return array if array.ndim in (1, 3) else _without_samples(array)


def _without_samples(array: FloatArray) -> FloatArray:
    if array.ndim in (2, 4) and array.shape[0] == 1:
        return np.asarray(array[0])
    raise UnsupportedModel(f"parameters of shape {array.shape} are neither one, nor per channel or neuron")


def refuse(kind: str, reason: str, hint: str | None = None) -> UnsupportedModel:
    """An error about a kind of neurons."""
    return UnsupportedModel(f"{kind}: {reason}", hint=hint)


def is_strict(fires: Callable[[torch.Tensor], torch.Tensor], kind: str) -> bool:
    """Whether a surrogate's forward pass is 1 above 0 alone, or at 0 too; raises for any other function."""
    with torch.no_grad():
        found = [float(fires(torch.tensor([x]))) for x in (-1.0, -1e-3, 0.0, 1e-3, 1.0)]
    if found[:2] != [0, 0] or found[3:] != [1, 1] or found[2] not in (0, 1):
        raise refuse(
            kind, f"fires {found} at -1, -0.001, 0, 0.001 and 1 above the threshold, which is no step"
        )
    return found[2] == 0


def linear_map(module: nn.Module) -> Callable[[Value], Value]:
    """What a linear layer or a convolution does to a value."""
    from snnc.compiler.frontends.synapses import convolution
    from snnc.compiler.frontends.values import convolve, linear

    weights = numbers_of(module.weight)
    bias = None if module.bias is None else numbers_of(module.bias)
    if isinstance(module, nn.Linear):
        return lambda value: linear(value, weights, bias)
    if isinstance(module, nn.Conv2d) and not isinstance(module.padding, str):
        padding = tuple((side, side) for side in module.padding)
        plain = convolution(
            weights,
            stride=module.stride,  # type: ignore[arg-type]
            padding=padding,  # type: ignore[arg-type]
            dilation=module.dilation,  # type: ignore[arg-type]
            groups=module.groups,
        )
        return lambda value: convolve(value, plain, bias)
    raise UnsupportedModel(f"recurrent connections of {type(module).__name__}; Linear and Conv2d are read")


def numbers_of(tensor: Any) -> FloatArray:
    """A tensor in double precision, of its own shape."""
    array: FloatArray = tensor.detach().cpu().double().numpy()
    return array
