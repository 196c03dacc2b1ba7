"""The verifier of a TiledProgram: every invariant of its cores, tables and routes, each with the numbers."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from ..errors import VerificationError
from .arithmetic import NO_LEAK, IntArray, state_range
from .network import MAX_NEURONS, MAX_STEPS, count
from .order import dataflow_order
from .program import (
    DECAY_BITS,
    HOST,
    Address,
    Bank,
    Core,
    Destination,
    InputRoute,
    TiledProgram,
    core_usage,
    local_coordinates,
)

HALF = 1 << 16


def verify_program(program: TiledProgram) -> None:
    """Raise VerificationError, naming the core, for the first broken invariant."""
    program.target.verify()
    _verify_scalars(program)
    places = Counter(core.at for core in program.cores)
    for address, uses in places.items():
        _require(uses == 1, f"core {address}", f"holds {uses} tiles")
    for core in program.cores:
        _verify_core(core, program)
        _verify_neurons(core, program)
        _verify_banks(core)
        _verify_padding(core, program.target.lanes)
    for core in program.cores:
        _verify_destinations(core, program, places)
        _verify_segments(core)
    _verify_sources(program)
    dataflow_order(program)
    for route in program.input_routes:
        _verify_input(route, program)
    _verify_outputs(program)


def _verify_scalars(program: TiledProgram) -> None:
    where, target = program.name, program.target
    _require(bool(program.cores) and program.outputs >= 1, where, "has no cores or no outputs")
    _require(1 <= program.steps <= MAX_STEPS, where, f"steps must be 1..{MAX_STEPS}, not {program.steps}")
    _require(min(program.input.shape) >= 1, where, f"input shape {program.input.shape}")
    _require(
        count(program.input.shape) <= MAX_NEURONS, where, f"input shape {program.input.shape} is too large"
    )
    _require(1 <= program.input.max_payload <= 255, where, f"max_payload {program.input.max_payload}")
    _require(2 <= program.weight_bits <= 8, where, f"weight_bits must be 2..8, not {program.weight_bits}")
    stored = target.stored_weight_bits(program.weight_bits)
    _require(
        program.weight_bits == stored, where, f"weights of {program.weight_bits} bits, stored at {stored}"
    )
    readouts = {c.tile.layer_shape[0] for c in program.cores if c.layer == program.readout.layer}
    _require(
        readouts == {program.outputs}, where, f"{program.outputs} outputs of a layer of {sorted(readouts)}"
    )


def _require(condition: bool, where: str, message: str) -> None:
    if not condition:
        raise VerificationError(message, where=where)


def _verify_core(core: Core, program: TiledProgram) -> None:
    where, target, tile = f"core {core.at}", program.target, core.tile
    _require(core.weight_bits <= program.weight_bits, where, f"{core.weight_bits}-bit weights are too wide")
    _require(not core.at.host, where, "a core cannot be the host")
    inside = 0 <= core.at.x < target.width and 0 <= core.at.y < target.height
    _require(inside, where, f"lies outside the {target.width} x {target.height} mesh")
    part = (
        tile.first_channel >= 0
        and tile.channels >= 1
        and tile.first_channel + tile.channels <= tile.layer_shape[0]
        and tile.first_row >= 0
        and tile.rows >= 1
        and tile.first_row + tile.rows <= tile.layer_shape[1]
        and count(tile.layer_shape) <= 1 << 24
    )
    _require(part, where, f"tile {tile} leaves its layer")
    shaped = (
        core.weights.dtype == np.int8 and core.weights.ndim == 2 and core.weights.shape[1] == target.lanes
    )
    _require(shaped, where, f"weights must be int8 of shape (words, {target.lanes})")
    for label in ("threshold", "bias", "initial"):
        array = getattr(core, label)
        shaped = array.dtype == np.int64 and array.shape == (tile.channels,)
        _require(shaped, where, f"{label} must be int64 of shape ({tile.channels},)")
    low, high = state_range(target.state_bits)
    fits = low <= core.accumulator[0] and core.accumulator[1] <= high
    _require(fits, where, f"accumulator {core.accumulator} leaves {low}..{high}")
    for label, used, limit in core_usage(core, target, program.weight_bits):
        _require(used <= limit, where, f"{label}: needs {used}, has {limit}")
    fires = core.emission == "spikes"
    _require((core.reset == "none") != fires, where, "only a core that fires emits spikes")
    _require(fires or tile.flat or core.emission == "values_every", where, "a readout of membranes is flat")
    _require(core.current_leak is None or target.cuba, where, "the target has no synaptic current")


def _verify_neurons(core: Core, program: TiledProgram) -> None:
    where, width = f"core {core.at}", program.target.state_bits
    _require(core.weight_bits >= 2, where, f"weight_bits {core.weight_bits}")
    _require(2 <= core.state_bits <= width, where, f"state_bits must be 2..{width}, not {core.state_bits}")
    for leak in (core.leak, core.current_leak or NO_LEAK):
        fits = 0 <= leak.fraction_bits <= DECAY_BITS and 0 <= leak.numerator <= 1 << leak.fraction_bits
        _require(fits, where, f"decay {leak} exceeds {DECAY_BITS} bits")
    reset_value = np.array([core.reset_value])
    for label, values, bits in (
        ("threshold", core.threshold, width),
        ("bias", core.bias, width),
        ("initial", core.initial, core.state_bits),
        ("reset value", reset_value, core.state_bits),
    ):
        low, high = state_range(bits)
        inside = bool((values >= low).all() and (values <= high).all())
        _require(inside, where, f"{label} leaves {low}..{high}")


def _verify_banks(core: Core) -> None:
    """The tables are well formed and fit their bit fields; their reach is checked with the senders."""
    where, rows, columns = f"core {core.at}", core.axon_rows, core.axon_columns
    _require(rows.dtype == np.int64 and rows.ndim == 2 and rows.shape[1:] == (4,), where, "axon rows (n, 4)")
    shaped = columns.dtype == np.int64 and columns.ndim == 2 and columns.shape[1:] == (3,)
    _require(shaped, where, "axon columns (n, 3)")
    _require(len(rows) > 0 and len(columns) > 0 and len(core.banks) > 0, where, "has no axons")
    _require(bool((rows >= 0).all() and (columns >= 0).all()), where, "negative axon entry")
    _require(bool((rows < HALF).all() and (columns < HALF).all()), where, "an axon entry exceeds 16 bits")
    _require(bool((rows[:, 1] <= 15).all() and (columns[:, 0] <= 15).all()), where, "a count exceeds 15")
    _require(bool((rows[:, 0] < len(core.banks)).all()), where, "an axon row names a bank that is not there")
    mixed = len({bank.row_words for bank in core.banks}) > 1
    _require(not mixed or all(bank.spaced for bank in core.banks), where, "unequal banks must be spaced")
    for bank in core.banks:
        weight_steps = (bank.channel_stride, bank.row_weight_step, bank.column_weight_step)
        _require(all(0 <= step < HALF for step in weight_steps), where, "a weight step exceeds 16 bits")
        steps = (bank.row_state_step, bank.column_state_step)
        _require(max(map(abs, steps)) < HALF // 2, where, "a state step exceeds 16 bits")
        sized = 1 <= bank.row_words < 1 << 12 and 1 <= bank.channels <= 256 and 0 <= bank.first_channel <= 255
        _require(sized, where, f"malformed bank {bank}")
        _require(not bank.depthwise or bank.row_words == 1, where, "a depthwise bank has rows of one word")


def _verify_padding(core: Core, lanes: int) -> None:
    """Lanes beyond a pixel's last channel get no weights, so they stay at 0 and never fire."""
    words = core.tile.pixel_words(lanes)
    used = core.tile.channels - (words - 1) * lanes
    if used == lanes:
        return
    where = f"core {core.at}"
    for bank in core.banks:
        steps = (bank.channel_stride, bank.row_weight_step, bank.column_weight_step)
        whole = bank.depthwise or (bank.row_words == words and not any(step % words for step in steps))
        states = (bank.row_state_step, bank.column_state_step)
        _require(whole and not any(step % words for step in states), where, "rows are not whole pixels")
        lowest = core.tile.first_channel
        depthwise = not bank.depthwise or (
            bank.first_channel == lowest and bank.channels <= core.tile.channels
        )
        _require(depthwise, where, "a depthwise bank reaches other channels")
    offsets = [core.axon_rows[:, 2:], core.axon_columns[:, 1:]]
    _require(not any((table % words).any() for table in offsets), where, "entries are not whole pixels")
    _require(len(core.weights) % words == 0, where, "weights are not whole pixels")
    padding = core.weights.reshape(-1, words, lanes)[:, -1, used:]
    _require(not padding.any(), where, "padding lanes have weights")


def _verify_destinations(core: Core, program: TiledProgram, places: Counter[Address]) -> None:
    where = f"core {core.at}"
    words = core.tile.words(program.target.lanes)
    ends = Counter(entry.to for entry in core.destinations if entry.sends_end)
    _require(bool(core.destinations), where, "sends to nobody")
    for entry in core.destinations:
        _require(ends[entry.to] == 1, where, f"must send one END per step to {entry.to}")
        _require(0 <= entry.first_word <= entry.last_word <= words, where, f"bad word range {entry}")
        if entry.to.host:
            own = (entry.to.x, entry.to.y) == (core.at.x, core.at.y)
            _require(core.emission != "values_every" and not entry.recurrent, where, "bad entry for the host")
            _require(own, where, f"names {(entry.to.x, entry.to.y)} to the host as its own place")
            continue
        _require(entry.to in places, where, f"sends to {entry.to}, where no tile is")
        _require(core.emission != "values_last", where, "final membranes go to the host alone")
        receiver = program.core_at(entry.to)
        if core.emission == "values_every":
            same = receiver.tile == core.tile and entry.base == 0
            _require(same, where, f"sends partial sums of {core.tile} to {receiver.tile}")
            slots, limit = words * program.target.lanes, program.target.value_indices
            _require(slots <= limit, where, f"{slots} slots exceed the {limit} a VALUE can name")
        else:
            _verify_reach(core, entry, receiver, program.target.lanes)


def _verify_reach(core: Core, entry: Destination, receiver: Core, lanes: int) -> None:
    slots = np.flatnonzero(core.tile.neuron_map(lanes) >= 0)
    words = slots // lanes
    slots = slots[(words >= entry.first_word) & (words < entry.last_word)]
    _require_axons(f"core {core.at}", core.tile.local_slots(slots, lanes) + entry.base, receiver)


def _require_axons(where: str, coordinates: IntArray, receiver: Core) -> None:
    """Every coordinate names an axon row and column of `receiver`; its event stays inside the memories."""
    y, x, channel = coordinates >> 16, coordinates >> 8 & 255, coordinates & 255
    inside = (coordinates >= 0) & (y < len(receiver.axon_rows)) & (x < len(receiver.axon_columns))
    _require(bool(inside.all()), where, f"reaches axons that {receiver.at} does not have")
    row, column = receiver.axon_rows[y], receiver.axon_columns[x]
    for number, bank in enumerate(receiver.banks):
        local = channel - bank.first_channel
        taken = (row[:, 0] == number) & (row[:, 1] > 0) & (column[:, 0] > 0)
        taken &= (local >= 0) & (local < bank.channels)
        if taken.any():
            kept = _stays_inside(receiver, bank, row[taken], column[taken], local[taken])
            _require(kept, where, f"an event leaves the memories of {receiver.at}")


def _stays_inside(receiver: Core, bank: Bank, row: IntArray, column: IntArray, channel: IntArray) -> bool:
    """Whether all positions of these events lie inside the weight and the state memory: all four corners."""
    lanes = receiver.weights.shape[1]
    offset = channel // lanes if bank.depthwise else np.zeros_like(channel)
    weights = row[:, 2] + column[:, 1] + (offset if bank.depthwise else channel * bank.channel_stride)
    state = row[:, 3] + column[:, 2] + offset
    last_row, last_column = row[:, 1] - 1, column[:, 0] - 1
    farthest = weights + last_row * bank.row_weight_step + last_column * bank.column_weight_step
    down, along = last_row * bank.row_state_step, last_column * bank.column_state_step
    low = state + np.minimum(down, 0) + np.minimum(along, 0)
    high = state + np.maximum(down, 0) + np.maximum(along, 0)
    return bool(
        farthest.max() + bank.row_words <= len(receiver.weights)
        and low.min() >= 0
        and high.max() + bank.row_words <= receiver.tile.words(lanes)
    )


def _verify_segments(core: Core) -> None:
    where, expected = f"core {core.at}", 0
    for segment in core.segments:
        joined = segment.first_entry == expected < segment.end_entry <= len(core.destinations)
        _require(joined, where, f"segments leave out or repeat destinations: {segment}")
        entries = core.destinations[segment.first_entry : segment.end_entry]
        same = all(entry.recurrent == segment.recurrent for entry in entries)
        _require(same, where, "a segment mixes forward and recurrent destinations")
        _require(0 <= segment.delay <= 15, where, f"delay {segment.delay} exceeds 15")
        _require(core.emission == "spikes" or segment.delay == 0, where, "values cannot be delayed")
        expected = segment.end_entry
    _require(expected == len(core.destinations), where, "segments leave out destinations")


def _verify_sources(program: TiledProgram) -> None:
    senders: dict[Address, list[Address]] = {core.at: [] for core in program.cores}
    recurrent: Counter[Address] = Counter()
    for core in program.cores:
        for entry in core.destinations:
            if entry.sends_end and not entry.to.host:
                senders[entry.to].append(core.at)
                recurrent[entry.to] += entry.recurrent
    for address in program.fed_by_host:
        _require(address in senders, f"core {address}", "is fed by the host but holds no tile")
        senders[address].append(HOST)
    for core in program.cores:
        expected, listed = _sorted(senders[core.at]), _sorted(core.sources)
        _require(expected == listed, f"core {core.at}", f"lists sources {listed}, is sent to by {expected}")
        _require(len(listed) > recurrent[core.at], f"core {core.at}", "nobody sends to it in the same step")
        same = core.recurrent_sources == recurrent[core.at]
        _require(same, f"core {core.at}", f"counts {core.recurrent_sources} recurrent sources")


def _sorted(addresses: Iterable[Address]) -> list[tuple[int, int, bool]]:
    return sorted((address.x, address.y, address.host) for address in addresses)


def _verify_input(route: InputRoute, program: TiledProgram) -> None:
    where, shape = f"input route to {route.to}", program.input.shape
    ranges = (
        0 <= route.first_channel < route.last_channel <= shape[0]
        and 0 <= route.first_row < route.last_row <= shape[1]
    )
    _require(ranges, where, f"bad range {route}")
    numbers = np.arange(count(shape)).reshape(shape)
    taken = numbers[route.first_channel : route.last_channel, route.first_row : route.last_row].reshape(-1)
    _require_axons(where, local_coordinates(shape, taken) + route.base, program.core_at(route.to))


def _verify_outputs(program: TiledProgram) -> None:
    limit = program.target.value_indices if program.readout.kind == "membrane" else MAX_NEURONS
    _require(program.outputs <= limit, program.name, f"{program.outputs} readout neurons, at most {limit}")
    covered = np.zeros(program.outputs, np.int64)
    for core in program.readout_cores:
        entries = [entry for entry in core.destinations if entry.to.host]
        _require(len(entries) == 1, f"core {core.at}", "sends twice to the host")
        _require(core.tile.flat, f"core {core.at}", "the readout is not flat")
        first = entries[0].base + entries[0].first_word * program.target.lanes
        last = entries[0].base + min(entries[0].last_word * program.target.lanes, core.neurons)
        _require(first >= 0 and last <= program.outputs, f"core {core.at}", "reads out of range")
        covered[first:last] += 1
    _require(bool((covered == 1).all()), program.name, "every readout neuron must reach the host once")
