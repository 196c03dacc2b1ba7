"""Networks of many kinds that are larger than small hardware, with random weights of four bits."""

import numpy as np
from builders import neurons

from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Readout, ReadoutKind, Shape

BITS = 4
CIFAR: Shape = (3, 32, 32)


def resnet(depth: int, channels: int = 16, classes: int = 10) -> Network:
    """The residual network of 6 n + 2 layers on 32 x 32 pixels (He et al. 2015), identities in its skips."""
    layers = [convolution("conv1", "input", CIFAR, channels)]
    for stage in range(3):
        for block in range((depth - 2) // 6):
            _add_block(layers, f"stage{stage}_{block}", channels << stage, 2 if stage and not block else 1)
    layers.append(linear("readout", layers[-1], classes, pool=(8, 8)))
    return network(f"resnet{depth}", CIFAR, layers)


def _add_block(layers: list[Layer], name: str, channels: int, stride: int) -> None:
    before = layers[-1]
    first = convolution(f"{name}_conv1", before.name, before.shape, channels, stride=stride)
    second = convolution(f"{name}_conv2", first.name, first.shape, channels)
    skip = convolution("", before.name, before.shape, channels, kernel=1, stride=stride).edges
    layers += [first, Layer(second.name, second.shape, second.neurons, second.edges + skip)]


def separable(blocks: int, channels: int = 64) -> Network:
    """Depthwise and pointwise convolutions in turn, as in MobileNet (Howard et al. 2017)."""
    layers = [convolution("stem", "input", CIFAR, channels)]
    for block in range(blocks):
        wide = convolution(f"depth{block}", layers[-1].name, layers[-1].shape, channels, groups=channels)
        layers += [wide, convolution(f"point{block}", wide.name, wide.shape, channels, kernel=1)]
    layers.append(linear("readout", layers[-1], 10, pool=(32, 32)))
    return network("separable", CIFAR, layers)


def connected(*sizes: int, features: int = 784) -> Network:
    """Fully connected layers of these sizes."""
    shape = features, 1, 1
    layers = [Layer("l0", (sizes[0], 1, 1), neurons(sizes[0]), (_dense("input", shape, sizes[0]),))]
    for number, size in enumerate(sizes[1:], 1):
        layers.append(linear(f"l{number}", layers[-1], size))
    return network("connected", shape, layers)


def recurrent(size: int, depth: int) -> Network:
    """Layers that hear themselves, each a delay of its own."""
    layers: list[Layer] = []
    for number in range(depth):
        source, shape = ("input", (64, 1, 1)) if not layers else (layers[-1].name, layers[-1].shape)
        own = _dense(f"l{number}", (size, 1, 1), size)
        edges = (_dense(source, shape, size), Edge(own.source, own.synapses, delay=1 + number % 3))
        layers.append(Layer(f"l{number}", (size, 1, 1), neurons(size), edges))
    layers.append(linear("readout", layers[-1], 10))
    return network("recurrent", (64, 1, 1), layers)


def dense_output(channels: int, side: int = 64) -> Network:
    """Convolutions that keep an image's size, read pixel by pixel."""
    shape = 1, side, side
    layers = [convolution("a", "input", shape, channels)]
    layers.append(convolution("b", "a", layers[0].shape, channels, groups=2))
    layers.append(convolution("c", "b", layers[1].shape, 2, kernel=1))
    return network("dense", shape, layers)


def convolution(
    name: str, source: str, shape: Shape, channels: int, *, kernel: int = 3, stride: int = 1, groups: int = 1
) -> Layer:
    """A layer behind a convolution that keeps height and width but for its stride."""
    weights = _random(channels, shape[0] // groups, kernel, kernel)
    synapses = Conv2d(weights, BITS, (stride, stride), (kernel // 2, kernel // 2), groups)
    sides = [(side - 1) // stride + 1 for side in shape[1:]]
    return Layer(name, (channels, sides[0], sides[1]), neurons(channels), (Edge(source, synapses),))


def linear(name: str, source: Layer, size: int, pool: tuple[int, int] = (1, 1)) -> Layer:
    """A fully connected layer."""
    edge = _dense(
        source.name, (source.shape[0], source.shape[1] // pool[0], source.shape[2] // pool[1]), size
    )
    return Layer(name, (size, 1, 1), neurons(size), (Edge(edge.source, edge.synapses, pool=pool),))


def network(name: str, shape: Shape, layers: list[Layer], kind: ReadoutKind = "spike_count") -> Network:
    """The layers, read by the spikes of the last one."""
    return Network(
        name, 4, Input("input", shape, "direct", 15), tuple(layers), Readout(layers[-1].name, kind)
    )


def _dense(source: str, shape: Shape, size: int) -> Edge:
    return Edge(source, Linear(_random(size, shape[0] * shape[1] * shape[2]), BITS))


def _random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-7, 8, shape).astype(np.int8)
