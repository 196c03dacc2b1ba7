"""Where a network comes from and what was measured of it: for tools and people; no execution reads it."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from snnc.base.bounds import Items, Range

Preparation = Literal["none", "levels", "rows", "changes"]
"""`none`: values as stored. `levels`: pixels 0..255 in max_payload + 1 equal parts, 0..max_payload.
`rows`: the same, and each row of the image is one time step: events of shape (N, height, width).
`changes`: of each value of a series events that tell how far it rose, and others how far it fell."""
Share = Annotated[float, Range(0, 1)]
OutputScale = Annotated[float, Range(1e-30, 1e30)]


@dataclass(frozen=True)
class Activity:
    """How often the nodes of a network send events, for the cost model."""

    rates: Annotated[dict[str, Share], Items(0, 1 << 12)]
    """Events per neuron and step of the input and of every layer, by name."""
    passes: Annotated[float, Range(1, 8)]
    """Set bits per payload of the input: passes of the row engine per event."""

    def __str__(self) -> str:
        numbers = {"passes": self.passes} | self.rates
        return ", ".join(f"{name} {number:.4g}" for name, number in numbers.items())


@dataclass(frozen=True)
class Measured:
    """What a network does on the test samples of its data."""

    accuracy: Share
    firing_rate: Share
    """Of all hidden neurons together, per step."""
    spikes: Annotated[float, Range(0, 1 << 53)]
    """Of all hidden layers, per sample."""


@dataclass(frozen=True)
class Provenance:
    """What travels with a network."""

    recipe: str | None = None
    """What it was trained or converted by."""
    module: str | None = None
    """The network without spikes it was converted from."""
    data: str | None = None
    """Data set it was trained for: what verbs take that are not told other data."""
    preparation: Preparation = "none"
    """How the samples of a data set become its input."""
    seed: int | None = None
    test: Measured | None = None
    origin_accuracy: Share | None = None
    """Of the teacher or the network without spikes it comes from, on the same samples."""
    output_scale: OutputScale | None = None
    """What the network it was converted from gives for an output of 1; None where nobody says."""
    activity: Activity | None = None
    """Measured; the cost model assumes one where there is none."""
    remarks: Annotated[tuple[str, ...], Items(0, 256)] = field(default=())
    """Warnings of whoever made it, a line each."""
