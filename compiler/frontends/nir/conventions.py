"""What a NIR file leaves open, and what each exporter meant by what it wrote.

NIR has no time step, no order within a step, no comparison and no soft reset, and the exporters use its
numbers differently. Each rule names the place it was read from, in the versions of November 2026:
snntorch 1.0.0, spikingjelly 2.0.0, norse 1.1.0, sinabs 2.0.3, rockpool 3.1.0, nir 1.0.8.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from snnc.compiler.frontends.float_graph import Reset
from snnc.compiler.frontends.nir.file import NirNode
from snnc.compiler.frontends.nir.flat import NEURONS
from snnc.compiler.frontends.synapses import FloatArray

Exporter = Literal["nir", "snntorch", "spikingjelly", "norse", "sinabs", "rockpool", "snnc"]
EXPORTERS: tuple[Exporter, ...] = get_args(Exporter)
USUAL_STEP = 1e-4
"""Seconds; what most exporters write with (snntorch/export_nir.py:68, spikingjelly's nir_exchange)."""
NORSE_STEP = 1e-3
"""Seconds; the default of norse/torch/utils/export_nir.py, which writes every tau multiplied by it."""


@dataclass(frozen=True)
class Convention:
    """How an exporter's neurons behave where the file does not say."""

    reset: Reset
    strict: bool
    why: str
    reset_delay: bool = False
    several: bool = False
    """Whether its neurons send several spikes in a step by default."""
    step: float = USUAL_STEP
    """The time step it is taken to have written with, where nothing tells."""


CONVENTIONS: dict[Exporter, Convention] = {
    "nir": Convention("hard", True, "NIR's own equations: v > threshold, then v is v_reset"),
    "snntorch": Convention(
        "soft",
        True,
        "its default is v > threshold, subtracted in the next step",
        reset_delay=True,
    ),
    "spikingjelly": Convention("hard", False, "it compares v >= threshold and exports hard resets only"),
    "norse": Convention("hard", True, "it compares v > threshold, then v is v_reset"),
    "sinabs": Convention(
        "soft",
        False,
        "its default is v >= threshold, subtracted; tau is in steps, the leak exp(-1/tau)",
        several=True,
        step=1.0,
    ),
    "rockpool": Convention(
        "soft",
        False,
        "it compares v >= threshold, subtracted; the leak is exp(-dt/tau), currents decay as they arrive",
        several=True,
        step=1e-3,
    ),
    "snnc": Convention("soft", False, "snnc export, whose metadata say the rest"),
}


@dataclass(frozen=True)
class Assumed:
    """What is taken for granted of a whole file."""

    exporter: Exporter
    dt: float
    remarks: tuple[str, ...]
    """Each assumption in words, and what it was inferred from."""

    @property
    def convention(self) -> Convention:
        """Of the exporter."""
        return CONVENTIONS[self.exporter]


def infer(nodes: Mapping[str, NirNode], exporter: Exporter | None, dt: float | None) -> Assumed:
    """The exporter and the time step of a file, where they were not given, from what exporters write."""
    step, of_rockpool = _time_step(nodes.values()) if dt is None else dt, _rockpool_step(nodes.values())
    found: Exporter = exporter or ("rockpool" if of_rockpool is not None else _exporter(nodes, step))
    how = "given" if exporter else "inferred from its numbers and names; --exporter states another"
    evidence = "given"
    if dt is None:
        evidence = "inferred: with it r makes the gain of every neuron 1; --dt states another"
    if dt is None and found == "rockpool":
        step, evidence = of_rockpool, "inferred: with it r is tau exp(-dt/tau) / dt; --dt states another"
    if step is None:
        step = CONVENTIONS[found].step
        if found == "norse":
            step = NORSE_STEP if _multiplied(nodes.values()) else USUAL_STEP
        evidence = f"assumed, as {found} writes it: the file does not say; --dt states another"
    lines = (f"exporter {found} ({how}): {CONVENTIONS[found].why}", f"dt {step:g} s ({evidence})")
    return Assumed(found, step, lines)


def numbers(node: NirNode, name: str, default: float | None = None) -> FloatArray | None:
    """A parameter in float64, the default where the file has none, or None."""
    value = node.parameters.get(name, default)
    if value is None or isinstance(value, str):
        return None
    return np.asarray(value).astype(np.float64)


def membrane_tau(node: NirNode) -> FloatArray | None:
    """The time constant of the membrane, whatever it is called."""
    tau = numbers(node, "tau")
    return numbers(node, "tau_mem") if tau is None else tau


def _neurons(nodes: Iterable[NirNode]) -> list[NirNode]:
    return [node for node in nodes if node.kind in NEURONS and numbers(node, "r") is not None]


def _units(node: NirNode) -> bool:
    """Whether r is 1 everywhere."""
    r = numbers(node, "r")
    return r is not None and bool((r == 1).all())


def _time_step(nodes: Iterable[NirNode]) -> float | None:
    """The step for which the gain of every neuron is 1, where there is one: those who export neurons of
    discrete time write r so that it is."""
    steps: list[float] = []
    for node in _neurons(nodes):
        r, tau = numbers(node, "r"), membrane_tau(node)
        if r is None or _units(node) or bool((r <= 0).any()):
            continue
        try:
            steps += np.unique((1.0 if tau is None else tau) / r).tolist()
        except ValueError:  # shapes that do not fit are somebody else's matter
            continue
    if steps and 0 < max(steps) <= min(steps) * (1 + 1e-4):
        return float(f"{np.median(steps):.4g}")
    return None


def _rockpool_step(nodes: Iterable[NirNode]) -> float | None:
    """The step for which every r is tau exp(-dt / tau) / dt, as rockpool/nn/modules/torch/nir.py writes it;
    None where there is none, or where r = tau / dt explains the file with a rounder one."""
    found: list[float] = []
    plain: list[float] = []
    for node in _neurons(nodes):
        r, tau = numbers(node, "r"), membrane_tau(node)
        if r is None or tau is None or r.size not in (1, tau.size) or _units(node):
            return None
        if not bool((r > 0).all() and (tau > 0).all()):
            return None
        plain += np.unique(tau / r).tolist()
        found += [_solved(one, ratio) for one, ratio in set(zip(tau.flat, (tau / r).flat, strict=True))]
    if not found or max(found) > min(found) * (1 + 1e-3):
        return None
    step = float(f"{np.median(found):.3g}")
    as_written = max(plain) <= min(plain) * (1 + 1e-4) and _roundness(plain[0]) <= _roundness(step)
    return None if as_written else step


def _solved(tau: float, ratio: float) -> float:
    """The step d with d exp(d / tau) = ratio, by Newton's method, which comes from above."""
    step = ratio
    for _ in range(50):
        grown = np.exp(step / tau)
        step -= (step * grown - ratio) / (grown * (1 + step / tau))
    return float(step)


def _roundness(step: float) -> int:
    """Digits that a number needs."""
    return len(f"{step:.4e}".partition("e")[0].rstrip("0").replace(".", ""))


def _multiplied(nodes: Iterable[NirNode]) -> bool:
    """Whether every tau is too small to be one: norse/torch/utils/export_nir.py:31 writes dt / tau_inv."""
    taus = [tau for node in nodes if (tau := membrane_tau(node)) is not None]
    return bool(taus) and all(bool((tau < USUAL_STEP).all()) for tau in taus)


def _exporter(nodes: Mapping[str, NirNode], step: float | None) -> Exporter:
    neurons = _neurons(nodes.values())
    taus = [tau for node in neurons if (tau := membrane_tau(node)) is not None]
    if neurons and all(_units(node) for node in neurons):
        if taus and all(bool((tau >= 1).all()) for tau in taus):
            return "sinabs"
        old = any("v_reset" not in node.parameters and "v_threshold" in node.parameters for node in neurons)
        if taus and (old or _multiplied(neurons)):
            return "norse"
        return "nir" if taus else "sinabs"
    if step is None:
        return "nir"
    doubles = all(np.asarray(node.parameters["r"]).dtype == np.float64 for node in neurons)
    traced = any(re.fullmatch(r"input_\d+", name) for name in nodes)
    return "spikingjelly" if doubles and traced else "snntorch"
