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
    divisors = [n for n in range(1, min(words, PARAMETERS) + 1) if words % n == 0]
    pixel_words = rng.choice(divisors)
    await start(dut, words_i=words, pixel_words_i=pixel_words, sweep_i=0, init_i=0)
    for init in [rng.random() < 0.5 for _ in range(20)] + [False, True]:
        dut.sweep_i.value = int(not init)
        dut.init_i.value = int(init)
        latency, length = (3, words + 3) if init else (8, words + 8)
        for cycle in range(length):
            await ReadOnly()
            assert int(dut.last_cycle_o.value) == (cycle == length - 1)
            assert int(dut.constant_read_o.value) == (cycle < words)
            if cycle < words:
                assert init or int(dut.membrane_word_o.value) == cycle
                address = cycle % pixel_words + (PARAMETERS if init else 0)
                assert int(dut.constant_address_o.value) == address
            assert int(dut.read_o.value) == (not init and 1 <= cycle <= words)
            assert int(dut.add_constant_o.value) == (1 <= cycle <= words)
            if not init and 1 <= cycle <= words:
                assert int(dut.read_word_o.value) == cycle - 1
            assert int(dut.threshold_read_o.value) == (not init and 2 <= cycle <= words + 1)
            if not init and 2 <= cycle <= words + 1:
                assert int(dut.threshold_word_o.value) == (cycle - 2) % pixel_words
            assert int(dut.decay_read_o.value) == (not init and 5 <= cycle <= words + 4)
            if not init and 5 <= cycle <= words + 4:
                assert int(dut.decay_word_o.value) == (cycle - 5) % pixel_words
            assert int(dut.settle_o.value) == (not init and 4 <= cycle <= words + 3)
            written = cycle - latency
            assert int(dut.write_o.value) == (0 <= written < words)
            if 0 <= written < words:
                assert int(dut.write_word_o.value) == written
            await RisingEdge(dut.clk_i)
        if rng.random() < 0.7:
            dut.sweep_i.value = 0
            dut.init_i.value = 0
            # Configuration changes only at rest, at least a cycle before there is work.
            pixel_words = rng.choice(divisors)
            dut.pixel_words_i.value = pixel_words
            for _ in range(rng.randrange(1, 4)):
                await ReadOnly()
                assert not int(dut.write_o.value) and not int(dut.last_cycle_o.value)
                await RisingEdge(dut.clk_i)
