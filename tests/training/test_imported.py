"""Imported models: the trainer's trace against the interpreter, and files that are not what they claim."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import neurons
from example_counts import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from random_hardware import SIZES
from random_networks import networks

from snnc.base.errors import FileError
from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Readout
from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.compiler.targets import load_target
from snnc.training.files.checkpoint import load_checkpoint, save_checkpoint
from snnc.training.files.export import to_network
from snnc.training.model.imported import ImportedModel

ROOMY = replace(load_target("mesh16"), state_bits=24, axon_columns=256, axon_rows=256)


@examples(30, suppress_health_check=list(HealthCheck))
@given(networks(SIZES[0], ROOMY), st.integers(0, 99))
def test_the_trace_is_the_interpreters_and_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, network: Network, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    shape = (3, network.steps) if network.input.encoding == "events" else (3,)
    x = rng.integers(0, network.input.max_payload + 1, (*shape, network.input.features)).astype(np.uint8)
    path = tmp_path_factory.mktemp("imported") / "model.pt"
    save_checkpoint(path, ImportedModel(network), Provenance("import", seed=3))
    read = load_checkpoint(path)
    assert read.provenance == Provenance("import", seed=3)
    expected = execute_network(network, encode_inputs(network.input, network.steps, x)).layers
    for trace in read.model.trace(x):
        np.testing.assert_array_equal(trace.membranes, expected[trace.name].membrane)
        np.testing.assert_array_equal(trace.spikes, expected[trace.name].spikes)
    assert to_network(read.model, "other", read.provenance).provenance.recipe == "import"


def _stored(content: dict[str, Any]) -> Any:
    name = next(iter(content["arrays"]))
    return name, content["arrays"][name]


def _other_array(content: dict[str, Any]) -> None:
    name, value = _stored(content)
    content["arrays"][name] = value + 1


def _float_array(content: dict[str, Any]) -> None:
    name, value = _stored(content)
    content["arrays"][name] = value.double()


def _no_array(content: dict[str, Any]) -> None:
    del content["arrays"][_stored(content)[0]]


def _steps(content: dict[str, Any]) -> None:
    content["network"]["steps"] = 1 << 40


@pytest.mark.parametrize(
    "change, said",
    [
        (_other_array, "does not have the content"),
        (_float_array, "must be tensors of int8 or int64"),
        (_no_array, "the name of a stored array"),
        (_steps, "steps must be"),
        (lambda content: content.update(schema=9), "no imported model of schema 1"),
        (lambda content: content.update(provenance={"a": 1}), "provenance"),
        (lambda content: content.update(arrays=[]), "no mapping of tensors"),
    ],
)
def test_a_file_that_is_not_what_it_claims(
    change: Callable[[dict[str, Any]], None], said: str, tmp_path: Path
) -> None:
    edge = Edge("input", Linear(np.array([[1, 2], [3, 4]], np.int8), 4))
    layer = Layer("a", (2, 1, 1), neurons(2), (edge,))
    network = Network("small", 3, Input("input", (2, 1, 1)), (layer,), Readout("a", "spike_count"))
    save_checkpoint(tmp_path / "model.pt", ImportedModel(network))
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    change(content)
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(FileError, match=said):
        load_checkpoint(tmp_path / "model.pt")
