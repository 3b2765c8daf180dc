"""Arrow columns from their memory: ``pyarrow.array`` would import pandas, half a second that no reading needs."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike


def numbers(values: ArrayLike) -> pa.Array:
    """Column of float64; null throughout where every value is NaN."""
    column = np.ascontiguousarray(values, np.float64)
    if len(column) and np.isnan(column).all():
        return pa.nulls(len(column), pa.float64())
    return pa.Array.from_buffers(pa.float64(), len(column), [None, pa.py_buffer(column)])


def texts(values: Sequence[str]) -> pa.Array:
    """Column of text."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)
