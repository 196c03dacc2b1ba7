"""Neurons and layers compute the integers of the contract, and their gradients reach what is learned."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from example_counts import examples
from hypothesis import given
from hypothesis import strategies as st
from surrogate import AtanSpike
from torch import Tensor

from snnc.compiler.ir.network import Shape
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, IntArray, neuron_step, state_range, synaptic_current
from snnc.training.model.config import EdgeConfig, LayerConfig, Population
from snnc.training.model.evaluation_order import run_block
from snnc.training.model.layers import MIN_THRESHOLD, SpikingLayer, exact_dtype
from snnc.training.model.neurons import CompiledDynamics, Dynamics, leaking_currents, run_population
from snnc.training.model.surrogate import (
    ceil_through,
    clamp_through,
    floor_through,
    limit_below,
    round_through,
)
from snnc.training.model.synapses import delayed

EXTREMES = (0.0, 1e-12, -1.0, 0.3, 1.0, 1e3, -1e3, 1e12, -1e12)
STEPS = 5

leaks = st.sampled_from((NO_LEAK, Decay(1, 0), Decay(1, 3), Decay(3, 3), Decay(65535, 16)))
populations = st.builds(
    lambda reset, leak, bits, fraction, value: Population(
        reset=reset,
        leak=leak,
        state_bits=bits,
        initial_fraction=fraction,
        reset_value=max(min(value, 2 ** (bits - 1) - 1), -(2 ** (bits - 1))),
    ),
    st.sampled_from(("soft", "hard", "none")),
    leaks,
    st.sampled_from((2, 5, 8, 16, 22, 32)),
    st.sampled_from((0.0, 0.5, 0.99)),
    st.integers(-(2**31), 2**31 - 1),
)


@pytest.mark.parametrize("dynamics", [Dynamics, CompiledDynamics])
@examples(200)
@given(populations, st.data())
def test_neurons_are_the_contract(
    dynamics: type[torch.autograd.Function], population: Population, data: st.DataObject
) -> None:
    low, high = state_range(population.state_bits)
    reach = 4 * high + 40

    def draw(smallest: int, largest: int, *shape: int) -> np.ndarray:
        edges = st.sampled_from((smallest, largest)) | st.integers(smallest, largest)
        size = math.prod(shape)
        return np.array(data.draw(st.lists(edges, min_size=size, max_size=size)), np.int64).reshape(shape)

    membrane, currents = draw(low, high, 4), draw(-reach, reach, 3, 4)
    threshold, bias = draw(1, high, 4), draw(low, high, 4)
    given_values = (torch.from_numpy(values).double() for values in (currents, membrane, threshold, bias))
    membranes, spikes = dynamics.apply(*given_values, population, "atan")
    for step, current in enumerate(currents):
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
        membrane = expected.after
        assert membranes[step].long().tolist() == membrane.tolist()
        assert spikes[step].bool().tolist() == expected.spikes.tolist()


@examples(50)
@given(leaks, st.lists(st.integers(-(2**20), 2**20), min_size=1, max_size=6))
def test_synaptic_current_is_the_contract(leak: Decay, arriving: list[int]) -> None:
    current: IntArray = np.zeros((), np.int64)
    expected = []
    for value in arriving:
        current = synaptic_current(current, np.asarray(value), leak)
        expected.append(int(current))
    values = torch.tensor(arriving).double()
    assert [int(value) for value in leaking_currents(values, None, leak)] == expected
    first = leaking_currents(values[:1], None, leak)
    assert [int(value) for value in leaking_currents(values[1:], first[-1], leak)] == expected[1:]


def _layer(population: Population, *, readout: bool = False, **fields: Any) -> SpikingLayer:
    """Nine neurons behind twelve features."""
    payload = fields.pop("payload", 1)
    config = LayerConfig("layer", 9, (EdgeConfig("input"),), population, **fields)
    return SpikingLayer(config, ((12, 1, 1),), (payload,), (9, 1, 1), STEPS, readout=readout)


def _run(layer: SpikingLayer, events: Tensor, steps: int = STEPS) -> tuple[Tensor, Tensor]:
    """Membranes and spikes (steps, samples, neurons) for events (steps or 1, samples, axons)."""
    known = {"input": events[..., None, None]}
    run = run_block({layer.config.name: layer}, known, steps)[layer.config.name]
    return run.membranes.flatten(2), run.spikes.flatten(2)


@examples(50)
@given(
    populations,
    st.integers(0, 2**32 - 1),
    st.sampled_from((2, 4, 8)),
    st.sampled_from((1, 255)),
    st.booleans(),
)
def test_extreme_parameters(
    population: Population, seed: int, weight_bits: int, payload: int, readout: bool
) -> None:
    layer = _layer(population, weight_bits=weight_bits, payload=payload, readout=readout)
    random = np.random.default_rng(seed)
    _spread(layer, random)
    events = random.integers(0, payload + 1, (STEPS, 3, 12)) * random.integers(0, 2, (STEPS, 3, 1))
    membranes, spikes = _run(layer, torch.from_numpy(events))
    integers = layer.integers()
    assert integers.threshold.min() >= 1 and integers.threshold.max() <= state_range(population.state_bits)[1]
    membrane = np.broadcast_to(integers.initial, (3, 9))
    for step in range(STEPS):
        result = neuron_step(
            membrane,
            events[step] @ integers.weights[0].astype(np.int64).T,
            threshold=integers.threshold,
            bias=integers.bias,
            reset=population.reset,
            reset_value=population.reset_value,
            state_bits=population.state_bits,
            leak=population.leak,
        )
        membrane = result.after
        assert membranes[step].long().tolist() == membrane.tolist()
        assert spikes[step].bool().tolist() == result.spikes.tolist()


def _spread(layer: SpikingLayer, random: np.random.Generator) -> None:
    """Random weights, one neuron without any, and extreme thresholds and biases."""
    weights = random.normal(size=(9, 12))
    weights[4] = 0
    with torch.no_grad():
        layer.synapses.weight.copy_(torch.from_numpy(weights))
        for parameter in (layer.threshold, layer.bias):
            parameter.copy_(torch.tensor(random.permutation(EXTREMES)))


def test_constant_input_is_the_same_as_a_repeated_one() -> None:
    layer = _layer(Population(leak=Decay(1, 3)), payload=16)
    events = torch.randint(0, 17, (1, 4, 12))
    for first, second in zip(_run(layer, events), _run(layer, events.expand(STEPS, -1, -1)), strict=True):
        assert torch.equal(first, second)


def test_delay() -> None:
    currents = torch.arange(1.0, 5.0)
    assert delayed(currents, 0).tolist() == [1, 2, 3, 4]
    assert delayed(currents, 3).tolist() == [0, 0, 0, 1]
    assert delayed(currents, 4).tolist() == [0] * 4 == delayed(currents, 9).tolist()


def test_membranes_saturate_where_the_contract_says() -> None:
    layer = _layer(Population(reset="none", state_bits=6), readout=True)
    with torch.no_grad():
        layer.synapses.weight.zero_()
        layer.synapses.weight[0, 0] = 1
    membranes, _ = _run(layer, torch.ones(1, 1, 12), 7)
    assert membranes[:, 0, 0].tolist() == [7, 14, 21, 28, 31, 31, 31]


def test_float64_where_float32_would_round() -> None:
    plain, wide = Population(), Population(state_bits=24)
    assert exact_dtype(1000, plain, 4) == torch.float32
    assert exact_dtype(1000, wide, 4) == torch.float64
    assert exact_dtype(1 << 24, plain, 1) == torch.float64
    assert exact_dtype(1000, Population(leak=Decay(511, 9)), 4) == torch.float32
    assert exact_dtype(1000, Population(leak=Decay(513, 10)), 4) == torch.float64
    assert exact_dtype(1 << 20, Population(current_leak=NO_LEAK), 8) == torch.float32
    assert exact_dtype(1 << 20, Population(current_leak=NO_LEAK), 16) == torch.float64
    layer = _layer(Population(reset="none", state_bits=32), weight_bits=8)
    with torch.no_grad():
        layer.synapses.weight.fill_(1.0)
        layer.bias.fill_((2**24 + 1) / 127)
    membranes, _ = _run(layer, torch.zeros(1, 1, 12))
    assert membranes[-1, 0, 0].item() == STEPS * int(layer.integers().bias[0])


def test_edges_of_a_channel_share_one_scale_except_in_the_readout() -> None:
    edges = (EdgeConfig("input", "conv", (3, 3), padding=(1, 1)), EdgeConfig("other", "conv", groups=4))
    config = LayerConfig("layer", 4, edges)
    shapes: tuple[Shape, ...] = ((2, 5, 5), (4, 5, 5))
    layer = SpikingLayer(config, shapes, (1, 1), (4, 5, 5), STEPS)
    grid = layer.grid()
    assert [tuple(weights.shape) for weights in grid.weights] == [(4, 2, 3, 3), (4, 1, 1, 1)]
    assert grid.unit.shape == (4,)
    matrix = torch.cat([weights.flatten(1) for weights in grid.weights], 1) * grid.unit[:, None]
    assert (matrix - layer.synapses.weight).abs().max() <= grid.unit.max() / 2 + 1e-6
    assert matrix.abs().amax(1).tolist() == pytest.approx(layer.synapses.weight.abs().amax(1).tolist())
    assert _layer(Population(reset="none"), readout=True).grid().unit.shape == (1,)


def _elementary(
    currents: Tensor,
    membrane: Tensor,
    threshold: Tensor,
    bias: Tensor,
    population: Population,
    surrogate: str,
) -> tuple[Tensor, Tensor]:
    """`run_population` from elementary operations, with gradients by PyTorch."""
    assert surrogate == "atan"
    membranes, spikes = [], []
    for current in currents:
        integrated = membrane + current + bias
        fired = torch.zeros_like(integrated)
        if population.reset != "none":
            fired = AtanSpike.apply((integrated - threshold) / threshold)
        target = integrated - threshold if population.reset == "soft" else population.reset_value
        settled = torch.where(fired > 0, target, integrated)
        settled = clamp_through(settled, *state_range(population.state_bits))
        fraction = population.leak.numerator / 2**population.leak.fraction_bits
        membrane = settled - floor_through(settled * fraction)
        membranes.append(membrane)
        spikes.append(fired)
    return torch.stack(membranes), torch.stack(spikes)


@pytest.mark.parametrize("reset", ["soft", "hard", "none"])
@pytest.mark.parametrize("leak", [NO_LEAK, Decay(3, 4)], ids=str)
@pytest.mark.parametrize("used", [(1, 0), (0, 1), (1, 1)], ids=str)
@pytest.mark.parametrize("dynamics", [Dynamics, CompiledDynamics])
def test_gradients_of_the_neurons(
    reset: str, leak: Decay, used: tuple[int, int], dynamics: type[torch.autograd.Function]
) -> None:
    population = Population(reset=reset, leak=leak, state_bits=8, reset_value=3)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.randint(-60, 90, (4, 6, 5, 2, 2), generator=generator).double()]
    drawn.append(torch.randint(-20, 20, (6, 5, 2, 2), generator=generator).double())
    drawn.append(torch.randint(5, 60, (5, 1, 1), generator=generator).double())
    drawn.append(torch.randint(-9, 9, (5, 1, 1), generator=generator).double())
    weights = [torch.rand(4, 6, 5, 2, 2, generator=generator).double() * use for use in used]
    results = []
    functions: tuple[Callable[..., Any], ...] = (dynamics.apply, _elementary)
    for function in functions:
        inputs = [values.clone().requires_grad_() for values in drawn]
        outputs = function(*inputs, population, "atan")
        products = [output * weight for output, weight in zip(outputs, weights, strict=True)]
        loss = torch.stack([part.sum() for part, use in zip(products, used, strict=True) if use]).sum()
        if loss.requires_grad:
            gradients = torch.autograd.grad(loss, inputs, allow_unused=True)
            results.append([torch.zeros(()).double() if part is None else part for part in gradients])
        else:
            results.append([torch.zeros(()).double()] * len(inputs))
    for ours, theirs in zip(*results, strict=True):
        assert torch.allclose(ours, theirs)


@pytest.mark.parametrize("reset", ["soft", "hard", "none"])
@pytest.mark.parametrize("surrogate", ["atan", "s2nn"])
@pytest.mark.parametrize("expanded", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_both_dynamics_are_one(reset: str, surrogate: str, expanded: bool, dtype: torch.dtype) -> None:
    """The kernels of a CPU and PyTorch's operations, which a GPU takes."""
    population = Population(reset=reset, leak=Decay(1, 2), state_bits=9, reset_value=-4)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(1)
    drawn = [torch.randint(-90, 120, (1 if expanded else 3, 4, 3, 5, 7), generator=generator)]
    drawn.append(torch.randint(-20, 20, (4, 3, 5, 7), generator=generator))
    drawn.extend(torch.randint(5, 60, (3, 1, 1), generator=generator) for _ in range(2))
    weights = torch.rand(2, 3, 4, 3, 5, 7, generator=generator).to(dtype)
    results = []
    for function in (Dynamics, CompiledDynamics):
        inputs = [values.to(dtype).requires_grad_() for values in drawn]
        currents = inputs[0].expand(3, -1, -1, -1, -1)
        outputs = function.apply(currents, *inputs[1:], population, surrogate)
        loss = sum((output * weight).sum() for output, weight in zip(outputs, weights, strict=True))
        results.append((outputs, torch.autograd.grad(loss, inputs)))
    for ours, theirs in zip(*(outputs for outputs, _ in results), strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(*(gradients for _, gradients in results), strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-3)


def test_no_samples_and_thresholds_that_are_not_per_channel() -> None:
    nobody = torch.zeros(0, 3, 5, 7)
    one = torch.ones(3, 1, 1)
    for values in run_population(torch.zeros(2, 0, 3, 5, 7), nobody, one, one, Population()):
        assert values.shape == (2, 0, 3, 5, 7)
    for wrong in (torch.ones(3, 5, 1), torch.ones(1, 7)):
        with pytest.raises(ValueError, match=r"thresholds must be \(channels, 1, \.\.\.\), not"):
            run_population(torch.zeros(2, 4, 3, 5, 7), torch.zeros(4, 3, 5, 7), wrong, wrong, Population())


@pytest.mark.parametrize("reset", ["soft", "hard"])
@pytest.mark.parametrize("current_leak", [None, Decay(1, 2)], ids=str)
def test_gradients_reach_every_parameter(reset: str, current_leak: Decay | None) -> None:
    torch.manual_seed(0)
    population = Population(reset=reset, leak=Decay(1, 3), current_leak=current_leak)  # type: ignore[arg-type]
    layer = _layer(population, payload=16)
    _, spikes = _run(layer, torch.randint(0, 17, (1, 32, 12)))
    torch.autograd.backward(spikes.sum(0).square().mean())
    for parameter in (layer.synapses.weight, layer.threshold, layer.bias):
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().max() > 1e-3


def test_weight_gradients_do_not_depend_on_the_grid() -> None:
    """The same float network at 4 and 8 bits and with other pixel ranges: gradients of like size."""
    sizes = []
    for bits, payload in ((4, 16), (8, 16), (8, 255)):
        torch.manual_seed(0)
        layer = _layer(Population(leak=Decay(1, 3), state_bits=24), weight_bits=bits, payload=payload)
        pixels = torch.rand(1, 256, 12, generator=torch.Generator().manual_seed(1))
        _, spikes = _run(layer, (pixels * payload).round())
        torch.autograd.backward(spikes.mean())
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


@pytest.mark.parametrize("dynamics", [Dynamics, CompiledDynamics])
def test_slope_of_the_single_step_surrogate(dynamics: type[torch.autograd.Function]) -> None:
    distance = np.array([-3.0, -0.5, -0.01, 0.0, 0.01, 1.0, 9.0])
    sigmoid = 1 / (1 + np.exp(-4 * distance))
    expected = np.where(distance < 0, 4 * sigmoid * (1 - sigmoid), 1 / (distance + 1))
    threshold = torch.tensor([8.0]).double().requires_grad_()
    current = torch.from_numpy(8 * distance + 8)[None, None].requires_grad_()
    start, bias = torch.zeros(1, 7).double(), torch.zeros(1).double()
    _, spikes = dynamics.apply(current, start, threshold, bias, Population(), "s2nn")
    of_current, of_threshold = torch.autograd.grad(spikes.sum(), (current, threshold))
    np.testing.assert_allclose(of_current[0, 0], expected / 8)
    np.testing.assert_allclose(of_threshold, [-(expected * (distance + 1) / 8).sum()])


def test_a_limited_value_comes_back_and_falls_no_further() -> None:
    x = torch.tensor([0.01, 0.01, 0.5, 0.5], requires_grad=True)
    limited = limit_below(x, 0.25)
    assert limited.tolist() == [0.25, 0.25, 0.5, 0.5]
    (gradient,) = torch.autograd.grad((limited * torch.tensor([-2.0, 3.0, -2.0, 3.0])).sum(), x)
    assert gradient.tolist() == [-2.0, 0.0, -2.0, 3.0]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_thresholds_below_the_smallest_rise_again(batch_norm: bool) -> None:
    torch.manual_seed(0)
    config = LayerConfig("layer", 9, (EdgeConfig("input"),), Population())
    layer = SpikingLayer(config, ((12, 1, 1),), (1,), (9, 1, 1), STEPS, batch_norm=batch_norm)
    with torch.no_grad():
        layer.threshold.fill_(MIN_THRESHOLD / 2)
    optimiser = torch.optim.Adam([layer.threshold], 0.01)
    for _ in range(20):
        optimiser.zero_grad()
        _, spikes = _run(layer, torch.randint(0, 2, (1, 16, 12)).float())
        torch.autograd.backward(spikes.mean())
        optimiser.step()
    assert layer.threshold.min() > MIN_THRESHOLD
