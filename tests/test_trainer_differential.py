"""Random models: the PyTorch forward pass, the reference and both simulator tiers agree exactly."""

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from models import models, random_inputs

from snnc.compiler.encoding import encode_inputs
from snnc.compiler.execute import execute_network
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.errors import DoesNotFit, UnsupportedModel
from snnc.sim.cycle_engine import run_isolated
from snnc.sim.functional import run_functional
from snnc.training.export import to_network
from snnc.training.model import SpikingClassifier
from snnc.verification import layer_traces


@settings(
    max_examples=40, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.filter_too_much]
)
@given(models())
def test_the_trainer_equals_reference_and_simulator(model: SpikingClassifier) -> None:
    network = to_network(model, "random")
    try:
        program = compile_network(network, load_target("mesh16")).program
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
