"""Networks on the RTL that need the upper half of a counter, of the bitmaps or of a queue: many steps, long
delays, wide images, deep FIFOs that fill."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import layer
from cases import Draft
from executions import check_rtl
from random_hardware import RTL_HARDWARE
from rtl_bench import Needs

from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.isa.arithmetic import IntArray

pytestmark = pytest.mark.slow

HARDWARE, _ = RTL_HARDWARE["long-wide"]


def weights(*shape: int) -> np.ndarray:
    """Random 4-bit weights, most of them positive."""
    return np.random.default_rng(5).integers(-3, 8, shape).astype(np.int8)


def events(steps: int, features: int, share: float) -> IntArray:
    """One sample of random spikes."""
    return (np.random.default_rng(6).random((1, steps, features)) < share).astype(np.int64)


def population(count: int, threshold: int) -> Neurons:
    return replace(layer("any", "any", 1, count).neurons, threshold=np.full(count, threshold, np.int64))


def delayed() -> Draft:
    """Spikes that arrive 1, 7, 8 and 15 steps later, in 48 steps."""
    sender = Layer("sender", (5, 1, 1), population(5, 9), (Edge("input", Linear(weights(5, 6), 4)),))
    edges = tuple(
        Edge("sender", Linear(np.roll(weights(4, 5), delay), 4), delay=delay) for delay in (1, 7, 8, 15)
    )
    receiver = Layer("receiver", (4, 1, 1), population(4, 20), edges)
    readout = Readout("receiver", "spike_count")
    network = Network("delayed", 48, Input("input", (6, 1, 1), "events", 1), (sender, receiver), readout)
    return Draft(network, HARDWARE, False, events(48, 6, 0.3))


def wide() -> Draft:
    """An image of 200 columns, whose spikes say in which column they were."""
    image = Layer("image", (2, 2, 200), population(2, 4), (Edge("input", Conv2d(weights(2, 1, 1, 3), 4)),))
    flat = Layer("flat", (3, 1, 1), population(3, 900), (Edge("image", Linear(weights(3, 800), 4)),))
    node = Input("input", (1, 2, 202), "events", 1)
    network = Network("wide", 3, node, (image, flat), Readout("flat", "spike_count"))
    return Draft(network, HARDWARE, False, events(3, 404, 0.3))


def flooded() -> Draft:
    """Inputs come faster than a large core takes them; a small one waits behind the same queues."""
    large = Layer(
        "large",
        (64, 1, 1),
        population(64, 400),
        (Edge("input", Linear(weights(64, 80), 4)), Edge("large", Linear(weights(64, 64), 4), delay=1)),
    )
    small = Layer("small", (4, 1, 1), population(4, 400), (Edge("input", Linear(weights(4, 80), 4)),))
    node = Input("input", (80, 1, 1), "events", 1)
    network = Network("flooded", 4, node, (small, large), Readout("small", "spike_count"))
    return Draft(network, HARDWARE, False, events(4, 80, 0.9))


@pytest.mark.parametrize("drawn", [delayed, wide, flooded], ids=lambda function: function.__name__)
def test_upper_halves_of_counters_slots_and_queues(
    drawn: Callable[[], Draft], tmp_path: Path, needs: Needs
) -> None:
    needs("verilator")
    draft = drawn()
    expected = check_rtl(draft, draft.compile(), tmp_path).expected
    assert all(trace.spikes.any() and not trace.spikes.all() for trace in expected.layers.values())
