"""Large arrays taken piece by piece, where a wide copy of the whole would not fit beside it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK_VALUES = 1 << 20
"""Values of one piece."""


def row_blocks(matrix: NDArray[np.int8]) -> Iterator[NDArray[np.int8]]:
    """The rows of `matrix` in order, some at a time, at least one."""
    rows = max(BLOCK_VALUES // max(matrix.shape[1], 1), 1)
    for first in range(0, len(matrix), rows):
        yield matrix[first : first + rows]
