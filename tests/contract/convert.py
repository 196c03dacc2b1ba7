"""From the compiler's `Network` to the plain description that the independent interpreter reads."""

from contract import description as plain

from snnc.compiler.ir import network as ir
from snnc.compiler.isa.arithmetic import IntArray


def describe(network: ir.Network) -> plain.Network:
    """The same network in plain integers; changes nothing and checks nothing."""
    readout = network.readout
    return plain.Network(
        network.steps,
        describe_input(network.input),
        [
            plain.Layer(layer.name, layer.shape, _neurons(layer.neurons), [_edge(e) for e in layer.edges])
            for layer in network.layers
        ],
        plain.Readout(readout.layer, readout.kind, readout.first_step),
    )


def describe_input(source: ir.Input) -> plain.Input:
    """The same input."""
    return plain.Input(source.name, source.shape, source.encoding, source.max_payload)


def _neurons(neurons: ir.Neurons) -> plain.Neurons:
    current = neurons.current_leak
    return plain.Neurons(
        neurons.threshold.tolist(),
        neurons.bias.tolist(),
        neurons.initial.tolist(),
        neurons.reset,
        neurons.reset_value,
        plain.Decay(neurons.leak.numerator, neurons.leak.fraction_bits),
        None if current is None else plain.Decay(current.numerator, current.fraction_bits),
        neurons.state_bits,
        _listed(neurons.reset_amount),
        _listed(neurons.leak_numerators),
        _listed(neurons.current_numerators),
        neurons.lower_clamp,
        neurons.fraction_bits,
    )


def _listed(values: IntArray | None) -> list[int] | None:
    return None if values is None else values.tolist()


def _edge(edge: ir.Edge) -> plain.Edge:
    synapses = edge.synapses
    weights = synapses.weights.tolist()
    if isinstance(synapses, ir.Linear):
        return plain.Edge(edge.source, plain.Linear(weights, synapses.weight_bits), edge.delay, edge.pool)
    conv = plain.Conv2d(weights, synapses.weight_bits, synapses.stride, synapses.padding, synapses.groups)
    return plain.Edge(edge.source, conv, edge.delay, edge.pool)
