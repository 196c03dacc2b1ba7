"""Neurons of sinabs: `IAF`, `LIF`, `ExpLeak`, recurrent and squeezed ones.

The current decays in the step in which it arrives, i = alpha (i + x). A membrane at the threshold or above
sends as many spikes as thresholds fit into it (`MultiSpike`), or one (`SingleSpike`); `min_v_mem` clamps it.
"""

from functools import partial
from typing import Any

import numpy as np
import torch

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import FloatNeurons
from snnc.training.frontends.neurons.record import Record, linear_map, numbers, refuse
from snnc.training.frontends.standin import SAMPLES, STEPS

_LEADS = ((SAMPLES, STEPS),)
_SQUEEZED = (((SAMPLES, STEPS),),)
_SEVERAL = (
    "sends several spikes in a step, here one at most: exact where no membrane reaches twice the threshold"
)


def fires(module: Any, kind: str, *, squeezed: bool = False, recurrent: bool = False) -> Record:
    """IAF and LIF."""
    own: dict[str, Any] = _decays(module)
    own |= {"theta": numbers(module.spike_threshold), **_reset(module, kind)}
    if module.min_v_mem is not None:
        own["lower"] = numbers(module.min_v_mem)
    name = getattr(module.spike_fn, "__name__", type(module.spike_fn).__name__)
    if name not in ("SingleSpike", "MultiSpike", "MaxSpike"):
        raise refuse(kind, f"spike_fn {name}", "SingleSpike, MultiSpike and MaxSpike are read")
    connection = _connection(module.rec_connect) if recurrent else None
    own, early = _begun(own, None if connection is None else connection.bias)
    single = name == "SingleSpike" or getattr(module.spike_fn, "max_num_spikes_per_bin", None) == 1
    remarks = (f"resets {own['reset']}", *(() if single else (f"{name} {_SEVERAL}",)))
    return Record(
        kind,
        FloatNeurons(**own),
        _spikes,
        "exact" if single and not early else "approximate",
        (*remarks, *early),
        leads=_SQUEEZED if squeezed else _LEADS,
        recurrent=None if connection is None else linear_map(connection),
    )


def exponential_leak(module: Any, kind: str, *, squeezed: bool = False) -> Record:
    """A leaky integrator, which answers with its membrane."""
    own = _decays(module)
    if module.min_v_mem is not None:
        own["lower"] = numbers(module.min_v_mem)
    neurons = FloatNeurons(theta=np.array(0.0), reset="none", **own)
    return Record(
        kind,
        neurons,
        _membranes,
        "exact",
        ("integrates and never fires",),
        leads=_SQUEEZED if squeezed else _LEADS,
    )


def _decays(module: Any) -> dict[str, Any]:
    beta, alpha = numbers(module.alpha_mem_calculated), module.alpha_syn_calculated
    gain = 1 - beta if module.norm_input else np.array(1.0)
    if alpha is None:
        return {"beta": beta, "gain": gain}
    current = numbers(alpha)
    return {"beta": beta, "alpha": current, "gain": gain * current}


def _reset(module: Any, kind: str) -> dict[str, Any]:
    function = module.reset_fn
    name = type(function).__name__
    if name == "MembraneSubtract":
        rho = function.subtract_value
        return {"reset": "soft"} if rho is None else {"reset": "soft", "rho": numbers(rho)}
    if name == "MembraneReset" and function.reset_value != 0:
        raise refuse(
            kind,
            "MembraneReset adds its reset_value to every membrane in every step",
            "use a reset_value of 0",
        )
    if name == "MembraneReset":
        return {"reset": "hard", "v_reset": numbers(function.reset_value)}
    raise refuse(kind, f"reset_fn {name}", "MembraneSubtract and MembraneReset are read")


def _connection(module: Any) -> torch.nn.Module:
    """The layer that recurrent connections are, alone or between parts without weights."""
    parts = [part for part in module.modules() if list(part.parameters(recurse=False))]
    if len(parts) != 1:
        raise UnsupportedModel(f"recurrent connections of {len(parts)} layers; one is read")
    found: torch.nn.Module = parts[0]
    return found


def _begun(own: dict[str, Any], bias: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Neurons whose recurrent bias is not there in the first step, as a membrane that cancels it begins."""
    if bias is None or not bool(bias.any()):
        return own, ()
    if "alpha" in own or not bool((own["beta"] > 0).all()):
        return own, ("the bias of the recurrent connections acts a step early",)
    return own | {"initial": -numbers(bias) * own["gain"] / own["beta"]}, ()


def _spikes(trace: Any, record: Record, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return trace.fire(args[0], record)[0]


def _membranes(trace: Any, record: Record, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return trace.fire(args[0], record)[1]


KINDS = {
    "IAF": fires,
    "LIF": fires,
    "IAFSqueeze": partial(fires, squeezed=True),
    "LIFSqueeze": partial(fires, squeezed=True),
    "IAFRecurrent": partial(fires, recurrent=True),
    "LIFRecurrent": partial(fires, recurrent=True),
    "ExpLeak": exponential_leak,
    "ExpLeakSqueeze": partial(exponential_leak, squeezed=True),
}
REFUSED = {
    "ALIF": "its threshold adapts; use LIF",
    "ALIFRecurrent": "its threshold adapts; use LIFRecurrent",
    "NeuromorphicReLU": "it rounds activations; convert the network without it",
}
