"""Hooks of a fuzz, which `conftest.py` registers: what random cases covered, added up over all processes."""

import os
from collections import Counter

import pytest
import space

KEY = "space"
TOTAL: Counter[str] = Counter()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its counts to the process that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is None:
        TOTAL.update(space.COUNTS)
    else:
        output[KEY] = dict(space.COUNTS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Counts of a worker that has finished."""
    TOTAL.update(getattr(node, "workeroutput", {}).get(KEY, {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of what was hit."""
    if TOTAL:
        terminalreporter.section(
            f"what the random networks of seed {os.environ.get('SNNC_FUZZ_SEED', 0)} covered"
        )
        for line in space.table(TOTAL):
            terminalreporter.write_line(line)
