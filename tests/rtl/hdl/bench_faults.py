"""cocotb benches of snnc_top, 2 x 1 cores: what the protocol does not allow is ignored, told, and forgotten
with the next reset."""

import os
from dataclasses import replace

import cocotb
import numpy as np
from cocotb.triggers import ReadOnly, RisingEdge
from rtl_bench import seeded, start
from rtl_network import (
    CONFIG_ADDRESS,
    CONFIG_DATA,
    CREDIT,
    END,
    HOST,
    SPIKE,
    SYNC,
    VALUE,
    Core,
    Destination,
    configuration,
    flit,
    sample,
)

from snnc.compiler.isa.arithmetic import Decay
from snnc.rtl.parameters import RtlParameters

PARAMETERS = RtlParameters(
    mesh_width=2,
    mesh_height=1,
    lanes=4,
    state_words=int(os.environ["BENCH_StateWords"]),
    weight_words=int(os.environ["BENCH_WeightWords"]),
    cuba=int(os.environ["BENCH_Cuba"]),
)
END_BIT, CREDIT_BIT, CONFIG_BIT, COORDINATE_BIT, PAYLOAD_BIT, DROP_BIT, VALUE_BIT = range(7)
HOME, WAITS_END, WAITS_CREDIT, ENABLED, INIT = range(8, 13)
HOST_PORT = 1 << 12
STARVED, OVERFLOW = range(2)
NO_TYPE = 7


def network() -> list[Core]:
    """Input (20) -> core (0, 0) -> core (1, 0) -> host."""
    rng = np.random.default_rng(1)
    first = Core(
        0,
        0,
        [rng.integers(-8, 8, (13, 20))],
        rng.integers(5, 15, 13),
        [Destination(x=1)],
        [HOST],
        initial=rng.integers(-5, 5, 13),
        current_leak=Decay(1, 1) if PARAMETERS.cuba else None,
    )
    second = Core(
        1, 0, [rng.integers(-8, 8, (6, 13))], np.full(6, 5), [Destination(host=True)], [0], credits_needed=0
    )
    return [first, second]


class Mesh:
    """The mesh and its host."""

    def __init__(self, dut) -> None:
        self.dut = dut
        self.packets: list[int] = []
        self.resting = False

    async def cycle(self, flit: int | None = None) -> bool:
        """One clock cycle that offers `flit`; returns whether it was taken."""
        self.dut.s_axis_tvalid.value = int(flit is not None)
        self.dut.s_axis_tdata.value = flit or 0
        await ReadOnly()
        self.resting = int(self.dut.rest_o.value) == 1
        taken = flit is not None and bool(int(self.dut.s_axis_tready.value))
        if int(self.dut.m_axis_tvalid.value):
            self.packets.append(int(self.dut.m_axis_tdata.value))
        await RisingEdge(self.dut.clk_i)
        return taken

    async def send(self, flits: list[int]) -> None:
        """Every flit, each as soon as it is taken."""
        for item in flits:
            for _ in range(2000):
                if await self.cycle(item):
                    break
            else:
                raise AssertionError(f"{item:012x} was never taken")

    async def rest(self) -> None:
        """Until nothing happens any more."""
        quiet = 0
        for _ in range(3000):
            await self.cycle()
            quiet = quiet + 1 if self.resting else 0
            if quiet == 4:
                return
        raise AssertionError("never at rest")

    async def reset(self) -> None:
        """One cycle of reset."""
        self.dut.rst_i.value = 1
        await self.cycle()
        self.dut.rst_i.value = 0
        self.packets = []

    async def status(self, select: int) -> int:
        """A status word."""
        self.dut.status_select_i.value = select
        for _ in range(2):
            await RisingEdge(self.dut.clk_i)
        await ReadOnly()
        word = int(self.dut.status_o.value)
        await RisingEdge(self.dut.clk_i)
        return word

    async def errors(self) -> dict[int, int]:
        """Error bits of both cores and the host port, where there are any."""
        words = {select: await self.status(select) & 0x7F for select in (0, 1)}
        words[HOST_PORT] = await self.status(HOST_PORT) & 3
        return {select: word for select, word in words.items() if word}

    async def run(self, flits: list[int]) -> list[int]:
        """The packets of `flits`, up to the rest."""
        self.packets = []
        await self.send(flits)
        await self.rest()
        return list(self.packets)


async def configured(dut, cores: list[Core] | None = None) -> Mesh:
    """A mesh at home."""
    await start(dut, s_axis_tvalid=0, s_axis_tdata=0, m_axis_tready=1, status_select_i=0)
    mesh = Mesh(dut)
    # The bench before left cores enabled.
    for x in range(PARAMETERS.mesh_width):
        await mesh.send([flit(CONFIG_ADDRESS, 2, x), flit(CONFIG_DATA, 0, x)])
    await mesh.send(configuration(cores or network(), PARAMETERS))
    await mesh.rest()
    await mesh.reset()
    await mesh.rest()
    assert int(dut.home_o.value) and int(dut.ready_o.value) and not int(dut.error_o.value)
    return mesh


def inputs(steps: int = 4) -> list[int]:
    """A sample of binary inputs that makes many spikes."""
    rng = np.random.default_rng(2)
    return sample((rng.random((steps, 20)) < 0.4).astype(np.int64), [(0, 0)])


async def flagged(mesh: Mesh, flits: list[int], expected: list[int], errors: dict[int, int]) -> None:
    """`flits` give the packets `expected`, and exactly `errors`; a reset forgets them."""
    got = await mesh.run(flits)
    assert got == expected
    assert await mesh.errors() == errors
    assert int(mesh.dut.error_o.value) == 1
    await recovers(mesh, expected)


async def recovers(mesh: Mesh, expected: list[int]) -> None:
    """After a reset, a sample is what it was."""
    await mesh.reset()
    assert await mesh.run(inputs()) == expected
    assert await mesh.errors() == {}
    assert int(mesh.dut.home_o.value) == 1 and int(mesh.dut.error_o.value) == 0


@cocotb.test()
async def an_entry_for_a_core_beyond_the_mesh_reaches_none_inside(dut) -> None:
    """The lowest bits of its x are those of core 1."""
    first, second = network()
    mesh = await configured(dut, [replace(first, destinations=[Destination(x=33)]), second])
    flits = inputs()
    await mesh.send(flits[: next(i for i, f in enumerate(flits) if f >> 13 & 7 == END) + 1])
    await mesh.rest()
    assert await mesh.errors() == {1: 1 << DROP_BIT}
    assert await mesh.status(1) >> 24 > 1


IGNORED = {
    "beyond_the_east": ([flit(SPIKE, 1 << 24, x=5)], {1: 1 << DROP_BIT}),
    "beyond_the_south": ([flit(SPIKE, 1 << 24, y=7)], {0: 1 << DROP_BIT}),
    "to_the_host_itself": ([flit(END, 1, host=True), flit(CREDIT, 0, host=True)], {0: 1 << DROP_BIT}),
    "of_no_type": ([flit(NO_TYPE, 0, x=1)], {1: 1 << DROP_BIT}),
    "credit_too_many": ([flit(CREDIT, 0), flit(CREDIT, 0)], {0: 1 << CREDIT_BIT}),
    "payload_of_0": ([flit(SPIKE, axon) for axon in range(20)], {0: 1 << PAYLOAD_BIT}),
    "row_outside": ([flit(SPIKE, 1 << 24 | 200 << 16)], {0: 1 << COORDINATE_BIT}),
    "column_outside": ([flit(SPIKE, 255 << 24 | 255 << 8, x=1)], {1: 1 << COORDINATE_BIT}),
    "no_such_neuron": ([flit(VALUE, 0xFFFF0005)], {0: 1 << VALUE_BIT}),
    "data_without_address": ([flit(CONFIG_DATA, 5)], {0: 1 << CONFIG_BIT}),
    "no_such_memory": (
        [flit(CONFIG_ADDRESS, 13 << 28), *[flit(CONFIG_DATA, 0xFFFFFFFF)] * 4],
        {0: 1 << CONFIG_BIT},
    ),
}


@cocotb.test()
@cocotb.parametrize(name=list(IGNORED))
async def what_does_not_exist_changes_nothing(dut, name: str) -> None:
    mesh = await configured(dut)
    expected = await mesh.run(inputs())
    assert sum(packet >> 13 & 7 == SPIKE for packet in expected) > 3
    flits, errors = IGNORED[name]
    await flagged(mesh, [*flits, *inputs()], expected, errors)
    await mesh.send(flits)
    await mesh.rest()
    dropped = [await mesh.status(select) >> 24 for select in (0, 1)]
    drops = len(flits) if set(errors.values()) == {1 << DROP_BIT} else 0
    assert sum(dropped) == drops


@cocotb.test()
@cocotb.parametrize(extra=[1, 2])
async def ends_too_many_start_no_step(dut, extra: int) -> None:
    mesh = await configured(dut)
    expected = await mesh.run(inputs())
    flits = [f for f in inputs() for _ in range(1 + extra * (f >> 13 & 7 == END))]
    await flagged(mesh, flits, expected, {0: 1 << END_BIT})


@cocotb.test()
@cocotb.parametrize(memory=[0, 1, 2, 4])
async def configuration_in_the_middle_of_a_sample_is_refused(dut, memory: int) -> None:
    mesh = await configured(dut)
    expected = await mesh.run(inputs())
    flits = inputs()
    place = next(i for i, f in enumerate(flits) if f >> 13 & 7 == SPIKE) + 1
    chunks = [flit(CONFIG_ADDRESS, memory << 28), *[flit(CONFIG_DATA, 0x7FFF7FFF)] * 8]
    await flagged(mesh, [*flits[:place], *chunks, *flits[place:]], expected, {0: 1 << CONFIG_BIT})


@cocotb.test()
async def between_samples_a_core_is_configured(dut) -> None:
    mesh = await configured(dut)
    expected = await mesh.run(inputs())
    await mesh.send(configuration(network(), PARAMETERS))
    await mesh.rest()
    assert await mesh.errors() == {}
    await recovers(mesh, expected)


@cocotb.test()
async def a_missing_end_is_seen(dut) -> None:
    mesh = await configured(dut)
    expected = await mesh.run(inputs())
    await mesh.run([f for f in inputs() if f >> 13 & 7 == SPIKE])
    assert not int(dut.home_o.value) and not int(dut.error_o.value)
    word = await mesh.status(0)
    assert word >> WAITS_END & 1 and not word >> HOME & 1 and word >> ENABLED & 1
    assert await mesh.status(1) >> HOME & 1
    # The SYNC behind it is not waited for in vain.
    await mesh.run([flit(SYNC, 1)])
    assert await mesh.errors() == {HOST_PORT: 1 << STARVED}
    await recovers(mesh, expected)


@cocotb.test()
async def a_sync_larger_than_the_credits_is_consumed(dut) -> None:
    mesh = await configured(dut)
    expected = await mesh.run(inputs())
    flits = [flit(SYNC, 5) if f >> 13 & 7 == SYNC else f for f in inputs()]
    await flagged(mesh, flits, expected, {HOST_PORT: 1 << STARVED})


@cocotb.test()
async def a_missing_credit_is_seen(dut) -> None:
    cores = network()
    cores[0].credits_needed = 2
    mesh = await configured(dut, cores)
    await mesh.run(inputs())
    assert int(dut.error_o.value) and not int(dut.home_o.value)
    assert await mesh.status(0) >> WAITS_CREDIT & 1
    assert not await mesh.status(1) >> WAITS_CREDIT & 1


@cocotb.test()
async def credits_do_not_wrap(dut) -> None:
    mesh = await configured(dut)
    credits = dut.u_host_port.credits_q
    credits.value = 0xFFFE
    await RisingEdge(dut.clk_i)
    flits = [f for f in inputs() if f >> 13 & 7 != SYNC]
    await mesh.run(flits[: next(i for i, f in enumerate(flits) if f >> 13 & 7 == END) + 1])
    assert await mesh.status(HOST_PORT) >> 16 == 0xFFFF and not int(dut.error_o.value)
    await mesh.run(flits[: next(i for i, f in enumerate(flits) if f >> 13 & 7 == END) + 1])
    assert await mesh.status(HOST_PORT) >> 16 == 0xFFFF
    assert await mesh.errors() == {HOST_PORT: 1 << OVERFLOW}


@cocotb.test()
async def reset_may_come_in_any_cycle(dut) -> None:
    rng = seeded()
    mesh = await configured(dut)
    expected = await mesh.run(inputs())
    # The first of them lets a whole sample leave that nobody asks for.
    for cycles in (400, *(rng.randrange(1, 250) for _ in range(11))):
        flits = inputs()
        for _ in range(cycles):
            if flits and await mesh.cycle(flits[0]):
                flits.pop(0)
        await recovers(mesh, expected)
