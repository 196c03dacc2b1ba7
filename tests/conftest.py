"""Hooks of all tests: after a fuzz, what its random cases have covered, added up over all processes."""

import os
from collections import Counter

import pytest
import space

KEY = "space"
FUZZING = "SNNC_FUZZ_SOFTWARE" in os.environ
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
    """The table, where this is a fuzz."""
    if FUZZING and TOTAL:
        terminalreporter.section(
            f"what the random networks of seed {os.environ.get('SNNC_FUZZ_SEED', 0)} covered"
        )
        for line in space.table(TOTAL):
            terminalreporter.write_line(line)
