"""Fixtures of the RTL tests; the folder `hdl` is importable, so that cocotb finds the benches here."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snnc.base.files import cache_directory
from snnc.rtl.simulation.tools import Simulator, simulator_missing

sys.path.insert(0, str(Path(__file__).parent / "hdl"))


@pytest.fixture(scope="session")
def rtl_cache() -> Path:
    """Where compiled models are kept between sessions: with those of the command line, which are the same."""
    return cache_directory()


@pytest.fixture
def needs() -> Callable[[Simulator], None]:
    """Skip the test, with the reason, where a simulator is absent."""

    def check(simulator: Simulator) -> None:
        if (reason := simulator_missing(simulator)) is not None:
            pytest.skip(reason)

    return check
