"""Hostile targets, energy tables, samples, settings and options, one a number, and what must come of each."""

import gzip
import io
import math
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from snnc.base.errors import FileError, SnncError, TargetError, UsageError
from snnc.base.schema import check
from snnc.base.settings import setting_names
from snnc.commands.cli import main
from snnc.compiler.targets import load_target
from snnc.sim.accounting.action_costs import action_costs
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.training.data.datasets import MAX_CLASSES, load_samples
from snnc.training.fitting.recipe import Recipe, apply_settings
from snnc.training.fitting.recipes import find_recipe

Generator = np.random.Generator
MAX_SECONDS = 5
"""Of the processor, which others may share."""
MAX_MESSAGE = 500

NUMBERS = (
    *(
        "0",
        "-0",
        "1",
        "-1",
        "2",
        "7.5",
        "1e3",
        "1.0e+3",
        "1e-320",
        "1e999",
        "-1e999",
        "1.0e+1000000",
        "nan",
        "NaN",
    ),
    *(
        "inf",
        ".inf",
        "-.inf",
        ".nan",
        "0x10",
        "0x_",
        "0b_",
        "0o7",
        "0777",
        "1_000",
        "_1",
        "1__",
        "½",
        "٣",
        "1:30:00",
    ),
    *(
        "9" * 30,
        "9" * 400,
        "9" * 5000,
        "-" + "9" * 5000,
        "1" * 40 + ".5",
        "0." + "0" * 400 + "1",
        "59:" * 40 + "1",
    ),
    *(
        "",
        " ",
        "none",
        "null",
        "true",
        "yes",
        "5uJ",
        "1e400J",
        "-5J",
        "5 uJ",
        "5µJ",
        "J",
        "5s",
        "+5",
        "1,2,3",
        ",",
    ),
)
TEXTS = (
    *(
        "a\x1b[31mb",
        "a\nb",
        "a\r\tb",
        "\u202eabc",
        "x" * 3000,
        "~",
        "/dev/zero",
        "../x.yaml",
        "a b",
        "'",
        '"',
        "%s",
    ),
    *(
        "!!int x",
        "!!python/object:os.system {}",
        "!!timestamp foo",
        "!x",
        "&a x",
        "*a",
        "2001-99-99",
        "2001-01-01",
    ),
    *(
        "[" * 40,
        "{" * 40,
        "[1, [2, [3]]]",
        "{a: 1, a: 2}",
        "{1: 2}",
        "? [a]",
        "- 1",
        "<<: 1",
        "=",
        "|",
        ">-",
        "@",
        "`",
    ),
)


@contextmanager
def bounded() -> Iterator[None]:
    """What comes of a hostile input comes soon, and what is said of it fits a line of a terminal."""
    start = time.process_time()
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        try:
            yield
        except SnncError as error:
            assert str(error).isprintable(), f"{str(error)!r} has control characters or several lines"
            assert len(str(error)) < MAX_MESSAGE, f"{len(str(error))} characters"
            raise
        finally:
            assert time.process_time() - start < MAX_SECONDS
            assert not remarks, f"a library says {remarks[0].message}"


def token(generator: Generator) -> str:
    return str(generator.choice(np.array(NUMBERS if generator.random() < 0.6 else TEXTS, object)))


def changed_yaml(generator: Generator, text: str) -> bytes:
    """A YAML text, a few changes to its lines or bytes away from a good one."""
    lines = text.splitlines()
    for _ in range(int(generator.choice([1, 1, 2, 4]))):
        place = int(generator.integers(len(lines)))
        choice = int(generator.integers(7))
        key, colon, _ = lines[place].partition(":")
        if choice <= 2 and colon:
            lines[place] = f"{key}: {token(generator)}"
        elif choice == 3:
            lines.insert(place, lines[int(generator.integers(len(lines)))])
        elif choice == 4 and len(lines) > 1:
            del lines[place]
        elif choice == 5:
            lines[place] = lines[place].replace(":", f": {token(generator)}", 1)
        else:
            lines.insert(place, token(generator) * int(generator.choice([1, 1, 50])))
    data = bytearray("\n".join(lines).encode("utf-8", "surrogatepass"))
    if generator.random() < 0.2:
        for _ in range(3):
            data[int(generator.integers(len(data)))] = int(generator.integers(256))
    return bytes(data)


def try_target(number: int, folder: Path) -> str:
    """`refused`, or `ran` for a target whose every number can be calculated with."""
    generator = np.random.default_rng(number)
    text = resources.files("snnc.compiler").joinpath("targets/fpga.yaml").read_text("utf-8")
    path = folder / "target.yaml"
    path.write_bytes(changed_yaml(generator, text))
    try:
        with bounded():
            target = load_target(str(path))
    except TargetError:
        return "refused"
    costs = action_costs(load_energy_table("cmos45"), target, target.stored_weight_bits(4))
    assert all(0 <= cost < math.inf for cost in costs.values())
    assert 0 < 1 / target.clock_mhz < math.inf
    return "ran"


def try_table(number: int, folder: Path) -> str:
    """`refused`, or `ran` for an energy table that gives finite costs."""
    generator = np.random.default_rng(number)
    text = resources.files("snnc.sim.accounting").joinpath("energy_tables/cmos45.yaml").read_text("utf-8")
    path = folder / "table.yaml"
    path.write_bytes(changed_yaml(generator, text))
    try:
        with bounded():
            table = load_energy_table(str(path))
    except TargetError:
        return "refused"
    target = load_target("mesh16-wide")
    costs = action_costs(table, target, 4)
    assert all(0 <= cost < math.inf for cost in costs.values())
    return "ran"


def _npy(generator: Generator, shape: tuple[int, ...], kind: str) -> bytes:
    """An `.npy`, often not quite one."""
    stream = io.BytesIO()
    np.save(stream, (generator.random(shape) * 3).astype(kind))
    data = bytearray(stream.getvalue())
    for _ in range(int(generator.choice([0, 0, 1, 3]))):
        data[int(generator.integers(len(data)))] = int(generator.integers(256))
    if generator.random() < 0.2:
        old, new = (str(generator.choice(shape)), str(int(generator.choice([0, 1, 1 << 31, 1 << 62]))))
        data = data.replace(f"({old},".encode(), f"({new},".encode(), 1)
    return bytes(data[: int(generator.integers(len(data)))] if generator.random() < 0.1 else data)


def write_npz(generator: Generator, path: Path) -> None:
    import zipfile

    kinds = ["u1", "u1", "u1", "u1", "?", "?", "f2", "f4", "f8", "i8", "c8", "U3", "m8[s]", ">f4", "i1", "V4"]
    count = int(generator.integers(1, 5))
    shape = (count, *(int(side) for side in generator.integers(0, 4, int(generator.integers(0, 4)))))
    method = int(
        generator.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
    )
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("x.npy", _npy(generator, shape, str(generator.choice(kinds))))
        archive.writestr("y.npy", _npy(generator, (count,), str(generator.choice(["i8", "i8", "u1", "f4"]))))
    damage(generator, path)


def write_idx(generator: Generator, folder: Path) -> None:
    sides = [int(generator.choice([1, 2, 3, 1 << 16, 1 << 31])) for _ in range(3)]
    shape = sides if generator.random() < 0.3 else [2, 3, 3]
    for name, sizes in (("images-idx3", shape), ("labels-idx1", shape[:1])):
        magic = 0x0800 | len(sizes) if generator.random() < 0.9 else int(generator.integers(1 << 31))
        length = min(math.prod(sizes), 1 << 16) + int(generator.choice([0, 0, 0, 1, -1]))
        content = struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + bytes(length)
        path = folder / "mnist" / f"t10k-{name}-ubyte.gz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(content, mtime=0))
        damage(generator, path)


def damage(generator: Generator, path: Path) -> None:
    """Sometimes change bytes of a file, or cut it."""
    data = bytearray(path.read_bytes())
    if generator.random() < 0.15:
        for _ in range(3):
            data[int(generator.integers(len(data)))] = int(generator.integers(256))
    path.write_bytes(data[: int(generator.integers(len(data)))] if generator.random() < 0.1 else data)


def try_samples(number: int, folder: Path) -> str:
    """`refused`, or `ran` for samples that are what a network takes."""
    generator = np.random.default_rng(number)
    events = bool(generator.random() < 0.3)
    try:
        if generator.random() < 0.7:
            write_npz(generator, folder / "data.npz")
            with bounded():
                samples = load_samples(str(folder / "data.npz"), events=events)
        else:
            write_idx(generator, folder)
            with bounded():
                samples = load_samples("mnist", data_dir=folder)
    except FileError:
        return "refused"
    assert samples.x.dtype == np.uint8 and len(samples) and samples.y.shape == (len(samples),)
    if samples.y.dtype == np.float64:
        assert np.isfinite(samples.y).all()
    else:
        assert samples.y.dtype == np.int64 and samples.y.min() >= 0 and samples.y.max() < MAX_CLASSES
    return "ran"


def try_setting(number: int, folder: Path) -> str:
    """`refused`, or `ran` for a recipe whose model can be described."""
    generator = np.random.default_rng(number)
    names = setting_names(Recipe)
    settings = {str(generator.choice(names)): token(generator) for _ in range(int(generator.integers(1, 3)))}
    try:
        with bounded():
            recipe = apply_settings(find_recipe("digits-mlp"), settings)
            recipe.model_config((1, 8, 8), 10)
    except UsageError:
        return "refused"
    check(recipe)
    return "ran"


OPTIONS = {
    "simulate": (
        "--samples",
        "--max-energy",
        "--max-latency",
        "--min-accuracy",
        "--split",
        "--tier",
        "--data",
    ),
    "verify": ("--samples", "--seed", "--stall"),
    "synth": ("--seed", "--clock"),
    "run": ("--baud", "--samples", "--port"),
    "compile": ("--bits", "--steps", "--print-after", "--target", "--optimise"),
    "inspect": ("--level",),
    "train": ("--seed",),
}


def try_option(number: int, folder: Path) -> str:
    """`refused`: there is no build, so that an option that is accepted ends in one line too."""
    generator = np.random.default_rng(number)
    command = str(generator.choice(list(OPTIONS)))
    arguments = [command, str(folder / "none") if generator.random() < 0.8 else token(generator)]
    for option in generator.choice(OPTIONS[command], int(generator.integers(1, 3))):
        arguments += [str(option), token(generator)]
    for option, needed in (("--data", ("simulate", "run")), ("--port", ("run",))):
        arguments += [option, "sim"] if command in needed and option not in arguments else []
    start = time.process_time()
    result = CliRunner().invoke(main, arguments)
    assert time.process_time() - start < MAX_SECONDS
    said = result.stderr.replace("\n", "")
    assert result.exit_code == 2, (arguments, result.exit_code, result.stderr[-500:])
    assert said.isprintable() and len(said) < MAX_MESSAGE + 200, (arguments, len(said))
    errors = [line for line in result.stderr.splitlines() if line.lower().startswith("error:")]
    assert len(errors) == 1, result.stderr
    return "refused"


TRIES: dict[str, Callable[[int, Path], str]] = {
    "target": try_target,
    "table": try_table,
    "samples": try_samples,
    "setting": try_setting,
    "option": try_option,
}
