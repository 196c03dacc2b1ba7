"""Tiles that share a core: where each begins, what hardware is told of them, and what is refused."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import layer, network, neurons, target, tiny_program
from random_packings import packed, random_packing, shuffled
from random_programs import compiled_program, random_payloads, random_program

from snnc.base.errors import LinkError, VerificationError
from snnc.compiler.ir.image import MemoryImage
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Readout, ReadoutKind
from snnc.compiler.ir.packing import Bases, bases, on_core
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import (
    AXON_ROW,
    CONFIG_ADDRESS,
    DESTINATION,
    END,
    MODE_REGISTER,
    REGISTERS,
    SEGMENT,
    SEGMENT_REGISTER,
    SOURCE,
    SPIKE,
    FlitType,
    Memory,
)
from snnc.compiler.isa.flits import COORDINATE_MASK, PAYLOAD_SHIFT, flit, flit_data, flit_types
from snnc.compiler.isa.layout import from_chunks
from snnc.compiler.passes.encode import Encode
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.streams import decode_outputs, encode_samples, named_neurons
from snnc.compiler.reference.decode import decode_image
from snnc.compiler.reference.interpreter import execute_image
from snnc.rtl.host.loading import load_flits
from snnc.rtl.host.packets import PacketCheck
from snnc.sim.engine.functional import run_functional

LANES = 4


def shared() -> TiledProgram:
    """The tiny network, a convolution and a readout, both on core (1, 0)."""
    return packed(tiny_program(target()), [(1, 0), (1, 0)])


def test_every_tile_begins_where_the_one_before_it_ends() -> None:
    program = shared()
    first, second = program.cores
    assert (first.at, second.at) == (Address(1, 0), Address(1, 0, context=1))
    assert on_core(program) == {(1, 0): [first, second]}
    found = bases(program)
    assert found[first.at] == Bases()
    assert found[second.at] == Bases(
        weight_word=len(first.weights),
        state_word=first.tile.words(LANES),
        parameter_word=1,
        row=len(first.axon_rows),
        column=len(first.axon_columns),
        destination=1,
        source=1,
    )
    alone = packed(tiny_program(target()), [(1, 0), (0, 1)])
    assert set(bases(alone).values()) == {Bases()}


def test_hardware_is_told_absolute_places() -> None:
    program = shared()
    first, second = program.cores
    own = bases(program)[second.at]
    image = Encode().run(program)
    image.verify()
    other = image.cores[1]
    assert other.registers.first_address == REGISTERS
    assert (other.register("state_word"), other.register("parameter_word")) == (own.state_word, 1)
    assert (other.register("first_destination"), other.register("first_source")) == (1, 1)
    assert other.initial.first_address == program.target.parameter_words + 1
    assert other.weights.first_address == own.weight_word
    assert (other.axon_rows.first_address, other.axon_columns.first_address) == (own.row, own.column)
    row = AXON_ROW.unpack(word(other.axon_rows))
    assert (row["context"], row["bank"]) == (1, 0)
    assert row["weights"] == second.axon_rows[0, 2] + own.weight_word
    assert row["state"] == second.axon_rows[0, 3] + own.state_word
    sent = DESTINATION.unpack(word(image.cores[0].destinations))
    assert (sent["address"], sent["context"]) == (1, 1)
    assert sent["base"] & COORDINATE_MASK == own.coordinate(first.destinations[0].base)
    told = DESTINATION.unpack(word(other.destinations))
    assert (told["address"], told["context"]) == (1 | 1 << 12, 1)
    assert SEGMENT.unpack(int(other.registers.words[SEGMENT_REGISTER, 0]))["first_entry"] == 1
    assert SOURCE.unpack(word(other.sources)) == {"address": 1, "context": 0}


def word(section: MemoryImage) -> int:
    """The first word of a memory."""
    return from_chunks(section.words[0].tolist())


def test_the_host_names_the_context_and_the_axons_of_the_whole_core() -> None:
    """The input is fed to the second tile of a core: the spikes of its layer's channels reach no other."""
    apart = compile_network(network(layer("a", "input", 8, 8)), target(parameter_words=1), spread=False).tiled
    assert len(apart.cores) == 2
    program = packed(apart, [(1, 0), (1, 0)])
    payloads = np.ones((1, program.steps, 8), np.int64)
    flits = encode_samples(program, payloads)
    kinds, data = flit_types(flits), flit_data(flits)
    contexts = [END["context"].read(int(end)) for end in data[kinds == FlitType.END]]
    assert contexts == [0, 1] * program.steps
    rows = SPIKE["y"].read_all(data[kinds == FlitType.SPIKE].astype(np.uint64))
    assert sorted(set(rows.tolist())) == [0, bases(program)[program.cores[1].at].row]


@pytest.mark.parametrize("seed", range(20))
def test_a_packed_program_computes_the_same_and_so_does_its_image(seed: int) -> None:
    generator = np.random.default_rng(seed)
    plain = random_program(generator) if seed % 2 else compiled_program(generator).tiled
    plain = shuffled(generator, plain)
    program = random_packing(generator, plain)
    payloads = random_payloads(generator, program, 2)
    expected = run_functional(plain, payloads).outputs.tolist()
    assert run_functional(program, payloads).outputs.tolist() == expected
    image = Encode().run(program)
    image.verify()
    assert execute_image(image, payloads).outputs.tolist() == expected
    for core, again in zip(program.cores, decode_image(image).cores, strict=True):
        for name in ("at", "axon_rows", "axon_columns", "banks", "segments", "sources"):
            assert np.array_equal(getattr(core, name), getattr(again, name)), name
        for entry, known in zip(again.destinations, core.destinations, strict=True):
            assert replace(entry, base=0) == replace(known, base=0)
            assert (entry.base - known.base) % (1 << 24) == 0


def test_every_context_is_disabled_before_anything_is_written_and_enabled_behind_everything() -> None:
    """Also a context that has no tile now: the last program may have had one."""
    program = shared()
    image = Encode().run(replace(program, target=replace(program.target, contexts=3)))
    flits = image.config_flits()
    addresses = flit_types(flits) == FlitType.CONFIG_ADDRESS
    heads = flit_data(flits)[addresses].astype(np.uint64)
    registers = CONFIG_ADDRESS["memory"].read_all(heads) == Memory.REGISTERS
    numbers = CONFIG_ADDRESS["address"].read_all(heads)
    modes = [64 * context + MODE_REGISTER for context in range(3)]
    assert numbers[registers].tolist() == [*modes, 0, 64, *modes[:2]]
    assert registers[:3].all() and registers[-2:].all()
    content = flit_data(flits)[1:][addresses[:-1]]
    assert content[registers].tolist()[:3] == [0, 0, 0]
    assert all(mode & 1 for mode in content[registers].tolist()[-2:])
    parts = load_flits(image)
    assert len(parts.enabling) == 4
    assert len(parts) == len(flits) + 2 * 3 * (program.target.core_count - 1)


def read_program(kind: ReadoutKind, shape: tuple[int, int, int]) -> TiledProgram:
    """A readout of two tiles on one core."""
    kernel = np.ones((shape[0], 1, 1, 1), np.int8)
    population = neurons(shape[0], reset="none" if kind == "membrane" else "soft", state_bits=10)
    synapses = Conv2d(kernel, 4) if shape[1:] != (1, 1) else Linear(kernel[:, :, 0, 0], 4)
    read = Layer("out", shape, population, (Edge("input", synapses),))
    node = Input("input", (1, *shape[1:]), "events", 3)
    model = Network("read", 3, node, (read,), Readout("out", kind))
    program = compile_network(model, target(neurons=16, weight_kibit=64), spread=False).tiled
    return packed(program, [(1, 1)] * len(program.cores))


@pytest.mark.parametrize("kind", ["membrane", "spike_count"])
@pytest.mark.parametrize("shape", [(17, 1, 1), (3, 5, 2)])
def test_the_host_tells_the_tiles_of_a_core_apart(kind: ReadoutKind, shape: tuple[int, int, int]) -> None:
    program = read_program(kind, shape)
    assert len(program.cores) > 1
    outputs = np.arange(program.outputs) % (program.steps + 1)
    steps = 1 if kind == "membrane" else program.steps
    packets = [packet for step in range(steps) for packet in packets_of(program, outputs, step)]
    flits = np.array(packets, np.uint64)
    assert decode_outputs(program, np.concatenate([flits, flits]), 2).tolist() == [outputs.tolist()] * 2
    stamps = np.arange(len(flits))
    PacketCheck(program).check(flits, stamps)
    with pytest.raises(LinkError, match=r"core \(1,1\)"):
        PacketCheck(program).check(np.array(without_an_end(packets), np.uint64), stamps[1:])


def packets_of(program: TiledProgram, outputs: IntArray, step: int) -> Iterator[int]:
    """What the tiles of a core send in a step, the last tile first: of spikes neuron n has outputs[n]."""
    last = program.readout.kind == "membrane" or step == program.steps - 1
    for core in reversed(program.cores):
        to = replace(core.at, host=True)
        for name, neuron in named_neurons(core, program).items():
            if program.readout.kind == "membrane":
                value = outputs[neuron] if neuron >= 0 else 0
                yield flit(FlitType.VALUE, name << program.target.state_bits | int(value), to)
            elif outputs[neuron] > step:
                yield flit(FlitType.SPIKE, 1 << PAYLOAD_SHIFT | name, to)
        yield flit(FlitType.END, END.pack(last=last, context=core.at.context), to)


def without_an_end(packets: list[int]) -> list[int]:
    """The packets without the last END of context 1."""
    data = flit_data(np.array(packets, np.uint64))
    kinds = flit_types(np.array(packets, np.uint64))
    ends = [
        i for i, kind in enumerate(kinds) if kind == FlitType.END and END["context"].read(int(data[i])) == 1
    ]
    return packets[: ends[-1]] + packets[ends[-1] + 1 :]


def test_tiles_that_do_not_fit_together_are_refused() -> None:
    program = shared()
    hardware = program.target
    first, second = program.cores
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"contexts": 1}, r"core \(1,0\): tiles: needs 2, has 1"),
        ({"axon_rows": 6}, r"core \(1,0\): axon rows: needs \d+, has 6"),
        ({"neurons": 32}, r"core \(1,0\): state words: needs 10, has 8"),
        ({"parameter_words": 1}, r"core \(1,0\): parameter words: needs 2, has 1"),
        ({"destinations": 1}, r"core \(1,0\): destinations: needs 2, has 1"),
    )
    for changes, message in cases:
        with pytest.raises(VerificationError, match=message):
            verify_program(replace(program, target=replace(hardware, **changes)))
    moved = replace(second, at=replace(second.at, context=2))
    with pytest.raises(VerificationError, match=r"core \(1,0\): numbers its tiles \[0, 2\]"):
        verify_program(replace(program, cores=(first, moved)))


def test_a_tile_of_partial_sums_shares_its_core_with_none() -> None:
    sums = compile_network(
        network(layer("a", "input", 64, 8), features=64), target(weight_kibit=1), spread=False
    ).tiled
    assert [core.emission for core in sums.cores].count("values_every") > 0
    with pytest.raises(VerificationError, match="a tile of partial sums shares it"):
        packed(sums, [(0, 0)] * len(sums.cores))
