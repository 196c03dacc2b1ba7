"""The design space for people: the Pareto front as a table, all designs as a picture in plain SVG."""

import math
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from snnc.exploration.search import Design

WIDTH, HEIGHT, MARGIN = 640, 420, 64
STYLE = (
    "text{font:12px sans-serif;fill:#333}.axis{stroke:#999;fill:none}"
    ".front{stroke:#2a6;stroke-width:2;fill:none}"
    ".design{fill:#9ab}.on{fill:#2a6}.chosen{fill:#d40}"
)


def pareto_front(designs: Sequence[Design]) -> list[Design]:
    """The designs that no other beats in latency, area and energy together, by rising area."""
    front = [design for design in designs if not any(other.beats(design) for other in designs)]
    return sorted(front, key=lambda design: (design.area.lut, design.latency_s, design.energy_j))


def render_designs(designs: Sequence[Design], chosen: Design) -> str:
    """The Pareto front as a table, the chosen design marked."""
    lines = [
        f"{'cores x lanes':>15}{'LUT4':>8}{'block RAM':>11}{'DSP':>5}{'latency [us]':>14}{'energy [nJ]':>13}"
    ]
    for design in pareto_front(designs):
        area = design.area
        lines.append(
            f"{design.label:>15}{area.lut:8}{area.bram:11}{area.dsp:5}"
            f"{design.latency_s * 1e6:14.2f}{design.energy_j * 1e9:13.2f}"
            + ("  < chosen" if design is chosen else "")
        )
    lines.append("area predicted, latency simulated at the target's clock, energy estimated")
    return "\n".join(lines)


def draw_designs(designs: Sequence[Design], chosen: Design, title: str) -> str:
    """An SVG of all `designs`, latency over area; both axes are logarithmic."""
    front = pareto_front(designs)
    sizes = [float(design.area.lut) for design in designs]
    times = [design.latency_s * 1e6 for design in designs]
    across = _scale(sizes, MARGIN, WIDTH - 40)
    up = _scale(times, HEIGHT - MARGIN, 56)
    steps = [(across(d.area.lut), up(d.latency_s * 1e6)) for d in _fastest_by_size(front)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<style>{STYLE}</style>",
        f'<text x="{MARGIN}" y="20">{escape(title)}</text>',
        f'<path class="axis" d="M{MARGIN} 48V{HEIGHT - MARGIN}H{WIDTH - 16}"/>',
        f'<text x="{WIDTH - 16}" y="{HEIGHT - 12}" text-anchor="end">'
        "LUT4 (predicted); green: no design beats it; red: chosen</text>",
        '<text x="8" y="40">µs per sample (simulated)</text>',
        f'<polyline class="front" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in steps)}"/>',
    ]
    for value in _ticks(sizes):
        parts.append(
            f'<text x="{across(value):.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{value:g}</text>'
        )
    for value in _ticks(times):
        parts.append(f'<text x="{MARGIN - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for design in designs:
        kind = "chosen" if design is chosen else "on" if design in front else "design"
        parts += _mark(design, kind, across(design.area.lut), up(design.latency_s * 1e6))
    parts.append("</svg>\n")
    return "\n".join(parts)


def _mark(design: Design, kind: str, x: float, y: float) -> list[str]:
    """A dot that says its numbers when pointed at, and the name of one that none beats."""
    area = design.area
    numbers = (
        f"{design.label}: {area.lut} LUT4, {area.bram} block RAM, "
        f"{design.latency_s * 1e6:.2f} µs, {design.energy_j * 1e9:.2f} nJ"
    )
    dot = (
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{6 if kind == "chosen" else 4}">'
        f"<title>{numbers}</title></circle>"
    )
    if kind == "design":
        return [dot]
    return [dot, f'<text x="{x + 8:.1f}" y="{y - 6:.1f}">{design.label}</text>']


def _fastest_by_size(front: Sequence[Design]) -> list[Design]:
    """Those of the front that are faster than all smaller ones: the front as two axes show it."""
    kept: list[Design] = []
    for design in front:
        if not kept or design.latency_s < kept[-1].latency_s:
            kept.append(design)
    return kept


def _scale(values: Sequence[float], first: float, last: float) -> Callable[[float], float]:
    """A logarithmic map of the values' range, a little widened, to first..last."""
    low, high = math.log(min(values) * 0.9), math.log(max(values) * 1.1)
    return lambda value: first + (math.log(value) - low) / (high - low) * (last - first)


def _ticks(values: Sequence[float]) -> list[float]:
    """Up to five values from the smallest to the largest, evenly over the axis, of two digits."""
    low, ratio = min(values), max(values) / min(values)
    return sorted({float(f"{low * ratio ** (step / 4):.2g}") for step in range(5)})
