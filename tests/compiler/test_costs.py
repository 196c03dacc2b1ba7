"""The cost model against the cycles of the simulator, and the activity it goes by."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target

from snnc.base.errors import VerificationError
from snnc.compiler.analysis.activity import activity_of
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Network, conv_shape, count, pooled
from snnc.compiler.ir.provenance import Activity, Provenance
from snnc.compiler.pipeline import compile_network
from snnc.sim.calibrate import measure_activity
from snnc.sim.simulate import simulate

CONVOLUTIONS = {
    "padded": Conv2d(np.ones((4, 2, 3, 3), np.int8), 4, padding=(1, 1)),
    "strided": Conv2d(np.ones((8, 2, 3, 2), np.int8), 4, stride=(2, 3), padding=(1, 0)),
    "skipping": Conv2d(np.ones((4, 2, 1, 1), np.int8), 4, stride=(2, 2)),
    "depthwise": Conv2d(np.ones((2, 1, 3, 3), np.int8), 4, padding=(1, 1), groups=2),
}


def convolved(synapses: Conv2d, pool: tuple[int, int] = (1, 1)) -> Network:
    """A convolution of 2 x 6 x 6 pixels, or of its pooled pixels, and a readout."""
    shape = conv_shape(pooled((2, 6, 6), pool), synapses)
    channels = len(synapses.weights)
    neurons = layer("c", "input", 1, channels, threshold=np.full(channels, 20)).neurons
    first = Layer("c", shape, neurons, (Edge("input", synapses, pool=pool),))
    model = network(first, layer("r", "c", count(shape), 4))
    return replace(model, input=Input("input", (2, 6, 6), "direct", 3))


Cycles = dict[str, tuple[float, float]]


def expected_and_simulated(model: Network, x: np.ndarray, **hardware: object) -> Cycles:
    """Cycles per sample of each layer, with the activity that these samples have."""
    compiled = compile_network(model, target(**hardware), spread=False)
    payloads = np.repeat(x[:, None].astype(np.int64), model.steps, axis=1)
    activity = measure_activity(model, compiled.tiled, payloads)
    noted = replace(model, provenance=Provenance(activity=activity))
    report = simulate(Build(noted, compiled.tiled), x)
    return {row.name: (row.predicted_cycles, row.cycles) for row in report.layers if row.cycles is not None}


@pytest.mark.parametrize("without", [[], ["cuba"], ["cuba", "decay_multiplier"]], ids=str)
@pytest.mark.parametrize("pool", [(1, 1), (2, 2)])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_layer_that_hears_everything_takes_the_cycles_expected(
    name: str, pool: tuple[int, int], without: list[str]
) -> None:
    """With an event of two set bits at every pixel nothing is left to chance: borders, strides, gaps; held
    and repeated, in one pass and in two."""
    model, hardware = convolved(CONVOLUTIONS[name], pool), dict.fromkeys(without, False)
    found = expected_and_simulated(model, np.full((2, 72), 3, np.uint8), **hardware)
    expected, simulated = found["c"]
    assert expected == pytest.approx(simulated)


def test_rows_cut_over_cores_count_their_halo() -> None:
    """The busiest of three tiles of two rows hears four rows of pixels."""
    model = convolved(CONVOLUTIONS["padded"])
    found = expected_and_simulated(model, np.full((2, 72), 3, np.uint8), neurons=64)
    expected, simulated = found["c"]
    assert expected == pytest.approx(simulated)


def test_random_inputs_come_close() -> None:
    x = np.random.default_rng(1).integers(0, 4, (20, 72)).astype(np.uint8)
    for expected, simulated in expected_and_simulated(convolved(CONVOLUTIONS["padded"]), x).values():
        assert expected == pytest.approx(simulated, rel=0.1)


def test_a_measured_activity_goes_before_the_assumed_one() -> None:
    model = network(layer("a", "input", 8, 4), layer("b", "a", 4, 4))
    assert activity_of(model) == Activity({"input": 0.5, "a": 0.15, "b": 0.15}, 1.5)
    measured = Activity({"input": 0.25, "a": 0.125, "b": 0.0}, 1.5)
    assert activity_of(replace(model, provenance=Provenance(activity=measured))) == measured


@pytest.mark.parametrize(
    ("activity", "message"),
    [
        (Activity({"input": 0.5}, 1.0), "activity must be that of input, a, not of "),
        (Activity({"input": 0.5, "b": 0.5}, 1.0), "activity must be that of input, a, not of "),
        (Activity({"input": 0.5, "a": math.nan}, 1.0), r"activity\.rates\.a must be a number in 0\.\.1"),
        (Activity({"input": 0.5, "a": 2}, 1.0), r"activity\.rates\.a must be a number in 0\.\.1"),
        (Activity({"input": 0.5, "a": 0.5}, 0), r"activity\.passes must be a number in 1\.\.8"),
    ],
)
def test_an_activity_that_cannot_be(activity: Activity, message: str) -> None:
    model = replace(network(layer("a", "input", 8, 4)), provenance=Provenance(activity=activity))
    with pytest.raises(VerificationError, match=f"^provenance: {message}"):
        model.verify()
