"""cocotb benches of snnc_config: CONFIG flits become memory writes."""

import os

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import cycles, seeded, start

WEIGHT = int(os.environ["BENCH_WeightWordBits"])
STATE = int(os.environ["BENCH_StateWordBits"])
DECAYS = int(os.environ["BENCH_DecayWordBits"])
WIDTHS = {0: 32, 1: WEIGHT, 2: STATE, 3: STATE, 4: STATE, 5: 96, 6: 9, 7: STATE, 8: 64, 9: 64, 10: STATE}
WIDTHS |= {11: DECAYS, 12: DECAYS} if DECAYS else {}


@cocotb.test()
@cocotb.parametrize(idle=[0.0, 0.5])
async def writes_each_word_once_to_its_memory(dut, idle: float) -> None:
    rng = seeded()
    await start(dut, allowed_i=1, address_valid_i=0, data_valid_i=0, data_i=0)
    flits, want = [], []
    for _ in range(40):
        memory = rng.choice(list(WIDTHS))
        address = rng.randrange(1 << 16)
        flits.append((1, memory << 28 | address))
        for offset in range(rng.randrange(1, 4)):
            word = rng.getrandbits(WIDTHS[memory])
            for chunk in range(-(-WIDTHS[memory] // 32)):
                flits.append((0, word >> 32 * chunk & 0xFFFF_FFFF))
            want.append((memory, address + offset, word))
        if rng.random() < 0.3:
            # A word cut short is dropped by the next address.
            flits += [(1, 3 << 28 | 7)] + [(0, 1)] * (-(-STATE // 32) - 1)
    # Nothing of a word that was cut short is left.
    flits.append((1, 0))
    got = []

    async def watch() -> None:
        while True:
            await ReadOnly()
            if int(dut.write_o.value):
                memory = int(dut.write_o.value).bit_length() - 1
                assert int(dut.write_o.value) == 1 << memory
                text = str(dut.write_data_o.value)[-WIDTHS[memory] :]
                got.append((memory, int(dut.write_address_o.value), int(text, 2)))
            await RisingEdge(dut.clk_i)

    cocotb.start_soon(watch())
    for is_address, data in flits:
        dut.address_valid_i.value = 0
        dut.data_valid_i.value = 0
        while rng.random() < idle:
            await RisingEdge(dut.clk_i)
        dut.address_valid_i.value = is_address
        dut.data_valid_i.value = 1 - is_address
        dut.data_i.value = data
        await RisingEdge(dut.clk_i)
    dut.address_valid_i.value = 0
    dut.data_valid_i.value = 0
    await cycles(dut.clk_i, 4)
    assert int(dut.write_data_o.value) == 0
    assert got == want
