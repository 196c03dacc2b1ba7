"""The neurons of a NIR file as those of the float graph, one rule per type and exporter."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import FloatNeurons, Reset
from snnc.compiler.frontends.nir.conventions import NORSE_STEP, Assumed, numbers
from snnc.compiler.frontends.nir.file import NirNode
from snnc.compiler.frontends.synapses import FloatArray


@dataclass(frozen=True)
class Translated:
    """A node's neurons, and what was assumed to get them."""

    neurons: FloatNeurons
    remarks: tuple[str, ...] = ()
    approximate: bool = False


@dataclass(frozen=True)
class Rules:
    """What is assumed of the file, and what the user says of every neuron."""

    assumed: Assumed
    reset: Reset | None = None
    strict: bool | None = None


def translate(node: NirNode, rules: Rules) -> Translated:
    """The neurons of a node; raises UnsupportedModel where its numbers describe none."""
    made = _TYPES[node.kind](node, rules)
    neurons = made.neurons
    if neurons.reset == "none":
        return made
    convention = rules.assumed.convention
    reset = rules.reset or convention.reset
    strict = convention.strict if rules.strict is None else rules.strict
    if node.kind == "Threshold":
        return replace(made, neurons=replace(neurons, strict=strict))
    late = convention.reset_delay and reset == "soft"
    said = {"soft": "soft reset", "hard": "reset to v_reset"}[reset] + (", a step late" if late else "")
    remark = f"{said}, compares {'>' if strict else '>='}"
    extra: tuple[str, ...] = (remark,) if rules.reset is None or rules.strict is None else ()
    neurons = replace(neurons, reset=reset, strict=strict, reset_delay=late)
    if convention.several:
        extra += (f"may fire once in a step, neurons of {rules.assumed.exporter} several times",)
        return Translated(neurons, made.remarks + extra, True)
    return Translated(neurons, made.remarks + extra, made.approximate)


def _integrator(node: NirNode, rules: Rules) -> Translated:
    r = _parameter(node, "r", 1.0)
    unit = bool((r == 1).all()) and rules.assumed.exporter != "nir"
    gain = np.array(1.0) if unit else r * rules.assumed.dt
    remarks = ("r = 1 taken as a gain of 1 per step",) if unit else ()
    return Translated(_spiking(node, gain=_rounded(gain)), remarks)


def _leaky(node: NirNode, rules: Rules) -> Translated:
    tau, remarks = _tau(node, rules)
    r, v_leak = _parameter(node, "r", 1.0), _parameter(node, "v_leak", 0.0)
    if rules.assumed.exporter == "sinabs":
        beta = np.exp(-rules.assumed.dt / tau)
        gain = r * (1 - beta)
        remarks += (f"beta = exp(-{rules.assumed.dt:g}/tau), input times 1 - beta (norm_input)",)
    elif rules.assumed.exporter == "rockpool":
        beta = np.exp(-rules.assumed.dt / tau)
        gain = beta if node.kind == "LI" else np.array(1.0)
    else:
        share = _share(rules.assumed.dt, tau)
        beta, gain = 1 - share, _rounded(r * share)
    return Translated(_spiking(node, gain=gain, beta=beta, v_leak=v_leak), remarks)


def _current_based(node: NirNode, rules: Rules) -> Translated:
    made = _leaky(node, rules)
    tau = _positive(node, "tau_syn")
    weight = _parameter(node, "w_in", 1.0)
    remarks = made.remarks
    if rules.assumed.exporter == "norse":
        tau = _unmultiplied(tau, rules)
        alpha, enters = 1 - _share(rules.assumed.dt, tau), weight
        remarks += ("an input adds w_in to the current, which reaches the membrane a step late",)
        late = 1
    elif rules.assumed.exporter == "rockpool":
        alpha = np.exp(-rules.assumed.dt / tau)
        enters, late = weight * alpha, 0
    else:
        share = _share(rules.assumed.dt, tau)
        alpha, enters, late = 1 - share, _rounded(weight * share), 0
    gain = made.neurons.gain * enters
    return replace(
        made, neurons=replace(made.neurons, alpha=alpha, gain=gain, input_delay=late), remarks=remarks
    )


def _threshold(node: NirNode, rules: Rules) -> Translated:
    theta = _parameter(node, "threshold", None)
    return Translated(FloatNeurons(theta, beta=np.array(0.0), reset="hard"))


_TYPES: dict[str, Callable[[NirNode, Rules], Translated]] = {
    "IF": _integrator,
    "I": _integrator,
    "LIF": _leaky,
    "LI": _leaky,
    "CubaLIF": _current_based,
    "CubaLI": _current_based,
    "Threshold": _threshold,
}


def _spiking(
    node: NirNode, gain: FloatArray, beta: FloatArray | None = None, v_leak: FloatArray | None = None
) -> FloatNeurons:
    silent = node.kind in ("I", "LI", "CubaLI")
    return FloatNeurons(
        theta=np.array(0.0) if silent else _parameter(node, "v_threshold", None),
        beta=np.array(1.0) if beta is None else beta,
        gain=gain,
        reset="none" if silent else "hard",
        v_leak=np.array(0.0) if v_leak is None else v_leak,
        v_reset=np.array(0.0) if silent else _parameter(node, "v_reset", 0.0),
    )


def _tau(node: NirNode, rules: Rules) -> tuple[FloatArray, tuple[str, ...]]:
    tau = _positive(node, "tau" if "tau" in node.parameters else "tau_mem")
    if rules.assumed.exporter != "norse" or bool((tau >= rules.assumed.dt).all()):
        return tau, ()
    return _unmultiplied(tau, rules), (
        f"tau {float(tau.max()):g} is less than a step: norse multiplied it by {NORSE_STEP:g}, undone",
    )


def _unmultiplied(tau: FloatArray, rules: Rules) -> FloatArray:
    """norse/torch/utils/export_nir.py writes dt / tau_inv, where 1 / tau_inv is meant."""
    return tau / NORSE_STEP if bool((tau < rules.assumed.dt).any()) else tau


def _share(dt: float, tau: FloatArray) -> FloatArray:
    """dt / tau, rounded to what the file's float32 can mean; raises UnsupportedModel above 1."""
    share = _rounded(dt / tau)
    if bool((share > 1).any()):
        raise UnsupportedModel(
            f"a time constant of {float(tau.min()):g} s is less than the time step of {dt:g} s",
            hint=f"--dt {float(tau.min()):g} or less states the step the network was trained with",
        )
    return share


def _rounded(values: FloatArray) -> FloatArray:
    """Numbers within the error of a float32 of 1 are 1: a gain of r · dt / tau was meant to be."""
    return np.where(np.abs(values - 1) < 1e-6, 1.0, values)


def _positive(node: NirNode, name: str) -> FloatArray:
    values = _parameter(node, name, None)
    if not bool((values > 0).all()):
        raise UnsupportedModel(f"{name} must be greater than 0, not {float(values.min()):g}")
    return values


def _parameter(node: NirNode, name: str, default: float | None) -> FloatArray:
    values = numbers(node, name, default)
    if values is None or values.size == 0:
        raise UnsupportedModel(f"has no numbers called {name}")
    if not bool(np.isfinite(values).all()):
        raise UnsupportedModel(f"{name} holds NaN or infinite numbers")
    return values
