"""`docs/arithmetic.md` suffices: its examples and its program, as printed there, against the code."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import target
from example_counts import examples
from hypothesis import given
from hypothesis import strategies as st
from random_hardware import SIZES
from random_networks import networks

from snnc.compiler.analysis.bounds import current_bounds, membrane_bounds, state_bounds, synaptic_bounds
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.isa.arithmetic import Decay, neuron_step, synaptic_current
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import Execution, LayerTrace, edge_current, execute_network, read_out
from snnc.training.data.datasets import load_samples

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "arithmetic.md").read_text().replace("−", "-")
SECOND = target(reset_amount=True, channel_leak=True, lower_clamp=True, fraction_bits=7)
"""Hardware for which networks with everything are drawn."""
EXAMPLE, PROGRAM_TEXT = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PROGRAM: dict[str, Callable[..., Any]] = {}
exec(PROGRAM_TEXT, PROGRAM)


def table(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table behind `heading`."""
    section = PAGE.split(f"### {heading}\n")[1].split("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def integers(text: str) -> list[int]:
    """The last number of each of the comma-separated sums in `text`: `6 - 3 = 3, 4` is 3 and 4."""
    return [int(part.split("=")[-1]) for part in text.split(",")]


def nested(text: str) -> Any:
    """`[1, 2], [3, 4]` as nested lists."""
    assert re.fullmatch(r"[\[\]\d, -]+", text)
    return eval(f"[{text}]")


def pair(text: str) -> tuple[int, int]:
    first, second = integers(text)
    return first, second


def triple(text: str) -> tuple[int, int, int]:
    first, second, third = integers(text)
    return first, second, third


def fraction(text: str) -> Decay:
    numerator, bits = text.split("/2^")
    return Decay(int(numerator), int(bits))


def neurons(
    threshold: list[int], bias: list[int], reset: Any, leak: tuple[int, int], **changes: Any
) -> Neurons:
    zeros = np.zeros(len(bias), np.int64)
    return Neurons(
        np.array(threshold), np.array(bias), zeros, reset, leak=Decay(*leak), state_bits=8, **changes
    )


def linear(source: str, weights: list[list[int]], delay: int = 0) -> Edge:
    return Edge(source, Linear(np.array(weights, np.int8), 4), delay)


@pytest.mark.parametrize("row", table("Neurons"), ids=lambda row: row[0])
def test_neurons(row: list[str]) -> None:
    _, v, i, total, shift, current_decay, next_i, bias, u, threshold, spike, reset, leak, after = row
    reset, _, lowest = reset.partition(", at least ")
    mode, *value = reset.split()
    current_leak = fraction(current_decay) if current_decay else None
    reset_value = int(value[0]) if value and mode == "hard" else 0
    amount = np.array([int(value[0])]) if value and mode == "soft" else None
    acc = int(total) << int(shift or 0)
    population = neurons(
        [int(threshold)],
        [int(bias)],
        mode,
        (fraction(leak).numerator, fraction(leak).fraction_bits),
        reset_value=reset_value,
        current_leak=current_leak,
        reset_amount=amount,
        lower_clamp=int(lowest) if lowest else None,
        fraction_bits=int(shift or 0),
    )
    current = synaptic_current(np.array([int(i or 0)]), np.array([acc]), current_leak)
    result = neuron_step(
        np.array([int(v)]),
        current,
        threshold=population.threshold,
        bias=population.bias,
        reset=population.reset,
        reset_value=reset_value,
        state_bits=8,
        leak=population.leak,
        reset_amount=amount,
        lower_clamp=population.lower_clamp,
    )
    assert int(v) + int(current[0]) + int(bias) == int(u)
    assert int(current[0]) == int(next_i or acc)
    assert (int(result.spikes[0]), int(result.after[0])) == (int(spike), int(after))
    stepped = PROGRAM["step"](population, 0, int(v), int(i or 0), int(total))
    assert stepped == (int(after), int(next_i or acc), int(spike))


@pytest.mark.parametrize("row", [row for row in table("Neurons") if row[5]], ids=lambda row: row[0])
def test_channels_have_decays_of_their_own(row: list[str]) -> None:
    """The second of two channels decays as the example says, the first not at all."""
    current_decay, leak = fraction(row[5]), fraction(row[12])
    values = np.array([100, 100])
    current = np.array([0, current_decay.numerator])
    own = Decay(0, current_decay.fraction_bits)
    decayed = synaptic_current(values, np.zeros(2, np.int64), own, current)
    assert decayed.tolist() == [100, int(PROGRAM["decay"](100, current_decay, None, 0))]
    population = neurons([200, 200], [0, 0], "soft", (0, leak.fraction_bits))
    population = replace(population, leak_numerators=np.array([0, leak.numerator]))
    for channel, numerator in enumerate([0, leak.numerator]):
        expected = 100 - (100 * numerator >> leak.fraction_bits)
        assert PROGRAM["step"](population, channel, 100, 0, 0)[0] == expected


@pytest.mark.parametrize("row", table("Edges of one step"), ids=lambda row: row[0])
def test_edges(row: list[str]) -> None:
    _, source, events, pool, weights, stride, padding, groups, output, current = row
    values = np.array(nested(weights)[0], np.int8)
    synapses: Linear | Conv2d = Linear(values, 5)
    if stride:
        synapses = Conv2d(values, 5, pair(stride), pair(padding), int(groups))
    edge = Edge("input", synapses, 0, pair(pool))
    node, shape = Input("input", triple(source)), triple(output)
    population = neurons([9] * shape[0], [0] * shape[0], "soft", (0, 0))
    layer = Layer("layer", shape, population, (edge,))
    reader = Layer(
        "out", (1, 1, 1), neurons([1], [0], "soft", (0, 0)), (linear("layer", [[1] * layer.count]),)
    )
    Network("example", 1, node, (layer, reader), Readout("out", "spike_count")).verify()
    given = np.array(integers(events))
    assert edge_current(layer, edge, node.shape, given).tolist() == integers(current)
    assert PROGRAM["current"](edge, node.shape, shape, given.tolist()) == integers(current)


@pytest.mark.parametrize("row", table("Encodings"), ids=lambda row: " ".join(row[:4]))
def test_encodings(row: list[str]) -> None:
    encoding, largest, steps, sample, payloads = row
    x = nested(sample)[0]
    node = Input("input", (np.shape(x)[-1], 1, 1), encoding, int(largest))  # type: ignore[arg-type]
    assert encode_inputs(node, int(steps), np.array([x], np.uint8))[0].tolist() == nested(payloads)
    assert PROGRAM["encode"](node, int(steps), x) == nested(payloads)


def test_floats_of_a_file(tmp_path: Path) -> None:
    rows = table("Floats of a file")
    x = np.array([[float(value) for value, _ in rows]])
    np.savez(tmp_path / "x.npz", x=x, y=np.zeros(1, np.int64))
    assert load_samples(str(tmp_path / "x.npz")).x[0].tolist() == [int(integer) for _, integer in rows]


@pytest.mark.parametrize("row", table("Readouts"), ids=lambda row: " ".join(row))
def test_readouts(row: list[str]) -> None:
    kind, first_step, values, outputs, chosen = row
    by_step = np.array([nested(values)])
    readout = Readout("layer", kind, int(first_step))  # type: ignore[arg-type]
    read = read_out(readout, LayerTrace(by_step, by_step, by_step.astype(np.bool_)))
    assert read[0].tolist() == integers(outputs)
    assert Execution(read, {}).predictions.tolist() == [int(chosen)]
    assert PROGRAM["read_out"](readout, by_step[0].tolist(), by_step[0].tolist()) == integers(outputs)


@pytest.mark.parametrize("row", table("Bounds"), ids=lambda row: " ".join(row[:5]))
def test_bounds(row: list[str]) -> None:
    weights, largest, steps, threshold, amount, shift, lowest, current_decay, *expected = row
    current_leak = fraction(current_decay) if current_decay else None
    population = neurons([int(threshold)], [0], "soft", (0, 0), current_leak=current_leak)
    population = replace(
        population,
        state_bits=12,
        reset_amount=np.array([int(amount)]) if amount else None,
        fraction_bits=int(shift or 0),
        lower_clamp=int(lowest) if lowest else None,
    )
    layer = Layer("layer", (1, 1, 1), population, (linear("input", nested(weights)),))
    node = Input("input", (2, 1, 1), "direct", int(largest))
    network = Network("example", int(steps), node, (layer,), Readout("layer", "spike_count"))
    arriving = current_bounds(network, layer)
    current = synaptic_bounds(network, layer, arriving)
    membrane = membrane_bounds(population, current, network.steps)
    everything = state_bounds(network, layer)
    found = [list(interval.extremes) for interval in (arriving, current, membrane, everything)]
    assert found == [integers(cell) for cell in expected]


def test_the_whole_sample() -> None:
    names: dict[str, Any] = {
        "Layer": Layer,
        "Network": Network,
        "Input": Input,
        "Readout": Readout,
        "neurons": neurons,
        "linear": linear,
    }
    exec(EXAMPLE, names)
    network: Network = names["network"]
    network.verify()
    run = execute_network(network, encode_inputs(network.input, 4, np.array([[3]], np.uint8)))
    a, b = run.layers["a"], run.layers["b"]
    before = {"a": [[0]], "b": [[0, 0]]}
    for t, acc_a, u_a, s_a, v_a, acc_b, u_b, v_b in table("A whole sample"):
        step = int(t)
        for trace, name, acc, u, v in ((a, "a", acc_a, u_a, v_a), (b, "b", acc_b, u_b, v_b)):
            arrived = trace.accumulated[0, step] - before[name][-1]
            assert arrived.tolist() == integers(acc)
            bias = network.layer(name).neurons.bias
            assert (trace.accumulated[0, step] + bias).tolist() == integers(u)
            assert trace.membrane[0, step].tolist() == integers(v)
            before[name].append(integers(v))
        assert int(a.spikes[0, step, 0]) == int(s_a)
    assert run.outputs.tolist() == [[4, 1]]
    assert "Outputs 4, 1: class 0." in PAGE
    assert PROGRAM["run"](network, [3])[0] == [4, 1]


@examples(100)
@given(network=networks(SIZES[0], SECOND), seed=st.integers(0, 1 << 16))
def test_the_program_of_the_page_computes_what_the_reference_computes(network: Network, seed: int) -> None:
    node = network.input
    shape = (1, network.steps, node.features) if node.encoding == "events" else (1, node.features)
    x = np.random.default_rng(seed).integers(0, node.max_payload + 1, shape).astype(np.uint8)
    outputs, sent, membranes = PROGRAM["run"](network, x[0].tolist())
    run = execute_network(network, encode_inputs(node, network.steps, x))
    assert run.outputs[0].tolist() == outputs
    for name, trace in run.layers.items():
        assert trace.spikes[0].astype(int).tolist() == sent[name]
        assert trace.membrane[0].tolist() == membranes[name]


@given(
    x=st.lists(st.integers(0, 255), min_size=1, max_size=12),
    largest=st.integers(1, 255),
    steps=st.integers(1, 40),
    encoding=st.sampled_from(["rate", "latency"]),
)
def test_the_program_of_the_page_encodes_as_the_code(
    x: list[int], largest: int, steps: int, encoding: Any
) -> None:
    values = [value % (largest + 1) for value in x]
    node = Input("input", (len(x), 1, 1), encoding, largest)
    coded = encode_inputs(node, steps, np.array([values], np.uint8))[0]
    assert coded.tolist() == PROGRAM["encode"](node, steps, values)
