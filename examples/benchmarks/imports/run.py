"""Networks of four frameworks, trained for seconds, imported: what integers of 8 and 4 bits lose.

    python examples/benchmarks/imports/run.py -o build/imports

needs MNIST in $SNNC_DATA/mnist. Each network is kept once it is trained, each measurement once it is made, so
that the same command goes on where it stopped; it ends with the table in `build/imports/table.md`.
"""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from framework_nets import NETS, STEPS, answers
from torch import nn

from snnc.base.files import write_text
from snnc.compiler.frontends.conversion import InputData, prepared
from snnc.compiler.frontends.integers import run_integers
from snnc.importing import ImportRequest, import_network
from snnc.training.data.datasets import Samples, load_samples
from snnc.training.model.imported import ImportedModel

BITS = (8, 4)
TRAINED, TESTED, EPOCHS = 4000, 2000, 3
ALLOWED = {8: 1.0, 4: 1.5}
"""Points below the float network that are aimed at."""


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/imports"))
@click.option("--only", default="", help="Networks whose names hold this.")
def main(output: Path, only: str) -> None:
    """Train, import, measure; print the table."""
    torch.set_num_threads(1)
    output.mkdir(parents=True, exist_ok=True)
    for name in NETS:
        if only in name:
            _measured(name, output)
    table = _table(output)
    write_text(output / "table.md", table)
    click.echo(table, nl=False)


def _measured(name: str, output: Path) -> None:
    """Accuracy of a network, in its framework and as integers, where it is not known yet."""
    cell, weights = output / f"{name}.json", output / f"{name}.pt"
    if cell.is_file():
        return
    train, test = load_samples("mnist", "train", TRAINED), load_samples("mnist", "test", TESTED)
    torch.manual_seed(1)
    net = NETS[name]()
    if not weights.is_file():
        _train(net, train, name)
        stored = {key: value for key, value in net.state_dict().items() if "v_mem" not in key}
        torch.save(stored, weights)
    net.load_state_dict(torch.load(weights, weights_only=True), strict=False)
    found = {"float": _float_accuracy(net.eval(), test, name)}
    for bits in BITS:
        found |= {str(bits): _integer_accuracy(name, weights, bits, test)}
    write_text(cell, json.dumps(found) + "\n")
    click.echo(f"{name}: {json.dumps(found)}", err=True)


def _images(samples: Samples, name: str) -> torch.Tensor:
    shape = (-1, 1, 28, 28) if name.endswith("cnn") else (-1, 784)
    return torch.from_numpy(samples.x).float().reshape(shape) / 255


def _train(net: nn.Module, train: Samples, name: str) -> None:
    x, y = _images(train, name), torch.from_numpy(np.asarray(train.y, np.int64))
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(x)).split(50):
            scores = answers(net, x[chosen])
            sharpened = scores * STEPS if "jelly" in name or "norse" in name else scores
            loss = nn.functional.cross_entropy(sharpened, y[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


@torch.no_grad()
def _float_accuracy(net: nn.Module, test: Samples, name: str) -> float:
    classes = torch.cat([answers(net, some).argmax(1) for some in _images(test, name).split(250)])
    return float((classes.numpy() == test.y).mean())


def _integer_accuracy(name: str, weights: Path, bits: int, test: Samples) -> dict[str, Any]:
    source = f"{Path(__file__).with_name('framework_nets.py')}:{name}"
    shape = (1, 28, 28) if name.endswith("cnn") else (784, 1, 1)
    request = ImportRequest(
        source, checkpoint=weights, shape=shape, steps=STEPS, calibrate="mnist", bits=bits
    )
    result = import_network(request)
    assert isinstance(result.model, ImportedModel)
    network = result.model.network
    data = InputData(test.x)
    right = 0
    for start in range(0, len(test), 250):
        x = test.x[start : start + 250].reshape(-1, *shape)
        found = run_integers(network, prepared(x, data, network.input.max_payload)[:, None])
        right += int((found.outputs.argmax(1) == test.y[start : start + 250]).sum())
    return {"accuracy": right / len(test), "semantics": result.agreement.semantics}


def _table(output: Path) -> str:
    """The stored cells as Markdown."""
    lines = ["| network | float | 8 bits | 4 bits | same class by semantics |", "|---|--:|--:|--:|--:|"]
    for name in NETS:
        cell = output / f"{name}.json"
        if cell.is_file():
            found = json.loads(cell.read_text())
            row = [name.replace("_", " "), f"{found['float']:.2%}"]
            row += [_against(found["float"], found[str(bits)]["accuracy"], bits) for bits in BITS]
            lines.append(f"| {' | '.join([*row, format(found['8']['semantics'], '.1%')])} |")
    return "\n".join(lines) + "\n"


def _against(original: float, accuracy: float, bits: int) -> str:
    lost = 100 * (original - accuracy)
    return f"{accuracy:.2%} ({-lost:+.2f}{'' if lost <= ALLOWED[bits] else ', more than the aim'})"


if __name__ == "__main__":
    main()
