"""The queue of what is due when: near and far cycles, earlier ones later, nothing lost, nothing twice."""

import numpy as np
from example_counts import examples
from hypothesis import given
from hypothesis import strategies as st

from snnc.sim.engine import records as c
from snnc.sim.engine.kernels.queue import schedule, take_earliest

RECORDS = 5
SIZE = c.OCCUPIED
"""Words of a record that the queue looks at."""
FIRST = c.HEADER_WORDS + c.WHEEL_CYCLES

moves = st.lists(st.tuples(st.integers(0, RECORDS - 1), st.integers(0, 5 * c.WHEEL_CYCLES)), max_size=4)


def pool() -> np.ndarray:
    words = np.zeros(FIRST + RECORDS * SIZE, np.int64)
    words[c.WHEEL] = c.HEADER_WORDS
    words[FIRST + c.WAKE :: SIZE] = c.NEVER
    return words


@examples(200, derandomize=True)
@given(st.lists(moves, min_size=1, max_size=40))
def test_records_come_in_the_order_of_their_cycles_each_when_it_was_due_first(
    rounds: list[list[tuple[int, int]]],
) -> None:
    words = pool()
    due: dict[int, int] = {}
    for wanted in rounds:
        for number, ahead in wanted:
            cycle = int(words[c.NOW]) + ahead
            schedule(words, FIRST + number * SIZE, cycle)
            due[number] = min(due.get(number, cycle), cycle)
        if due:
            number = (take_earliest(words) - FIRST) // SIZE
            assert words[c.NOW] == min(due.values()) == due.pop(number)
    while due:
        number = (take_earliest(words) - FIRST) // SIZE
        assert words[c.NOW] == min(due.values()) == due.pop(number)
    assert take_earliest(words) == 0
