"""The action counts that energy is made of are what the RTL does, action by action and core by core."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import layer, network, target, tiny_network, tiny_payloads
from executions import assert_counts

import snnc
from snnc.base.files import cache_directory
from snnc.compiler.ir.network import Edge, Input, Linear, Network, Readout
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import Target, load_target
from snnc.models import read_model
from snnc.rtl.simulation.cosimulate import cosimulate
from snnc.rtl.simulation.counters import RtlCounts
from snnc.sim.engine.functional import run_functional
from snnc.training.data.datasets import load_samples

EXAMPLES = Path(__file__).parents[2] / "examples"
TARGET = target(
    width=3,
    height=2,
    parameter_words=64,
    weight_kibit=8,
    reset_amount=True,
    channel_leak=True,
    lower_clamp=True,
    fraction_bits=4,
)
"""All networks here are compiled for it, so that one model of the hardware serves them."""


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


def by_channel() -> Network:
    """Decays of membranes and currents and amounts of a reset per channel, beside a layer without."""
    amounts = np.array([3, 1, 4, 1, 5])
    first = layer(
        "a",
        "input",
        8,
        5,
        leak=Decay(0, 4),
        leak_numerators=np.array([1, 0, 3, 15, 16]),
        current_leak=Decay(0, 2),
        current_numerators=np.array([4, 1, 2, 3, 0]),
        reset_amount=amounts,
        lower_clamp=-9,
        fraction_bits=2,
    )
    return network(first, layer("b", "a", 5, 3, reset_amount=amounts[:3]), features=8)


def by_channel_payloads() -> np.ndarray:
    return np.repeat(np.random.default_rng(6).integers(0, 17, (2, 1, 8)), 4, axis=1)


def check(model: Network, hardware: Target, payloads: np.ndarray, work: Path) -> RtlCounts:
    """Simulator and RTL count the same, action by action, core by core and router by router."""
    compilation = compile_network(model, hardware)
    program = compilation.tiled
    run = cosimulate(compilation.image, program, payloads, cache=cache_directory(), work=work, counters=True)
    assert run.counts is not None
    assert_counts(program, run_functional(program, payloads).primitives, run.counts, runs=2)
    return run.counts


@pytest.mark.parametrize(
    ("model", "payloads", "least"),
    [
        (tiny_network, tiny_payloads, set()),
        (delayed, delayed_payloads, {"multiplies", "axon_reads"}),
        (by_channel, by_channel_payloads, {"multiplies", "decay_reads", "reset_amount_reads"}),
    ],
    ids=["held, membranes", "delays, slices, feedback", "by channel"],
)
def test_the_rtl_does_what_is_counted(
    model: Callable[[], Network],
    payloads: Callable[[], np.ndarray],
    least: set[str],
    tmp_path: Path,
    needs: Callable[[str], None],
) -> None:
    needs("verilator")
    counts = check(model(), TARGET, payloads(), tmp_path)
    always = {"state_reads", "state_writes", "membrane_reads", "payload_multiplies", "spikes", "lane_adds"}
    assert all(sum(counts.actions[name].values()) > 0 for name in always | least)
    assert len(+counts.links) > 4


def test_it_does_so_with_weights_in_ram_of_one_port(tmp_path: Path, needs: Callable[[str], None]) -> None:
    needs("verilator")
    hardware = replace(load_target("ice40-up5k"), neurons=64, weight_kibit=64)
    counts = check(tiny_network(), hardware, tiny_payloads(), tmp_path)
    assert sum(counts.actions["weight_reads"].values()) > 0


def test_it_does_so_for_a_trained_network(tmp_path: Path, needs: Callable[[str], None]) -> None:
    needs("verilator")
    network = read_model(EXAMPLES / "mnist-cnn.pt")[1]
    pixels = np.random.default_rng(0).integers(0, 16, (1, network.input.features)).astype(np.uint8)
    pixels[pixels < 12] = 0
    payloads = encode_inputs(network.input, network.steps, pixels)
    check(network, load_target("fpga"), payloads, tmp_path)


@pytest.mark.parametrize("name", ["fpga", pytest.param("ecp5-25k", marks=pytest.mark.slow)])
def test_it_does_so_for_digits_on_cores_of_their_own_and_on_one(
    name: str, tmp_path: Path, needs: Callable[[str], None]
) -> None:
    needs("verilator")
    network = snnc.compile(snnc.train("digits-mlp", seed=1, epochs=1), "fpga").network
    samples = load_samples("digits", limit=2)
    payloads = encode_inputs(network.input, network.steps, samples.x)
    counts = check(network, load_target(name), payloads, tmp_path)
    assert (len(+counts.actions["state_writes"]) == 1) == (name == "ecp5-25k")
