"""Measures on samples how often the nodes of a network send events, for the compiler's cost model."""

import numpy as np

from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.ir.provenance import Activity
from snnc.compiler.isa.arithmetic import IntArray
from snnc.sim.engine.functional import run_functional


def measure_activity(network: Network, program: TiledProgram, payloads: IntArray) -> Activity:
    """The activity of `program`, which computes `network`, on payloads (samples, steps, features)."""
    fired = run_functional(program, payloads).primitives.fired
    times = payloads.shape[0] * payloads.shape[1]
    entered = int(np.count_nonzero(payloads))
    rates = {network.input.name: entered / payloads.size}
    for layer in network.layers:
        members = [number for number, core in enumerate(program.cores) if core.layer == layer.name]
        rates[layer.name] = int(fired[members].sum()) / (layer.count * times)
    bits = int(np.bitwise_count(payloads.astype(np.uint8)).sum())
    return Activity(rates, bits / entered if entered else 1.0)
