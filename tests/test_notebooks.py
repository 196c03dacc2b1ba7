"""The notebooks run and show what is kept in them; networks, programs and results show themselves."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from builders import tiny_network
from notebook import NOTEBOOKS, execute, shown

import snnc
from snnc.base.html import html_table
from snnc.verification.compare import Verification


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_keeps(path: Path, tmp_path: Path) -> None:
    kept = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert any(shown(kept)), "the notebook is kept with its results: `make notebooks`"
    assert shown(execute(path, tmp_path)) == shown(kept)


def test_there_are_notebooks() -> None:
    assert "first_steps" in [path.stem for path in NOTEBOOKS]


def test_tables_escape_and_group() -> None:
    table = html_table("a < b", ("", "n"), [("<script>", 12345), ("none", None)])
    assert "<caption>a &lt; b</caption>" in table
    assert "<tr><th scope='row'>&lt;script&gt;</th><td>12,345</td></tr>" in table
    assert "<tr><th scope='row'>none</th><td></td></tr>" in table


def test_networks_programs_and_results_show_themselves() -> None:
    network = tiny_network()
    program = snnc.compile(network)
    x = np.ones((2, 36), np.uint8)
    cycle, functional = snnc.simulate(program, x, [0, 1]), snnc.simulate(program, x, tier="functional")
    for layer in network.layers:
        for result in (network, cycle, functional):
            assert f"<th scope='row'>{layer.name}</th>" in result._repr_html_()
        assert f"<td>{layer.name}</td>" in program._repr_html_()
    assert f"{len(program.tiled.cores)} of 4 cores of fpga" in program._repr_html_()
    assert "accuracy" in cycle._repr_html_() and "µs" in cycle._repr_html_()
    assert "accuracy" not in functional._repr_html_() and "latency" not in functional._repr_html_()
    verification = Verification(3, ["reference", "simulator"], spikes_compared=1200)
    assert "reference = simulator on 3 samples" in verification._repr_html_()
    assert "<td>1,200</td><td>0</td>" in verification._repr_html_()
