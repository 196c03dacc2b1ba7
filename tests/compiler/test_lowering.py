"""A stored program is the lowering of its stored network, or it is refused with one line: each field that
follows from the network is changed once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import layer, network, target
from cases import Case, cases
from example_counts import examples
from hypothesis import given
from random_programs import compiled_program

from snnc.base.errors import FileError, SnncError
from snnc.compiler.formats.storage import Build, read_build
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.passes.place import Place
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import Compilation, compile_network, run_passes, standard_passes
from snnc.compiler.reference.lowering import require_lowering
from snnc.compiler.targets import load_target

LOWERINGS = examples(60)


def model() -> Network:
    """Two layers, of which the first needs slices of its fan-in."""
    first = layer("a", "input", 160, 40, leak=Decay(1, 3))
    return network(first, layer("b", "a", 40, 4), features=160)


def compiled() -> TiledProgram:
    everything = target(
        weight_kibit=8, reset_amount=True, channel_leak=True, lower_clamp=True, fraction_bits=1
    )
    program = compile_network(model(), everything, spread=False).tiled
    assert {core.emission for core in program.cores} == {"spikes", "values_every"}
    return program


@LOWERINGS
@given(cases(samples=1))
def test_what_the_compiler_makes_is_proved(case: Case) -> None:
    compilation = case.compilation
    require_lowering(compilation.network, compilation.tiled)
    require_lowering(compilation.network, specialise(compilation.tiled))


@pytest.mark.parametrize("seed", range(20))
def test_programs_of_other_generators_are_proved(seed: int) -> None:
    compilation = compiled_program(np.random.default_rng(seed))
    require_lowering(compilation.network, compilation.tiled)


def test_another_placement_is_proved() -> None:
    passes = standard_passes(target(weight_kibit=8), spread=False)
    moved = [Place(seed=7, swaps_per_tile=1) if isinstance(step, Place) else step for step in passes]
    program = Compilation.of(run_passes(model(), moved)).tiled
    assert [core.at for core in program.cores] != [core.at for core in compiled().cores]
    require_lowering(model(), program)


def changed(number: int, **fields: object) -> Callable[[TiledProgram], TiledProgram]:
    """A change of one core."""

    def change(program: TiledProgram) -> TiledProgram:
        cores = list(program.cores)
        cores[number] = replace(cores[number], **fields)  # type: ignore[arg-type]
        return replace(program, cores=tuple(cores))

    return change


def edited(number: int, edit: Callable[[Core], dict[str, object]]) -> Callable[[TiledProgram], TiledProgram]:
    """A change of one core that depends on it."""
    return lambda program: changed(number, **edit(program.cores[number]))(program)


def bumped(array: np.ndarray) -> np.ndarray:
    """The array with its first item one larger."""
    other = array.copy()
    other.flat[0] += 1
    return other


CHANGES: dict[str, Callable[[TiledProgram], TiledProgram]] = {
    "weights": edited(0, lambda core: {"weights": bumped(core.weights)}),
    "threshold": edited(-1, lambda core: {"threshold": bumped(core.threshold)}),
    "bias": edited(-1, lambda core: {"bias": bumped(core.bias)}),
    "initial": edited(-1, lambda core: {"initial": bumped(core.initial)}),
    "reset": changed(-1, reset="hard"),
    "reset_value": changed(-1, reset_value=1),
    "leak": changed(-1, leak=Decay(1, 1)),
    "current_leak": changed(-1, current_leak=Decay(1, 1)),
    "state_bits": edited(-1, lambda core: {"state_bits": core.state_bits - 1}),
    "accumulator": edited(-1, lambda core: {"accumulator": (core.accumulator[0], core.accumulator[1] - 1)}),
    "reset_amount": changed(-1, reset_amount=np.arange(4)),
    "leak_numerators": changed(-1, leak_numerators=np.zeros(4, np.int64)),
    "current_numerators": changed(-1, current_leak=Decay(0, 1), current_numerators=np.array([0, 1, 2, 0])),
    "lower_clamp": changed(-1, lower_clamp=-1),
    "fraction_bits": changed(-1, fraction_bits=1),
    "weight_bits": changed(-1, weight_bits=3),
    "axon_rows": edited(-1, lambda core: {"axon_rows": np.concatenate([core.axon_rows, core.axon_rows])}),
    "axon_columns": edited(
        -1, lambda core: {"axon_columns": np.concatenate([core.axon_columns, core.axon_columns])}
    ),
    "banks": edited(-1, lambda core: {"banks": (replace(core.banks[0], channels=255),)}),
}


def refused(folder: Path, reason: str) -> None:
    """The program in `folder` is valid in itself but not the network's, in one line that says so."""
    read_build(folder)
    with pytest.raises(FileError) as refusal:
        Build.load(folder)
    message = str(refusal.value)
    assert "the tiled program is not what its network compiles to: " in message
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize("field", CHANGES)
def test_a_field_of_a_core(field: str, tmp_path: Path) -> None:
    program = compiled()
    Build(model(), program).save(tmp_path)
    Build.load(tmp_path)
    Build(model(), CHANGES[field](program)).save(tmp_path)
    refused(tmp_path, f"{'current_leak' if field == 'current_numerators' else field} is another")


def test_a_renamed_layer(tmp_path: Path) -> None:
    """It used to be a StopIteration in the report."""
    Build(network(layer("z", "input", 160, 40), layer("b", "z", 40, 4), features=160), compiled()).save(
        tmp_path
    )
    refused(tmp_path, "holds layers a, b of z, b")


def test_a_network_of_other_weights(tmp_path: Path) -> None:
    other = model()
    synapses = other.layers[1].edges[0].synapses
    edge = replace(other.layers[1].edges[0], synapses=replace(synapses, weights=bumped(synapses.weights)))
    other = replace(other, layers=(other.layers[0], replace(other.layers[1], edges=(edge,))))
    Build(other, compiled()).save(tmp_path)
    refused(tmp_path, "weights is another")


def test_a_network_that_breaks_a_rule(tmp_path: Path) -> None:
    """Whatever its tiles: the network decays the current of a held input."""

    def held(leak: Decay) -> Network:
        plain = network(layer("a", "input", 8, 4, current_leak=leak))
        return replace(plain, input=replace(plain.input, encoding="held"))

    program = compile_network(held(Decay(0, 0)), target()).tiled
    broken = changed(0, current_leak=Decay(1, 1))(program)
    Build(held(Decay(1, 1)), broken).save(tmp_path)
    refused(tmp_path, "allowed: a current that does not decay")


def test_a_fold_of_more_cores_than_axons(tmp_path: Path) -> None:
    """As many partial-sum cores as a file may claim: no slice of the fan-in is empty."""
    tiny = network(layer("a", "input", 1, 4), features=1)
    program = compile_network(tiny, target()).tiled
    (core,) = program.cores
    with pytest.raises(SnncError):
        require_lowering(tiny, replace(program, cores=(core, replace(core, at=replace(core.at, x=3)))))


def test_every_target_of_an_example_loads(tmp_path: Path) -> None:
    for name in ("fpga", "mesh16"):
        program = compile_network(model(), load_target(name)).tiled
        Build(model(), program).save(tmp_path)
        assert Build.load(tmp_path).tiled.target.name == name
