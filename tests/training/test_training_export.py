"""The exported `Network` computes the integers of the trained model's own trace."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snnc.compiler.arithmetic import accumulate, neuron_step
from snnc.compiler.network import Layer, Network
from snnc.errors import FileError, VerificationError
from snnc.training.config import ModelConfig
from snnc.training.export import to_network
from snnc.training.model import SpikingClassifier, firing_rates, mean_firing_rate, predictions

CONFIGS = {
    "lif": ModelConfig((10, 12, 7, 4), leak_shift=2),
    "if-hard": ModelConfig((10, 12, 4), reset="hard", weight_bits=2, steps=7),
    "spike-count": ModelConfig((10, 12, 4), readout="spike_count", leak_shift=4, initial_fraction=0.5),
    "saturating": ModelConfig((10, 12, 4), state_bits=6, max_payload=255, weight_bits=8),
    "wide": ModelConfig((10, 12, 4), state_bits=32, leak_shift=1),
    "events": ModelConfig((10, 12, 4), encoding="events", max_payload=1, steps=5),
    "no-hidden": ModelConfig((10, 4)),
}


def _model(config: ModelConfig) -> SpikingClassifier:
    """A model whose neurons differ: random biases and thresholds around the initial ones."""
    torch.manual_seed(3)
    model = SpikingClassifier(config)
    with torch.no_grad():
        for layer in model.stack:
            layer.bias.normal_(0, 0.2)
            layer.threshold.uniform_(0.05, 0.8)
            layer.synapses.weight.mul_(3)
    return model


def _inputs(config: ModelConfig, samples: int = 6) -> np.ndarray:
    shape = (config.steps, config.sizes[0]) if config.encoding == "events" else (config.sizes[0],)
    return np.random.default_rng(1).integers(0, config.max_payload + 1, (samples, *shape)).astype(np.uint8)


def _step(layer: Layer, membrane: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    neurons = layer.neurons
    result = neuron_step(
        membrane,
        accumulate(layer.edges[0].synapses.weights, events),
        threshold=neurons.threshold,
        bias=neurons.bias,
        reset=neurons.reset,
        reset_value=neurons.reset_value,
        state_bits=neurons.state_bits,
        leak=neurons.leak,
    )
    return result.after, result.spikes.astype(np.int64)


def _execute(network: Network, sample: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Membranes and spikes of each layer, (steps, neurons), for one sample."""
    states = [layer.neurons.initial for layer in network.layers]
    record: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in network.layers]
    for step in range(network.steps):
        events = (sample[step] if network.input.encoding == "events" else sample).astype(np.int64)
        for index, layer in enumerate(network.layers):
            states[index], events = _step(layer, states[index], events)
            record[index].append((states[index], events))
    return [(np.array([m for m, _ in steps]), np.array([s for _, s in steps])) for steps in record]


@pytest.mark.parametrize("name", CONFIGS)
def test_network_computes_the_trace(name: str) -> None:
    model = _model(CONFIGS[name])
    network = to_network(model, name, {"seed": "3"})
    x = _inputs(model.config)
    trace = model.trace(x)
    assert [layer.name for layer in trace] == [layer.name for layer in network.layers]
    for index, sample in enumerate(x):
        for layer, (membranes, spikes) in zip(trace, _execute(network, sample), strict=True):
            assert np.array_equal(layer.membranes[index], membranes)
            assert np.array_equal(layer.spikes[index], spikes)
    assert all(layer.spikes.any() for layer in trace[:-1])
    assert network.notes == {"seed": "3"}


def test_network_describes_the_model() -> None:
    model = _model(CONFIGS["lif"])
    network = to_network(model, "lif")
    assert [edge.source for layer in network.layers for edge in layer.edges] == [
        "input",
        "hidden1",
        "hidden2",
    ]
    assert (network.input.features, network.input.max_payload, network.steps) == (10, 16, 4)
    assert [layer.neurons.reset for layer in network.layers] == ["soft", "soft", "none"]
    assert network.readout.layer == "readout" and network.readout.kind == "membrane"
    for layer, source in zip(network.layers, model.stack, strict=True):
        exported = layer.edges[0].synapses.weights
        assert exported.dtype == np.int8 and abs(exported).max() == 7
        assert np.array_equal(exported, source.grid().weights.detach().numpy())


def test_export_verifies() -> None:
    model = _model(CONFIGS["lif"])
    model.stack[0].population = replace(model.stack[0].population, state_bits=1)
    with pytest.raises(VerificationError, match="state_bits"):
        to_network(model, "broken")


def test_trace_does_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model(CONFIGS["lif"])
    x = _inputs(model.config, 9)
    whole = model.trace(x)
    monkeypatch.setattr("snnc.training.model.TRACE_BATCH", 4)
    for first, second in zip(whole, model.trace(x), strict=True):
        assert first.membranes.dtype == first.spikes.dtype == np.int64
        assert np.array_equal(first.membranes, second.membranes)
        assert np.array_equal(first.spikes, second.spikes)


@pytest.mark.parametrize("name", ["lif", "spike-count"])
def test_predictions_take_the_lowest_index_of_a_tie(name: str) -> None:
    model = _model(CONFIGS[name])
    with torch.no_grad():
        model.stack[-1].synapses.weight.zero_()
        model.stack[-1].bias.fill_(1e9)
    assert model.predict(_inputs(model.config)).tolist() == [0] * 6


def test_logits_order_like_the_integers() -> None:
    model = _model(CONFIGS["lif"])
    x = _inputs(model.config)
    logits, rates = model(torch.from_numpy(x))
    trace = model.trace(x)
    last = trace[-1].membranes[:, -1]
    assert np.array_equal(np.argsort(logits.detach().numpy(), 1)[:, -1], predictions(trace, model.config))
    unit = float(model.stack[-1].grid().unit)
    assert logits.detach().numpy() == pytest.approx(last * unit / 4, rel=1e-5)
    assert rates.detach().numpy() == pytest.approx(firing_rates(trace))


def test_firing_rates_weigh_every_neuron_alike() -> None:
    model = _model(CONFIGS["lif"])
    trace = model.trace(_inputs(model.config))
    first, second = firing_rates(trace)
    assert mean_firing_rate(trace) == pytest.approx((12 * first + 7 * second) / 19)
    assert mean_firing_rate(_model(CONFIGS["no-hidden"]).trace(_inputs(CONFIGS["no-hidden"]))) == 0


def test_trace_checks_its_inputs() -> None:
    model = _model(CONFIGS["lif"])
    with pytest.raises(FileError, match=r"shape \(samples, 10\), not \(2, 9\)"):
        model.trace(np.zeros((2, 9), np.uint8))
    with pytest.raises(FileError, match=r"reach 17, the model takes 0\.\.16"):
        model.trace(np.full((2, 10), 17, np.uint8))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sizes", (10,)),
        ("sizes", (10, 0)),
        ("sizes", (1 << 14, 1 << 14)),
        ("steps", 0),
        ("weight_bits", 9),
        ("leak_shift", 17),
        ("state_bits", 33),
        ("max_payload", 256),
        ("initial_fraction", 1.0),
        ("reset", "none"),
        ("encoding", "rate"),
        ("readout", "first_spike"),
    ],
)
def test_configuration_is_checked(field: str, value: object) -> None:
    label = "total weights" if value == (1 << 14, 1 << 14) else field
    with pytest.raises(ValueError, match=label):
        replace(CONFIGS["lif"], **{field: value})  # type: ignore[arg-type]
