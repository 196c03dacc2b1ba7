"""Programs and samples for the bench of the peripheral, with what the simulator makes of them."""

from dataclasses import dataclass

import numpy as np
from builders import target
from random_programs import random_network

from snnc.base.errors import DoesNotFit, UnsupportedModel
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.address import HOST, Address
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import FlitArray, address_bits
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.compiler.targets import Target
from snnc.rtl.host.loading import load_flits
from snnc.sim.accounting.counts import count_actions
from snnc.sim.engine.cycle import run_isolated
from snnc.sim.engine.functional import run_functional

HARDWARE = target(
    width=2,
    height=2,
    neurons=64,
    axon_rows=64,
    axon_columns=64,
    weight_bits=8,
    weight_kibit=8,
    state_bits=22,
    reset_amount=True,
    channel_leak=True,
    lower_clamp=True,
    fraction_bits=3,
    contexts=2,
)
SAMPLES = 3
MOST_FLITS = 250
"""Of a sample, so that the input buffer of the bench holds it."""
ACTIONS = {
    "weight_reads": "weight_reads",
    "swept_words": "bitmap_writes",
    "spikes": "spikes",
    "arrivals": "event_fifo_writes",
    "hops": "flit_hops",
}
"""Registers of the peripheral, and the simulator's names of what they count."""
ALL_CORES = address_bits(HOST)


@dataclass(frozen=True)
class Sample:
    """A sample as the host sends it, and what the simulator says of it, alone in the mesh."""

    stream: FlitArray
    flits: list[int]
    stamps: list[int]
    cycles: int
    actions: dict[int, dict[str, int]]
    """What the registers of actions say, by what `select` is; of one core without `hops`, since the simulator
    counts a flit's way for whoever sends it."""


@dataclass(frozen=True)
class Case:
    """A program, the flits that load it, and samples."""

    image: Image
    program: TiledProgram
    content: FlitArray
    enabling: FlitArray
    senders: int
    samples: tuple[Sample, ...]
    outputs: list[list[int]]

    def outputs_of(self, flits: list[int]) -> list[list[int]]:
        """What the host reads from packets of all samples in a row."""
        found: list[list[int]] = decode_outputs(
            self.program, np.array(flits, np.uint64), len(self.samples)
        ).tolist()
        return found


def draw_case(generator: np.random.Generator, hardware: Target = HARDWARE) -> Case:
    """A random network that `hardware` holds, with samples that an input buffer holds."""
    while True:
        try:
            case = make_case(compile_network(random_network(generator), hardware), generator)
        except (DoesNotFit, UnsupportedModel):
            continue
        if max(len(sample.stream) for sample in case.samples) <= MOST_FLITS:
            return case


def make_case(compilation: Compilation, generator: np.random.Generator) -> Case:
    """Random samples of a program."""
    node, program = compilation.network.input, compilation.tiled
    shape = (program.steps, node.features) if node.encoding == "events" else (node.features,)
    values = generator.integers(0, node.max_payload, (SAMPLES, *shape), endpoint=True)
    values[generator.random(values.shape) < 0.5] = 0
    payloads = encode_inputs(node, program.steps, values.astype(np.uint8))
    run = run_isolated(program, payloads)
    samples = tuple(
        Sample(
            encode_samples(program, payloads[number : number + 1]),
            run.flits[run.offsets[number] : run.offsets[number + 1]].tolist(),
            run.stamps[run.offsets[number] : run.offsets[number + 1]].tolist(),
            int(run.cycles[number]),
            actions_of(program, payloads[number : number + 1]),
        )
        for number in range(SAMPLES)
    )
    loading = load_flits(compilation.image)
    return Case(
        compilation.image,
        program,
        loading.content,
        loading.enabling,
        len(program.readout_cores),
        samples,
        decode_outputs(program, run.flits, SAMPLES).tolist(),
    )


def actions_of(program: TiledProgram, payloads: IntArray) -> dict[int, dict[str, int]]:
    """What the cores do for a sample, all of them and each, by the simulator."""
    counts = count_actions(program, run_functional(program, payloads).primitives)
    found = {ALL_CORES: {name: int(counts[action].sum()) for name, action in ACTIONS.items()}}
    for y in range(program.target.height):
        for x in range(program.target.width):
            tiles = [number for number, core in enumerate(program.cores) if (core.at.x, core.at.y) == (x, y)]
            found[address_bits(Address(x, y))] = {
                name: int(counts[action][tiles].sum()) for name, action in ACTIONS.items() if name != "hops"
            }
    return found
