"""A module of another framework beside the float graph it is read as: outputs, spike trains one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from snnc.compiler.frontends.execution import FloatExecution, execute
from snnc.compiler.frontends.findings import Imported
from snnc.training.frontends.modules import read
from snnc.training.frontends.neurons.table import find_record
from snnc.training.frontends.trace import identifier

SAMPLES, STEPS = 5, 9


class Doubled(nn.Module):
    """Spikes in double precision again, which some frameworks make single."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double()


def lively(module: nn.Module, gain: float = 3.0, seed: int = 0) -> nn.Module:
    """The module in double precision, with random weights that make it spike."""
    torch.manual_seed(seed)
    module = module.double().eval()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1 and "weight" in name:
                bound = gain / float(np.sqrt(np.prod(parameter.shape[1:])))
                parameter.copy_((torch.rand(parameter.shape, dtype=torch.float64) * 2 - 1) * bound)
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d):
                for tensor, low, high in ((part.running_mean, -0.3, 0.3), (part.running_var, 0.5, 2.0)):
                    assert tensor is not None
                    tensor.uniform_(low, high)
                part.weight.uniform_(0.5, 1.5)
                part.bias.uniform_(-0.2, 0.2)
    return module


def events(shape: tuple[int, ...], samples: int = SAMPLES, steps: int = STEPS) -> np.ndarray:
    """Random spike trains, (samples, steps, *shape)."""
    return (np.random.default_rng(7).random((samples, steps, *shape)) < 0.4).astype(np.float64)


def agrees(
    module: nn.Module,
    shape: tuple[int, int, int],
    run: Callable[[Any, torch.Tensor], torch.Tensor],
    *,
    factor: float = 1.0,
    silent: tuple[str, ...] = (),
    atol: float = 1e-9,
    **options: Any,
) -> Imported:
    """Read `module` and compare: `run` gives its outputs on (samples, steps, *shape), `factor` times the
    graph's, and every spike of every neuron is the same. Layers in `silent` have no spikes to compare."""
    imported = read(module, shape, steps=STEPS, **options)
    x = events(shape)
    expected, trains = _run(module, run, torch.tensor(x), silent)
    found = execute(imported.graph, x, record=tuple(trains))
    assert np.ptp(expected) > 0, "the outputs say nothing"
    assert np.allclose(found.outputs * factor, expected, rtol=0, atol=atol)
    for name, train in trains.items():
        _same_spikes(name, found, train)
    return imported


def _same_spikes(name: str, found: FloatExecution, train: np.ndarray) -> None:
    own = found.emitted[name].reshape(SAMPLES, STEPS, -1)
    assert 0.01 < own.mean() < 0.99, f"{name} never or always fires"
    assert np.array_equal(own, train), f"{name}: {np.count_nonzero(own != train)} of {own.size} spikes differ"


def _run(
    module: nn.Module, run: Any, x: torch.Tensor, silent: tuple[str, ...]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Outputs, and the spikes of every layer of neurons as (samples, steps, neurons)."""
    calls: dict[str, list[Any]] = {}
    handles = []
    for path, part in module.named_modules():
        if find_record(part) is not None:
            calls[path] = []

            def keep(_: Any, __: Any, output: Any, path: str = path) -> None:
                calls[path].append((output[0] if isinstance(output, tuple) else output).detach().clone())

            handles.append(part.register_forward_hook(keep))
    with torch.no_grad():
        expected = run(module, x)
    for handle in handles:
        handle.remove()
    trains = {}
    for path, outputs in calls.items():
        record = find_record(module.get_submodule(path))
        assert record is not None
        if identifier(path) in silent:
            continue
        trains[identifier(path)] = _ordered(outputs, record.leads).numpy()
    return expected.numpy(), trains


def _ordered(outputs: list[torch.Tensor], leads: Any) -> torch.Tensor:
    if not leads:
        return torch.stack(outputs, 1).flatten(2)
    if leads[0] == ("steps", "samples"):
        return outputs[0].transpose(0, 1).flatten(2)
    # Squeezed layers were run sample by sample.
    return (outputs[0] if leads[0] == ("samples", "steps") else torch.stack(outputs)).flatten(2)
