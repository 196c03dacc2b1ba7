"""Tiles at coordinates that no mesh of 16 x 16 has: simulator, stepped model and RTL agree on them, packet by
packet and cycle by cycle."""

from pathlib import Path

import numpy as np
import pytest
from builders import target, tiny_network, tiny_payloads
from executions import assert_packets, assert_traces
from random_packings import packed
from stepped_model import Mesh

from snnc.base.files import cache_directory
from snnc.compiler.passes.encode import Encode
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.reference.interpreter import execute_network
from snnc.rtl.simulation.cosimulate import cosimulate
from snnc.sim.engine.cycle import run_isolated, run_stream


@pytest.mark.parametrize(
    ("width", "height", "places"),
    [(18, 1, [(17, 0), (16, 0)]), (1, 18, [(0, 16), (0, 17)]), (64, 64, [(63, 63), (1, 40)])],
)
def test_the_stepped_model_agrees(width: int, height: int, places: list[tuple[int, int]]) -> None:
    hardware = target(width=width, height=height)
    program = packed(compile_network(tiny_network(), hardware, spread=False).tiled, places)
    payloads = tiny_payloads()[:1]
    stream = run_stream(program, payloads)
    packets = Mesh(program).run(encode_samples(program, payloads).tolist())
    assert packets == list(zip(stream.flits.tolist(), stream.stamps.tolist(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "height", "places"), [(18, 1, [(17, 0), (16, 0)]), (1, 18, [(0, 16), (0, 17)])]
)
def test_the_rtl_agrees(width: int, height: int, places: list[tuple[int, int]], tmp_path: Path) -> None:
    hardware = target(width=width, height=height, lanes=2, weight_kibit=4, cuba=False, decay_multiplier=False)
    network, payloads = tiny_network(), tiny_payloads()
    program = packed(compile_network(network, hardware, spread=False).tiled, places)
    rtl = cosimulate(Encode().run(program), program, payloads, cache=cache_directory(), work=tmp_path)
    expected = execute_network(network, payloads)
    assert_traces(expected, rtl.layers, "rtl")
    np.testing.assert_array_equal(expected.outputs, rtl.outputs)
    assert_packets(run_isolated(program, payloads), run_stream(program, payloads), rtl)
