"""The boards a build can be synthesised for: which device, which pins, and how the clock is made."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from snnc.base.errors import UsageError
from snnc.rtl.sources import RTL_DIR

BAUD_HZ = 1e6
"""Speed of the UART; the serial chips of all boards reach it."""


@dataclass(frozen=True)
class Clock:
    """What a board's PLL makes of its oscillator."""

    mhz: float
    dividers: dict[str, int]
    """Parameters of the board's top level."""

    @property
    def clocks_per_bit(self) -> int:
        """Clock cycles of one bit on the line."""
        return round(self.mhz * 1e6 / BAUD_HZ)


@dataclass(frozen=True)
class Platform:
    """A board that is synthesised for: files `boards/<top>.sv` and its pin constraints."""

    top: str
    device: str
    """Name among `openflow.DEVICES`."""
    oscillator_mhz: float
    constraints: str

    @property
    def files(self) -> tuple[Path, Path]:
        """The top level and its constraints."""
        return RTL_DIR / "hdl" / "boards" / f"{self.top}.sv", RTL_DIR / "hdl" / "boards" / self.constraints

    def clock(self, wanted_mhz: float) -> Clock:
        """The fastest clock up to `wanted_mhz`; raises UsageError where the PLL makes none so slow."""
        clocks = _ecp5_clocks if self.top == "ulx3s" else _ice40_clocks
        reachable = [clock for clock in clocks(self.oscillator_mhz) if clock.mhz <= wanted_mhz * (1 + 1e-9)]
        if not reachable:
            slowest = min(clock.mhz for clock in clocks(self.oscillator_mhz))
            raise UsageError(f"the PLL of {self.top} makes {slowest:g} MHz at least, not {wanted_mhz:g}")
        return max(reachable, key=lambda clock: clock.mhz)


BOARDS = {
    "ulx3s-12f": Platform("ulx3s", "ecp5-12k", 25.0, "ulx3s.lpf"),
    "ulx3s-25f": Platform("ulx3s", "ecp5-25k", 25.0, "ulx3s.lpf"),
    "ulx3s-85f": Platform("ulx3s", "ecp5-85k", 25.0, "ulx3s.lpf"),
    "icebreaker": Platform("icebreaker", "up5k", 12.0, "icebreaker.pcf"),
}


PARTS = {
    "LFE5U-12F-6BG381C": "ecp5-12k",
    "LFE5U-25F-6BG381C": "ecp5-25k",
    "LFE5U-85F-6BG381C": "ecp5-85k",
    "ICE40UP5K-SG48I": "up5k",
}
"""Devices of `openflow` by part number, for targets without a board."""


def find_device(part: str) -> str:
    """Name among `openflow.DEVICES` of a part; raises UsageError that lists all."""
    if part not in PARTS:
        raise UsageError(f"the open tools are not set up for part {part!r}; they are for {', '.join(PARTS)}")
    return PARTS[part]


def find_board(name: str) -> Platform:
    """The board of that name; raises UsageError that lists all."""
    if name not in BOARDS:
        raise UsageError(f"no board is called {name!r}; there are {', '.join(BOARDS)}")
    return BOARDS[name]


def _ecp5_clocks(oscillator_mhz: float) -> Iterator[Clock]:
    """EHXPLLL with feedback from its output; oscillator 400 to 800 MHz, phase detector from 3.125 MHz
    (Lattice FPGA-DS-02012, PLL timing)."""
    for divider in range(1, int(oscillator_mhz / 3.125) + 1):
        for feedback in range(1, 81):
            mhz = oscillator_mhz * feedback / divider
            output = round(600 / mhz)
            if 1 <= output <= 128 and 400 <= mhz * output <= 800:
                yield Clock(mhz, {"PllInput": divider, "PllFeedback": feedback, "PllOutput": output})


def _ice40_clocks(oscillator_mhz: float) -> Iterator[Clock]:
    """SB_PLL40 in SIMPLE mode; oscillator 533 to 1066 MHz, output up to 275 MHz (Lattice FPGA-TN-02052)."""
    for feedback in range(128):
        for output in range(1, 7):
            oscillator = oscillator_mhz * (feedback + 1)
            if 533 <= oscillator <= 1066 and oscillator / 2**output <= 275:
                yield Clock(oscillator / 2**output, {"PllFeedback": feedback, "PllOutput": output})
