"""The interpreter written from the documents alone equals the reference and both simulator tiers, and refuses
what they refuse.

Each case is a function of its seed, the parameter of its test; SNNC_FUZZ_SOFTWARE sets how many there are.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from contract.convert import describe, describe_input
from contract.generator import Case, pick, random_case, spoiled
from contract.interpreter import Run, encode, quantise, run
from contract.refusals import Target as PlainTarget
from contract.refusals import bounds, limits, proved, rules

from snnc.base.errors import DoesNotFit, FileError, UnsupportedModel, VerificationError
from snnc.compiler.analysis.bounds import state_bounds
from snnc.compiler.ir.network import Input, InputEncoding, Network
from snnc.compiler.passes.bound_accumulators import BoundAccumulators
from snnc.compiler.passes.legalise import Legalise
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import decode_outputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.compiler.targets import Target, builtin_targets
from snnc.sim.engine.cycle import run_isolated, run_stream
from snnc.sim.engine.functional import run_functional
from snnc.training.data.datasets import load_samples
from snnc.verification.compare import layer_traces

SEEDS = range(int(os.environ.get("SNNC_FUZZ_SOFTWARE", "60")))
WIDE = builtin_targets()["mesh16-wide"]


def plain(target: Target) -> PlainTarget:
    """What the rules know of a target."""
    return PlainTarget(
        target.state_bits,
        target.delay_slots,
        target.cuba,
        target.decay_multiplier,
        1 << (32 - target.state_bits),
        target.channel_leak,
        target.reset_amount,
        target.lower_clamp,
        target.fraction_bits,
    )


def refused(network: Network, step: Legalise | BoundAccumulators) -> bool:
    """Whether a pass refuses the network."""
    try:
        step.run(network)
    except (UnsupportedModel, DoesNotFit):
        return True
    return False


def compiled(network: Network, seed: int) -> Compilation:
    """The network on cores so small that neurons and fan-in are cut, else on wider ones, which must take it.

    The sizes go round with the seed, with periods of their own, so that few seeds meet all of them.
    """
    lanes = (2, 4, 16)[seed % 3]
    small = replace(WIDE, name="small", lanes=lanes, neurons=2 * lanes)
    tight = replace(
        small,
        name="tight",
        neurons=2 * lanes * (1 + seed % 2),
        axon_rows=(2, 4, 8, 256)[seed // 3 % 4],
        axon_columns=(4, 256)[seed // 5 % 2],
        weight_kibit=(1, 1, 4)[seed // 12 % 3],
    )
    for target in (tight, small):
        with suppress(DoesNotFit):
            return compile_network(network, target)
    return compile_network(network, replace(WIDE, lanes=lanes))


def interpreted(case: Case) -> list[Run]:
    """The samples of a case through the independent interpreter."""
    network = describe(case.network)
    return [run(network, sample) for sample in case.x.tolist()]


def assert_run(
    runs: list[Run], network: Network, outputs: object, layers: Mapping[str, tuple[object, object]]
) -> None:
    """Outputs, membranes and spikes equal those of the interpreter."""
    np.testing.assert_array_equal([r.outputs for r in runs], outputs)
    for layer in network.layers:
        membranes, spikes = layers[layer.name]
        np.testing.assert_array_equal([r.membranes[layer.name] for r in runs], membranes, layer.name)
        np.testing.assert_array_equal([r.spikes[layer.name] for r in runs], spikes, layer.name)


def assert_reference(case: Case, runs: list[Run]) -> None:
    """Payloads, everything of the reference, and the prediction equal the interpreter's."""
    network = case.network
    network.verify()
    assert limits(describe(network)) == []
    payloads = encode_inputs(network.input, network.steps, case.x.astype(np.uint8))
    np.testing.assert_array_equal([r.payloads for r in runs], payloads)
    reference = execute_network(network, payloads)
    assert_run(
        runs, network, reference.outputs, {n: (t.membrane, t.spikes) for n, t in reference.layers.items()}
    )
    for name, trace in reference.layers.items():
        np.testing.assert_array_equal([r.accumulated[name] for r in runs], trace.accumulated, name)
    assert [r.prediction for r in runs] == reference.predictions.tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_executions_equal_the_interpreter(seed: int) -> None:
    case = random_case(seed)
    network, runs = case.network, interpreted(case)
    assert_reference(case, runs)
    target = plain(WIDE)
    broken = rules(describe(network), target)
    assert refused(network, Legalise(WIDE)) == bool(broken)
    if broken or bounds(describe(network), target.state_bits):
        with pytest.raises((UnsupportedModel, DoesNotFit)):
            compile_network(network, WIDE)
        return
    program = compiled(network, seed).tiled
    payloads = encode_inputs(network.input, network.steps, case.x.astype(np.uint8))
    functional = run_functional(program, payloads, trace=True)
    assert_run(runs, network, functional.outputs, layer_traces(program, functional.trace))
    isolated = run_isolated(program, payloads, trace=True)
    outputs = decode_outputs(program, run_stream(program, payloads).flits, len(payloads))
    assert_run(runs, network, outputs, layer_traces(program, isolated.trace))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_equals_the_interpreter_on_what_targets_refuse(seed: int) -> None:
    case = random_case(seed, legal=False)
    assert_reference(case, interpreted(case))
    random = np.random.default_rng([0x7A6, seed])
    target = replace(
        WIDE,
        delay_slots=pick(random, 1, 4, 16),
        cuba=bool(random.integers(2)),
        decay_multiplier=bool(random.integers(2)),
        channel_leak=bool(random.integers(2)),
        reset_amount=bool(random.integers(2)),
        lower_clamp=bool(random.integers(2)),
        fraction_bits=int(pick(random, 0, 2, 12)),
        state_bits=int(pick(random, 8, 12, 16, 24)),
    )
    broken = rules(describe(case.network), plain(target))
    assert refused(case.network, Legalise(target)) == bool(broken), broken


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bounds_are_those_of_the_document(seed: int) -> None:
    random = np.random.default_rng([0xB0D, seed])
    network = random_case(seed, legal=bool(seed % 2)).network
    if network.readout.first_step == 0:
        network = replace(network, steps=int(pick(random, 1, 2, 30, 256, 257, 258, 300, 1000)))
    described = describe(network)
    needed = 1
    for layer, own in zip(network.layers, described.layers, strict=True):
        found = state_bounds(network, layer)
        for channel, (*_, (low, high)) in enumerate(proved(described, own)):
            assert (found.low[channel], found.high[channel]) == (low, high), (layer.name, channel)
            needed = max(needed, *(max(end, ~end).bit_length() + 1 for end in (low, high)))
    for bits in range(max(needed - 1, 1), needed + 2):
        verdict = refused(network, BoundAccumulators(replace(WIDE, state_bits=bits)))
        assert verdict == bool(bounds(described, bits)) == (bits < needed)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_limits_of_every_network_are_those_of_the_document(seed: int) -> None:
    network = spoiled(seed)
    broken = limits(describe(network))
    try:
        network.verify()
    except VerificationError as error:
        assert broken, error
    else:
        assert not broken


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_of_a_file_become_what_the_document_says(kind: type, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    halves = (np.arange(255) + 0.5) / 255
    values = np.concatenate([random.random(500), halves, np.arange(256) / 255, [0.1, 0.3, 0.5, 1 / 510]])
    values = values.astype(kind).clip(0, 1)
    np.savez(tmp_path / "x.npz", x=values[:, None], y=np.zeros(len(values), np.int64))
    x = load_samples(str(tmp_path / "x.npz")).x
    assert x[:, 0].tolist() == quantise(values.tolist())


@pytest.mark.parametrize("value", [-1, 8, 0.5])
@pytest.mark.parametrize("encoding", ["direct", "held", "rate", "latency", "events"])
def test_samples_out_of_range_are_refused(encoding: InputEncoding, value: float) -> None:
    source = Input("input", (2, 1, 1), encoding, 7)
    sample = [[7, value]] * 3 if encoding == "events" else [7, value]
    with pytest.raises(ValueError):
        encode(describe_input(source), 3, sample)
    with pytest.raises(FileError):
        encode_inputs(source, 3, np.array([sample]))
