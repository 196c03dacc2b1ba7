"""Random small programs that `TiledProgram.verify` accepts: compiled from random networks, or made by hand.

`compiled_program` covers what the compiler makes. `random_program` takes such a program apart: tables, banks
and weights become random, so that events also touch what no convolution would, or nothing; cores move, and
destinations and sources are shuffled.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from builders import target

from snnc.base.errors import DoesNotFit, UnsupportedModel
from snnc.compiler.ir.network import (
    Conv2d,
    Edge,
    Input,
    Layer,
    Linear,
    Network,
    Neurons,
    Readout,
    Shape,
    conv_shape,
    count,
    pooled,
)
from snnc.compiler.ir.program import Bank, Core, Destination, TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, IntArray, state_range
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.targets import Target

Generator = np.random.Generator


def random_target(generator: Generator) -> Target:
    """A mesh of 2 to 12 small cores."""
    return target(
        width=int(generator.integers(1, 5)),
        height=int(generator.integers(2, 4)),
        lanes=int(generator.choice([2, 4, 8])),
        neurons=int(generator.choice([32, 64, 128])),
        axon_rows=64,
        axon_columns=64,
        delay_slots=int(generator.choice([1, 2, 4])),
        weight_kibit=int(generator.choice([1, 2, 8])),
        state_bits=int(generator.choice([20, 22, 24])),
        destinations=64,
        sources=64,
        event_fifo=int(generator.choice([2, 4, 8])),
        router_fifo=int(generator.choice([2, 4])),
        static_mw=1.0,
        reset_amount=True,
        channel_leak=True,
        lower_clamp=True,
        fraction_bits=3,
    )


def compiled_program(generator: Generator) -> Compilation:
    """A random network compiled for a random target of 2 to 12 cores; what does not fit is drawn again."""
    while True:
        try:
            network = random_network(generator)
            return compile_network(network, random_target(generator), spread=bool(generator.random() < 0.5))
        except (DoesNotFit, UnsupportedModel):
            continue


def random_network(generator: Generator) -> Network:
    """One to three layers, linear and convolutional, with skipping, delayed and recurrent edges."""
    spatial = generator.random() < 0.6
    shape = _sizes(generator, 4, 6, 6) if spatial else (int(generator.integers(1, 25)), 1, 1)
    payload = int(generator.choice([1, 7, 255]))
    shapes: dict[str, Shape] = {"input": shape}
    layers: list[Layer] = []
    depth = int(generator.integers(1, 4))
    kind = str(generator.choice(["membrane", "spike_count", "first_spike"]))
    for number in range(depth):
        last = number == depth - 1
        layers.append(_random_layer(generator, f"layer{number}", shapes, last, kind == "membrane" and last))
        shapes[layers[-1].name] = layers[-1].shape
    if depth > 1 and generator.random() < 0.3:
        layers[0] = _with_edge(generator, layers[0], layers[1].name, shapes)
    steps = int(generator.integers(1, 5))
    first = 0 if kind == "membrane" else int(generator.integers(0, steps))
    readout = Readout(layers[-1].name, kind, first)  # type: ignore[arg-type]
    network = Network("random", steps, Input("input", shape, "events", payload), tuple(layers), readout)
    network.verify()
    return network


def _sizes(generator: Generator, *limits: int) -> Shape:
    channels, height, width = (int(generator.integers(1, limit + 1)) for limit in limits)
    return channels, height, width


def _random_layer(
    generator: Generator, name: str, shapes: dict[str, Shape], flat: bool, silent: bool
) -> Layer:
    source = list(shapes)[-1]
    edge = None if flat else _convolution(generator, source, shapes[source], None)
    if edge is not None and isinstance(edge.synapses, Conv2d):
        shape = conv_shape(pooled(shapes[source], edge.pool), edge.synapses)
    else:
        shape = (int(generator.integers(1, 25)), 1, 1)
        edge = _linear(generator, source, shapes[source], shape)
    layer = Layer(name, shape, _population(generator, shape[0], silent), (edge,))
    if generator.random() < 0.4:
        layer = _with_edge(generator, layer, str(generator.choice(list(shapes))), shapes)
    if not silent and generator.random() < 0.4:
        layer = _with_edge(generator, layer, name, shapes | {name: shape})
    return layer


def _with_edge(generator: Generator, layer: Layer, source: str, shapes: dict[str, Shape]) -> Layer:
    """One more edge, if one from `source` can feed the layer; the network decides whether it is recurrent."""
    arriving = shapes[source]
    recurrent = (
        source not in list(shapes)[: list(shapes).index(layer.name)] if layer.name in shapes else False
    )
    delay = 0 if source == "input" else int(generator.integers(0, 3)) + recurrent
    if layer.shape[1:] == (1, 1):
        edge = _linear(generator, source, arriving, layer.shape)
    elif arriving[1:] == layer.shape[1:]:
        same = _convolution(generator, source, arriving, layer.shape[0])
        if same is None:
            return layer
        edge = same
    else:
        return layer
    return replace(layer, edges=(*layer.edges, replace(edge, delay=delay)))


def _linear(generator: Generator, source: str, shape: Shape, target: Shape) -> Edge:
    pool = _pool(generator, shape) if shape[1:] != (1, 1) else (1, 1)
    weights = generator.integers(-8, 8, (target[0], count(pooled(shape, pool)))).astype(np.int8)
    return Edge(source, Linear(weights, 4), pool=pool)


def _pool(generator: Generator, shape: Shape) -> tuple[int, int]:
    height, width = (int(generator.integers(1, min(2, side) + 1)) for side in shape[1:])
    return height, width


def _convolution(generator: Generator, source: str, shape: Shape, keeps: int | None) -> Edge | None:
    """A convolution of up to 3 x 3; with `keeps`, one to that many channels that keeps height and width."""
    pool = (1, 1) if keeps else _pool(generator, shape)
    channels = pooled(shape, pool)[0]
    groups = channels if generator.random() < 0.3 else 1
    kernel = tuple(int(k) for k in (generator.choice([1, 3], 2) if keeps else generator.integers(1, 4, 2)))
    padding = tuple(k // 2 if keeps else int(generator.integers(0, k)) for k in kernel)
    stride = (1, 1) if keeps else (int(generator.integers(1, 3)), int(generator.integers(1, 3)))
    wanted = keeps or int(generator.choice([channels, int(generator.integers(1, 11))]))
    if wanted % groups:
        groups = 1
    weights = generator.integers(-8, 8, (wanted, channels // groups, *kernel)).astype(np.int8)
    synapses = Conv2d(weights, 4, stride, (padding[0], padding[1]), groups)
    if min(conv_shape(pooled(shape, pool), synapses)) < 1 or (shape[1:] == (1, 1) and not keeps):
        return None
    return Edge(source, synapses, pool=pool)


def _decay(generator: Generator) -> Decay:
    fraction = int(generator.integers(0, 13))
    numerators = (0, 1, 1 << fraction, int(generator.integers(0, (1 << fraction) + 1)))
    return Decay(int(generator.choice(numerators)), fraction)


def _population(generator: Generator, channels: int, silent: bool) -> Neurons:
    state_bits = int(generator.integers(5, 17))
    low, high = state_range(state_bits)
    plain = Neurons(
        threshold=generator.integers(1, 40, channels),
        bias=generator.integers(-3, 4, channels),
        initial=generator.integers(low // 2, high // 2 + 1, channels),
        reset="none" if silent else "soft" if generator.random() < 0.5 else "hard",
        reset_value=int(generator.integers(low, high + 1)),
        leak=_decay(generator) if generator.random() < 0.6 else NO_LEAK,
        state_bits=state_bits,
        current_leak=_decay(generator) if generator.random() < 0.4 else None,
    )
    return _apart(generator, plain) if generator.random() < 0.5 else plain


def _apart(generator: Generator, plain: Neurons) -> Neurons:
    """With reset amounts, decays of each channel, a lower clamp and fraction bits."""
    lowest = int(generator.integers(-20, 1))
    fraction = plain.leak.fraction_bits
    return replace(
        plain,
        initial=np.maximum(plain.initial, lowest),
        reset_value=max(plain.reset_value, lowest),
        reset_amount=generator.integers(-10, 60, plain.channels) if plain.reset == "soft" else None,
        leak=Decay(0, fraction),
        leak_numerators=generator.integers(0, (1 << fraction) + 1, plain.channels),
        lower_clamp=max(lowest, state_range(plain.state_bits)[0]),
        fraction_bits=int(generator.integers(0, 4)),
    )


def random_payloads(generator: Generator, program: TiledProgram, samples: int) -> IntArray:
    """(samples, steps, features): from silence to heavy traffic, binary or graded."""
    shape = (samples, program.steps, program.input.features)
    hit = generator.random(shape) < generator.choice([0.05, 0.4, 1.0])
    graded = generator.integers(1, program.input.max_payload + 1, shape)
    return np.where(hit, graded, 0).astype(np.int64)


def random_program(generator: Generator) -> TiledProgram:
    """A compiled program with random tables in random places."""
    program = compiled_program(generator).tiled
    target = replace(program.target, weight_kibit=1 << 10, weight_bits=8)
    places = generator.permutation(target.core_count).tolist()
    moves = {
        core.at: Address(place % target.width, place // target.width)
        for core, place in zip(program.cores, places, strict=False)
    }
    cores = tuple(_random_core(generator, core, moves, target) for core in program.cores)
    routes = tuple(replace(route, to=moves[route.to]) for route in program.input_routes)
    changed = replace(
        program, target=target, input_routes=routes, cores=tuple(cores), weight_bits=8, name="random tables"
    )
    verify_program(changed)
    return changed


def _random_core(generator: Generator, core: Core, moves: dict[Address, Address], target: Target) -> Core:
    """The core elsewhere, with random tables unless its tile has padding lanes, which must get no weights."""
    sources = [moves.get(source, source) if not source.host else source for source in core.sources]
    moved = replace(
        core,
        at=moves[core.at],
        sources=tuple(sources[i] for i in generator.permutation(len(sources))),
        destinations=tuple(_shuffled(generator, core, moves)),
    )
    return moved if core.tile.channels % target.lanes else _with_random_tables(generator, moved, target)


def _with_random_tables(generator: Generator, core: Core, target: Target) -> Core:
    words, lanes = core.tile.words(target.lanes), target.lanes
    equal = int(generator.integers(1, min(words, 6) + 1)) if generator.random() < 0.5 else 0
    banks, reaches = [], []
    for _ in range(int(generator.integers(1, 5))):
        bank, reach = _random_bank(generator, words, lanes, equal)
        banks.append(bank)
        reaches.append(reach)
    spaced = len({bank.row_words for bank in banks}) > 1
    rows, columns, weight_words = _random_axons(generator, core, banks, reaches, words)
    return replace(
        core,
        weights=generator.integers(-8, 8, (weight_words, lanes)).astype(np.int8),
        axon_rows=rows,
        axon_columns=columns,
        banks=tuple(replace(bank, spaced=True) if spaced else bank for bank in banks),
    )


def _shuffled(generator: Generator, core: Core, moves: dict[Address, Address]) -> Iterator[Destination]:
    """Destinations in random order within their segment, so that END is not always sent by the first."""
    for segment in core.segments:
        entries = core.destinations[segment.first_entry : segment.end_entry]
        for place in generator.permutation(len(entries)).tolist():
            to = moves[Address(entries[place].to.x, entries[place].to.y)]
            yield replace(entries[place], to=replace(to, host=entries[place].to.host))


def _random_bank(generator: Generator, words: int, lanes: int, equal: int) -> tuple[Bank, tuple[int, int]]:
    """A bank and the most rows and columns of positions that keep its words distinct and inside the tile."""
    row_words = equal or int(generator.integers(1, min(words, 6) + 1))
    depthwise = row_words == 1 and generator.random() < 0.5
    channels = int(generator.integers(1, 40))
    extra = (channels - 1) // lanes if depthwise else 0
    if extra >= words:
        depthwise, extra = False, 0
    columns = int(generator.integers(1, min(4, words // row_words) + 1))
    column_step = row_words
    rows = max(1, min((words - extra) // (columns * row_words), int(generator.integers(1, 4))))
    if columns * row_words + extra > words:
        columns = 1
    sign = int(generator.choice([-1, 1]))
    bank = Bank(
        channel_stride=int(generator.integers(0, 8)),
        row_weight_step=int(generator.integers(0, 8)),
        column_weight_step=int(generator.integers(0, 8)),
        row_state_step=sign * columns * column_step,
        column_state_step=sign * column_step,
        row_words=row_words,
        first_channel=int(generator.integers(0, 4)) if generator.random() < 0.5 else 0,
        channels=channels if depthwise or generator.random() < 0.3 else 256,
        spaced=bool(generator.random() < 0.3),
        depthwise=depthwise,
    )
    return bank, (rows, columns)


def _random_axons(
    generator: Generator, core: Core, banks: list[Bank], reaches: list[tuple[int, int]], words: int
) -> tuple[IntArray, IntArray, int]:
    """As many rows and columns as before, with random counts and places; and the weight words they need."""
    most_columns = min(reach[1] for reach in reaches)
    columns = [
        (int(generator.integers(0, most_columns + 1)), int(generator.integers(0, 5)), 0)
        for _ in core.axon_columns
    ]
    rows = []
    need = 1
    for _ in core.axon_rows:
        number = int(generator.integers(len(banks)))
        bank, reach = banks[number], reaches[number]
        row_count = int(generator.integers(0, reach[0] + 1))
        extra = (bank.channels - 1) // core.weights.shape[1] if bank.depthwise else 0
        span = max(row_count - 1, 0) * abs(bank.row_state_step)
        span += (most_columns - 1) * abs(bank.column_state_step)
        free = words - span - bank.row_words - extra
        first = int(generator.integers(0, free // bank.row_words + 1)) * bank.row_words
        start = first + (span if bank.row_state_step < 0 else 0)
        rows.append((number, row_count, int(generator.integers(0, 5)), start))
        far = 8 + 255 * bank.channel_stride + extra + bank.row_words
        need = max(need, far + 15 * bank.row_weight_step + 15 * bank.column_weight_step)
    return np.array(rows, np.int64), np.array(columns, np.int64), need
