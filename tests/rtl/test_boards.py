"""The boards: clocks that their PLLs can make and that are never too fast, and a pin for every port."""

import re

import pytest
from builders import tiny_network

from snnc.base.errors import UsageError
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import builtin_targets, load_target
from snnc.rtl.fpga.area_model import UART_BLOCK_RAMS, predict_area
from snnc.rtl.fpga.boards import BOARDS, find_board, find_device
from snnc.rtl.fpga.memories import written_memories
from snnc.rtl.fpga.openflow import DEVICES
from snnc.rtl.parameters import EVERY_MEMORY, parameters_for

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("wanted", [25.0, 48.0, 80.0, 100.0, 112.5, 120.0, 133.3])
def test_the_ecp5_clock_is_close_below_what_is_wanted(wanted: float) -> None:
    clock = BOARDS["ulx3s-85f"].clock(wanted)
    divide, multiply, output = (clock.dividers[f"Pll{name}"] for name in ("Input", "Feedback", "Output"))
    assert clock.mhz == pytest.approx(25 * multiply / divide)
    assert wanted * 0.97 <= clock.mhz <= wanted * (1 + 1e-9)
    assert 400 <= clock.mhz * output <= 800
    assert 25 / divide >= 3.125


@pytest.mark.parametrize("wanted", [12.0, 24.0, 36.0, 48.0])
def test_the_ice40_clock_is_close_below_what_is_wanted(wanted: float) -> None:
    clock = BOARDS["icebreaker"].clock(wanted)
    oscillator = 12 * (clock.dividers["PllFeedback"] + 1)
    assert clock.mhz == oscillator / 2 ** clock.dividers["PllOutput"]
    assert 533 <= oscillator <= 1066
    assert wanted * 0.95 <= clock.mhz <= wanted


def test_a_clock_that_no_pll_makes_is_refused() -> None:
    with pytest.raises(UsageError, match=r"the PLL of icebreaker makes 8\.\d+ MHz at least, not 2"):
        BOARDS["icebreaker"].clock(2.0)


def test_every_target_with_a_device_names_a_board_or_part_that_is_known() -> None:
    for target in builtin_targets().values():
        if target.device is not None:
            board = find_board(target.device.board)
            assert board.device == find_device(target.device.part)
            assert DEVICES[board.device].luts == target.device.luts
            assert DEVICES[board.device].block_rams == target.device.block_rams
            assert bool(target.device.single_port_rams) == (target.device.family == "ice40")


@pytest.mark.parametrize("name", ["ecp5-12k", "ecp5-25k", "ecp5-85k"])
def test_a_target_for_whole_networks_fits_its_part_with_every_memory_as_large_as_it_says(name: str) -> None:
    """Weights, states and spikes of any network, and the board; tables are those of one network."""
    target = load_target(name)
    assert target.contexts == 16 and target.device is not None
    image = compile_network(tiny_network(), target).image
    memories = written_memories(parameters_for(image, loadable=EVERY_MEMORY), bitmap=True)
    assert memories.block * target.width * target.height + UART_BLOCK_RAMS <= target.device.block_rams
    area = predict_area(image, EVERY_MEMORY, uart=True)
    assert area.lut <= target.device.luts
    assert area.dsp <= target.device.multipliers


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_port_of_a_board_has_a_pin(board) -> None:  # type: ignore[no-untyped-def]
    """Vectors have one pin per bit, and no pin is used twice."""
    top, constraints = (file.read_text() for file in board.files)
    pins = re.findall(r'LOCATE COMP "(\S+)" SITE "(\w+)"|set_io (\S+) (\w+)', constraints)
    named = {first or second: site or place for first, site, second, place in pins}
    ports = re.findall(
        r"^  (?:input|output)\s+(?:wire )?logic\s+(?:\[(\d+):0\] )?(\w+)", top.split(") (")[1], re.M
    )
    expected = {
        f"{name}[{bit}]" if high else name for high, name in ports for bit in range(int(high or 0) + 1)
    }
    assert set(named) == expected
    assert len(set(named.values())) == len(named)


def test_an_unknown_board_or_part_is_refused_with_what_there_is() -> None:
    with pytest.raises(UsageError, match="no board is called 'x'; there are ulx3s-12f, ulx3s-25f, ulx3s-85f"):
        find_board("x")
    with pytest.raises(UsageError, match="not set up for part 'XC7'"):
        find_device("XC7")
