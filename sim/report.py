"""The simulation report: the figures of one run, and the document `report.json` made of them."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from snnc.base.version import __version__
from snnc.sim.accounting.comparison import DenseComparison
from snnc.sim.answers import AnswerFigures
from snnc.sim.metrics import Metrics
from snnc.sim.report_energy import ComparisonFigures, EnergyFigures
from snnc.sim.report_html import render_html
from snnc.sim.report_tables import render_report

SCHEMA = 1
MAX_VALUES = 1 << 18
"""Outputs of all samples that a file keeps."""


@dataclass(frozen=True)
class LayerFigures:
    """One layer of the network over all its cores."""

    name: str
    kind: str
    """Kinds of its edges: linear, conv, depthwise; with `recurrent` where one is."""
    neurons: int
    weights: int
    weight_bits: int
    state_bits: int
    cores: int
    weight_memory_bits: int
    state_memory_bits: int
    packets: int
    """Sent to cores and host in all samples."""
    packets_per_spike: float
    halo_packets_per_spike: float
    cycles: float | None
    """Busy ones per sample of the layer's busiest core."""
    predicted_cycles: float
    """The compiler's estimate of the same, made before anything ran."""
    sops: int
    spikes: int
    rate: float
    """Spikes per neuron and step."""
    energy_j: float
    """Per sample, dynamic, on the target's memories, as `energy_low_j` and `energy_high_j`."""
    energy_low_j: float
    energy_high_j: float
    energy_built_j: float
    """The same on memories made for this network."""


@dataclass(frozen=True)
class CoreFigures:
    """A tile on a core; cycles over all samples, memories in bits. Tiles of one core share what there is."""

    x: int
    y: int
    layer: str
    busy: int | None
    """In which the state memory was at work."""
    stalled: int | None
    """In which the emitter waited."""
    weight_bits_used: int
    weight_bits: int
    state_bits_used: int
    state_bits: int
    causes: dict[str, int] | None = None
    """`busy` and `stalled` by cause: `CAUSES` of the cycle engine."""
    context: int = 0
    """Which of the core's tiles."""


@dataclass(frozen=True)
class Spread:
    """Mean and largest value over the samples; None where the tier does not know them."""

    mean: float | None
    max: float | None

    @staticmethod
    def of(values: list[int] | None) -> "Spread":
        """Mean and largest of `values`."""
        return Spread(None, None) if values is None else Spread(sum(values) / len(values), max(values))

    def over(self, divisor: float) -> "Spread":
        """Both divided by `divisor`."""
        if self.mean is None or self.max is None:
            return self
        return Spread(self.mean / divisor, self.max / divisor)


@dataclass(frozen=True)
class Outputs:
    """What was read of every sample."""

    layer: str
    kind: str
    """`membrane`, `spike_count` or `first_spike`."""
    shape: tuple[int, int, int]
    """Channels, height and width of the layer, in the order of the values."""
    unit: float
    """What a value of 1 is in weights of the layer: less than 1 for membranes with fraction bits."""
    values: list[list[int]] | None
    """Per sample and neuron; None in a file where they are more than MAX_VALUES."""
    scale: float | None = None
    """What the network without spikes that this one was converted from gives for a value of 1; None where
    nobody says."""

    def to_dict(self) -> dict[str, Any]:
        """As report.json keeps them."""
        few = self.values is None or sum(map(len, self.values)) <= MAX_VALUES
        return asdict(self if few else replace(self, values=None))


@dataclass(frozen=True)
class Report:
    """A finished simulation; every quantity in SI units, energies per sample, counts over all samples.

    Counts, cycles and predictions are exact; seconds and hertz follow from them by the target's clock;
    energies are estimated. None stands for what the functional tier does not know.
    """

    target: str
    model_hash: str
    tier: str
    samples: int
    steps: int
    outputs: Outputs
    predictions: list[int]
    """The index of the largest output, the first of equal ones."""
    correct: int | None
    """None without classes."""
    cycles: list[int] | None
    """Per sample, each in an empty mesh."""
    clock_hz: float
    throughput_hz: float | None
    energy: EnergyFigures
    comparison: ComparisonFigures
    """The network without spikes."""
    counts: dict[str, int]
    """Hardware actions by name, over cores and the host's port."""
    layers: list[LayerFigures]
    cores: list[CoreFigures]
    warnings: list[str]
    """What the user should know and no figure says."""
    wall_s: float
    metrics: Metrics | None = None
    """Against labels that are arrays; None without such."""
    answers: AnswerFigures | None = None
    """After every step; None for a readout of membranes, and in the functional tier."""

    @property
    def dense(self) -> DenseComparison:
        """The network without spikes, on memories like the target's."""
        return self.comparison.target

    @property
    def accuracy(self) -> float | None:
        """Correct predictions over samples; None without classes."""
        return None if self.correct is None else self.correct / self.samples

    @property
    def cycle_spread(self) -> Spread:
        """Cycles of a sample."""
        return Spread.of(self.cycles)

    @property
    def latency_s(self) -> Spread:
        """Seconds of a sample at the target's clock."""
        return self.cycle_spread.over(self.clock_hz)

    def to_dict(self) -> dict[str, Any]:
        """`report.json`; equal simulations give equal dictionaries but for the key `sim`."""
        return {
            "schema": SCHEMA,
            "snnc": __version__,
            "target": self.target,
            "model_hash": self.model_hash,
            "tier": self.tier,
            "samples": self.samples,
            "steps": self.steps,
            "accuracy": self.accuracy,
            "correct": self.correct,
            "predictions": self.predictions,
            "outputs": self.outputs.to_dict(),
            "metrics": None if self.metrics is None else asdict(self.metrics),
            "cycles": {**asdict(self.cycle_spread), "per_sample": self.cycles},
            "answers": None if self.answers is None else asdict(self.answers),
            "clock_hz": self.clock_hz,
            "latency_s": asdict(self.latency_s),
            "throughput_hz": self.throughput_hz,
            "energy_j": asdict(self.energy),
            "non_spiking": self.comparison.to_dict(),
            "counts": self.counts,
            "layers": [asdict(layer) for layer in self.layers],
            "cores": [asdict(core) for core in self.cores],
            "warnings": self.warnings,
            "basis": BASIS,
            "sim": self._speed(),
        }

    def render(self) -> str:
        """The report as plain text of at most 80 columns."""
        return render_report(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the figures with their basis, and a row for each layer."""
        return render_html(self)

    def _speed(self) -> dict[str, Any]:
        cycles = None if self.cycles is None else sum(self.cycles) / self.wall_s
        return {
            "wall_s": self.wall_s,
            "sops_per_s": self.counts["sops"] / self.wall_s,
            "cycles_per_s": cycles,
        }


BASIS = {
    "predictions": "exact",
    "outputs": "exact",
    "metrics": "exact",
    "answers": "exact",
    "cycles": "exact",
    "counts": "exact",
    "latency_s": "simulated",
    "throughput_hz": "simulated",
    "energy_j": "estimated",
    "non_spiking": "estimated",
}
"""What each kind of figure rests on."""
