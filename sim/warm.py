"""Kernels ready before they are needed: `python -m snnc.sim.warm` compiles them all into their cache."""

from pathlib import Path
from typing import Any

import numpy as np

from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol import streams
from snnc.compiler.targets import load_target
from snnc.sim.engine import cycle, functional

ENTRIES: tuple[Any, ...] = (
    cycle._run_streams,
    functional._run_samples,
    streams._count_events,
    streams._fill_stream,
)
"""What Python calls of the two tiers."""
MESSAGE = "compiling the simulator's kernels: some seconds, once per installation"


def is_cold() -> bool:
    """Whether the next simulation has to compile kernels first."""
    return not all(entry.signatures or _is_kept(entry) for entry in ENTRIES)


def _is_kept(entry: Any) -> bool:
    """Whether Numba's cache knows the kernel; it looks itself whether that is of these sources."""
    folder, function = entry.stats.cache_path, entry.py_func
    pattern = f"{Path(function.__code__.co_filename).stem}.*{function.__name__}-*.nbi"
    return folder is not None and any(Path(folder).glob(pattern))


def warm() -> None:
    """Run both tiers on the smallest network there is."""
    program = _smallest()
    payloads = np.ones((1, program.steps, program.input.features), np.int64)
    functional.run_functional(program, payloads, threads=1)
    cycle.run_isolated(program, payloads, threads=1)


def _smallest() -> TiledProgram:
    zeros = np.zeros(1, np.int64)
    neurons = Neurons(np.ones(1, np.int64), zeros, zeros, "soft")
    edge = Edge("input", Linear(np.ones((1, 1), np.int8), 2))
    layer = Layer("neuron", (1, 1, 1), neurons, (edge,))
    network = Network("warm", 1, Input("input", (1, 1, 1)), (layer,), Readout("neuron", "spike_count"))
    return compile_network(network, load_target("mesh16")).tiled


if __name__ == "__main__":
    warm()
