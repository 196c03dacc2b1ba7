"""The spikes of one sample, step by step."""

from typing import Any

import numpy as np

from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.reporting.plots import raster
from snnc.reporting.subject import Subject
from snnc.sim.engine.functional import run_functional
from snnc.verification.compare import layer_traces

TITLE = "Spikes of a sample"
MAX_SPIKES = 20_000
"""Most that are drawn of a layer; the first."""
MAX_TRACED = 1 << 26
"""Most membranes that a trace holds."""
SAMPLE = 0


def content(subject: Subject) -> dict[str, Any]:
    """The raster of the first sample: input and layers, top down."""
    network, samples = subject.build.network, subject.samples
    if samples is None or not len(samples.y):
        return {"missing": [subject.missing.get("samples", "there are no samples")]}
    if network.steps * sum(layer.count for layer in network.layers) > MAX_TRACED:
        return {"missing": [f"a trace of this network has more than {MAX_TRACED:,} membranes"]}
    tiled = subject.build.tiled
    payloads = encode_inputs(tiled.input, tiled.steps, samples.x[SAMPLE : SAMPLE + 1])
    run = run_functional(tiled, payloads, trace=True)
    traces = layer_traces(tiled, run.trace)
    bands = [(network.input.name, network.input.features, np.argwhere(payloads[0]))]
    for layer in network.layers:
        bands.append((layer.name, layer.count, np.argwhere(traces[layer.name][1][0])))
    cut = [name for name, _, spikes in bands if len(spikes) > MAX_SPIKES]
    rows = [(name, neurons, spikes[:MAX_SPIKES]) for name, neurons, spikes in bands]
    return {
        "plot": raster(f"Spikes of sample {SAMPLE}", rows, network.steps),
        "sample": SAMPLE,
        "label": int(samples.y[SAMPLE]) if samples.has_classes else None,
        "prediction": int(np.argmax(run.outputs[0])),
        "counts": [(name, len(spikes)) for name, _, spikes in bands],
        "cut": cut,
        "most": MAX_SPIKES,
        "data": samples.name,
    }
