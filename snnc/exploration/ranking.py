"""Which of many designs are worth a closer look: fronts that nothing beats, one behind the other."""

from collections.abc import Sequence

Values = tuple[float, ...]
"""Of the objectives, all of them minimised."""


def beats(one: Values, other: Values) -> bool:
    """Whether `one` is no worse in any objective and better in one (Pareto dominance)."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def front(values: Sequence[Values]) -> list[int]:
    """The places of those that no other beats, in their order."""
    return [place for place, own in enumerate(values) if not any(beats(other, own) for other in values)]


def best(values: Sequence[Values], share: float) -> list[int]:
    """The places of that share, in order: all that nothing beats, then those that only these beat, and so on
    (Goldberg's non-dominated sorting); within the last front the earlier."""
    left, kept = list(range(len(values))), set[int]()
    while left and (not kept or len(kept) < share * len(values)):
        level = [left[place] for place in front([values[number] for number in left])]
        room = len(level) if not kept else round(share * len(values)) - len(kept)
        kept |= set(level[: max(room, 0)])
        left = [number for number in left if number not in level]
    return sorted(kept)
