"""cocotb benches of snnc_fifo."""

import os

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import Sink, Source, seeded, start, until

DEPTH = int(os.environ["BENCH_Depth"])
WIDTH = int(os.environ["BENCH_Width"])


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.6], pause=[0.0, 0.6])
async def keeps_order_and_items(dut, idle: float, pause: float) -> None:
    rng = seeded()
    await start(dut, valid_i=0, ready_i=0, data_i=0)
    source = Source(dut.clk_i, dut.valid_i, dut.ready_o, dut.data_i, rng, idle)
    sink = Sink(dut.clk_i, dut.valid_o, dut.ready_i, dut.data_o, rng, pause)
    items = [rng.getrandbits(WIDTH) for _ in range(300 + 2 * DEPTH)]
    source.queue += items
    await until(dut.clk_i, lambda: len(sink.received) == len(items))
    assert sink.received == items
    if not idle and not pause:
        assert sink.cycles[-1] - sink.cycles[0] == len(items) - 1, "one item per cycle"


@cocotb.test()
async def fills_and_accepts_one_cycle_after_a_pop(dut) -> None:
    await start(dut, valid_i=1, ready_i=0, data_i=1)
    accepted = 0
    for _ in range(DEPTH + 3):
        await ReadOnly()
        accepted += int(dut.ready_o.value)
        await RisingEdge(dut.clk_i)
    assert accepted == DEPTH
    dut.ready_i.value = 1
    await ReadOnly()
    assert not int(dut.ready_o.value), "full: no push in the cycle of the pop"
    await RisingEdge(dut.clk_i)
    dut.ready_i.value = 0
    await ReadOnly()
    assert int(dut.ready_o.value)


@cocotb.test()
async def shows_an_item_in_the_cycle_after_its_push(dut) -> None:
    await start(dut, valid_i=0, ready_i=1, data_i=0)
    await RisingEdge(dut.clk_i)
    dut.valid_i.value = 1
    dut.data_i.value = 5
    await ReadOnly()
    assert not int(dut.valid_o.value)
    await RisingEdge(dut.clk_i)
    dut.valid_i.value = 0
    await ReadOnly()
    assert int(dut.valid_o.value) and int(dut.data_o.value) == 5
    await RisingEdge(dut.clk_i)
    await ReadOnly()
    assert not int(dut.valid_o.value)
