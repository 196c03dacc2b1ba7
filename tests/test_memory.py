"""Small files that claim or unpack to much: what reading one takes in memory and time stays within bounds."""

import gzip
import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from builders import layer, network, target

from snnc.commands import trace_file
from snnc.commands.trace_file import write_trace
from snnc.compiler.formats.storage import Build, _content_hash
from snnc.compiler.pipeline import compile_network

pytestmark = pytest.mark.slow

GROWTH_BYTES = 200 << 20
"""Over what the imports take."""
SECONDS = 60

READ = """
import resource, sys
from pathlib import Path
from snnc.compiler.formats.storage import Build
from snnc.base.errors import FileError
from snnc.training.data.datasets import load_samples
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
before = peak()
kind, path = sys.argv[1:]
try:
    if kind == "program":
        Build.load(Path(path))
    elif kind == "idx":
        load_samples("mnist", data_dir=Path(path))
    else:
        load_samples(path + "/data.npz", events=kind == "events")
    print("read")
except FileError as error:
    print(str(error).replace("\\n", "|"))
print(peak() - before)
"""


def npz(folder: Path, x: np.ndarray, labels: int) -> None:
    np.savez_compressed(folder / "data.npz", x=x, y=np.zeros(labels, np.int8))


def idx(folder: Path, images: int, side: int, labels: int) -> None:
    (folder / "mnist").mkdir()
    for name, shape in (("images-idx3", (images, side, side)), ("labels-idx1", (labels,))):
        header = struct.pack(f">{1 + len(shape)}I", 0x0800 | len(shape), *shape)
        with gzip.open(folder / "mnist" / f"t10k-{name}-ubyte.gz", "wb", 9) as stream:
            stream.write(header)
            for _ in range(int(np.prod(shape)) >> 20):
                stream.write(bytes(1 << 20))


def program(folder: Path, document: bytes) -> None:
    with zipfile.ZipFile(folder / "program.snnc", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("program.json", document)


def program_array(folder: Path) -> None:
    with zipfile.ZipFile(folder / "program.snnc", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("program.json", json.dumps({"schema": 1, "content": {}, "hash": _content_hash({})}))
        with archive.open("int8[268435456]#0123456789abcdef", "w") as stream:
            for _ in range(1 << 8):
                stream.write(bytes(1 << 20))


CASES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "npz of 256 megabytes": (
        "graded",
        lambda folder: npz(folder, np.zeros((1 << 18, 1 << 10), np.uint8), 1 << 18),
        "array x has 268435584 bytes, the limit for a file of this size is 67108864",
    ),
    "npz of halves": (
        "graded",
        lambda folder: npz(folder, np.zeros((1 << 13, 4000), np.float16), 1 << 13),
        "read",
    ),
    "npz of bits": (
        "events",
        lambda folder: npz(folder, np.zeros((1 << 12, 4, 4000), np.bool_), 1 << 12),
        "read",
    ),
    "npz of many samples": (
        "graded",
        lambda folder: npz(folder, np.zeros((60 << 20, 1), np.uint8), 60 << 20),
        "x has 62914560 samples, the limit is 4194304",
    ),
    "idx of 256 megabytes": ("idx", lambda folder: idx(folder, 1 << 12, 256, 1 << 12), "is outside 1.."),
    "idx of many labels": ("idx", lambda folder: idx(folder, 1 << 10, 32, 1 << 26), "is outside 1.."),
    "program of tables": (
        "program",
        lambda folder: program(folder, b'{"schema":1,"content":[' + b"{}," * (21 << 20) + b"{}]}"),
        "member 'program.json' is larger than 16777216 bytes",
    ),
    "program of lists": (
        "program",
        lambda folder: program(folder, b'{"schema":1,"content":[' + b"[]," * (5 << 20) + b"[]]}"),
        "program.json has 10485764 items, the limit is 1048576",
    ),
    "program of a text": (
        "program",
        lambda folder: program(folder, b'{"schema":"' + b"x" * (15 << 20) + b'"}'),
        "schema must be 1, not 'xxx",
    ),
    "program of a table": ("program", program_array, "arrays exceed 67108864 bytes"),
}


@pytest.mark.parametrize("case", CASES)
def test_reading_takes_memory_in_proportion(case: str, tmp_path: Path) -> None:
    kind, write, message = CASES[case]
    write(tmp_path)
    result = subprocess.run(
        [sys.executable, "-c", READ, kind, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    said, growth = result.stdout.splitlines()
    assert message in said and len(said) < 500
    assert int(growth) < GROWTH_BYTES


def test_a_trace_holds_a_few_samples_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All samples at once are 16 MiB of membranes, a batch is one, and what surrounds it a few times that."""
    model = network(layer("wide", "input", 8, 512))
    program = Build(model, compile_network(model, target(neurons=1024, parameter_words=256)).tiled)
    monkeypatch.setattr(trace_file, "BATCH_BYTES", 1 << 20)
    write_trace(program, np.ones((2, 8), np.uint8), tmp_path / "warm.npz")
    tracemalloc.start()
    try:
        write_trace(program, np.ones((1024, 8), np.uint8), tmp_path / "trace.npz")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with np.load(tmp_path / "trace.npz") as trace:
        assert trace["wide.membranes"].shape == (1024, 4, 512)
    assert peak < 8 << 20
