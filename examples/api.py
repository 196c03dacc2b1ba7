"""Train, compile, simulate and check digits from Python; prints accuracy, cycles and energy per sample."""

import snnc
from snnc.training.data.datasets import load_samples
from snnc.training.files.export import to_network
from snnc.training.fitting.recipe import apply_settings
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train


def main(epochs: int = 10, samples: int = 60) -> None:
    """Train for `epochs` and simulate the first `samples` test samples."""
    recipe = apply_settings(find_recipe("digits-mlp"), {"epochs": str(epochs)})
    network = to_network(train(recipe, seed=1).model, "digits")
    program = snnc.compile(network, target="fpga")
    digits = load_samples("digits", limit=samples)
    report = snnc.simulate(program, digits.x, digits.y).to_dict()
    print(f"accuracy {report['accuracy']:.3f} (exact), {report['cycles']['mean']:.0f} cycles (exact),")
    print(f"{report['energy_j']['mean'] * 1e9:.1f} nJ (estimated, table {report['energy_j']['table']})")


if __name__ == "__main__":
    main()
