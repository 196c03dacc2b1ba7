"""States that single-step neurons are handed and hand back: each must be the one of the step before."""

from typing import TYPE_CHECKING, Any

import torch

from snnc.base.errors import UnsupportedModel
from snnc.training.frontends.standin import StandIn

if TYPE_CHECKING:
    from snnc.training.frontends.neurons.record import Record
    from snnc.training.frontends.trace import Trace

_KEEP = "start with zeros or None, and hand each call the state that the call before returned"


class State:
    """What neurons of Norse hand back: opaque, but for the membrane `v` and the spikes `z`."""

    def __init__(self, record: "Record", number: int, spikes: StandIn, membranes: StandIn) -> None:
        self.record, self.number = record, number
        self.z, self.v = spikes, membranes


def returned_states(
    trace: "Trace",
    record: "Record",
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    states: tuple[str, ...],
    returns: tuple[str, ...],
) -> Any:
    """A call with separate states, as snnTorch has them: spikes, and the states that are returned."""
    x, *rest = args
    given = dict(zip(states, rest, strict=False)) | kwargs
    spikes, membranes, number = trace.fire(x, record)
    for name, state in given.items():
        _check(state, number, name, trace)
    made = {"mem": membranes, "syn": _current(membranes), "spk": spikes}
    for name, state in made.items():
        state.owner = (trace.place, name, number)
    return (spikes, *(made[name] for name in returns)) if returns else spikes


def _current(membranes: StandIn) -> StandIn:
    """Something that nothing may be made of."""
    return membranes.like(membranes.moments)


def _check(state: Any, number: int, name: str, trace: "Trace") -> None:
    """Raise UnsupportedModel unless `state` is nothing at the first call, and the last one's at others."""
    if isinstance(state, StandIn):
        if state.owner == (trace.place, name, number - 1):
            return
        raise UnsupportedModel(f"gets as {name} something else than its own of the step before", hint=_KEEP)
    if state is None or (isinstance(state, torch.Tensor) and number == 0 and not bool(state.any())):
        return
    raise UnsupportedModel(f"gets as {name} a state that is set anew in call {number + 1}", hint=_KEEP)


def returned_state(
    trace: "Trace", record: "Record", args: tuple[Any, ...], kwargs: dict[str, Any], *, spiking: bool
) -> tuple[StandIn, State]:
    """A call with one state, as Norse has it: what comes out, and the state."""
    x, state, *_ = (*args, *kwargs.values(), None)
    spikes, membranes, number = trace.fire(x, record)
    first = state is None and number == 0
    if not first and not (isinstance(state, State) and (state.record, state.number) == (record, number - 1)):
        raise UnsupportedModel(
            f"gets a state that is not its own of the step before, in call {number + 1}", hint=_KEEP
        )
    return (spikes if spiking else membranes), State(record, number, spikes, membranes)
