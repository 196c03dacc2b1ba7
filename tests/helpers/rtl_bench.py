"""What the cocotb benches share: streams with random idle and back-pressure, and building."""

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ReadOnly, RisingEdge

from snnc.rtl.simulation.tools import Simulator

PERIOD = 4
Needs = Callable[[Simulator], None]
"""The fixture that skips a test where the simulator is absent."""


def seeded() -> random.Random:
    """The bench's random numbers; the seed is printed so that a failure can be repeated."""
    seed = cocotb.RANDOM_SEED
    cocotb.log.info("seed %d", seed)
    return random.Random(seed)


async def start(dut, **inputs: int) -> None:
    """Set inputs, start the clock and reset."""
    for name, value in inputs.items():
        getattr(dut, name).value = value
    dut.rst_i.value = 1
    Clock(dut.clk_i, PERIOD, unit="step").start()
    for _ in range(3):
        await RisingEdge(dut.clk_i)
    dut.rst_i.value = 0


class Source:
    """Drives one valid/ready stream; offers stay until they are taken."""

    def __init__(self, clk, valid, ready, data, rng: random.Random, idle: float = 0.0) -> None:
        self.clk, self.valid, self.ready, self.data = clk, valid, ready, data
        self.rng, self.idle = rng, idle
        self.queue: list[int] = []
        self.sent: list[int] = []
        self.task = cocotb.start_soon(self._run())

    async def _run(self) -> None:
        self.valid.value = 0
        while True:
            while not self.queue or self.rng.random() < self.idle:
                await RisingEdge(self.clk)
            item = self.queue.pop(0)
            self.data.value = item
            self.valid.value = 1
            while True:
                await ReadOnly()
                taken = int(self.ready.value)
                await RisingEdge(self.clk)
                if taken:
                    break
            self.sent.append(item)
            self.valid.value = 0


class Sink:
    """Takes from one valid/ready stream, with random pauses."""

    def __init__(self, clk, valid, ready, data, rng: random.Random, pause: float = 0.0) -> None:
        self.clk, self.valid, self.ready, self.data = clk, valid, ready, data
        self.rng, self.pause = rng, pause
        self.received: list[int] = []
        self.cycles: list[int] = []
        self.cycle = 0
        self.on_item: Callable[[int], None] | None = None
        self.task = cocotb.start_soon(self._run())

    async def _run(self) -> None:
        while True:
            self.ready.value = int(self.rng.random() >= self.pause)
            await ReadOnly()
            if int(self.valid.value) and int(self.ready.value):
                item = int(self.data.value)
                self.received.append(item)
                self.cycles.append(self.cycle)
                if self.on_item is not None:
                    self.on_item(item)
            await RisingEdge(self.clk)
            self.cycle += 1


async def cycles(clk, count: int) -> None:
    """Wait for `count` rising edges."""
    for _ in range(count):
        await RisingEdge(clk)


async def until(clk, condition: Callable[[], bool], limit: int = 20000) -> None:
    """Wait until `condition` holds, checked once per cycle."""
    for _ in range(limit):
        if condition():
            return
        await RisingEdge(clk)
    raise AssertionError(f"not reached within {limit} cycles")


def run_bench(
    top: str,
    bench: str,
    simulator: Simulator,
    cache: Path,
    work: Path,
    parameters: dict[str, int],
    public: Sequence[str] | None = None,
) -> None:
    """Build one module of the RTL with its assertions, and run the benches of a Python module.

    `public` names the signals that the bench looks at, for modules that take long to compile if all can be.

    The seed is another in every run, and printed; the environment variable SNNC_SEED names one to repeat.
    """
    from snnc.rtl.simulation.model import build_model, run_model
    from snnc.rtl.sources import sources

    values = {name: str(value) for name, value in parameters.items()}
    model = build_model(sources(), top, values, cache, simulator, defines=["SNNC_ASSERT"], public=public)
    seed = int(os.environ.get("SNNC_SEED", random.SystemRandom().randrange(1 << 31)))
    print(f"SNNC_SEED={seed}")
    environment = {f"BENCH_{name}": value for name, value in values.items()}
    run_model(model, top, bench, simulator, work, seed=seed, environment=environment)
