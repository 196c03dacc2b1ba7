"""An output-stationary array of multipliers for a network without spikes: what every layer costs on it."""

import math

from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network, count
from snnc.compiler.ir.program import TiledProgram
from snnc.sim.accounting.coefficients import Corner
from snnc.sim.accounting.energy import PICO
from snnc.sim.accounting.energy_table import EnergyTable
from snnc.sim.accounting.static_power import memory_kibit
from snnc.sim.accounting.zeros import Work, Zeros

MOST_ACTIVATION_BITS = 8


def has_steps(network: Network) -> bool:
    """Whether the task itself goes on in time: events come in, or the network remembers what came before."""
    if network.input.encoding == "events":
        return True
    edges = ((layer, edge) for layer in network.layers for edge in layer.edges)
    return any(edge.delay > 0 or network.is_recurrent(layer, edge) for layer, edge in edges)


def edge_macs(layer: Layer, edge: Edge) -> int:
    """Multiplications of a layer without spikes; of a convolution those with padding are counted too."""
    pixels = layer.shape[1] * layer.shape[2] if isinstance(edge.synapses, Conv2d) else 1
    return pixels * int(edge.synapses.weights.size)


class OutputStationary:
    """An array of `lanes` multipliers at one end of the table's intervals."""

    def __init__(
        self,
        table: EnergyTable,
        program: TiledProgram,
        network: Network,
        corner: Corner,
        sized: bool,
        zeros: Zeros,
    ) -> None:
        self.table, self.program, self.network = table, program, network
        self.corner, self.sized, self.zeros = corner, sized, zeros
        self.lanes, self.state_bits = program.target.lanes, program.target.state_bits
        self.bits = min(int(program.steps).bit_length(), MOST_ACTIVATION_BITS)
        self.passes = program.steps if has_steps(network) else 1

    def ideal(self, layer: Layer) -> dict[str, float]:
        """Joules of a layer by action, when nothing is read twice."""
        positions = layer.shape[1] * layer.shape[2]
        words = sum(
            self._weight_words(layer, edge) * self._work(layer, edge, positions).words for edge in layer.edges
        )
        activations = sum(
            self._activation_read(edge) * count(self.network.shape_of(edge.source)) * self.zeros.density(edge)
            for edge in layer.edges
        )
        return self._joules(
            {"weight_reads": words * self._weight_read(layer), "activation_reads": activations}
            | self._arithmetic(layer)
        )

    def dataflow(self, layer: Layer) -> dict[str, float]:
        """Joules of a layer by action, with the cheapest number of positions."""
        return self._joules(self._stationary(layer, self.best_positions(layer)))

    def best_positions(self, layer: Layer) -> int:
        """The power of two of positions with the least energy."""
        positions = layer.shape[1] * layer.shape[2]
        candidates = [1 << shift for shift in range((positions - 1).bit_length() + 1)]
        return min(candidates, key=lambda number: sum_of(self._stationary(layer, number)))

    def _stationary(self, layer: Layer, shared: int) -> dict[str, float]:
        channels, height, width = layer.shape
        positions, groups = height * width, math.ceil(channels / self.lanes)
        rounds = groups * math.ceil(positions / shared)
        words = activations = steps = sums = 0.0
        for edge in layer.edges:
            taps, left = edge.synapses.weights.size // channels, self._work(layer, edge, shared)
            cycles = groups * positions * taps
            words += rounds * taps * left.words
            activations += cycles * self._sources_per_step(layer, edge) * self._activation_read(edge)
            steps, sums = steps + cycles, sums + cycles * left.sums
        word = self.lanes * self.state_bits
        parameters = self.program.target.parameter_words if not self.sized else groups
        return {
            "weight_reads": words * self._weight_read(layer),
            "activation_reads": activations,
            "accumulators": sums * (self._read(shared, word, 2) + self._write(shared, word)),
            "parameter_reads": rounds * self._read(2 * parameters, word),
            "requantisation": layer.count * self._multiply(self.state_bits, MOST_ACTIVATION_BITS),
            **self._arithmetic(layer),
            "static": steps * self._static_per_cycle(layer),
        }

    def _work(self, layer: Layer, edge: Edge, shared: int) -> Work:
        return self.zeros.work(edge, self.lanes, self._sources_per_step(layer, edge), shared)

    def _arithmetic(self, layer: Layer) -> dict[str, float]:
        """What either way does: products, sums, and one activation written per neuron."""
        multiplies = adds = 0.0
        for edge in layer.edges:
            products = edge_macs(layer, edge) * self._work(layer, edge, 1).products
            multiplies += products * self._multiply(edge.synapses.weight_bits, self._width(edge))
            adds += products * (self.table.logic.add(self.state_bits, self.corner) if self.table.logic else 0)
        words = math.ceil(layer.count / self.lanes)
        size = layer.count if self.sized else self.program.target.neurons
        written = words * self._write(math.ceil(size / self.lanes), self.lanes * self.bits)
        return {"multiplies": multiplies, "adds": adds, "activation_writes": written}

    def _static_per_cycle(self, layer: Layer) -> float:
        """Picojoules per cycle of the array's registers and of its memories' leakage."""
        target = self.program.target
        weight_bits = self.program.weight_bits
        energy = 0.0
        if self.table.power is not None:
            bits = self.lanes * (self.state_bits + weight_bits + self.bits)
            energy += bits * self.table.power.clock_per_register.at(self.corner)
        if self.table.memory is not None:
            weights = sum(edge.synapses.weights.size for edge in layer.edges) * weight_bits
            kibit = weights / 1024 if self.sized else memory_kibit(target, weight_bits)
            energy += self.table.memory.leakage(kibit, self.corner) / target.clock_mhz
        return energy

    def _sources_per_step(self, layer: Layer, edge: Edge) -> int:
        """Activations that the lanes need at once: one, or one per group of channels."""
        if not isinstance(edge.synapses, Conv2d):
            return 1
        return math.ceil(min(self.lanes, layer.shape[0]) * edge.synapses.groups / layer.shape[0])

    def _weight_words(self, layer: Layer, edge: Edge) -> int:
        channels = layer.shape[0]
        return math.ceil(channels / self.lanes) * (edge.synapses.weights.size // channels)

    def _weight_read(self, layer: Layer) -> float:
        bits = self.program.weight_bits
        words = sum(self._weight_words(layer, edge) for edge in layer.edges)
        return self._read(words if self.sized else self.program.target.weight_words(bits), self.lanes * bits)

    def _activation_read(self, edge: Edge) -> float:
        size = count(self.network.shape_of(edge.source)) if self.sized else self.program.target.neurons
        return self._read(size, self._width(edge))

    def _width(self, edge: Edge) -> int:
        """Bits of an activation: of a graded input those it has."""
        node = self.network.input
        graded = edge.source == node.name and node.encoding in ("direct", "held", "events")
        return max(self.bits, node.max_payload.bit_length()) if graded else self.bits

    def _multiply(self, bits: int, other: int) -> float:
        return self.table.logic.multiply(bits, other, self.corner) if self.table.logic else 0.0

    def _read(self, words: int, bits: int, ports: int = 1) -> float:
        memory = self.table.memory
        return 0.0 if memory is None else memory.read(words, bits, ports=ports, corner=self.corner)

    def _write(self, words: int, bits: int) -> float:
        memory = self.table.memory
        return 0.0 if memory is None else memory.write(words, bits, ports=2, corner=self.corner)

    def _joules(self, picojoules: dict[str, float]) -> dict[str, float]:
        return {name: value * self.passes * PICO for name, value in picojoules.items()}


def sum_of(parts: dict[str, float]) -> float:
    """All parts together."""
    return sum(parts.values())
