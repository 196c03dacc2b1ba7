"""The three IR levels compute the same and are stored without loss (hypothesis)."""

from pathlib import Path

import numpy as np
import pytest
from cases import Case, cases
from example_counts import examples
from hypothesis import given

from snnc.compiler.formats.storage import Build
from snnc.compiler.formats.text import print_ir
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.reference.interpreter import (
    Execution,
    as_stored,
    execute_image,
    execute_network,
    execute_program,
)

EXECUTIONS = examples(150)
FORMATS = examples(30)


def assert_same(expected: Execution, got: Execution) -> None:
    """Outputs, state words, membranes and spikes are equal everywhere."""
    np.testing.assert_array_equal(expected.outputs, got.outputs)
    for name, trace in expected.layers.items():
        for part in ("accumulated", "membrane", "spikes"):
            np.testing.assert_array_equal(getattr(trace, part), getattr(got.layers[name], part), err_msg=name)


@EXECUTIONS
@given(cases())
def test_program_and_image_execute_like_the_network_within_the_proved_bounds(case: Case) -> None:
    network, tiled = case.compilation.network, case.compilation.tiled
    expected = as_stored(network, tiled, execute_network(network, case.payloads))
    trace = execute_program(tiled, case.payloads)
    assert_same(expected, trace)
    assert_same(expected, execute_image(case.compilation.image, case.payloads))
    assert_within_bounds(tiled, trace)


def assert_within_bounds(tiled: TiledProgram, trace: Execution) -> None:
    """State words, those of partial sums apart, stay inside what was proved of them."""
    lanes = tiled.target.lanes
    for core in tiled.cores:
        if core.emission == "values_every":
            continue
        numbers = core.tile.neuron_map(lanes)
        layer = trace.layers[core.layer]
        for words in (layer.accumulated, layer.membrane):
            low, high = core.accumulator
            assert low <= words[:, :, numbers[numbers >= 0]].min()
            assert words[:, :, numbers[numbers >= 0]].max() <= high


@FORMATS
@given(cases(samples=1))
def test_a_stored_program_is_the_same_program(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    directory = tmp_path_factory.mktemp("build")
    program = Build(case.compilation.network, case.compilation.tiled)
    program.save(directory)
    first = (directory / "program.snnc").read_bytes()
    loaded = Build.load(directory)
    assert print_ir(loaded.tiled) == print_ir(program.tiled)
    assert loaded.model_hash == program.model_hash
    assert loaded.image is loaded.image
    assert print_ir(loaded.image) == print_ir(case.compilation.image)
    loaded.save(directory)
    assert (directory / "program.snnc").read_bytes() == first
    assert [path.name for path in Path(directory).iterdir()] == ["program.snnc"]
