"""How many examples hypothesis draws: few in `make quick`, as many as a test says in `make test`."""

import os
from typing import Any

from hypothesis import settings

QUICK = "SNNC_QUICK" in os.environ
MOST_WHEN_QUICK = 5


def few_when_quick(count: int) -> int:
    """`count`, or the few of a quick run."""
    return min(count, MOST_WHEN_QUICK) if QUICK else count


def examples(count: int, **others: Any) -> settings:
    """Settings of a property: `count` examples without a deadline, for the machine may be busy; a failure
    prints what repeats it."""
    return settings(max_examples=few_when_quick(count), deadline=None, print_blob=True, **others)
