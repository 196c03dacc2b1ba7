"""Stand-ins for the activations of a torch module: tensors without numbers that know how they came about."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from snnc.compiler.frontends.values import Value

if TYPE_CHECKING:
    from snnc.training.frontends.trace import Trace

EVERY = -1
"""Step of a value that is there in each step, apart; None is the step of one that is the same in all."""
Moments = dict[int | None, Value]
"""What a stand-in is the sum of: values by their step. Mostly one; several where steps were added up."""
BATCH = 3
"""Samples at once, an odd number that no layer is likely to have."""
SAMPLES, STEPS, ONE = "samples", "steps", "1"
Axis = str | tuple[str, str]
"""A dimension before those of the value; a pair where two were made one."""
IMAGE, ROW, FLAT = "image", "row", "flat"
"""(channels, height, width); (channels, length); (features,)."""


class MoreSteps(IndexError):
    """A module asked for a step behind the last of the trace."""


class StandIn(torch.Tensor):
    """A tensor of the shape the module sees, whose operations build values of the float graph.

    Every function of torch that meets one goes to `operations.dispatch`.
    """

    tracer: "Trace"
    moments: Moments
    lead: tuple[Axis, ...]
    form: str
    reduced: str | None
    """How its steps became one: sum, mean, max; None where they did not."""
    owner: tuple[str, str, int] | None
    """The neurons whose state it is, which state, and after which call."""

    @staticmethod
    def make(
        trace: "Trace", moments: Moments, lead: Sequence[Axis], form: str, reduced: str | None = None
    ) -> "StandIn":
        """A stand-in for `moments` behind the dimensions `lead`."""
        value = next(iter(moments.values()))
        size = (*(trace.size(axis) for axis in lead), *trailing(value, form))
        made = torch.zeros(()).expand(size).as_subclass(StandIn)
        made.tracer, made.moments, made.lead, made.form, made.reduced = (
            trace,
            moments,
            tuple(lead),
            form,
            reduced,
        )
        made.owner = None
        return made

    def like(self, moments: Moments, form: str | None = None) -> "StandIn":
        """Another one with the same leading dimensions."""
        return StandIn.make(self.tracer, moments, self.lead, form or self.form, self.reduced)

    def become(self, other: "StandIn") -> None:
        """Take the place of `other`, as an operation in place does."""
        self.moments, self.lead, self.form, self.reduced = (
            other.moments,
            other.lead,
            other.form,
            other.reduced,
        )
        with torch._C.DisableTorchFunctionSubclass():
            self.data = other.data

    @property
    def value(self) -> Value:
        """The value of the only, or the latest step."""
        return self.moments[latest(self.moments)]

    def __repr__(self, **options: Any) -> str:  # type: ignore[override]
        return f"StandIn{tuple(self.shape)}"

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Hand the call to the table of operations."""
        from snnc.training.frontends.operations import dispatch

        return dispatch(func, tuple(args), kwargs or {})


def latest(moments: Moments) -> int | None:
    """The last step among moments; None where there is no step."""
    return max(moments, key=lambda step: -2 if step is None else step)


def trailing(value: Value, form: str) -> tuple[int, ...]:
    """The dimensions of a value as the module sees them."""
    channels, height, width = value.shape
    if form == FLAT:
        return (channels * height * width,)
    return (channels, width) if form == ROW else (channels, height, width)
