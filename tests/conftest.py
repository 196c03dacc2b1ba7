"""Hooks of all tests: in CI nothing is skipped, for a skip hides a whole tool; a fuzz ends with a table; a
module's random numbers are the same for a test that runs alone."""

import os
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest

_STATES: dict[np.random.Generator, Any] = {}
"""Generators of test modules as they were when their module had been read."""


@pytest.fixture(autouse=True)
def _own_random_numbers(request: pytest.FixtureRequest) -> None:
    """Let every test draw the same numbers, whichever ran before it."""
    for value in vars(request.module).values():
        if isinstance(value, np.random.Generator):
            value.bit_generator.state = _STATES[value]


def pytest_configure(config: pytest.Config) -> None:
    """Beside other workers tests, and what they start, compute in one thread; a fuzz ends with a table of
    what it covered."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        # Threads of two workers on two cores wait for each other, and spin while they do.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    if "SNNC_FUZZ_SOFTWARE" in os.environ:
        import space_report

        config.pluginmanager.register(space_report)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What compiles hardware is slow, but for the co-simulation that belongs to every quick run."""
    for module in {getattr(item, "module", None) for item in items} - {None}:
        for value in vars(module).values():
            if isinstance(value, np.random.Generator):
                _STATES.setdefault(value, value.bit_generator.state)
    for item in items:
        compiles = "rtl_cache" in getattr(item, "fixturenames", ())
        if compiles and item.get_closest_marker("quick") is None:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, None]:
    """Report a skipped test as failed where `CI` is set."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"nothing may be skipped in CI: {reason}"
