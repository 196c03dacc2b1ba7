"""Conversion of networks without spikes: the QCFS theorem on integers, and what folding keeps."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from snnc.base.errors import UsageError
from snnc.training.conversion.analog import calibrate_analog, convert_quantised, fold_analog
from snnc.training.conversion.convert import spiking
from snnc.training.conversion.options import ConversionOptions
from snnc.training.model.analog import AnalogClassifier
from snnc.training.model.config import INPUT, EdgeConfig, LayerConfig, ModelConfig, fully_connected

pytestmark = pytest.mark.slow

LEVELS = 7


def _config(**fields: object) -> ModelConfig:
    """A convolution behind pooling, a strided one with a skip, a readout, on images (2, 8, 8) of 0..15."""
    first = LayerConfig("first", 4, (EdgeConfig(INPUT, "conv", (3, 3), padding=(1, 1), pool=(2, 2)),))
    edges = (
        EdgeConfig("first", "conv", (3, 3), (2, 2), (1, 1)),
        EdgeConfig("first", "conv", (1, 1), (2, 2)),
    )
    layers = (first, LayerConfig("second", 6, edges), *fully_connected((3,)))
    layers = (*layers[:2], LayerConfig("readout", 3, (EdgeConfig("second"),), layers[2].population))
    return ModelConfig((2, 8, 8), layers, max_payload=15, **fields)  # type: ignore[arg-type]


def _network(levels: int | None = LEVELS, **fields: object) -> AnalogClassifier:
    """In evaluation mode, with statistics and limits as training would leave them."""
    torch.manual_seed(6)
    network = AnalogClassifier(_config(**fields), levels=levels, weight_bits=None if levels is None else 4)
    with torch.no_grad():
        for layer in network.stack[:-1]:
            nn.init.normal_(layer.norm.bias, 0.5, 0.5)
            nn.init.uniform_(layer.norm.weight, 0.5, 1.5)
            nn.init.uniform_(layer.norm.running_var, 0.5, 2)  # type: ignore[arg-type]
            if levels is not None:
                layer.activation.limit.fill_(2.0)
        network.eval()
        # All classes alike often, so that agreement means something.
        logits = network(torch.from_numpy(_inputs(200))[:, None]).logits
        network.stack[-1].bias.copy_(-logits.mean(0))
    return network


def _inputs(samples: int = 50) -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 16, (samples, 128)).astype(np.uint8)


def test_folding_changes_nothing() -> None:
    network, x = _network(levels=None), _inputs()
    expected = network(torch.from_numpy(x)[:, None]).logits
    values = torch.from_numpy(x).reshape(-1, 2, 8, 8).double() / 15
    got = fold_analog(network).run(values, lambda name, z: z.relu())
    assert torch.allclose(got.float(), expected, atol=1e-5)


def test_a_constant_current_gives_the_quantised_activation() -> None:
    network, x = _network(), _inputs()
    model = convert_quantised(network)
    assert model.config.steps == LEVELS
    counts = model.trace(x)[0].spikes.sum(1)
    wanted = network(torch.from_numpy(x)[:, None]).activations["first"].flatten(1).detach().numpy()
    assert set(np.unique(counts)) == set(range(LEVELS + 1))
    # Thresholds are rounded up to the accumulator grid, so that a few values next to a step differ by one.
    difference = counts - np.rint(wanted * LEVELS / 2.0)
    assert abs(difference).max() <= 1 and (difference != 0).mean() < 0.01


def test_the_integer_weights_are_those_it_was_trained_with() -> None:
    network = _network()
    model = convert_quantised(network)
    for layer, trained in zip(model.stack, network.stack, strict=True):
        if len(layer.config.edges) > 1:
            continue
        signs = torch.ones(layer.config.channels) if trained.norm is None else trained.norm.weight.sign()
        expected = trained.synapses.quant_weight().int() * signs[:, None]
        got = layer.integers().weights[0].reshape(layer.config.channels, -1)
        assert np.array_equal(got, expected.detach().numpy())


def test_classes_agree_with_the_quantised_network() -> None:
    network, x = _network(), _inputs(200)
    expected = network(torch.from_numpy(x)[:, None]).logits.argmax(1).numpy()
    assert np.bincount(expected, minlength=3).min() > 20
    agreement = [(convert_quantised(network, steps).predict(x) == expected).mean() for steps in (1, LEVELS)]
    assert agreement[1] > max(0.7, agreement[0]), agreement


def test_a_float_network_is_balanced() -> None:
    network, x = _network(levels=None), _inputs(200)
    options = ConversionOptions(iterations=200, weight_bits=6, state_bits=20, readout_shift=0)
    calibrated = calibrate_analog(network, x, options)
    expected = network(torch.from_numpy(x)[:, None]).logits.argmax(1).numpy()
    agreement = [(spiking(calibrated, steps, options).predict(x) == expected).mean() for steps in (2, 64)]
    assert agreement[1] > 0.9 > agreement[0], agreement


def test_what_cannot_be_converted_is_said() -> None:
    with pytest.raises(UsageError, match="has no quantised activations"):
        convert_quantised(_network(levels=None))
    with pytest.raises(UsageError, match="takes inputs encoded as direct, not as rate"):
        convert_quantised(_network(encoding="rate"))
