"""Random small programs that `TiledProgram.verify` accepts: layers, tiles, fan-in splits, places, tables."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from snnc.compiler.arithmetic import Decay, IntArray, state_range
from snnc.compiler.network import Input, Readout
from snnc.compiler.program import HOST, Address, Core, Destination, InputRoute, TiledProgram
from snnc.compiler.targets import Target

Generator = np.random.Generator


@dataclass
class Tile:
    """A core in the making: a slice of a layer's neurons, fed from a slice of its sources' axons."""

    at: Address
    layer: int
    first: int
    neurons: int
    partial_of: int | None = None
    """Index of the tile that this one computes partial sums for."""


def random_target(generator: Generator) -> Target:
    width, height = (int(generator.integers(1, 5)) for _ in range(2))
    return Target(
        name="random",
        description="",
        width=width,
        height=max(height, 2 if width == 1 else 1),
        lanes=int(generator.choice([2, 4, 8])),
        neurons=64,
        axons=256,
        weight_kibit=256,
        weight_bits=8,
        state_bits=int(generator.choice([20, 22, 24])),
        destinations=64,
        sources=64,
        event_fifo=int(generator.choice([2, 4, 8])),
        router_fifo=int(generator.choice([2, 4])),
        clock_mhz=100.0,
        energy_table="cmos45",
        static_mw=1.0,
        static_source="test",
    )


def random_program(generator: Generator) -> TiledProgram:
    """1..6 cores in 1..3 layers; every core's layer is fed by the layer before, or by the input."""
    target = random_target(generator)
    room = min(6, target.core_count)
    numbers = generator.permutation(target.core_count).tolist()
    places = [Address(p % target.width, p // target.width) for p in numbers]
    steps = int(generator.integers(1, 5))
    sizes = [int(generator.integers(1, 25)) for _ in range(int(generator.integers(1, min(3, room) + 1)) + 1)]
    kind = "spike_count" if generator.random() < 0.5 else "membrane"
    tiles = _random_tiles(generator, target, sizes, places, room)
    cores = _Assembly(generator, target, sizes, tiles, fires_last=kind == "spike_count")
    routes = tuple(cores.routes)
    program = TiledProgram(
        name="random",
        target=target,
        steps=steps,
        input=Input("input", sizes[0], "events", 255),
        input_routes=routes,
        cores=tuple(cores.finish(routes)),
        readout=Readout(f"layer{len(sizes) - 1}", kind),
        outputs=sizes[-1],
        weight_bits=4,
    )
    program.verify()
    return program


def random_payloads(generator: Generator, program: TiledProgram, samples: int) -> IntArray:
    """(samples, steps, features): from silence to heavy traffic, binary or graded."""
    shape = (samples, program.steps, program.input.features)
    hit = generator.random(shape) < generator.choice([0.05, 0.4, 1.0])
    graded = generator.integers(1, 256, shape) if generator.random() < 0.5 else np.ones(shape, np.int64)
    return np.where(hit, graded, 0).astype(np.int64)


def _random_tiles(
    generator: Generator, target: Target, sizes: list[int], places: list[Address], room: int
) -> list[Tile]:
    """Split layers at word boundaries while cores are left, and give some tiles a partial-sum helper."""
    tiles: list[Tile] = []
    left = room - (len(sizes) - 1)
    for layer, size in enumerate(sizes[1:], 1):
        words = -(-size // target.lanes)
        pieces = 1 + int(generator.integers(0, min(left, words - 1) + 1))
        left -= pieces - 1
        cuts = sorted(generator.choice(np.arange(1, words), pieces - 1, replace=False).tolist())
        bounds = [0, *(int(cut) * target.lanes for cut in cuts), size]
        owners = range(len(tiles), len(tiles) + pieces)
        for first, last in pairwise(bounds):
            tiles.append(Tile(places.pop(), layer, first, last - first))
        for owner in owners:
            if left and generator.random() < 0.5:
                left -= 1
                tile = tiles[owner]
                tiles.append(Tile(places.pop(), layer, tile.first, tile.neurons, partial_of=owner))
    return tiles


class _Assembly:
    """Assembles cores: every tile of a layer needs all axons of the layer before, split among its helpers."""

    def __init__(
        self, generator: Generator, target: Target, sizes: list[int], tiles: list[Tile], fires_last: bool
    ) -> None:
        self.generator, self.target, self.sizes, self.tiles = generator, target, sizes, tiles
        self.fires_last = fires_last
        self.routes: list[InputRoute] = []
        self.entries: list[list[Destination]] = [[] for _ in tiles]
        self.axons = [0] * len(tiles)
        self.senders: list[list[int]] = [[] for _ in tiles]
        for number, tile in enumerate(tiles):
            if tile.partial_of is None:
                helpers = [n for n, other in enumerate(tiles) if other.partial_of == number]
                self._feed(tile.layer, [number, *helpers])
                for helper in helpers:
                    self._connect(helper, number, [(0, tiles[helper].neurons, 0)])
        for number, tile in enumerate(tiles):
            if tile.partial_of is None and tile.layer == len(sizes) - 1:
                to = Address(tile.at.x, tile.at.y, host=True)
                self._entries(number, to, [(0, tile.neurons, tile.first)])

    def _feed(self, layer: int, receivers: list[int]) -> None:
        if layer == 1:
            features = self.sizes[0]
            cuts = np.sort(self.generator.integers(1, features + 1, len(receivers) - 1)).tolist()
            bounds = [0, *cuts, features]
            for receiver, first, last in zip(receivers, bounds[:-1], bounds[1:], strict=True):
                first = min(first, features - 1)
                last = max(last, first + 1)
                gap = int(self.generator.integers(0, 3))
                self.routes.append(InputRoute(self.tiles[receiver].at, first, last, gap - first))
                self.axons[receiver] = gap + last - first
            return
        for number, tile in enumerate(self.tiles):
            if tile.layer == layer - 1 and tile.partial_of is None:
                self._share(number, tile, receivers)

    def _share(self, sender: int, tile: Tile, receivers: list[int]) -> None:
        """Split a tile's neurons at word boundaries among receivers; some get none of this tile."""
        lanes = self.target.lanes
        words = -(-tile.neurons // lanes)
        cuts = np.sort(self.generator.integers(0, words + 1, len(receivers) - 1)).tolist()
        bounds = [0, *cuts, words]
        for receiver, first, last in zip(receivers, bounds[:-1], bounds[1:], strict=True):
            if first == last and self.axons[receiver]:
                continue
            first, last = (first, last) if first < last else (0, 1)
            stop = min(last * lanes, tile.neurons)
            self._connect(sender, receiver, [(first * lanes, stop, self.axons[receiver])])
            self.axons[receiver] += stop - first * lanes

    def _connect(self, sender: int, receiver: int, parts: list[tuple[int, int, int]]) -> None:
        self.senders[receiver].append(sender)
        self._entries(sender, self.tiles[receiver].at, parts)

    def _entries(self, sender: int, to: Address, parts: list[tuple[int, int, int]]) -> None:
        """Neurons first..last as axon `base`..; sometimes as two entries, one of which sends END."""
        lanes = self.target.lanes
        for first, last, base in parts:
            first_word, last_word = first // lanes, -(-last // lanes)
            cut = int(self.generator.integers(first_word, last_word + 1))
            ranges = [(a, b) for a, b in ((first_word, cut), (cut, last_word)) if a < b]
            chosen = int(self.generator.integers(len(ranges)))
            for number, (a, b) in enumerate(ranges):
                self.entries[sender].append(Destination(to, base - first, a, b, sends_end=number == chosen))

    def finish(self, routes: tuple[InputRoute, ...]) -> list[Core]:
        return [self._core(number, tile, routes) for number, tile in enumerate(self.tiles)]

    def _core(self, number: int, tile: Tile, routes: tuple[InputRoute, ...]) -> Core:
        generator, n = self.generator, tile.neurons
        readout = tile.layer == len(self.sizes) - 1 and not self.fires_last
        emission = "values_every" if tile.partial_of is not None else "values_last" if readout else "spikes"
        sources = [self.tiles[sender].at for sender in self.senders[number]]
        if any(route.to == tile.at for route in routes):
            sources.append(HOST)
        state_bits = int(generator.integers(5, 17))
        low, high = state_range(state_bits)
        partial = emission == "values_every"
        entries = self.entries[number]
        leak = (
            Decay(1, int(generator.integers(1, 5))) if generator.random() < 0.5 and not partial else Decay()
        )
        # The engines do not look at the bounds; the state is wide enough for any traffic of these sizes.
        bounds = state_range(self.target.state_bits)
        return Core(
            at=tile.at,
            layer=f"layer{tile.layer}",
            first_neuron=tile.first,
            first_axon=0,
            weights=generator.integers(-8, 8, (self.axons[number], n)).astype(np.int8),
            weight_bits=4,
            threshold=generator.integers(1, 40, n),
            bias=generator.integers(-3, 4, n) * (not partial),
            initial=generator.integers(low // 2, high // 2 + 1, n) * (not partial),
            reset="none" if emission != "spikes" else str(generator.choice(["soft", "hard"])),
            reset_value=int(generator.integers(low, high + 1)),
            leak=leak,
            state_bits=self.target.state_bits if partial else state_bits,
            emission=emission,
            sources=tuple(sources[i] for i in generator.permutation(len(sources))),
            destinations=tuple(entries[i] for i in generator.permutation(len(entries))),
            accumulator=bounds,
        )
