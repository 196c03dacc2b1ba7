"""The Verilated RTL beside the cycle tier: cycles per CPU second of both on small networks, busy and idle."""

import resource
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from snnc.base.files import cache_directory
from snnc.benchmark.measure import Spread, ratios
from snnc.benchmark.networks import chain, compiled, population, spikes, weights
from snnc.compiler.ir.network import Conv2d, Edge, Input, Linear, Network, Readout
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import FlitArray
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.targets import load_target
from snnc.sim.engine.cycle import run_isolated

if TYPE_CHECKING:
    from snnc.rtl.simulation.simulate import BuiltRtl

SAMPLES, FEW, REPEATS = 64, 4, 5
"""Samples of a long run and of a short one, and runs of the cycle tier in a measurement."""


@dataclass(frozen=True)
class Speeds:
    """Clock cycles of a mesh per second of CPU time."""

    name: str
    hops_per_cycle: float
    """How busy the mesh is."""
    rtl: Spread
    simulator: Spread
    times_rtl: Spread
    """Of the simulator, round by round."""


def verilated(rounds: int) -> list[Speeds]:
    """The RTL, compiled by Verilator without traces and assertions, and the cycle tier on the same samples: a
    small convolutional network, the same with few events, and a fully connected one.

    Raises ModuleNotFoundError without the extra `rtl`, UsageError without a C++ compiler.
    """
    conv, dense = small_convolutional(), chain("dense", (784, 128, 10), (59, 45), 10)
    return [
        _compared("conv", conv, 0.2, rounds),
        _compared("conv, a tenth of the events", conv, 0.02, rounds),
        _compared("dense", dense, 0.1, rounds),
    ]


def _compared(name: str, network: Network, rate: float, rounds: int) -> Speeds:
    from snnc.rtl.parameters import parameters_for
    from snnc.rtl.simulation.simulate import build_rtl

    program = specialise(compiled(network, load_target("fpga")))
    image = Encode().run(program)
    payloads = spikes(network, SAMPLES, rate)
    built = build_rtl(parameters_for(image), cache_directory(), trace=False, assertions=False)
    config = image.config_flits()
    hardware, simulated = [], []
    for _ in range(rounds):
        # A process has to start and to configure the mesh first: that is in both, and in neither speed.
        few, long = (_run_hardware(built, program, config, payloads[:count]) for count in (FEW, SAMPLES))
        hardware.append((long[0] - few[0]) / (long[1] - few[1]))
        simulated.append(_simulated(program, payloads))
    timed = run_isolated(program, payloads, threads=1)
    times = ratios({"simulator": simulated, "rtl": hardware}, "simulator", "rtl")
    busy = float(timed.hops.sum() / timed.cycles.sum())
    return Speeds(name, busy, Spread.of(hardware), Spread.of(simulated), times)


def _run_hardware(
    built: "BuiltRtl", program: TiledProgram, config: FlitArray, payloads: IntArray
) -> tuple[int, float]:
    """Cycles and CPU seconds of samples, each from a reset on."""
    from snnc.rtl.simulation.simulate import end_of_run, run_rtl

    closing = np.array([end_of_run(program.ends_per_sample)], np.uint64)
    samples = [encode_samples(program, payloads[i : i + 1]) for i in range(len(payloads))]
    stimulus = np.concatenate([config, *(part for sample in samples for part in (sample, closing))])
    before = _seconds(resource.RUSAGE_CHILDREN)
    run = run_rtl(built, stimulus, program.ends_per_sample * len(payloads), config_flits=len(config))
    return run.cycles, _seconds(resource.RUSAGE_CHILDREN) - before


def _simulated(program: TiledProgram, payloads: IntArray) -> float:
    """Cycles per CPU second of the cycle tier, which has run before."""
    run_isolated(program, payloads, threads=1)
    start, cycles = _seconds(resource.RUSAGE_SELF), 0
    for _ in range(REPEATS):
        cycles += int(run_isolated(program, payloads, threads=1).cycles.sum())
    return cycles / (_seconds(resource.RUSAGE_SELF) - start)


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def small_convolutional() -> Network:
    """Two convolutions of stride 2 and a readout, as in mnist-cnn, ten steps."""
    draw = np.random.default_rng(0)
    first = Conv2d(weights(draw, (16, 1, 5, 5)), 4, stride=(2, 2), padding=(2, 2))
    second = Conv2d(weights(draw, (32, 16, 3, 3)), 4, stride=(2, 2), padding=(1, 1))
    layers = (
        population("a", (16, 14, 14), 30, Edge("input", first)),
        population("b", (32, 7, 7), 60, Edge("a", second)),
        population("out", (10, 1, 1), 90, Edge("b", Linear(weights(draw, (10, 32 * 7 * 7)), 4))),
    )
    return Network(
        "small", 10, Input("input", (1, 28, 28), "events", 1), layers, Readout("out", "spike_count")
    )
