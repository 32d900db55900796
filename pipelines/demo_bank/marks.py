"""Which places of an array have changed since they were last delivered."""

import numpy as np


class Marks:
    """A set of places, taken in one go and in order."""

    def __init__(self, count: int) -> None:
        self._marked = np.zeros(count, dtype=bool)

    def add(self, places: np.ndarray) -> None:
        """Mark places."""
        self._marked[places] = True

    def take(self) -> np.ndarray:
        """The marked places, ascending; none are marked afterwards."""
        found = np.flatnonzero(self._marked)
        self._marked[found] = False
        return found


class Pile:
    """Columns of one day's records, piled up in parts."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._parts: list[tuple[np.ndarray, ...]] = []

    def add(self, first: np.ndarray, *others: np.ndarray | int | bool) -> None:
        """Add records; scalars hold for all of them."""
        if len(first):
            self._parts.append(
                (np.asarray(first), *(np.broadcast_to(np.asarray(one), first.shape) for one in others))
            )

    def take(self) -> dict[str, np.ndarray]:
        """All records by column, in the order in which they came; the pile is empty afterwards."""
        parts, self._parts = self._parts, []
        if not parts:
            return {name: np.zeros(0, dtype=np.int64) for name in self._names}
        columns = zip(*parts, strict=True)
        return {name: np.concatenate(one) for name, one in zip(self._names, columns, strict=True)}
