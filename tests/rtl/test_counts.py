"""The action counts that energy is made of are what the RTL's memories are asked for, access by access."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import layer, target, tiny_network, tiny_payloads

from snnc.base.files import cache_directory
from snnc.compiler.ir.network import Edge, Input, Linear, Network, Readout
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.targets import Target
from snnc.rtl.parameters import parameters_for
from snnc.rtl.simulation.model import build_model
from snnc.rtl.simulation.simulate import TOP, BuiltRtl, run_rtl
from snnc.rtl.sources import RTL_DIR, simulation_sources
from snnc.sim.accounting.counts import count_actions
from snnc.sim.engine.functional import run_functional

TARGET = target(width=3, height=2, parameter_words=64, weight_kibit=8)
"""All networks here are compiled for it, so that one model of the hardware serves them."""
Accesses = Counter[tuple[str, str]]
MEMORIES = {
    "weights": ("weight_reads", None),
    "state": ("state_reads", "state_writes"),
    "membrane": ("membrane_reads", "membrane_writes"),
    "thresholds": ("threshold_reads", None),
    "bias": ("bias_reads", None),
    "bitmap": ("bitmap_reads", "bitmap_writes"),
}


def delayed() -> Network:
    """Slices of the fan-in, spikes with delays that are silent in the first steps, and feedback."""
    rng = np.random.default_rng(3)

    def edge(source: str, count: int, axons: int, delay: int = 0) -> Edge:
        return Edge(source, Linear(rng.integers(-7, 8, (count, axons)).astype(np.int8), 4), delay)

    first = replace(
        layer("a", "input", 300, 4, leak=Decay(3, 4)),
        edges=(edge("input", 4, 300), edge("a", 4, 4, delay=1)),
    )
    second = replace(
        layer("b", "a", 4, 6, current_leak=Decay(1, 1)), edges=(edge("a", 6, 4), edge("a", 6, 4, delay=2))
    )
    node = Input("input", (300, 1, 1), "direct", 9)
    return Network("delayed", 4, node, (first, second), Readout("b", "spike_count"))


def delayed_payloads() -> np.ndarray:
    values = np.random.default_rng(4).integers(0, 10, (2, 1, 300))
    return np.repeat(values * (values > 5), 4, axis=1)


def accesses(model: Network, hardware: Target, payloads: np.ndarray, work: Path) -> tuple[Accesses, Accesses]:
    """Accesses of all cores by memory and kind: those counted, and those of the RTL for the samples alone."""
    compilation = compile_network(model, hardware)
    program, image = compilation.tiled, compilation.image
    counts = count_actions(program, run_functional(program, payloads).primitives)
    parameters = parameters_for(image)
    directory = build_model(
        [*simulation_sources(), RTL_DIR / "harness" / "snnc_count.sv"],
        TOP,
        parameters.verilog(),
        cache_directory(),
        "verilator",
        public=("clk_i", "done_o", "timed_out_o", "cycles_o"),
    )
    built = BuiltRtl(parameters, "verilator", directory, trace=False, stall_hooks=False, waves=False)
    expected: Accesses = Counter()
    found: Accesses = Counter()
    for memory, names in MEMORIES.items():
        for kind, name in zip(("reads", "writes"), names, strict=True):
            if name is not None:
                expected[memory, kind] = int(counts[name].sum())
    config = image.config_flits()
    for stream in (encode_samples(program, payloads), encode_samples(program, payloads[:0])):
        run = run_rtl(
            built,
            np.concatenate([config, stream]),
            program.ends_per_sample * len(payloads) if len(stream) else 0,
            config_flits=len(config),
            work_dir=work,
        )
        # Configuration, and the INIT of the reset, are what a run without a sample does.
        for memory, reads, writes in re.findall(r"accesses \S*\.u_(\w+)\.u_count (\d+) (\d+)", run.log):
            sign = 1 if len(stream) else -1
            found[memory, "reads"] += sign * int(reads)
            found[memory, "writes"] += sign * int(writes)
    return expected, Counter({key: found[key] for key in expected})


@pytest.mark.parametrize(
    ("model", "payloads"),
    [(tiny_network, tiny_payloads), (delayed, delayed_payloads)],
    ids=["held, membranes", "delays, slices, feedback"],
)
def test_the_memories_are_asked_for_what_is_counted(
    model: Callable[[], Network],
    payloads: Callable[[], np.ndarray],
    tmp_path: Path,
    needs: Callable[[str], None],
) -> None:
    needs("verilator")
    expected, found = accesses(model(), TARGET, payloads(), tmp_path)
    assert min(expected.values()) > 0
    assert dict(found) == dict(expected)
