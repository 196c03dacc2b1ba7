"""What the compiler refuses beside the rules of `test_rules.py`: both numbers, and hints that are checked."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target

from snnc.base.errors import DoesNotFit, UnsupportedModel, UsageError, VerificationError
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Network, Readout
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.compiler.passes.registry import check_pass_name
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target


def test_a_readout_of_membranes_that_feeds_a_layer() -> None:
    silent = layer("a", "input", 8, 4, reset="none")
    model = network(silent, layer("b", "a", 4, 2))
    with pytest.raises(
        VerificationError, match=r"^a: a layer with reset 'none' never fires and is not the readout$"
    ):
        compile_network(model, target())


def test_more_input_values_than_fit_into_memory() -> None:
    model = replace(network(layer("a", "input", 4096, 4), features=4096), steps=1 << 15)
    with pytest.raises(
        VerificationError, match=r"4096 inputs in 32768 steps are 134217728 values, the limit is 67108864$"
    ):
        compile_network(model, target())


def test_all_broken_rules_at_once() -> None:
    model = network(layer("a", "input", 8, 4, leak=Decay(3, 13)), layer("b", "a", 4, 2, state_bits=20))
    with pytest.raises(UnsupportedModel) as refusal:
        compile_network(model, target())
    assert len(refusal.value.message.splitlines()) == 3


def test_an_accumulator_that_is_too_narrow_names_the_width() -> None:
    wide = layer("a", "input", 64, 4, state_bits=8, leak=NO_LEAK)
    message = r"layer 'a': state word needs 16 bits \(0\.\.16447, widest at channel 0\), has 12$"
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
        compile_network(model, load_target("ecp5-25k-mesh"))
    first, *rows = refusal.value.message.splitlines()
    assert first.startswith("model does not fit target `ecp5-25k-mesh`: needs ")
    assert first.endswith("cores, has 2; weights 364.1 KiB, has 56.0 KiB in all")
    assert [row.split(":")[0] for row in rows] == ["layer 'a'", "layer 'b'"]
    assert refusal.value.hint is not None
    hinted = refusal.value.hint.split("--target ")[1].split("`")[0]
    compile_network(model, load_target(hinted))


def test_a_memory_without_room_for_one_row() -> None:
    with pytest.raises(
        DoesNotFit, match=r"layer 'a': one word of channels and one row of 1 pixels do not fit"
    ):
        compile_network(network(layer("a", "input", 8, 4)), target(axon_columns=1, weight_kibit=1, lanes=64))


def test_tables_that_are_too_short() -> None:
    model = network(layer("a", "input", 8, 200), layer("b", "a", 200, 32), layer("c", "b", 32, 4))
    with pytest.raises(DoesNotFit, match=r"core \(\d,\d\) \(layer 'b'\): sources needs \d, has 1"):
        compile_network(model, target(sources=1, parameter_words=16), spread=False)


def convolution(**changes: object) -> Network:
    """A 3x3 convolution over a 2 x 6 x 6 input, 4 channels, and a readout of 2 classes."""
    fields: dict[str, object] = {
        "weights": np.ones((4, 2, 3, 3), np.int8),
        "weight_bits": 4,
        "padding": (1, 1),
    }
    synapses = Conv2d(**(fields | changes))  # type: ignore[arg-type]
    spikes = layer("c", "input", 8, 4).neurons
    first = Layer("c", (4, 6, 6), spikes, (Edge("input", synapses),))
    return Network(
        "test", 4, Input("input", (2, 6, 6)), (first, layer("r", "c", 144, 2)), Readout("r", "spike_count")
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"weights": np.ones((4, 1, 3, 3), np.int8)},
            r"c: weights from 'input' must be int8 of shape \(4, 2, 3, 3\)",
        ),
        ({"padding": (0, 0)}, r"c: convolution from 'input' gives \(4, 4, 4\), not \(4, 6, 6\)$"),
        ({"padding": (3, 1)}, r"c: padding must be 0 and less than the kernel, not \(3, 1\)$"),
        ({"stride": (0, 1)}, r"c: stride must be 1\.\.256, not \(0, 1\)$"),
        ({"groups": 3}, r"c: groups 3 must divide channels 2 and 4$"),
        ({"weights": np.ones((4, 2, 16, 3), np.int8)}, r"c: kernel must be 1\.\.15, not \(16, 3\)$"),
        ({"weight_bits": 1}, r"c: weight_bits must be 2\.\.8, not 1$"),
    ],
)
def test_a_malformed_convolution(changes: dict[str, object], message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        convolution(**changes).verify()


def test_an_unknown_pass_lists_the_passes() -> None:
    with pytest.raises(UsageError, match=r"^no pass is called 'foo'; there are legalise, .*, encode, all$"):
        check_pass_name("foo")


def test_more_partial_sums_than_a_flit_can_name() -> None:
    """With 24-bit states a VALUE names 256 slots: the layer is cut by channels, not by fan-in alone."""
    model = network(layer("a", "input", 64, 300, state_bits=12), layer("b", "a", 300, 4), features=64)
    narrow = target(state_bits=24, neurons=1024, parameter_words=128, weight_kibit=75)
    program = compile_network(model, narrow, spread=False).tiled
    sums = [core for core in program.cores if core.emission == "values_every"]
    assert all(core.tile.words(narrow.lanes) * narrow.lanes <= 256 for core in sums)


def test_a_row_tile_that_nobody_needs() -> None:
    """A stride of 2 over a source cut by rows leaves tiles unread; they still take part in the protocol."""
    synapses = Conv2d(np.ones((2, 2, 1, 1), np.int8), 4, stride=(3, 1))
    spikes = layer("c", "input", 8, 2).neurons
    first = Layer("c", (2, 6, 4), spikes, (Edge("input", Conv2d(np.ones((2, 2, 1, 1), np.int8), 4)),))
    second = Layer("d", (2, 2, 4), spikes, (Edge("c", synapses),))
    readout = layer("r", "d", 16, 2)
    model = Network("t", 2, Input("input", (2, 6, 4)), (first, second, readout), Readout("r", "spike_count"))
    program = compile_network(model, target(neurons=16, lanes=2)).tiled
    assert any(entry.first_word == entry.last_word for core in program.cores for entry in core.destinations)


def test_images_of_256_columns() -> None:
    convolved = Layer(
        "c",
        (2, 1, 256),
        layer("c", "input", 8, 2).neurons,
        (Edge("input", Conv2d(np.ones((2, 1, 1, 3), np.int8), 4, padding=(0, 1))),),
    )
    model = Network(
        "wide",
        2,
        Input("input", (1, 1, 256)),
        (convolved, layer("r", "c", 512, 2)),
        Readout("r", "spike_count"),
    )
    compile_network(model, load_target("mesh16"))


def test_a_fan_in_slice_always_hears_the_step() -> None:
    """A layer whose recurrent weights need cores of their own: every slice keeps a forward edge."""
    first = layer("a", "input", 8, 4)
    loop = replace(layer("a", "b", 64, 4).edges[0], delay=1)
    model = network(replace(first, edges=(*first.edges, loop)), layer("b", "a", 4, 64))
    program = compile_network(model, target(weight_kibit=2)).tiled
    assert len(program.cores) > 2
    assert all(len(core.sources) > core.recurrent_sources for core in program.cores)


@pytest.mark.parametrize("channels", [160, 192])
def test_free_cores_are_used_evenly(channels: int) -> None:
    """No tile has two words more than another."""
    model = network(
        layer("a", "input", 64, channels),
        layer("b", "a", channels, channels),
        layer("c", "b", channels, 10),
        features=64,
    )
    # Where payloads take a pass per set bit, every step, the first layer is the slowest by far.
    mesh = replace(load_target("mesh16"), cuba=False, decay_multiplier=False)
    program = compile_network(model, mesh).tiled
    sizes = [core.tile.channels for core in program.cores if core.layer == "a"]
    assert len(sizes) > 1 and sum(sizes) == channels
    assert max(sizes) - min(sizes) <= mesh.lanes
