"""Hardware that holds one network for good: no memory listens to CONFIG flits."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from builders import TINY_SAMPLES, target, tiny_payloads, tiny_program

from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.streams import encode_samples
from snnc.rtl.export import write_images
from snnc.rtl.parameters import parameters_for
from snnc.rtl.simulation.simulate import build_rtl, run_rtl
from snnc.rtl.simulation.tools import Simulator
from snnc.sim.engine.cycle import run_stream

TARGET = target(width=2, height=1)


@pytest.mark.quick
def test_the_rtl_of_a_fixed_network_needs_no_configuration(
    tmp_path: Path, rtl_cache: Path, needs: Callable[[Simulator], None]
) -> None:
    """Memories start with the image, no CONFIG flit reaches them; packets and cycles as simulated."""
    needs("verilator")
    program = specialise(tiny_program(TARGET))
    image = Encode().run(program)
    write_images(image, tmp_path / "core")
    parameters = parameters_for(image, str(tmp_path / "core"), loadable=0)
    built = build_rtl(parameters, rtl_cache, trace=False)
    # Were the flits obeyed, every core would end up without its weights and disabled.
    spoiling = image.config_flits() & np.uint64(0xFFF)
    stimulus = np.concatenate([spoiling, encode_samples(program, tiny_payloads())])
    run = run_rtl(
        built,
        stimulus,
        TINY_SAMPLES * program.ends_per_sample,
        config_flits=len(spoiling),
        timeout_cycles=100_000,
    )
    assert not run.timed_out
    expected = run_stream(program, tiny_payloads())
    np.testing.assert_array_equal(run.outputs["flit"], expected.flits)
    np.testing.assert_array_equal(run.outputs["cycle"], expected.stamps)
