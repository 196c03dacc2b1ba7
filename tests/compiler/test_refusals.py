"""What the compiler refuses: each rule and limit by its message, with both numbers, and checked hints."""

from dataclasses import replace

import numpy as np
import pytest
from networks import target

from snnc.compiler.arithmetic import NO_LEAK, Decay
from snnc.compiler.network import Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.pipeline import check_pass_name, compile_network
from snnc.compiler.targets import load_target
from snnc.errors import DoesNotFit, UnsupportedModel, UsageError, VerificationError


def layer(name: str, source: str, axons: int, count: int, **changes: object) -> Layer:
    """A soft-reset layer with weights 1; keyword arguments replace fields of its Neurons."""
    population = Neurons(
        threshold=np.full(count, 5, np.int64),
        bias=np.zeros(count, np.int64),
        initial=np.zeros(count, np.int64),
        reset="soft",
        state_bits=12,
    )
    weights = np.ones((count, axons), np.int8)
    return Layer(name, replace(population, **changes), (Edge(source, Linear(weights, 4)),))  # type: ignore[arg-type]


def network(*layers: Layer, features: int = 8, max_payload: int = 16) -> Network:
    """`layers` behind an input, the last one read by its spikes or membranes."""
    kind = "membrane" if layers[-1].neurons.reset == "none" else "spike_count"
    readout = Readout(layers[-1].name, kind)
    return Network("test", 4, Input("input", features, "direct", max_payload), layers, readout)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"leak": Decay(3, 4)}, r"layer 'a': leak 3/2\^4; allowed: none, or 1/2\^k with k in 1\.\.15$"),
        ({"state_bits": 20}, r"layer 'a': state_bits 20; allowed: up to 18$"),
        (
            {"threshold": np.full(4, 1 << 17, np.int64)},
            r"layer 'a': threshold 131072\.\.131072; allowed: -131072\.\.131071$",
        ),
        (
            {"bias": np.full(4, -(1 << 17) - 1, np.int64)},
            r"layer 'a': bias -131073\.\.-131073; allowed: -131072\.\.131071$",
        ),
    ],
)
def test_a_rule_of_the_neurocore(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        compile_network(network(layer("a", "input", 8, 4, **changes)), target())


def test_a_layer_that_nobody_reads() -> None:
    model = network(layer("a", "input", 8, 4), layer("b", "input", 8, 4))
    with pytest.raises(UnsupportedModel, match=r"layer 'a': feeds no layer and is not the readout$"):
        compile_network(model, target())


def test_a_readout_of_membranes_that_feeds_a_layer() -> None:
    silent = layer("a", "input", 8, 4, reset="none")
    model = network(silent, layer("b", "a", 4, 2))
    with pytest.raises(
        VerificationError, match=r"^a: a layer with reset 'none' never fires and is not the readout$"
    ):
        compile_network(model, target())


def test_weights_wider_than_the_memory() -> None:
    with pytest.raises(UnsupportedModel, match=r"layer 'a': 4-bit weights; allowed: up to 2$"):
        compile_network(network(layer("a", "input", 8, 4)), target(weight_bits=2))


def test_all_broken_rules_at_once() -> None:
    model = network(layer("a", "input", 8, 4, leak=Decay(3, 4)), layer("b", "a", 4, 2, state_bits=20))
    with pytest.raises(UnsupportedModel) as refusal:
        compile_network(model, target())
    assert len(refusal.value.message.splitlines()) == 3


def test_an_accumulator_that_is_too_narrow_names_the_width() -> None:
    wide = layer("a", "input", 64, 4, state_bits=8, leak=NO_LEAK)
    message = r"layer 'a': state word needs 16 bits \(0\.\.16447, widest at neuron 0\), has 12$"
    with pytest.raises(DoesNotFit, match=message):
        compile_network(network(wide, features=64, max_payload=255), target(state_bits=12))


def test_the_bound_is_exact_for_a_saturated_input() -> None:
    """16447 = 127, the clamp, + 64 inputs of 255 with weight 1: one bit more than 14 + sign is refused."""
    wide = layer("a", "input", 64, 4, state_bits=8, leak=NO_LEAK)
    compile_network(network(wide, features=64, max_payload=255), target(state_bits=16))
    with pytest.raises(DoesNotFit):
        compile_network(network(wide, features=64, max_payload=255), target(state_bits=15))


def test_too_few_cores_lists_layers_and_gives_a_checked_hint() -> None:
    model = network(layer("a", "input", 400, 1000), layer("b", "a", 1000, 300), features=400)
    with pytest.raises(DoesNotFit) as refusal:
        compile_network(model, load_target("ecp5-25k"))
    first, *rows = refusal.value.message.splitlines()
    assert first.startswith("model does not fit target `ecp5-25k`: needs ")
    assert first.endswith("cores, has 2; weights 341.8 KiB, has 64.0 KiB in all")
    assert [row.split(":")[0] for row in rows] == ["layer 'a'", "layer 'b'"]
    assert refusal.value.hint is not None
    hinted = refusal.value.hint.split("--target ")[1].split("`")[0]
    compile_network(model, load_target(hinted))


def test_a_memory_without_room_for_one_row() -> None:
    with pytest.raises(DoesNotFit, match=r"axons needed 4, has 1"):
        compile_network(network(layer("a", "input", 8, 4)), target(axons=1))


def test_tables_that_are_too_short() -> None:
    model = network(layer("a", "input", 8, 32), layer("b", "a", 32, 32), layer("c", "b", 32, 4))
    with pytest.raises(DoesNotFit, match=r"core \(\d,\d\) \(layer 'b'\): sources needs 2, has 1"):
        compile_network(model, target(sources=1, neurons=16), spread=False)


def test_an_unknown_pass_lists_the_passes() -> None:
    with pytest.raises(UsageError, match=r"^no pass is called 'foo'; there are legalise, .*, encode, all$"):
        check_pass_name("foo")
