"""The neurons of a core in one step, and one of them over all steps."""

from typing import Any

import numpy as np

from snnc.base.errors import UsageError
from snnc.compiler.ir.program import Core
from snnc.reporting.plots import membrane
from snnc.reporting.viewer.location import Location
from snnc.reporting.viewer.recording import Recording

MAX_FIRED = 48
"""Most neurons that are listed as having fired."""


def show_neurons(recording: Recording, core: Core, location: Location) -> dict[str, Any]:
    """Which neurons of `core` fired in the step, and the chosen one: its plot, and its values in the step.

    Raises UsageError for a neuron that the core does not hold.
    """
    numbers = core.tile.neuron_map(recording.build.tiled.target.lanes)
    numbers = numbers[numbers >= 0]
    chosen = int(numbers[0]) if location.neuron is None else location.neuron
    found = np.flatnonzero(numbers == chosen)
    if not len(found):
        raise UsageError(f"core {core.at} does not hold neuron {chosen} of layer {core.layer!r}")
    place = int(found[0])
    trace, step = recording.trace(core), location.step
    fired = np.sort(numbers[trace.spikes[0, step]]).tolist()
    order = np.sort(numbers)
    rank = int(np.searchsorted(order, chosen))
    return {
        "count": len(numbers),
        "fired": [(number, location.at(neuron=number)) for number in fired[:MAX_FIRED]],
        "more": len(fired) - MAX_FIRED,
        "chosen": chosen,
        "spikes_of_it": int(trace.spikes[0, :, place].sum()),
        "values": _values(core, recording, place, step),
        "plot": _plot(core, recording, place, chosen, step),
        "before": location.at(neuron=int(order[rank - 1])) if rank else None,
        "after": location.at(neuron=int(order[rank + 1])) if rank + 1 < len(order) else None,
    }


def _values(core: Core, recording: Recording, place: int, step: int) -> list[tuple[str, str]]:
    """What the chosen neuron is and does in a step, by name."""
    trace = recording.trace(core)
    if core.emission == "values_every":
        return [("partial sum, sent to its owner", str(int(trace.membrane[0, step, place])))]
    channel = _channel(core, recording, place)
    word = "current" if core.current_leak is not None else "membrane and what arrived"
    return [
        (f"state word before the sweep ({word})", str(int(trace.accumulated[0, step, place]))),
        ("bias", str(int(core.bias[channel]))),
        ("threshold", "never fires" if core.reset == "none" else str(int(core.threshold[channel]))),
        ("membrane after the sweep", str(int(trace.membrane[0, step, place]))),
        ("spike", "yes" if trace.spikes[0, step, place] else "no"),
    ]


def _plot(core: Core, recording: Recording, place: int, chosen: int, step: int) -> str:
    trace = recording.trace(core)
    threshold = None
    if core.reset != "none" and core.emission != "values_every":
        threshold = int(core.threshold[_channel(core, recording, place)])
    return membrane(
        f"Membrane of neuron {chosen} after each step",
        trace.membrane[0, :, place],
        trace.spikes[0, :, place],
        threshold,
        step,
    )


def _channel(core: Core, recording: Recording, place: int) -> int:
    """The channel, within the tile, of a neuron in the order of its trace."""
    lanes = recording.build.tiled.target.lanes
    slot = int(np.flatnonzero(core.tile.neuron_map(lanes) >= 0)[place])
    return slot % (core.tile.pixel_words(lanes) * lanes)
