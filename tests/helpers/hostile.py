"""Hostile files: random changes to stored programs and models, and what must become of each.

A file is refused with one line, or what it holds runs in bounded time and alike in every execution, without
leaving the kernels' pools. `python hostile.py KIND FIRST COUNT`, of a kind in `TRIES`, tries as many numbers
from FIRST on in a process of its own, so that a crash is seen; with NUMBA_DISABLE_JIT=1 the kernels run as
Python and every index they follow is checked.
"""

import copy
import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from builders import neurons
from hostile_changes import Place, change
from hostile_inputs import TRIES as OTHER_TRIES
from hostile_inputs import bounded
from numpy.typing import NDArray
from random_programs import compiled_program, random_payloads, random_program

from snnc.base.errors import DoesNotFit, FileError, UnsupportedModel
from snnc.compiler.formats.codec import ArrayStore, encode
from snnc.compiler.formats.storage import PROGRAM_FILE, SCHEMA, Build, _content_hash, read_build
from snnc.compiler.ir.network import Edge, Layer, Linear, Network
from snnc.compiler.ir.program import Bank, Destination, Segment, Tile, TiledProgram
from snnc.compiler.ir.provenance import Activity, Provenance
from snnc.compiler.isa.arithmetic import ResetMode
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import decode_outputs
from snnc.compiler.reference.interpreter import execute_program
from snnc.compiler.targets import load_target
from snnc.sim.engine import cycle as cycle_engine
from snnc.sim.engine import functional
from snnc.verification.compare import layer_traces

MAX_ACCESSES = 20_000_000
"""By far more than a run of a small program needs; beyond it a loop has no end."""
STEERING = {field.name for kind in (Bank, Destination, Segment, Tile) for field in fields(kind)}
STEERING |= {"axon_rows", "axon_columns", "tile", "banks", "destinations", "segments"}
"""Fields of cores by which the kernels find their way."""


class CheckedPool:
    """A pool for kernels that run as Python: every index is checked, and accesses are counted."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.items = memoryview(array)  # type: ignore[arg-type]
        self.half = 1 << (8 * array.itemsize - 1)
        self.accesses = 0

    def _check(self, index: int) -> None:
        self.accesses += 1
        if not 0 <= index < len(self.items):
            raise IndexError(f"index {index} of a pool of {len(self.items)}")
        if self.accesses > MAX_ACCESSES:
            raise TimeoutError(f"{MAX_ACCESSES} accesses")

    def __getitem__(self, index: int) -> int:
        self._check(index)
        return self.items[index]

    def __setitem__(self, index: int, value: int) -> None:
        self._check(index)
        self.items[index] = (int(value) + self.half) % (2 * self.half) - self.half


def write_program(number: int, path: Path) -> None:
    """The program file of this number, a few changes away from a good one."""
    generator = np.random.default_rng(number)
    made = generator.random() < 0.5
    tiled = compiled_program(generator).tiled if made else random_program(generator)
    arrays: ArrayStore = {}
    changed = encode(tiled, arrays)
    wanted = _steers if generator.random() < 0.7 else None
    for _ in range(int(generator.choice([1, 1, 1, 2, 3]))):
        change(generator, changed, arrays, wanted)
    content = {"network": encode(_stand_in(tiled), arrays), "tiled": changed}
    for shared in ("input", "steps", "readout"):
        content["network"][shared] = copy.deepcopy(changed.get(shared))
    document = {"schema": SCHEMA, "hash": _content_hash(content), "content": content}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("program.json", json.dumps(document))
        for name, array in arrays.items():
            archive.writestr(name, array.tobytes())
    path.write_bytes(stream.getvalue())


def _stand_in(program: TiledProgram) -> Network:
    """A network with the input and the readout of `program`: a file needs one, the kernels never see it."""
    outputs, features = program.outputs, program.input.features
    reset: ResetMode = "none" if program.readout.kind == "membrane" else "soft"
    population = neurons(outputs, threshold=np.zeros(outputs, np.int64), reset=reset)
    edge = Edge(program.input.name, Linear(np.zeros((outputs, features), np.int8), 2))
    layer = Layer(program.readout.layer, (outputs, 1, 1), population, (edge,))
    return Network("stand-in", program.steps, program.input, (layer,), program.readout)


def _steers(place: Place) -> bool:
    return isinstance(place[0], dict) and place[1] in STEERING


def try_program(number: int, folder: Path) -> str:
    """`refused`, or `ran` where reference and both tiers computed the same; anything else is an exception."""
    write_program(number, folder / PROGRAM_FILE)
    try:
        with bounded():
            program = read_build(folder).tiled
    except FileError as error:
        assert "\n" not in str(error), "a refusal has one line"
        return "refused"
    _refuse_to_load(folder)
    return _run_everywhere(program, number)


def _refuse_to_load(folder: Path) -> None:
    """The stand-in is not what the program was compiled from, which loading it must find."""
    try:
        Build.load(folder)
    except FileError as error:
        assert "\n" not in str(error), "a refusal has one line"
        return
    raise AssertionError("a program of another network was loaded")


def _run_everywhere(program: TiledProgram, number: int) -> str:
    if program.steps > 16 or program.input.features > 4096:
        return "too long to run here"
    payloads = random_payloads(np.random.default_rng(number), program, 2)
    expected = execute_program(program, payloads)
    fast = functional.run_functional(program, payloads, trace=True, threads=1)
    np.testing.assert_array_equal(expected.outputs, fast.outputs)
    for name, (membranes, spikes) in layer_traces(program, fast.trace).items():
        np.testing.assert_array_equal(expected.layers[name].membrane, membranes)
        np.testing.assert_array_equal(expected.layers[name].spikes, spikes)
    run = cycle_engine.run_stream(program, payloads)
    np.testing.assert_array_equal(expected.outputs, decode_outputs(program, run.flits, len(payloads)))
    return "ran"


def write_model(number: int, path: Path) -> None:
    """The model file of this number, a few changes away from a good one."""
    import torch

    generator = np.random.default_rng(number)
    content = _model_content()
    parameters = content["parameters"]
    for _ in range(int(generator.choice([1, 1, 2, 3]))):
        if generator.random() < 0.6:
            change(generator, content["config"], {})
        else:
            name = str(generator.choice(sorted(parameters)))
            tensor = parameters[name].clone()
            extremes = [0.0, -0.0, 1e-45, 1e-30, 1.0, -1e3, 1e9, 3e38, -3e38, float("inf"), float("nan")]
            chosen = torch.from_numpy(generator.random(tuple(tensor.shape)) < generator.choice([0.1, 1.0]))
            tensor[chosen] = float(generator.choice(extremes))
            parameters[name] = tensor if generator.random() < 0.9 else tensor.reshape(-1)[:-1]
    content["config"] = _tupled(content["config"])
    torch.save(content, path)


def _model_content() -> dict[str, Any]:
    """What a checkpoint of a small network with convolution, skip, recurrence and CUBA neurons holds."""
    from random_classifiers import varied

    from snnc.compiler.isa.arithmetic import Decay
    from snnc.training.files.checkpoint import FORMAT, SCHEMA, _parameters
    from snnc.training.model.config import EdgeConfig, LayerConfig, ModelConfig, Population

    cuba = Population(leak=Decay(1, 2), current_leak=Decay(3, 4))
    conv = EdgeConfig("input", "conv", (3, 3), (2, 2), (1, 1))
    skip = EdgeConfig("a", "conv", pool=(1, 1), delay=1)
    layers = (
        LayerConfig("a", 4, (conv,), Population(reset="hard", reset_value=-1), 4),
        LayerConfig("b", 4, (EdgeConfig("a", "conv", (3, 3), (1, 1), (1, 1), 2), skip), cuba, 3),
        LayerConfig("c", 5, (EdgeConfig("b", pool=(2, 2)), EdgeConfig("c", delay=1)), cuba, 4),
        LayerConfig("readout", 3, (EdgeConfig("c"),), Population(reset="none"), 4),
    )
    model = varied(ModelConfig((2, 6, 6), layers, steps=3, max_payload=15, readout="membrane"), 1)
    activity = Activity(dict.fromkeys(("input", "a", "b", "c", "readout"), 0.1), 1.5)
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "config": _listed(asdict(model.config)),
        "provenance": asdict(Provenance(activity=activity)),
        "parameters": {name: value.clone() for name, value in _parameters(model).items()},
    }


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tupled(item) for key, item in value.items()}
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value


def try_model(number: int, folder: Path) -> str:
    """`refused`, `does not fit`, or `ran` where trainer and functional tier computed the same."""
    from random_classifiers import random_inputs

    from snnc.models import read_model

    write_model(number, folder / "model.pt")
    try:
        with bounded():
            checkpoint, network = read_model(folder / "model.pt")
    except FileError:
        return "refused"
    try:
        program = compile_network(network, load_target("mesh16")).tiled
    except (DoesNotFit, UnsupportedModel):
        return "does not fit"
    if program.steps > 16 or program.input.features > 4096:
        return "too long to run here"
    x = random_inputs(checkpoint.model.config, samples=2)
    payloads = encode_inputs(network.input, network.steps, x)
    got = layer_traces(program, functional.run_functional(program, payloads, trace=True, threads=1).trace)
    for trained in checkpoint.model.trace(x):
        np.testing.assert_array_equal(trained.membranes, got[trained.name][0])
        np.testing.assert_array_equal(trained.spikes, got[trained.name][1])
    return "ran"


TRIES: dict[str, Callable[[int, Path], str]] = {"program": try_program, "model": try_model, **OTHER_TRIES}


def main(kind: str, first: int, count: int) -> None:
    """Print each number before it is tried, and what became of it after."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        for tier in (functional, cycle_engine):
            tier.pointer = CheckedPool  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            print(number, end=" ", flush=True)
            print(TRIES[kind](number, Path(folder)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
