"""The decoder of data from outside: exact types, declared bounds, one bounded line for everything else."""

import time
import tracemalloc
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest

from snnc.base import schema
from snnc.base.bounds import IDENTIFIER, POWER_OF_TWO, Items, Range, Text, Unit, described, limits
from snnc.base.errors import TargetError, UsageError
from snnc.base.schema import SchemaError, check, decode, reported, versioned
from snnc.base.settings import with_settings

MAX_SECONDS = 5
"""Of the processor, which others may share."""
MAX_BYTES = 200 << 20


@dataclass(frozen=True)
class Leaf:
    size: Annotated[int, Range(1, 64), POWER_OF_TWO] = 4
    part: Annotated[float, Range(0, 1, below=True)] = 0.5


@dataclass(frozen=True)
class Other:
    size: int
    part: float
    extra: bool


@dataclass(frozen=True)
class Tree:
    name: Annotated[str, IDENTIFIER]
    kind: Literal["a", 1]
    leaves: Annotated[tuple[Leaf, ...], Items(1, 3)]
    pair: tuple[int, int]
    either: Leaf | Other
    notes: dict[str, Annotated[str, Text(8)]] = field(default_factory=dict)
    child: "Tree | None" = None

    def __post_init__(self) -> None:
        if self.pair[0] > self.pair[1]:
            raise ValueError(f"pair {self.pair} does not rise")


GOOD: dict[str, Any] = {
    "name": "tree",
    "kind": "a",
    "leaves": [{"size": 8, "part": 0}, {}],
    "pair": [1, 2],
    "either": {"size": 3, "part": 1.5, "extra": True},
}


def test_plain_data_becomes_dataclasses() -> None:
    tree = decode(Tree, GOOD)
    assert tree == Tree("tree", "a", (Leaf(8, 0.0), Leaf()), (1, 2), Other(3, 1.5, True))
    assert type(tree.leaves[0].part) is float
    assert decode(Tree, GOOD | {"either": {"size": 2}}).either == Leaf(2)
    assert decode(Tree, GOOD | {"child": GOOD}).child == tree
    check(tree)


DEFECTS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "b"}, "kind must be one of a, 1, not 'b'"),
    ({"kind": True}, "kind must be one of a, 1, not True"),
    ({"name": "a b"}, "name must be an identifier of at most 64 characters, not 'a b'"),
    ({"name": 3}, "name must be an identifier of at most 64 characters, not 3"),
    ({"leaves": []}, "leaves must be a list of 1..3 items, not []"),
    ({"leaves": [{}] * 4}, "leaves must be a list of 1..3 items, not [{}, {}, {}, ...]"),
    ({"leaves": {}}, "leaves must be a list, not {}"),
    ({"leaves": [3]}, "leaves[0] must be a mapping of fields, not 3"),
    ({"leaves": [{"size": True}]}, "leaves[0].size must be an integer in 1..64, not True"),
    ({"leaves": [{"size": 4.0}]}, "leaves[0].size must be an integer in 1..64, not 4.0"),
    ({"leaves": [{"size": "4"}]}, "leaves[0].size must be an integer in 1..64, not '4'"),
    ({"leaves": [{"size": 65}]}, "leaves[0].size must be an integer in 1..64, not 65"),
    ({"leaves": [{"size": 6}]}, "leaves[0].size must be a power of two, not 6"),
    ({"leaves": [{"size": 10**5000}]}, "leaves[0].size must be an integer in 1..64, not an integer of"),
    ({"leaves": [{"part": 1.0}]}, "leaves[0].part must be a number in [0, 1), not 1.0"),
    ({"leaves": [{"part": True}]}, "leaves[0].part must be a number in [0, 1), not True"),
    ({"leaves": [{"part": float("nan")}]}, "leaves[0].part must be a number in [0, 1), not nan"),
    ({"leaves": [{"x\x1b": 1}]}, r"leaves[0]: unknown fields: x\x1b"),
    ({"leaves": [{(1, 2): 1}]}, "leaves[0]: unknown fields: (1, 2)"),
    ({"pair": [1]}, "pair must be a list of 2 items, not [1]"),
    ({"pair": [1, 1 << 62]}, "pair[1] must be an integer of at most 62 bits, not 4611686018427387904"),
    ({"pair": [2, 1]}, "pair (2, 1) does not rise"),
    ({"child": GOOD | {"pair": [2, 1]}}, "child: pair (2, 1) does not rise"),
    ({"either": {"size": 1, "part": 10**400, "extra": False}}, "either.part must be a finite number, not an"),
    ({"either": {"size": 1, "part": float("inf"), "extra": False}}, "either.part must be a finite number"),
    ({"either": {"size": 1}, "name": ""}, "name must be an identifier"),
    ({"either": {"sizes": 1}}, "either: fields are missing: size, part, extra"),
    ({"notes": {"a": "b\nc"}}, "notes.a must be text of one line and at most 8 characters, not 'b\\nc'"),
    ({"notes": {"a": "x" * 9}}, "notes.a must be text of one line and at most 8 characters, not 'x"),
    ({"notes": {"a\n": "b"}}, "notes: a name must be text of one line and at most 4096 characters, not"),
    ({"notes": {7: "b"}}, "notes: a name must be text of one line and at most 4096 characters, not 7"),
    ({"notes": [1]}, "notes must be a mapping, not [1]"),
]


@pytest.mark.parametrize(("change", "message"), DEFECTS)
def test_a_defect_is_named_with_its_path(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError) as error:
        decode(Tree, GOOD | change)
    assert str(error.value).startswith(message)
    with pytest.raises(SchemaError) as error:
        decode(Tree, GOOD | change, "file")
    assert str(error.value).startswith(("file.", "file: "))


def test_missing_fields_are_all_named() -> None:
    with pytest.raises(SchemaError, match=r"^fields are missing: leaves, pair, either$"):
        decode(Tree, {"name": "a", "kind": 1})
    with pytest.raises(SchemaError, match=r"^unknown fields: n0, n1, n2, n3, n4, n5, n6, n7, \.\.\.$"):
        decode(Tree, GOOD | {f"n{number}": 0 for number in range(100)})


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def chain(depth: int) -> dict[str, Any]:
    document = GOOD
    for _ in range(depth):
        document = GOOD | {"child": document}
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (chain(schema.MAX_DEPTH), f"nested deeper than {schema.MAX_DEPTH}"),
        (GOOD | {"name": nested(100_000)}, "name must be an identifier"),
        (GOOD | {"name": "x" * (64 << 20)}, "name must be an identifier"),
        (GOOD | {"kind": {"a": nested(500)}}, "kind must be one of"),
        (GOOD | {"notes": {str(number): "" for number in range(1 << 21)}}, "values, which is the limit"),
        (GOOD | {str(number) * 20: 1 for number in range(1 << 17)}, "unknown fields"),
        ({("x" * 5000): 1} | GOOD, "unknown fields"),
    ],
    ids=["deep", "deep value", "long text", "deep literal", "many values", "many fields", "long field"],
)
def test_hostile_data_costs_little_and_is_one_short_line(document: Any, message: str) -> None:
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(TargetError, match=message) as error, reported(TargetError, "file"):
            decode(Tree, document)
        assert tracemalloc.get_traced_memory()[1] < MAX_BYTES
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < MAX_SECONDS
    assert len(str(error.value)) < 500 and str(error.value).isprintable()


def test_objects_are_checked_like_documents() -> None:
    with pytest.raises(ValueError, match=r"^size must be an integer in 1\.\.64, not 65$"):
        check(Leaf(65))
    with pytest.raises(SchemaError, match=r"^leaves\[1\]\.size must be a power of two, not 7$"):
        check(Tree("a", 1, (Leaf(), Leaf(7)), (1, 2), Leaf()))


@pytest.mark.parametrize("found", [2, True, 1.0, "1", None])
def test_versions_are_exact(found: object) -> None:
    assert versioned({"schema": 1, "a": 2}, 1) == {"a": 2}
    with pytest.raises(SchemaError, match=r"^schema must be 1, not "):
        versioned({"schema": found}, 1)


@dataclass(frozen=True)
class Options:
    name: str = "fixed"
    count: Annotated[int, Range(1, 9)] | None = None
    sizes: tuple[Annotated[int, Range(1, 9)], ...] = ()
    energy: Annotated[float, Range(1e-15, 1), Unit("J")] = 1e-6
    fast: bool = False


def test_settings_are_read_by_the_same_declarations() -> None:
    texts = {"count": "3", "sizes": "1,2,", "energy": "2uJ", "fast": "TRUE"}
    assert with_settings(Options(), texts, "x") == Options("fixed", 3, (1, 2), 2e-6, True)
    assert with_settings(Options(count=3), {"count": "None"}, "x") == Options()


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("name", "a", "x has no setting 'name'; allowed: count, sizes, energy, fast"),
        ("count", "0", "count must be an integer in 1..9, not 0"),
        ("count", "a", "count must be an integer in 1..9 or none, not 'a'"),
        ("sizes", "1,10", "sizes[1] must be an integer in 1..9, not 10"),
        ("sizes", "1;2", "sizes must be integers separated by commas, not '1;2'"),
        ("energy", "5J", "energy must be a number in 1e-15..1, not 5.0"),
        ("energy", "low", "energy must be a number with a unit like 5uJ, not 'low'"),
        ("fast", "1", "fast must be true or false, not '1'"),
        ("count", "1" * 5000, "count must be an integer in 1..9 or none, not '11"),
    ],
)
def test_wrong_settings(key: str, text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        with_settings(Options(), {key: text}, "x")
    assert str(error.value).startswith(message) and len(str(error.value)) < 200


def test_declarations_can_be_read() -> None:
    assert limits(Options, "count") == Range(1, 9)
    assert described(Annotated[int, Range(2, 8), POWER_OF_TWO] | None) == (
        "an integer in 2..8, a power of two or none"
    )


def test_equal_bounds_are_written_the_same() -> None:
    """`typing` keeps one of two equal annotations, whichever a process has met first."""
    assert str(Range(0, 1_000_000)) == str(Range(0, 1e6)) == "0..1000000"
    assert str(Range(1e-9, 0.5, below=True)) == "[1e-09, 0.5)"
