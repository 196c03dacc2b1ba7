"""Hardware that holds one network for good: no memory listens to CONFIG flits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import TINY_SAMPLES, target, tiny_network, tiny_payloads

from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.hold_input import held
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.targets import Target
from snnc.rtl.export import write_images
from snnc.rtl.parameters import parameters_for
from snnc.rtl.simulation.simulate import build_rtl, run_rtl
from snnc.rtl.simulation.tools import Simulator
from snnc.sim.engine.cycle import run_stream

MESH = target(width=2, height=1)
SHARED = target(width=1, height=1, contexts=4)
"""One core for all tiles, of which the first has a current, that of its held input."""


@pytest.mark.quick
@pytest.mark.parametrize(
    ("hardware", "largest"), [(MESH, 16), (MESH, 1), (SHARED, 3)], ids=["graded", "spikes", "mixed"]
)
def test_the_rtl_of_a_fixed_network_needs_no_configuration(
    hardware: Target, largest: int, tmp_path: Path, rtl_cache: Path, needs: Callable[[Simulator], None]
) -> None:
    """Memories start with the image, no CONFIG flit reaches them; packets and cycles as simulated."""
    needs("verilator")
    whole = compile_network(held(tiny_network()), hardware, spread=False).tiled
    whole = replace(whole, input=replace(whole.input, max_payload=largest))
    if largest == 1:
        # The last sweep of a sample writes v(0), and no INIT follows it.
        whole = replace(whole, cores=tuple(replace(c, initial=0 * c.initial) for c in whole.cores))
        assert whole.cores[0].clears
    payloads = np.minimum(tiny_payloads(), largest)
    program = specialise(whole)
    image = Encode().run(program)
    write_images(image, tmp_path / "core")
    parameters = parameters_for(image, str(tmp_path / "core"), loadable=0)
    assert parameters.payload_bits == largest.bit_length()
    built = build_rtl(parameters, rtl_cache, trace=False)
    # Were the flits obeyed, every core would end up without its weights and disabled.
    spoiling = image.config_flits() & np.uint64(0xFFF)
    stimulus = np.concatenate([spoiling, encode_samples(program, payloads)])
    run = run_rtl(
        built,
        stimulus,
        TINY_SAMPLES * program.ends_per_sample,
        config_flits=len(spoiling),
        timeout_cycles=100_000,
    )
    assert not run.timed_out
    expected = run_stream(program, payloads)
    np.testing.assert_array_equal(run.outputs["flit"], expected.flits)
    np.testing.assert_array_equal(run.outputs["cycle"], expected.stamps)
    # What was cut away took no cycle.
    np.testing.assert_array_equal(expected.stamps, run_stream(whole, payloads).stamps)
