"""Whether the layers that `fold` derives compute what their module computes, tried on images."""

import copy
from typing import Any

import torch
from torch import Tensor, fx, nn

from snnc.base.errors import UnsupportedModel
from snnc.training.conversion.float_graph import FoldedNetwork
from snnc.training.conversion.tracing import trace

TOLERANCE = 1e-6
"""Largest difference between module and layers, both in double precision, relative to the largest value of a
layer. Another order of sums gives some 1e-13; rounding weights to 8 bits changes 4e-3."""


@torch.no_grad()
def check_folded(module: nn.Module, network: FoldedNetwork, x: Tensor) -> None:
    """Raise UnsupportedModel if `network`, folded from `module`, gives other logits for inputs `x`
    (samples, *network.shape); the message says by how much, and in which layer it begins."""
    x = x.double()
    known: dict[str, Tensor] = {}

    def rectified(name: str, total: Tensor) -> Tensor:
        known[name] = total.relu()
        return known[name]

    # A copy, since the module stays as it is; in double, so that only real differences are left.
    copied = copy.deepcopy(module).cpu().double()
    expected = _outputs(copied, x)
    logits = network.run(x, rectified)
    difference = _difference(logits, expected)
    if difference <= TOLERANCE:
        return
    traced = _Recorder(trace(copied))
    traced.run(x.clone())
    differing = [name for name in known if not _difference(known[name], traced.seen[name]) <= TOLERANCE]
    if differing:
        place = f"first in layer {differing[0]}"
    elif not _difference(logits, traced.seen["output"]) <= TOLERANCE:
        place = f"first in layer {network.layers[-1].name}"
    else:
        place = "in what torch.fx does not see of it: hooks, or code that depends on more than the input"
    raise UnsupportedModel(
        f"the module and the layers derived from it differ by {difference:.2g} of the largest logit on "
        f"{len(x)} images (limit {TOLERANCE:g}), {place}",
        where=differing[0] if differing else None,
        hint="values that are changed in place and used again are a common cause",
    )


class _Recorder(fx.Interpreter):
    """Runs a traced module and keeps what each node gave, before anything changes it in place."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.seen: dict[str, Tensor] = {}

    def run_node(self, n: fx.Node) -> Any:
        """The value of `n`."""
        value = super().run_node(n)
        if isinstance(value, Tensor):
            self.seen[n.name] = value.clone()
        return value


def _outputs(module: nn.Module, x: Tensor) -> Tensor:
    try:
        outputs = module(x.clone())
    # The module's own code may raise anything.
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        raise UnsupportedModel(f"cannot be run in double precision to be compared: {reason}") from error
    if not isinstance(outputs, Tensor):
        raise UnsupportedModel(f"the module gives a {type(outputs).__name__}, not a tensor")
    return outputs


def _difference(got: Tensor, expected: Tensor) -> float:
    """Largest difference relative to the largest value expected; infinite where the two do not compare."""
    got, expected = got.flatten(1), expected.flatten(1)
    if got.shape != expected.shape:
        return float("inf")
    difference, largest = float((got - expected).abs().max()), float(expected.abs().max())
    if difference == 0:
        return 0.0
    return difference / largest if largest > 0 else float("inf")
