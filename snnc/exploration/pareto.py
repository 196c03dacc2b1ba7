"""The designs of a device for people: the Pareto front as a table, all designs as a picture."""

from collections.abc import Sequence

from snnc.exploration.ranking import front
from snnc.exploration.scatter import Dot, draw_scatter
from snnc.exploration.search import Design


def pareto_front(designs: Sequence[Design]) -> list[Design]:
    """The designs that no other beats in latency, area and energy together, by rising area."""
    unbeaten = [designs[place] for place in front([tuple(design.objectives.values()) for design in designs])]
    return sorted(unbeaten, key=lambda design: (design.area.lut, design.latency_s, design.energy_j))


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
    unbeaten = pareto_front(designs)
    dots = [
        Dot(
            float(design.area.lut),
            design.latency_s * 1e6,
            "chosen" if design is chosen else "on" if design in unbeaten else "design",
            design.label,
            f"{design.label}: {design.area.lut} LUT4, {design.area.bram} block RAM, "
            f"{design.latency_s * 1e6:.2f} µs, {design.energy_j * 1e9:.2f} nJ",
        )
        for design in designs
    ]
    return draw_scatter(dots, title, "LUT4 (predicted)", "µs per sample (simulated)")
