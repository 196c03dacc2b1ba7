"""The simulation report: what `report.json` holds, and the same as text of at most 80 columns."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from snnc.base.version import __version__
from snnc.sim.accounting.energy import DenseComparison

SCHEMA = 1
Row = dict[str, Any]


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
    predictions: list[int]
    correct: int | None
    cycles: list[int] | None
    """Per sample, each in an empty mesh."""
    clock_hz: float
    throughput_hz: float | None
    energy: dict[str, Any]
    dense: DenseComparison
    counts: dict[str, int]
    layers: list[Row]
    cores: list[Row]
    warnings: list[str]
    """What the user should know and no figure says."""
    wall_s: float

    @property
    def accuracy(self) -> float | None:
        """Correct predictions over samples; None without labels."""
        return None if self.correct is None else self.correct / self.samples

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
            "cycles": self._cycles(),
            "clock_hz": self.clock_hz,
            "latency_s": self._latency(),
            "throughput_hz": self.throughput_hz,
            "energy_j": self.energy,
            "non_spiking": asdict(self.dense),
            "counts": self.counts,
            "layers": self.layers,
            "cores": self.cores,
            "warnings": self.warnings,
            "basis": {
                "predictions": "exact",
                "cycles": "exact",
                "counts": "exact",
                "latency_s": "simulated",
                "throughput_hz": "simulated",
                "energy_j": "estimated",
                "non_spiking": "estimated",
            },
            "sim": self._speed(),
        }

    def _cycles(self) -> dict[str, Any]:
        if self.cycles is None:
            return {"mean": None, "max": None, "per_sample": None}
        return {"mean": sum(self.cycles) / self.samples, "max": max(self.cycles), "per_sample": self.cycles}

    def _latency(self) -> dict[str, Any]:
        if self.cycles is None:
            return {"mean": None, "max": None}
        return {name: self._cycles()[name] / self.clock_hz for name in ("mean", "max")}

    def _speed(self) -> dict[str, Any]:
        cycles = None if self.cycles is None else sum(self.cycles) / self.wall_s
        return {
            "wall_s": self.wall_s,
            "sops_per_s": self.counts["sops"] / self.wall_s,
            "cycles_per_s": cycles,
        }


def render(report: Report) -> str:
    """The report as plain text."""
    tables = (_layer_table, _plan_table, _memory_table, _core_table, _energy_table)
    parts = [_summary(report), *(table(report) for table in tables)]
    return "\n\n".join(parts)


def format_table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as needed; the first is left-aligned, the others right-aligned."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        right = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *right]).rstrip())
    return "\n".join(lines)


def _summary(report: Report) -> str:
    lines = [f"{report.samples} samples x {report.steps} steps on {report.target}, {report.tier} tier"]
    if report.accuracy is not None:
        lines.append(f"accuracy    {report.accuracy:.4f}  ({report.correct} of {report.samples}, exact)")
    if report.cycles is not None:
        latency, clock = report._latency(), report.clock_hz / 1e6
        cycles = report._cycles()
        lines.append(f"cycles      {cycles['mean']:.1f} mean, {cycles['max']} max  (exact)")
        lines.append(
            f"latency     {latency['mean'] * 1e6:.2f} us mean, {latency['max'] * 1e6:.2f} us max  "
            f"(simulated, {clock:g} MHz)"
        )
    if report.throughput_hz is not None:
        lines.append(f"throughput  {report.throughput_hz:.1f} samples/s  (simulated, back to back)")
    energy, dense = report.energy, report.dense
    label = f"(estimated, table {energy['table']})"
    lines.append(f"energy      {energy['mean'] * 1e9:.2f} nJ per sample  {label}")
    lines.append(f"            {energy['memory_share']:.0%} of the dynamic part in memories")
    without = f"without spikes, {dense.activation_bits}-bit activations"
    lines.append(f"compare     {dense.total * 1e9:.2f} nJ {without}  (estimated)")
    for warning in report.warnings:
        lines += textwrap.wrap(f"warning     {warning}", 80, subsequent_indent=" " * 12)
    return "\n".join(lines)


def _layer_table(report: Report) -> str:
    """Layers with totals; the busiest is marked. Energy is per sample, sops and spikes are of all samples."""
    slowest = max((row["cycles"] or 0 for row in report.layers), default=0)
    rows = []
    for row in report.layers:
        mark = " <" if slowest and row["cycles"] == slowest else "  "
        cycles = "-" if row["cycles"] is None else f"{row['cycles']:.0f}"
        numbers = [str(row[key]) for key in ("sops", "spikes")]
        rates = (f"{row['rate']:.4f}", f"{row['energy_j'] * 1e9:.2f}")
        rows.append(
            (_short(row["name"]), str(row["neurons"]), str(row["cores"]), cycles + mark, *numbers, *rates)
        )
    energy = report.energy
    rows.append(("host port", "", "", "  ", "", "", "", f"{energy['host'] * 1e9:.2f}"))
    if energy["static"] is not None:
        rows.append(("static", "", "", "  ", "", "", "", f"{energy['static'] * 1e9:.2f}"))
    totals = [str(sum(row[key] for row in report.layers)) for key in ("neurons", "cores", "sops", "spikes")]
    rows.append(
        ("total", totals[0], totals[1], "  ", totals[2], totals[3], "", f"{energy['mean'] * 1e9:.2f}")
    )
    header = ("layer", "neurons", "cores", "cycles  ", "sops", "spikes", "rate", "E [nJ]")
    table = format_table(header, rows)
    if report.cycles is None:
        return table
    return table + "\ncycles: busy ones per sample of the layer's busiest core; < marks the bottleneck"


def _plan_table(report: Report) -> str:
    """What the layers are, and the cycles the compiler expected of them."""
    rows = []
    for row in report.layers:
        cycles, predicted = row["cycles"], row["predicted_cycles"]
        simulated, ratio = ("-", "-") if cycles is None else (f"{cycles:.0f}", f"{predicted / cycles:.2f}")
        sizes = [str(row[key]) for key in ("weights", "weight_bits", "state_bits")]
        rows.append((_short(row["name"]), _short(row["kind"]), *sizes, f"{predicted:.0f}", simulated, ratio))
    header = ("layer", "kind", "weights", "bits", "state", "expected", "simulated", "ratio")
    note = "bits of a weight and of a state word; busy cycles expected by the compiler and simulated"
    return format_table(header, rows) + "\n" + textwrap.fill(note, 80)


def _memory_table(report: Report) -> str:
    """What the layers occupy over all their cores, and what a spike costs in packets."""
    rows = []
    for row in report.layers:
        memory = [f"{row[key] / 1024:.1f}" for key in ("weight_memory_bits", "state_memory_bits")]
        spread = [f"{row[key]:.2f}" for key in ("packets_per_spike", "halo_packets_per_spike")]
        rows.append((_short(row["name"]), str(row["cores"]), *memory, str(row["packets"]), *spread))
    header = ("layer", "cores", "weights [Kb]", "state [Kb]", "packets", "per spike", "halo")
    note = (
        "packets: sent to cores and host in all samples; per spike: cores a spike goes to, mean over the "
        "neurons; halo: those that other rows of tiles make necessary"
    )
    return format_table(header, rows) + "\n" + textwrap.fill(note, 80)


def _core_table(report: Report) -> str:
    """Memory used and available in Kibit, and the shares of all cycles at work and waiting."""
    total = None if report.cycles is None else sum(report.cycles)
    rows = []
    for row in report.cores:
        weights = _use(row["weight_bits_used"], row["weight_bits"])
        states = _use(row["state_bits_used"], row["state_bits"])
        place, layer = f"({row['x']},{row['y']})", _short(row["layer"])
        rows.append(
            (place, layer, *weights, *states, _share(row["busy"], total), _share(row["stalled"], total))
        )
    header = ("core", "layer", "weights [Kb]", "used", "state [Kb]", "used", "busy", "stalled")
    return format_table(header, rows)


def _energy_table(report: Report) -> str:
    energy = report.energy
    total = energy["mean"]
    parts = sorted(energy["by_action"].items(), key=lambda item: -item[1])
    if energy["static"] is not None:
        parts.append(("static", energy["static"]))
    parts = [part for part in parts if part[1] or part[0] == "static"]
    rows = [(name, f"{value * 1e9:.3f}", f"{value / total:.1%}" if total else "-") for name, value in parts]
    rows.append(("total", f"{total * 1e9:.3f}", "100.0%" if total else "-"))
    table = format_table((f"energy per sample, estimated ({energy['table']})", "[nJ]", "share"), rows)
    missing = textwrap.fill(f"not in it: {', '.join(energy['not_modelled'])}", 80)
    return table + "\n" + missing + "\n" + textwrap.fill(f"static power: {energy['static_source']}", 80)


def _use(used: int, available: int) -> tuple[str, str]:
    return f"{used / 1024:.1f} / {available / 1024:.0f}", f"{used / available:.1%}"


def _share(part: int | None, total: int | None) -> str:
    return "-" if part is None or not total else f"{part / total:.1%}"


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "~"
