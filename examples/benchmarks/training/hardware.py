"""What a finished cell costs on the core, and whether its RTL computes what it should: each kept in a file.

Cycles are exact; energy is the table's estimate with everything counted, clock and leakage too, on memories
made for the network.
"""

from typing import Any

from cells import Cell
from methods import Place
from numpy.typing import NDArray

import snnc
from snnc.base.files import cache_directory
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.models import read_model
from snnc.training.data.prepare import load_prepared
from snnc.verification.compare import VerifyOptions, verify

TARGET = "fpga"


def priced(cell: Cell, place: Place, samples: int) -> dict[str, Any]:
    """Figures of the cycle tier over the first test samples, whose classes must be the trainer's."""
    checkpoint, network = read_model(place.file("pt"))
    x = _test_inputs(cell, samples)
    report = snnc.simulate(snnc.compile(network, TARGET), x)
    if report.predictions != checkpoint.model.predict(x).tolist():
        raise SystemExit(f"{cell.name}: simulator and trainer differ")
    energy, without = report.energy.built, report.comparison.built
    return {
        "target": TARGET,
        "samples": samples,
        "cycles": report.cycle_spread.mean,
        "latency_s": report.latency_s.mean,
        "sops": report.counts["sops"] / samples,
        "energy_j": energy.mean,
        "energy_low_j": energy.low,
        "energy_high_j": energy.high,
        "without_spikes_j": without.total,
        "ideal_j": without.ideal.total,
    }


def verified(cell: Cell, place: Place, samples: int) -> dict[str, Any]:
    """How much trainer, reference, simulator and RTL were compared in; raises MismatchError at a difference.

    The hardware depends on the target alone, so that all cells share one build of it.
    """
    checkpoint, network = read_model(place.file("pt"))
    x = _test_inputs(cell, samples)
    trainer = {trace.name: (trace.membranes, trace.spikes) for trace in checkpoint.model.trace(x)}
    options = VerifyOptions(cache=cache_directory(), work=cache_directory() / "verify")
    payloads = encode_inputs(network.input, network.steps, x)
    result = verify(snnc.compile(network, TARGET), payloads, trainer, options)
    result.require_equal()
    return result.to_dict()


def _test_inputs(cell: Cell, samples: int) -> NDArray[Any]:
    recipe = cell.recipe(None)
    return load_prepared(recipe.data, "test", recipe.preparation, recipe.max_payload, limit=samples).x
