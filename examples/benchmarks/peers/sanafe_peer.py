"""Runs a dense network on SANA-FE (detailed timing, one thread), in an environment of its own without snnc.

python sanafe_peer.py NETWORK.npz ROUNDS prints JSON: CPU seconds of each round, spikes of every layer.
The file is what `snnc bench --sanafe PYTHON` writes: weights0 (neurons, axons) ..., thresholds, spikes
(steps, inputs).
"""

import json
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import sanafe

PER_CORE = 1024
"""Neurons that a core of the architecture holds; input neurons likewise."""
BELOW = 2.0**-9
"""SANA-FE fires above a threshold, snnc from it on; so little, exact in float32, is lost with every reset."""


def build(arrays: Any) -> Any:
    """The chip with the network on it: a layer starts on a core of its own, neurons fire from the threshold
    on and subtract it."""
    architecture = sanafe.load_loihi()
    cores = iter(architecture.cores())
    network = sanafe.Network()
    spikes = arrays["spikes"]
    inputs = network.create_neuron_group("input", spikes.shape[1])
    place(inputs, cores)
    for number, neuron in enumerate(inputs.neurons):
        train = spikes[:, number].tolist()
        name = f"loihi_inputs[{number % PER_CORE}]"
        neuron.set_attributes(soma_hw_name=name, model_attributes={"spikes": train})
    source = inputs
    for layer, threshold in enumerate(arrays["thresholds"].tolist()):
        weights = arrays[f"weights{layer}"]
        attributes = {"threshold": threshold - BELOW, "leak_decay": 1.0, "reset_mode": "soft"}
        group = network.create_neuron_group(
            f"layer{layer}",
            len(weights),
            model_attributes=attributes,
            default_synapse_hw_name="loihi_dense_synapse",
            default_dendrite_hw_name="loihi_dendrites",
            soma_hw_name="loihi_lif",
            log_spikes=True,
        )
        place(group, cores)
        source.connect_neurons_dense(group, {"weight": weights.T.reshape(-1).astype(float).tolist()})
        source = group
    chip = sanafe.SpikingChip(architecture)
    chip.load(network)
    return chip


def place(group: Any, cores: Any) -> None:
    """Fill cores of its own with the neurons of a group."""
    core = None
    for number, neuron in enumerate(group.neurons):
        if number % PER_CORE == 0:
            core = next(cores)
        neuron.map_to_core(core)


def run(arrays: Any, steps: int, trace: bool) -> tuple[Any, float]:
    """The spike trace, if wanted, and CPU seconds of a run on a chip that was just loaded."""
    chip = build(arrays)
    start = time.process_time()
    result = chip.sim(steps, timing_model="detailed", processing_threads=1, spike_trace=trace or None)
    return result["spike_trace"], time.process_time() - start


def main() -> None:
    """Measure; the spikes are those of a run of their own."""
    path, rounds = Path(sys.argv[1]), int(sys.argv[2])
    with np.load(path) as stored:
        arrays = dict(stored)
    layers = len(arrays["thresholds"])
    # A spike reaches the next layer a step later: so many steps more carry all of them to the end.
    sent = len(arrays["spikes"])
    steps = sent + layers
    trace, _ = run(arrays, steps, True)
    fired = [Counter(neuron.group_name for neuron in step) for step in trace]
    windows = [fired[number + 1 : number + 1 + sent] for number in range(layers)]
    counts = [sum(step[f"layer{number}"] for step in window) for number, window in enumerate(windows)]
    seconds = [run(arrays, steps, False)[1] for _ in range(rounds)]
    print(json.dumps({"sanafe": version("sanafe"), "seconds": seconds, "spikes": counts}))


if __name__ == "__main__":
    main()
