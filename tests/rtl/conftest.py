"""Fixtures of the RTL tests; the folder `hdl` is importable, so that cocotb finds the benches here."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snnc.rtl.simulation.tools import Simulator, simulator_missing

sys.path.insert(0, str(Path(__file__).parent / "hdl"))


@pytest.fixture(scope="session")
def rtl_cache(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Where compiled models are kept: pytest's cache between sessions, if it has one."""
    cache = getattr(request.config, "cache", None)
    if cache is None:
        return tmp_path_factory.mktemp("rtl")
    return Path(cache.mkdir("snnc-rtl"))


@pytest.fixture
def needs() -> Callable[[Simulator], None]:
    """Skip the test, with the reason, where a simulator is absent."""

    def check(simulator: Simulator) -> None:
        if (reason := simulator_missing(simulator)) is not None:
            pytest.skip(reason)

    return check
