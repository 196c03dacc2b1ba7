"""Others on the same networks: snnTorch, and SANA-FE in its own environment."""

import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import MismatchError, UsageError
from snnc.benchmark.measure import Spread
from snnc.benchmark.networks import Subject
from snnc.compiler.ir.network import Conv2d, Edge
from snnc.sim.engine.functional import run_functional


def layer_spikes(subject: Subject) -> list[int]:
    """Spikes of every layer over all samples."""
    trace = run_functional(subject.program, subject.payloads, trace=True, threads=1).trace
    assert trace is not None
    fired = dict.fromkeys((layer.name for layer in subject.network.layers), 0)
    for core, own in zip(subject.program.cores, trace, strict=True):
        fired[core.layer] += int(own.spikes.sum()) if core.emission == "spikes" else 0
    return list(fired.values())


def snntorch(subject: Subject) -> Callable[[], object]:
    """A forward pass of the samples, one by one, on one thread of PyTorch, of `Leaky` neurons without leak.

    Raises MismatchError where its spikes are not ours, ModuleNotFoundError without the extra `frameworks`.
    """
    import snntorch as snn
    import torch

    torch.set_num_threads(1)
    neurons = {
        layer.name: snn.Leaky(
            beta=1.0, threshold=float(layer.neurons.threshold[0]), reset_mechanism="subtract"
        )
        for layer in subject.network.layers
    }
    synapses = {
        (layer.name, place): torch.from_numpy(edge.synapses.weights.astype(np.float32))
        for layer in subject.network.layers
        for place, edge in enumerate(layer.edges)
    }
    inputs = torch.from_numpy(subject.payloads.astype(np.float32))

    def current(layer: str, place: int, edge: Edge, events: Any) -> Any:
        kernel = synapses[layer, place]
        if isinstance(edge.synapses, Conv2d):
            padding, stride = edge.synapses.padding, edge.synapses.stride
            return torch.nn.functional.conv2d(events, kernel, padding=padding, stride=stride)
        return torch.nn.functional.linear(events.flatten(1), kernel)[:, :, None, None]

    def forward() -> list[int]:
        fired = dict.fromkeys(neurons, 0)
        with torch.no_grad():
            for sample in inputs:
                # Half a unit above the integers: snnTorch fires above a threshold, snnc from it on.
                membranes = {
                    layer.name: torch.full((1, *layer.shape), 0.5) for layer in subject.network.layers
                }
                before: dict[str, Any] = {}
                for step in sample:
                    now = {subject.network.input.name: step.reshape(1, *subject.network.input.shape)}
                    for layer in subject.network.layers:
                        total = torch.zeros(1, *layer.shape)
                        for place, edge in enumerate(layer.edges):
                            events = (before if edge.delay else now).get(edge.source)
                            if events is not None:
                                total = total + current(layer.name, place, edge, events)
                        spiked, membranes[layer.name] = neurons[layer.name](total, membranes[layer.name])
                        now[layer.name] = spiked
                        fired[layer.name] += int(spiked.sum())
                    before = now
        return list(fired.values())

    ours, theirs = layer_spikes(subject), forward()
    if ours != theirs:
        raise MismatchError(f"snnTorch fires {theirs} spikes, snnc {ours}", where=subject.name)
    return forward


def sanafe(subject: Subject, python: Path, script: Path, rounds: int) -> Spread:
    """CPU seconds of a sample on SANA-FE's detailed model, of a dense network; `python` has SANA-FE.

    Raises UsageError where it does not run, MismatchError where its spikes are not ours.
    """
    one = replace(subject, payloads=subject.payloads[:1])
    arrays: dict[str, NDArray[Any]] = {
        "spikes": one.payloads[0].astype(np.bool_),
        "thresholds": np.array([int(layer.neurons.threshold[0]) for layer in one.network.layers]),
    }
    for number, layer in enumerate(one.network.layers):
        arrays[f"weights{number}"] = layer.edges[0].synapses.weights
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        np.savez(path, **arrays)  # type: ignore[arg-type]
        done = subprocess.run(
            [str(python), str(script), str(path), str(rounds)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise UsageError(f"SANA-FE does not run: {(done.stderr.splitlines() or ['no message'])[-1]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found["spikes"] != layer_spikes(one):
        raise MismatchError(f"SANA-FE fires {found['spikes']}, snnc {layer_spikes(one)}", where=one.name)
    return Spread.of(found["seconds"])
