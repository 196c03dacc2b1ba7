"""Neurons of SpikingJelly: `IFNode`, `LIFNode`, `ParametricLIFNode`, `CUBALIFNode` and integrators.

They fire at the threshold (v >= v_threshold) and reset in the same step, to v_reset or, where that is None,
by the threshold.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from snnc.compiler.frontends.float_graph import FloatNeurons
from snnc.compiler.frontends.values import linear
from snnc.training.frontends.neurons.record import Record, is_strict, numbers, numbers_of, refuse
from snnc.training.frontends.standin import SAMPLES, STEPS, StandIn

_LEADS = ((STEPS, SAMPLES),)


def integrate_and_fire(module: Any, kind: str) -> Record:
    """v + x."""
    return _record(module, kind, {})


def leaky(module: Any, kind: str) -> Record:
    """v + (x - (v - v_reset)) / tau, or without `decay_input` x apart."""
    return _record(module, kind, _decay(module, 1 / numbers(module.tau)))


def parametric_leaky(module: Any, kind: str) -> Record:
    """Leaky with 1 / tau = sigmoid(w)."""
    return _record(module, kind, _decay(module, numbers(module.w.double().sigmoid())))


def current_based(module: Any, kind: str) -> Record:
    """c = c_decay c + x, then v_decay v + c."""
    return _record(module, kind, {"alpha": numbers(module.c_decay), "beta": numbers(module.v_decay)})


def _decay(module: Any, share: Any) -> dict[str, Any]:
    leak = 0.0 if module.v_reset is None else module.v_reset
    gain = share if module.decay_input else np.array(1.0)
    return {"beta": 1 - share, "gain": gain, "v_leak": numbers(leak)}


def _record(module: Any, kind: str, decays: dict[str, Any]) -> Record:
    strict = is_strict(module.surrogate_function, kind)
    reset = module.v_reset
    value = numbers(0.0 if reset is None else reset)
    remarks = ("subtracts the threshold" if reset is None else f"resets to {reset:g}",)
    neurons = FloatNeurons(
        theta=numbers(module.v_threshold),
        strict=strict,
        reset="soft" if reset is None else "hard",
        v_reset=value,
        initial=value,
        **decays,
    )
    return Record(kind, neurons, _spikes, "exact", remarks, leads=_LEADS if module.step_mode == "m" else ())


def _spikes(trace: Any, record: Record, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    x, *rest = args
    if rest or kwargs:
        raise refuse(record.kind, "takes more than its input")
    return trace.fire(x, record)[0]


def integrator(module: Any, kind: str) -> Record:
    """v + x, which never fires."""
    return _integrator(module, kind, {})


def leaky_integrator(module: Any, kind: str) -> Record:
    """v + (x - v) / tau, which never fires."""
    share = 1 / numbers(module.tau)
    return _integrator(module, kind, {"beta": 1 - share, "gain": share})


def _integrator(module: Any, kind: str, decays: dict[str, Any]) -> Record:
    neurons = FloatNeurons(theta=np.array(0.0), reset="none", **decays)

    def respond(trace: Any, record: Record, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        membranes: StandIn = trace.fire(args[0], record)[1]
        if module.decode == "max-mem":
            return membranes.max(0).values
        if module.decode == "mean-mem":
            return membranes.mean(0)
        if module.decode == "last_mem":
            return membranes[-1]
        if module.decode is None:
            return membranes.unbind(0)
        raise refuse(kind, f"decode={module.decode!r}", "max-mem, mean-mem and last_mem are read")

    return Record(kind, neurons, respond, "exact", ("integrates and never fires",), leads=_LEADS)


def recurrent_container(module: Any, kind: str) -> Record:
    """Neurons behind one layer that takes what arrives and, beside it, their spikes of the step before."""
    from snnc.training.frontends.neurons.table import find_record

    inner = find_record(module.sub_module)
    if inner is None or inner.neurons.reset == "none":
        raise refuse(kind, f"holds {type(module.sub_module).__name__}", "IFNode and LIFNode are read in it")
    weights, back = numbers_of(module.rc.weight), module.sub_module_out_features
    bias = None if module.rc.bias is None else numbers_of(module.rc.bias)
    return replace(
        inner,
        kind=kind,
        leads=_LEADS if module.step_mode == "m" else (),
        incoming=lambda value: linear(value, weights[:, :-back], bias),
        recurrent=lambda value: linear(value, weights[:, -back:]),
    )


KINDS = {
    "IFNode": integrate_and_fire,
    "SimpleIFNode": integrate_and_fire,
    "LIFNode": leaky,
    "SimpleLIFNode": leaky,
    "ParametricLIFNode": parametric_leaky,
    "CUBALIFNode": current_based,
    "NonSpikingIFNode": integrator,
    "NonSpikingLIFNode": leaky_integrator,
    "LinearRecurrentContainer": recurrent_container,
}
_OTHER = "its membrane follows another equation; use IFNode, LIFNode or ParametricLIFNode"
REFUSED = {
    "QIFNode": _OTHER,
    "EIFNode": _OTHER,
    "IzhikevichNode": _OTHER,
    "KLIFNode": _OTHER,
    "GatedLIFNode": _OTHER,
    "ComplementaryLIFNode": _OTHER,
    "LIAFNode": "it sends its membrane through a function, not spikes; use LIFNode",
    "ILIFNode": "it sends several spikes at once; use LIFNode",
    "TernaryIFNode": "it sends negative spikes; use IFNode",
    "TernaryLIFNode": "it sends negative spikes; use LIFNode",
    "PSN": "it has no state, but a matrix over all steps; use LIFNode",
    "MaskedPSN": "it has no state, but a matrix over all steps; use LIFNode",
    "SlidingPSN": "it has no state, but a window over steps; use LIFNode",
    "HalfThresholdIFNode": "it begins at half the threshold of another scale; use IFNode",
    "MPBNLIFNode": "it normalises its membrane; use BatchNorm and LIFNode",
    "DSRIFNode": "it computes rates, not spikes; use IFNode",
    "DSRLIFNode": "it computes rates, not spikes; use LIFNode",
    "STBIFNode": "it sends negative spikes; use IFNode",
    "RAFNode": _OTHER,
    "FewSpikeNode": _OTHER,
    "SynapseFilter": "its current decays only where no spike arrives; use CUBALIFNode",
}
