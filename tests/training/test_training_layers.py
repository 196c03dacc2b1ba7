"""The layers' forward pass against the numeric contract, integer by integer, and its gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnc.compiler.arithmetic import Decay, accumulate, neuron_step, state_range
from snnc.training.config import Population
from snnc.training.layers import SpikingLinear, advance, exact_dtype
from snnc.training.surrogate import ceil_through, clamp_through, floor_through, round_through, spike

EXTREMES = (0.0, 1e-12, -1.0, 0.3, 1.0, 1e3, -1e3, 1e12, -1e12)

populations = st.builds(
    lambda reset, leak, bits, fraction, value: Population(
        reset=reset,
        leak_shift=leak,
        state_bits=bits,
        initial_fraction=fraction,
        reset_value=max(min(value, 2 ** (bits - 1) - 1), -(2 ** (bits - 1))),
    ),
    st.sampled_from(("soft", "hard", "none")),
    st.sampled_from((None, 0, 1, 2, 3, 4)),
    st.sampled_from((2, 5, 8, 16, 22, 32)),
    st.sampled_from((0.0, 0.5, 0.99)),
    st.integers(-(2**31), 2**31 - 1),
)


@settings(deadline=None, max_examples=300)
@given(populations, st.data())
def test_one_step_is_the_contract(population: Population, data: st.DataObject) -> None:
    low, high = state_range(population.state_bits)
    reach = 4 * high + 40
    count = data.draw(st.integers(1, 5))

    def draw(smallest: int, largest: int) -> np.ndarray:
        edges = st.sampled_from((smallest, largest)) | st.integers(smallest, largest)
        return np.array(data.draw(st.lists(edges, min_size=count, max_size=count)), np.int64)

    membrane, current = draw(low, high), draw(-reach, reach)
    threshold, bias = draw(1, high), draw(low, high)
    expected = neuron_step(
        membrane,
        current,
        threshold=threshold,
        bias=bias,
        reset=population.reset,
        reset_value=population.reset_value,
        state_bits=population.state_bits,
        leak=population.leak,
    )
    after, spikes = advance(
        torch.from_numpy(membrane).double(),
        torch.from_numpy(current).double(),
        torch.from_numpy(threshold).double(),
        torch.from_numpy(bias).double(),
        population,
    )
    assert after.long().tolist() == expected.after.tolist()
    assert spikes.bool().tolist() == expected.spikes.tolist()


@settings(deadline=None, max_examples=100)
@given(
    populations,
    st.integers(0, 2**32 - 1),
    st.sampled_from((2, 3, 4, 8)),
    st.sampled_from((1, 16, 255)),
    st.booleans(),
)
def test_layer_is_the_contract(
    population: Population, seed: int, weight_bits: int, max_payload: int, readout: bool
) -> None:
    layer = _random_layer(population, seed, weight_bits, max_payload, readout)
    random = np.random.default_rng(seed)
    events = random.integers(0, max_payload + 1, (3, 5, 12)) * random.integers(0, 2, (3, 5, 1))
    run = layer(torch.from_numpy(events), 5)
    integers = layer.integers()
    assert integers.threshold.min() >= 1 and integers.threshold.max() <= state_range(population.state_bits)[1]
    for sample in range(len(events)):
        membrane = integers.initial
        for step in range(5):
            result = neuron_step(
                membrane,
                accumulate(integers.weights, events[sample, step]),
                threshold=integers.threshold,
                bias=integers.bias,
                reset=population.reset,
                reset_value=population.reset_value,
                state_bits=population.state_bits,
                leak=population.leak,
            )
            membrane = result.after
            assert run.membranes[sample, step].long().tolist() == membrane.tolist()
            assert run.spikes[sample, step].bool().tolist() == result.spikes.tolist()


def _random_layer(
    population: Population, seed: int, weight_bits: int, max_payload: int, readout: bool
) -> SpikingLinear:
    """A layer with random weights (one neuron without any) and extreme thresholds and biases."""
    random = np.random.default_rng(seed)
    layer = SpikingLinear(12, 9, weight_bits, population, max_payload=max_payload, readout=readout)
    weights = random.normal(size=(9, 12))
    weights[4] = 0
    with torch.no_grad():
        layer.synapses.weight.copy_(torch.from_numpy(weights))
        for parameter in (layer.threshold, layer.bias):
            parameter.copy_(torch.tensor(random.permutation(EXTREMES)))
    return layer


def test_constant_input_is_the_same_as_a_repeated_one() -> None:
    layer = _random_layer(Population(leak_shift=3), 5, 4, 16, False)
    events = torch.randint(0, 17, (4, 1, 12))
    once, repeated = layer(events, 6), layer(events.expand(-1, 6, -1), 6)
    assert torch.equal(once.membranes, repeated.membranes) and torch.equal(once.spikes, repeated.spikes)


def test_membranes_saturate_where_the_contract_says() -> None:
    layer = SpikingLinear(1, 1, 4, Population(reset="none", state_bits=6), readout=True)
    with torch.no_grad():
        layer.synapses.weight.fill_(1.0)
    run = layer(torch.ones(1, 1, 1), 7)
    assert run.membranes.flatten().tolist() == [7, 14, 21, 28, 31, 31, 31]


def test_float64_where_float32_would_round() -> None:
    assert exact_dtype(64, 4, 16, 16) == torch.float32
    assert exact_dtype(64, 4, 16, 24) == torch.float64
    assert exact_dtype(16384, 8, 255, 16) == torch.float64
    layer = SpikingLinear(1, 1, 8, Population(reset="none", state_bits=32), max_payload=1)
    with torch.no_grad():
        layer.synapses.weight.fill_(1.0)
        layer.bias.fill_((2**24 + 1) / 127)
    assert layer(torch.zeros(1, 1, 1), 3).membranes[0, -1].item() == 3 * int(layer.integers().bias[0])


def test_per_neuron_scales_except_in_the_readout() -> None:
    hidden = SpikingLinear(6, 5, 4, Population())
    readout = SpikingLinear(6, 5, 4, Population(reset="none"), readout=True)
    assert hidden.grid().unit.shape == (5,) and readout.grid().unit.shape == (1,)


@pytest.mark.parametrize("reset", ["soft", "hard"])
@pytest.mark.parametrize("leak_shift", [None, 3])
def test_gradients_reach_every_parameter(reset: str, leak_shift: int | None) -> None:
    torch.manual_seed(0)
    population = Population(reset=reset, leak_shift=leak_shift)  # type: ignore[arg-type]
    layer = SpikingLinear(20, 8, 4, population, max_payload=16)
    run = layer(torch.randint(0, 17, (32, 1, 20)), 4)
    torch.autograd.backward(run.spikes.sum(1).square().mean())
    for parameter in (layer.synapses.weight, layer.threshold, layer.bias):
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().max() > 1e-3


def test_weight_gradients_do_not_depend_on_the_grid() -> None:
    """The same float network at 4 and 8 bits and with other pixel ranges: gradients of like size."""
    sizes = []
    for bits, max_payload in ((4, 16), (8, 16), (8, 255)):
        torch.manual_seed(0)
        layer = SpikingLinear(20, 8, bits, Population(leak_shift=3, state_bits=24), max_payload=max_payload)
        pixels = torch.rand(64, 1, 20, generator=torch.Generator().manual_seed(1))
        run = layer((pixels * max_payload).round(), 4)
        torch.autograd.backward(run.spikes.mean())
        assert layer.synapses.weight.grad is not None
        sizes.append(float(layer.synapses.weight.grad.norm()))
    assert max(sizes) < 1.3 * min(sizes)


def test_straight_through_values_are_exact_and_gradients_one() -> None:
    values = torch.tensor([-2.5, -1e-7, 0.3, 0.5, 1.5, 7e8], requires_grad=True)
    for function, exact in (
        (floor_through, torch.floor(values)),
        (ceil_through, torch.ceil(values)),
        (round_through, torch.round(values)),
        (lambda x: clamp_through(x, -1, 1), values.clamp(-1, 1)),
    ):
        result = function(values)
        assert torch.equal(result, exact)
        (gradient,) = torch.autograd.grad(result.sum(), values)
        assert gradient.tolist() == [1.0] * 6


def test_spike_fires_at_the_threshold_with_the_atan_slope() -> None:
    distance = torch.tensor([-1.0, -1e-9, 0.0, 1.0], requires_grad=True)
    fired = spike(distance)
    assert fired.tolist() == [0.0, 0.0, 1.0, 1.0]
    (gradient,) = torch.autograd.grad(fired.sum(), distance)
    tail = 1 / (1 + np.pi**2)
    assert gradient.numpy() == pytest.approx([tail, 1.0, 1.0, tail])


def test_leak_of_a_population() -> None:
    assert Population().leak == Decay() and Population(leak_shift=3).leak == Decay(1, 3)
