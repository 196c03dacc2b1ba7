"""The simulation report as text for people, table by table, at most 80 columns wide."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from snnc.compiler.isa.address import Address

PICTURE = 24
"""Characters of a line on which rates are marked."""

if TYPE_CHECKING:
    from snnc.sim.accounting.comparison import DenseComparison
    from snnc.sim.report import Report
    from snnc.sim.report_energy import BuiltFigures, EnergyFigures


def render_report(report: "Report") -> str:
    """The report as plain text."""
    tables = (_plan_table, _memory_table, _core_table, _energy_table, _break_even_table)
    parts = [render_summary(report), render_layers(report), *(table(report) for table in tables)]
    return "\n\n".join(parts)


def format_table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as needed; the first is left-aligned, the others right-aligned."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        right = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *right]).rstrip())
    return "\n".join(lines)


def render_summary(report: "Report") -> str:
    """The figures of the whole network, and what the user should know."""
    lines = [f"{report.samples} samples x {report.steps} steps on {report.target}, {report.tier} tier"]
    if report.accuracy is not None:
        lines.append(f"accuracy    {report.accuracy:.4f}  ({report.correct} of {report.samples}, exact)")
    if report.metrics is not None:
        text = f"metrics     {report.metrics.summary}  (exact)"
        lines += textwrap.wrap(text, 80, subsequent_indent=" " * 12)
    lines += _about_outputs(report)
    cycles, latency = report.cycle_spread, report.latency_s
    if latency.mean is not None and latency.max is not None:
        lines.append(f"cycles      {cycles.mean:.1f} mean, {cycles.max} max  (exact)")
        lines.append(
            f"latency     {latency.mean * 1e6:.2f} us mean, {latency.max * 1e6:.2f} us max  "
            f"(simulated, {report.clock_hz / 1e6:g} MHz)"
        )
    lines += _about_answers(report)
    if report.throughput_hz is not None:
        lines.append(f"throughput  {report.throughput_hz:.1f} samples/s  (simulated, back to back)")
    lines += render_energy(report)
    for warning in report.warnings:
        lines += textwrap.wrap(f"warning     {warning}", 80, subsequent_indent=" " * 12)
    return "\n".join(lines)


def _about_answers(report: "Report") -> list[str]:
    """What a host knows while a sample runs."""
    found = report.answers
    if found is None:
        return []
    first, interval = found.cycles_mean[0], found.interval
    microseconds = 1e6 / report.clock_hz
    text = (
        f"answers     after every step: the first after {first:.1f} cycles ({first * microseconds:.2f} us), "
        f"then one every {interval:.1f} ({interval * microseconds:.2f} us)"
    )
    if found.correct is not None:
        quarters = sorted({-(-report.steps * part // 4) for part in (1, 2, 3, 4)})
        shares = ", ".join(f"{found.correct[step - 1] / report.samples:.4f}" for step in quarters)
        text += f"; accuracy {shares} after {', '.join(map(str, quarters))} steps"
    return textwrap.wrap(text, 80, subsequent_indent=" " * 12)


def _about_outputs(report: "Report") -> list[str]:
    """What is not plain about the outputs: their unit, and pixels."""
    outputs = report.outputs
    lines = []
    if outputs.shape[1:] != (1, 1):
        shape = " x ".join(map(str, outputs.shape))
        lines.append(
            f"outputs     {shape} of layer {_short(outputs.layer)}, by channel, row and column  (exact)"
        )
    if outputs.unit != 1:
        lines.append(f"unit        a membrane of 1 is 1/{round(1 / outputs.unit)} of a weight of 1")
    if outputs.scale is not None:
        lines.append(f"scale       an output of 1 is {outputs.scale:.4g} of the network without spikes")
    return lines


def render_energy(report: "Report") -> list[str]:
    """Energy with its interval on both kinds of memories, and the network without spikes beside it."""
    energy, built = report.energy, report.energy.built
    lines = [
        f"energy      {_interval(energy)} per sample  (estimated, {energy.table})",
        f"            {energy.memory_share:.0%} of the dynamic part in memories",
        f"            {_interval(built)} on memories made for this network",
    ]
    target, own = report.dense, report.comparison.built
    passes = f"{target.passes} {'pass' if target.passes == 1 else 'passes'}"
    lines += [
        f"compare     {_without(target)}  (without spikes, estimated)",
        f"            {_without(own)} on memories of its own",
        f"            {target.activation_bits}-bit activations, output stationary, {passes}",
    ]
    if target.zero_skipping != "none":
        lines.append(f"            zeros skipped: {target.zero_skipping}")
    return lines + textwrap.wrap(f"verdict     {report.comparison.verdict}", 80, subsequent_indent=" " * 12)


def _without(dense: "DenseComparison") -> str:
    return f"{dense.total * 1e9:.2f} nJ, ideally {dense.ideal.total * 1e9:.2f}"


def _interval(figures: "EnergyFigures | BuiltFigures") -> str:
    return f"{figures.mean * 1e9:.2f} nJ ({figures.low * 1e9:.2f} ... {figures.high * 1e9:.2f})"


def render_layers(report: "Report") -> str:
    """Layers with totals; the busiest is marked. Energy is per sample, sops and spikes are of all samples."""
    slowest = max((row.cycles or 0 for row in report.layers), default=0)
    rows = []
    for row in report.layers:
        mark = " <" if slowest and row.cycles == slowest else "  "
        cycles = "-" if row.cycles is None else f"{row.cycles:.0f}"
        sizes = (_short(row.name), str(row.neurons), str(row.cores))
        activity = (str(row.sops), str(row.spikes), f"{row.rate:.4f}", f"{row.energy_j * 1e9:.2f}")
        rows.append((*sizes, cycles + mark, *activity))
    energy = report.energy
    rows.append(("host port", "", "", "  ", "", "", "", f"{energy.host * 1e9:.2f}"))
    if energy.static is not None:
        rows.append(("static", "", "", "  ", "", "", "", f"{energy.static * 1e9:.2f}"))
    counted = [(row.neurons, row.cores, row.sops, row.spikes) for row in report.layers]
    neurons, cores, sops, spikes = (str(sum(column)) for column in zip(*counted, strict=True))
    rows.append(("total", neurons, cores, "  ", sops, spikes, "", f"{energy.mean * 1e9:.2f}"))
    header = ("layer", "neurons", "cores", "cycles  ", "sops", "spikes", "rate", "E [nJ]")
    table = format_table(header, rows)
    if report.cycles is None:
        return table
    return table + "\ncycles: busy ones per sample of the layer's busiest core; < marks the bottleneck"


def _plan_table(report: "Report") -> str:
    """What the layers are, and the cycles the compiler expected of them."""
    rows = []
    for row in report.layers:
        cycles, predicted = row.cycles, row.predicted_cycles
        simulated, ratio = ("-", "-") if cycles is None else (f"{cycles:.0f}", f"{predicted / cycles:.2f}")
        sizes = (str(row.weights), str(row.weight_bits), str(row.state_bits))
        rows.append((_short(row.name), _short(row.kind), *sizes, f"{predicted:.0f}", simulated, ratio))
    header = ("layer", "kind", "weights", "bits", "state", "expected", "simulated", "ratio")
    note = "bits of a weight and of a state word; busy cycles expected by the compiler and simulated"
    return format_table(header, rows) + "\n" + textwrap.fill(note, 80)


def _memory_table(report: "Report") -> str:
    """What the layers occupy over all their cores, and what a spike costs in packets."""
    rows = []
    for row in report.layers:
        memory = (f"{row.weight_memory_bits / 1024:.1f}", f"{row.state_memory_bits / 1024:.1f}")
        spread = (f"{row.packets_per_spike:.2f}", f"{row.halo_packets_per_spike:.2f}")
        rows.append((_short(row.name), str(row.cores), *memory, str(row.packets), *spread))
    header = ("layer", "cores", "weights [Kb]", "state [Kb]", "packets", "per spike", "halo")
    note = (
        "packets: sent to cores and host in all samples; per spike: cores a spike goes to, mean over the "
        "neurons; halo: those that other rows of tiles make necessary"
    )
    return format_table(header, rows) + "\n" + textwrap.fill(note, 80)


def _core_table(report: "Report") -> str:
    """Memory used and available in Kibit, and the shares of all cycles at work and waiting."""
    total = None if report.cycles is None else sum(report.cycles)
    rows = []
    for row in report.cores:
        weights = _use(row.weight_bits_used, row.weight_bits)
        states = _use(row.state_bits_used, row.state_bits)
        place, layer = str(Address(row.x, row.y, context=row.context)), _short(row.layer)
        rows.append((place, layer, *weights, *states, _share(row.busy, total), _share(row.stalled, total)))
    header = ("core", "layer", "weights [Kb]", "used", "state [Kb]", "used", "busy", "stalled")
    return format_table(header, rows)


def _energy_table(report: "Report") -> str:
    energy, built = report.energy, report.energy.built
    rows = [
        (name, *(f"{part[name] * 1e9:.3f}" for part in parts), f"{value / energy.mean:.1%}")
        for parts in [(energy.by_action, energy.by_action_low, energy.by_action_high, built.by_action)]
        for name, value in sorted(energy.by_action.items(), key=lambda item: -item[1])
        if value
    ]
    for name, value in energy.static_parts.items():
        rows.append((f"static: {name}", f"{value * 1e9:.3f}", "", "", "", _share_of(value, energy.mean)))
    totals = (energy.mean, energy.low, energy.high, built.mean)
    rows.append(("total", *(f"{value * 1e9:.3f}" for value in totals), _share_of(energy.mean, energy.mean)))
    header = (f"energy per sample ({energy.table})", "[nJ]", "low", "high", "built", "share")
    lines = [
        format_table(header, rows),
        textwrap.fill("built: on memories made for this network; estimated, intervals of the table", 80),
        textwrap.fill(f"not in it: {', '.join(energy.not_modelled)}", 80),
        textwrap.fill(f"static power of the target: {energy.static_source}", 80),
    ]
    return "\n".join(lines)


def _break_even_table(report: "Report") -> str:
    """Up to which rate of events each layer costs less than without spikes, and where it is."""
    rows = []
    for row in report.layers:
        found = report.comparison.break_even[row.name]
        rates = (found.input_rate, found.dataflow, found.ideal)
        rows.append((_short(row.name), *("-" if r is None else f"{r:.4f}" for r in rates), _picture(*rates)))
    header = ("layer", "heard", "break-even", "ideal", "from 0")
    note = (
        "events per source neuron and step: heard (*), and up to which the layer costs less than the "
        "documented dataflow (|) and than the ideal (:); static power shared by cores"
    )
    return format_table(header, rows) + "\n" + textwrap.fill(note, 80)


def _picture(heard: float, dataflow: float | None, ideal: float | None) -> str:
    """The three rates on one line."""
    marks = [(ideal, ":"), (dataflow, "|"), (heard, "*")]
    known = [(rate, mark) for rate, mark in marks if rate is not None]
    end = 1.25 * max(rate for rate, _ in known) or 1.0
    line = ["."] * PICTURE
    for rate, mark in known:
        line[round((PICTURE - 1) * rate / end)] = mark
    return "".join(line)


def _share_of(part: float, total: float) -> str:
    return f"{part / total:.1%}" if total else "-"


def _use(used: int, available: int) -> tuple[str, str]:
    return f"{used / 1024:.1f} / {available / 1024:.0f}", f"{used / available:.1%}"


def _share(part: int | None, total: int | None) -> str:
    return "-" if part is None or not total else f"{part / total:.1%}"


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "~"
