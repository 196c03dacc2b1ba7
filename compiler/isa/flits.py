"""Flits: their fields as integers and as arrays.

The bit layout is that of `docs/microarchitecture.md`, section 1. A stream is an array of uint64 that
the simulator and the RTL take alike.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.isa.address import Address

FlitArray = NDArray[np.uint64]

DATA_SHIFT, TYPE_SHIFT, HOST_SHIFT, Y_SHIFT = 12, 9, 8, 4
PAYLOAD_SHIFT = 24
MEMORY_SHIFT = 28
COORDINATE_MASK = (1 << PAYLOAD_SHIFT) - 1


class FlitType(IntEnum):
    """The `type` field. RESTART exists only in the test harness's stimulus: wait, then reset."""

    SPIKE = 0
    VALUE = 1
    END = 2
    CREDIT = 3
    CONFIG_ADDRESS = 4
    CONFIG_DATA = 5
    SYNC = 6
    RESTART = 7


def flit(kind: FlitType, data: int = 0, to: Address | None = None) -> int:
    """One flit as an integer of 44 bits; without `to` it is addressed to core (0, 0)."""
    head = 0 if to is None else to.x | to.y << Y_SHIFT | int(to.host) << HOST_SHIFT
    return head | int(kind) << TYPE_SHIFT | (data & 0xFFFFFFFF) << DATA_SHIFT


def flit_types(flits: FlitArray) -> NDArray[np.int64]:
    """The type field of each flit."""
    return ((flits >> np.uint64(TYPE_SHIFT)) & np.uint64(7)).astype(np.int64)


def flit_data(flits: FlitArray) -> NDArray[np.int64]:
    """The data field of each flit."""
    return (flits >> np.uint64(DATA_SHIFT)).astype(np.int64)
