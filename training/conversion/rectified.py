"""A float graph of rectifiers alone, from whatever reader, as the float layers that a conversion takes."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.base.errors import UnsupportedModel, UsageError
from snnc.compiler.frontends.float_graph import FloatEdge, FloatGraph, FloatNeurons, Population, Rectifier
from snnc.compiler.frontends.names import identifiers
from snnc.compiler.frontends.synapses import Dense
from snnc.training.conversion.convert import balanced, spiking
from snnc.training.conversion.float_graph import FoldedEdge, FoldedLayer, FoldedNetwork
from snnc.training.conversion.options import ConversionOptions
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import INPUT, EdgeConfig


@dataclass(frozen=True)
class Rectified:
    """The layers, the largest value of each where it has one, and what is approximate."""

    network: FoldedNetwork
    limits: dict[str, float]
    remarks: dict[str, list[str]]


def rectified(graph: FloatGraph) -> Rectified:
    """`graph` as float layers; raises UnsupportedModel where it is not rectifiers and a linear answer."""
    names = {INPUT: INPUT} | identifiers(one.name for one in graph.populations)
    layers, limits, remarks = [], {}, {}
    for one in graph.populations:
        last = one.name == graph.readout.population
        linear = isinstance(one.neurons, FloatNeurons) and one.neurons.reset == "none"
        if isinstance(one.neurons, Rectifier) == last or not (linear or not last):
            raise UnsupportedModel(
                "a network without spikes has ReLUs everywhere but in its answer",
                where=one.name,
                hint="a network of ReLUs alone is converted; one of both is not",
            )
        if isinstance(one.neurons, Rectifier) and one.neurons.limit is not None:
            limits[names[one.name]] = one.neurons.limit
        layer, remark = _layer(one, names)
        layers.append(layer)
        if remark is not None:
            remarks[one.name] = [remark]
    try:
        return Rectified(FoldedNetwork(graph.shape, tuple(layers)), limits, remarks)
    except ValueError as error:
        raise UnsupportedModel(str(error)) from None


def convert_rectified(
    found: Rectified, images: NDArray[np.uint8], steps: int, options: ConversionOptions, max_payload: int
) -> SpikingClassifier:
    """Spiking without training, on images uint8 (samples, channels, height, width) of 0..max_payload.

    Thresholds are balanced (Bu et al. 2024, arXiv 2409.03368) and no higher than a unit's own limit.
    """
    if len(images) == 0 or int(images.max()) > max_payload:
        raise UsageError(f"a conversion needs images of 0..{max_payload} to calibrate with")
    calibrated = balanced(found.network, images, options, max_payload)
    thresholds = {
        name: value.clamp(max=found.limits.get(name, float("inf")))
        for name, value in calibrated.thresholds.items()
    }
    return spiking(replace(calibrated, thresholds=thresholds), steps, options)


def _layer(one: Population, names: dict[str, str]) -> tuple[FoldedLayer, str | None]:
    edges = tuple(_edge(edge, names) for edge in one.edges)
    bias = np.broadcast_to(one.bias, one.shape if one.bias.ndim else (one.shape[0], 1, 1))
    middle = np.median(bias, (1, 2), keepdims=True)
    off = float(np.abs(bias - middle).max())
    remark = f"bias differs within channels, by up to {off:.3g} from the median taken" if off else None
    return FoldedLayer(names[one.name], one.shape, edges, _tensor(middle.reshape(-1))), remark


def _edge(edge: FloatEdge, names: dict[str, str]) -> FoldedEdge:
    if edge.delay or edge.pooling == "max":
        raise UnsupportedModel("a network without spikes has no delays, and no largest values on edges")
    try:
        if isinstance(edge.synapses, Dense):
            config = EdgeConfig(names[edge.source], pool=edge.pool)
        else:
            plain = edge.synapses
            config = EdgeConfig(
                names[edge.source], "conv", plain.kernel, plain.stride, plain.padding, plain.groups, edge.pool
            )
    except ValueError as error:
        raise UnsupportedModel(str(error)) from None
    return FoldedEdge(config, _tensor(edge.synapses.weights))


def _tensor(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))
