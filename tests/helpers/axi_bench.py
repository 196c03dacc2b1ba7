"""What the benches of snnc_peripheral share: the bus models of cocotbext-axi around it, registers by name.

Every bench draws its own back-pressure. Programs and what the simulator makes of their samples come from the
test in a file.
"""

import logging
import os
import pickle
import random
from collections.abc import Iterator
from pathlib import Path

import cocotb
import numpy as np
from cocotb.triggers import ReadOnly, RisingEdge
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)
from peripheral_cases import Case
from rtl_bench import cycles, seeded, start

from snnc.compiler.isa.contract import FLIT
from snnc.compiler.isa.peripheral import STREAM_IN, STREAM_OUT, register

CASES: list[Case] = pickle.loads(Path(os.environ["BENCH_CASES"]).read_bytes())
INPUT_DEPTH, OUTPUT_DEPTH = (int(os.environ[f"BENCH_{name}Depth"]) for name in ("Input", "Output"))
SETTLE = 400
OKAY, SLAVE_ERROR = 0, 2


def pauses(rng: random.Random, probability: float) -> Iterator[bool]:
    """Whether a port pauses, cycle by cycle."""
    while True:
        yield rng.random() < probability


class Bench:
    """The buses of the peripheral, and its registers by name."""

    def __init__(self, dut, pause: float | None = None) -> None:
        self.dut, self.rng = dut, seeded()
        arguments = dut.clk_i, dut.rst_i
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), *arguments, byte_lanes=8)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), *arguments, byte_lanes=8)
        self.lite = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), *arguments)
        for name in ("s_axis", "m_axis", "s_axil"):
            logging.getLogger(f"cocotb.{dut._name}.{name}").setLevel(logging.WARNING)
        pause = self.rng.choice([0.0, 0.3, 0.7]) if pause is None else pause
        write, read = self.lite.write_if, self.lite.read_if
        for port in (
            *(self.source, self.sink, write.aw_channel, write.w_channel, write.b_channel),
            *(read.ar_channel, read.r_channel),
        ):
            port.set_pause_generator(pauses(random.Random(self.rng.random()), pause))

    async def begin(self) -> None:
        await start(self.dut)
        cocotb.start_soon(offers_stay(self.dut))
        await cycles(self.dut.clk_i, 2)

    async def read(self, name: str) -> int:
        answer = await self.lite.read(register(name).offset, 4)
        assert answer.resp == OKAY, name
        return int.from_bytes(answer.data, "little")

    async def write(self, name: str, value: int = 0, **fields: int) -> None:
        assert await self.try_write(name, value | register(name).word.pack(**fields)) == OKAY, name

    async def try_write(self, name: str, value: int) -> int:
        answer = await self.lite.write(register(name).offset, value.to_bytes(4, "little"))
        return int(answer.resp)

    async def state(self) -> dict[str, int]:
        return register("state").word.unpack(await self.read("state"))

    async def settle(self, **wanted: int) -> dict[str, int]:
        """Wait until the state has these bits."""
        for _ in range(SETTLE):
            state = await self.state()
            if {name: state[name] for name in wanted} == wanted:
                return state
        raise AssertionError(f"not {wanted}: {state}")

    async def restart(self, **control: int) -> None:
        await self.write("control", restart=1, **control)
        await self.settle(ready=1)

    async def send(self, flits: np.ndarray, *, garbage: bool = True) -> None:
        """One packet; what is above a flit does not matter."""
        spare = STREAM_IN.width - FLIT.width
        upper = [self.rng.getrandbits(spare) << FLIT.width if garbage else 0 for _ in flits]
        words = [int(flit) | above for flit, above in zip(flits, upper, strict=True)]
        await self.source.send(b"".join(word.to_bytes(8, "little") for word in words))

    async def load(self, case: Case) -> None:
        """Put a program into the mesh, as the driver of a board does: content, reset, enabling, reset."""
        await self.configure(case.content, case.enabling)
        await self.write("senders", senders=case.senders)

    async def configure(self, *parts: np.ndarray) -> None:
        """Write configuration, with a reset before and behind every part."""
        await self.restart()
        for part in parts:
            await self.send(part)
            await self.source.wait()
            await self.settle(rest=1)
            await self.restart()

    async def packets(self) -> list[int]:
        """The next packet of the output stream as words."""
        frame: AxiStreamFrame = await self.sink.recv()
        data = bytes(frame.tdata)
        return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]


async def offers_stay(dut) -> None:
    """What is offered on an output stays as it is until it is taken."""
    ports = [
        (dut.m_axis_tvalid, dut.m_axis_tready, (dut.m_axis_tdata, dut.m_axis_tlast)),
        (dut.s_axil_bvalid, dut.s_axil_bready, (dut.s_axil_bresp,)),
        (dut.s_axil_rvalid, dut.s_axil_rready, (dut.s_axil_rdata, dut.s_axil_rresp)),
    ]
    waiting: list[list[int] | None] = [None] * len(ports)
    while True:
        await ReadOnly()
        for number, (valid, ready, data) in enumerate(ports):
            shown = [int(signal.value) for signal in data] if int(valid.value) else None
            assert waiting[number] in (None, shown), f"{valid._name}: an offer changed"
            waiting[number] = shown if shown is not None and not int(ready.value) else None
        await RisingEdge(dut.clk_i)


def flits_of(words: list[int]) -> list[int]:
    return [STREAM_OUT["flit"].read(word) for word in words]


def stamps_of(words: list[int]) -> list[int]:
    return [STREAM_OUT["cycle"].read(word) for word in words]
