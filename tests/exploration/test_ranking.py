"""Fronts: what nothing beats, compared with the definition, and the share that is looked at again."""

from hypothesis import given
from hypothesis import strategies as st

from snnc.exploration.ranking import Values, best, front

SMALL = st.integers(0, 4).map(float)
SPACES = st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=1, max_size=24)


def dominated(own: Values, values: list[Values]) -> bool:
    return any(
        all(a <= b for a, b in zip(other, own, strict=True))
        and any(a < b for a, b in zip(other, own, strict=True))
        for other in values
    )


@given(SPACES)
def test_the_front_is_what_nothing_beats(values: list[Values]) -> None:
    assert front(values) == [n for n, own in enumerate(values) if not dominated(own, values)]


@given(SPACES, st.floats(0, 1))
def test_the_best_hold_the_front_and_no_more_than_asked_for_beyond_it(
    values: list[Values], share: float
) -> None:
    kept = best(values, share)
    assert set(front(values)) <= set(kept)
    assert len(kept) == max(len(front(values)), round(share * len(values)))


@given(SPACES)
def test_nobody_is_left_out_for_one_that_it_beats(values: list[Values]) -> None:
    kept = best(values, 0.5)
    left = [values[n] for n in range(len(values)) if n not in kept]
    assert not any(dominated(values[n], left) for n in kept)


def test_all_of_them_are_the_best_of_a_whole() -> None:
    assert best([(3.0,), (1.0,), (2.0,)], 1.0) == [0, 1, 2]
    assert best([(3.0,), (1.0,), (2.0,)], 0.0) == [1]
