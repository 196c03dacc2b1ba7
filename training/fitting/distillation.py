"""What a spiking student learns from a network without spikes: losses, and the module that adds them up."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from snnc.base.errors import UsageError
from snnc.training.fitting.recipe import Distill
from snnc.training.model.analog import AnalogClassifier, AnalogRun
from snnc.training.model.config import EdgeConfig, ModelConfig
from snnc.training.model.evaluation_order import LayerRun
from snnc.training.model.normalisation import BatchNorm

MAP_TEMPERATURE = 2.0
SOFT_TEMPERATURE = 2.0
LOGIT_NOISE = 0.1
"""Temperatures and noise weight of CKDSNN."""


def logit_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """temperature^2 KL(softmax(teacher / temperature) || softmax(student / temperature)), mean over samples.

    Response-based KDSNN (Xu et al. 2023, arXiv 2304.05627) in the standard form of Hinton et al. 2015.
    """
    soft_student = functional.log_softmax(student / temperature, 1)
    soft_teacher = functional.log_softmax(teacher / temperature, 1)
    divergence = functional.kl_div(soft_student, soft_teacher, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def feature_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of the adapted rate map and the teacher's activations, both (samples, ...).

    Feature-based KDSNN (arXiv 2304.05627) as documented second hand: the paper's exact margin and weights
    could not be checked.
    """
    return functional.mse_loss(student, teacher)


def attention_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Distance of the normalised attention maps of two populations (samples, channels, height, width).

    A reconstruction after LaSNN (arXiv 2304.09101), whose formula could not be read: the attention transfer
    of Zagoruyko and Komodakis 2017, || Q_s / |Q_s| - Q_t / |Q_t| ||, Q = sum over channels of squares. The
    mean over the samples. A fully connected layer's map is its neurons.
    """
    maps = [functional.normalize(_positions(values.square()), dim=1) for values in (student, teacher)]
    distances: Tensor = (maps[0] - maps[1]).norm(dim=1)
    return distances.mean()


def saliency_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """MAP_TEMPERATURE^2 KL of the softmax of two saliency maps (samples, positions), mean over samples.

    SAMD of CKDSNN (arXiv 2511.06902). Both maps are scaled to 0..1 per sample; the source is explicit about
    this for the teacher's alone.
    """
    return logit_loss(_scaled(student), _scaled(teacher), MAP_TEMPERATURE)


def noisy_logit_loss(student: Tensor, teacher: Tensor, noise: Tensor) -> Tensor:
    """NLD of CKDSNN: logits plus LOGIT_NOISE times noise of their own mean and deviation, then `logit_loss`.

    `noise` is standard normal, of the shape of the logits.
    """
    mean, deviation = student.mean(1, keepdim=True), student.std(1, correction=0, keepdim=True)
    disturbed = student + LOGIT_NOISE * (mean + deviation * noise)
    return logit_loss(disturbed, teacher, SOFT_TEMPERATURE)


class Distillation(nn.Module):
    """(1 - weight) cross entropy + weight x (what the student of `config` should share with its teacher).

    `logits`, `features` or `both` are KDSNN; `layerwise` is LaSNN-style, and `ckd` CKDSNN. The teacher is
    frozen. Students' features pass a 1x1 convolution and batch normalisation, which only training has. Raises
    UsageError for `ckd` and a readout that is a convolution.
    """

    def __init__(
        self, kind: Distill, teacher: AnalogClassifier, config: ModelConfig, weight: float, temperature: float
    ) -> None:
        super().__init__()
        if kind == "ckd" and config.layers[-1].edges[0].kind != "linear":
            raise UsageError(
                f"distill=ckd reads what each neuron adds to a class from fully connected weights, and layer "
                f"{config.layers[-1].name} is a convolution",
                hint="distill=logits",
            )
        self.kind, self.weight, self.temperature = kind, weight, temperature
        self.config = config
        self.teacher = teacher.requires_grad_(False)
        adapted = config.layers[:-1] if kind in ("features", "both") else ()
        self.adapters = nn.ModuleDict({layer.name: _adapter(layer.channels) for layer in adapted})

    def train(self, mode: bool = True) -> "Distillation":
        """Like every module's, but the teacher stays as it was trained."""
        super().train(mode)
        self.teacher.eval()
        return self

    def forward(
        self, cross_entropy: Tensor, payloads: Tensor, runs: tuple[LayerRun, ...], logits: Tensor
    ) -> Tensor:
        """The loss of a batch from the student's cross entropy, runs and logits."""
        with torch.no_grad():
            taught = self.teacher(payloads)
        rates = {
            layer.name: run.spikes.mean(0).float()
            for layer, run in zip(self.config.layers[:-1], runs[:-1], strict=True)
        }
        shared = self._shared(taught, rates, logits.float())
        return (1 - self.weight) * cross_entropy + self.weight * shared

    def _shared(self, taught: AnalogRun, rates: dict[str, Tensor], logits: Tensor) -> Tensor:
        total = logits.new_zeros(())
        if self.kind in ("logits", "both"):
            total = total + logit_loss(logits, taught.logits, self.temperature)
        for name, adapter in self.adapters.items():
            total = total + feature_loss(adapter(rates[name]), taught.activations[name])
        if self.kind == "layerwise":
            for name, rate in rates.items():
                total = total + attention_loss(rate, taught.activations[name])
        if self.kind == "ckd":
            noise = torch.randn_like(logits)
            total = total + noisy_logit_loss(logits, taught.logits, noise)
            total = total + self._saliency(taught, rates)
        return total

    def _saliency(self, taught: AnalogRun, rates: dict[str, Tensor]) -> Tensor:
        """`saliency_loss` of the population that the readout reads, 0 if that is the input."""
        readout = self.teacher.stack[-1]
        edge = readout.config.edges[0]
        if edge.source not in rates:
            return taught.logits.new_zeros(())
        activations = _pooled(edge, taught.activations[edge.source])
        weights = readout.weights()[0][taught.logits.argmax(1)]
        contributions = weights.reshape(activations.shape) * activations
        student = _positions(_pooled(edge, rates[edge.source]))
        return saliency_loss(student, _positions(contributions).relu())


def _adapter(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), BatchNorm(channels))


def _positions(values: Tensor) -> Tensor:
    """(samples, channels, height, width) summed over channels, (samples, positions); neurons where flat."""
    return values.flatten(1) if values.shape[2:] == (1, 1) else values.sum(1).flatten(1)


def _pooled(edge: EdgeConfig, values: Tensor) -> Tensor:
    return values if edge.pool == (1, 1) else functional.avg_pool2d(values, edge.pool, divisor_override=1)


def _scaled(maps: Tensor) -> Tensor:
    """Each sample's map from 0 to 1."""
    low, high = maps.amin(1, keepdim=True), maps.amax(1, keepdim=True)
    return (maps - low) / (high - low).clamp(min=1e-6)
