"""Runs that must be the same: traces of two programs or tiers, and the cycle tier and the stepped model."""

import numpy as np
from numpy.testing import assert_array_equal
from stepped_model import Mesh

from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.protocol.streams import encode_samples
from snnc.sim.accounting.traces import Traces
from snnc.sim.engine.cycle import CAUSES, run_cycles

PARTS = ("accumulated", "membrane", "spikes")


def assert_same_traces(left: Traces | None, right: Traces | None) -> None:
    """Equal values in the same order; how steps are grouped into samples may differ."""
    assert left is not None and right is not None
    for a, b in zip(left, right, strict=True):
        for name in PARTS:
            assert_array_equal(getattr(a, name).ravel(), getattr(b, name).ravel(), name)


def assert_as_the_stepped_model(program: TiledProgram, payloads: IntArray) -> None:
    """Every packet with its cycle, every sweep with its cycle and state words, and what took cycles."""
    stream = encode_samples(program, payloads)
    mesh = Mesh(program)
    expected = mesh.run(stream.tolist())
    run = run_cycles(program, stream, trace=True, event_log=True)
    assert list(zip(run.flits.tolist(), run.stamps.tolist(), strict=True)) == expected
    assert int(run.cycles[0]) == expected[-1][1] + 1
    assert run.trace is not None
    for number, tile in enumerate(mesh.tiles):
        assert dict(zip(CAUSES, run.causes[number].tolist(), strict=True)) == {
            name: tile.causes[name] for name in CAUSES
        }
        assert run.timeline[0, number, :, 0].tolist() == tile.sweeps
        if tile.core.emission != "values_every":
            real = tile.core.tile.neuron_map(program.target.lanes) >= 0
            swept = run.trace[number].accumulated.reshape(-1, tile.core.neurons)
            assert_array_equal(swept, np.array(tile.neurons.accumulated)[:, real])
