"""Models from PyTorch on: the forward pass, the reference, the simulator and the RTL agree exactly."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import target
from cases import Draft
from example_counts import examples
from executions import check_software
from hypothesis import HealthCheck, assume, given, seed
from hypothesis import strategies as st
from random_classifiers import models, of_networks, random_inputs, varied
from random_hardware import SIZES, Size
from random_trainings import parts, settings, write_samples

from snnc.base.errors import DoesNotFit, UnsupportedModel, UsageError
from snnc.base.files import cache_directory
from snnc.compiler.formats.storage import Build
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.compiler.targets import load_target
from snnc.rtl.simulation.tools import simulator_missing
from snnc.sim.engine.cycle import run_isolated
from snnc.sim.engine.functional import run_functional
from snnc.training.files.checkpoint import load_checkpoint, save_checkpoint
from snnc.training.files.export import to_network
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import EdgeConfig, LayerConfig, ModelConfig, Population
from snnc.verification.compare import VerifyOptions, layer_traces, verify

ROOMY = replace(load_target("mesh16"), state_bits=24, delay_slots=16, axon_columns=256, axon_rows=256)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_the_trainer_equals_the_network_whatever_the_shape(size: Size) -> None:
    """Membranes and spikes of every layer, and all other software executions where the model compiles."""

    @seed(size.name)
    @examples(10, database=None, suppress_health_check=list(HealthCheck))
    @given(of_networks(ROOMY, (size,)))
    def run(model: SpikingClassifier) -> None:
        network = to_network(model, "random")
        x = random_inputs(model.config, samples=2)
        payloads = encode_inputs(network.input, network.steps, x)
        expected = execute_network(network, payloads)
        for trained in model.trace(x):
            trace = expected.layers[trained.name]
            np.testing.assert_array_equal(trace.membrane, trained.membranes, err_msg=trained.name)
            np.testing.assert_array_equal(trace.spikes, trained.spikes, err_msg=trained.name)
        np.testing.assert_array_equal(expected.predictions, model.predict(x))
        draft = Draft(network, ROOMY, False, payloads)
        with suppress(DoesNotFit, UnsupportedModel):
            check_software(draft, draft.compile())

    run()


def test_what_any_training_gives_equals_the_network(tmp_path: Path) -> None:
    """Also read from its file, on every software level that it compiles for."""

    @seed(3)
    @examples(12, database=None, suppress_health_check=list(HealthCheck))
    @given(models() | of_networks(ROOMY), settings(), st.data())
    def run(model: SpikingClassifier, chosen: dict[str, str], data: st.DataObject) -> None:
        own = data.draw(parts(model))
        chosen["data"] = str(write_samples(tmp_path / "few.npz", model, data.draw(st.integers(0, 999))))
        try:
            result = train(find_recipe("digits-mlp"), 1, chosen, parts=own, warn=lambda _: None)
        except UsageError:  # One output, a teacher of a loop, a loss that diverges.
            assume(False)
            raise
        save_checkpoint(tmp_path / "m.pt", result.model, result.provenance())
        trained = load_checkpoint(tmp_path / "m.pt").model
        network = to_network(trained, "trained")
        x = random_inputs(model.config, samples=2)
        payloads = encode_inputs(network.input, network.steps, x)
        expected = execute_network(network, payloads)
        assert isinstance(trained, SpikingClassifier)
        for one in (result.model, trained):
            for trace in one.trace(x):
                np.testing.assert_array_equal(expected.layers[trace.name].membrane, trace.membranes)
                np.testing.assert_array_equal(expected.layers[trace.name].spikes, trace.spikes)
            np.testing.assert_array_equal(expected.predictions, one.predict(x))
        draft = Draft(network, ROOMY, False, payloads)
        with suppress(DoesNotFit, UnsupportedModel):
            check_software(draft, draft.compile())

    run()


@examples(40, suppress_health_check=[HealthCheck.filter_too_much])
@given(models())
def test_the_trainer_equals_reference_and_simulator(model: SpikingClassifier) -> None:
    network = to_network(model, "random")
    try:
        program = compile_network(network, load_target("mesh16")).tiled
    except (DoesNotFit, UnsupportedModel):
        assume(False)
        raise
    x = random_inputs(model.config, samples=3)
    payloads = encode_inputs(network.input, network.steps, x)
    reference = execute_network(network, payloads)
    functional = layer_traces(program, run_functional(program, payloads, trace=True).trace)
    cycle = layer_traces(program, run_isolated(program, payloads, trace=True).trace)
    for trained in model.trace(x):
        expected = reference.layers[trained.name]
        np.testing.assert_array_equal(expected.membrane, trained.membranes)
        np.testing.assert_array_equal(expected.spikes, trained.spikes)
        for membranes, spikes in (functional[trained.name], cycle[trained.name]):
            np.testing.assert_array_equal(trained.membranes, membranes)
            np.testing.assert_array_equal(trained.spikes, spikes)
    np.testing.assert_array_equal(reference.predictions, model.predict(x))


@pytest.mark.slow
@pytest.mark.skipif(
    simulator_missing("verilator") is not None, reason=f"RTL not run: {simulator_missing('verilator')}"
)
def test_one_dimensional_convolutions_on_every_level(tmp_path: Path) -> None:
    """Sequences are images of height 1: strided and padded, behind pooling and depthwise, cut over cores."""
    leaky = Population(leak=Decay(1, 2))
    layers = (
        LayerConfig("strided", 6, (EdgeConfig("input", "conv", (1, 5), (1, 2), (0, 2)),), leaky, 4),
        LayerConfig(
            "depthwise", 6, (EdgeConfig("strided", "conv", (1, 3), (1, 1), (0, 1), 6, (1, 2)),), leaky, 4
        ),
        LayerConfig("readout", 3, (EdgeConfig("depthwise"),), Population(reset="none"), 4),
    )
    config = ModelConfig(shape=(3, 1, 24), layers=layers, steps=4, max_payload=15, readout="membrane")
    model = varied(config, 1)
    network = to_network(model, "sequences")
    hardware = target(width=2, height=2, neurons=512, weight_kibit=32)
    program = Build(network, compile_network(network, hardware).tiled)
    x = random_inputs(config, samples=3)
    trained = {trace.name: (trace.membranes, trace.spikes) for trace in model.trace(x)}
    assert all(trained[name][1].any() for name in ("strided", "depthwise"))
    payloads = encode_inputs(network.input, network.steps, x)
    result = verify(
        program, payloads, trained, VerifyOptions(stall=0.3, cache=cache_directory(), work=tmp_path)
    )
    assert result.executions == ["trainer", "reference", "simulator", "rtl"]
    assert result.first_difference is None
