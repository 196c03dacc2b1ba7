"""`python -m snnc.rtl.fpga.area`: area and placed clock of a core with router and port, by configuration.

Every configuration is synthesised once and placed with each seed; docs/area.md keeps what it printed.
"""

import argparse
import statistics
import sys
from dataclasses import replace
from pathlib import Path

from snnc.base.errors import SnncError
from snnc.rtl.fpga.openflow import DEVICES, Placement, place, synthesise
from snnc.rtl.parameters import RtlParameters
from snnc.rtl.sources import TILE, sources

DENSE = RtlParameters(
    mesh_width=1,
    mesh_height=1,
    lanes=8,
    weight_bits=4,
    state_bits=16,
    weight_words=8192,
    state_words=512,
    parameter_words=128,
    axon_rows=16,
    axon_columns=16,
    destinations=16,
    sources=16,
    router_fifo_depth=2,
    decay_multiplier=1,
)
"""Leaky integrate-and-fire neurons without synaptic current: 4,096 neurons, 65,536 weights of 4 bits."""

CONFIGURATIONS = {
    "dense": DENSE,
    "dense-16": replace(DENSE, lanes=16, weight_words=4096, state_words=256),
    "shift": replace(DENSE, decay_multiplier=0),
    "full": replace(DENSE, cuba=1, bitmap_slots=4),
    "reset-amount": replace(DENSE, reset_amount=1),
    "channel-leak": replace(DENSE, channel_leak=1),
    "lower-clamp": replace(DENSE, lower_clamp=1),
    "fraction": replace(DENSE, fraction_bits=7),
    "all": replace(
        DENSE, cuba=1, bitmap_slots=4, reset_amount=1, channel_leak=1, lower_clamp=1, fraction_bits=7
    ),
}
"""dense: as above, 8 and 16 lanes; shift: its lanes without multipliers; full: with currents and delays; then
what else neurons may have, one by one; all: every feature of a core."""

TILES = {
    "dense-tile": CONFIGURATIONS["dense"],
    "dense-16-tile": CONFIGURATIONS["dense-16"],
    "full-tile": CONFIGURATIONS["full"],
}
"""The same cores beside a router with all five ports in use; above, all but two of them fold away."""

HEADER = """\
| configuration | LUT4 | per lane | logic per lane | FF | block RAM | DSP | MHz per seed | median | path |
|---|--:|--:|--:|--:|--:|--:|---|--:|---|"""


def row(name: str, logic: int, placements: list[Placement], lanes: int) -> str:
    """One line of the table in docs/area.md; `logic` counts LUTs without carry chains and distributed RAM."""
    speeds = [placement.fmax_mhz for placement in placements]
    median = statistics.median(speeds)
    typical = min(placements, key=lambda placement: abs(placement.fmax_mhz - median))
    cells = [
        f"`{name}`",
        f"{typical.luts:,}",
        f"{typical.luts / lanes:.0f}",
        f"{logic / lanes:.0f}",
        f"{typical.flip_flops:,}",
        str(typical.block_rams),
        str(typical.multipliers),
        " ".join(f"{speed:.1f}" for speed in speeds),
        f"**{median:.1f}**",
        typical.critical_path_in_words(),
    ]
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    """Measure the configurations named; returns the exit code."""
    known = CONFIGURATIONS | TILES
    parser = argparse.ArgumentParser(
        prog="python -m snnc.rtl.fpga.area", description="Area and clock of a core."
    )
    parser.add_argument("names", nargs="*", metavar="CONFIGURATION", help=f"of {', '.join(known)}")
    parser.add_argument("--seeds", type=int, default=5, help="placements of each (default 5)")
    parser.add_argument("--work", type=Path, default=Path("build/area"), help="folder for netlists and logs")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        print(f"no configuration is called {unknown[0]!r}", file=sys.stderr)
        return 2
    device = DEVICES["ecp5-25k"]
    print(HEADER)
    try:
        for name in options.names or CONFIGURATIONS:
            parameters = known[name]
            top = "snnc_tile" if name in TILES else "snnc_top"
            files = [*sources(), TILE]
            netlist = synthesise(files, top, parameters.verilog(), device, options.work / name)
            placements = []
            for seed in range(1, options.seeds + 1):
                placements.append(place(netlist.path, device, seed))
                print(f"{name}, seed {seed}: {placements[-1].fmax_mhz:.1f} MHz", file=sys.stderr)
            print(row(name, netlist.cells["LUT4"], placements, parameters.lanes), flush=True)
    except SnncError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
