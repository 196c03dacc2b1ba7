"""The network that the table `loihi` is held against SANA-FE on, and what SANA-FE 2.2.9 gives for it.

    pip install sanafe==2.2.9 numpy
    python examples/benchmarks/energy/sana_fe.py

prints the joules that stand in `tests/sim/test_sana_fe.py`, with the output to the south and to the east.
Needs nothing of snnc. SANA-FE takes a step from each layer to the next, so that its input comes one earlier.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS, INPUTS, HIDDEN, OUTPUTS, THRESHOLD = 6, 24, 32, 10, 6
NEIGHBOURS = {"south": 1, "east": 4}
"""Tiles beside tile 0, which are numbered from north to south."""


def drawn() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Weights of both layers, (neurons, sources), and the input (steps, inputs), silent at first and last."""
    rng = np.random.default_rng(16)
    hidden, output = rng.integers(-7, 8, (HIDDEN, INPUTS)), rng.integers(-7, 8, (OUTPUTS, HIDDEN))
    x = np.zeros((STEPS, INPUTS), np.uint8)
    x[1:5] = rng.random((4, INPUTS)) < 0.3
    return hidden, output, x


def main() -> None:
    """Run SANA-FE with its own description of Loihi."""
    sanafe = importlib.import_module("sanafe")
    chip = Path(sanafe.__file__).parent / "examples" / "loihi.yaml"
    for way, tile in NEIGHBOURS.items():
        print(way, energies(sanafe, sanafe.load_arch(str(chip)), tile))


def energies(sanafe: Any, architecture: Any, tile: int) -> dict[str, float]:
    """Joules by kind; input and hidden layer lie on two cores of tile 0, the output on one of `tile`."""
    hidden, output, x = drawn()
    network = sanafe.Network()
    neurons = {"threshold": THRESHOLD - 0.5, "reset_mode": "hard", "leak_decay": 1.0, "force_update": True}
    sizes = {"input": INPUTS, "hidden": HIDDEN, "output": OUTPUTS}
    groups = {
        name: network.create_neuron_group(name, size, model_attributes={} if name == "input" else neurons)
        for name, size in sizes.items()
    }
    for number, neuron in enumerate(groups["input"].neurons):
        spikes = [*map(bool, x[1:, number]), False]
        neuron.set_attributes(soma_hw_name=f"loihi_inputs[{number}]", model_attributes={"spikes": spikes})
    for source, target, weights in (("input", "hidden", hidden), ("hidden", "output", output)):
        for (to, at), weight in np.ndenumerate(weights):
            receiver = groups[target].neurons[to]
            groups[source].neurons[at].connect_to_neuron(receiver, {"weight": int(weight)})
    for name, place in {"input": (0, 0), "hidden": (0, 1), "output": (tile, 0)}.items():
        for neuron in groups[name].neurons:
            neuron.map_to_core(architecture.tiles[place[0]].cores[place[1]])
    chip = sanafe.SpikingChip(architecture)
    chip.load(network)
    return dict(chip.sim(STEPS)["energy"])


if __name__ == "__main__":
    main()
