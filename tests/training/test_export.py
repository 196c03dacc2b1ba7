"""The exported `Network` and the figures that are read from a trace."""

import numpy as np
import pytest
import torch

from snnc.base.errors import FileError, UnsupportedModel, VerificationError
from snnc.compiler.ir.network import Conv2d
from snnc.compiler.isa.arithmetic import Decay
from snnc.training.data.datasets import Samples
from snnc.training.files.export import to_network
from snnc.training.fitting.measure import measure
from snnc.training.model.classifier import SpikingClassifier, predictions
from snnc.training.model.config import (
    INPUT,
    EdgeConfig,
    LayerConfig,
    ModelConfig,
    Population,
    fully_connected,
)

LIF = Population(leak=Decay(1, 2))


def _config(*sizes: int, **fields: object) -> ModelConfig:
    """Fully connected layers behind ten features."""
    layers = fully_connected(sizes, population=LIF, readout=fields.get("readout", "membrane"))  # type: ignore[arg-type]
    return ModelConfig((10, 1, 1), layers, **fields)  # type: ignore[arg-type]


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
    features = config.shape[0]
    return np.random.default_rng(1).integers(0, config.max_payload + 1, (samples, features)).astype(np.uint8)


def test_network_describes_the_model() -> None:
    model = _model(_config(12, 7, 4))
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
        assert np.array_equal(exported, source.grid().weights[0].detach().numpy())


def test_convolutions_in_a_network() -> None:
    edge = EdgeConfig(INPUT, "conv", (3, 2), (2, 1), (1, 0), groups=2, pool=(1, 2), delay=3)
    last = LayerConfig("last", 3, (EdgeConfig("maps"),), Population(reset="none"))
    network = to_network(_model(ModelConfig((2, 6, 8), (LayerConfig("maps", 4, (edge,)), last))), "conv")
    (exported,) = network.layer("maps").edges
    assert (exported.source, exported.delay, exported.pool) == (INPUT, 3, (1, 2))
    synapses = exported.synapses
    assert isinstance(synapses, Conv2d) and synapses.weights.shape == (4, 1, 3, 2)
    assert (synapses.stride, synapses.padding, synapses.groups) == ((2, 1), (1, 0), 2)
    assert network.layer("maps").shape == (4, 3, 3) and network.input.shape == (2, 6, 8)


def test_export_verifies() -> None:
    model = _model(_config(12, 7, 4))
    model.stack[0].shape = (12, 1, 2)
    with pytest.raises(VerificationError, match="must be int8 of shape"):
        to_network(model, "broken")


def test_trace_does_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model(_config(12, 7, 4))
    x = _inputs(model.config, 9)
    whole = model.trace(x)
    monkeypatch.setattr("snnc.training.model.classifier.TRACE_BATCH", 4)
    for first, second in zip(whole, model.trace(x), strict=True):
        assert first.membranes.dtype == first.spikes.dtype == np.int64
        assert np.array_equal(first.membranes, second.membranes)
        assert np.array_equal(first.spikes, second.spikes)
    assert np.array_equal(model.predict(x), predictions(whole, model.config))


@pytest.mark.parametrize("readout", ["membrane", "spike_count", "first_spike"])
def test_predictions_take_the_lowest_index_of_a_tie(readout: str) -> None:
    model = _model(_config(12, 4, readout=readout))
    with torch.no_grad():
        model.stack[-1].synapses.weight.zero_()
        model.stack[-1].bias.fill_(1e9)
    assert model.predict(_inputs(model.config)).tolist() == [0] * 6


def test_logits_order_like_the_integers() -> None:
    model = _model(_config(12, 7, 4))
    x = _inputs(model.config)
    logits, rates = model(torch.from_numpy(model.payloads(x)))
    trace = model.trace(x)
    last = trace[-1].membranes[:, -1]
    assert np.array_equal(np.argsort(logits.detach().numpy(), 1)[:, -1], predictions(trace, model.config))
    unit = float(model.stack[-1].grid().unit)
    assert logits.detach().numpy() == pytest.approx(last * unit / 4, rel=1e-5)
    assert rates.detach().numpy() == pytest.approx([layer.spikes.mean() for layer in trace[:-1]])


@pytest.mark.parametrize("sizes", [(12, 7, 4), (4,)])
def test_quality(sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnc.training.model.classifier.TRACE_BATCH", 4)
    model = _model(_config(*sizes))
    x = _inputs(model.config, 10)
    trace = model.trace(x)
    labels = predictions(trace, model.config)
    labels[:3] = -1
    quality = measure(model, Samples("random", x, labels, (10, 1, 1)))
    spikes = [layer.spikes for layer in trace[:-1]]
    assert quality.accuracy == 0.7
    assert quality.rates == pytest.approx([layer.mean() for layer in spikes])
    assert quality.spikes == pytest.approx(sum(layer.sum() for layer in spikes) / 10)
    assert quality.mean_rate == pytest.approx(quality.spikes / (max(sum(sizes[:-1]), 1) * 4))
    assert quality.input_events == np.count_nonzero(x) * 4 / 10
    assert quality.input_passes == np.bitwise_count(x).sum() / np.count_nonzero(x)


def test_trace_checks_its_inputs() -> None:
    model = _model(_config(12, 7, 4))
    with pytest.raises(FileError, match=r"shape \(samples, 10\), not \(2, 9\)"):
        model.trace(np.zeros((2, 9), np.uint8))
    with pytest.raises(FileError, match=r"reach 17, the model takes 0\.\.16"):
        model.trace(np.full((2, 10), 17, np.uint8))
    model.trace(np.zeros((2, 4, 10), np.uint8))
    with pytest.raises(FileError, match=r"not \(2, 3, 10\)"):
        model.trace(np.zeros((2, 3, 10), np.uint8))


@pytest.mark.parametrize(
    ("name", "kind"), [("synapses.weight", "weight"), ("threshold", "threshold"), ("bias", "bias")]
)
def test_numbers_that_are_not_finite_are_refused_by_name(name: str, kind: str) -> None:
    model = SpikingClassifier(ModelConfig((6, 1, 1), fully_connected((5, 3))))
    with torch.no_grad():
        model.stack[1].get_parameter(name).view(-1)[0] = torch.nan
    with pytest.raises(UnsupportedModel, match=f"^layer readout: {kind} holds NaN or infinite numbers$"):
        to_network(model, "broken")


@pytest.mark.parametrize(
    ("payloads", "message"),
    [
        (torch.rand(2, 1, 10), r"payloads must be integers, not torch\.float32: inputs are not rescaled"),
        (torch.full((2, 1, 10), 17), r"payloads reach 17\.\.17, the model takes 0\.\.16"),
        (torch.full((2, 1, 10), -1), r"payloads reach -1\.\.-1, the model takes 0\.\.16"),
    ],
)
def test_payloads_that_no_hardware_takes_are_refused(payloads: torch.Tensor, message: str) -> None:
    with pytest.raises(FileError, match=message):
        _model(_config(5, 3))(payloads)
