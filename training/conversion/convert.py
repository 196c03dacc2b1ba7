"""A trained torch module as a spiking network without training: balanced thresholds on integer weights."""

import copy
import itertools
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.base.errors import UsageError
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.training.conversion.balance import balance
from snnc.training.conversion.calibration import (
    CalibrationSamples,
    best_shift,
    observe,
    scaled,
    usual_shifts,
)
from snnc.training.conversion.compensation import compensated, second_moments
from snnc.training.conversion.float_graph import FoldedEdge, FoldedLayer, FoldedNetwork
from snnc.training.conversion.options import ConversionOptions
from snnc.training.conversion.rounding import clipped, mean_loss
from snnc.training.conversion.selfcheck import check_folded
from snnc.training.conversion.spike_means import activation_means, match_means
from snnc.training.conversion.trace_module import fold
from snnc.training.fitting.remarks import Warn, about_inputs, about_layers, warn
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import INPUT, LayerConfig, ModelConfig, Population
from snnc.training.model.layers import SpikingLayer

CHECKED_IMAGES = 32
"""Calibration images on which the folded layers are compared with the module."""
MATCHED_IMAGES = 128
"""On which mean rates are compared with mean activations."""
REMEDY = "calibrate with images like those it was trained on, give mean and deviation, or take more steps"
"""What may wake a layer."""
SWITCHED_OFF = 0.1
"""A channel may count as switched off whose largest weight is below this part of the layer's largest, both in
units of the thresholds they lead to."""

Moments = dict[str, Tensor]
"""What `compensation.second_moments` gives."""


@dataclass(frozen=True)
class Calibrated:
    """A float network on inputs payload / max_payload, and the threshold of every channel that spikes."""

    network: FoldedNetwork
    thresholds: dict[str, Tensor]
    max_payload: int
    samples: CalibrationSamples | None = None
    """They decide about clipping, biases and the readout; without them all are left alone."""
    fewer: "tuple[Calibrated, ...]" = ()
    """The same with thresholds after fewer iterations, of which the samples may take one."""


def convert(
    module: nn.Module,
    images: NDArray[np.uint8],
    steps: int,
    options: ConversionOptions | None = None,
    *,
    mean: Sequence[float] = (),
    deviation: Sequence[float] = (),
    max_payload: int = 255,
    progress: Callable[[int], None] = lambda done: None,
    warn: Warn = warn,
) -> SpikingClassifier:
    """`module`, trained, as a spiking classifier that runs for `steps` and takes pixels 0..max_payload.

    `module`, in evaluation mode, is made of convolutions, linear layers, batch norm, ReLU, average pooling,
    flatten and additions, compared with what is derived from it on the first images (`selfcheck`), and was
    trained on (pixels / max_payload - mean) / deviation, per channel. `images` are for calibration,
    uint8 (samples, channels, height, width), unlabelled. Neurons integrate and fire with a soft reset from
    v(0) = theta / 2; their thresholds are balanced per channel (`balance`), folded into the weights, and the
    weights quantised after that, per channel. `progress` is told how many iterations are done, `warn` of
    images that fill little of the range and of layers that never or always fire on the first ones.

    Where an input is padded with zeros, the module sees the mean colour, the spiking network black: the
    offset of the mean sits in the bias, which knows no border. Besides that, networks differ by clipping,
    rounding and time only, for which biases make up on average. Raises UnsupportedModel, UsageError.
    """
    options = options or ConversionOptions()
    calibrated = calibrate(
        module, images, options, mean=mean, deviation=deviation, max_payload=max_payload, progress=progress
    )
    model = spiking(calibrated, steps, options)
    found = about_inputs(int(images.max()), max_payload, "the images")
    found += about_layers(model.layer_names, _rates(model, images[:CHECKED_IMAGES]), REMEDY)
    for line in found:
        warn(line)
    return model


def calibrate(
    module: nn.Module,
    images: NDArray[np.uint8],
    options: ConversionOptions,
    *,
    mean: Sequence[float] = (),
    deviation: Sequence[float] = (),
    max_payload: int = 255,
    progress: Callable[[int], None] = lambda done: None,
) -> Calibrated:
    """The first half of `convert`, which is the same for any number of steps and any width of weights."""
    if images.dtype != np.uint8 or images.ndim != 4 or len(images) == 0:
        raise UsageError(f"images must be uint8 (N, C, H, W), not {images.dtype} of shape {images.shape}")
    if not int(images.max()) <= max_payload <= 255:
        raise UsageError(f"pixels reach {int(images.max())}, max_payload is {max_payload} and at most 255")
    channels, height, width = images.shape[1:]
    offset, gain = _normalisation(channels, mean, deviation)
    network = fold(module, (channels, height, width))
    pixels = torch.from_numpy(images[:CHECKED_IMAGES]).double() / max_payload
    check_folded(module, network, (pixels - offset.reshape(-1, 1, 1)) * gain.reshape(-1, 1, 1))
    network = replace(network, layers=tuple(_on_pixels(layer, offset, gain) for layer in network.layers))
    return balanced(network, images, options, max_payload, progress)


def _rates(model: SpikingClassifier, images: NDArray[np.uint8]) -> list[float]:
    """Firing rate of every hidden layer on `images`."""
    x, size = images.reshape(len(images), -1), model.trace_batch
    tallies = [model.tally(x[start : start + size]).fired for start in range(0, len(x), size)]
    sites = [math.prod(layer.shape) * model.config.steps * len(x) for layer in model.stack[:-1]]
    return [int(spikes) / number for spikes, number in zip(np.sum(tallies, 0), sites, strict=True)]


def balanced(
    network: FoldedNetwork,
    images: NDArray[np.uint8],
    options: ConversionOptions,
    max_payload: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Calibrated:
    """`network`, which takes inputs payload / max_payload, with thresholds balanced on `images`."""
    found = balance(
        network,
        torch.from_numpy(images) / max_payload,
        iterations=options.tried,
        batch=options.batch,
        seed=options.seed,
        progress=progress,
    )
    *fewer, most = (
        Calibrated(network, thresholds, max_payload, observe(network, thresholds, images, max_payload))
        for thresholds in found
    )
    return replace(most, fewer=tuple(fewer))


def spiking(calibrated: Calibrated, steps: int, options: ConversionOptions) -> SpikingClassifier:
    """The integrate-and-fire network whose rates over `steps` approach the clipped activations.

    Weights are divided by the threshold they lead to and multiplied by the one they come from, so that every
    threshold is 1 before all edges of a channel are quantised on one grid. Where there are samples, they
    decide what brings the outputs nearest to the float network's at this number of steps: whether outliers
    among the weights are clipped, whether biases take what rounding loses on average (`rounding`), without
    `options.readout_shift` how the readout leaks; then whether thresholds of fewer iterations do better,
    whether weights do that make up for the rounding of others (`compensation`), and whether biases do that
    make up for what spikes lose on average (`spike_means`).
    """
    if calibrated.samples is None:
        return _spiking(calibrated, steps, options, clip=False, correct=False)
    best = max(
        (
            _try(calibrated, steps, options, clip, correct)
            for clip, correct in itertools.product((False, True), repeat=2)
        ),
        key=lambda trial: trial.likeness,
    )
    for fewer in calibrated.fewer:
        # Their lower thresholds may not fit the state, which ends no conversion that the highest allow.
        with suppress(UsageError):
            trial = _try(fewer, steps, options, best.clip, best.correct)
            best = max(best, trial, key=lambda trial: trial.likeness)
    moments = _moments(best.calibrated)
    for correct in (False, True):
        trial = _try(best.calibrated, steps, options, True, correct, moments)
        best = max(best, trial, key=lambda trial: trial.likeness)
    best = max(best, _matched(best, options), key=lambda trial: trial.likeness)
    return scaled(_leaking(best.model, best.shift), calibrated.samples)


def _moments(calibrated: Calibrated) -> Moments:
    """Second moments on the images that are there for them."""
    assert calibrated.samples is not None  # Without them nothing is tried.
    if calibrated.samples.others is None:
        return {}
    images = torch.from_numpy(calibrated.samples.others) / calibrated.max_payload
    return second_moments(calibrated.network, calibrated.thresholds, images)


@dataclass(frozen=True)
class _Trial:
    """Choices, and how alike they make the outputs to the float network's."""

    calibrated: Calibrated
    clip: bool
    correct: bool
    model: SpikingClassifier
    """Made by them, without a leak of its readout."""
    shift: int
    likeness: float


def _try(
    calibrated: Calibrated,
    steps: int,
    options: ConversionOptions,
    clip: bool,
    correct: bool,
    moments: Moments | None = None,
) -> _Trial:
    """These choices with the readout's leak that is best for them."""
    plain = replace(options, readout_shift=0)
    model = _spiking(calibrated, steps, plain, clip=clip, correct=correct, moments=moments)
    return _judged(_Trial(calibrated, clip, correct, model, 0, 0.0), options)


def _judged(trial: _Trial, options: ConversionOptions) -> _Trial:
    """`trial` with the readout's leak that is best for its model, and its likeness."""
    samples, shift = trial.calibrated.samples, options.readout_shift
    assert samples is not None  # Without them nothing is tried.
    shifts = usual_shifts(trial.model.config.steps) if shift is None else (shift,)
    likeness, shift = best_shift(trial.model, samples, shifts)
    return replace(trial, shift=shift, likeness=likeness)


def _matched(trial: _Trial, options: ConversionOptions) -> _Trial:
    """`trial` with biases by which its neurons fire as much as they should on average."""
    calibrated, samples = trial.calibrated, trial.calibrated.samples
    if samples is None or samples.others is None:
        return trial
    images, model = samples.others[:MATCHED_IMAGES], copy.deepcopy(trial.model)
    means = activation_means(calibrated.network, calibrated.thresholds, images, calibrated.max_payload)
    match_means(model, means, images)
    return _judged(replace(trial, model=model), options)


def _leaking(model: SpikingClassifier, shift: int) -> SpikingClassifier:
    """`model` with a readout that leaks with a time constant of 2^shift steps."""
    *hidden, last = model.config.layers
    last = replace(last, population=replace(last.population, leak=_readout_leak(shift)))
    leaking = SpikingClassifier(replace(model.config, layers=(*hidden, last)))
    leaking.load_state_dict(model.state_dict())
    return leaking.eval()


def _spiking(
    calibrated: Calibrated,
    steps: int,
    options: ConversionOptions,
    *,
    clip: bool,
    correct: bool,
    moments: Moments | None = None,
) -> SpikingClassifier:
    """`spiking` with its choices made; weights of layers in `moments` are rounded by them."""
    network, thresholds = calibrated.network, calibrated.thresholds
    try:
        config = ModelConfig(
            shape=network.shape,
            layers=tuple(_layer_config(layer, network, steps, options) for layer in network.layers),
            steps=steps,
            max_payload=calibrated.max_payload,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    model = SpikingClassifier(config)
    scales = {INPUT: torch.ones(network.shape[0])} | thresholds
    with torch.no_grad():
        for layer, folded in zip(model.stack, network.layers, strict=True):
            rows = [_scaled(edge, scales[edge.config.source].double()).flatten(1) for edge in folded.edges]
            weights = torch.cat(rows, 1)
            # The logits have no threshold; dividing by one number changes no order among them.
            unit = thresholds.get(folded.name, weights.abs().max().expand(len(weights))).double()
            weights = weights / unit[:, None]
            bias = folded.bias / unit
            smallest = _smallest(layer, weights)
            last = folded is network.layers[-1]
            ends = clipped(weights, layer.levels, shared=last) if clip else weights
            if moments is not None and folded.name in moments:
                ends = compensated(weights, layer.levels, moments[folded.name], shared=last)
            layer.synapses.weight.copy_(_at_least(ends, bias, smallest))
            if correct and calibrated.samples is not None:
                # Channels that training switched off have false weights, whose loss is none.
                true = ends.abs().amax(1) >= smallest
                bias = bias + true * mean_loss(layer, weights, calibrated.samples.means)
            layer.bias.copy_(bias)
            layer.threshold.fill_(1.0)
    return model.eval()


def _layer_config(
    layer: FoldedLayer, network: FoldedNetwork, steps: int, options: ConversionOptions
) -> LayerConfig:
    population = Population(state_bits=options.state_bits, initial_fraction=0.5)
    if layer is network.layers[-1]:
        population = Population(
            reset="none", state_bits=options.state_bits, leak=_readout_leak(options.readout_shift)
        )
    edges = tuple(edge.config for edge in layer.edges)
    return LayerConfig(layer.name, layer.shape[0], edges, population, options.weight_bits)


def _readout_leak(shift: int | None) -> Decay:
    """Leak with a time constant of 2^shift steps; none for 0 and where nothing is said."""
    return Decay(1, shift) if shift else NO_LEAK


def _smallest(layer: SpikingLayer, weights: Tensor) -> float:
    """Largest weight that a channel needs for its threshold of 1 to fit half of the state's positive range.

    Raises UsageError where that would touch more than the channels that training switched off.
    """
    reach = layer.levels * layer.payload
    smallest = reach / (1 << (layer.population.state_bits - 2))
    live = SWITCHED_OFF * float(weights.abs().max())
    if smallest > live > 0:
        raise UsageError(
            f"layer {layer.config.name}: weights of {layer.config.weight_bits} bits on payloads up to "
            f"{layer.payload} need state_bits {math.ceil(math.log2(reach / live)) + 2}, not "
            f"{layer.population.state_bits}"
        )
    return smallest


def _at_least(weights: Tensor, bias: Tensor, smallest: float) -> Tensor:
    """`weights` (channels, fan-in) with the largest of each channel raised to `smallest` in magnitude.

    Channels that training switched off have weights next to 0: on a grid made for them, the threshold would
    not fit the state. One false weight gives them a grid that does; behind a bias that keeps the neuron
    silent it is negative, so that it stays so.
    """
    largest = weights.abs().argmax(1, keepdim=True)
    value = weights.gather(1, largest)
    false = torch.where((value < 0) | (bias[:, None] <= 0), -smallest, smallest)
    return weights.scatter(1, largest, torch.where(value.abs() < smallest, false, value))


def _scaled(edge: FoldedEdge, values: Tensor) -> Tensor:
    """Weights of `edge`, each times the value of the source channel it belongs to; `values` (channels,)."""
    weights, groups = edge.weights, edge.config.groups
    if edge.config.kind == "linear":
        return weights * values.repeat_interleave(weights.shape[1] // len(values))
    per_group = values.reshape(groups, 1, -1).expand(-1, len(weights) // groups, -1)
    return weights * per_group.reshape(len(weights), -1, 1, 1)


def _normalisation(channels: int, mean: Sequence[float], deviation: Sequence[float]) -> tuple[Tensor, Tensor]:
    """What is subtracted from the pixels of each channel, and what they are then multiplied with."""
    if len(mean) not in (0, channels) or len(deviation) not in (0, channels):
        raise UsageError(f"mean and deviation need {channels} numbers, one per channel of the images")
    if not all(math.isfinite(value) for value in mean):
        raise UsageError(f"mean must be finite, not {tuple(mean)}")
    if not all(0 < value < math.inf for value in deviation):
        raise UsageError(f"deviation must be greater than 0 and finite, not {tuple(deviation)}")
    offset = torch.tensor(list(mean) or [0.0] * channels, dtype=torch.float64)
    return offset, 1 / torch.tensor(list(deviation) or [1.0] * channels, dtype=torch.float64)


def _on_pixels(layer: FoldedLayer, offset: Tensor, gain: Tensor) -> FoldedLayer:
    """`layer` for inputs x instead of (x - offset) gain."""
    edges, bias = [], layer.bias
    for edge in layer.edges:
        if edge.config.source == INPUT:
            window = edge.config.pool[0] * edge.config.pool[1]
            edge = replace(edge, weights=_scaled(edge, gain))
            bias = bias - (_scaled(edge, offset) * window).flatten(1).sum(1)
        edges.append(edge)
    return replace(layer, edges=tuple(edges), bias=bias)
