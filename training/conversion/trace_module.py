"""A torch module of convolutions, batch norms and ReLUs as a graph of float layers, batch norm folded.

Every intermediate value of the module is a sum of terms, each a linear map of one population of ReLUs (or of
the input), plus a bias per channel. A batch norm scales the terms, an addition joins them, a ReLU makes a new
population of them. The result computes what the module computes in evaluation mode; nothing is approximated.
"""

import math
import operator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from snnc.base.errors import UnsupportedModel
from snnc.compiler.ir.network import Shape, pooled
from snnc.training.conversion.float_graph import FoldedEdge, FoldedLayer, FoldedNetwork
from snnc.training.conversion.tracing import trace
from snnc.training.model.config import INPUT, EdgeConfig


def fold(module: nn.Module, shape: Shape) -> FoldedNetwork:
    """Trace `module`, in evaluation mode, for inputs of `shape` (channels, height, width) and fold it.

    Raises UnsupportedModel naming the operation that has no place in a spiking network of layers, or the
    part of the module that may compute something else than its class says (`tracing`).
    """
    traced = trace(module)
    builder = _Builder(traced, shape)
    for node in traced.graph.nodes:
        try:
            builder.visit(node)
        # Rules of the configuration: kernels, paddings, pools and names.
        except ValueError as error:
            raise _unsupported(node, str(error)) from error
    for layer in builder.layers:
        if not all(bool(part.isfinite().all()) for part in (layer.bias, *(e.weights for e in layer.edges))):
            raise UnsupportedModel("holds NaN or infinite numbers once it is folded", where=layer.name)
    return FoldedNetwork(shape, tuple(builder.layers))


@dataclass(frozen=True)
class _Term:
    """A linear map of one population; without weights, the population itself, pooled and scaled."""

    source: str
    shape: Shape
    """Of what the term gives."""
    pool: tuple[int, int] = (1, 1)
    scale: float = 1.0
    edge: FoldedEdge | None = None

    def finished(self) -> FoldedEdge:
        """The edge of this term: a population enters through a 1 x 1 depthwise convolution."""
        if self.edge is not None:
            return self.edge
        channels = self.shape[0]
        config = EdgeConfig(self.source, "conv", groups=channels, pool=self.pool)
        return FoldedEdge(config, torch.full((channels, 1, 1, 1), self.scale, dtype=torch.float64))


@dataclass(frozen=True)
class _Value:
    """What a node of the graph computes: the sum of its terms and a bias per channel."""

    terms: tuple[_Term, ...]
    bias: Tensor
    shape: Shape
    flat: bool = False
    """Whether the module sees it as (samples, features)."""


class _Builder:
    """Values of the nodes of a traced module, and the layers that its ReLUs and its output make."""

    def __init__(self, module: fx.GraphModule, shape: Shape) -> None:
        self.module = module
        self.shape = shape
        self.values: dict[fx.Node, _Value] = {}
        self.layers: list[FoldedLayer] = []

    def visit(self, node: fx.Node) -> None:
        """Compute the value of `node`; raises UnsupportedModel."""
        if node.op == "placeholder":
            _require(not self.values, node, "the module takes more than one input")
            self.values[node] = _population(INPUT, self.shape)
        elif node.op == "output":
            self._output(node)
        elif node.op == "call_module":
            self._call_module(node)
        elif node.op in ("call_function", "call_method"):
            self._call(node)
        # What is left are get_attr nodes, whose user is refused.

    def _value(self, node: fx.Node, argument: object) -> _Value:
        """Of an argument of `node`, which must be an activation."""
        if not isinstance(argument, fx.Node) or argument not in self.values:
            raise _unsupported(node, "takes something that is no activation")
        return self.values[argument]

    def _call_module(self, node: fx.Node) -> None:
        (argument,) = _bound(node, input=None)
        module, value = self.module.get_submodule(str(node.target)), self._value(node, argument)
        if isinstance(module, nn.Conv2d):
            result = _convolution(node, value, module)
        elif isinstance(module, nn.Linear):
            result = _linear(node, value, module)
        elif isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            result = _batch_norm(node, value, module)
        elif isinstance(module, nn.ReLU):
            result = self._relu(node, value)
        elif isinstance(module, nn.AvgPool2d):
            result = _average_pool(node, value, module)
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            result = _adaptive_pool(node, value, module.output_size)
        elif isinstance(module, nn.Flatten):
            result = _flatten(node, value, module.start_dim, module.end_dim)
        elif isinstance(module, nn.Identity | nn.Dropout | nn.Dropout2d):
            result = value
        else:
            raise _unsupported(node, f"{type(module).__name__} has no place in a spiking network")
        self.values[node] = result

    def _call(self, node: fx.Node) -> None:
        target = node.target
        if target in (operator.add, operator.iadd, torch.add, "add", "add_"):
            left, right, alpha = _bound(node, input=None, other=None, alpha=1)
            _require(alpha == 1, node, f"adds {alpha} times a value, not the value")
            self.values[node] = _addition(node, self._value(node, left), self._value(node, right))
        elif target in (torch.relu, functional.relu, "relu", "relu_"):
            argument, _ = _bound(node, input=None, inplace=False)
            self.values[node] = self._relu(node, self._value(node, argument))
        elif target in (torch.flatten, "flatten"):
            argument, first, last = _bound(node, input=None, start_dim=0, end_dim=-1)
            self.values[node] = _flatten(node, self._value(node, argument), first, last)
        elif target in (functional.adaptive_avg_pool2d,):
            argument, size = _bound(node, input=None, output_size=None)
            self.values[node] = _adaptive_pool(node, self._value(node, argument), size)
        else:
            name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
            raise _unsupported(node, f"{name} has no place in a spiking network")

    def _relu(self, node: fx.Node, value: _Value) -> _Value:
        self.layers.append(_layer(node.name, value))
        return _population(node.name, value.shape, value.flat)

    def _output(self, node: fx.Node) -> None:
        value = self._value(node, node.args[0])
        _require(bool(self.layers), node, "the module has no ReLU")
        self.layers.append(_layer("readout", value))


def _layer(name: str, value: _Value) -> FoldedLayer:
    return FoldedLayer(name, value.shape, tuple(term.finished() for term in value.terms), value.bias)


def _population(name: str, shape: Shape, flat: bool = False) -> _Value:
    return _Value((_Term(name, shape),), torch.zeros(shape[0], dtype=torch.float64), shape, flat)


def _bare(node: fx.Node, value: _Value) -> _Term:
    """The single population that `value` is; a linear map of a linear map is no edge."""
    bare = len(value.terms) == 1 and value.terms[0].edge is None and not bool(value.bias.any())
    _require(bare, node, "must follow the input, a ReLU or an average pooling of one")
    return value.terms[0]


def _convolution(node: fx.Node, value: _Value, module: nn.Conv2d) -> _Value:
    term = _bare(node, value)
    _require(module.dilation == (1, 1), node, f"dilation must be 1, not {module.dilation}")
    plain = module.padding_mode == "zeros" and not isinstance(module.padding, str)
    _require(plain, node, "padding must be numbers, filled with zeros")
    weights = _exact(module.weight) * term.scale
    kernel, stride, padding = (_pair(size) for size in (module.kernel_size, module.stride, module.padding))
    return _mapped(
        EdgeConfig(term.source, "conv", kernel, stride, padding, module.groups, term.pool),
        term,
        weights,
        module.bias,
    )


def _linear(node: fx.Node, value: _Value, module: nn.Linear) -> _Value:
    term = _bare(node, value)
    _require(value.flat or term.shape[1:] == (1, 1), node, "a linear layer needs a flatten before it")
    weights = _exact(module.weight) * term.scale
    return replace(_mapped(EdgeConfig(term.source, pool=term.pool), term, weights, module.bias), flat=True)


def _mapped(config: EdgeConfig, term: _Term, weights: Tensor, bias: Tensor | None) -> _Value:
    """`weights` applied to the population of `term`."""
    channels = len(weights)
    source = term.shape[0], term.shape[1] * term.pool[0], term.shape[2] * term.pool[1]
    shape = config.shape(source, channels)
    offset = torch.zeros(channels, dtype=torch.float64) if bias is None else _exact(bias)
    return _Value((_Term(term.source, shape, edge=FoldedEdge(config, weights)),), offset, shape)


def _batch_norm(node: fx.Node, value: _Value, module: nn.BatchNorm2d | nn.BatchNorm1d) -> _Value:
    mean, variance = module.running_mean, module.running_var
    if mean is None or variance is None:
        raise _unsupported(node, "batch norm keeps no running statistics")
    _require(len(mean) == value.shape[0], node, f"normalises {len(mean)} channels of {value.shape[0]}")
    gain = (_exact(variance) + module.eps).rsqrt()
    if module.weight is not None:
        gain = gain * _exact(module.weight)
    bias = (value.bias - _exact(mean)) * gain
    if module.bias is not None:
        bias = bias + _exact(module.bias)
    edges = [term.finished() for term in value.terms]
    scaled = [FoldedEdge(e.config, e.weights * gain.reshape(-1, *[1] * (e.weights.ndim - 1))) for e in edges]
    terms = tuple(replace(term, edge=edge) for term, edge in zip(value.terms, scaled, strict=True))
    return replace(value, terms=terms, bias=bias)


def _average_pool(node: fx.Node, value: _Value, module: nn.AvgPool2d) -> _Value:
    window, stride = _pair(module.kernel_size), _pair(module.stride)
    plain = _pair(module.padding) == (0, 0) and not module.ceil_mode and module.divisor_override is None
    _require(window == stride and plain, node, "pools must be as wide as their stride, without padding")
    return _pool(node, value, window)


def _adaptive_pool(node: fx.Node, value: _Value, size: Any) -> _Value:
    sizes = zip(_pair(size), value.shape[1:], strict=True)
    height, width = (have if want is None else want for want, have in sizes)
    divides = value.shape[1] % height == 0 and value.shape[2] % width == 0
    _require(divides, node, f"output size {(height, width)} does not divide {value.shape[1:]}")
    return _pool(node, value, (value.shape[1] // height, value.shape[2] // width))


def _pool(node: fx.Node, value: _Value, window: tuple[int, int]) -> _Value:
    term = _bare(node, value)
    shape = pooled(term.shape, window)
    _require(min(shape) >= 1, node, f"window {window} leaves nothing of {term.shape}")
    pool = term.pool[0] * window[0], term.pool[1] * window[1]
    scale = term.scale / math.prod(window)
    return replace(value, terms=(replace(term, shape=shape, pool=pool, scale=scale),), shape=shape)


def _addition(node: fx.Node, left: _Value, right: _Value) -> _Value:
    _require(left.shape == right.shape, node, f"adds shapes {left.shape} and {right.shape}")
    return replace(left, terms=left.terms + right.terms, bias=left.bias + right.bias)


def _flatten(node: fx.Node, value: _Value, first: object, last: object) -> _Value:
    _require((first, last) == (1, -1), node, f"flattens dimensions {first} to {last}, not 1 to -1")
    return replace(value, flat=True)


def _bound(node: fx.Node, **parameters: object) -> list[Any]:
    """The arguments of a call in the order of `parameters`, whose values are the defaults."""
    unknown = sorted(set(node.kwargs) - set(parameters))
    _require(not unknown, node, f"takes {', '.join(unknown)}, which means nothing here")
    _require(len(node.args) <= len(parameters), node, "takes too many arguments")
    given = dict(zip(parameters, node.args, strict=False)) | node.kwargs
    return [given.get(name, default) for name, default in parameters.items()]


def _exact(values: Tensor) -> Tensor:
    return values.detach().cpu().double()


def _pair(size: Any) -> tuple[Any, Any]:
    return (size[0], size[1]) if isinstance(size, tuple | list) else (size, size)


def _require(condition: bool, node: fx.Node, message: str) -> None:
    if not condition:
        raise _unsupported(node, message)


def _unsupported(node: fx.Node, message: str) -> UnsupportedModel:
    where = f"{node.name} ({node.target})" if node.op == "call_module" else node.name
    return UnsupportedModel(
        message,
        where=where,
        hint="convolutions, linear layers, batch norm, ReLU, average pooling, flatten and additions convert",
    )
