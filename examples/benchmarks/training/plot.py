"""Line plots as SVG: one panel per kind of noise, one line per network."""

from collections.abc import Mapping

Curve = list[tuple[float, float]]
"""(noise, accuracy) in ascending noise."""

WIDTH, HEIGHT, LEFT, TOP, GAP = 260, 190, 48, 30, 52
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e")


def noise_svg(panels: Mapping[str, Mapping[str, Curve]]) -> str:
    """A row of panels, each title with its curves by name, accuracy (0..1) over noise."""
    total = len(panels) * (WIDTH + GAP)
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    body = [
        _panel(title, curves, names, LEFT + i * (WIDTH + GAP))
        for i, (title, curves) in enumerate(panels.items())
    ]
    body += [_legend(name, number) for number, name in enumerate(names)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{TOP + HEIGHT + 66}" '
        'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _panel(title: str, curves: Mapping[str, Curve], names: list[str], left: int) -> str:
    largest = max(x for curve in curves.values() for x, _ in curve) or 1.0
    lowest = min(y for curve in curves.values() for _, y in curve)
    floor = max(0.0, int(lowest * 10) / 10)

    def place(x: float, y: float) -> tuple[float, float]:
        return left + x / largest * WIDTH, TOP + (1 - y) / (1 - floor or 1.0) * HEIGHT

    parts = [f'<text x="{left + WIDTH / 2}" y="{TOP - 12}" text-anchor="middle">{title}</text>']
    for level in (floor, (1 + floor) / 2, 1.0):
        _, y = place(0, level)
        parts.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end">{level:.0%}</text>')
    for noise, _ in next(iter(curves.values())):
        x, _ = place(noise, 1.0)
        parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{noise:g}</text>')
    for name, curve in curves.items():
        colour = COLOURS[names.index(name)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in curve))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return "\n".join(parts)


def _legend(name: str, number: int) -> str:
    x, y = LEFT + number * 140, TOP + HEIGHT + 44
    return (
        f'<line x1="{x}" x2="{x + 24}" y1="{y}" y2="{y}" stroke="{COLOURS[number]}" stroke-width="2"/>'
        f'<text x="{x + 30}" y="{y + 4}">{name}</text>'
    )
