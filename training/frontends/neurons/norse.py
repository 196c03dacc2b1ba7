"""Neurons of Norse: `LIF`, `LIFCell`, `LIFBoxCell`, `IAF`, integrators, and recurrent LIF.

Forward Euler: i + x is the current of a step, v + dt / tau_mem (v_leak - v + i), fires above v_th, resets to
v_reset, and the current decays by 1 - dt / tau_syn for the next step.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from snnc.compiler.frontends.float_graph import FloatNeurons
from snnc.compiler.frontends.values import Value, linear
from snnc.training.frontends.neurons.record import Record, numbers, numbers_of, refuse
from snnc.training.frontends.neurons.states import returned_state
from snnc.training.frontends.standin import SAMPLES, STEPS

_LEADS = ((STEPS, SAMPLES),)
_STEP_FUNCTIONS = ("super", "heaviside", "triangle", "tanh", "circ", "heavi_erfc")


def leaky(module: Any, kind: str, *, sequence: bool = False, recurrent: bool = False) -> Record:
    """LIF with a current."""
    own = {"alpha": _left(module, "tau_syn_inv"), **_membrane(module), **_firing(module, kind)}
    synapses: dict[str, Any] = {}
    if recurrent:
        synapses = {
            "incoming": _matrix(module.input_weights),
            "recurrent": _matrix(module.recurrent_weights),
        }
    return _record(kind, FloatNeurons(**own), sequence=sequence, **synapses)


def box(module: Any, kind: str, *, sequence: bool = False) -> Record:
    """LIF without a current."""
    own = {**_membrane(module), **_firing(module, kind)}
    method = getattr(getattr(module.p, "reset_method", None), "__name__", "reset_value")
    if method == "reset_subtract":
        own["reset"] = "soft"
    elif method != "reset_value":
        raise refuse(kind, f"reset_method {method}", "reset_value and reset_subtract are read")
    return _record(kind, FloatNeurons(**own), sequence=sequence)


def integrate_and_fire(module: Any, kind: str, *, sequence: bool = False) -> Record:
    """v + x, which begins at v_reset."""
    own = _firing(module, kind)
    return _record(kind, FloatNeurons(**own, initial=own["v_reset"]), sequence=sequence)


def integrator(
    module: Any, kind: str, *, sequence: bool = False, current: bool = True, weighted: bool = False
) -> Record:
    """A leaky integrator, which answers with its membrane."""
    own = _membrane(module)
    if current:
        own["alpha"] = _left(module, "tau_syn_inv")
    neurons = FloatNeurons(theta=np.array(0.0), reset="none", **own)
    incoming = _matrix(module.input_weights) if weighted else None
    return _record(kind, neurons, sequence=sequence, spiking=False, incoming=incoming)


def _left(module: Any, name: str) -> Any:
    """What is left of something after a step."""
    return 1 - module.dt * numbers(getattr(module.p, name))


def _membrane(module: Any) -> dict[str, Any]:
    share, leak = module.dt * numbers(module.p.tau_mem_inv), numbers(module.p.v_leak)
    return {"beta": 1 - share, "gain": share, "v_leak": leak, "initial": leak}


def _firing(module: Any, kind: str) -> dict[str, Any]:
    if module.p.method not in _STEP_FUNCTIONS:
        raise refuse(kind, f"method {module.p.method!r}", f"{', '.join(_STEP_FUNCTIONS)} are read")
    reset = numbers(module.p.v_reset)
    return {"theta": numbers(module.p.v_th), "strict": True, "reset": "hard", "v_reset": reset}


def _matrix(weights: Any) -> Callable[[Value], Value]:
    array = numbers_of(weights)
    return lambda value: linear(value, array)


def _record(
    kind: str, neurons: FloatNeurons, *, sequence: bool, spiking: bool = True, **synapses: Any
) -> Record:
    remarks = (f"resets {neurons.reset}" if spiking else "integrates and never fires",)
    return Record(
        kind,
        neurons,
        partial(_respond, spiking=spiking),
        "exact",
        remarks,
        leads=_LEADS if sequence else (),
        **synapses,
    )


def _respond(
    trace: Any, record: Record, args: tuple[Any, ...], kwargs: dict[str, Any], *, spiking: bool
) -> Any:
    return returned_state(trace, record, args, kwargs, spiking=spiking)


KINDS = {
    "LIFCell": leaky,
    "LIF": partial(leaky, sequence=True),
    "LIFRecurrentCell": partial(leaky, recurrent=True),
    "LIFRecurrent": partial(leaky, recurrent=True, sequence=True),
    "LIFBoxCell": box,
    "IAFCell": integrate_and_fire,
    "IAF": partial(integrate_and_fire, sequence=True),
    "LICell": integrator,
    "LI": partial(integrator, sequence=True),
    "LILinearCell": partial(integrator, weighted=True),
    "LIBoxCell": partial(integrator, current=False),
}
_OTHER = "its membrane follows another equation; use LIFCell or LIFBoxCell"
REFUSED = {
    "LIFAdExCell": _OTHER,
    "LIFAdEx": _OTHER,
    "LIFExCell": _OTHER,
    "LIFEx": _OTHER,
    "LIFRefracCell": "it has a refractory period; use LIFCell",
    "LIFMCCell": "it has compartments; use LIFCell",
    "CobaLIFCell": "its conductances multiply its membrane; use LIFCell",
    "LSNNCell": "its threshold adapts; use LIFCell",
    "LSNN": "its threshold adapts; use LIF",
    "LSNNRecurrentCell": "its threshold adapts; use LIFRecurrentCell",
    "LSNNRecurrent": "its threshold adapts; use LIFRecurrent",
    "IzhikevichCell": _OTHER,
    "Izhikevich": _OTHER,
}
