"""One case through every execution, each compared with the Network level: outputs, spikes and membranes."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from cases import Draft
from random_packings import MOST_ENTRIES, random_packing, shuffled
from scattered_programs import scattered
from stepped_model import Mesh

from snnc.base.files import cache_directory
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import MAX_CONTEXTS
from snnc.compiler.passes.encode import Encode
from snnc.compiler.pipeline import Compilation
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.compiler.reference.interpreter import (
    Execution,
    LayerTrace,
    as_stored,
    execute_image,
    execute_network,
    execute_program,
)
from snnc.compiler.targets import Target
from snnc.rtl.simulation.cosimulate import CoSimulation, cosimulate
from snnc.rtl.simulation.counters import DIRECTIONS, RtlCounts
from snnc.sim.accounting.action_costs import MEMORY_ACTIONS
from snnc.sim.accounting.counts import Counts, Primitives, count_actions
from snnc.sim.accounting.links import link_flits
from snnc.sim.engine.cycle import CycleRun, run_isolated, run_stream
from snnc.sim.engine.functional import run_functional
from snnc.verification.compare import MembranesAndSpikes, layer_traces

STEPPED_CYCLES = 6_000
"""Cycles times routers up to which the stepped model runs too; it evaluates every part in every cycle."""
STALL = 0.4


def assert_layers(expected: Execution, got: dict[str, MembranesAndSpikes], execution: str) -> None:
    """Every membrane and every spike equal the reference."""
    for name, trace in expected.layers.items():
        membranes, spikes = got[name]
        np.testing.assert_array_equal(trace.membrane, membranes, err_msg=f"{execution}: membranes of {name}")
        np.testing.assert_array_equal(trace.spikes, spikes, err_msg=f"{execution}: spikes of {name}")


def assert_traces(expected: Execution, got: dict[str, LayerTrace], execution: str) -> None:
    """Membranes, spikes and state words equal the reference."""
    assert_layers(expected, {name: (t.membrane, t.spikes) for name, t in got.items()}, execution)
    for name, trace in expected.layers.items():
        words = f"{execution}: state words of {name}"
        np.testing.assert_array_equal(trace.accumulated, got[name].accumulated, err_msg=words)


def assert_packets(isolated: CycleRun, stream: CycleRun, rtl: CoSimulation) -> None:
    """Every packet that left the RTL left the simulator in the same cycle."""
    for run in range(len(isolated.offsets) - 1):
        part = slice(isolated.offsets[run], isolated.offsets[run + 1])
        np.testing.assert_array_equal(isolated.flits[part], rtl.flits[run], err_msg=f"sample {run}")
        np.testing.assert_array_equal(isolated.stamps[part], rtl.cycles[run], err_msg=f"sample {run}")
    np.testing.assert_array_equal(stream.flits, rtl.flits[-1], err_msg="back to back")
    np.testing.assert_array_equal(stream.stamps, rtl.cycles[-1], err_msg="back to back")


COUNTED = (
    *MEMORY_ACTIONS,
    "event_fifo_writes",
    "lane_adds",
    "compares",
    "multiplies",
    "payload_multiplies",
    "spikes",
)
"""Actions of a core that the RTL counts; hops and links follow from the flits that leave the routers."""


def assert_counts(program: TiledProgram, counted: Primitives, rtl: RtlCounts, runs: int) -> None:
    """Every action of every core and router is the RTL's, which did each sample `runs` times."""
    counts = count_actions(program, counted)
    expected = {name: dict.fromkeys(_places(program), 0) for name in COUNTED}
    for number, core in enumerate(program.cores):
        for name in COUNTED:
            expected[name][core.at.x, core.at.y] += runs * int(counts[name][number])
    for name, by_place in expected.items():
        found = rtl.actions.get(name, Counter())
        assert {place: found[place] for place in by_place} == by_place, name
    for events, ways in ((False, rtl.links), (True, rtl.events)):
        flits = {
            ((x, y), DIRECTIONS[port]): runs * int(number)
            for (y, x, port), number in np.ndenumerate(link_flits(program, counted, events=events))
        }
        assert {key: ways[key] for key in flits} == flits
    assert rtl.actions["event_fifo_reads"] == rtl.actions["event_fifo_writes"]
    assert rtl.actions["router_fifo_reads"] == rtl.actions["router_fifo_writes"]
    assert sum(rtl.actions["router_fifo_writes"].values()) == runs * int(counts["flit_hops"].sum())
    _assert_link_totals(counts, rtl, runs)


def _assert_link_totals(counts: Counts, rtl: RtlCounts, runs: int) -> None:
    """The totals of the senders are those of the routers; the host is west of (0, 0)."""
    crossed = {way: sum(n for (_, name), n in rtl.events.items() if name == way) for way in DIRECTIONS}
    crossed["west"] -= rtl.events[(0, 0), "west"]
    assert crossed["north"] + crossed["south"] == runs * int(counts["north_south_links"].sum())
    assert crossed["east"] + crossed["west"] == runs * int(counts["east_west_links"].sum())
    assert rtl.links[(0, 0), "west"] == runs * int(counts["host_flits"][:-1].sum())


def _places(program: TiledProgram) -> list[tuple[int, int]]:
    return [(x, y) for y in range(program.target.height) for x in range(program.target.width)]


@dataclass(frozen=True)
class Checked:
    """What a case gave in every execution, and the packings that gave the same."""

    expected: Execution
    packings: tuple[TiledProgram, ...]


def check_software(draft: Draft, compilation: Compilation) -> Checked:
    """Program, image, both tiers of the simulator and, where affordable, the stepped model; then its tiles on
    other cores, several on each as it falls, and smaller tiles at random places of the same hardware."""
    program, payloads = compilation.tiled, draft.payloads
    expected = as_stored(draft.network, program, execute_network(draft.network, payloads))
    for name, execution in (
        ("program", execute_program(program, payloads)),
        ("image", execute_image(compilation.image, payloads)),
    ):
        np.testing.assert_array_equal(expected.outputs, execution.outputs, err_msg=name)
        assert_traces(expected, execution.layers, name)
    _check_simulator(program, payloads, expected)
    generator = np.random.default_rng(payloads.sum())
    packings = [random_packing(generator, shuffled(generator, program))]
    small = scattered(generator, draft.network, _for_many_tiles(draft.hardware))
    packings += [] if small is None else [small]
    for packing in packings:
        image = Encode().run(packing)
        image.verify()
        again = as_stored(draft.network, packing, execute_network(draft.network, payloads))
        assert_traces(again, execute_image(image, payloads).layers, "image of a packing")
        _check_simulator(packing, payloads, again)
    return Checked(expected, tuple(packings))


def _for_many_tiles(hardware: Target) -> Target:
    """Cores with the most contexts and entries there can be, behind the smallest FIFOs."""
    return replace(
        hardware,
        contexts=MAX_CONTEXTS,
        neurons=min(4 * hardware.neurons, 1 << 16),
        parameter_words=min(4 * hardware.parameter_words, 256),
        weight_kibit=4 * hardware.weight_kibit,
        axon_rows=MOST_ENTRIES,
        axon_columns=MOST_ENTRIES,
        destinations=MOST_ENTRIES,
        sources=MOST_ENTRIES,
        event_fifo=2,
        router_fifo=2,
    )


def _check_simulator(program: TiledProgram, payloads: IntArray, expected: Execution) -> None:
    functional = run_functional(program, payloads, trace=True)
    np.testing.assert_array_equal(expected.outputs, functional.outputs, err_msg="functional tier")
    assert_layers(expected, layer_traces(program, functional.trace), "functional tier")
    isolated = run_isolated(program, payloads, trace=True)
    assert_layers(expected, layer_traces(program, isolated.trace), "cycle tier")
    stream = run_stream(program, payloads)
    outputs = decode_outputs(program, stream.flits, len(payloads))
    np.testing.assert_array_equal(expected.outputs, outputs, err_msg="cycle tier")
    if int(stream.cycles[0]) * program.target.core_count <= STEPPED_CYCLES:
        packets = Mesh(program).run(encode_samples(program, payloads).tolist())
        assert packets == list(zip(stream.flits.tolist(), stream.stamps.tolist(), strict=True))


def check_rtl(draft: Draft, compilation: Compilation, work: Path) -> Checked:
    """One network on the RTL: exact without stalls, the same values with stalls in every FIFO and stream. On
    hardware whose cores hold several tiles the same with smaller tiles at random places."""
    expected = _check_rtl(draft, compilation.tiled, compilation.image, work)
    packing = None
    if draft.hardware.contexts > 1:
        packing = scattered(np.random.default_rng(draft.payloads.sum()), draft.network, draft.hardware)
    if packing is None:
        return Checked(expected, ())
    _check_rtl(draft, packing, Encode().run(packing), work)
    return Checked(expected, (packing,))


def _check_rtl(draft: Draft, program: TiledProgram, image: Image, work: Path) -> Execution:
    payloads = draft.payloads
    expected = as_stored(draft.network, program, execute_network(draft.network, payloads))
    free = cosimulate(image, program, payloads, cache=cache_directory(), work=work, counters=True)
    assert free.isolated is not None and free.counts is not None
    assert_counts(program, run_functional(program, payloads).primitives, free.counts, runs=2)
    assert_traces(expected, free.layers, "rtl")
    assert_traces(expected, free.isolated, "rtl, isolated")
    np.testing.assert_array_equal(expected.outputs, free.outputs, err_msg="rtl")
    assert_packets(run_isolated(program, payloads), run_stream(program, payloads), free)
    seed = len(program.cores)
    stalled = cosimulate(image, program, payloads, cache=cache_directory(), work=work, stall=STALL, seed=seed)
    assert_traces(expected, stalled.layers, "rtl with stalls")
    np.testing.assert_array_equal(expected.outputs, stalled.outputs, err_msg="rtl with stalls")
    return expected
