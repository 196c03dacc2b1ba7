"""Texts of every level are complete and parse back exactly; a hostile one is refused in one line."""

import dataclasses
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import target, tiny_network
from cases import Case, cases
from example_counts import examples
from hypothesis import given

from snnc.base.errors import FileError
from snnc.compiler.formats.text import arrays_beside, parse_ir, print_ir, read_ir, write_ir
from snnc.compiler.ir.levels import Level, target_of
from snnc.compiler.passes.specialise import Specialise
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.targets import Target

FORMATS = examples(30)
TARGET = target(width=2, height=1)
MAX_INLINE = 10_000
"""Numbers of arrays that are printed in the text; a hundred thousand take half a minute to read."""


def levels(compilation: Compilation) -> tuple[Level, ...]:
    return compilation.network, compilation.tiling, compilation.tiled, compilation.image


def assert_equal(left: Any, right: Any) -> None:
    """The same types and values all the way down."""
    assert type(left) is type(right)
    if isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)
    elif dataclasses.is_dataclass(left):
        for field in dataclasses.fields(left):
            assert_equal(getattr(left, field.name), getattr(right, field.name))
    elif isinstance(left, tuple):
        assert len(left) == len(right)
        for pair in zip(left, right, strict=True):
            assert_equal(*pair)
    else:
        assert left == right


@FORMATS
@given(cases(samples=1))
def test_what_is_printed_parses_back(case: Case) -> None:
    hardware = case.compilation.tiled.target
    for ir in (*levels(case.compilation), Specialise().run(case.compilation.tiled)):
        large = sum(array.size for array in arrays_beside(ir, 8).values()) > MAX_INLINE
        for inline in (8,) if large else (8, None):
            text = print_ir(ir, hardware, inline=inline)
            parsed = parse_ir(text, arrays_beside(ir, inline))
            assert_equal(parsed.ir, ir)
            assert_equal(parsed.target, target_of(ir) or hardware)
            assert print_ir(parsed.ir, parsed.target, inline=inline) == text


@pytest.mark.parametrize("number", range(4))
def test_files_hold_all_of_it(tmp_path: Path, number: int) -> None:
    ir = levels(compile_network(tiny_network(), TARGET))[number]
    write_ir(ir, tmp_path / "one.txt", TARGET)
    assert_equal(read_ir(tmp_path / "one.txt").ir, ir)
    assert_equal(read_ir(tmp_path / "one.txt").target, TARGET)
    write_ir(ir, tmp_path / "two.txt", TARGET)
    one, two = ({p.suffix: p.read_bytes() for p in tmp_path.glob(f"{name}.*")} for name in ("one", "two"))
    assert one == two and set(one) == ({".txt", ".zip"} if arrays_beside(ir) else {".txt"})


def test_a_network_may_be_for_no_target_yet() -> None:
    assert parse_ir(print_ir(tiny_network(), inline=None), {}).target is None


def refused(path: Path, message: str) -> None:
    with pytest.raises(FileError, match=message) as error:
        read_ir(path)
    assert "\n" not in str(error.value)


TEXT = print_ir(tiny_network(), TARGET, inline=None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Network:", "Netwerk:", r"must hold one of Network, Tiling, TiledProgram, Image$"),
        ("Network:", "Tiling: {}\nNetwork:", r"must hold one of Network, Tiling, TiledProgram, Image$"),
        ("target:", "targets: 3\ntarget:", r"unknown fields \['targets'\]$"),
        ("steps: 2", "steps: two", r"Network\.steps must be an integer of at most 62 bits, not 'two'$"),
        ("steps: 2", "steps: 0", r"tiny: steps must be 1\.\.65536, not 0$"),
        ("lanes: 4", "lanes: 3", r"Target\.lanes must be a power of two, not 3$"),
        ("[5, 9, 4, 7]", "[5, 9, 4, 8]", r"does not have the content its name states; its own name is int64"),
        ("[5, 9, 4, 7]", "[5, 9, 4]", r"arrays: not of the shape its name states: \[5, 9, 4\]$"),
        ("[5, 9, 4, 7]", "[5, 9, 4, x]", r"must hold numbers of type int64$"),
        ("[5, 9, 4, 7]", "[5, 9, 4, 9223372036854775808]", r"must hold numbers of type int64$"),
        ("[5, 9, 4, 7]", "&a [5, 9, 4, 7]", r"anchors and aliases are not read$"),
        ("\narrays:", "\narrays: []\nmore:", r"unknown fields \['more'\]$"),
        ("\narrays:", "\narrays:\n  int64[1000000000]#0123456789abcdef: []", r"must be named dtype"),
        ("\narrays:", "\narrays:\n  int64[999999999]#0123456789abcdef: []", r"not of the shape its name"),
    ],
)
def test_a_damaged_text(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert TEXT.count(old) >= 1
    path = tmp_path / "net.txt"
    path.write_text(TEXT.replace(old, new))
    refused(path, message)


def test_arrays_that_lie_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "net.txt"
    refused(path, "no such file$")
    write_ir(tiny_network(), path, TARGET)
    beside = tmp_path / "net.arrays.zip"
    beside.write_bytes(beside.read_bytes()[:-30])
    refused(path, r"net\.arrays\.zip: not readable arrays: ")
    beside.unlink()
    refused(path, r"synapses\.weights must be the name of a stored array, not 'int8\[3,36\]#")
    path.write_bytes(b"\xff\xfe")
    refused(path, "not UTF-8 text$")


@pytest.mark.parametrize("number", range(4))
def test_random_damage_is_refused_in_one_line_or_harmless(tmp_path: Path, number: int) -> None:
    """Lines dropped, repeated and exchanged, and numbers changed."""
    ir = levels(compile_network(tiny_network(), TARGET))[number]
    lines = print_ir(ir, TARGET, inline=None).splitlines(keepends=True)
    choices, path, refusals = random.Random(number), tmp_path / "ir.txt", 0
    for _ in range(40):
        damaged = lines.copy()
        first, second = (choices.randrange(len(lines)) for _ in range(2))
        kind = choices.randrange(4)
        if kind == 0:
            del damaged[first]
        elif kind == 1:
            damaged.insert(second, damaged[first])
        elif kind == 2:
            damaged[first], damaged[second] = damaged[second], damaged[first]
        else:
            wrong = choices.choice(("0", "-1", "255", "4611686018427387904", "null", "[]", "x"))
            damaged[first] = damaged[first].split(":")[0] + f": {wrong}\n"
        path.write_text("".join(damaged))
        try:
            read = read_ir(path)
        except FileError as error:
            assert "\n" not in str(error)
            refusals += 1
        else:
            assert parse_ir(print_ir(read.ir, read.target, inline=None), {}).ir is not None
    assert refusals >= 20


def test_a_target_travels_with_its_text() -> None:
    network = tiny_network()
    parsed = parse_ir(print_ir(network, TARGET, inline=None), {})
    assert isinstance(parsed.target, Target)
    assert_equal(compile_network(network, parsed.target).image, compile_network(network, TARGET).image)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("at: {x: 1, y: 0", "at: {x: 0, y: 0", r"two tiles have one place$"),
        ("at: {x: 1, y: 0", "at: {x: 2, y: 0", r"place \(2,0\) lies outside the mesh$"),
        ("at: {x: 1, y: 0, host: false, context: 0}", "at: null", r"2 of 3 tiles have a place$"),
        ("- [0, 6]", "- [0, 5]", r"hidden: slices \[\(0, 5\)\] of 6 from 'input'$"),
        ("- [0, 6]", "- [1, 6]", r"hidden: slices \[\(1, 6\)\]$"),
        ("first_channel: 4", "first_channel: 3", r"hidden: neurons are held 0 to 2 times$"),
        ("owner: 1", "owner: 0", r"hidden: malformed tile "),
        (
            "layer: hidden\n      layer_shape: [5",
            "layer: hidden\n      layer_shape: [6",
            r"no layer of shape",
        ),
    ],
)
def test_a_tiling_that_no_pass_makes(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (Path(__file__).parent / "passes" / "two-layers" / "6-place.txt").read_text()
    assert old in text
    path = tmp_path / "tiling.txt"
    path.write_text(text.replace(old, new, 1))
    refused(path, message)
