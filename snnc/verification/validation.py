"""Translation validation: what every compile makes runs on generated inputs and is compared with its network.

Simulator and RTL share the program, so their agreement shows no miscompile: only the Network level does.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError, MiscompileError
from snnc.base.files import cache_directory, make_directory, write_atomically
from snnc.compiler.formats.storage import PROGRAM_FILE, Build, read_build
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.decode import decode_image
from snnc.compiler.reference.interpreter import (
    Execution,
    LayerTrace,
    as_stored,
    assemble_layers,
    execute_network,
    execute_program,
)
from snnc.compiler.reference.probes import probing_inputs, reference_work

PARTS = ("accumulated", "membrane", "spikes")
BATCH_VALUES = 1 << 20
"""Values of one traced quantity that a batch of samples holds."""
INPUTS_FILE = "inputs.npz"


@dataclass(frozen=True)
class Effort:
    """How much a validation may do: samples, fewer where the network is large."""

    most: int
    least: int
    work: int
    """Operations of the reference interpreter in all, of which it does some hundred million in a second."""
    interpreted: int
    """Samples that the interpreter of the tiled program runs too, which takes a Python loop per event."""

    def samples(self, network: Network) -> int:
        """Samples for `network`."""
        return int(np.clip(self.work // reference_work(network), self.least, self.most))


USUAL = Effort(most=96, least=4, work=300_000_000, interpreted=0)
"""In every compile: a second or two."""
THOROUGH = Effort(most=512, least=16, work=3_000_000_000, interpreted=4)
"""With `--verify`."""


@dataclass(frozen=True)
class Validation:
    """What agreed."""

    levels: tuple[str, ...]
    samples: int

    def describe(self) -> str:
        """One line."""
        return f"{' = '.join(self.levels)} on {self.samples} generated samples (exact)"


def validate(
    build: Build,
    image: Image | None = None,
    effort: Effort = USUAL,
    progress: Callable[[int], None] = lambda done: None,
) -> Validation:
    """Run `build`, and with `image` its bits, on inputs generated for its network, and compare every state
    word, membrane, spike and readout with the network's.

    Raises MiscompileError at a difference; the case is then kept in a folder that the error names.
    """
    network = build.network
    levels = {"tiled program": build.tiled} | ({} if image is None else {"image": decode_image(image)})
    x = probing_inputs(network, effort.samples(network))
    for start, part in _batches(network, x):
        progress(start)
        payloads = encode_inputs(network.input, network.steps, part)
        expected = execute_network(network, payloads)
        interpreted = max(effort.interpreted - start, 0)
        for name, tiled in levels.items():
            stored = as_stored(network, tiled, expected)
            found = _compare(tiled, stored, _run(tiled, payloads))
            if found is None and interpreted:
                few = execute_program(tiled, payloads[:interpreted])
                found = _compare(tiled, _first(stored, interpreted), few)
            if found is not None:
                raise _miscompiled(network, name, found, _keep(build, part[[found.sample]]))
    return Validation(("network", *levels), len(x))


def replay(folder: Path) -> None:
    """Run the case that a validation kept in `folder` again; raises MiscompileError as long as it differs."""
    build = read_build(folder)
    with np.load(folder / INPUTS_FILE) as arrays:
        x = arrays["x"]
    network = build.network
    payloads = encode_inputs(network.input, network.steps, x)
    expected = as_stored(network, build.tiled, execute_network(network, payloads))
    found = _compare(build.tiled, expected, _run(build.tiled, payloads))
    if found is not None:
        raise _miscompiled(network, "tiled program", found, f"the case is that in {folder}")


def _batches(network: Network, x: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    per_sample = network.steps * max(sum(layer.count for layer in network.layers), network.input.features)
    size = max(1, BATCH_VALUES // per_sample)
    for start in range(0, len(x), size):
        yield start, x[start : start + size]


def _run(program: TiledProgram, payloads: IntArray) -> Execution:
    from snnc.sim.engine.functional import run_functional

    run = run_functional(program, payloads, trace=True)
    cores = zip(program.cores, run.trace or (), strict=True)
    traces = {
        core.at: None
        if core.emission == "values_every"
        else LayerTrace(trace.accumulated.astype(np.int64), trace.membrane.astype(np.int64), trace.spikes)
        for core, trace in cores
    }
    return Execution(run.outputs, assemble_layers(program, traces))


def _first(execution: Execution, samples: int) -> Execution:
    layers = {
        name: LayerTrace(*(getattr(trace, part)[:samples] for part in PARTS))
        for name, trace in execution.layers.items()
    }
    return Execution(execution.outputs[:samples], layers)


@dataclass(frozen=True)
class _Difference:
    """A value that differs; the earliest step of all is nearest to the cause."""

    step: int
    sample: int
    message: str


def _compare(program: TiledProgram, expected: Execution, got: Execution) -> _Difference | None:
    """The difference nearest to its cause."""
    found = [*_differences(program, expected.layers, got.layers)]
    if not found and not np.array_equal(expected.outputs, got.outputs):
        sample, neuron = map(int, np.argwhere(expected.outputs != got.outputs)[0])
        values = f"{expected.outputs[sample, neuron]}, got {got.outputs[sample, neuron]}"
        return _Difference(0, sample, f"output {neuron} must be {values}")
    return min(found, key=lambda difference: difference.step, default=None)


def _miscompiled(network: Network, level: str, found: _Difference, kept: str) -> MiscompileError:
    return MiscompileError(
        f"the {level} computes something else than the network: {found.message}\n{kept}",
        where=network.name,
        hint="this is a bug in snnc; please report it with the case",
    )


def _differences(
    program: TiledProgram, expected: Mapping[str, LayerTrace], got: Mapping[str, LayerTrace]
) -> Iterator[_Difference]:
    """The first difference of every quantity of every layer."""
    for name, trace in expected.items():
        for part in PARTS:
            right, wrong = getattr(trace, part), getattr(got[name], part)
            places = np.argwhere(right != wrong)
            if len(places):
                sample, step, neuron = map(int, places[np.argmin(places[:, 1])])
                values = f"{int(right[sample, step, neuron])}, got {int(wrong[sample, step, neuron])}"
                where = (
                    f"layer {name!r}, step {step}, neuron {neuron} on core {_core_of(program, name, neuron)}"
                )
                yield _Difference(step, sample, f"{where}: {part} must be {values}")


def _core_of(program: TiledProgram, layer: str, neuron: int) -> str:
    lanes = program.target.lanes
    owners = (core for core in program.cores if core.layer == layer and core.emission != "values_every")
    return next(str(core.at) for core in owners if neuron in core.tile.neuron_map(lanes))


def _keep(build: Build, x: NDArray[np.uint8]) -> str:
    """Store the case for `replay`; says where."""
    folder = cache_directory() / "miscompiled" / build.model_hash
    arrays: dict[str, Any] = {"x": x}
    try:
        make_directory(folder)
        build.save(folder)
        write_atomically(folder / INPUTS_FILE, lambda stream: np.savez_compressed(stream, **arrays))
    except (FileError, RuntimeError) as error:
        return f"the case could not be kept: {error}"
    return f"the case is kept in {folder} ({PROGRAM_FILE} and the input, {INPUTS_FILE})"
