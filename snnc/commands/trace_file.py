"""The `.npz` of `simulate --trace`: every spike and membrane of a run, a few samples in memory at a time."""

import shutil
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from snnc.base.files import file_errors, write_atomically
from snnc.compiler.formats.storage import Build
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.sim.engine.functional import run_functional
from snnc.verification.compare import layer_traces

BATCH_BYTES = 1 << 25
"""Bound on what one batch of samples traces, in membranes of eight bytes."""


@dataclass
class _Spool:
    """The rows of one array so far, in a file without a name that goes with this process."""

    content: BinaryIO
    rows: int = 0
    like: NDArray[Any] | None = None

    def append(self, rows: NDArray[Any]) -> None:
        self.content.write(np.ascontiguousarray(rows).data)
        self.rows, self.like = self.rows + len(rows), rows[:0]

    def write_npy(self, stream: Any) -> None:
        assert self.like is not None
        header = {
            "descr": np.lib.format.dtype_to_descr(self.like.dtype),
            "fortran_order": False,
            "shape": (self.rows, *self.like.shape[1:]),
        }
        np.lib.format.write_array_header_1_0(stream, header)
        self.content.seek(0)
        shutil.copyfileobj(self.content, stream)


def write_trace(build: Build, x: NDArray[Any], path: Path) -> None:
    """Run the samples in the functional tier and write `<layer>.membranes` and `<layer>.spikes`, both
    (samples, steps, neurons); `path` is the old file until the new one is complete."""
    network = build.network
    neurons = sum(layer.count for layer in network.layers)
    size = max(1, BATCH_BYTES // (8 * network.steps * neurons))
    spools: dict[str, _Spool] = {}
    with ExitStack() as stack:
        for start in range(0, len(x), size):
            payloads = encode_inputs(network.input, network.steps, x[start : start + size])
            run = run_functional(build.tiled, payloads, trace=True)
            for layer, (membranes, spikes) in layer_traces(build.tiled, run.trace).items():
                for name, rows in ((f"{layer}.membranes", membranes), (f"{layer}.spikes", spikes)):
                    if name not in spools:
                        spools[name] = _Spool(stack.enter_context(_unnamed_file(path)))
                    with file_errors(path):
                        spools[name].append(rows)
        write_atomically(path, lambda stream: _write_npz(stream, spools))


def _unnamed_file(path: Path) -> Any:
    """Where `path` will lie, so that there is room; a device has no such folder."""
    folder = path.parent if path.is_file() or not path.exists() else None
    with file_errors(path):
        return tempfile.TemporaryFile(dir=folder)


def _write_npz(stream: BinaryIO, spools: dict[str, _Spool]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, spool in spools.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as member:
                spool.write_npy(member)
