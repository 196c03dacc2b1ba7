"""The rows of the fuzz's table: features, values and sizes, each with the test of whether a case has it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise

from cases import Draft
from packing_rows import PACKINGS, Packed, shared_cores

from snnc.compiler.analysis.bounds import bits_needed
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Linear, pooled
from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.ir.tiling import is_depthwise
from snnc.compiler.passes.legalise import RULES, Rule
from snnc.compiler.pipeline import Compilation
from snnc.compiler.reference.interpreter import Execution


@dataclass(frozen=True)
class Drawn:
    """A case and what became of it: refused without `compilation`, else executed."""

    draft: Draft
    compilation: Compilation | None = None
    expected: Execution | None = None
    packings: tuple[TiledProgram, ...] = ()
    """Other programs of the network that were executed."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.draft.network.layers

    @cached_property
    def programs(self) -> tuple[TiledProgram, ...]:
        return ((self.compilation.tiled,) if self.compilation else ()) + self.packings

    @cached_property
    def cores(self) -> tuple[Core, ...]:
        return self.compilation.tiled.cores if self.compilation else ()

    @cached_property
    def owners(self) -> tuple[Core, ...]:
        return tuple(core for core in self.cores if core.emission != "values_every")

    @cached_property
    def edges(self) -> list[tuple[Layer, Edge]]:
        return [(layer, edge) for layer in self.layers for edge in layer.edges]

    @cached_property
    def convolutions(self) -> list[tuple[Edge, Conv2d, tuple[int, int, int]]]:
        """Each with the pooled shape that it reads."""
        found = []
        for _, edge in self.edges:
            if isinstance(edge.synapses, Conv2d):
                source = pooled(self.draft.network.shape_of(edge.source), edge.pool)
                found.append((edge, edge.synapses, source))
        return found

    def recurrent(self, layer: Layer, edge: Edge) -> bool:
        return self.draft.network.is_recurrent(layer, edge)


Row = Callable[[Drawn], bool]


def _any(values: Iterable[object]) -> bool:
    return any(values)


FEATURES: dict[str, Row] = {
    "linear": lambda d: _any(isinstance(e.synapses, Linear) for _, e in d.edges),
    "convolution": lambda d: bool(d.convolutions),
    "convolution from a flat source": lambda d: _any(
        d.draft.network.shape_of(e.source)[1:] == (1, 1) for e, _, _ in d.convolutions
    ),
    "kernel larger than its source": lambda d: _any(
        s.weights.shape[2] > shape[1] or s.weights.shape[3] > shape[2] for _, s, shape in d.convolutions
    ),
    "groups": lambda d: _any(1 < s.groups < shape[0] for _, s, shape in d.convolutions),
    "depthwise": lambda d: _any(
        is_depthwise(e, d.draft.network.shape_of(e.source)) and shape[0] > 1 for e, _, shape in d.convolutions
    ),
    "pooling": lambda d: _any(e.pool != (1, 1) for _, e in d.edges),
    "incomplete pooling window": lambda d: _any(
        size % p
        for _, e in d.edges
        for size, p in zip(d.draft.network.shape_of(e.source)[1:], e.pool, strict=True)
    ),
    "two edges from one source": lambda d: _any(
        len({e.source for e in layer.edges}) < len(layer.edges) for layer in d.layers
    ),
    "skip edge": lambda d: _any(
        e.source != d.draft.network.input.name
        and [x.name for x in d.layers].index(layer.name) - [x.name for x in d.layers].index(e.source) > 1
        for layer, e in d.edges
    ),
    "self loop": lambda d: _any(e.source == layer.name for layer, e in d.edges),
    "loop over layers": lambda d: _any(d.recurrent(x, e) and e.source != x.name for x, e in d.edges),
    "delay": lambda d: _any(e.delay > d.recurrent(layer, e) for layer, e in d.edges),
    "readout not last": lambda d: d.draft.network.readout.layer != d.layers[-1].name,
    "cuba": lambda d: _any(layer.neurons.current_leak is not None for layer in d.layers),
    "decay by multiplier": lambda d: _any(
        layer.neurons.leak.numerator and layer.neurons.leak.shift is None for layer in d.layers
    ),
    "decay by shift": lambda d: _any(layer.neurons.leak.shift is not None for layer in d.layers),
    "hard reset": lambda d: _any(layer.neurons.reset == "hard" for layer in d.layers),
    "soft reset": lambda d: _any(layer.neurons.reset == "soft" for layer in d.layers),
    "reset amount apart from threshold": lambda d: _any(
        (layer.neurons.reset_amounts != layer.neurons.threshold).any() for layer in d.layers
    ),
    "reset amount above threshold": lambda d: _any(
        (layer.neurons.reset_amounts > layer.neurons.threshold).any() for layer in d.layers
    ),
    "negative reset amount": lambda d: _any(
        layer.neurons.reset_amount is not None and (layer.neurons.reset_amount < 0).any()
        for layer in d.layers
    ),
    "leak per channel": lambda d: _any(core.leak_numerators is not None for core in d.cores),
    "current leak per channel": lambda d: _any(core.current_numerators is not None for core in d.cores),
    "lower clamp": lambda d: _any(core.lower_clamp is not None for core in d.cores),
    "fraction bits": lambda d: _any(layer.neurons.fraction_bits for layer in d.layers),
    "readout with pixels": lambda d: d.draft.network.shape_of(d.draft.network.readout.layer)[1:] != (1, 1),
    "negative reset value": lambda d: _any(
        layer.neurons.reset_value < 0 and layer.neurons.reset == "hard" for layer in d.layers
    ),
    "negative initial": lambda d: _any((layer.neurons.initial < 0).any() for layer in d.layers),
    "graded payloads": lambda d: d.draft.payloads.max() > 1,
    "partial sums": lambda d: len(d.cores) > len(d.owners),
    "rows over cores": lambda d: _any(core.tile.rows < core.tile.layer_shape[1] for core in d.owners),
    "channels over cores": lambda d: _any(core.tile.channels < core.tile.layer_shape[0] for core in d.owners),
    "several tiles on a core": lambda d: _any(core.at.context for core in d.cores),
    "padding lanes": lambda d: _any(core.tile.channels % d.draft.hardware.lanes for core in d.owners),
}


def _equals(of: Callable[[Drawn], object], value: object, drawn: Drawn) -> bool:
    return of(drawn) == value


def _between(of: Callable[[Drawn], int], low: int, high: int, drawn: Drawn) -> bool:
    return low <= of(drawn) < high


def _refused_by(rule: Rule, drawn: Drawn) -> bool:
    draft = drawn.draft
    return drawn.compilation is None and _any(
        rule(draft.network, layer, draft.hardware) for layer in drawn.layers
    )


def _choices(name: str, values: Iterable[object], of: Callable[[Drawn], object]) -> dict[str, Row]:
    return {f"{name} {value}": partial(_equals, of, value) for value in values}


def _ranges(name: str, limits: list[int], of: Callable[[Drawn], int]) -> dict[str, Row]:
    return {f"{name} {low}..{high - 1}": partial(_between, of, low, high) for low, high in pairwise(limits)}


def _packed_so(rule: Packed, drawn: Drawn) -> bool:
    return _any(rule(program) for program in drawn.programs)


def _silent_neighbour(drawn: Drawn) -> bool:
    """A layer that never fires shares a core with one that does."""
    if drawn.expected is None:
        return False
    fires = {name: bool(trace.spikes.any()) for name, trace in drawn.expected.layers.items()}
    cores = [{fires[core.layer] for core in tiles} for p in drawn.programs for tiles in shared_cores(p)]
    return any(len(kinds) > 1 for kinds in cores)


def most_on_a_core(cores: Iterable[Core]) -> int:
    """Tiles of the core that has most."""
    return max((core.at.context + 1 for core in cores), default=0)


POWERS = (2, 4, 8, 16, 32, 64, 128, 256)

ROWS: dict[str, dict[str, Row]] = {
    "feature": FEATURES,
    "encoding": _choices(
        "", ("direct", "held", "rate", "latency", "events"), lambda d: d.draft.network.input.encoding
    ),
    "readout": _choices(
        "", ("membrane", "spike_count", "first_spike"), lambda d: d.draft.network.readout.kind
    )
    | {"window from a later step": lambda d: d.draft.network.readout.first_step > 0},
    "hardware": _choices("lanes", POWERS[:6], lambda d: d.draft.hardware.lanes)
    | _choices("bitmaps", (1, *POWERS[:4]), lambda d: d.draft.hardware.delay_slots)
    | _choices("event fifo", POWERS, lambda d: d.draft.hardware.event_fifo)
    | _choices("router fifo", POWERS, lambda d: d.draft.hardware.router_fifo)
    | _choices("contexts", (1, 2, 4, 16), lambda d: d.draft.hardware.contexts)
    | _ranges("state bits", [8, 9, 13, 17, 21, 24, 25], lambda d: d.draft.hardware.state_bits)
    | _ranges("routers", [1, 2, 5, 10, 17], lambda d: d.draft.hardware.core_count),
    "size": _ranges("steps", [1, 2, 6, 33, 65, 201], lambda d: d.draft.network.steps)
    | _ranges("layers", [1, 2, 4, 8], lambda d: len(d.layers))
    | _ranges("tiles", [1, 2, 5, 9, 17], lambda d: len(d.cores))
    | _ranges("tiles of a core", [1, 2, 3, 5, 17], lambda d: most_on_a_core(d.cores))
    | _ranges(
        "columns", [1, 2, 16, 65, 129, 257], lambda d: max((c.tile.columns for c in d.owners), default=0)
    )
    | _ranges("rows", [1, 2, 16, 65, 129, 257], lambda d: max(x.shape[1] for x in d.layers))
    | _ranges("channels", [1, 2, 17, 65, 257, 301], lambda d: max(x.shape[0] for x in d.layers))
    | _ranges("inputs", [1, 2, 65, 257, 2049], lambda d: d.draft.network.input.features),
    "table": _choices("segments", (1, 2, 3, 4), lambda d: max((len(c.segments) for c in d.cores), default=0))
    | _choices("kept delay", range(16), lambda d: max((c.delay_slots - 1 for c in d.cores), default=0))
    | _choices("banks", (1, 2, 3, 4), lambda d: max((len(c.banks) for c in d.cores), default=0))
    | {
        "spaced bank": lambda d: _any(bank.spaced for core in d.cores for bank in core.banks),
        "negative state step": lambda d: _any(
            bank.row_state_step < 0 or bank.column_state_step < 0 for core in d.cores for bank in core.banks
        ),
        "bank with a first channel": lambda d: _any(b.first_channel for core in d.cores for b in core.banks),
        "slice that starts inside a tile": lambda d: _any(
            0 < entry.first_word < entry.last_word for core in d.owners for entry in core.destinations
        ),
        "slice that ends inside a tile": lambda d: _any(
            entry.last_word < core.tile.words(d.draft.hardware.lanes)
            for core in d.owners
            for entry in core.destinations
        ),
        "END without spikes": lambda d: _any(
            entry.first_word == entry.last_word for core in d.cores for entry in core.destinations
        ),
        "delay equal to the bitmaps": lambda d: (
            _any(e.delay == d.draft.hardware.delay_slots for _, e in d.edges) and bool(d.cores)
        ),
        "state memory full": lambda d: _any(
            core.tile.words(d.draft.hardware.lanes) == d.draft.hardware.state_words for core in d.cores
        ),
        "weight memory full": lambda d: (
            bool(d.cores)
            and max(len(core.weights) for core in d.cores)
            == d.draft.hardware.weight_words(d.compilation.tiled.weight_bits)
        ),
        "state word full": lambda d: _any(
            bits_needed(*core.accumulator) == d.draft.hardware.state_bits for core in d.cores
        ),
        "mesh full": lambda d: len({(c.at.x, c.at.y) for c in d.cores}) == d.draft.hardware.core_count,
    },
    "packing": {label: partial(_packed_so, rule) for label, rule in PACKINGS.items()}
    | {"silent layer beside one that fires": _silent_neighbour},
    "outcome": {
        "silent network": lambda d: (
            d.expected is not None and not _any(trace.spikes.any() for trace in d.expected.layers.values())
        ),
        "every layer fires": lambda d: (
            d.expected is not None
            and all(
                t.spikes.any()
                for n, t in d.expected.layers.items()
                if d.draft.network.layer(n).neurons.reset != "none"
            )
        ),
        "membrane at the clamp": lambda d: (
            d.expected is not None
            and _any(
                t.membrane.max() == (1 << (d.draft.network.layer(n).neurons.state_bits - 1)) - 1
                for n, t in d.expected.layers.items()
            )
        ),
    },
    "refused": {rule.__name__: partial(_refused_by, rule) for rule in RULES},
}
