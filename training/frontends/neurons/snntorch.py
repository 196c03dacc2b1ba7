"""Neurons of snnTorch 0.9 and 1: `Leaky`, `Synaptic`, `Lapicque`, and the recurrent ones.

Their reset waits for the next step: mem = beta mem + x - theta where the membrane before was above it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from snnc.compiler.frontends.float_graph import FloatNeurons
from snnc.compiler.frontends.values import Value, scale
from snnc.training.frontends.neurons.record import Record, is_strict, linear_map, numbers, refuse
from snnc.training.frontends.neurons.states import returned_states

_MODES = ("subtract", "zero", "none")
_ONE = np.array(1.0)


def leaky(module: Any, kind: str) -> Record:
    """beta mem + x."""
    return _record(module, kind, {"beta": numbers(module.beta.clamp(0, 1))}, ("mem",), zero_is_hard=True)


def synaptic(module: Any, kind: str) -> Record:
    """syn = alpha syn + x, then beta mem + syn."""
    decays = {"alpha": numbers(module.alpha.clamp(0, 1)), "beta": numbers(module.beta.clamp(0, 1))}
    return _record(module, kind, decays, ("syn", "mem"))


def lapicque(module: Any, kind: str) -> Record:
    """An RC circuit: (1 - dt / RC) mem + x dt / C."""
    step, resistance, capacity = (numbers(getattr(module, name)) for name in ("time_step", "R", "C"))
    constant = resistance * capacity
    return _record(
        module, kind, {"beta": 1 - step / constant, "gain": resistance / constant * step}, ("mem",)
    )


def recurrent_leaky(module: Any, kind: str) -> Record:
    """Leaky, with its own spikes of the step before through `recurrent`."""
    return _record(
        module,
        kind,
        {"beta": numbers(module.beta.clamp(0, 1))},
        ("spk", "mem"),
        recurrent=_feedback(module.recurrent),
    )


def recurrent_synaptic(module: Any, kind: str) -> Record:
    """Synaptic, with its own spikes of the step before through `recurrent`."""
    decays = {"alpha": numbers(module.alpha.clamp(0, 1)), "beta": numbers(module.beta.clamp(0, 1))}
    return _record(module, kind, decays, ("spk", "syn", "mem"), recurrent=_feedback(module.recurrent))


def _feedback(part: nn.Module) -> Callable[[Value], Value]:
    """All to all, or each neuron to itself."""
    if hasattr(part, "V"):
        weights = numbers(part.V)
        return lambda value: scale(value, weights)
    return linear_map(part)


def _record(
    module: Any,
    kind: str,
    decays: dict[str, Any],
    states: tuple[str, ...],
    *,
    recurrent: Callable[[Value], Value] | None = None,
    zero_is_hard: bool = False,
) -> Record:
    mode = _MODES[int(module.reset_mechanism_val)]
    if module.inhibition:
        raise refuse(kind, "inhibition lets one neuron of a layer fire, which no neuron here can know")
    if module.state_quant:
        raise refuse(kind, "state_quant rounds the membrane", "train without it; --bits quantises afterwards")
    if mode == "zero" and not zero_is_hard:
        raise refuse(
            kind,
            "reset_mechanism='zero' drops what arrives in the step after a spike, which is no reset",
            "train with reset_mechanism='subtract'",
        )
    strict = is_strict(module.spike_grad, kind)
    theta = numbers(module.threshold)
    late = bool(getattr(module, "reset_delay", True))
    if mode == "subtract" and late and bool((theta < 0).any()):
        raise refuse(kind, "a threshold below 0 resets before the first step", "train with one of 0 or more")
    remarks = []
    if mode == "subtract":
        plain: dict[str, Any] = {"reset": "soft", "reset_delay": late}
        remarks.append("subtracts the threshold a step late" if late else "subtracts the threshold at once")
    elif mode == "zero":
        plain = {"reset": "hard"}
        remarks.append("resets to zero")
    else:
        plain = {"reset": "soft", "rho": np.array(0.0)}
        remarks.append("never resets")
    overloaded = mode == "subtract" and not late
    if overloaded:
        remarks.append("differs where a membrane is still above the threshold after the reset")
    factor = numbers(module.graded_spikes_factor)
    return Record(
        kind,
        FloatNeurons(theta=theta, strict=strict, **plain, **decays),
        lambda trace, record, args, kwargs: returned_states(
            trace, record, args, kwargs, states, _returns(module, states)
        ),
        "approximate" if overloaded else "exact",
        tuple(remarks),
        gain=None if bool((factor == 1).all()) else factor,
        recurrent=recurrent,
    )


def _returns(module: Any, states: tuple[str, ...]) -> tuple[str, ...]:
    """What a call gives beside the spikes."""
    hidden = module.init_hidden and not module.output
    return () if hidden else tuple(name for name in states if name != "spk")


KINDS = {
    "Leaky": leaky,
    "Synaptic": synaptic,
    "Lapicque": lapicque,
    "RLeaky": recurrent_leaky,
    "RSynaptic": recurrent_synaptic,
}
REFUSED = {
    "Alpha": "its membrane is a difference of two currents; use Synaptic",
    "SLSTM": "an LSTM multiplies activations; use RLeaky or RSynaptic",
    "SConv2dLSTM": "an LSTM multiplies activations; use RLeaky or RSynaptic",
    "LeakyParallel": "it computes all steps by one recurrent layer; use Leaky",
    "StateLeaky": "it has no reset and is computed as a convolution over time; use Leaky",
    "LinearLeaky": "it is a layer and its neurons in one; use Linear and Leaky",
    "DeltaLeaky": "it sends changes of the membrane, not spikes; use Leaky",
    "AssociativeLeaky": "it multiplies activations; use Leaky",
}
