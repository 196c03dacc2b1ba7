"""A network built by hand, neuron by neuron: run by the reference, compiled, simulated, verified on the RTL.

Four pixels 0..15 feed two neurons that fire for the left and for the right half; a readout sums the spikes.
"""

import numpy as np

import snnc


def population(threshold: list[int], *, fires: bool) -> snnc.Neurons:
    """Leaky neurons without bias that start at rest; those that never fire keep their sum."""
    zero = np.zeros(len(threshold), np.int64)
    leak = snnc.Decay(1, 2) if fires else snnc.Decay()
    return snnc.Neurons(np.array(threshold), zero, zero, "soft" if fires else "none", leak=leak)


def network(steps: int = 4) -> snnc.Network:
    """Pixels -> sides -> classes."""
    halves = np.array([[3, 3, -2, -2], [-2, -2, 3, 3]], np.int8)
    sides = snnc.Layer(
        "sides",
        (2, 1, 1),
        population([40, 40], fires=True),
        (snnc.Edge("pixels", snnc.Linear(halves, weight_bits=4)),),
    )
    classes = snnc.Layer(
        "classes",
        (2, 1, 1),
        population([0, 0], fires=False),
        (snnc.Edge("sides", snnc.Linear(np.eye(2, dtype=np.int8), weight_bits=4)),),
    )
    pixels = snnc.Input("pixels", (4, 1, 1), max_payload=15)
    return snnc.Network("halves", steps, pixels, (sides, classes), snnc.Readout("classes", "membrane"))


def main(rtl: bool = True) -> None:
    """Print spikes and membranes by step, what the mesh needs for them, and with `rtl` the comparison."""
    x, y = np.array([[15, 9, 0, 1], [0, 2, 12, 12]]), np.array([0, 1])
    model = network()
    execution = snnc.reference(model, x)
    sides = execution.layers["sides"]
    for step in range(model.steps):
        print(f"step {step}: spikes {sides.spikes[0, step].astype(int)}, membranes {sides.membrane[0, step]}")
    program = snnc.compile(model, target="fpga")
    report = snnc.simulate(program, x, y)
    assert report.predictions == execution.predictions.tolist()
    print(f"accuracy {report.accuracy:.0%}, {report.cycle_spread.max} cycles at most (exact)")
    if rtl:
        verification = snnc.verify(program, x)
        print(verification.render())
        verification.require_equal()


if __name__ == "__main__":
    main()
