"""What the verifier of a TiledProgram refuses: programs that a file could hold and no compiler makes."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target

from snnc.base.errors import VerificationError
from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.compiler.pipeline import compile_network

PER_CHANNEL = ("threshold", "bias", "initial")


def recurrent_program() -> TiledProgram:
    """Two layers on a core each, the first also fed back by the second."""
    first = layer("a", "input", 4, 4)
    loop = replace(first.edges[0], source="b", delay=1)
    layers = (replace(first, edges=(*first.edges, loop)), layer("b", "a", 4, 4))
    return compile_network(network(*layers, features=4), target(), spread=False).tiled


def wide_program() -> TiledProgram:
    """One layer of 16 on two cores, read by its spikes."""
    model = network(layer("a", "input", 8, 16))
    program = compile_network(model, target(parameter_words=2), spread=False).tiled
    assert [core.tile.first_channel for core in program.cores] == [0, 8]
    return program


def with_core(program: TiledProgram, number: int, **changes: object) -> TiledProgram:
    """The program with fields of one core replaced."""
    cores = list(program.cores)
    cores[number] = replace(cores[number], **changes)  # type: ignore[arg-type]
    return replace(program, cores=tuple(cores))


def test_tiles_that_leave_out_or_repeat_neurons() -> None:
    program = wide_program()
    verify_program(program)
    tile = program.cores[1].tile
    for changes, message in (
        ({"first_channel": 7}, r"layer 'a': two tiles hold the same neuron$"),
        ({"channels": 4}, r"layer 'a': its tiles hold 12 of 16 neurons$"),
        ({"layer_shape": (16, 2, 1)}, r"layer 'a': its tiles disagree about its shape: "),
    ):
        moved = replace(tile, **changes)
        channels = {name: getattr(program.cores[1], name)[: moved.channels] for name in PER_CHANNEL}
        with pytest.raises(VerificationError, match=message):
            verify_program(with_core(program, 1, tile=moved, **channels))


def test_a_readout_that_names_other_neurons_to_the_host() -> None:
    """Found as a run whose simulator and reference disagreed: the readout's tiles changed places."""
    program = wide_program()
    first, second = (core.tile for core in program.cores)
    exchanged = with_core(with_core(program, 0, tile=second), 1, tile=first)
    with pytest.raises(VerificationError, match=r"core \(\d,\d\): tells the host 0 for neuron 8$"):
        verify_program(exchanged)


def test_a_readout_that_reaches_the_host_late() -> None:
    """Found as a first spike that the simulator did not see: the readout's segment had a delay."""
    program = wide_program()
    late = tuple(replace(segment, delay=1) for segment in program.cores[0].segments)
    with pytest.raises(VerificationError, match=r"core \(\d,\d\): tells the host spikes 1 steps late$"):
        verify_program(with_core(program, 0, segments=late))


def test_a_readout_of_another_kind() -> None:
    program = wide_program()
    with pytest.raises(VerificationError, match=r"emits spikes, the readout takes values_last$"):
        verify_program(replace(program, readout=replace(program.readout, kind="membrane")))


def test_cores_that_wait_for_one_another() -> None:
    """A recurrent edge declared forward: consistent in every table, but no core could ever begin."""
    program = recurrent_program()
    verify_program(program)

    def forward(core: Core) -> Core:
        return replace(
            core,
            recurrent_sources=0,
            destinations=tuple(replace(entry, recurrent=False) for entry in core.destinations),
            segments=tuple(replace(segment, recurrent=False) for segment in core.segments),
        )

    circle = replace(program, cores=tuple(forward(core) for core in program.cores))
    with pytest.raises(VerificationError, match=r"cores wait for one another: \(\d,\d\) -> \(\d,\d\) -> "):
        verify_program(circle)


def summing_program() -> tuple[TiledProgram, int]:
    """A layer over slices of its fan-in, and the number of a core that only sums."""
    model = network(layer("a", "input", 160, 40), features=160)
    program = compile_network(model, target(weight_kibit=8), spread=False).tiled
    numbers = [n for n, core in enumerate(program.cores) if core.emission == "values_every"]
    return program, numbers[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("initial", 1),
        ("bias", 1),
        ("threshold", 1),
        ("leak", Decay(1, 1)),
        ("current_leak", NO_LEAK),
        ("reset_value", 1),
    ],
)
def test_a_core_of_partial_sums_has_no_neurons(field: str, value: object) -> None:
    """Found as programs of which the reference and the tiers computed different things."""
    program, number = summing_program()
    core = program.cores[number]
    changed = np.full(core.tile.channels, value) if field in PER_CHANNEL else value
    with pytest.raises(VerificationError, match=r"sums partially, but has a neuron's parameters$"):
        verify_program(with_core(program, number, **{field: changed}))


def test_partial_sums_are_sent_once_and_whole() -> None:
    program, number = summing_program()
    core = program.cores[number]
    (entry,), (segment,) = core.destinations, core.segments
    twice = replace(entry, sends_end=False), entry
    part = replace(entry, first_word=1)
    none = replace(entry, last_word=0)
    for entries, segments in (
        (twice, (replace(segment, end_entry=2),)),
        ((part,), (segment,)),
        ((none,), (segment,)),
    ):
        with pytest.raises(VerificationError, match=r"must send its 10 words of sums once, sends \["):
            verify_program(with_core(program, number, destinations=entries, segments=segments))
