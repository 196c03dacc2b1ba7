"""The board iCEBreaker down to its pins: a small network whose weights come over the UART, as RTL and as the
cells of the iCE40 UP5K that Yosys makes of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_payloads, tiny_program

from snnc.base.files import write_text
from snnc.compiler.ir.image import Image
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.streams import decode_outputs
from snnc.compiler.targets import load_target
from snnc.rtl.export import BOARD_TOP, export_rtl
from snnc.rtl.fpga.boards import BOARDS
from snnc.rtl.fpga.gates import ice40_models
from snnc.rtl.fpga.openflow import DEVICES, missing_tools, synthesise
from snnc.rtl.host.driver import Board, run_samples
from snnc.rtl.host.link import Link
from snnc.rtl.host.port import DEFAULT_BAUD, SIMULATION_TIMEOUT, SerialPort
from snnc.rtl.host.software_board import build_icebreaker, running_board
from snnc.rtl.parameters import WEIGHTS_ALONE, parameters_for
from snnc.rtl.simulation.tools import simulator_missing
from snnc.sim.engine.cycle import run_isolated

CLOCKS_PER_BIT = 4
"""Fewer than on a board, so that loading takes seconds."""
PROGRAM = specialise(tiny_program(load_target("ice40-up5k")))
IMAGE: Image = Encode().run(PROGRAM)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(simulator_missing("verilator") is not None, reason="no Verilator"),
]


@pytest.fixture(name="rtl", scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files of the board's top level, and the images of its constant memories beside them."""
    directory = tmp_path_factory.mktemp("icebreaker") / "rtl"
    export_rtl(IMAGE, directory, loadable=WEIGHTS_ALONE)
    top = Path(shutil.copy(BOARDS["icebreaker"].files[0], directory))
    names = [*(directory / "files.f").read_text().split(), BOARD_TOP, top.name]
    assert not list(directory.glob("image/*weights*")), "RAM without initial content has none"
    return [directory / name for name in names]


def assert_equal_to_the_simulator(program: Path) -> None:
    """The driver finds the hardware, loads its weights, and has the simulator's outputs and cycles."""
    expected = run_isolated(PROGRAM, tiny_payloads())
    with running_board(program) as terminal:
        port = SerialPort(terminal, DEFAULT_BAUD)
        board = Board(Link(port, SIMULATION_TIMEOUT))
        board.connect()
        board.load(IMAGE, parameters_for(IMAGE, loadable=WEIGHTS_ALONE))
        results = run_samples(board, PROGRAM, tiny_payloads())
        port.close()
    np.testing.assert_array_equal(
        results.outputs, decode_outputs(PROGRAM, expected.flits, len(tiny_payloads()))
    )
    np.testing.assert_array_equal(results.cycles, expected.stamps[expected.offsets[1:] - 1] + 1)


def test_the_rtl_of_the_board_runs_a_network(rtl: list[Path], rtl_cache: Path, tmp_path: Path) -> None:
    top = rtl[-1]
    text = top.read_text().replace("ClocksPerBit = 36", f"ClocksPerBit = {CLOCKS_PER_BIT}")
    write_text(top, text)
    shutil.copytree(top.parent / "image", tmp_path / "image")
    assert_equal_to_the_simulator(build_icebreaker(rtl, CLOCKS_PER_BIT, tmp_path, rtl_cache))


@pytest.mark.skipif(bool(missing_tools(DEVICES["up5k"])), reason="the open FPGA tools are not installed")
def test_its_cells_run_the_network_and_are_few(rtl: list[Path], rtl_cache: Path, tmp_path: Path) -> None:
    """Weights in RAM of one port, FIFOs in registers; a third of the cells is left for larger networks."""
    parameters = {"ClocksPerBit": str(CLOCKS_PER_BIT)}
    netlist = synthesise(rtl, "icebreaker", parameters, DEVICES["up5k"], rtl[-1].parent)
    flip_flops = sum(count for name, count in netlist.cells.items() if name.startswith("SB_DFF"))
    assert netlist.cells["SB_SPRAM256KA"] == 1
    assert netlist.cells["SB_LUT4"] < 2600 and flip_flops < 2400
    models = tmp_path / "cells.v"
    write_text(models, ice40_models())
    files = [models, netlist.path.with_name("icebreaker.netlist.v")]
    assert_equal_to_the_simulator(build_icebreaker(files, CLOCKS_PER_BIT, tmp_path, rtl_cache))
