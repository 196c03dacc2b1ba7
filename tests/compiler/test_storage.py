"""Files from outside are hostile: every damaged or malicious program.snnc is refused with one line."""

import io
import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import neurons, target

from snnc.base.errors import FileError
from snnc.compiler.formats.storage import Build, _content_hash
from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Readout
from snnc.compiler.pipeline import compile_network

Members = dict[str, bytes]


@pytest.fixture(name="build")
def build_directory(tmp_path: Path) -> Path:
    count = 6
    population = neurons(count)
    weights = np.arange(count * 8, dtype=np.int8).reshape(count, 8) % 7
    layer = Layer("a", (count, 1, 1), population, (Edge("input", Linear(weights, 4)),))
    network = Network("net", 2, Input("input", (8, 1, 1)), (layer,), Readout("a", "spike_count"))
    compiled = compile_network(network, target())
    Build(compiled.network, compiled.tiled).save(tmp_path)
    return tmp_path


def rewrite(build: Path, change: Callable[[Members], None]) -> None:
    """Replace members of the archive."""
    path = build / "program.snnc"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    path.write_bytes(stream.getvalue())


def edit(build: Path, change: Callable[[dict[str, Any]], None], rehash: bool = True) -> None:
    """Change the document inside program.json, and its hash with it."""

    def apply(members: Members) -> None:
        document = json.loads(members["program.json"])
        change(document)
        if rehash and "content" in document:
            document["hash"] = _content_hash(document["content"])
        members["program.json"] = json.dumps(document).encode()

    rewrite(build, apply)


def refused(build: Path, message: str) -> None:
    with pytest.raises(FileError, match=message) as error:
        Build.load(build)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("length", [0, 10, 100, 1000])
def test_a_cut_file(build: Path, length: int) -> None:
    path = build / "program.snnc"
    path.write_bytes(path.read_bytes()[:length])
    refused(build, "not a readable program: ")


def test_a_flipped_bit_anywhere(build: Path) -> None:
    path = build / "program.snnc"
    data = path.read_bytes()
    expected = Build.load(build).model_hash
    for position in range(0, len(data), 97):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        try:
            assert Build.load(build).model_hash == expected
        except FileError:
            continue


def test_no_build_directory(tmp_path: Path) -> None:
    refused(tmp_path, r"no program\.snnc here: not a build directory$")


def test_a_changed_field_without_its_hash(build: Path) -> None:
    edit(build, lambda document: document["content"]["network"].update(steps=3), rehash=False)
    refused(build, "content hash does not match: the file was changed or damaged$")


def target_of(document: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = document["content"]["tiled"]["target"]
    return described


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schema=9), "schema must be 1, not 9$"),
        (
            lambda d: d["content"]["network"].update(steps="3"),
            r"Network\.steps must be an integer of .*, not '3'$",
        ),
        (
            lambda d: d["content"]["network"].update(steps=1 << 40),
            r"steps must be 1\.\.65536, not 1099511627776$",
        ),
        (
            lambda d: (
                [d["content"][level].update(steps=1 << 16) for level in ("network", "tiled")]
                + [d["content"][level]["input"].update(shape=[1, 64, 64]) for level in ("network", "tiled")]
            ),
            r"4096 inputs in 65536 steps are 268435456 values, the limit is 67108864$",
        ),
        (lambda d: d["content"]["network"].update(extra=1), "Network: unknown fields: extra$"),
        (lambda d: d["content"]["network"].pop("input"), "Network: fields are missing: input$"),
        (lambda d: d["content"]["network"].update(layers=3), r"Network\.layers must be a list, not 3$"),
        (
            lambda d: d["content"]["network"]["input"].update(encoding="x"),
            "must be one of direct, held, rate, latency, events",
        ),
        (lambda d: d["content"]["tiled"]["cores"][0]["at"].update(x=99), r"lies outside the 4 x 4 mesh$"),
        (
            lambda d: d["content"]["tiled"]["target"].update(lanes=0),
            r"lanes must be an integer in 2\.\.64, not 0$",
        ),
        (lambda d: d.pop("content"), "malformed program"),
        (lambda d: d.update(schema="x" * 1_000_000), r"schema must be 1, not 'x+\.\.\.x+'$"),
        (lambda d: d["content"]["network"].update(name="a\x1b[31m\n"), r"text of one line .*, not 'a\\x1b"),
        (
            lambda d: d["content"]["network"]["provenance"].update(recipe="a\nb"),
            r"text of one line .*, not 'a\\nb'$",
        ),
        (lambda d: target_of(d).update(clock_mhz=0), r"clock_mhz must be a number in 0\.001"),
        (lambda d: target_of(d).update(clock_mhz=-1.0), r"clock_mhz must be a number in 0\.001"),
        (
            lambda d: target_of(d).update(clock_mhz=math.nan),
            r"target\.clock_mhz must be a number in .*, not nan$",
        ),
        (
            lambda d: target_of(d).update(static_mw=math.inf),
            r"target\.static_mw must be a number in .*, not inf$",
        ),
        (lambda d: target_of(d).update(energy_table="./pipe.yaml"), "must be the name of a table, not "),
        (
            lambda d: target_of(d).update(description="a\tb"),
            "description must be text of one line and at most 1000 ",
        ),
    ],
)
def test_a_wrong_field(build: Path, change: Callable[[dict[str, Any]], None], message: str) -> None:
    edit(build, change)
    refused(build, message)


def test_an_array_of_another_content(build: Path) -> None:
    def swap(members: Members) -> None:
        name = next(name for name in members if name.startswith("int8"))
        members[name] = bytes(len(members[name]))

    rewrite(build, swap)
    refused(build, "does not have the content its name states$")


def test_an_array_that_unpacks_to_more_than_it_states(build: Path) -> None:
    def bomb(members: Members) -> None:
        members["int8[1,8]#0123456789abcdef"] = bytes(1 << 20)

    rewrite(build, bomb)
    refused(build, r"is larger than 8 bytes$")


def test_an_array_too_large_to_allocate(build: Path) -> None:
    rewrite(build, lambda members: members.update({"int64[999999999,999999999]#0123456789abcdef": b""}))
    refused(build, "arrays exceed 67108864 bytes$")


def test_a_member_with_a_path(build: Path) -> None:
    rewrite(build, lambda members: members.update({"../../evil": b"x"}))
    refused(build, r"unexpected member '\.\./\.\./evil'$")
