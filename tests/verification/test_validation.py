"""Every compile compares what it made with the network; a compiler that is wrong on purpose is found out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import layer, network, target, tiny_network
from cases import Case, cases
from example_counts import examples
from hypothesis import given

import snnc
from snnc.base.errors import MiscompileError
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Conv2d, Edge, Input, Network, Readout
from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.passes import specialise as specialising
from snnc.compiler.passes.route import Route
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.probes import aimed_input, probing_inputs
from snnc.compiler.targets import Target
from snnc.verification.validation import THOROUGH, USUAL, Effort, replay, validate

VALIDATIONS = examples(40)


@pytest.fixture(autouse=True, name="cache")
def cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNNC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def shared_words() -> tuple[Network, Target]:
    """Eight neurons that share a word, in two slices of four."""
    first = layer("a", "input", 8, 8, threshold=np.ones(8, np.int64))
    synapses = Conv2d(np.arange(72, dtype=np.int8).reshape(1, 8, 3, 3) // 12, 4, padding=(1, 1))
    readout = replace(layer("r", "a", 8, 1, reset="none"), edges=(Edge("a", synapses),))
    model = Network(
        "shared", 2, Input("input", (8, 1, 1), max_payload=3), (first, readout), Readout("r", "membrane")
    )
    return model, target(lanes=8, weight_kibit=3)


def wrong(monkeypatch: pytest.MonkeyPatch, change: Callable[[Core], dict[str, Any]], layer_name: str) -> None:
    """Make the compiler change every core of a layer behind its last check."""
    run = Route.run

    def miscompile(self: Route, tiling: Any) -> TiledProgram:
        program = run(self, tiling)
        cores = (replace(c, **change(c)) if c.layer == layer_name else c for c in program.cores)
        return replace(program, cores=tuple(cores))

    monkeypatch.setattr(Route, "run", miscompile)


def other_weight(core: Core) -> dict[str, Any]:
    """One weight of a core is one larger."""
    weights = core.weights.copy()
    weights.flat[np.flatnonzero((weights < 7) & (weights != 0))[-1]] += 1
    return {"weights": weights}


def first_word_rounded_up(core: Core) -> dict[str, Any]:
    """The fault that lost spikes: words of which a slice takes a part are not sent."""
    words = [min(entry.first_word + 1, entry.last_word) for entry in core.destinations]
    entries = zip(core.destinations, words, strict=True)
    return {"destinations": tuple(replace(entry, first_word=word) for entry, word in entries)}


CHANGES = {
    "other weight": ("hidden", other_weight),
    "lost spikes": ("hidden", first_word_rounded_up),
    "threshold": ("hidden", lambda core: {"threshold": core.threshold + 1}),
    "bias": ("readout", lambda core: {"bias": core.bias + 1}),
    "v(0)": ("hidden", lambda core: {"initial": core.initial + 1}),
    "reset": ("hidden", lambda core: {"reset": "hard"}),
    "clamp": ("hidden", lambda core: {"state_bits": 4}),
    "leak": ("hidden", lambda core: {"leak": replace(core.leak, fraction_bits=3)}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_wrong_compiler_is_found_by_compile(
    name: str, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    changed, change = CHANGES[name]
    wrong(monkeypatch, change, changed)
    with pytest.raises(MiscompileError) as found:
        snnc.compile(tiny_network(), target())
    message = str(found.value)
    assert message.startswith("tiny: the tiled program computes something else than the network: layer ")
    assert f"the case is kept in {cache}" in message
    assert found.value.exit_code == 1
    (folder,) = (cache / "miscompiled").iterdir()
    with pytest.raises(MiscompileError):
        replay(folder)


def test_a_case_that_is_right_again_replays_in_silence(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    with monkeypatch.context() as patch:
        wrong(patch, other_weight, "hidden")
        with pytest.raises(MiscompileError):
            snnc.compile(tiny_network(), target())
    (folder,) = (cache / "miscompiled").iterdir()
    program = compile_network(tiny_network(), target()).tiled
    Build(tiny_network(), program).save(folder)
    replay(folder)


def test_it_names_the_cause_and_not_what_follows_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong(monkeypatch, lambda core: {"bias": core.bias + 1}, "a")
    model = network(layer("a", "input", 8, 4), layer("b", "a", 4, 4), layer("c", "b", 4, 4))
    with pytest.raises(
        MiscompileError, match=r"layer 'a', step 0, neuron 0 on core \(\d,\d\): membrane must be"
    ):
        snnc.compile(model, target())


def test_a_case_that_cannot_be_kept_is_still_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SNNC_CACHE", str(tmp_path / "file"))
    wrong(monkeypatch, other_weight, "hidden")
    with pytest.raises(MiscompileError, match="the case could not be kept: "):
        snnc.compile(tiny_network(), target())


def test_slices_that_share_words_are_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    model, hardware = shared_words()
    snnc.compile(model, hardware)
    wrong(monkeypatch, first_word_rounded_up, "a")
    with pytest.raises(MiscompileError):
        snnc.compile(model, hardware)


def test_hardware_for_one_network_is_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state word one bit too narrow, as `snnc synth` would build it."""
    from snnc.commands.synthesis import hardware_image

    model = tiny_network()
    program = Build(model, compile_network(model, target()).tiled)
    hardware_image(program, loadable=False)
    narrow = min(specialising._state_bits(core) for core in program.tiled.cores)

    def too_narrow(tiled: TiledProgram) -> TiledProgram:
        cores = tuple(replace(core, state_bits=min(core.state_bits, narrow - 2)) for core in tiled.cores)
        return replace(tiled, cores=cores)

    monkeypatch.setattr("snnc.commands.synthesis.specialise", too_narrow)
    with pytest.raises(MiscompileError):
        hardware_image(program, loadable=False)


def test_the_bits_are_compared_with_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_network()
    compilation = compile_network(model, target())
    program = Build(model, compilation.tiled)
    assert validate(program, compilation.image, THOROUGH).levels == ("network", "tiled program", "image")
    core = compilation.image.cores[0]
    thresholds = replace(core.thresholds, words=core.thresholds.words + np.uint32(1))
    image = replace(
        compilation.image, cores=(replace(core, thresholds=thresholds), *compilation.image.cores[1:])
    )
    validate(program)
    with pytest.raises(MiscompileError, match="the image computes something else"):
        validate(program, image, THOROUGH)


@VALIDATIONS
@given(cases(samples=1))
def test_what_the_compiler_makes_agrees(case: Case) -> None:
    compilation = case.compilation
    effort = Effort(most=12, least=12, work=0, interpreted=2)
    validation = validate(Build(compilation.network, compilation.tiled), compilation.image, effort)
    assert validation.describe() == "network = tiled program = image on 12 generated samples (exact)"


@pytest.mark.parametrize("encoding", ["direct", "held", "rate", "latency", "events"])
def test_probing_inputs_reach_every_feature_and_both_ends(encoding: Any) -> None:
    model = network(layer("a", "input", 40, 4), features=40, max_payload=15)
    model = replace(model, input=replace(model.input, encoding=encoding))
    x = probing_inputs(model, 60)
    assert np.array_equal(x, probing_inputs(model, 60))
    payloads = encode_inputs(model.input, model.steps, x)
    flat = x.reshape(60, -1, 40)
    assert not flat[0].any()
    assert any((sample == 15).all(axis=1).any() for sample in flat)
    single = [sample for sample in flat if 0 < np.count_nonzero(sample.any(axis=0)) <= 3]
    assert np.any(single, axis=(0, 1)).all()
    assert payloads.any(axis=(0, 1)).all()


def test_few_samples_are_of_different_kinds() -> None:
    model = network(layer("a", "input", 40, 4), features=40, max_payload=15)
    silent, everything, aimed, some = probing_inputs(model, 4)
    assert not silent.any()
    assert (everything == 15).all()
    assert np.array_equal(aimed, aimed_input(model, model.layers[0], 0, 1))
    assert 0 <= np.count_nonzero(some) < 40


def test_aimed_inputs_see_through_hidden_layers_and_pooling() -> None:
    rng = np.random.default_rng(1)
    model = tiny_network()
    kernel = rng.integers(-7, 8, (4, 1, 3, 3)).astype(np.int8)
    hidden = replace(model.layers[0], edges=(Edge("input", Conv2d(kernel, 4, (1, 1), (1, 1)), pool=(2, 2)),))
    model = replace(model, layers=(hidden, model.layers[1]))
    model.verify()
    up, down = (aimed_input(model, model.layers[0], 2, sign).reshape(6, 6) for sign in (1, -1))
    wanted = np.kron(kernel[2, 0], np.ones((2, 2), np.int8))
    assert np.array_equal(up, np.where(wanted > 0, 3, 0))
    assert np.array_equal(down, np.where(wanted < 0, 3, 0))
    assert aimed_input(model, model.layers[1], 0, 1).any()


def test_a_large_network_is_given_fewer_samples() -> None:
    wide = network(layer("a", "input", 4096, 2048), features=4096)
    assert USUAL.least <= USUAL.samples(wide) < USUAL.samples(tiny_network()) == USUAL.most
