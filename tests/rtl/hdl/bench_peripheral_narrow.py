"""cocotb benches of snnc_peripheral with buffers for a few words: values are right, and cycles honest."""

import cocotb
from axi_bench import CASES, INPUT_DEPTH, OKAY, OUTPUT_DEPTH, Bench, flits_of, stamps_of
from rtl_bench import cycles


@cocotb.test()
async def values_are_right_whatever_waits(dut) -> None:
    bench = Bench(dut)
    await bench.begin()
    for case in CASES:
        await bench.load(case)
        await bench.restart(gather=bench.rng.getrandbits(1), gate=bench.rng.getrandbits(1))
        for sample in case.samples:
            await bench.send(sample.stream)
        got = [flit for _ in case.samples for flit in flits_of(await bench.packets())]
        assert case.outputs_of(got) == case.outputs
        await bench.settle(rest=1, home=1, error=0)
        assert await bench.read("samples") == len(case.samples)


@cocotb.test()
async def cycles_are_called_exact_only_where_they_are(dut) -> None:
    """Without gathering, with a slow host: late or stalled is told, and values are right all the same."""
    bench = Bench(dut, 0.8)
    await bench.begin()
    told = 0
    for case in CASES:
        await bench.load(case)
        for sample in case.samples:
            await bench.restart()
            await bench.send(sample.stream)
            words = await bench.packets()
            state = await bench.settle(rest=1, home=1)
            exact = flits_of(words) == sample.flits and stamps_of(words) == sample.stamps
            assert exact or state["late"] or state["stalled"]
            told += state["late"] + state["stalled"]
            assert bool(await bench.read("blocked")) == bool(state["stalled"])
    assert told


@cocotb.test()
async def what_finds_no_room_is_refused_and_told(dut) -> None:
    """Packets that nobody reads stop the mesh, and flits pile up before it; a restart makes room again."""
    bench = Bench(dut, 0.0)
    await bench.begin()
    case = max(CASES, key=lambda item: len(item.samples[0].flits))
    await bench.load(case)
    await bench.restart(manual=1)
    flits = [flit for sample in case.samples for flit in sample.stream.tolist()]
    refused = place = 0
    while refused < 10:
        flit = flits[place % len(flits)]
        await bench.write("input_low", flit & 0xFFFFFFFF)
        if await bench.try_write("input_high", flit >> 32) == OKAY:
            refused, place = 0, place + 1
            assert place < 100 * len(flits)
        else:
            refused += 1
            await cycles(dut.clk_i, 100)
    assert (await bench.state())["overrun"] and await bench.read("space") == 0
    assert OUTPUT_DEPTH <= await bench.read("count") <= OUTPUT_DEPTH + 8
    await bench.restart()
    assert not (await bench.state())["overrun"] and await bench.read("space") == INPUT_DEPTH
    await bench.send(case.samples[0].stream)
    words = await bench.packets()
    assert sorted(flits_of(words)) == sorted(case.samples[0].flits)
