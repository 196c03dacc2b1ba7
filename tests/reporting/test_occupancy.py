"""Who occupies what: the picture of a shared core in text, in the fit of a build and on its page."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from builders import target, tiny_network
from click.testing import CliRunner

from snnc.base.files import write_json
from snnc.commands.cli import main
from snnc.commands.fit import Fit
from snnc.compiler.formats.storage import Build
from snnc.compiler.passes.demands import tile_cycles
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.targets import Target
from snnc.reporting.occupancy import Occupancy, Use, draw
from snnc.sim.simulate import simulate


def test_a_bar_has_a_letter_for_every_tile() -> None:
    uses = (
        Use("state words", (10.0, 20.0, 5.0), 40),
        Use("axon rows", (0.0, 256.0, 0.0), 256),
        Use("expected cycles", (30.0, 10.0, 0.0), None),
    )
    assert draw(Occupancy(1, 0, ("first", "second", "third"), uses)).splitlines() == [
        "core (1,0): a first, b second, c third",
        f"  state words     |{'a' * 10}{'b' * 20}{'c' * 5}{'.' * 5}| 35 of 40",
        f"  axon rows       |{'b' * 40}| 256 of 256",
        f"  expected cycles |{'a' * 30}{'b' * 10}| 40",
    ]


def compiled(hardware: Target) -> Compilation:
    return compile_network(tiny_network(), hardware, spread=False)


def test_the_fit_shows_cores_that_tiles_share_and_no_others() -> None:
    alone = Fit.of(compiled(target()).tiled).render()
    assert "2 of 16 cores, 8-bit" in alone and "|" not in alone
    shared = compiled(target(contexts=4))
    fit = Fit.of(shared.tiled, tile_cycles(shared.tiling))
    text = fit.render()
    assert "1 of 16 cores, 2 tiles, 8-bit" in text
    assert "core (0,0): a hidden, b readout" in text
    first, second = shared.tiled.cores
    words = len(first.weights) + len(second.weights)
    assert re.search(rf"weight words +\|a+b+\.+\| {words} of 512$", text, re.M)
    assert re.search(r"\(0,0\)\.1  readout", text)
    assert [core["context"] for core in fit.to_dict()["cores"]] == [0, 1]
    (core,) = fit.to_dict()["occupancies"]
    assert core["layers"] == ("hidden", "readout")
    cycles = tile_cycles(shared.tiling)
    assert core["uses"][-1]["by_tile"] == (cycles["hidden"], cycles["readout"])


def test_the_page_shows_every_tile_of_a_core(tmp_path: Path) -> None:
    result = compiled(replace(target(contexts=4), energy_table="cmos45"))
    build = Build(result.network, result.tiled)
    build.save(tmp_path)
    x = np.random.default_rng(1).integers(0, 4, (2, 36)).astype(np.uint8)
    report = simulate(build, x, np.zeros(2, np.int64))
    write_json(tmp_path / "report.json", report.to_dict())
    assert CliRunner().invoke(main, ["report", str(tmp_path)]).exit_code == 0
    text = (tmp_path / "report.html").read_text()
    (table,) = re.findall(r'<table class="map">.*?</table>', text, re.S)
    assert [re.findall(rf"<b>{name}</b>", table) for name in ("hidden", "readout")] == [
        ["<b>hidden</b>"],
        ["<b>readout</b>"],
    ]
    gauges = re.findall(
        r'label">([a-z ]+) ([\d.]+)%</span><span class="bar">(.*?)</span></span>', table, re.S
    )
    assert [name for name, _, _ in gauges] == [
        *("weights", "states", "parameter words", "axon rows", "axon columns", "busy")
    ]
    for _, total, bar in gauges:
        parts = [float(part) for part in re.findall(r"width: ([\d.]+)%", bar)]
        assert len(parts) == 2 and abs(sum(parts) - float(total)) < 1.0
    assert "1 of 16 cores with 2 tiles" in text
    assert "take turns" in text
