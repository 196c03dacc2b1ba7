"""What can be said about a training, and how `--set key=value` says it; imports no torch."""

from dataclasses import dataclass
from typing import Annotated, Literal

from snnc.base.bounds import Items, Range, Unit
from snnc.base.errors import UsageError
from snnc.base.settings import with_settings
from snnc.compiler.ir.network import MAX_DELAY, InputEncoding, ReadoutKind, Shape
from snnc.compiler.ir.provenance import Preparation
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.training.model.architectures import Architecture, build_layers
from snnc.training.model.config import (
    MAX_EDGES,
    MAX_LAYERS,
    MAX_SHIFT,
    Fraction,
    FractionBits,
    HiddenReset,
    ModelConfig,
    Payload,
    Population,
    StateBits,
    Steps,
    WeightBits,
    Width,
)

Surrogate = Literal["atan", "s2nn"]
Distill = Literal["none", "logits", "features", "both", "layerwise", "ckd"]
LearningSchedule = Literal["cosine", "onecycle", "linear", "constant"]
Loss = Literal["cross_entropy", "tet"]
DeviceChoice = Literal["auto", "cpu", "cuda"]

MAX_PIXELS = 8
"""Farthest that training images move."""
MAX_ACCUMULATOR_BITS = 53
"""Wider sums are not exact in float64."""
LEARNED_BITS = 8
"""Fraction bits of leaks that are learned: membranes of 16 bits stay exact in float32."""
Epochs = Annotated[int, Range(1, 1 << 20)]
Shift = Annotated[int, Range(0, MAX_SHIFT)]
Widths = Annotated[tuple[Width, ...], Items(0, MAX_LAYERS)]
Penalty = Annotated[float, Range(0, 1_000_000)]
Probability = Annotated[float, Range(0, 1)]
Delays = Annotated[tuple[Annotated[int, Range(0, MAX_DELAY)], ...], Items(1, MAX_EDGES - 1)]


@dataclass(frozen=True)
class Recipe:
    """What is trained on what, and how. Every field but the first two can be set by the user."""

    name: str
    description: str
    data: str = "digits"
    """A name or path that `datasets.load_samples` takes."""
    preparation: Preparation = "none"
    architecture: Architecture = "mlp"
    hidden: Widths = (128,)
    """Neurons or channels of each hidden layer; features and classes come from the data."""
    repeat: Annotated[int, Range(1, MAX_LAYERS)] = 1
    """Layers (of `residual`: blocks) of each width: pooled with 2 is like a VGG, residual like a ResNet."""
    delays: Delays = (0,)
    """Fully connected hidden layers hear the hidden layer before them once per delay, in steps, each time
    with weights of their own."""
    steps: Steps = 4
    weight_bits: WeightBits = 4
    leak_shift: Shift | None = 3
    """k of the leak `v - (v >> k)`, or none."""
    learned_leak: bool = False
    """Whether every channel of the hidden layers learns leaks of its own, from those of the shifts on."""
    current_leak_shift: Shift | None = None
    """k of the decay of the synaptic current, or none for currents of one step."""
    reset: HiddenReset = "soft"
    state_bits: StateBits = 16
    fraction_bits: FractionBits = 0
    """Bits of membranes behind the unit of weights: with a leak, small membranes fade too."""
    accumulator_bits: Annotated[int, Range(4, MAX_ACCUMULATOR_BITS)] | None = None
    """Width that membrane, bias and current keep for any input, at least state_bits + 2, or none."""
    initial_fraction: Fraction | None = None
    """Membranes start from this part of their threshold; none is 0.5 for distill=layerwise, else 0."""
    max_payload: Payload = 16
    encoding: InputEncoding = "direct"
    readout: ReadoutKind = "membrane"
    batch_norm: bool = False
    """Whether hidden layers train on normalised currents; folded into thresholds and biases afterwards."""
    surrogate: Surrogate = "atan"
    """Gradient through the comparison with the threshold."""
    epochs: Epochs = 40
    batch: Annotated[int, Range(1, 1 << 20)] = 64
    learning_rate: Annotated[float, Range(1e-9, 1)] = 5e-3
    schedule: LearningSchedule = "cosine"
    """Of the learning rate, over all epochs."""
    weight_decay: Annotated[float, Range(0, 1)] = 0.0
    """Of AdamW, on weights alone: they shrink by this part times the learning rate in every step."""
    gradient_limit: Annotated[float, Range(1e-9, 1e9)] | None = None
    """Largest norm of all gradients of a step together, to which larger ones are scaled, or none: many steps
    of a loop can blow them up."""
    loss: Loss = "cross_entropy"
    """Of the output after the last step, or, for `tet`, the mean of those of what each step adds."""
    label_smoothing: Annotated[float, Range(0, 0.9)] = 0.0
    """Part of the target that is spread over all classes."""
    average: Annotated[float, Range(0, 1, below=True)] = 0.0
    """Decay of the moving average of all that is learned, kept in place of the last step; 0 is none."""
    distill: Distill = "none"
    """What the network learns from a float network, which is trained first."""
    distill_weight: Annotated[float, Range(0, 1)] | None = None
    """Part of the loss that comes from the teacher; none is 0.9 for distill=logits, 0.5 for all else."""
    temperature: Annotated[float, Range(0.01, 1000)] = 2.0
    """Of the logits that student and teacher share with distill=logits or both."""
    teacher_epochs: Epochs | None = None
    """Epochs of the teacher, or none for as many as the student's."""
    teacher_hidden: Widths | None = None
    """Neurons or channels of the teacher's hidden layers, or none for the student's; with distill=logits."""
    teacher_repeat: Annotated[int, Range(1, MAX_LAYERS)] | None = None
    """Layers of each width that the teacher has, or none for the student's; with distill=logits."""
    teacher_seed: int | None = None
    """Seed of the teacher, so that students of several seeds share one, or none for the student's."""
    held_out: Annotated[float, Range(0, 0.5)] | None = None
    """Part of the training samples that judge every epoch instead, of which the best is kept; none is 0.1
    with `patience`, else 0."""
    patience: Epochs | None = None
    """Epochs without a better accuracy on held-out training samples before training stops, or none."""
    device: DeviceChoice = "auto"
    """Where to train; `auto` takes a GPU where PyTorch sees one."""
    rate_penalty: Penalty = 0.5
    """Added to the loss per unit of mean firing rate of the hidden layers."""
    energy_penalty: Penalty = 0.0
    """Added to the loss per unit of firing rate, each layer's weighted by what its spikes cost."""
    energy_budget: Annotated[float, Range(1e-15, 1000), Unit("J")] | None = None
    """Joules per inference, such as 2uJ, that the predicted energy should not exceed, or none."""
    target: str = "fpga"
    """Whose energy table and lanes price the spikes."""
    shift: Annotated[int, Range(0, MAX_PIXELS)] = 0
    """Training images move by up to so many pixels each way, anew every epoch."""
    mirror: bool = False
    """Every other training image is flipped left to right, anew every epoch."""
    erase: Probability = 0.0
    """Part of the training images of which a random rectangle is blank, anew every epoch."""
    mixup: Annotated[float, Range(0, 100)] = 0.0
    """Both parameters of the beta distribution by which images of a batch mix in pairs; 0 mixes none."""
    dropout: Annotated[float, Range(0, 1, below=True)] = 0.0
    """Part of the hidden neurons that nobody hears, drawn anew for every training sample."""

    def model_config(self, shape: Shape, classes: int) -> ModelConfig:
        """The model this recipe builds for data of that shape with so many classes."""
        try:
            return ModelConfig(
                shape=shape,
                layers=build_layers(
                    self.architecture,
                    self.hidden,
                    classes,
                    self.population(),
                    self.weight_bits,
                    self.readout,
                    repeat=self.repeat,
                    delays=self.delays,
                ),
                steps=self.steps,
                max_payload=self.max_payload,
                encoding=self.encoding,
                readout=self.readout,
            )
        except ValueError as error:
            raise UsageError(f"recipe {self.name}: {error}") from error

    @property
    def teacher_weight(self) -> float:
        """`distill_weight`, or what has proved best."""
        usual = 0.9 if self.distill == "logits" else 0.5
        return usual if self.distill_weight is None else self.distill_weight

    @property
    def first_fraction(self) -> float:
        """`initial_fraction`, or what suits: thresholds from a teacher round its activations, to the nearest
        if membranes start at half of them."""
        usual = 0.5 if self.distill == "layerwise" else 0.0
        return usual if self.initial_fraction is None else self.initial_fraction

    def population(self) -> Population:
        """The neurons of the hidden layers."""
        return Population(
            reset=self.reset,
            leak=self._decay(self.leak_shift),
            current_leak=None if self.current_leak_shift is None else self._decay(self.current_leak_shift),
            state_bits=self.state_bits,
            initial_fraction=self.first_fraction,
            fraction_bits=self.fraction_bits,
            leak_per_channel=self.learned_leak,
        )

    def _decay(self, shift: int | None) -> Decay:
        """That of a shift, or none, finely enough divided where it is learned."""
        if not self.learned_leak:
            return NO_LEAK if shift is None else Decay(1, shift)
        return Decay(0 if shift is None else (1 << LEARNED_BITS) >> shift, LEARNED_BITS)

    @property
    def own_teacher(self) -> bool:
        """Whether the teacher has another graph than the student."""
        return self.teacher_hidden is not None or self.teacher_repeat is not None

    @property
    def judged_part(self) -> float:
        """`held_out`, or what early stopping needs."""
        usual = 0.0 if self.patience is None else 0.1
        return usual if self.held_out is None else self.held_out


def apply_settings(recipe: Recipe, settings: dict[str, str]) -> Recipe:
    """`recipe` with fields replaced from text: `hidden=128,64`, `leak_shift=none`, `steps=2`.

    Raises UsageError as `with_settings` does, and for settings that do not go together.
    """
    changed = with_settings(recipe, settings, f"recipe {recipe.name}")
    if changed.own_teacher and changed.distill not in ("none", "logits"):
        raise UsageError(
            f"teacher_hidden and teacher_repeat go with distill=logits, not {changed.distill}: layers of "
            "another size have no counterpart in the student"
        )
    return changed
