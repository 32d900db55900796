"""Rows that are known today and delivered on a later day."""

from collections import defaultdict

import numpy as np

Rows = dict[str, np.ndarray]


class Agenda:
    """Rows by the day they are due; memory holds what is still to come."""

    def __init__(self) -> None:
        self._due: dict[int, list[Rows]] = defaultdict(list)

    def add(self, days: np.ndarray, rows: Rows) -> None:
        """Put rows (columns of equal length) on their days."""
        for day in np.unique(days).tolist():
            mine = days == day
            self._due[day].append({name: column[mine] for name, column in rows.items()})

    def take(self, day: int) -> Rows | None:
        """The rows of a day in the order they were added, or None; they are gone then."""
        parts = self._due.pop(day, None)
        return stacked(parts) if parts else None


def stacked(parts: list[Rows]) -> Rows:
    """Rows of several parts with the same columns, one below the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def count_of(rows: Rows | None) -> int:
    """How many rows there are."""
    return len(next(iter(rows.values()))) if rows else 0
