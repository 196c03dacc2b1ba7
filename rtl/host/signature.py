"""Signatures of what entered and left the mesh, as `snnc_signature` computes them (`docs/host.md`)."""

import numpy as np

from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FLIT
from snnc.compiler.isa.flits import FlitArray

POLYNOMIAL = 0x04C11DB7
START = MASK = 0xFFFFFFFF


def signature_of_flits(flits: FlitArray) -> int:
    """The signature of flits that entered the mesh, in order."""
    return _signature(flits ^ flits >> np.uint64(32))


def signature_of_packets(flits: FlitArray, cycles: IntArray) -> int:
    """The signature of packets that left the mesh, in order, each with its cycle."""
    stamps = cycles.astype(np.uint64)
    low = flits | stamps << np.uint64(FLIT.width)
    return _signature(low ^ low >> np.uint64(32) ^ stamps >> np.uint64(64 - FLIT.width))


def _signature(folded: FlitArray) -> int:
    value = START
    for word in (folded & np.uint64(MASK)).tolist():
        value = (value << 1 & MASK) ^ (POLYNOMIAL if value >> 31 else 0) ^ word
    return value
