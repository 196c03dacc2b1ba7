"""cocotb test that runs the file-driven harness: a clock, and a wait for its end."""

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge


@cocotb.test()
async def run_harness(dut):  # type: ignore[no-untyped-def]
    """Clock the harness until it says that it is done."""
    Clock(dut.clk_i, 2, unit="step").start()
    await RisingEdge(dut.done_o)
    dut._log.info("cycles %d", int(dut.cycles_o.value))
