"""Named streams of chance: one per topic and day, so that a new topic never shifts another."""

from hashlib import sha256

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence


class Streams:
    """Chance of one bank; equal seed, name and day give equal draws."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, name: str, day: int = -1) -> Generator:
        """A fresh generator for a topic (and a day, counted from 0; -1 = no day)."""
        topic = int.from_bytes(sha256(name.encode()).digest()[:8], "big")
        return Generator(PCG64(SeedSequence([self._seed, topic, day + 1])))


def cents(yuan: np.ndarray | float, step: int = 1) -> np.ndarray:
    """Yuan (float) as whole cents, rounded to a multiple of `step` cents, never below one step."""
    return np.maximum(np.rint(np.asarray(yuan) * 100 / step).astype(np.int64), 1) * step


def pick(chance: Generator, shares: tuple[float, ...], count: int) -> np.ndarray:
    """Indices 0..len(shares)-1 drawn with the given shares; int8 array of length `count`."""
    edges = np.cumsum(shares) / np.sum(shares)
    return np.searchsorted(edges[:-1], chance.random(count), side="right").astype(np.int8)
