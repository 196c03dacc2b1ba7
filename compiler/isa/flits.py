"""Flits as integers and as arrays; a stream is one of uint64, which simulator and RTL take alike."""

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import ADDRESS, COORDINATE_BITS, FLIT, SPIKE, SYNC, FlitType

FlitArray = NDArray[np.uint64]

DATA_SHIFT, TYPE_SHIFT = FLIT["data"].at, FLIT["type"].at
HOST_SHIFT, Y_SHIFT = ADDRESS["host"].at, ADDRESS["y"].at
X_MASK, Y_MASK = ADDRESS["x"].mask, ADDRESS["y"].mask
TYPE_MASK, DATA_MASK, SYNC_MASK = FLIT["type"].mask, FLIT["data"].mask, SYNC["count"].mask
PAYLOAD_SHIFT, ROW_SHIFT, COLUMN_SHIFT = SPIKE["payload"].at, SPIKE["y"].at, SPIKE["x"].at
ROW_MASK, COLUMN_MASK, CHANNEL_MASK = SPIKE["y"].mask, SPIKE["x"].mask, SPIKE["channel"].mask
COORDINATE_MASK = (1 << COORDINATE_BITS) - 1
SENDER_MASK = (1 << HOST_SHIFT) - 1
"""Of a flit to the host: the core that sent it."""


def address_bits(to: Address) -> int:
    """An address as flits and tables carry it."""
    return ADDRESS.pack(x=to.x, y=to.y, host=to.host)


def coordinates(rows: IntArray, columns: IntArray, channels: IntArray) -> IntArray:
    """What SPIKE flits name neurons by."""
    named: IntArray = rows << ROW_SHIFT | columns << COLUMN_SHIFT | channels
    return named


def flit(kind: FlitType, data: int = 0, to: Address | None = None) -> int:
    """One flit as an integer of 48 bits; without `to` it is addressed to core (0, 0)."""
    return FLIT.pack(address=0 if to is None else address_bits(to), type=kind, data=data & DATA_MASK)


def flit_types(flits: FlitArray) -> NDArray[np.int64]:
    """The type field of each flit."""
    return FLIT["type"].read_all(flits)


def flit_data(flits: FlitArray) -> NDArray[np.int64]:
    """The data field of each flit."""
    return FLIT["data"].read_all(flits)
