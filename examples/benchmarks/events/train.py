"""Networks on events that answer after every step: N-MNIST by cross-validation, spoken digits on their split.

    python examples/benchmarks/events/train.py nmnist --fold 0 --data DATA -o build/events
    python examples/benchmarks/events/train.py delta --network delays --data DATA -o build/events

`DATA` holds `n-mnist/train-1000.npz` and `fsdd/fsdd.npz`. Writes a model and a JSON file with the accuracy
after every step; takes a GPU where there is one.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
import recordings
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.isa.arithmetic import Decay
from snnc.training.data.datasets import Samples
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.fitting.loop import Session, fit
from snnc.training.fitting.objective import measures
from snnc.training.fitting.processes import training_place
from snnc.training.fitting.recipe import Recipe
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import EdgeConfig, LayerConfig, ModelConfig, Population

FOLDS = 5
NEURONS = Population(leak=Decay(1, 3), fraction_bits=4)
CURRENTS = replace(NEURONS, current_leak=Decay(1, 1))
INTEGRATORS = Population(reset="none", state_bits=20, fraction_bits=4)
UNHEARD = 0.25
"""Part of the steps whose answers do not count in training."""
SMOOTHING = 0.1
SILENCED = 4
"""Neighbouring bands of speech that each training sample lacks."""
PER_UNIT = 8
"""Membranes are logits times this."""


@dataclass(frozen=True)
class Choice:
    """What is trained, and how."""

    network: str
    readout: str
    width: int
    epochs: int
    seed: int


@click.command()
@click.argument("data_set", type=click.Choice(["nmnist", *recordings.SPEECH]))
@click.option("--network", type=click.Choice(["conv", "delays", "cuba", "recurrent"]), default="conv")
@click.option("--readout", type=click.Choice(["membrane", "spike_count"]), default="membrane")
@click.option("--width", default=64, help="Channels or neurons of the widest layers.")
@click.option("--epochs", default=60)
@click.option("--seed", default=1)
@click.option("--fold", type=int, help="Of N-MNIST, 0..4; of speech, the speaker who is left out, 0..5.")
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--samples", type=int, help="Use only the first so many.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/events"))
def main(
    data_set: str, fold: int | None, data: Path, samples: int | None, output: Path, **chosen: object
) -> None:
    """Train and measure one network."""
    choice = Choice(**chosen)  # type: ignore[arg-type]
    output.mkdir(parents=True, exist_ok=True)
    parts = _nmnist(data, fold or 0) if data_set == "nmnist" else _speech(data, output, data_set, fold)
    learn, test = (replace(part, x=part.x[:samples], y=part.y[:samples]) for part in parts)
    model = trained(learn, choice)
    right, rate = judged(model, test)
    name = f"{data_set}-{choice.network}-{choice.readout}-{choice.width}-{choice.seed}-{fold}"
    save_checkpoint(output / f"{name}.pt", model, Provenance(recipe=choice.network, data=data_set))
    document = {"accuracy": right[-1], "after": right, "rate": rate, "test": len(test), "train": len(learn)}
    (output / f"{name}.json").write_text(json.dumps(document))
    click.echo(f"{name}: {right[-1]:.2%} of {len(test)}, rate {rate:.2%}")


def _nmnist(data: Path, fold: int) -> tuple[Samples, Samples]:
    """All but a fifth of the recordings, and that fifth."""
    samples = recordings.nmnist(data)
    order = np.random.default_rng(0).permutation(len(samples))
    return _parted(samples, np.isin(np.arange(len(samples)), order[fold::FOLDS]))


def _speech(data: Path, output: Path, code: str, left_out: int | None) -> tuple[Samples, Samples]:
    """The official split, or all recordings but those of a speaker, and those."""
    folder = output / "fsdd"
    learn, test = (recordings.spoken(data, folder, split, code) for split in ("train", "test"))
    if left_out is None:
        return learn, test
    names = np.array([*recordings.speakers(folder, "train"), *recordings.speakers(folder, "test")])
    together = replace(learn, x=np.concatenate([learn.x, test.x]), y=np.concatenate([learn.y, test.y]))
    return _parted(together, names == sorted(set(names))[left_out])


def _parted(samples: Samples, held: NDArray[np.bool_]) -> tuple[Samples, Samples]:
    learn, test = (replace(samples, x=samples.x[part], y=samples.y[part]) for part in (~held, held))
    return learn, test


def layers(choice: Choice) -> tuple[LayerConfig, ...]:
    """`conv`: three convolutions of stride 2. `delays`: three linear layers, each heard at four times.
    `cuba`: the same with synaptic currents that decay. `recurrent`: two layers that hear themselves."""
    width = choice.width
    if choice.network == "conv":
        widths = (width // 2, width, width)
        edges = [(_strided(source, 5 if source == "input" else 3),) for source in _names(3)]
    elif choice.network == "recurrent":
        widths = (width, width)
        edges = [
            (EdgeConfig(source), EdgeConfig(f"hidden{number}", delay=1))
            for number, source in enumerate(_names(2), 1)
        ]
    else:
        widths = (width, width, width)
        edges = [
            tuple(EdgeConfig(source, delay=delay) for delay in delays)
            for source, delays in zip(_names(3), ((0,), (0, 2, 5, 8), (0, 4, 8, 12)), strict=True)
        ]
    population = CURRENTS if choice.network == "cuba" else NEURONS
    hidden = [
        LayerConfig(f"hidden{number}", size, heard, population)
        for number, (size, heard) in enumerate(zip(widths, edges, strict=True), 1)
    ]
    last = INTEGRATORS if choice.readout == "membrane" else NEURONS
    return (*hidden, LayerConfig("readout", 10, (EdgeConfig(hidden[-1].name),), last))


def _names(number: int) -> list[str]:
    """Sources of the first so many layers."""
    return ["input", *(f"hidden{place}" for place in range(1, number))]


def _strided(source: str, kernel: int) -> EdgeConfig:
    return EdgeConfig(source, "conv", (kernel, kernel), (2, 2), (kernel // 2, kernel // 2))


def trained(learn: Samples, choice: Choice) -> SpikingClassifier:
    """The network, trained on every answer."""
    steps, pixels = learn.x.shape[1], learn.shape[1:] != (1, 1)
    config = ModelConfig(
        learn.shape,
        layers(choice),
        steps,
        1 if pixels else recordings.SPEECH["delta"].most,
        "events",
        "membrane" if choice.readout == "membrane" else "spike_count",
    )
    recipe = Recipe(
        choice.network,
        "",
        encoding="events",
        epochs=choice.epochs,
        batch=50 if pixels else 64,
        learning_rate=4e-3,
        schedule="onecycle",
        weight_decay=0.01,
        average=0.99,
        shift=2,
    )
    torch.manual_seed(choice.seed)
    with training_place("auto") as place:
        model = SpikingClassifier(config, batch_norm=choice.network != "recurrent")
        objective = EveryAnswer(model, 0 if pixels else SILENCED)
        session = Session(
            recipe, choice.seed, place, lambda progress: click.echo(progress.describe(), err=True)
        )
        fit(objective, model.payloads, learn, session)
    model.to("cpu").eval()
    model.fold()
    return model


class EveryAnswer(nn.Module):
    """Cross entropy of the answers after each step, the later the more, and a price of spikes."""

    weights: Tensor

    def __init__(self, model: SpikingClassifier, silenced: int) -> None:
        super().__init__()
        self.model, self.silenced = model, silenced
        ramp = (torch.arange(model.config.steps) - UNHEARD * model.config.steps).clamp(min=0.0)
        self.register_buffer("weights", (ramp / ramp.sum())[:, None])

    def forward(self, payloads: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and `fitting.MEASURES`."""
        if self.silenced and self.training:
            bands = torch.arange(payloads.shape[2], device=payloads.device)
            first = torch.randint(0, len(bands) - self.silenced, (len(y), 1, 1), device=payloads.device)
            payloads = payloads * ~((bands >= first) & (bands < first + self.silenced))
        runs = self.model.run(payloads)
        last = runs[-1]
        if self.model.config.readout == "membrane":
            answers = last.membranes.flatten(2) * last.unit / PER_UNIT
        else:
            answers = last.spikes.flatten(2).cumsum(0)
        every = answers.flatten(0, 1).float()
        errors = nn.functional.cross_entropy(
            every, y.repeat(len(answers)), label_smoothing=SMOOTHING, reduction="none"
        )
        rate = self.model.outputs(runs)[1].mean()
        loss = (errors.reshape(len(answers), -1) * self.weights).sum(0).mean() + 0.02 * rate
        return loss, measures(loss, answers[-1], y, rate, loss.new_zeros(()))


def judged(model: SpikingClassifier, test: Samples) -> tuple[list[float], float]:
    """Part of the answers that are right after each step, from the integers, and the mean firing rate."""
    *hidden, readout = model.trace(test.x)
    values = readout.membranes if model.config.readout == "membrane" else readout.spikes.cumsum(1)
    right: NDArray[np.float64] = (values.argmax(2) == test.classes[:, None]).mean(0)
    return right.tolist(), float(np.mean([layer.spikes.mean() for layer in hidden]))


if __name__ == "__main__":
    main()
