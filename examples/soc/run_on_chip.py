"""A RISC-V program sends digits to a network on its chip, in simulation: the classes are the simulator's."""

import re
import shutil
import struct
import subprocess
from pathlib import Path

import click
import numpy as np
from litex_chip import header, verilog
from numpy.typing import NDArray

import snnc
from snnc.base.errors import MismatchError, UsageError
from snnc.base.files import cache_directory
from snnc.commands.synthesis import hardware_build
from snnc.compiler.formats.storage import Build
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.rtl.ip_block import write_block
from snnc.rtl.simulation.model import compile_verilated
from snnc.rtl.simulation.tools import verilator_bin_dir

HERE = Path(__file__).resolve().parent
COMPILER = "riscv64-unknown-elf-"
MACHINE = ("-march=rv32i", "-mabi=ilp32", "-ffreestanding", "-nostdlib")
FLAGS = (*MACHINE, "-Os", "-std=c99", "-Wall", "-Wextra", "-Werror")
VERILATOR = (
    "--cc",
    "--exe",
    "-Wno-fatal",
    "-Wno-lint",
    "-Wno-style",
    "--top-module",
    "soc",
    "--prefix",
    "Vsoc",
)
ANSWER = re.compile(r"sample (\d+): class (\d+) in (\d+) cycles, \d+ busy$", re.MULTILINE)


def chip_answers(build: Build, x: NDArray[np.uint8], folder: Path) -> str:
    """What the program on the chip prints for the samples `x`; everything it is made of stays in `folder`."""
    if shutil.which(f"{COMPILER}gcc") is None:
        raise UsageError(f"{COMPILER}gcc is not installed", hint="apt-get install gcc-riscv64-unknown-elf")
    block, model = _emptied(folder)
    small = hardware_build(build, loadable=False)
    write_block(small, block, "digits")
    program = _firmware(small, x, block, folder)
    sources = verilog(block, program, folder)
    _tool(
        [verilator_bin_dir() / "verilator", *VERILATOR, "-Mdir", model, HERE / "bench.cpp", *sources], folder
    )
    compile_verilated(model, "Vsoc", ["OPT_FAST=-O1"], cache_directory())
    return _tool([model / "Vsoc"], folder)


def _emptied(folder: Path) -> tuple[Path, Path]:
    """Where the block and the compiled chip go; raises UsageError for a folder with something else in it."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "soc.h").is_file():
        raise UsageError("is not empty, and holds no chip", where=str(folder))
    block, model = folder / "block", folder / "model"
    for path in (block, model):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    return block, model


def _firmware(build: Build, x: NDArray[np.uint8], block: Path, folder: Path) -> list[int]:
    """The words of the program, with the samples in it."""
    node, steps = build.network.input, build.network.steps
    payloads = encode_inputs(node, steps, x).astype(np.uint8)
    same = bool((payloads == payloads[:, :1]).all())
    rows = payloads[:, :1] if same else payloads
    lines = ",\n".join("{" + ", ".join(map(str, row.ravel())) + "}" for row in rows)
    text = f"#include <stdint.h>\n#define SAMPLES {len(x)}\n#define STRIDE {0 if same else node.features}\n"
    text += f"static const uint8_t samples[SAMPLES][{rows[0].size}] = {{\n{lines}\n}};\n"
    (folder / "samples.h").write_text(text)
    (folder / "soc.h").write_text(header(block))
    files = [HERE / "firmware" / name for name in ("start.S", "main.c")]
    script, elf, image = HERE / "firmware" / "link.ld", folder / "firmware.elf", folder / "firmware.bin"
    includes = ["-I", block / "include", "-I", folder]
    _tool([f"{COMPILER}gcc", *FLAGS, *includes, "-T", script, *files, "-lgcc", "-o", elf], folder)
    _tool([f"{COMPILER}objcopy", "-O", "binary", elf, image], folder)
    content = image.read_bytes()
    content += bytes(-len(content) % 4)
    return [word for (word,) in struct.iter_unpack("<I", content)]


def _tool(command: list[str | Path], folder: Path) -> str:
    """What a tool prints; raises MismatchError where it fails."""
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MismatchError(f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def check(printed: str, build: Build, x: NDArray[np.uint8]) -> None:
    """Raise MismatchError unless the chip said what the simulator says, cycles included."""
    report = snnc.simulate(build, x)
    said = [tuple(map(int, answer)) for answer in ANSWER.findall(printed)]
    wanted = list(zip(range(len(x)), report.predictions, report.cycles or [], strict=True))
    if said != [tuple(map(int, row)) for row in wanted]:
        raise MismatchError(f"the chip said {said}, the simulator {wanted}")


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/soc"))
@click.option("--samples", type=click.IntRange(1, 100), default=4)
@click.option("--epochs", type=click.IntRange(1, 1000), default=10)
def main(output: Path, samples: int, epochs: int) -> None:
    """Train a network on digits, put it on a chip, let a program on the chip classify test digits."""
    build = snnc.compile(snnc.train("digits-mlp", epochs=epochs, hidden=32), target="fpga")
    digits = snnc.dataset("digits")
    x = digits.x[:samples]
    printed = chip_answers(build, x, output.resolve())
    click.echo(printed, nl=False)
    check(printed, build, x)
    click.echo(f"labels {digits.y[:samples].tolist()}; classes and cycles are the simulator's")


if __name__ == "__main__":
    main()
