"""The page of a build: what it says, that it needs nothing else, and that no name or file can change it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import layer, network, tiny_network
from click.testing import CliRunner, Result

from snnc.base.files import write_json
from snnc.base.units import format_quantity
from snnc.commands.cli import main
from snnc.commands.power_page import Line, PowerPage
from snnc.commands.synthesis_report import Resource, Synthesis
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.provenance import Activity, Measured, Provenance
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.sim.simulate import simulate
from snnc.verification.compare import Difference, Verification

SECTIONS = [
    *("What it is", "Verdicts", "Layers", "Core map", "Cycles by cause", "Energy", "Spikes of a sample"),
    *("Mistakes", "Passes", "Synthesis", "Power", "Provenance"),
]
HOSTILE = "<script>alert('$x^')</script>&\"\\"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def samples(path: Path, count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Samples of the tiny network, kept at `path`."""
    draw = np.random.default_rng(1)
    x, y = draw.integers(0, 4, (count, 1, 6, 6)).astype(np.uint8), draw.integers(0, 5, count)
    np.savez(path, x=x, y=y)
    return x.reshape(count, -1), y


def make_build(folder: Path, model: Network, target: str = "fpga") -> Build:
    compiled = compile_network(model, load_target(target))
    build = Build(compiled.network, compiled.tiled)
    folder.mkdir()
    build.save(folder)
    return build


def cells(used: int) -> Resource:
    return Resource(used=used, available=100, predicted=used + 1)


def placed(path: str = "a to b") -> Synthesis:
    four = (cells(10), cells(20), cells(3), cells(0))
    return Synthesis("ecp5-25k", None, False, *four, 99e6, 100e6, path, "x.bit", 1, {"yosys": "0.9"})


def power(line: str) -> PowerPage:
    lines = [Line(line, 0.25, 0.125, 0.5, "all of it", "derived")]
    return PowerPage("LFE5U-85F", "ecp5", 100.0, 100e6, 0.5, lines)


def whole(folder: Path, model: Network) -> tuple[Build, Path]:
    """A build with every result, and the file of its samples."""
    build = make_build(folder, model)
    data = folder.parent / "own.npz"
    x, y = samples(data)
    write_json(folder / "report.json", simulate(build, x, y).to_dict())
    write_json(folder / "verify.json", Verification(3, ["reference", "simulator"], 7, 0, 8, 0).to_dict())
    write_json(folder / "synth.json", placed().to_dict())
    write_json(folder / "power.json", power("clock").to_dict())
    write_json(folder / "passes.json", {"passes": [{"name": "place", "seconds": 0.125}]})
    return build, data


class Page(HTMLParser):
    """The elements of a page, which must close in the order in which they opened."""

    VOID = ("meta", "br", "img", "path", "use", "rect", "stop")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def check_alone(page: Page) -> None:
    """Nothing is fetched, and nothing runs."""
    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href"):
            assert re.match(r"#|data:image/png;base64,", attributes.get(name) or "#")


def test_a_page_says_everything_and_needs_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    build, data = whole(folder, tiny_network())
    result = run("report", folder, "--data", data)
    assert result.exit_code == 0 and f"wrote {folder / 'report.html'}" in result.stderr
    text = (folder / "report.html").read_text()
    page = Page(text)
    check_alone(page)
    assert page.headings == SECTIONS
    report = json.loads((folder / "report.json").read_text())
    assert "Not here" not in text and "missing" not in re.sub(r"<style>.*</style>", "", text, flags=re.DOTALL)
    for fact in (
        build.model_hash,
        f"{report['accuracy']:.2%}",
        "99.0 MHz placed",
        "NOT met",
        "0.125",
        "yosys",
        "125 mW",
    ):
        assert fact in text
    assert "reference = simulator on 3 samples" in text
    assert sum(tag == "svg" for tag, _ in page.elements) == 5
    wrong = report["samples"] - report["correct"]
    pictures = [attributes["alt"] for tag, attributes in page.elements if tag == "img"]
    assert len(pictures) == wrong > 0
    assert f"{wrong} samples of" in text
    again = folder / "again.html"
    assert run("report", folder, "--data", data, "-o", again).exit_code == 0
    assert again.read_text() == text


def test_what_is_not_there_is_said_with_what_makes_it(tmp_path: Path) -> None:
    make_build(tmp_path / "b", tiny_network())
    assert run("report", tmp_path / "b").exit_code == 0
    text = (tmp_path / "b" / "report.html").read_text()
    assert Page(text).headings == SECTIONS
    for command in ("simulate", "verify", "synth", "power"):
        assert f"`snnc {command} {tmp_path / 'b'}" in text
    assert "name samples with `--data`" in text


def test_samples_that_are_not_those_of_the_report_show_no_mistakes(tmp_path: Path) -> None:
    _, data = whole(tmp_path / "b", tiny_network())
    x, y = samples(data)
    np.savez(tmp_path / "other.npz", x=x, y=(y + 1) % 5)
    assert run("report", tmp_path / "b", "--data", tmp_path / "other.npz").exit_code == 0
    text = (tmp_path / "b" / "report.html").read_text()
    assert "are not those of report.json" in text and "Confusion of" not in text


def test_a_report_of_another_model_is_none(tmp_path: Path) -> None:
    build, _ = whole(tmp_path / "b", tiny_network())
    changed = replace(build.network, provenance=Provenance(seed=9))
    Build(changed, build.tiled).save(tmp_path / "b")
    assert run("report", tmp_path / "b").exit_code == 0
    assert "report.json is of another model" in (tmp_path / "b" / "report.html").read_text()


def hostile_network() -> Network:
    first = layer(HOSTILE, "input", 36, 6)
    origin = Provenance(HOSTILE, HOSTILE, HOSTILE, "none", 1, Measured(0.5, 0.1, 2.0), remarks=(HOSTILE,))
    activity = Activity({"input": 0.5, HOSTILE: 0.1, "b": 0.0}, 1.5)
    model = network(first, layer("b", HOSTILE, 6, 5), features=36, max_payload=3)
    return replace(model, name=HOSTILE, provenance=replace(origin, activity=activity))


def test_hostile_names_are_text(tmp_path: Path) -> None:
    folder = tmp_path / "<b onclick=x>"
    build, data = whole(folder, hostile_network())
    report = json.loads((folder / "report.json").read_text())
    report["warnings"] = [HOSTILE]
    report["energy_j"].update(table=HOSTILE, basis=HOSTILE, static_source=HOSTILE, not_modelled=[HOSTILE])
    report["energy_j"]["by_action"][HOSTILE] = 1e-9
    report["layers"][0].update(name=HOSTILE, kind=HOSTILE)
    report["cores"][0]["layer"] = HOSTILE
    write_json(folder / "report.json", report)
    differs = Verification(1, [HOSTILE], first_difference=Difference(HOSTILE, HOSTILE, HOSTILE, 0, 1, 2))
    write_json(folder / "verify.json", differs.to_dict())
    write_json(folder / "synth.json", placed(HOSTILE).to_dict())
    write_json(folder / "power.json", power(HOSTILE).to_dict())
    write_json(folder / "passes.json", {"passes": [{"name": HOSTILE, "seconds": 1}]})
    result = run("report", folder, folder, "--data", data, "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "page.html").read_text()
    check_alone(Page(text))
    assert "<script" not in text and "<b onclick" not in text
    assert "&lt;script&gt;alert(&#39;$x^&#39;)" in text
    assert build.network.name == HOSTILE


def test_a_design_that_nobody_predicted_has_a_dash_there(tmp_path: Path) -> None:
    build, data = whole(tmp_path / "build", tiny_network())
    lut, ff, bram, dsp = (replace(cells(number), predicted=None) for number in (10, 20, 3, 0))
    small = replace(placed(), device="up5k", lut=lut, ff=ff, bram=bram, dsp=dsp)
    write_json(tmp_path / "build" / "synth.json", small.to_dict())
    result = run("report", tmp_path / "build", "--data", data, "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    row = r"logic cells</th><td>10</td><td>[\d,]+</td><td>\d+ %</td><td>–</td>"
    assert re.search(row, (tmp_path / "page.html").read_text()), build.network.name


def _set(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *above, last = path
        for step in above:
            document = document[step]
        document[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("samples", value=0), "predictions must be those of 0 samples"),
        (_set("predictions", value=[1]), "predictions must be those of 12 samples, not 1"),
        (_set("cycles", value=[]), "cycles must be a mapping of fields"),
        (_set("energy_j", "mean", value="x"), "energy.mean must be a finite number, not 'x'"),
        (_set("energy_j", "mean", value=float("nan")), "not a JSON document of a build"),
        (_set("counts", "sops", value=10**40), "not a JSON document of a build"),
        (_set("layers", value={}), "layers must be a list"),
        (_set("cores", 0, "causes", value=[1]), "causes must be a mapping"),
        (_set("warnings", value=["a\x1b"]), "text of one line"),
    ],
)
def test_a_damaged_report_is_refused_in_one_line(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    whole(tmp_path / "b", tiny_network())
    path = tmp_path / "b" / "report.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    result = run("report", tmp_path / "b")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {path}: ") and message in result.stderr
    assert "Traceback" not in result.stderr


def test_builds_side_by_side_mark_what_differs_and_what_is_best(tmp_path: Path) -> None:
    data = tmp_path / "own.npz"
    x, y = samples(data)
    for name, target in (("small", "fpga"), ("large", "mesh16")):
        build = make_build(tmp_path / name, tiny_network(), target)
        write_json(tmp_path / name / "report.json", simulate(build, x, y).to_dict())
    page = tmp_path / "both.html"
    assert run("report", tmp_path / "small", tmp_path / "large", "--data", data, "-o", page).exit_code == 0
    text = page.read_text()
    assert Page(text).headings[0] == "Side by side" and len(Page(text).headings) == 1 + 2 * len(SECTIONS)
    rows = {row[1]: row[0] for row in re.findall(r'(<tr[^>]*><th scope="row">([a-z ]+?)[ <].*?</tr>)', text)}
    assert 'class="differs"' in rows["target"] and "differs" not in rows["accuracy"]
    assert rows["energy"].count("best") >= 1


def test_energy_has_its_interval_and_a_rate_at_which_it_breaks_even(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    whole(folder, tiny_network())
    assert run("report", folder).exit_code == 0
    text = unescape((folder / "report.html").read_text())
    report = json.loads((folder / "report.json").read_text())
    ends = [format_quantity(report["energy_j"][end], "J") for end in ("mean", "low", "high")]
    assert "{} per sample ({} to {})".format(*ends) in text
    assert report["non_spiking"]["verdict"] in text
    for name, even in report["non_spiking"]["break_even"].items():
        row = (
            text[text.index("Break-even") :]
            .partition(f'<th scope="row">{name}</th>')[2]
            .partition("</tr>")[0]
        )
        assert f"<td>{even['input_rate']:.1%}</td>" in row


def test_the_map_shows_every_tile_of_a_core(tmp_path: Path) -> None:
    build = make_build(tmp_path / "shared", tiny_network(), "ecp5-25k")
    assert any(core.at.context for core in build.tiled.cores)
    assert run("report", tmp_path / "shared").exit_code == 0
    text = (tmp_path / "shared" / "report.html").read_text()
    (map_,) = re.findall(r'<table class="map">.*?</table>', text, re.DOTALL)
    assert [name for name in ("hidden", "readout") if f"<b>{name}</b>" in map_] == ["hidden", "readout"]
    # Weights, states, parameter words, axon rows and axon columns, of the one core once.
    assert map_.count('class="gauge"') == 5 * map_.count('<span class="basis">')
