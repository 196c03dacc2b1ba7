"""Populations of a float graph as readers make them, one after the other, from values."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import (
    INPUT,
    FloatGraph,
    FloatNeurons,
    FloatReadout,
    Population,
    Reading,
    Rectifier,
)
from snnc.compiler.frontends.synapses import FloatArray, convolution
from snnc.compiler.frontends.values import Part, Value, convolve, population, require_windows
from snnc.compiler.ir.network import Shape, count, pooled


@dataclass
class GraphBuilder:
    """A graph in the making behind an input of `shape`."""

    shape: Shape
    populations: list[Population] = field(default_factory=list)

    @property
    def input(self) -> Value:
        """What enters the network."""
        return population(INPUT, self.shape)

    def fire(
        self, name: str, value: Value, neurons: FloatNeurons | Rectifier, window: tuple[int, int] = (1, 1)
    ) -> Value:
        """Give `value`, of which the largest of each `window` counts, to neurons, and get what they emit.

        Their arrays are one number, (channels, 1, 1) or (channels,), or one per neuron in the shape of the
        value. Values side by side become populations of their own, `name`, `name_1`, ...
        """
        parts: list[Part] = []
        start = 0
        taken = replace(value, parts=tuple(_in_windows(part, window) for part in value.parts))
        for number, part in enumerate(taken.parts):
            size = count(part.shape) if value.flat else part.shape[0]
            own = f"{name}_{number}" if number else name
            some = _for_part(neurons, part, taken, start)
            edges = tuple(term.edge() for term in part.terms)
            self.populations.append(Population(own, part.shape, some, edges, part.bias, window))
            parts += population(own, part.shape).parts
            start += size
        return Value(tuple(parts), value.flat)

    def largest(
        self,
        name: str,
        value: Value,
        window: tuple[int, int],
        stride: tuple[int, int] | None = None,
        padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
    ) -> Value:
        """Max pooling of spikes, which is an OR: exact. Raises UnsupportedModel for anything but spikes.

        Windows as wide as their stride stay with the edge; others become a population that fires where
        at least one spike arrives.
        """
        self.require_spikes(value)
        require_windows(value.shape, window, stride or window, padding)
        if (stride is None or stride == window) and not np.any(padding):
            return replace(value, parts=tuple(_largest(part, window) for part in value.parts))
        channels = value.shape[0]
        ones = np.ones((channels, 1, *window))
        touched = convolve(
            value, convolution(ones, stride=stride or window, padding=padding, groups=channels)
        )
        return self.fire(name, touched, FloatNeurons(np.array(1.0), reset="hard"))

    def readout(
        self, name: str, value: Value, kind: Reading, first_step: int = 0, *, summed: bool = True
    ) -> FloatGraph:
        """The finished graph, whose answer is `value`; raises UnsupportedModel where nothing can give it.

        A value that no neurons took is added up over the steps by a population called `name`; unless
        `summed` it is that of the last step.
        """
        bare = len(value.parts) == 1 and len(value.parts[0].terms) == 1
        term = value.parts[0].terms[0]
        taken = bare and term.synapses is None and term.source != INPUT and not value.parts[0].bias.any()
        if taken and term.pool == (1, 1) and term.delay == 0 and bool((term.gain == 1).all()):
            answer = term.source
        else:
            integrators = FloatNeurons(np.array(0.0), beta=np.array(float(summed)), reset="none")
            answer, kind = _single(self.fire(name, _one_part(value), integrators)), "membrane"
        graph = FloatGraph(self.shape, tuple(self.populations), FloatReadout(answer, kind, first_step))
        graph.verify()
        return graph

    def require_spikes(self, value: Value) -> None:
        """Raise UnsupportedModel for a value that is more than spikes, side by side."""
        kinds = {one.name: one.neurons for one in self.populations}
        for part in value.parts:
            plain = len(part.terms) == 1 and not part.bias.any()
            term = part.terms[0]
            neurons = kinds.get(term.source)
            spikes = isinstance(neurons, FloatNeurons) and neurons.reset != "none"
            untouched = term.synapses is None and bool((term.gain == 1).all()) and term.pool == (1, 1)
            if not (plain and spikes and untouched):
                raise UnsupportedModel(
                    "max pooling is exact on spikes alone, and these values are none",
                    hint="pool after the neurons instead of before them, or train with average pooling",
                )


@contextmanager
def located(node: str) -> Iterator[None]:
    """Let refusals name the node they come from."""
    try:
        yield
    except UnsupportedModel as error:
        raise UnsupportedModel(error.message, where=error.where or node, hint=error.hint) from None


def _in_windows(part: Part, window: tuple[int, int]) -> Part:
    """A part as windows leave it: of their shape, with the terms before them."""
    if window == (1, 1):
        return part
    if part.bias.ndim and part.bias.shape[1:] != (1, 1):
        raise UnsupportedModel("a max pool follows biases that differ between neurons of a channel")
    shape = pooled(part.shape, window)
    if min(shape) < 1:
        raise UnsupportedModel(f"a pool of {window} leaves nothing of {part.shape}")
    return replace(part, shape=shape)


def _single(value: Value) -> str:
    return value.parts[0].terms[0].source


def _one_part(value: Value) -> Value:
    if len(value.parts) != 1:
        raise UnsupportedModel("the answer is joined of several values that no neurons take together")
    return value


def _largest(part: Part, window: tuple[int, int]) -> Part:
    (term,), shape = part.terms, pooled(part.shape, window)
    if min(shape) < 1:
        raise UnsupportedModel(f"a pool of {window} leaves nothing of {part.shape}")
    return Part((replace(term, arriving=shape, pool=window, pooling="max"),), part.bias, shape)


def _for_part(
    neurons: FloatNeurons | Rectifier, part: Part, value: Value, start: int
) -> FloatNeurons | Rectifier:
    """The neurons of one part of a value, their arrays in its shape."""
    if isinstance(neurons, Rectifier):
        return neurons
    arrays = {name: _piece(array, part, value, start) for name, array in neurons.arrays().items()}
    plain = {f.name: getattr(neurons, f.name) for f in fields(neurons) if f.name not in arrays}
    return FloatNeurons(**(plain | arrays))


def _piece(array: FloatArray, part: Part, value: Value, start: int) -> FloatArray:
    array = np.asarray(array, np.float64)
    if array.size == 1:
        return array.reshape(())
    channels, whole = value.shape[0], count(value.shape)
    if array.size == whole and value.flat:
        piece = array.reshape(-1)[start : start + count(part.shape)].reshape(part.shape)
    elif array.size == whole:
        piece = array.reshape(value.shape)[start : start + part.shape[0]]
    elif array.size == channels and array.shape in ((channels,), (channels, 1, 1)):
        piece = array.reshape(-1, 1, 1)[start : start + part.shape[0]]
    else:
        raise UnsupportedModel(f"parameters of shape {array.shape} do not fit neurons of shape {value.shape}")
    if piece.shape[1:] != (1, 1) and bool((piece == piece[:, :1, :1]).all()):
        return piece[:, :1, :1].copy()
    return piece
