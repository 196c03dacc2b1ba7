"""Max pooling of spikes is an OR over windows, in every execution."""

import numpy as np
import pytest
from builders import layer, target

from snnc.base.errors import VerificationError
from snnc.compiler.ir.network import Input, Network, Readout
from snnc.compiler.ir.pooling import max_pool
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.pipeline import compile_network
from snnc.compiler.reference.interpreter import execute_network
from snnc.sim.engine.functional import run_functional
from snnc.verification.compare import layer_traces

CHANNELS, HEIGHT, WIDTH, STEPS = 3, 9, 7, 4


def largest(
    events: IntArray, window: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> IntArray:
    """The largest of every window of (samples, steps, channels, height, width), 0 outside."""
    high, wide = padding
    padded = np.pad(events, ((0, 0), (0, 0), (0, 0), (high, high), (wide, wide)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, window, axis=(3, 4))
    found: IntArray = windows[:, :, :, :: stride[0], :: stride[1]].max(axis=(5, 6))
    return found.reshape(*events.shape[:2], -1)


@pytest.mark.parametrize(
    ("window", "stride", "padding"),
    [
        ((2, 2), (2, 2), (0, 0)),
        ((3, 3), (2, 2), (1, 1)),
        ((3, 2), (1, 3), (2, 1)),
        ((9, 7), (1, 1), (0, 0)),
        ((15, 15), (4, 5), (14, 14)),
    ],
)
def test_it_is_the_largest_of_every_window(
    window: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> None:
    pooled = max_pool("pool", "input", (CHANNELS, HEIGHT, WIDTH), window, stride, padding)
    readout = layer("out", "pool", pooled.count, 2)
    node = Input("input", (CHANNELS, HEIGHT, WIDTH), "events", 1)
    network = Network("test", STEPS, node, (pooled, readout), Readout("out", "spike_count"))
    network.verify()
    random = np.random.default_rng(sum(window))
    events = (random.random((3, STEPS, CHANNELS, HEIGHT, WIDTH)) < 0.03).astype(np.int64)
    payloads = events.reshape(3, STEPS, -1)
    expected = largest(events, window, stride, padding)
    assert 0 < expected.mean() < 1
    assert execute_network(network, payloads).layers["pool"].spikes.astype(int).tolist() == expected.tolist()
    program = compile_network(network, target(weight_kibit=64, axon_rows=64, axon_columns=64)).tiled
    trace = layer_traces(program, run_functional(program, payloads, trace=True).trace)
    assert trace["pool"][1].astype(int).tolist() == expected.tolist()


def test_the_stride_is_the_window_unless_it_is_given() -> None:
    shape = (CHANNELS, HEIGHT, WIDTH)
    assert max_pool("pool", "input", shape, (3, 2)).shape == (CHANNELS, 3, 3)
    assert max_pool("pool", "input", shape, (3, 2), (1, 1)).shape == (CHANNELS, 7, 6)


@pytest.mark.parametrize(
    ("window", "stride", "padding", "message"),
    [
        ((16, 1), None, (0, 0), "window must be 1..15, not (16, 1)"),
        ((0, 1), None, (0, 0), "window must be 1..15, not (0, 1)"),
        ((3, 3), None, (3, 0), "padding must be 0 and less than the window (3, 3), not (3, 0)"),
        ((3, 3), (0, 1), (0, 0), "stride must be positive, not (0, 1)"),
        ((10, 3), None, (0, 0), "a window of (10, 3) does not fit into 'input' (3, 9, 7)"),
    ],
)
def test_what_is_no_window(
    window: tuple[int, int], stride: tuple[int, int] | None, padding: tuple[int, int], message: str
) -> None:
    with pytest.raises(VerificationError) as refusal:
        max_pool("pool", "input", (CHANNELS, HEIGHT, WIDTH), window, stride, padding)
    assert message in str(refusal.value)
