"""The cache of compiled models: what two want is made once, and it outlives the environment that made it."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cocotb_tools import config
from rtl_bench import run_bench

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


def test_a_model_outlives_the_environment_that_built_it(
    tmp_path: Path, rtl_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache is one for all environments: cocotb's libraries are those of the one that runs the model.
    Verilator's runtime, which knows of none and takes longest to compile, is that of the other tests."""
    (tmp_path / "cache").mkdir()
    for runtime in rtl_cache.glob("runtime-*"):
        (tmp_path / "cache" / runtime.name).symlink_to(runtime)
    gone = tmp_path / "gone"
    shutil.copytree(config.libs_dir, gone)
    with monkeypatch.context() as earlier:
        earlier.setattr(config, "libs_dir", gone)
        _run_fifo(tmp_path)
    shutil.rmtree(gone)
    _run_fifo(tmp_path)


def _run_fifo(folder: Path) -> None:
    bench = "bench_fifo"
    run_bench("snnc_fifo", bench, "verilator", folder / "cache", folder / "work", {"Width": 8, "Depth": 4})
