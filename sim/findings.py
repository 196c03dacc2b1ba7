"""What a simulation shows that its user should know and no figure says: layers that carry nothing, and inputs
that use next to nothing of their range."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from snnc.compiler.ir.network import Input, Network
from snnc.sim.report import LayerFigures

SMALL_PART = 16
"""Inputs of which the largest is at most this part of the payload range were hardly meant so."""


def findings(network: Network, x: NDArray[Any], rows: Sequence[LayerFigures], samples: int) -> list[str]:
    """Warnings, each with the fact and what to try; `rows` are those of the network's layers, in order."""
    found = [_of_inputs(network.input, int(x.max()))]
    for layer, row in zip(network.layers, rows, strict=True):
        if layer.neurons.reset != "none":
            found.append(_of_layer(row, layer.count * network.steps * samples, samples))
    return [warning for warning in found if warning is not None]


def _of_inputs(node: Input, largest: int) -> str | None:
    if largest == 0:
        return "every input value is 0: no event was sent; check how the data were scaled"
    if node.max_payload < SMALL_PART or largest * SMALL_PART > node.max_payload:
        return None
    return (
        f"the largest input value is {largest}, the model takes 0..{node.max_payload}: scale the data up, or "
        f"train with max_payload={largest}"
    )


def _of_layer(row: LayerFigures, most: int, samples: int) -> str | None:
    name, spikes = row.name, row.spikes
    if spikes == 0:
        return (
            f"layer {name!r} never fires in {samples} samples: nothing behind it sees the input; lower its "
            f"threshold, run more steps, or train on"
        )
    if spikes == most:
        return (
            f"layer {name!r} fires in every neuron and step of {samples} samples: nothing behind it sees the "
            f"input; raise its threshold, or train on"
        )
    return None
