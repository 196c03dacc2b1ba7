"""The rows of the fuzz's table that are about packings: how the tiles of a program share cores."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise

from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import Core, Destination, TiledProgram

Packed = Callable[[TiledProgram], bool]
RANGES = [1, 2, 3, 5, 9, 17]


def shared_cores(program: TiledProgram) -> list[list[Core]]:
    """The tiles of every core that has several."""
    return [tiles for tiles in on_core(program).values() if len(tiles) > 1]


def _inside(program: TiledProgram) -> Iterator[tuple[Core, Destination, Core]]:
    """Entries that lead from a tile to one on the same core, with both; those of a shared core alone."""
    for tiles in shared_cores(program):
        there = {core.at: core for core in tiles}
        for core in tiles:
            yield from ((core, entry, there[entry.to]) for entry in core.destinations if entry.to in there)


def _delay(core: Core, entry: Destination) -> int:
    number = core.destinations.index(entry)
    return next(s.delay for s in core.segments if s.first_entry <= number < s.end_entry)


def _any_core(rule: Callable[[list[Core], TiledProgram], bool], program: TiledProgram) -> bool:
    return any(rule(tiles, program) for tiles in shared_cores(program))


def _any_inside(rule: Callable[[Core, Destination, Core], bool], program: TiledProgram) -> bool:
    return any(rule(*link) for link in _inside(program))


def _counts(low: int, high: int, program: TiledProgram) -> bool:
    return low <= max(map(len, on_core(program).values())) < high


def _between(low: int, high: int, program: TiledProgram) -> bool:
    return low <= len(shared_cores(program)) < high


def _repeats(values: Iterable[object]) -> bool:
    """Whether one of them comes again behind another."""
    kept = [value for value, behind in pairwise([*values, None]) if value != behind]
    return len(set(kept)) < len(kept)


def _layer_over_shared_cores(program: TiledProgram) -> bool:
    layers = [{core.layer for core in tiles} for tiles in shared_cores(program)]
    return sum(map(len, layers)) > len(set().union(*layers)) if layers else False


def _hears_two(program: TiledProgram) -> bool:
    """A residual sum: a tile with two senders in the same step that share its core."""
    pairs = {(core.layer, to.at) for core, entry, to in _inside(program) if not entry.recurrent}
    receivers = [at for _, at in pairs]
    return len(set(receivers)) < len(receivers)


def _sums_to_shared(program: TiledProgram) -> bool:
    shared = {core.at for tiles in shared_cores(program) for core in tiles}
    sums = [core for core in program.cores if core.emission == "values_every"]
    return any(entry.to in shared for core in sums for entry in core.destinations)


PACKINGS: dict[str, Packed] = {
    **{
        f"most tiles of a core {low}..{high - 1}": partial(_counts, low, high)
        for low, high in pairwise(RANGES)
    },
    **{f"shared cores {low}..{high - 1}": partial(_between, low, high) for low, high in pairwise(RANGES[:5])},
    "edge inside a core": partial(_any_inside, lambda core, entry, to: not entry.recurrent),
    "edge to a lower context": partial(
        _any_inside, lambda core, entry, to: not entry.recurrent and to.at.context < core.at.context
    ),
    "recurrent edge inside a core": partial(
        _any_inside, lambda core, entry, to: entry.recurrent and to is not core
    ),
    "self loop on a shared core": partial(_any_inside, lambda core, entry, to: to is core),
    "delay inside a core": partial(_any_inside, lambda core, entry, to: _delay(core, entry) > 0),
    "delay of 8 and more inside a core": partial(
        _any_inside, lambda core, entry, to: _delay(core, entry) >= 8
    ),
    "unequal delays of a core's tiles": partial(
        _any_core, lambda tiles, program: len({core.delay_slots for core in tiles}) > 1
    ),
    "residual sum inside a core": _hears_two,
    "END without spikes inside a core": partial(
        _any_inside, lambda core, entry, to: entry.first_word == entry.last_word
    ),
    "layer over several shared cores": _layer_over_shared_cores,
    "layers interleaved on a core": partial(
        _any_core, lambda tiles, program: _repeats(core.layer for core in tiles)
    ),
    "two readout tiles on a core": partial(
        _any_core,
        lambda tiles, program: sum(core.layer == program.readout.layer for core in tiles) > 1,
    ),
    "membrane readout on a shared core": partial(
        _any_core, lambda tiles, program: any(core.emission == "values_last" for core in tiles)
    ),
    "host feeds several tiles of a core": partial(
        _any_core, lambda tiles, program: sum(core.at in program.fed_by_host for core in tiles) > 1
    ),
    "held input to several tiles of a core": partial(
        _any_core,
        lambda tiles, program: (
            program.input.encoding == "held" and sum(core.at in program.fed_by_host for core in tiles) > 1
        ),
    ),
    "partial sums to a shared core": _sums_to_shared,
    "tiles with and without currents": partial(
        _any_core, lambda tiles, program: len({core.current_leak is None for core in tiles}) > 1
    ),
    "flat tiles and such with pixels": partial(
        _any_core, lambda tiles, program: len({core.tile.flat for core in tiles}) > 1
    ),
    "spaced banks on a shared core": partial(
        _any_core, lambda tiles, program: any(bank.spaced for core in tiles for bank in core.banks)
    ),
}
"""What a packing has."""
