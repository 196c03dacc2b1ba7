"""Every rule of the neurocore refuses with its own message, alone; and what the message allows is allowed."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target

from snnc.base.errors import UnsupportedModel
from snnc.compiler.ir.network import Conv2d, Edge, Input, Linear, Network, Readout
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.compiler.passes.legalise import RULES
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import Target


def one(**changes: object) -> Network:
    """One layer of 4 neurons."""
    return network(layer("a", "input", 8, 4, **changes))


def held(current_leak: Decay) -> Network:
    """One layer that takes a held input."""
    model = one(current_leak=current_leak)
    return replace(model, input=replace(model.input, encoding="held"))


def pixels(shape: tuple[int, int, int]) -> Network:
    """A readout of a whole image."""
    readout = layer("a", "input", int(np.prod(shape)), 4)
    return Network("test", 2, Input("input", shape), (readout,), Readout("a", "spike_count"))


def convolved(channels: int) -> Network:
    """A convolution of an image of one pixel."""
    synapses = Conv2d(np.ones((4, channels, 1, 1), np.int8), 4)
    first = replace(layer("a", "input", 8, 4), edges=(Edge("input", synapses),))
    model = network(first, layer("b", "a", 4, 4))
    return replace(model, input=Input("input", (channels, 1, 1), max_payload=16))


def second(*edges: tuple[str, int]) -> Network:
    """Two layers of 4, the second fed by (source, delay) and read."""
    weights = Linear(np.ones((4, 4), np.int8), 4)
    fed = tuple(Edge(source, weights, delay) for source, delay in edges)
    return network(layer("a", "input", 8, 4), replace(layer("b", "a", 4, 4), edges=fed))


def late_input(delay: int) -> Network:
    """One layer that hears the input some steps later."""
    only = layer("a", "input", 8, 4)
    return network(replace(only, edges=(replace(only.edges[0], delay=delay),)))


def narrow(bits: int) -> Network:
    """One layer with weights of `bits`."""
    only = layer("a", "input", 8, 4)
    return network(replace(only, edges=(Edge("input", Linear(np.ones((4, 8), np.int8), bits)),)))


def membranes(count: int, *loop: Edge) -> Network:
    """A readout of membranes, perhaps with a recurrent edge."""
    readout = layer("r", "input", 8, count, reset="none")
    return network(replace(readout, edges=readout.edges + loop))


def fanned_out(*delays: int) -> Network:
    """A layer that feeds itself one step later, and one more layer per delay."""
    first = layer("a", "input", 8, 4)
    loop = Edge("a", Linear(np.ones((4, 4), np.int8), 4), 1)
    weights = Linear(np.ones((4, 4), np.int8), 4)
    heard = [replace(layer(f"b{d}", "a", 4, 4), edges=(Edge("a", weights, d),)) for d in delays]
    last = layer("r", "b0", 4, 4)
    joined = tuple(Edge(each.name, weights) for each in heard)
    return network(replace(first, edges=(*first.edges, loop)), *heard, replace(last, edges=joined))


FULL, PLAIN = target(), target(cuba=False, decay_multiplier=False)
SECOND = target(channel_leak=True, reset_amount=True, lower_clamp=True, fraction_bits=3)
LIMIT = 1 << 17

CASES: tuple[tuple[str, Target, Network, str, Network], ...] = (
    (
        "decay_is_computable",
        FULL,
        one(leak=Decay(3, 13)),
        "layer 'a': leak 3/2^13; allowed: fractions of up to 12 bits",
        one(leak=Decay(3, 12)),
    ),
    (
        "decay_is_computable",
        FULL,
        one(current_leak=Decay(3, 13)),
        "layer 'a': current leak 3/2^13; allowed: fractions of up to 12 bits",
        one(current_leak=Decay(3, 12)),
    ),
    (
        "decay_is_computable",
        FULL,
        one(current_leak=Decay(1, 16)),
        "layer 'a': current leak 1/2^16; allowed: fractions of up to 12 bits",
        one(current_leak=Decay(0, 16), leak=Decay(0, 13)),
    ),
    (
        "decay_is_computable",
        PLAIN,
        one(leak=Decay(3, 4)),
        "layer 'a': leak 3/2^4; allowed: none, or 1/2^k with k in 0..12",
        one(leak=Decay(2, 4)),
    ),
    (
        "decay_is_computable",
        replace(SECOND, decay_multiplier=False),
        one(leak=Decay(0, 4), leak_numerators=np.array([0, 1, 3, 8])),
        "layer 'a': leak 3/2^4; allowed: none, or 1/2^k with k in 0..12",
        one(leak=Decay(0, 4), leak_numerators=np.array([0, 1, 4, 8])),
    ),
    (
        "decays_are_kept_per_channel",
        FULL,
        one(leak=Decay(0, 4), leak_numerators=np.array([1, 1, 3, 1])),
        "layer 'a': has 2 values of its leak; allowed: one for all channels, or a target with `channel_leak`",
        one(leak=Decay(0, 4), leak_numerators=np.array([3, 3, 3, 3])),
    ),
    (
        "decays_are_kept_per_channel",
        FULL,
        one(current_leak=Decay(0, 4), current_numerators=np.array([0, 1, 2, 3])),
        "layer 'a': has 4 values of its current leak; allowed: one for all channels, or a target with "
        "`channel_leak`",
        one(current_leak=Decay(0, 4), current_numerators=np.array([0, 0, 0, 0])),
    ),
    (
        "reset_amounts_are_kept",
        FULL,
        one(reset_amount=np.array([5, 5, 6, 7])),
        "layer 'a': reset amount 6 at threshold 5 (channel 2); allowed: amounts equal to the thresholds, or "
        "a target with `reset_amount`",
        one(reset_amount=np.array([5, 5, 5, 5])),
    ),
    (
        "membranes_are_kept_from_falling",
        FULL,
        one(lower_clamp=-5),
        "layer 'a': lower_clamp -5; allowed: none, or a target with `lower_clamp`",
        one(),
    ),
    (
        "fraction_fits_the_shifter",
        SECOND,
        one(fraction_bits=4),
        "layer 'a': fraction_bits 4; allowed: up to 3, or a target with more `fraction_bits`",
        one(fraction_bits=3, reset_amount=np.array([1, 2, 3, 4]), lower_clamp=-9),
    ),
    (
        "parameters_fit_the_state_word",
        SECOND,
        one(reset_amount=np.full(4, LIMIT)),
        f"layer 'a': reset amounts {LIMIT}..{LIMIT}; allowed: {-LIMIT}..{LIMIT - 1}",
        one(reset_amount=np.full(4, LIMIT - 100)),
    ),
    (
        "synaptic_current_is_kept",
        PLAIN,
        one(current_leak=NO_LEAK),
        "layer 'a': has a synaptic current (CUBA); allowed: layers without",
        one(),
    ),
    (
        "held_inputs_do_not_decay",
        FULL,
        held(Decay(1, 1)),
        "layer 'a': takes a held input with current leak Decay(numerator=1, fraction_bits=1); "
        "allowed: a current that does not decay",
        held(NO_LEAK),
    ),
    (
        "held_inputs_do_not_decay",
        FULL,
        held(Decay(1, 12)),
        "layer 'a': takes a held input with current leak Decay(numerator=1, fraction_bits=12); "
        "allowed: a current that does not decay",
        held(Decay(0, 12)),
    ),
    (
        "coordinates_have_eight_bits",
        target(weight_kibit=1024),
        pixels((257, 1, 2)),
        "layer 'a': source 'input' has 257 channels of pixels; allowed: up to 256",
        pixels((256, 1, 2)),
    ),
    (
        "coordinates_have_eight_bits",
        FULL,
        convolved(257),
        "layer 'a': source 'input' has 257 channels of pixels; allowed: up to 256",
        convolved(256),
    ),
    (
        "delays_fit_the_bitmaps",
        target(delay_slots=4),
        second(("a", 4)),
        "layer 'b': delay 4 from 'a'; allowed: up to 3",
        second(("a", 3)),
    ),
    (
        "delays_fit_the_bitmaps",
        target(delay_slots=4),
        second(("a", 0), ("b", 5)),
        "layer 'b': delay 5 from 'b'; allowed: up to 4",
        second(("a", 0), ("b", 4)),
    ),
    (
        "delays_fit_the_bitmaps",
        FULL,
        late_input(1),
        "layer 'a': delay 1 on the input; allowed: 0 (shift the input instead)",
        late_input(0),
    ),
    (
        "delays_fit_the_segments",
        FULL,
        fanned_out(0, 1, 2, 3),
        "layer 'a': its spikes leave with 5 distinct delays; allowed: up to 4",
        fanned_out(0, 1, 2),
    ),
    (
        "edges_fit_the_banks",
        FULL,
        second(*[("a", 0)] * 5),
        "layer 'b': 5 edges; allowed: up to 4",
        second(*[("a", 0)] * 4),
    ),
    (
        "a_step_has_a_forward_edge",
        FULL,
        network(*second(("b", 1)).layers, layer("c", "a", 4, 2)),
        "layer 'b': all its edges are recurrent; allowed: at least one from an earlier node",
        second(("a", 0), ("b", 1)),
    ),
    (
        "clamp_fits_the_state_word",
        FULL,
        one(state_bits=19),
        "layer 'a': state_bits 19; allowed: up to 18",
        one(state_bits=18),
    ),
    (
        "parameters_fit_the_state_word",
        FULL,
        one(threshold=np.full(4, LIMIT)),
        "layer 'a': threshold 131072..131072; allowed: -131072..131071",
        one(threshold=np.full(4, LIMIT - 1)),
    ),
    (
        "parameters_fit_the_state_word",
        FULL,
        one(bias=np.full(4, -LIMIT - 1)),
        "layer 'a': bias -131073..-131073; allowed: -131072..131071",
        one(bias=np.full(4, -LIMIT)),
    ),
    (
        "weights_fit_the_memory",
        target(weight_bits=2),
        one(),
        "layer 'a': 4-bit weights; allowed: up to 2",
        network(
            replace(layer("a", "input", 8, 4), edges=(Edge("input", Linear(np.ones((4, 8), np.int8), 2)),))
        ),
    ),
    (
        "readouts_have_an_index",
        target(state_bits=24),
        membranes(257),
        "layer 'r': 257 membranes are read; allowed: up to 256",
        membranes(256),
    ),
    (
        "somebody_reads_the_layer",
        FULL,
        network(layer("a", "input", 8, 4), layer("b", "input", 8, 4)),
        "layer 'a': feeds no layer and is not the readout",
        network(layer("a", "input", 8, 4), layer("b", "a", 4, 4)),
    ),
    (
        "membranes_are_read_once",
        FULL,
        membranes(4, Edge("r", Linear(np.ones((4, 4), np.int8), 4), 1)),
        "layer 'r': never fires (reset 'none') but feeds r",
        membranes(4),
    ),
)


def test_every_rule_has_a_case() -> None:
    assert {rule.__name__ for rule in RULES} == {case[0] for case in CASES}


@pytest.mark.parametrize(("name", "hardware", "model", "message", "allowed"), CASES)
def test_a_rule(name: str, hardware: Target, model: Network, message: str, allowed: Network) -> None:
    """Only the rule refuses the model, with exactly this message; and it accepts what the message allows."""
    model.verify()
    with pytest.raises(UnsupportedModel) as refusal:
        compile_network(model, hardware)
    assert refusal.value.message.splitlines()[1:] == [message]
    for rule in RULES:
        refused = [each for each in model.layers if rule(model, each, hardware) is not None]
        assert bool(refused) == (rule.__name__ == name)
    allowed.verify()
    assert all(rule(allowed, each, hardware) is None for rule in RULES for each in allowed.layers)
