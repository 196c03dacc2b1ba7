"""Data sets: the embedded digits, IDX and `.npz` files, and one clear line for every broken file."""

import gzip
import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.base.errors import FileError, UsageError
from snnc.training.data.datasets import check_payload, load_samples


def test_digits_are_embedded() -> None:
    train, test = load_samples("digits", "train"), load_samples("digits")
    assert (train.x.shape, test.x.shape) == ((1437, 64), (360, 64))
    assert train.x.dtype == np.uint8 and train.y.dtype == np.int64
    assert int(train.x.max()) == 16 and set(test.y) == set(range(10))
    assert test.features == 64 and test.shape == (1, 8, 8) and not test.spike_trains
    assert len(load_samples("digits", limit=7)) == 7


def test_loading_data_imports_neither_torch_nor_sklearn() -> None:
    code = (
        "import sys, snnc.training.fitting.recipes\n"
        "from snnc.training.data.datasets import load_samples\n"
        "load_samples('digits')\n"
        "assert not {'torch', 'sklearn', 'brevitas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("source", "arguments", "message"),
    [
        ("didgits", {}, "unknown data set 'didgits'; known: digits, mnist, fashion-mnist"),
        ("digits", {"split": "validation"}, "unknown split"),
        ("digits", {"limit": 0}, "at least 1"),
        ("digits", {"events": True}, "takes spike trains"),
    ],
)
def test_wrong_arguments(source: str, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_samples(source, **arguments)  # type: ignore[arg-type]


def test_payload_limit() -> None:
    samples = load_samples("digits")
    check_payload(samples, 16)
    with pytest.raises(FileError, match=r"reach 16, but the network's input takes 0\.\.15"):
        check_payload(samples, 15)


def _idx(shape: tuple[int, ...], content: bytes, magic: int | None = None) -> bytes:
    first = magic if magic is not None else 0x0800 | len(shape)
    return gzip.compress(struct.pack(f">{1 + len(shape)}I", first, *shape) + content, mtime=0)


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """A folder with a test split of three 2x2 images."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(_idx((3, 2, 2), bytes(range(12))))
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(_idx((3,), bytes([7, 0, 9])))
    return tmp_path


def test_idx(mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = load_samples("mnist", limit=2, data_dir=mnist)
    assert samples.x.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]] and samples.y.tolist() == [7, 0]
    assert samples.shape == (1, 2, 2)
    monkeypatch.setenv("SNNC_DATA", str(mnist))
    assert len(load_samples("mnist")) == 3


def test_missing_data_set_names_the_files(mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNNC_DATA", raising=False)
    with pytest.raises(FileError, match=r"t10k-images-idx3-ubyte\.gz and t10k-labels.*FOLDER/mnist"):
        load_samples("mnist")
    with pytest.raises(FileError, match=r"train-images-idx3-ubyte\.gz and train-labels"):
        load_samples("mnist", "train", data_dir=mnist)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not gzip", "not a readable gzip file"),
        (_idx((3, 2, 2), bytes(12))[:-9], "not a readable gzip file"),
        (gzip.compress(b"\0\0\x08"), "ends inside its 16 byte header"),
        (_idx((3, 2, 2), bytes(12), magic=0x0D03), "magic number 0x00000d03, expected 0x00000803"),
        (_idx((3, 2, 2), bytes(11)), "must hold 12 bytes of data, found 11"),
        (_idx((3, 2, 2), bytes(13)), "must hold 12 bytes of data, found more"),
        (_idx((2**32 - 1, 2**32 - 1, 2**32 - 1), bytes(12)), "outside 1.."),
        (_idx((0, 2, 2), b""), "outside 1.."),
        (_idx((2, 2, 2), bytes(8)), "y must be 2 integers"),
    ],
    ids=[
        "not_gzip",
        "cut_short",
        "no_header",
        "wrong_magic",
        "too_little_data",
        "too_much_data",
        "huge_sizes",
        "no_images",
        "wrong_labels",
    ],
)
def test_broken_idx(mnist: Path, content: bytes, message: str) -> None:
    (mnist / "mnist" / "t10k-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(FileError, match=message) as caught:
        load_samples("mnist", data_dir=mnist)
    assert "\n" not in str(caught.value)


def _npz(path: Path, **arrays: Any) -> str:
    np.savez(path / "data.npz", **arrays)
    return str(path / "data.npz")


LABELS = np.array([1, 0])


def test_npz_pixels(tmp_path: Path) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2)
    samples = load_samples(_npz(tmp_path, x=pixels, y=LABELS))
    assert samples.x.tolist() == pixels.reshape(2, 12).tolist() and samples.shape == (3, 2, 2)
    floats = np.array([[0.0, 0.5, 1.0], [0.1, 0.2, 0.003]], np.float32)
    assert load_samples(_npz(tmp_path, x=floats, y=LABELS)).x.tolist() == [[0, 128, 255], [26, 51, 1]]


def test_labels_may_be_arrays(tmp_path: Path) -> None:
    x = np.zeros((2, 3), np.uint8)
    pixels = load_samples(_npz(tmp_path, x=x, y=np.array([[[0, -1]], [[3, 1]]], np.int8)))
    assert pixels.y.tolist() == [[[0, -1]], [[3, 1]]] and pixels.y.dtype == np.int64
    numbers = load_samples(_npz(tmp_path, x=x, y=np.array([0.5, -2], np.float32)), limit=1)
    assert numbers.y.tolist() == [0.5] and numbers.y.dtype == np.float64
    for samples in (pixels, numbers):
        with pytest.raises(FileError, match=r"labels are .*, here each must be one class"):
            _ = samples.classes
    assert load_samples(_npz(tmp_path, x=x, y=LABELS)).classes.tolist() == LABELS.tolist()


def test_npz_splits(tmp_path: Path) -> None:
    x = np.zeros((2, 3), np.uint8)
    source = _npz(tmp_path, x_train=x + 1, y_train=LABELS, x_test=x, y_test=LABELS)
    assert load_samples(source, "train").x.all() and not load_samples(source, "test").x.any()
    with pytest.raises(FileError, match="expected arrays x_train and y_train"):
        load_samples(_npz(tmp_path, x=x, y=LABELS), "train")
    with pytest.raises(FileError, match="expected arrays x and y"):
        load_samples(_npz(tmp_path, x=x))


def test_npz_spike_trains(tmp_path: Path) -> None:
    trains = np.ones((2, 4, 3, 2), np.bool_)
    source = _npz(tmp_path, x=trains, y=LABELS)
    samples = load_samples(source, events=True)
    assert samples.x.shape == (2, 4, 6) and samples.x.dtype == np.uint8 and samples.spike_trains
    assert samples.shape == (6, 1, 1)
    with pytest.raises(FileError, match="uint8, or float in"):
        load_samples(source)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((2, 3), np.int32), LABELS, "x must be uint8, or float"),
        (np.full((2, 3), 1.5), LABELS, r"lie in \[0, 1\]"),
        (np.full((2, 3), np.nan), LABELS, r"lie in \[0, 1\]"),
        (np.zeros(2, np.uint8), LABELS, "non-empty samples"),
        (np.zeros((0, 3), np.uint8), LABELS[:0], "non-empty samples"),
        (np.zeros((3, 3), np.uint8), LABELS, "y must be 3 integers"),
        (np.zeros((2, 3), np.uint8), LABELS * 1j, "y must be 2 integers, or arrays of 2, not complex128"),
        (np.zeros((2, 3), np.uint8), np.full((2, 4), np.nan), "y holds NaN or infinite numbers"),
        (np.zeros((2, 3), np.uint8), np.full((2, 4), -2), r"y must lie in -1\.\."),
        (np.zeros((2, 3), np.uint8), LABELS - 1, "y must lie in 0"),
        (np.array([[{}]], object), LABELS[:1], "Python objects"),
    ],
)
def test_wrong_npz_content(tmp_path: Path, x: np.ndarray, y: np.ndarray, message: str) -> None:
    with pytest.raises(FileError, match=message):
        load_samples(_npz(tmp_path, x=x, y=y))


def _announced(shape: tuple[int, ...], content: bytes) -> bytes:
    """An `.npy` whose header announces `shape` of uint8."""
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + content


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (_announced((1 << 20, 1 << 30), b"abc"), "states 1125899906842624 bytes of data, found 3"),
        (_announced((-1, 3), b"abc"), "states -3 bytes"),
        (b"\x93NUMPY\x01\x00\x05\x00{'a':", "not a readable .npz"),
        (b"\x93NUMPY\x09\x00", "not a readable .npz"),
        (b"", "not a readable .npz"),
    ],
)
def test_hostile_npz_member(tmp_path: Path, member: bytes, message: str) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", member)
        archive.writestr("y.npy", _announced((1,), b"a"))
    with pytest.raises(FileError, match=message):
        load_samples(str(path))


def test_cut_or_missing_npz(tmp_path: Path) -> None:
    path = Path(_npz(tmp_path, x=np.zeros((2, 3), np.uint8), y=LABELS))
    content = path.read_bytes()
    for length in range(0, len(content), 37):
        path.write_bytes(content[:length])
        with pytest.raises(FileError, match="not a readable"):
            load_samples(str(path))
    with pytest.raises(FileError, match="no such file"):
        load_samples(str(tmp_path / "absent.npz"))
