"""Columns of text as fixed-width arrays: written and changed whole, never value by value."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

SPACE, WIDE_SPACE = 0x20, 0x3000


def codes(values: np.ndarray) -> np.ndarray:
    """The characters of a text array (n, dtype U) as a writable (n, width) array of code points, 0 = none."""
    values = np.array(values, dtype=str)
    width = max(values.dtype.itemsize // 4, 1)
    return values.astype(f"U{width}").view(np.uint32).reshape(len(values), width)


def from_codes(points: np.ndarray) -> np.ndarray:
    """The text array of an (n, width) array of code points; zeros end a text."""
    points = np.ascontiguousarray(points, dtype=np.uint32)
    if not points.size:
        return np.zeros(len(points), dtype="U1")
    return points.view(f"U{points.shape[1]}")[:, 0]


def digits(values: np.ndarray, width: int) -> np.ndarray:
    """Whole numbers (n, >= 0) as (n, width) digits 0-9, zeros in front; higher digits fall away."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return np.asarray(values, dtype=np.int64)[:, None] // powers % 10


def numbered(prefix: str, values: np.ndarray, width: int) -> np.ndarray:
    """Numbers such as C0000012: a prefix and `width` digits."""
    values = np.asarray(values)
    points = np.empty((len(values), len(prefix) + width), dtype=np.uint32)
    points[:, : len(prefix)] = [ord(sign) for sign in prefix]
    points[:, len(prefix) :] = digits(values, width) + ord("0")
    return from_codes(points)


def packed(points: np.ndarray) -> np.ndarray:
    """The same code points with the gaps (zeros) moved behind the text."""
    order = np.argsort(points == 0, axis=1, kind="stable")
    return np.take_along_axis(points, order, axis=1)


def joined(*parts: np.ndarray) -> np.ndarray:
    """Texts of several arrays of equal length, side by side."""
    return from_codes(packed(np.concatenate([codes(part) for part in parts], axis=1)))


def table_of(pairs: Iterable[tuple[str, str]]) -> np.ndarray:
    """A lookup by code point (65,536 places) that changes the first sign of each pair into the second."""
    table = np.arange(0x10000, dtype=np.uint32)
    for old, new in pairs:
        table[ord(old)] = ord(new)
    return table


def looked_up(values: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Texts with every sign changed as the table says."""
    return from_codes(table[codes(values)])


def chosen(words: Iterable[str], places: np.ndarray) -> np.ndarray:
    """Words by their place; -1 = empty."""
    return np.array([*words, ""])[np.asarray(places)]


def put(values: np.ndarray, mask: np.ndarray, others: np.ndarray | str) -> np.ndarray:
    """A text array with other texts where the mask says, as wide as needed."""
    return np.where(mask, others, values)


def column(values: np.ndarray) -> pa.Array:
    """A text array as a delivered column: empty texts are none."""
    values = np.asarray(values)
    return pa.array(values, pa.string(), mask=values == "")
