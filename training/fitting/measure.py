"""Quality of a model on labelled samples, from its integers, in bounded memory."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snnc.compiler.ir.provenance import Measured
from snnc.training.data.datasets import Samples
from snnc.training.model.classifier import SpikingClassifier


@dataclass(frozen=True)
class Quality:
    """What a model does on a set of samples."""

    accuracy: float
    rates: tuple[float, ...]
    """Firing rate of each hidden layer: spikes / (neurons x steps x samples)."""
    mean_rate: float
    """The same over all hidden layers together, 0 if there are none."""
    spikes: float
    """Spikes of all hidden layers per sample."""
    input_events: float
    """Non-zero payloads that enter per sample, over all steps."""
    input_passes: float
    """Set bits per non-zero payload, 1 without any."""

    def summary(self) -> Measured:
        """What is stored with a model."""
        return Measured(self.accuracy, self.mean_rate, self.spikes)


def measure(
    model: SpikingClassifier, samples: Samples, progress: Callable[[int], None] = lambda done: None
) -> Quality:
    """Run all `samples` where the model is, batch by batch; `progress` is told how many are done."""
    config = model.config
    neurons = np.array([np.prod(config.shapes[name], dtype=np.int64) for name in model.layer_names[:-1]])
    fired = np.zeros(len(neurons), np.int64)
    right = events = entered = bits = 0
    size = model.trace_batch
    for start in range(0, len(samples), size):
        x = samples.x[start : start + size]
        tally = model.tally(x)
        right += int((tally.classes == samples.classes[start : start + size]).sum())
        fired += tally.fired
        payloads = model.payloads(x)
        nonzero = int(np.count_nonzero(payloads))
        events += nonzero * (config.steps // payloads.shape[1])
        entered, bits = entered + nonzero, bits + int(np.bitwise_count(payloads.astype(np.uint8)).sum())
        progress(start + len(x))
    sites = neurons * config.steps * len(samples)
    return Quality(
        accuracy=right / len(samples),
        rates=tuple((fired / np.maximum(sites, 1)).tolist()),
        mean_rate=float(fired.sum() / max(sites.sum(), 1)),
        spikes=float(fired.sum() / len(samples)),
        input_events=events / len(samples),
        input_passes=bits / entered if entered else 1.0,
    )
