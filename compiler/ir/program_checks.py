"""The verifier of a TiledProgram: every invariant of its cores, tables and routes, each with the numbers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, replace

import numpy as np

from snnc.base.errors import require
from snnc.compiler.ir.axon_checks import require_axons, verify_banks, verify_padding
from snnc.compiler.ir.dataflow import dataflow_order
from snnc.compiler.ir.network import MAX_NEURONS, MAX_STEPS, count, require_input_fits
from snnc.compiler.ir.packing import Bases, bases, host_index, on_core
from snnc.compiler.ir.program import (
    Core,
    Destination,
    InputRoute,
    TiledProgram,
    core_usage,
    host_base,
    local_coordinates,
)
from snnc.compiler.isa.address import HOST, Address
from snnc.compiler.isa.arithmetic import NO_LEAK, state_range
from snnc.compiler.isa.contract import DECAY_SHIFT


def verify_program(program: TiledProgram) -> None:
    """Raise VerificationError, naming the core, for the first broken invariant."""
    program.target.verify()
    _verify_scalars(program)
    places = Counter(core.at for core in program.cores)
    for address, uses in places.items():
        require(uses == 1, f"core {address}", f"holds {uses} tiles")
    for tiles in on_core(program).values():
        _verify_sharing(tiles, program)
    for core in program.cores:
        _verify_core(core, program)
        _verify_neurons(core, program)
        if core.emission == "values_every":
            _verify_partial_sums(core, program)
        verify_banks(core)
        verify_padding(core, program.target.lanes)
    _verify_layers(program)
    placed = bases(program)
    for core in program.cores:
        _verify_destinations(core, program, placed)
        _verify_segments(core)
    _verify_sources(program)
    dataflow_order(program)
    for route in program.input_routes:
        _verify_input(route, program)
    _verify_outputs(program, placed)


def _verify_scalars(program: TiledProgram) -> None:
    where, target = program.name, program.target
    require(bool(program.cores) and program.outputs >= 1, where, "has no cores or no outputs")
    require(1 <= program.steps <= MAX_STEPS, where, f"steps must be 1..{MAX_STEPS}, not {program.steps}")
    require(min(program.input.shape) >= 1, where, f"input shape {program.input.shape}")
    require(
        count(program.input.shape) <= MAX_NEURONS, where, f"input shape {program.input.shape} is too large"
    )
    require_input_fits(program.input, program.steps, where)
    require(1 <= program.input.max_payload <= 255, where, f"max_payload {program.input.max_payload}")
    require(2 <= program.weight_bits <= 8, where, f"weight_bits must be 2..8, not {program.weight_bits}")
    stored = target.stored_weight_bits(program.weight_bits)
    require(
        program.weight_bits == stored, where, f"weights of {program.weight_bits} bits, stored at {stored}"
    )


def _verify_core(core: Core, program: TiledProgram) -> None:
    where, target, tile = f"core {core.at}", program.target, core.tile
    require(core.weight_bits <= program.weight_bits, where, f"{core.weight_bits}-bit weights are too wide")
    require(not core.at.host, where, "a core cannot be the host")
    inside = 0 <= core.at.x < target.width and 0 <= core.at.y < target.height
    require(inside, where, f"lies outside the {target.width} x {target.height} mesh")
    part = (
        tile.first_channel >= 0
        and tile.channels >= 1
        and tile.first_channel + tile.channels <= tile.layer_shape[0]
        and tile.first_row >= 0
        and tile.rows >= 1
        and tile.first_row + tile.rows <= tile.layer_shape[1]
        and count(tile.layer_shape) <= 1 << 24
    )
    require(part, where, f"tile {tile} leaves its layer")
    shaped = (
        core.weights.dtype == np.int8 and core.weights.ndim == 2 and core.weights.shape[1] == target.lanes
    )
    require(shaped, where, f"weights must be int8 of shape (words, {target.lanes})")
    for label in ("threshold", "bias", "initial", "reset_amount", "leak_numerators", "current_numerators"):
        array = getattr(core, label)
        shaped = array is None or (array.dtype == np.int64 and array.shape == (tile.channels,))
        require(shaped, where, f"{label} must be int64 of shape ({tile.channels},)")
    low, high = state_range(target.state_bits)
    fits = low <= core.accumulator[0] and core.accumulator[1] <= high
    require(fits, where, f"accumulator {core.accumulator} leaves {low}..{high}")
    fires = core.emission == "spikes"
    require((core.reset == "none") != fires, where, "only a core that fires emits spikes")
    require(core.current_leak is None or target.cuba, where, "the target has no synaptic current")
    require(core.reset_amount is None or target.reset_amount, where, "the target has no reset amounts")
    require(not core.channel_decays or target.channel_leak, where, "the target has no decays per channel")
    require(core.lower_clamp is None or target.lower_clamp, where, "the target has no lower clamp")
    shifted = 0 <= core.fraction_bits <= target.fraction_bits
    require(shifted, where, f"fraction_bits must be 0..{target.fraction_bits}, not {core.fraction_bits}")


def _verify_sharing(tiles: list[Core], program: TiledProgram) -> None:
    """The tiles of a core are numbered in the program's order and fit its memories and tables together."""
    at = tiles[0].at
    where = f"core {Address(at.x, at.y)}"
    contexts = [core.at.context for core in tiles]
    require(contexts == list(range(len(tiles))), where, f"numbers its tiles {contexts}")
    for label, used, limit in core_usage(tiles, program.target, program.weight_bits):
        require(used <= limit, where, f"{label}: needs {used}, has {limit}")
    alone = len(tiles) == 1 or not any(core.emission == "values_every" for core in tiles)
    require(alone, where, "a tile of partial sums shares it")


def _verify_neurons(core: Core, program: TiledProgram) -> None:
    where, width = f"core {core.at}", program.target.state_bits
    require(core.weight_bits >= 2, where, f"weight_bits {core.weight_bits}")
    require(2 <= core.state_bits <= width, where, f"state_bits must be 2..{width}, not {core.state_bits}")
    current = core.current_leak is not None or core.current_numerators is None
    require(current, where, "has current numerators without a current")
    for leak, numerators in (
        (core.leak, core.leak_numerators),
        (core.current_leak or NO_LEAK, core.current_numerators),
    ):
        own = np.zeros(1, np.int64) if numerators is None else numerators
        fits = 0 <= leak.fraction_bits <= DECAY_SHIFT and 0 <= leak.numerator <= 1 << leak.fraction_bits
        fits &= bool((own >= 0).all() and (own <= 1 << leak.fraction_bits).all())
        require(fits, where, f"decay {leak} exceeds {DECAY_SHIFT} bits")
    soft = core.reset == "soft" or core.reset_amount is None
    require(soft, where, f"has reset amounts, but resets {core.reset}")
    clamp = core.lower_clamp
    require(clamp is None or clamp <= 0, where, f"lower_clamp must be at most 0, not {clamp}")
    amount = core.threshold if core.reset_amount is None else core.reset_amount
    reset_value = np.array([core.reset_value])
    for label, values, bits in (
        ("threshold", core.threshold, width),
        ("reset amount", amount, width),
        ("bias", core.bias, width),
        ("lower_clamp", np.array([core.lower_clamp or 0]), core.state_bits),
        ("initial", core.initial, core.state_bits),
        ("reset value", reset_value, core.state_bits),
    ):
        low, high = state_range(bits)
        inside = bool((values >= low).all() and (values <= high).all())
        require(inside, where, f"{label} leaves {low}..{high}")


def _verify_partial_sums(core: Core, program: TiledProgram) -> None:
    """Every execution reads other fields of a core without a sweep: only one meaning is left."""
    where = f"core {core.at}"
    silent = not any(array.any() for array in (core.threshold, core.bias, core.initial))
    silent &= core.leak.keeps and core.current_leak is None and core.reset_value == 0
    silent &= core.reset_amount is None and not core.channel_decays and core.lower_clamp is None
    require(silent, where, "sums partially, but has a neuron's parameters")
    words = core.tile.words(program.target.lanes)
    ranges = [(entry.first_word, entry.last_word, entry.recurrent) for entry in core.destinations]
    require(ranges == [(0, words, False)], where, f"must send its {words} words of sums once, sends {ranges}")


def _verify_destinations(core: Core, program: TiledProgram, placed: dict[Address, Bases]) -> None:
    where = f"core {core.at}"
    words = core.tile.words(program.target.lanes)
    ends = Counter(entry.to for entry in core.destinations if entry.sends_end)
    require(bool(core.destinations), where, "sends to nobody")
    for entry in core.destinations:
        require(ends[entry.to] == 1, where, f"must send one END per step to {entry.to}")
        require(0 <= entry.first_word <= entry.last_word <= words, where, f"bad word range {entry}")
        if entry.to.host:
            named = replace(entry.to, host=False)
            require(core.emission != "values_every" and not entry.recurrent, where, "bad entry for the host")
            require(named == core.at, where, f"names {named} to the host as its own place")
            continue
        require(entry.to in placed, where, f"sends to {entry.to}, where no tile is")
        require(core.emission != "values_last", where, "final membranes go to the host alone")
        receiver = program.core_at(entry.to)
        if core.emission == "values_every":
            same = receiver.tile == core.tile and entry.base == 0
            require(same, where, f"sends partial sums of {core.tile} to {receiver.tile}")
            begin, limit = placed[entry.to].state_word, program.target.value_indices
            slots = (begin + words) * program.target.lanes
            require(slots <= limit, where, f"{slots} slots exceed the {limit} a VALUE can name")
        else:
            _verify_reach(core, entry, receiver, program.target.lanes)


def _verify_reach(core: Core, entry: Destination, receiver: Core, lanes: int) -> None:
    slots = np.flatnonzero(core.tile.neuron_map(lanes) >= 0)
    words = slots // lanes
    slots = slots[(words >= entry.first_word) & (words < entry.last_word)]
    require_axons(f"core {core.at}", core.tile.local_slots(slots, lanes) + entry.base, receiver)


def _verify_segments(core: Core) -> None:
    where, expected = f"core {core.at}", 0
    for segment in core.segments:
        joined = segment.first_entry == expected < segment.end_entry <= len(core.destinations)
        require(joined, where, f"segments leave out or repeat destinations: {segment}")
        entries = core.destinations[segment.first_entry : segment.end_entry]
        same = all(entry.recurrent == segment.recurrent for entry in entries)
        require(same, where, "a segment mixes forward and recurrent destinations")
        require(0 <= segment.delay <= 15, where, f"delay {segment.delay} exceeds 15")
        require(core.emission == "spikes" or segment.delay == 0, where, "values cannot be delayed")
        late = segment.delay > 0 and any(entry.to.host for entry in entries)
        require(not late, where, f"tells the host spikes {segment.delay} steps late")
        expected = segment.end_entry
    require(expected == len(core.destinations), where, "segments leave out destinations")


def _verify_sources(program: TiledProgram) -> None:
    senders: dict[Address, list[Address]] = {core.at: [] for core in program.cores}
    recurrent: Counter[Address] = Counter()
    for core in program.cores:
        for entry in core.destinations:
            if entry.sends_end and not entry.to.host:
                senders[entry.to].append(core.at)
                recurrent[entry.to] += entry.recurrent
    for address in program.fed_by_host:
        require(address in senders, f"core {address}", "is fed by the host but holds no tile")
        senders[address].append(HOST)
    for core in program.cores:
        expected, listed = _sorted(senders[core.at]), _sorted(core.sources)
        require(expected == listed, f"core {core.at}", f"lists sources {listed}, is sent to by {expected}")
        require(len(listed) > recurrent[core.at], f"core {core.at}", "nobody sends to it in the same step")
        same = core.recurrent_sources == recurrent[core.at]
        require(same, f"core {core.at}", f"counts {core.recurrent_sources} recurrent sources")


def _sorted(addresses: Iterable[Address]) -> list[tuple[int | bool, ...]]:
    return sorted(astuple(address) for address in addresses)


def _verify_input(route: InputRoute, program: TiledProgram) -> None:
    where, shape = f"input route to {route.to}", program.input.shape
    ranges = (
        0 <= route.first_channel < route.last_channel <= shape[0]
        and 0 <= route.first_row < route.last_row <= shape[1]
    )
    require(ranges, where, f"bad range {route}")
    numbers = np.arange(count(shape)).reshape(shape)
    taken = numbers[route.first_channel : route.last_channel, route.first_row : route.last_row].reshape(-1)
    require_axons(where, local_coordinates(shape, taken) + route.base, program.core_at(route.to))


def _verify_layers(program: TiledProgram) -> None:
    """Every neuron of every layer is in exactly one tile that owns it."""
    by_layer: dict[str, list[Core]] = {}
    for core in program.cores:
        by_layer.setdefault(core.layer, []).append(core)
    for name, cores in by_layer.items():
        where = f"layer {name!r}"
        shapes = {core.tile.layer_shape for core in cores}
        require(len(shapes) == 1, where, f"its tiles disagree about its shape: {sorted(shapes)}")
        (shape,) = shapes
        owners = [core for core in cores if core.emission != "values_every"]
        held = sum(core.neurons for core in owners)
        require(held == count(shape), where, f"its tiles hold {held} of {count(shape)} neurons")
        holders = np.zeros(shape[:2], np.int64)
        for tile in (core.tile for core in owners):
            channels = slice(tile.first_channel, tile.first_channel + tile.channels)
            holders[channels, tile.first_row : tile.first_row + tile.rows] += 1
        require(bool((holders == 1).all()), where, "two tiles hold the same neuron")


def _verify_outputs(program: TiledProgram, placed: dict[Address, Bases]) -> None:
    lanes, limit = program.target.lanes, MAX_NEURONS
    require(program.outputs <= limit, program.name, f"{program.outputs} readout neurons, at most {limit}")
    readouts = {count(c.tile.layer_shape) for c in program.cores if c.layer == program.readout.layer}
    same = readouts == {program.outputs}
    require(same, program.name, f"{program.outputs} outputs of a layer of {sorted(readouts)}")
    covered = np.zeros(program.outputs, np.int64)
    for core in program.readout_cores:
        entries = [entry for entry in core.destinations if entry.to.host]
        require(len(entries) == 1, f"core {core.at}", "sends twice to the host")
        require(core.layer == program.readout.layer, f"core {core.at}", "is not of the readout layer")
        read = "values_last" if program.readout.kind == "membrane" else "spikes"
        require(core.emission == read, f"core {core.at}", f"emits {core.emission}, the readout takes {read}")
        named, number = entries[0].base, host_base(core.tile, program.readout)
        require(named == number, f"core {core.at}", f"tells the host {named} for neuron {number}")
        if read == "values_last":
            begin = host_index(core, placed[core.at], lanes)
            last, most = named + begin + core.lanes_read(lanes), program.target.value_indices
            require(last <= most, f"core {core.at}", f"names {last} membranes, a VALUE at most {most}")
        elif not core.tile.flat:
            channels = core.tile.layer_shape[0]
            require(channels <= 256, f"core {core.at}", f"names {channels} channels of pixels, at most 256")
        sent = slice(entries[0].first_word * lanes, entries[0].last_word * lanes)
        numbers = core.tile.neuron_map(lanes)[sent]
        covered[numbers[numbers >= 0]] += 1
    require(bool((covered == 1).all()), program.name, "every readout neuron must reach the host once")
