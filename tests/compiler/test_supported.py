"""docs/supported.md is what the rules say today, every rule explains itself, and limits are where it says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import layer, network, target

from snnc.base.errors import UnsupportedModel, VerificationError
from snnc.compiler.ir.network import Edge, Input, Linear, Network, Readout
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.passes.legalise import RULES
from snnc.compiler.pipeline import compile_network
from snnc.compiler.supported import supported_text


def test_the_page_is_current() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "supported.md"
    assert page.read_text() == supported_text(), "run `snnc ops > docs/supported.md`"


def test_every_rule_is_one_documented_sentence() -> None:
    for rule in RULES:
        assert rule.__doc__
        assert rule.__doc__.strip().endswith(".")
        assert f"`{rule.__name__}`" in supported_text()


def one(**changes: object) -> Network:
    """One layer of 4 neurons."""
    return network(layer("a", "input", 8, 4, **changes))


def entered(**changes: object) -> Network:
    """One layer whose input has other fields."""
    model = one()
    return replace(model, input=replace(model.input, **changes))  # type: ignore[arg-type]


def read(kind: str, first_step: int) -> Network:
    """Four steps of a layer that fires or, for membranes, does not."""
    model = one(reset="none" if kind == "membrane" else "soft")
    return replace(model, readout=Readout("a", kind, first_step))  # type: ignore[arg-type]


FOURS = np.full(4, 4)


def channels(numerator: int, shared: int = 0) -> Network:
    """Leaks of each channel."""
    return one(leak=Decay(shared, 2), leak_numerators=np.full(4, numerator))


def image(height: int) -> Network:
    """A readout of a column of pixels."""
    return Network(
        "test",
        2,
        Input("input", (1, height, 1)),
        (layer("a", "input", height, 4),),
        Readout("a", "spike_count"),
    )


@pytest.mark.parametrize(
    ("valid", "refused", "message"),
    [
        (replace(one(), steps=1), replace(one(), steps=0), "steps must be 1..65536"),
        (replace(one(), steps=65536), replace(one(), steps=65537), "steps must be 1..65536"),
        (entered(max_payload=1), entered(max_payload=0), "max_payload must be 1..255"),
        (entered(max_payload=255), entered(max_payload=256), "max_payload must be 1..255"),
        (image(256), image(257), "height and width must be 1..256"),
        (one(state_bits=2), one(state_bits=1), "state_bits must be 2..32"),
        (one(state_bits=32), one(state_bits=33), "state_bits must be 2..32"),
        (one(state_bits=8, reset_value=127), one(state_bits=8, reset_value=128), "reset_value must lie in"),
        (one(state_bits=8, lower_clamp=-128), one(state_bits=8, lower_clamp=-129), "must be -128..0"),
        (one(lower_clamp=0), one(lower_clamp=1), "lower_clamp must be -2048..0"),
        (
            one(lower_clamp=-5, reset_value=-5),
            one(lower_clamp=-5, reset_value=-6),
            "reset_value must lie in -5",
        ),
        (
            one(lower_clamp=-5, initial=FOURS - 9),
            one(lower_clamp=-4, initial=FOURS - 9),
            "initial must lie in",
        ),
        (one(fraction_bits=12), one(fraction_bits=13), "fraction_bits must be 0..12"),
        (one(reset_amount=FOURS), one(reset_amount=FOURS, reset="hard"), "belongs to the reset 'soft'"),
        (one(reset_amount=FOURS), one(reset_amount=FOURS[:3]), "reset_amount must be int64 of shape (4,)"),
        (channels(4), channels(5), "numerators of leak must be 0..4, not 5..5"),
        (channels(4), channels(4, 1), "leak has a numerator, 1, beside those of channels"),
        (
            one(current_leak=Decay(0, 2), current_numerators=FOURS),
            one(current_numerators=FOURS),
            "belong to a layer with a current_leak",
        ),
        (read("spike_count", 3), read("spike_count", 4), "first_step must be 0..3"),
        (read("membrane", 0), read("membrane", 1), "a membrane readout has no window"),
        (entered(name="b"), entered(name="a"), "two nodes have this name"),
    ],
)
def test_the_limits_of_every_network(valid: Network, refused: Network, message: str) -> None:
    first = valid.layers[0]
    edges = (replace(first.edges[0], source=valid.input.name),)
    replace(valid, layers=(replace(first, edges=edges),)).verify()
    with pytest.raises(VerificationError) as refusal:
        refused.verify()
    assert message in str(refusal.value)


def delayed(delays: range) -> Network:
    """A layer that feeds itself one step later, and a second one with `delays`."""
    weights = Linear(np.ones((4, 4), np.int8), 4)
    first = layer("a", "input", 8, 4)
    first = replace(first, edges=(*first.edges, Edge("a", weights, 1)))
    second = layer("b", "a", 4, 4)
    return network(first, replace(second, edges=tuple(Edge("a", weights, delay) for delay in delays)))


def test_a_core_sends_with_four_delays_at_most() -> None:
    compile_network(delayed(range(3)), target())
    with pytest.raises(UnsupportedModel, match="leave with 5 distinct delays; allowed: up to 4"):
        compile_network(delayed(range(4)), target())
