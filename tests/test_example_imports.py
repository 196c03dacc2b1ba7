"""The benchmark of imports: its networks are read as their frameworks compute them, and its table is made."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from snnc.compiler.frontends.execution import execute
from snnc.training.frontends.modules import read

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "benchmarks" / "imports"
CONVOLUTIONAL, DENSE = (1, 28, 28), (784, 1, 1)


@pytest.mark.parametrize("name", ["snntorch", "spikingjelly", "norse", "sinabs"])
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_networks_are_read_exactly(name: str, kind: str) -> None:
    made = runpy.run_path(str(FOLDER / "framework_nets.py"))
    torch.manual_seed(2)
    net = made["NETS"][f"{name}_{kind}"]().eval()
    shape = CONVOLUTIONAL if kind == "cnn" else DENSE
    x = np.random.default_rng(5).random((3, *shape)).astype(np.float32)
    with torch.no_grad():
        seen = torch.from_numpy(x if kind == "cnn" else x.reshape(3, 784))
        expected = made["answers"](net, seen).numpy()
    imported = read(net, shape, steps=made["STEPS"])
    assert {one.status for one in imported.findings.found.values()} <= {"exact"}
    found = execute(imported.graph, x.astype(np.float64), made["STEPS"]).outputs
    # Spikes are counted or averaged: by one factor.
    factor = made["STEPS"] if name == "spikingjelly" else 1
    np.testing.assert_allclose(found, expected * factor, atol=1e-4)


def test_the_table_says_where_the_aim_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    run = runpy.run_path(str(FOLDER / "run.py"))
    cells = {"float": 0.9, "8": {"accuracy": 0.895, "semantics": 1.0}, "4": {"accuracy": 0.88}}
    (tmp_path / "norse_cnn.json").write_text(json.dumps(cells))
    row = "| norse cnn | 90.00% | 89.50% (-0.50) | 88.00% (-2.00, more than the aim) | 100.0% |"
    assert row in run["_table"](tmp_path)
