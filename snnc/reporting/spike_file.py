"""The spikes of one sample as data for other programs: `.npz` of columns, or `.csv` with a row each."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UsageError
from snnc.base.files import write_atomically
from snnc.base.quoting import quote
from snnc.compiler.formats.storage import Build
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import encode_samples
from snnc.sim.engine.cycle import run_cycles
from snnc.sim.engine.records import SWEEP_AT

SUFFIXES = (".npz", ".csv")
COLUMNS = ("layer", "neuron", "step", "cycle")


@dataclass(frozen=True)
class SpikeTable:
    """Spikes in the order of their steps, layers and neurons."""

    layers: tuple[str, ...]
    """Names of the layers, in the order of the network."""
    rows: IntArray
    """(spikes, 4): number of the layer, number of the neuron in it, step, and the cycle in which the sweep
    of that step began on the neuron's core (exact)."""
    cut: tuple[str, ...]
    """What was left out."""


def check_spike_file(path: Path) -> None:
    """Raises UsageError for a name that says no format."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f"spikes are written as {' or '.join(SUFFIXES)}, not as {quote(path.name)}")


def record_spikes(build: Build, x: NDArray[Any], most: int) -> SpikeTable:
    """Run one sample, (1, ...) as the model takes it, in the cycle tier and keep the first `most` spikes."""
    tiled = build.tiled
    stream = encode_samples(tiled, encode_inputs(tiled.input, tiled.steps, x))
    run = run_cycles(tiled, stream, trace=True, event_log=True)
    assert run.trace is not None
    layers = tuple(layer.name for layer in build.network.layers)
    parts = [np.zeros((0, len(COLUMNS)), np.int64)]
    for number, (core, trace) in enumerate(zip(tiled.cores, run.trace, strict=True)):
        numbers = core.tile.neuron_map(tiled.target.lanes)
        steps, places = np.nonzero(trace.spikes[0])
        cycles = run.timeline[0, number, steps, SWEEP_AT]
        layer = np.full(len(steps), layers.index(core.layer))
        parts.append(np.stack([layer, numbers[numbers >= 0][places], steps, cycles], axis=1))
    rows = np.concatenate(parts)
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0], rows[:, 2]))]
    cut = (f"{len(rows) - most} of {len(rows)} spikes",) if len(rows) > most else ()
    return SpikeTable(layers, rows[:most], cut)


def write_spikes(table: SpikeTable, path: Path) -> None:
    """Write the table in the format that the name says, atomically; raises as `check_spike_file`."""
    check_spike_file(path)
    write = _write_npz if path.suffix == ".npz" else _write_csv
    write_atomically(path, lambda stream: write(table, stream))


def _write_npz(table: SpikeTable, stream: BinaryIO) -> None:
    columns = dict(zip(COLUMNS, table.rows.T, strict=True))
    np.savez_compressed(stream, layers=np.array(table.layers), **columns)


def _write_csv(table: SpikeTable, stream: BinaryIO) -> None:
    text = io.TextIOWrapper(stream, "utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows((table.layers[layer], *rest) for layer, *rest in table.rows.tolist())
    text.detach()
