"""The verifier of a TiledProgram: every invariant of its cores, tables and routes, each with the numbers."""

from collections import Counter

import numpy as np

from ..errors import VerificationError
from .arithmetic import IntArray, state_range
from .network import count
from .program import HOST, Address, Core, Destination, InputRoute, TiledProgram, core_usage, local_coordinates


def verify_program(program: TiledProgram) -> None:
    """Raise VerificationError, naming the core, for the first broken invariant."""
    program.target.verify()
    places = Counter(core.at for core in program.cores)
    for address, uses in places.items():
        _require(uses == 1, f"core {address}", f"holds {uses} tiles")
    for core in program.cores:
        _verify_core(core, program)
        _verify_axons(core)
    for core in program.cores:
        _verify_destinations(core, program, places)
        _verify_segments(core)
    _verify_sources(program)
    for route in program.input_routes:
        _verify_input(route, program)
    _verify_outputs(program)


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


def _verify_axons(core: Core) -> None:
    """The tables are well formed; where events reach is checked with their senders."""
    where = f"core {core.at}"
    rows, columns = core.axon_rows, core.axon_columns
    _require(rows.dtype == np.int64 and rows.ndim == 2 and rows.shape[1:] == (4,), where, "axon rows (n, 4)")
    _require(
        columns.dtype == np.int64 and columns.ndim == 2 and columns.shape[1:] == (3,),
        where,
        "axon columns (n, 3)",
    )
    _require(len(rows) > 0 and len(columns) > 0 and len(core.banks) > 0, where, "has no axons")
    _require(bool((rows >= 0).all() and (columns >= 0).all()), where, "negative axon entry")
    _require(bool((rows[:, 1] <= 15).all() and (columns[:, 0] <= 15).all()), where, "a count exceeds 15")
    _require(bool((rows[:, 0] < len(core.banks)).all()), where, "an axon row names a bank that is not there")
    spaced = len({bank.row_words for bank in core.banks}) > 1
    _require(
        all(bank.spaced for bank in core.banks) or not spaced, where, "banks of unequal rows must be spaced"
    )
    for bank in core.banks:
        _require(bank.row_words >= 1 and 1 <= bank.channels <= 256, where, f"malformed bank {bank}")
        _require(not bank.depthwise or bank.row_words == 1, where, "a depthwise bank has rows of one word")
        steps = (bank.row_state_step, bank.column_state_step)
        _require(max(map(abs, steps)) < 1 << 15, where, "a state step exceeds 16 bits")


def _verify_destinations(core: Core, program: TiledProgram, places: Counter[Address]) -> None:
    where = f"core {core.at}"
    words = core.tile.words(program.target.lanes)
    ends = Counter(entry.to for entry in core.destinations if entry.sends_end)
    _require(bool(core.destinations), where, "sends to nobody")
    for entry in core.destinations:
        _require(ends[entry.to] == 1, where, f"must send one END per step to {entry.to}")
        _require(0 <= entry.first_word < entry.last_word <= words, where, f"bad word range {entry}")
        if entry.to.host:
            own = (entry.to.x, entry.to.y) == (core.at.x, core.at.y)
            _require(own, where, f"names {(entry.to.x, entry.to.y)} to the host as its own place")
            continue
        _require(entry.to in places, where, f"sends to {entry.to}, where no tile is")
        receiver = program.core_at(entry.to)
        if core.emission == "values_every":
            same = receiver.tile == core.tile and entry.base == 0
            _require(same, where, f"sends partial sums of {core.tile} to {receiver.tile}")
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
    lanes = receiver.weights.shape[1]
    state_words = receiver.tile.words(lanes)
    for number, bank in enumerate(receiver.banks):
        local = channel - bank.first_channel
        taken = (
            (row[:, 0] == number)
            & (row[:, 1] > 0)
            & (column[:, 0] > 0)
            & (local >= 0)
            & (local < bank.channels)
        )
        if not taken.any():
            continue
        offset = local[taken] // lanes if bank.depthwise else 0
        weights = (
            row[taken, 2]
            + column[taken, 1]
            + (offset if bank.depthwise else local[taken] * bank.channel_stride)
        )
        state = row[taken, 3] + column[taken, 2] + offset
        last_row, last_column = row[taken, 1] - 1, column[taken, 0] - 1
        far_weight = weights + last_row * bank.row_weight_step + last_column * bank.column_weight_step
        far_state = state + last_row * bank.row_state_step + last_column * bank.column_state_step
        fits = (
            (far_weight.max() + bank.row_words <= len(receiver.weights))
            and min(state.min(), far_state.min()) >= 0
            and max(state.max(), far_state.max()) + bank.row_words <= state_words
        )
        _require(bool(fits), where, f"an event leaves the memories of {receiver.at}")


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
        expected, listed = sorted(map(str, senders[core.at])), sorted(map(str, core.sources))
        _require(expected == listed, f"core {core.at}", f"lists sources {listed}, is sent to by {expected}")
        _require(len(listed) > recurrent[core.at], f"core {core.at}", "nobody sends to it in the same step")
        same = core.recurrent_sources == recurrent[core.at]
        _require(same, f"core {core.at}", f"counts {core.recurrent_sources} recurrent sources")


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
    covered = np.zeros(program.outputs, np.int64)
    for core in program.readout_cores:
        for entry in core.destinations:
            if entry.to.host:
                _require(core.tile.flat, f"core {core.at}", "the readout is not flat")
                first = entry.base + entry.first_word * program.target.lanes
                last = entry.base + min(entry.last_word * program.target.lanes, core.neurons)
                _require(first >= 0 and last <= program.outputs, f"core {core.at}", "reads out of range")
                covered[first:last] += 1
    _require(bool((covered == 1).all()), program.name, "every readout neuron must reach the host once")
    index_bits = 32 - program.target.state_bits
    _require(program.outputs <= 1 << index_bits, program.name, f"at most {1 << index_bits} readout neurons")
