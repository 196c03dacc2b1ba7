"""The trainable classifier: a stack of spiking layers, its logits, and its exact integer trace."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..compiler.arithmetic import IntArray
from ..errors import FileError
from .config import ModelConfig
from .layers import LayerRun, SpikingLinear

TRACE_BATCH = 256
"""Samples that are traced at once, which bounds memory and changes no result."""


@dataclass(frozen=True)
class LayerTrace:
    """All that a layer did, as int64 of shape (samples, steps, neurons)."""

    name: str
    membranes: IntArray
    """Membrane after each step."""
    spikes: IntArray
    """1 where the neuron fired in that step."""


class SpikingClassifier(nn.Module):
    """Fully connected spiking layers from integer inputs to classes.

    In evaluation mode its membranes and spikes are the integers that the hardware computes. There
    is no difference between the modes: quantisation is part of the training forward pass.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        last = len(config.sizes) - 2
        self.layers = nn.ModuleList(
            SpikingLinear(
                config.sizes[index],
                config.sizes[index + 1],
                config.weight_bits,
                config.output if index == last else config.hidden,
                max_payload=config.max_payload if index == 0 else 1,
                readout=index == last,
            )
            for index in range(last + 1)
        )

    @property
    def stack(self) -> tuple[SpikingLinear, ...]:
        """The layers in order, typed."""
        return tuple(layer for layer in self.layers if isinstance(layer, SpikingLinear))

    @property
    def layer_names(self) -> tuple[str, ...]:
        """`hidden1`, `hidden2`, ..., `readout`: the names in traces and in the exported network."""
        return (*(f"hidden{index}" for index in range(1, len(self.stack))), "readout")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (samples, classes) and the firing rate of each hidden layer, in 0..1.

        `x` holds integers in 0..max_payload, (samples, features) or, for spike trains,
        (samples, steps, features). Logits are float and serve the loss: the last membrane in units
        of the weights divided by the steps, or the spike count. For classes use `predict`.
        """
        runs = self.run(x)
        rates = [run.spikes.mean() for run in runs[:-1]]
        if self.config.readout == "spike_count":
            logits = runs[-1].spikes.sum(1)
        else:
            logits = runs[-1].membranes[:, -1] * runs[-1].unit / self.config.steps
        return logits, torch.stack(rates) if rates else logits.new_zeros(0)

    def run(self, x: Tensor) -> list[LayerRun]:
        """What every layer did with the inputs `x` (as in `forward`)."""
        events = x.unsqueeze(1) if self.config.encoding == "direct" else x
        runs = []
        for layer in self.stack:
            runs.append(layer(events, self.config.steps))
            events = runs[-1].spikes
        return runs

    def trace(self, x: NDArray[np.uint8]) -> tuple[LayerTrace, ...]:
        """Every membrane after every step and every spike, per layer, for inputs as in `forward`."""
        self._check_inputs(x)
        parts = [self._trace_batch(x[start : start + TRACE_BATCH]) for start in range(0, len(x), TRACE_BATCH)]
        return tuple(
            LayerTrace(
                name,
                np.concatenate([part[index][0] for part in parts]),
                np.concatenate([part[index][1] for part in parts]),
            )
            for index, name in enumerate(self.layer_names)
        )

    def predict(self, x: NDArray[np.uint8]) -> IntArray:
        """Class of each sample: the lowest index among the largest outputs."""
        return predictions(self.trace(x), self.config)

    @torch.no_grad()
    def _trace_batch(self, x: NDArray[np.uint8]) -> list[tuple[IntArray, IntArray]]:
        training = self.training
        self.eval()
        runs = self.run(torch.from_numpy(np.ascontiguousarray(x)))
        self.train(training)
        return [(run.membranes.to(torch.int64).numpy(), run.spikes.to(torch.int64).numpy()) for run in runs]

    def _check_inputs(self, x: NDArray[np.uint8]) -> None:
        """Raise FileError unless `x` has the shape and range that this model takes."""
        config = self.config
        expected = (config.sizes[0],) if config.encoding == "direct" else (config.steps, config.sizes[0])
        if x.shape[1:] != expected or len(x) == 0:
            wanted = ", ".join(str(size) for size in expected)
            raise FileError(f"the model takes inputs of shape (samples, {wanted}), not {x.shape}")
        if int(x.max()) > config.max_payload:
            raise FileError(f"values reach {int(x.max())}, the model takes 0..{config.max_payload}")


def predictions(trace: tuple[LayerTrace, ...], config: ModelConfig) -> IntArray:
    """Class of each traced sample from the integers of its readout."""
    readout = trace[-1]
    outputs = readout.spikes.sum(1) if config.readout == "spike_count" else readout.membranes[:, -1]
    # numpy's argmax takes the lowest index of a tie; torch leaves ties undefined.
    return np.asarray(outputs.argmax(1), np.int64)


def firing_rates(trace: tuple[LayerTrace, ...]) -> tuple[float, ...]:
    """Spikes / (neurons x steps x samples) of each hidden layer."""
    return tuple(float(layer.spikes.mean()) for layer in trace[:-1])


def mean_firing_rate(trace: tuple[LayerTrace, ...]) -> float:
    """Spikes / (neurons x steps x samples) over all hidden layers together, 0 if there are none."""
    sites = sum(layer.spikes.size for layer in trace[:-1])
    return sum(int(layer.spikes.sum()) for layer in trace[:-1]) / sites if sites else 0.0
