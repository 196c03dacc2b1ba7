"""cocotb benches of snnc_sweep: the schedule of SWEEP and INIT."""

import os

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import seeded, start

WORDS = int(os.environ["BENCH_StateWords"])
PARAMETERS = int(os.environ["BENCH_ParameterWords"])


@cocotb.test()
@cocotb.parametrize(words=[1, 2, WORDS])
async def follows_the_schedule(dut, words: int) -> None:
    rng = seeded()
    await start(dut, words_i=words, pixel_words_i=1, sweep_i=0, init_i=0)
    for init in [rng.random() < 0.5 for _ in range(20)] + [False, True]:
        divisors = [n for n in range(1, min(words, PARAMETERS) + 1) if words % n == 0]
        pixel_words = rng.choice(divisors)
        dut.pixel_words_i.value = pixel_words
        dut.sweep_i.value = int(not init)
        dut.init_i.value = int(init)
        latency, length = (2, words + 2) if init else (5, words + 6)
        for cycle in range(length):
            await ReadOnly()
            assert int(dut.last_cycle_o.value) == (cycle == length - 1)
            assert int(dut.read_o.value) == (not init and cycle < words)
            if not init and cycle < words:
                assert int(dut.read_word_o.value) == cycle
                assert int(dut.parameter_word_o.value) == cycle % pixel_words
            assert int(dut.add_bias_o.value) == (not init and 1 <= cycle <= words)
            at = cycle if init else cycle - 1
            assert int(dut.threshold_read_o.value) == (0 <= at < words)
            if 0 <= at < words:
                address = at % pixel_words + (PARAMETERS if init else 0)
                assert int(dut.threshold_address_o.value) == address
            written = cycle - latency
            assert int(dut.write_o.value) == (0 <= written < words)
            if 0 <= written < words:
                assert int(dut.write_word_o.value) == written
            await RisingEdge(dut.clk_i)
        if rng.random() < 0.7:
            dut.sweep_i.value = 0
            dut.init_i.value = 0
            for _ in range(rng.randrange(1, 4)):
                await ReadOnly()
                assert not int(dut.write_o.value) and not int(dut.last_cycle_o.value)
                await RisingEdge(dut.clk_i)
