"""A real browser for tests: Debian's Chromium without a window, and what was wrong on a page."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
SIZES = {"phone": (360, 740), "tablet": (800, 1100), "desktop": (1440, 900)}
CELL = 20
"""Side, in pixels, of the squares whose mean colours two pictures are compared by: letters differ in shape
from machine to machine, what lies where does not."""
FONTS = (
    "* { font-family: 'DejaVu Sans' !important }"
    " code, kbd, pre { font-family: 'DejaVu Sans Mono' !important }"
)
"""What Debian's Chromium brings, for pictures that are compared."""
GOLDEN = Path(__file__).resolve().parents[1] / "browser" / "screens"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; without one the test is told to be skipped, which fails CI."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page with everything that went wrong on it."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Addresses that were fetched."""


@contextmanager
def opened(browser: Browser, url: str, size: str = "desktop", **settings: Any) -> Iterator[Watched]:
    """A page of a size, watched from its first request on; `settings` are those of a context."""
    width, height = SIZES[size]
    with browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", **settings
    ) as context:
        watched = Watched(context.new_page())
        page = watched.page
        page.on("console", lambda said: watched.wrong.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: watched.wrong.append(str(error)))
        page.on("requestfailed", lambda request: watched.wrong.append(f"failed: {request.url}"))
        page.on("request", lambda request: watched.asked.append(request.url))
        page.goto(url)
        yield watched


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    excess: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return excess


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA: rule, element and why."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in results.response["violations"]
        for node in rule["nodes"]
    ]


def picture(page: Page) -> bytes:
    """The window as a PNG, in fonts that are the same everywhere."""
    page.add_style_tag(content=FONTS)
    taken: bytes = page.screenshot(animations="disabled")
    return taken


def mean_colours(picture: bytes) -> NDArray[np.float64]:
    """(rows, columns, 3): mean colour, 0 to 255, of every square of CELL pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), np.float64)
    height, width = (size // CELL * CELL for size in pixels.shape[:2])
    cells = pixels[:height, :width].reshape(height // CELL, CELL, width // CELL, CELL, 3)
    means: NDArray[np.float64] = cells.mean(axis=(1, 3))
    return means
