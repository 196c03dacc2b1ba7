"""The cache of compiled models: two who want the same model at the same time make it once."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from snnc.rtl.simulation import model
from snnc.rtl.sources import sources


def test_a_model_that_two_want_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(scratch: Path, *_: object) -> None:
        made.append(scratch)
        time.sleep(0.3)
        (scratch / "sim.vvp").write_text("a model")

    monkeypatch.setattr(model, "_build_icarus", make)
    monkeypatch.setattr(model, "simulator_missing", lambda simulator: None)
    monkeypatch.setattr(model, "tool_version", lambda simulator: "1")

    def build(_: int) -> Path:
        return model.build_model(sources(), "snnc_fifo", {"Depth": "4"}, tmp_path, "icarus")

    with ThreadPoolExecutor(2) as workers:
        first, second = workers.map(build, range(2))
    assert first == second and (first / "sim.vvp").read_text() == "a model"
    assert len(made) == 1
