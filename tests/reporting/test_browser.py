"""Pages in a real browser: report, view and site render, work by keyboard, can be read, and look as they did.

`make screens` writes the pictures that are compared anew, after a change that is meant.
"""

import functools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from browser import GOLDEN, SIZES, chromium, mean_colours, opened, overflow, picture, violations
from playwright.sync_api import Browser, Page, Route, expect
from site_build import ROOT, build_site
from viewing import served

from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.models import read_model
from snnc.reporting.viewer.session import Session
from snnc.training.data.datasets import Samples

pytestmark = pytest.mark.slow

MODEL = ROOT / "examples" / "mnist-fpga.pt"
START = "/?sample=1&step=0"
MAX_DIFFERENCE = 24
"""Of the mean colours of two squares, 0 to 255, in one of the three."""
MAX_DIFFERING = 0.01
"""Part of the squares that may differ by more: a plot or a mesh that is missing is twice as much."""


@dataclass(frozen=True)
class Places:
    """Where the pages are."""

    report: str
    view: str
    site: str


@pytest.fixture(scope="module", name="browser")
def running_browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", name="places")
def served_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("pages")
    build = _build(folder / "model")
    x, y = _pictures()
    np.savez(folder / "own.npz", x=x.reshape(-1, 1, 28, 28) * 255, y=y)
    for arguments in (
        ["simulate", "model", "--data", "own.npz"],
        ["report", "model", "--data", "own.npz", "-o", "report.html"],
    ):
        command = [sys.executable, "-m", "snnc", *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    build_site(folder / "site")
    samples = Samples("own", x, y, (1, 28, 28))
    handler = functools.partial(_Quiet, directory=str(folder))
    with served(Session(build, samples)) as view, ThreadingHTTPServer(("127.0.0.1", 0), handler) as files:
        thread = threading.Thread(target=files.serve_forever)
        thread.start()
        here = f"http://127.0.0.1:{files.server_port}"
        yield Places(f"{here}/report.html", view.url, f"{here}/site/index.html")
        files.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are not news."""


def _build(folder: Path) -> Build:
    compiled = compile_network(read_model(MODEL)[1], load_target("fpga"))
    build = Build(compiled.network, compiled.tiled)
    folder.mkdir()
    build.save(folder)
    return build


def _pictures() -> tuple[np.ndarray, np.ndarray]:
    """Bars, upright and lying, of 0 and 1, and labels that are right only by chance."""
    x = np.zeros((6, 28, 28), np.uint8)
    for number in range(6):
        middle = 8 + 2 * number
        if number % 2:
            x[number, 4:24, middle : middle + 3] = 1
        else:
            x[number, middle : middle + 3, 4:24] = 1
    return x.reshape(6, -1), np.arange(6)


def _address(places: Places, name: str) -> str:
    return {
        "report": places.report,
        "view": places.view + START,
        "site": places.site,
        "guide": places.site.replace("index.html", "guides/look.html"),
        "notebook": places.site.replace("index.html", "examples/notebooks/first_steps.html"),
        "python": places.site.replace("index.html", "reference/python.html"),
        "nowhere": places.view + "/?sample=77",
    }[name]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["report", "view", "site", "guide", "notebook", "python"])
def test_a_page_renders_and_fits(browser: Browser, places: Places, name: str, size: str) -> None:
    address = _address(places, name)
    with opened(browser, address, size) as watched:
        expect(watched.page.locator("h1").first).to_be_visible()
        assert watched.wrong == []
        assert overflow(watched.page) <= 0
        home = "/".join(address.split("/")[:3])
        elsewhere = [url for url in watched.asked if not url.startswith((home, "data:", "blob:"))]
        assert elsewhere == [], "nothing is fetched from elsewhere"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report", "view", "nowhere", "site", "guide", "notebook"])
def test_a_page_can_be_read(browser: Browser, places: Places, name: str, scheme: str) -> None:
    """Contrast, names, roles and order, as axe-core judges them against WCAG 2.2 AA."""
    with opened(browser, _address(places, name), color_scheme=scheme) as watched:
        assert violations(watched.page) == []


def test_axe_finds_what_cannot_be_read(browser: Browser, places: Places) -> None:
    with opened(browser, places.report) as watched:
        watched.page.add_style_tag(content="p { color: #ccc !important }")
        assert any(line.startswith("color-contrast") for line in violations(watched.page))


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("name", ["report", "view"])
def test_a_page_looks_as_it_did(
    browser: Browser, places: Places, name: str, size: str, tmp_path: Path
) -> None:
    with opened(browser, _address(places, name), size, color_scheme="light") as watched:
        taken = picture(watched.page)
    golden = GOLDEN / f"{name}-{size}.png"
    if "SNNC_SCREENS" in os.environ:
        golden.write_bytes(taken)
    found = _differing(taken, golden.read_bytes())
    (tmp_path / golden.name).write_bytes(taken)
    assert found <= MAX_DIFFERING, f"{found:.1%} of {golden.name} looks different: {tmp_path / golden.name}"


def _differing(taken: bytes, golden: bytes) -> float:
    """Part of the squares whose mean colours differ."""
    difference = np.abs(mean_colours(taken) - mean_colours(golden)).max(axis=2)
    return float((difference > MAX_DIFFERENCE).mean())


def test_what_is_missing_looks_different(browser: Browser, places: Places) -> None:
    golden = (GOLDEN / "view-desktop.png").read_bytes()
    for gone in (".mesh", "figure", "link[rel=stylesheet]"):
        with opened(browser, places.view + START, color_scheme="light") as watched:
            watched.page.locator(gone).first.evaluate("element => element.remove()")
            assert _differing(picture(watched.page), golden) > MAX_DIFFERING, gone


def _press(page: Page, key: str, query: str) -> None:
    page.keyboard.press(key)
    page.wait_for_url(f"**{query}**")


def test_the_view_is_driven_by_keys(browser: Browser, places: Places) -> None:
    with opened(browser, places.view + START) as watched:
        page = watched.page
        _press(page, "ArrowRight", "step=1")
        expect(page.get_by_role("status")).to_contain_text("Step 1 of 2")
        expect(page.locator("#way-step-before")).to_be_visible()
        page.keyboard.press("ArrowRight")
        _press(page, "n", "sample=2&step=1")
        _press(page, "b", "sample=1&step=1")
        _press(page, "]", "core=")
        _press(page, "j", "neuron=")
        _press(page, "m", "memory=membrane")
        _press(page, "m", "memory=registers")
        _press(page, ".", "word=16")
        _press(page, "0", "step=0")
        address = page.url
        assert "core=" in address and "neuron=" in address and "word=16" in address
        heading = page.locator("#neuron-title").inner_text()
        page.go_back()
        page.wait_for_url("**step=1**")
        expect(page.get_by_role("status")).to_contain_text("Step 1 of 2")
        assert watched.wrong == []
    with opened(browser, address) as again:
        assert again.page.locator("#neuron-title").inner_text() == heading, "an address leads back"


def test_keys_leave_fields_and_focus_alone(browser: Browser, places: Places) -> None:
    with opened(browser, places.view + START) as watched:
        page = watched.page
        field = page.get_by_label("sample", exact=True)
        field.focus()
        page.keyboard.press("n")
        page.keyboard.press("ArrowRight")
        assert page.url.endswith(START)
        field.fill("4")
        page.keyboard.press("Enter")
        page.wait_for_url("**sample=4**")
        page.locator("#way-next-neuron").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**neuron=**")
        expect(page.locator("#way-next-neuron")).to_be_focused()
        assert watched.wrong == []


def test_tab_reaches_everything_and_shows_where_it_is(browser: Browser, places: Places) -> None:
    with opened(browser, places.view + START) as watched:
        page = watched.page
        wanted = page.locator("main a, main button:visible, main input:visible, main .wide").count()
        reached = set()
        for _ in range(wanted + 2):
            page.keyboard.press("Tab")
            place, outline = page.evaluate(
                "[[...document.querySelectorAll('main *')].indexOf(document.activeElement),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
            if place >= 0:
                reached.add(place)
                assert outline != "none"
        assert len(reached) == wanted


def test_play_steps_on_until_it_is_paused(browser: Browser, places: Places) -> None:
    with opened(browser, places.view + START) as watched:
        page = watched.page
        page.keyboard.press("p")
        expect(page.locator("#play")).to_have_attribute("aria-pressed", "true")
        page.wait_for_url("**step=1**")
        page.wait_for_url("**step=0**")
        page.locator("#play").click()
        expect(page.locator("#play")).to_have_attribute("aria-pressed", "false")
        before = page.url
        page.wait_for_timeout(1200)
        assert page.url == before and watched.wrong == []


def test_play_waits_for_a_slow_simulator(browser: Browser, places: Places) -> None:
    with opened(browser, places.view + START) as watched:
        page = watched.page

        def late(route: Route) -> None:
            page.wait_for_timeout(1500)
            route.continue_()

        page.route("**/?sample=*", late)
        page.keyboard.press("p")
        page.wait_for_url("**step=1**", timeout=15_000)
        page.keyboard.press("p")


def test_pages_work_without_scripts(browser: Browser, places: Places) -> None:
    with opened(browser, places.view + START, java_script_enabled=False) as watched:
        watched.page.locator("#way-next-step").click()
        expect(watched.page.get_by_role("status")).to_contain_text("Step 1 of 2")
        assert not watched.page.locator("#play").is_visible()
        watched.page.locator("a.tile").first.click()
        assert "core=" in watched.page.url
    with opened(browser, places.report, java_script_enabled=False) as watched:
        expect(watched.page.get_by_role("heading", name="Verdicts")).to_be_visible()


def test_the_site_is_searched_without_a_network(browser: Browser, places: Places) -> None:
    with opened(browser, places.site) as watched:
        page = watched.page
        page.keyboard.press("/")
        page.get_by_role("textbox", name="Search").fill("neurocore")
        result = page.locator(".md-search-result__link").first
        # The index is made in the page, which a busy machine takes its time for.
        expect(result).to_be_visible(timeout=30_000)
        result.click()
        page.wait_for_url("**?h=**")
        expect(page.locator("h1")).to_be_visible()
        assert watched.wrong == []


def test_the_report_prints_on_a4(browser: Browser, places: Places) -> None:
    with opened(browser, places.report) as watched:
        page = watched.page
        page.set_viewport_size({"width": 688, "height": 970})
        page.emulate_media(media="print")
        assert overflow(page) <= 0
        assert not page.get_by_role("navigation").first.is_visible()
        assert page.pdf(format="A4")[:5] == b"%PDF-"


def test_motion_only_where_it_is_wanted(browser: Browser, places: Places) -> None:
    script = "getComputedStyle(document.querySelector('.flow')).animationName"
    with opened(browser, places.view + START) as watched:
        assert watched.page.evaluate(script) == "none"
        watched.page.emulate_media(reduced_motion="no-preference")
        assert watched.page.evaluate(script) == "flow"
