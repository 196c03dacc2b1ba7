"""A sample that is cut off anywhere spoils nothing: on hardware for any network and for one, in one session
and in the next, without loading anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from board_programs import BRIDGE, SMALL, payloads

from snnc.base.errors import LinkError
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import FlitArray, flit
from snnc.compiler.isa.host_link import FrameKind
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.streams import encode_samples
from snnc.rtl.host.driver import Board
from snnc.rtl.host.frames import OPEN, RESTART, argument, flits_body
from snnc.rtl.host.link import Link
from snnc.rtl.host.packets import PacketCheck
from snnc.rtl.host.port import SerialPort
from snnc.rtl.host.software_board import build_board, running_board
from snnc.rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE, RtlParameters, parameters_for
from snnc.sim.engine.cycle import run_isolated

SAMPLES = 2
INPUTS = payloads(SMALL, SAMPLES)


@dataclass
class Hardware:
    """A board that runs, with the program it is for."""

    terminal: str
    program: TiledProgram
    image: Image
    parameters: RtlParameters


@pytest.fixture(scope="module", name="hardware", params=[EVERY_MEMORY, WEIGHTS_ALONE], ids=["any", "one"])
def both_kinds_of_hardware(request: pytest.FixtureRequest, rtl_cache: Path) -> Iterator[Hardware]:
    from snnc.rtl.simulation.tools import simulator_missing

    if (reason := simulator_missing("verilator")) is not None:
        pytest.skip(reason)
    program = SMALL.tiled if request.param == EVERY_MEMORY else specialise(SMALL.tiled)
    image = Encode().run(program)
    with running_board(build_board(image, rtl_cache, BRIDGE, loadable=request.param)) as name:
        yield Hardware(name, program, image, parameters_for(image, loadable=request.param))


def connect(hardware: Hardware) -> tuple[SerialPort, Board]:
    port = SerialPort(hardware.terminal, 115200)
    board = Board(Link(port, timeout=20.0))
    board.connect()
    return port, board


def check(hardware: Hardware, board: Board) -> None:
    """All samples run as the simulator has them."""
    expected = run_isolated(hardware.program, INPUTS)
    for number in range(SAMPLES):
        run = board.run(sample(hardware, number), PacketCheck(hardware.program))
        part = slice(*expected.offsets[number : number + 2])
        assert run.flits.tolist() == expected.flits[part].tolist()
        assert run.stamps.tolist() == expected.stamps[part].tolist()
        assert run.exact


def sample(hardware: Hardware, number: int) -> FlitArray:
    return encode_samples(hardware.program, INPUTS[number : number + 1])


def begin(board: Board, flits: FlitArray) -> None:
    """Let `flits` into the mesh, and care no more."""
    board.link.send(FrameKind.CONTROL, [argument(RESTART)])
    board.link.send(FrameKind.FLITS, [flits_body(flits)])
    board.link.send(FrameKind.CONTROL, [argument(OPEN)])


@pytest.mark.parametrize("share", [0.1, 0.34, 0.5, 0.7, 0.99])
def test_a_sample_cut_off_leaves_no_trace(hardware: Hardware, share: float) -> None:
    port, board = connect(hardware)
    board.load(hardware.image, hardware.parameters)
    flits = sample(hardware, 1)
    begin(board, flits[: int(share * len(flits))])
    check(hardware, board)
    begin(board, flits[: int(share * len(flits))])
    port.close()
    # The next process: a new session. Hardware for one network has nothing that it would have to load.
    port, board = connect(hardware)
    board._image = hardware.image
    check(hardware, board)
    port.close()


def test_a_reset_in_the_middle_of_every_part_of_a_step_leaves_no_trace(hardware: Hardware) -> None:
    """The reset follows the opening of the gate at once, and falls into whatever goes on."""
    port, board = connect(hardware)
    board.load(hardware.image, hardware.parameters)
    rng = np.random.default_rng(3)
    flits = sample(hardware, 0)
    for _ in range(20):
        begin(board, flits[: rng.integers(1, len(flits) + 1)])
    check(hardware, board)
    port.close()


def test_an_error_in_a_run_leaves_no_trace(hardware: Hardware) -> None:
    port, board = connect(hardware)
    board.load(hardware.image, hardware.parameters)
    flits = sample(hardware, 0)
    outside = np.uint64(flit(FlitType.SPIKE, 0x1FFFFFF, hardware.program.cores[0].at))
    said = r"has found an error after .*\(hidden\) got a coordinate outside its tables"
    with pytest.raises(LinkError, match=said):
        board.run(np.insert(flits, 0, outside), PacketCheck(hardware.program))
    check(hardware, board)
    port.close()
