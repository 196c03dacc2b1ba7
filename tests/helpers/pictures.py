"""Writes the pictures of the documents from the demo: `make pictures`."""

import io
import sys
from pathlib import Path

from browser import SIZES, chromium, opened
from PIL import Image
from viewing import served

from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs
from snnc.reporting.viewer.session import Session

COLOURS = 128
"""Enough for pages, a third of the bytes."""
DOCS = Path(__file__).resolve().parents[2] / "docs"
LOOK = "/?sample=3&step=1&core=0,1&neuron=42"


def main(demo: Path) -> None:
    """The page of the demo and the view of one of its samples."""
    build = Build.load(demo)
    inputs = load_inputs(build.network, Selection("digits", samples=50))
    with chromium() as browser, served(Session(build, inputs)) as view:
        for name, url, height in (
            ("report", (demo / "report.html").resolve().as_uri(), 1900),
            ("view", view.url + LOOK, 900),
        ):
            with opened(browser, url, "desktop", color_scheme="light") as watched:
                watched.page.set_viewport_size({"width": SIZES["desktop"][0], "height": height})
                if watched.page.get_by_text("Not there").count():
                    raise SystemExit(f"{url} shows nothing: choose another core or neuron")
                path = DOCS / f"{name}.png"
                taken = watched.page.screenshot(animations="disabled")
                Image.open(io.BytesIO(taken)).quantize(COLOURS).save(path, optimize=True)
                print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
