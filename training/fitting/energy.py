"""What spikes cost on a target, predicted from the layers alone, so that training can price them."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.network import Shape, count, pooled
from snnc.compiler.isa.arithmetic import NO_LEAK
from snnc.compiler.targets import Target, load_target
from snnc.sim.accounting.action_costs import action_costs
from snnc.sim.accounting.energy import PICO
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.training.model.config import INPUT, EdgeConfig, LayerConfig, ModelConfig

HOPS = 2
"""Routers that a flit is taken to pass; placement decides this later."""


@dataclass(frozen=True)
class EnergyPrices:
    """Joules of a network on a target, from the simulator's table, but without tiles and placement.

    Left out are events that several tiles of one layer hear, and static power, which needs a time.
    """

    spike: tuple[float, ...]
    """Of one spike of each hidden layer: its flits, and every synapse it reaches."""
    input_event: float
    """Of one payload that is not 0, whatever its value."""
    input_pass: float
    """Of each pass of a payload, and each step it enters: the synapses it reaches."""
    multiplies: bool
    """Whether a payload takes one pass; else one per set bit."""
    fixed: float
    """Of one inference without any event: sweeps, initial values, readout."""
    neurons: tuple[int, ...]
    """Of each hidden layer."""
    steps: int
    input_steps: int
    """In how many of them an input that stays the same enters: in one where the compiler holds it."""

    @property
    def per_rate(self) -> tuple[float, ...]:
        """Joules per inference and unit of firing rate of each hidden layer."""
        return tuple(
            price * number * self.steps for price, number in zip(self.spike, self.neurons, strict=True)
        )

    def unavoidable(self, payloads: NDArray[np.uint8]) -> float:
        """Mean joules per sample of `payloads` (samples, steps or 1, features), if no neuron ever fires."""
        entering = payloads[:, : self.input_steps]
        repeated = self.input_steps // entering.shape[1] / len(payloads)
        events = np.count_nonzero(entering) * repeated
        bits = int(np.bitwise_count(entering).sum(dtype=np.int64)) * repeated
        passes = events if self.multiplies else bits
        return self.fixed + float(events * self.input_event + passes * self.input_pass)


def energy_prices(config: ModelConfig, target_name: str) -> EnergyPrices:
    """The prices of a model on a target; raises TargetError for an unknown one."""
    target = load_target(target_name)
    compiled = _held(config) if target.cuba and _can_be_held(config) else config
    bits = max(layer.weight_bits for layer in config.layers)
    costs = action_costs(load_energy_table(target.energy_table), target, bits)
    shapes = config.shapes
    receive: dict[str, float] = dict.fromkeys(shapes, 0.0)
    reach: dict[str, float] = dict.fromkeys(shapes, 0.0)
    fixed = 0.0
    for layer in compiled.layers:
        fixed += _layer_cost(compiled, layer, shapes[layer.name], target, costs)
        for edge in layer.edges:
            receive[edge.source] += _event_cost(costs)
            reach[edge.source] += _synapse_cost(layer, edge, shapes[edge.source], target, costs)
    hidden = [layer.name for layer in config.layers[:-1]]
    emitted = costs["table_reads"]
    return EnergyPrices(
        spike=tuple((emitted + receive[name] + reach[name]) * PICO for name in hidden),
        input_event=(receive[INPUT] + costs["host_flits"]) * PICO,
        input_pass=reach[INPUT] * PICO,
        multiplies=target.decay_multiplier,
        fixed=fixed * PICO,
        neurons=tuple(count(shapes[name]) for name in hidden),
        steps=config.steps,
        input_steps=1 if compiled.encoding == "held" else config.steps,
    )


def _can_be_held(config: ModelConfig) -> bool:
    """What the compiler's `hold_input.can_be_held` says of the network."""
    hearers = [layer for layer in config.layers if _hears_input(layer)]
    return (config.encoding, config.steps > 1) == ("direct", True) and all(
        layer.population.current_leak is None and all(edge.source == INPUT for edge in layer.edges)
        for layer in hearers
    )


def _held(config: ModelConfig) -> ModelConfig:
    layers = tuple(
        replace(layer, population=replace(layer.population, current_leak=NO_LEAK))
        if _hears_input(layer)
        else layer
        for layer in config.layers
    )
    return replace(config, encoding="held", layers=layers)


def _hears_input(layer: LayerConfig) -> bool:
    return any(edge.source == INPUT for edge in layer.edges)


def _event_cost(costs: dict[str, float]) -> float:
    """Picojoules until an event meets its first synapse."""
    return 2 * costs["axon_reads"] + costs["event_fifo_writes"] + HOPS * costs["flit_hops"]


def _synapse_cost(
    layer: LayerConfig, edge: EdgeConfig, source: Shape, target: Target, costs: dict[str, float]
) -> float:
    """Picojoules of the synapses that one event of an edge reaches, mean over the source's neurons."""
    reached = layer.channels // edge.groups if edge.kind == "conv" else layer.channels
    words = -(-reached // target.lanes)
    lanes = 1 if reached == 1 and edge.groups > 1 else words * target.lanes
    word = costs["weight_reads"] + costs["state_reads"] + costs["state_writes"]
    return _positions(edge, source) * (words * word + lanes * costs["lane_adds"])


def _positions(edge: EdgeConfig, source: Shape) -> float:
    """Kernel positions that an event meets, mean over the neurons of the source."""
    _, height, width = pooled(source, edge.pool)
    used = height * width * math.prod(edge.pool) / (source[1] * source[2])
    if edge.kind == "linear":
        return used
    sizes = zip((height, width), edge.kernel, edge.stride, edge.padding, strict=True)
    return used * math.prod(_taps(*size) / size[0] for size in sizes)


def _taps(size: int, kernel: int, stride: int, padding: int) -> int:
    """Pairs of a pixel and a kernel position that meet, along one axis."""
    outputs = (size + 2 * padding - kernel) // stride + 1
    starts = np.arange(outputs) * stride - padding
    pixels = starts[:, None] + np.arange(kernel)
    return int(((pixels >= 0) & (pixels < size)).sum())


def _layer_cost(
    config: ModelConfig, layer: LayerConfig, shape: Shape, target: Target, costs: dict[str, float]
) -> float:
    """Picojoules per inference that a layer takes without an event."""
    words, lanes, population = (
        shape[1] * shape[2] * -(-shape[0] // target.lanes),
        target.lanes,
        layer.population,
    )
    cuba = population.current_leak is not None
    own = population.leak_per_channel
    leaks = [population.leak, *([population.current_leak] if population.current_leak is not None else [])]
    adds = 1 + cuba + (population.reset == "soft") + sum(own or leak.numerator > 0 for leak in leaks)
    multiplies = sum(own or leak.numerator > 1 for leak in leaks) if target.decay_multiplier else 0
    write = costs["state_writes"] + cuba * costs["membrane_writes"]
    parameters = costs["threshold_reads"] + costs["bias_reads"]
    parameters += population.reset_apart * costs["reset_amount_reads"]
    parameters += own * len(leaks) * costs["decay_reads"]
    sweep = (
        costs["state_reads"] + cuba * costs["membrane_reads"] + write + parameters + costs["bitmap_writes"]
    )
    sweep += lanes * (adds * costs["lane_adds"] + costs["compares"] + multiplies * costs["multiplies"])
    initial = write + costs["bias_reads"]
    if layer is config.layers[-1] and config.readout == "membrane":
        sent = costs["flit_hops"] * HOPS + costs["host_flits"] + costs["table_reads"]
        emission = words * costs["state_reads"] + layer.channels * sent
    else:
        emission = config.steps * words * costs["bitmap_reads"]
    protocol = 2 * config.steps * len(layer.edges) * (HOPS * costs["flit_hops"] + costs["event_fifo_writes"])
    return config.steps * words * sweep + words * initial + emission + protocol
