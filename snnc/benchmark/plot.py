"""The curves of a benchmark as a picture: cost over each quantity, with the straight line that fits it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from snnc.base.files import write_atomically
from snnc.benchmark.scaling import Curve

WIDTH, HEIGHT = 4.2, 3.4
"""Of one panel, in inches."""


def draw_curves(curves: Sequence[Curve], path: Path) -> None:
    """Write an SVG with a panel for each curve, both axes logarithmic."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    with pyplot.rc_context({"svg.hashsalt": "snnc", "font.size": 8}):
        figure, panels = pyplot.subplots(1, len(curves), figsize=(WIDTH * len(curves), HEIGHT), squeeze=False)
        for curve, panel in zip(curves, panels[0], strict=True):
            fixed, unit = curve.line
            smooth = np.geomspace(curve.sizes[0], curve.sizes[-1], 100)
            panel.loglog(curve.sizes, np.array(curve.seconds) * 1e3, "o", color="#2a6")
            panel.loglog(smooth, (fixed + unit * smooth) * 1e3, "-", color="#999")
            panel.set_title(f"{fixed * 1e3:.2g} ms + {unit * 1e9:.3g} ns each, misfit {curve.worst:.0%}")
            panel.set_xlabel(curve.meaning)
            panel.set_ylabel("CPU time of a sample [ms]")
        figure.tight_layout()
        write_atomically(path, lambda out: figure.savefig(out, format="svg", metadata={"Date": None}))
        pyplot.close(figure)
