"""Whole columns of numbers: handed to the engine, and joined to components."""

import numpy as np
import pyarrow as pa


def table_of(**columns: np.ndarray) -> pa.Table:
    """Arrays of numbers as a table for the engine, without a copy.

    By hand, because ``pa.array`` imports pandas, which takes longer than a small night's pairs.
    """
    arrow = {}
    for name, values in columns.items():
        own = np.ascontiguousarray(values)
        buffers = [None, pa.py_buffer(own)]
        arrow[name] = pa.Array.from_buffers(pa.from_numpy_dtype(own.dtype), len(own), buffers)
    return pa.table(arrow)


def components(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    """Of each of the places 0 … count-1 the lowest one that a chain of links (left, right) joins it with."""
    lowest = np.arange(count)
    while len(left):
        left, right = lowest[left], lowest[right]
        apart = left != right
        left, right = left[apart], right[apart]
        np.minimum.at(lowest, np.maximum(left, right), np.minimum(left, right))
        while not np.array_equal(above := lowest[lowest], lowest):
            lowest = above
    return lowest
