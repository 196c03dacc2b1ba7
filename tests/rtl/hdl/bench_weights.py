"""cocotb bench of snnc_weights."""

import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from rtl_bench import PERIOD, seeded

DEPTH = int(os.environ["BENCH_Depth"])
WIDTH = int(os.environ["BENCH_Width"])


@cocotb.test()
async def reads_what_was_written_a_cycle_later_and_keeps_it(dut) -> None:
    """Writes and reads in any order, never both, and cycles with neither, in which the word stays."""
    rng = seeded()
    dut.write_i.value = dut.read_i.value = 0
    Clock(dut.clk_i, PERIOD, unit="step").start()
    words = {}
    for address in range(DEPTH):
        words[address] = rng.getrandbits(WIDTH)
        await access(dut, write_i=1, write_address_i=address, write_data_i=words[address], read_address_i=0)
    shown = None
    for _ in range(20 * DEPTH):
        address, other = rng.randrange(DEPTH), rng.randrange(DEPTH)
        action = rng.choice(("read", "write", "neither"))
        if action == "write":
            words[address] = rng.getrandbits(WIDTH)
        # An address is on the port that is not used, too.
        await access(
            dut,
            write_i=int(action == "write"),
            write_address_i=address if action == "write" else other,
            write_data_i=words[address],
            read_i=int(action == "read"),
            read_address_i=address if action == "read" else other,
        )
        if action == "read":
            shown = words[address]
        if shown is not None:
            assert int(dut.read_data_o.value) == shown


async def access(dut, **inputs: int) -> None:
    """One cycle with these inputs; behind it the output has settled."""
    for name, value in inputs.items():
        getattr(dut, name).value = value
    await RisingEdge(dut.clk_i)
    dut.write_i.value = dut.read_i.value = 0
    await RisingEdge(dut.clk_i)
