"""An input that stays the same is sent once where that is exact, and only there."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target

from snnc.base.errors import MiscompileError
from snnc.compiler.analysis.activity import activity_of
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Edge, Linear, Network
from snnc.compiler.ir.provenance import Activity, Provenance
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.compiler.passes import hold_input
from snnc.compiler.passes.hold_input import held
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.reference.lowering import require_lowering
from snnc.verification.validation import validate


def model() -> Network:
    """Four steps of a graded input, two layers."""
    return network(layer("a", "input", 8, 6, leak=Decay(1, 3)), layer("b", "a", 6, 3))


def with_feedback() -> Network:
    """The first layer hears itself, so that its current is not the input's alone."""
    chosen = model()
    back = Edge("a", Linear(np.ones((6, 6), np.int8), 4), delay=1)
    return replace(
        chosen, layers=(replace(chosen.layers[0], edges=(*chosen.layers[0].edges, back)), chosen.layers[1])
    )


def with_current(leak: Decay) -> Network:
    """The first layer has a synaptic current already."""
    return network(layer("a", "input", 8, 6, current_leak=leak), layer("b", "a", 6, 3))


def test_the_events_are_sent_once_and_everything_computed_is_the_same() -> None:
    chosen = model()
    program = compile_network(chosen, target()).tiled
    payloads = encode_inputs(chosen.input, chosen.steps, np.full((2, 8), 7, np.uint8))
    repeated = compile_network(chosen, target(cuba=False)).tiled
    assert (program.input.encoding, repeated.input.encoding) == ("held", "direct")
    saved = len(encode_samples(repeated, payloads)) - len(encode_samples(program, payloads))
    assert saved == 2 * 8 * (chosen.steps - 1) * len(program.fed_by_host)
    validate(Build(chosen, program))
    require_lowering(chosen, program)
    require_lowering(chosen, repeated)


@pytest.mark.parametrize(
    "chosen",
    [
        with_feedback(),
        with_current(NO_LEAK),
        with_current(Decay(1, 1)),
        replace(model(), steps=1),
        replace(model(), input=replace(model().input, encoding="rate")),
        replace(model(), input=replace(model().input, encoding="events")),
    ],
    ids=["feedback", "current", "decaying current", "one step", "rate", "events"],
)
def test_what_would_change_is_left_as_it_is(chosen: Network) -> None:
    assert compile_network(chosen, target()).tiled.input == chosen.input


def test_a_held_input_that_changes_a_layer_is_a_miscompile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("SNNC_CACHE", str(tmp_path))
    monkeypatch.setattr(hold_input, "can_be_held", lambda network: True)
    program = compile_network(with_feedback(), target()).tiled
    with pytest.raises(MiscompileError):
        validate(Build(with_feedback(), program))


def test_measured_activity_is_that_of_the_first_step() -> None:
    activity = Activity({"input": 0.4, "a": 0.2, "b": 0.1}, 2.5)
    chosen = replace(model(), provenance=Provenance(activity=activity))
    assert activity_of(held(chosen)).rates == {"input": 0.1, "a": 0.2, "b": 0.1}
