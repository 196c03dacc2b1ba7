"""The trainable classifier: a graph of spiking layers, its logits, and its exact integer trace."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.base.errors import FileError
from snnc.compiler.ir.network import Input, count
from snnc.compiler.isa.arithmetic import IntArray
from snnc.training.fitting.recipe import Surrogate
from snnc.training.model.config import INPUT, ModelConfig
from snnc.training.model.evaluation_order import LayerRun, blocks, run_block
from snnc.training.model.layers import SpikingLayer

TRACE_BATCH = 256
TRACE_VALUES = 1 << 26
GPU_SHARE = 4
"""Samples that are traced at once at most, membranes that they may have over all steps, and how many times as
many on a GPU, where launching takes longer than computing: this bounds memory and changes no result."""


@dataclass(frozen=True)
class TrainerTrace:
    """All that a layer did, as int64 of shape (samples, steps, neurons)."""

    name: str
    membranes: IntArray
    """Membrane after each step."""
    spikes: IntArray
    """1 where the neuron fired in that step."""


@dataclass(frozen=True)
class Tally:
    """What a batch of samples came to."""

    classes: IntArray
    """(samples,)."""
    fired: IntArray
    """Spikes of each hidden layer, of all neurons, steps and samples together."""
    readout: TrainerTrace


class SpikingClassifier(nn.Module):
    """Spiking layers from integer inputs to classes.

    In evaluation mode its membranes and spikes are the integers that the hardware computes. Training differs
    only with batch normalisation, by the statistics of the batch: quantisation is part of its forward pass.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        batch_norm: bool = False,
        surrogate: Surrogate = "atan",
        dropout: float = 0.0,
    ) -> None:
        """With `batch_norm` the hidden layers train on normalised currents, until `fold`, with `dropout` on
        spikes of a part of the hidden neurons less and the others' counting more.

        In a loop it is the currents from outside the loop that are normalised. Raises ValueError for a
        hidden layer in a loop that hears nothing else.
        """
        super().__init__()
        self.config = config
        self.dropout = dropout
        self.blocks = blocks(config)
        if batch_norm:
            _check_outer_currents(config, self.blocks)
        shapes = config.shapes
        self.layers = nn.ModuleList(
            SpikingLayer(
                layer,
                tuple(shapes[edge.source] for edge in layer.edges),
                tuple(config.max_payload if edge.source == INPUT else 1 for edge in layer.edges),
                shapes[layer.name],
                config.steps,
                readout=layer is config.layers[-1],
                batch_norm=batch_norm and layer is not config.layers[-1],
                surrogate=surrogate,
            )
            for layer in config.layers
        )

    @property
    def stack(self) -> tuple[SpikingLayer, ...]:
        """The layers in order, typed."""
        return tuple(layer for layer in self.layers if isinstance(layer, SpikingLayer))

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The names in traces and in the exported network."""
        return tuple(layer.name for layer in self.config.layers)

    @property
    def trace_batch(self) -> int:
        """Samples to trace at once."""
        membranes = self.config.steps * sum(count(layer.shape) for layer in self.stack)
        more = GPU_SHARE if self.stack[0].threshold.device.type == "cuda" else 1
        return max(1, min(TRACE_BATCH * more, TRACE_VALUES * more // membranes))

    @property
    def fits_tensor_floats(self) -> bool:
        """Whether a GPU's sums stay exact with TF32."""
        return all(layer.fits_tensor_floats for layer in self.stack)

    @property
    def input(self) -> Input:
        """Where data enters, in the terms of the compiler."""
        config = self.config
        return Input(INPUT, config.shape, config.encoding, config.max_payload)

    def forward(self, payloads: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (samples, classes) and the firing rate of each hidden layer, in 0..1.

        `payloads` is what `payloads` makes of samples. Logits are float and serve the loss: the last
        membrane in units of the weights divided by the steps, or the spikes counted, the earlier the more
        for a readout of first spikes. For classes use `predict`. Raises FileError for payloads that no input
        of the hardware can be.
        """
        largest = self.config.max_payload
        if payloads.numel() and not 0 <= int(payloads.min()) <= int(payloads.max()) <= largest:
            reached = f"{int(payloads.min())}..{int(payloads.max())}"
            raise FileError(f"payloads reach {reached}, the model takes 0..{largest}")
        return self.outputs(self.run(payloads))

    def outputs(self, runs: tuple[LayerRun, ...]) -> tuple[Tensor, Tensor]:
        """Logits and firing rates, as `forward` returns them, from what `run` returned."""
        # The gradient of a sum takes no memory, that of a mean as much as the spikes.
        rates = [run.spikes.sum() / run.spikes.numel() for run in runs[:-1]]
        return self._logits(runs[-1]), torch.stack(rates) if rates else runs[-1].spikes.new_zeros(0)

    def fold(self) -> None:
        """Put the statistics of batch normalisation into weights, thresholds and biases, without any change
        to what evaluation computes."""
        for layer in self.stack:
            layer.fold()

    def payloads(self, x: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Payloads (samples, steps, features) of samples in the model's encoding, one step for `direct`.

        `x` is (samples, features), or payloads already: (samples, steps, features), which for `events` are
        the samples themselves.
        """
        if x.ndim == 3 or self.config.encoding == "events":
            return x
        if self.config.encoding == "direct":
            return x[:, None]
        from snnc.compiler.protocol.input_encoding import encode_inputs

        return encode_inputs(self.input, self.config.steps, x).astype(np.uint8)

    def run(self, payloads: Tensor) -> tuple[LayerRun, ...]:
        """What every layer did with `payloads` (samples, steps or 1, features), integers 0..max_payload, of
        which only the type is checked here; raises FileError."""
        if payloads.is_floating_point() or payloads.is_complex():
            raise FileError(f"payloads must be integers, not {payloads.dtype}: inputs are not rescaled")
        events = payloads.transpose(0, 1)
        events = events.reshape(*events.shape[:2], *self.config.shape)
        known = {INPUT: events}
        runs: list[LayerRun] = []
        stack, names = self.stack, self.layer_names
        for block in self.blocks:
            done = run_block({names[number]: stack[number] for number in block}, known, self.config.steps)
            runs.extend(done.values())
            known |= {name: self._heard(run.spikes) for name, run in done.items()}
        return tuple(runs)

    def _heard(self, spikes: Tensor) -> Tensor:
        """What other layers hear of `spikes`: with dropout, a neuron is silent in all steps or in none."""
        if not (self.dropout and self.training):
            return spikes
        kept = nn.functional.dropout(torch.ones_like(spikes[0]), self.dropout)
        return spikes * kept

    def trace(self, x: NDArray[np.uint8]) -> tuple[TrainerTrace, ...]:
        """Every membrane after every step and every spike, per layer, for samples or payloads `x`."""
        self._check_inputs(x)
        size = self.trace_batch
        parts = [self._trace_batch(x[start : start + size]) for start in range(0, len(x), size)]
        return tuple(
            TrainerTrace(
                name,
                np.concatenate([part[index][0] for part in parts]),
                np.concatenate([part[index][1] for part in parts]),
            )
            for index, name in enumerate(self.layer_names)
        )

    def predict(self, x: NDArray[np.uint8]) -> IntArray:
        """Class of each sample: the lowest index among the largest outputs."""
        self._check_inputs(x)
        size = self.trace_batch
        return np.concatenate(
            [self.tally(x[start : start + size]).classes for start in range(0, len(x), size)]
        )

    def tally(self, x: NDArray[np.uint8]) -> Tally:
        """Classes and spikes of the samples or payloads `x`, at most `trace_batch`, those of `trace`, counted
        where the model is."""
        self._check_inputs(x)
        *hidden, last = self._evaluated(x)
        readout = TrainerTrace(self.layer_names[-1], _per_sample(last.membranes), _per_sample(last.spikes))
        fired = [int(run.spikes.count_nonzero()) for run in hidden]
        return Tally(predictions((readout,), self.config), np.array(fired, np.int64), readout)

    def _logits(self, run: LayerRun) -> Tensor:
        config = self.config
        if config.readout == "membrane":
            return run.membranes[-1].flatten(1) * run.unit / config.steps
        counted = run.spikes[config.first_step :].flatten(2)
        if config.readout == "spike_count":
            return counted.sum(0)
        early = torch.arange(len(counted), 0, -1, dtype=counted.dtype, device=counted.device)
        return (counted * early[:, None, None]).amax(0)

    def logits_by_step(self, run: LayerRun) -> Tensor:
        """What each step that counts adds to the logits, (steps, samples, classes), for the loss: currents of
        a readout of membranes, else spikes."""
        config = self.config
        if config.readout != "membrane":
            return run.spikes[config.first_step :].flatten(2)
        membranes = run.membranes.flatten(2) * run.unit
        return membranes.diff(dim=0, prepend=torch.zeros_like(membranes[:1]))

    def _trace_batch(self, x: NDArray[np.uint8]) -> list[tuple[IntArray, IntArray]]:
        return [(_per_sample(run.membranes), _per_sample(run.spikes)) for run in self._evaluated(x)]

    @torch.no_grad()
    def _evaluated(self, x: NDArray[np.uint8]) -> tuple[LayerRun, ...]:
        """What every layer does with `x` in evaluation mode, on the model's device."""
        training, device = self.training, self.stack[0].threshold.device
        self.eval()
        runs = self.run(torch.from_numpy(np.ascontiguousarray(self.payloads(x))).to(device))
        self.train(training)
        return runs

    def _check_inputs(self, x: NDArray[np.uint8]) -> None:
        """Raise FileError unless `x` has the shape and range that this model takes."""
        config, features = self.config, count(self.config.shape)
        samples = (features,) if config.encoding != "events" else (config.steps, features)
        if x.shape[1:] not in (samples, (config.steps, features)) or len(x) == 0:
            wanted = ", ".join(str(size) for size in samples)
            raise FileError(f"the model takes inputs of shape (samples, {wanted}), not {x.shape}")
        if int(x.max()) > config.max_payload or int(x.min()) < 0:
            raise FileError(f"values reach {int(x.max())}, the model takes 0..{config.max_payload}")


def _check_outer_currents(config: ModelConfig, groups: tuple[tuple[int, ...], ...]) -> None:
    for group in groups:
        inside = {config.layers[number].name for number in group}
        for layer in (config.layers[number] for number in group):
            if layer is not config.layers[-1] and all(edge.source in inside for edge in layer.edges):
                raise ValueError(f"batch_norm does not go with layer {layer.name}, which hears only its loop")


def predictions(trace: tuple[TrainerTrace, ...], config: ModelConfig) -> IntArray:
    """Class of each traced sample from the integers of its readout."""
    readout = trace[-1]
    if config.readout == "membrane":
        outputs = readout.membranes[:, -1]
    else:
        counted = readout.spikes[:, config.first_step :]
        weights = np.arange(config.steps - config.first_step, 0, -1)[:, None]
        early = config.readout == "first_spike"
        outputs = (counted * weights).max(1) if early else counted.sum(1)
    # numpy's argmax takes the lowest index of a tie; torch leaves ties undefined.
    return np.asarray(outputs.argmax(1), np.int64)


def _per_sample(values: Tensor) -> IntArray:
    """(steps, samples, channels, height, width) as int64 (samples, steps, neurons)."""
    return values.flatten(2).transpose(0, 1).to(torch.int64).contiguous().cpu().numpy()
