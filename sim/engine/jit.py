"""How kernels of the engines are compiled, and what ties the disk cache to all of their sources."""

import zlib
from pathlib import Path

from snnc.base.jit import Pool as Pool
from snnc.base.jit import entry as entry
from snnc.base.jit import inlined as inlined
from snnc.base.jit import kernel as kernel
from snnc.base.jit import pointer as pointer
from snnc.base.jit import reordered_entry as reordered_entry
from snnc.compiler.ir import program
from snnc.compiler.isa import contract, flits


def source_stamp() -> int:
    """A checksum over every source file of this package, and over those it takes constants from."""
    constants = [Path(str(module.__file__)) for module in (program, contract, flits)]
    stamp = 0
    for path in [*sorted(Path(__file__).parent.rglob("*.py")), *constants]:
        stamp = zlib.crc32(path.read_bytes(), stamp)
    return stamp
