"""cocotb benches of snnc_peripheral whose buffers hold a sample: all is the simulator's, cycles too."""

import os

import cocotb
import numpy as np
from axi_bench import (
    CASES,
    INPUT_DEPTH,
    OKAY,
    OUTPUT_DEPTH,
    SLAVE_ERROR,
    Bench,
    flits_of,
    stamps_of,
)
from cocotb.triggers import RisingEdge
from peripheral_cases import ACTIONS, ALL_CORES
from rtl_bench import cycles, until

from snnc.compiler.isa.contract import CORE_STATUS, END, FLIT, HOST_STATUS, FlitType
from snnc.compiler.isa.flits import DATA_SHIFT, flit_types
from snnc.compiler.isa.peripheral import MAGIC, REGISTERS, VERSION, Access, register
from snnc.rtl.host.probes import probes
from snnc.rtl.host.signature import START, signature_of_flits


@cocotb.test()
async def every_sample_is_the_simulators_packet_by_packet_and_cycle_by_cycle(dut) -> None:
    """Whatever the bus does: the input is gathered, the output buffered."""
    bench = Bench(dut)
    await bench.begin()
    for case in CASES:
        await bench.load(case)
        for gate, sample in enumerate(case.samples):
            await bench.restart(gather=1, gate=gate % 2)
            await bench.send(sample.stream)
            words = await bench.packets()
            assert flits_of(words) == sample.flits
            assert stamps_of(words) == sample.stamps
            state = await bench.settle(rest=1, home=1)
            assert not (state["late"] or state["stalled"] or state["error"])
            assert await bench.read("finished") == sample.cycles == sample.stamps[-1] + 1
            assert await bench.read("samples") == 1
            assert await bench.read("flits") == len(sample.stream)
            assert await bench.read("packets") == len(words)
            assert await bench.read("entered") == signature_of_flits(sample.stream)
            assert await bench.read("left") == signature_of_flits(np.array(words, np.uint64))
            assert sample.cycles <= await bench.read("busy") < sample.cycles + 64


@cocotb.test()
async def actions_are_the_simulators(dut) -> None:
    """Those of all cores in every case, and of one, core by core."""
    bench = Bench(dut)
    await bench.begin()
    for number, case in enumerate(CASES):
        await bench.load(case)
        sample, hops = case.samples[0], 0
        for select, wanted in (
            sample.actions.items() if number == 0 else [(ALL_CORES, sample.actions[ALL_CORES])]
        ):
            await bench.restart(gate=bench.rng.getrandbits(1))
            await bench.write("select", select)
            await bench.send(sample.stream)
            await bench.packets()
            await bench.settle(rest=1, home=1)
            found = {name: await bench.read(name) for name in ACTIONS}
            assert {name: found[name] for name in wanted} == wanted, select
            hops += found["hops"] if select != ALL_CORES else 0
        assert number or hops == sample.actions[ALL_CORES]["hops"] > 0
    await bench.restart()
    assert [await bench.read(name) for name in ACTIONS] == [0] * len(ACTIONS)


@cocotb.test()
async def memories_are_read_back(dut) -> None:
    """Every word of every lane of a program, by the probes that a host sends over a UART, too."""
    bench = Bench(dut, 0.1)
    await bench.begin()
    image = min((case.image for case in CASES), key=lambda item: len(item.config_flits()))
    await bench.write("senders", senders=1)
    for place in image.on_core():
        for probe in probes(image, place):
            await bench.configure(probe.load.content, probe.load.enabling)
            await bench.send(probe.stream)
            ends = probe.stream[flit_types(probe.stream) == FlitType.END]
            samples = int(END["last"].read_all(ends >> np.uint64(DATA_SHIFT)).sum())
            flits = [flit for _ in range(samples) for flit in flits_of(await bench.packets())]
            assert (probe.read(np.array(flits, np.uint64)) == probe.expected).all(), (place, probe.name)
            await bench.settle(rest=1, home=1, error=0)


@cocotb.test()
async def samples_back_to_back_have_the_same_values_and_gathered_ones_a_packet_each(dut) -> None:
    bench = Bench(dut)
    await bench.begin()
    for gather, case in enumerate(CASES):
        await bench.load(case)
        await bench.restart(gather=gather % 2, gate=bench.rng.getrandbits(1))
        for sample in case.samples:
            await bench.send(sample.stream)
        got: list[int] = []
        for sample in case.samples:
            flits = flits_of(await bench.packets())
            got += flits
            assert FLIT["type"].read(flits[-1]) == FlitType.END
            assert sorted(flits) == sorted(sample.flits) or not gather % 2
        assert case.outputs_of(got) == case.outputs
        await bench.settle(rest=1, home=1, error=0)
        assert await bench.read("samples") == len(case.samples)


@cocotb.test()
async def registers_do_for_streams(dut) -> None:
    """Flits written one by one, packets read one by one; samples that fit are still exact."""
    bench = Bench(dut, 0.1)
    await bench.begin()
    case = CASES[0]
    await bench.load(case)
    sample = min(case.samples, key=lambda item: len(item.stream))
    await bench.restart(manual=1, gather=1)
    for place, flit in enumerate(sample.stream.tolist()):
        await bench.write("input_low", flit & 0xFFFFFFFF)
        await bench.write("input_high", flit >> 32 | (place == len(sample.stream) - 1) << 31)
    await bench.settle(rest=1, home=1)
    words = []
    while await bench.read("count"):
        low = await bench.read("output_low")
        words.append(low | await bench.read("output_high") << 32)
    assert flits_of(words) == sample.flits and stamps_of(words) == sample.stamps
    assert bench.sink.empty() and await bench.read("space") == INPUT_DEPTH


@cocotb.test()
async def registers_say_what_they_are_and_refuse_what_they_cannot(dut) -> None:
    bench = Bench(dut)
    await bench.begin()
    assert await bench.read("magic") == MAGIC
    assert await bench.read("identity") == 0xABCDEF
    depths = {"input_depth": INPUT_DEPTH.bit_length() - 1, "output_depth": OUTPUT_DEPTH.bit_length() - 1}
    assert register("version").word.unpack(await bench.read("version")) == {"version": VERSION, **depths}
    geometry = register("geometry").word.unpack(await bench.read("geometry"))
    names = {"width": "MeshWidth", "height": "MeshHeight"}
    for name, value in geometry.items():
        parameter = names.get(name, "".join(part.capitalize() for part in name.split("_")))
        built = int(os.environ[f"BENCH_{parameter}"])
        assert value == (built.bit_length() - 1 if name == "lanes" else built), name
    for item in REGISTERS:
        if item.access in (Access.READ, Access.TAKE):
            assert await bench.try_write(item.name, 1) == SLAVE_ERROR, item.name
        else:
            partial = await bench.lite.write(item.offset, b"\xff")
            assert partial.resp == SLAVE_ERROR, item.name
        wanted = SLAVE_ERROR if item.access is Access.WRITE else OKAY
        assert (await bench.lite.read(item.offset, 4)).resp == wanted, item.name
    assert (await bench.lite.read(0xFC, 4)).resp == SLAVE_ERROR
    assert await bench.read("control") == await bench.read("enable") == 0
    assert await bench.read("select") == ALL_CORES
    for name in ("control", "enable", "senders", "select"):
        full = sum(item.mask << item.at for item in register(name).word.fields if item.name != "restart")
        await bench.write(name, full)
        assert await bench.read(name) == full, name


@cocotb.test()
async def interrupts_are_enabled_told_and_cleared(dut) -> None:
    bench = Bench(dut)
    await bench.begin()
    case, starved = CASES[0], np.array([FLIT.pack(type=FlitType.SYNC, data=9)], np.uint64)
    await bench.load(case)
    await bench.restart()
    await bench.send(case.samples[0].stream)
    await bench.packets()
    await bench.settle(rest=1)
    assert await bench.read("pending") == 1 and not int(dut.irq_o.value)
    await bench.write("enable", sample=1, error=1)
    await until(dut.clk_i, lambda: int(dut.irq_o.value) == 1, 10)
    await bench.write("pending", error=1)
    assert await bench.read("pending") == 1 and int(dut.irq_o.value)
    await bench.write("pending", sample=1)
    await until(dut.clk_i, lambda: int(dut.irq_o.value) == 0, 10)
    await bench.send(starved)
    await until(dut.clk_i, lambda: int(dut.irq_o.value) == 1)
    assert await bench.read("pending") == 2
    assert (await bench.state())["error"]
    await bench.write("select", 0)
    await cycles(dut.clk_i, 8)
    assert CORE_STATUS["home"].read(await bench.read("status"))
    await bench.write("select", ALL_CORES)
    await cycles(dut.clk_i, 8)
    assert HOST_STATUS["starved_sync"].read(await bench.read("status"))
    await bench.write("pending", error=1)
    await cycles(dut.clk_i, 3)
    assert not int(dut.irq_o.value), "told once"
    await bench.restart()
    assert not (await bench.state())["error"]


@cocotb.test()
async def a_restart_in_the_middle_leaves_nothing_behind(dut) -> None:
    """The rest of a packet whose beginning it threw away is thrown away, too; an offered packet stays."""
    bench = Bench(dut)
    await bench.begin()
    for case in CASES:
        await bench.load(case)
        for sample in case.samples[:2]:
            await bench.restart()
            await bench.send(sample.stream)
            await cycles(dut.clk_i, bench.rng.randrange(sample.cycles))
            await bench.restart(gather=1)
            await bench.source.wait()
            await bench.settle(rest=1, home=1)
            stale = 1 if await bench.read("count") else 0
            bench.sink.clear()
            await bench.restart(gather=1)
            await bench.send(sample.stream)
            words = (await bench.packets())[-len(sample.flits) :]
            assert flits_of(words) == sample.flits and stale <= 1
            assert stamps_of(words) == sample.stamps


@cocotb.test()
async def an_idle_mesh_is_not_clocked(dut) -> None:
    bench = Bench(dut)
    await bench.begin()
    await bench.load(CASES[0])
    await bench.restart(gate=1, gather=1)
    await bench.settle(awake=0)
    for _ in range(100):
        await RisingEdge(dut.clk_i)
        assert not int(dut.mesh_clk_enable_o.value) and not int(dut.mesh_clk_o.value)
    assert await bench.read("left") == START
    await bench.send(CASES[0].samples[0].stream)
    assert flits_of(await bench.packets()) == CASES[0].samples[0].flits
    await bench.settle(awake=0, rest=1, home=1)
