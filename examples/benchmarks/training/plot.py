"""Line plots as SVG: panels side by side, one line per method."""

import math
from collections.abc import Mapping

Curve = list[tuple[float, float]]
"""(x, accuracy) in the order in which they are joined."""

WIDTH, HEIGHT, LEFT, TOP, GAP = 260, 190, 52, 30, 60
COLOURS = (
    "#1f77b4",
    "#d62728",
    "#2ca02c",
    "#9467bd",
    "#ff7f0e",
    "#8c564b",
    "#e377c2",
    "#7f7f7f",
    "#bcbd22",
    "#17becf",
    "#000000",
)
LEGEND_WIDTH, LEGEND_HEIGHT = 120, 18


def line_plots(panels: Mapping[str, Mapping[str, Curve]]) -> str:
    """A row of panels, each title with its curves by name, accuracies 0..1."""
    total = len(panels) * (WIDTH + GAP)
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    columns = max(1, (total - LEFT) // LEGEND_WIDTH)
    rows = math.ceil(len(names) / columns)
    body = [
        _panel(title, curves, names, LEFT + i * (WIDTH + GAP))
        for i, (title, curves) in enumerate(panels.items())
    ]
    body += [_legend(name, number, columns) for number, name in enumerate(names)]
    height = TOP + HEIGHT + 44 + rows * LEGEND_HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{height}" '
        'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def round_levels(low: float, high: float) -> list[float]:
    """Three to eight round numbers at equal distances from at most `low` to at least `high`."""
    rough = (high - low) / 4 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    distance = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / distance + 1e-9), math.ceil(high / distance - 1e-9)
    return [number * distance for number in range(first, max(last, first + 1) + 1)]


def _panel(title: str, curves: Mapping[str, Curve], names: list[str], left: int) -> str:
    points = [point for curve in curves.values() for point in curve]
    across = round_levels(0.0, max(x for x, _ in points))
    upward = round_levels(min(y for _, y in points), max(y for _, y in points))

    def place(x: float, y: float) -> tuple[float, float]:
        part = (y - upward[0]) / (upward[-1] - upward[0])
        return left + x / across[-1] * WIDTH, TOP + (1 - part) * HEIGHT

    parts = [f'<text x="{left + WIDTH / 2}" y="{TOP - 12}" text-anchor="middle">{title}</text>']
    for level in upward:
        _, y = place(0, level)
        parts.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end">{level * 100:.4g}%</text>')
    for level in across:
        x, _ = place(level, upward[0])
        parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{level:.4g}</text>')
    for name, curve in curves.items():
        parts.append(_line([place(*point) for point in curve], COLOURS[names.index(name) % len(COLOURS)]))
    return "\n".join(parts)


def _line(points: Curve, colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>{dots}'


def _legend(name: str, number: int, columns: int) -> str:
    x = LEFT + number % columns * LEGEND_WIDTH
    y = TOP + HEIGHT + 44 + number // columns * LEGEND_HEIGHT
    colour = COLOURS[number % len(COLOURS)]
    return (
        f'<line x1="{x}" x2="{x + 24}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
        f'<text x="{x + 30}" y="{y + 4}">{name}</text>'
    )
