"""cocotb benches of snnc_uart_rx: bytes at a slightly wrong rate, spikes, missing stop bits, breaks."""

import os

import cocotb
from cocotb.triggers import RisingEdge
from rtl_bench import cycles, seeded, start

BIT = int(os.environ["BENCH_ClocksPerBit"])


class Line:
    """Drives rx_i and notes what comes out."""

    def __init__(self, dut) -> None:
        self.dut = dut
        self.bytes: list[int] = []
        self.errors = 0
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        while True:
            await RisingEdge(self.dut.clk_i)
            if int(self.dut.valid_o.value):
                self.bytes.append(int(self.dut.data_o.value))
            self.errors += int(self.dut.error_o.value)

    async def level(self, value: int, clocks: int) -> None:
        self.dut.rx_i.value = value
        await cycles(self.dut.clk_i, clocks)

    async def send(self, byte: int, bit: int = BIT, stop: int = 1) -> None:
        for value in (0, *(byte >> i & 1 for i in range(8)), stop):
            await self.level(value, bit)


async def ready(dut) -> Line:
    await start(dut, rx_i=1)
    line = Line(dut)
    await line.level(1, 2 * BIT)
    return line


@cocotb.test()
async def bytes_arrive_back_to_back_and_with_pauses(dut) -> None:
    rng = seeded()
    line = await ready(dut)
    sent = [0x00, 0xFF, 0x7E, 0x7D, *(rng.getrandbits(8) for _ in range(40))]
    for byte in sent:
        await line.send(byte)
        await line.level(1, rng.choice([0, 0, 1, 3 * BIT]))
    await line.level(1, 2 * BIT)
    assert line.bytes == sent
    assert line.errors == 0


@cocotb.test(skip=BIT < 16)
@cocotb.parametrize(bit=[BIT - BIT // 32, BIT + BIT // 32])
async def a_rate_three_percent_off_is_understood(dut, bit: int) -> None:
    line = await ready(dut)
    sent = [0x55, 0x00, 0xFF, 0xA3]
    for byte in sent:
        await line.send(byte, bit)
    await line.level(1, 2 * BIT)
    assert line.bytes == sent
    assert line.errors == 0


@cocotb.test(skip=BIT < 16)
async def a_spike_is_no_start_bit(dut) -> None:
    line = await ready(dut)
    await line.level(0, BIT // 4)
    await line.level(1, 2 * BIT)
    await line.send(0x42)
    await line.level(1, 2 * BIT)
    assert line.bytes == [0x42]
    assert line.errors == 0


@cocotb.test()
async def a_missing_stop_bit_and_a_break_are_one_error_each(dut) -> None:
    line = await ready(dut)
    await line.send(0x5A, stop=0)
    await line.level(1, 2 * BIT)
    assert (line.bytes, line.errors) == ([], 1)
    await line.level(0, 40 * BIT)
    await line.level(1, 2 * BIT)
    assert (line.bytes, line.errors) == ([], 2)
    await line.send(0xC3)
    await line.level(1, 2 * BIT)
    assert (line.bytes, line.errors) == ([0xC3], 2)
