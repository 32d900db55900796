"""Complaints, praise and suggestions, and how they ended."""

from typing import Any

import numpy as np

from pipelines.demo_bank.agenda import Agenda, Rows, count_of, stacked
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import pick
from pipelines.demo_bank.texts import chosen, column, numbered
from pipelines.demo_bank.world import NEVER

KINDS = ("COMPLAINT", "PRAISE", "SUGGESTION")
COMPLAINT, PRAISE, SUGGESTION = range(3)
CATEGORIES = (
    "PRODUCTS",
    "TECHNOLOGY",
    "OUTLETS",
    "FACILITIES",
    "STAFF",
    "STALE_PRODUCTS",
    "MOBILE",
    "FEES",
)
OUTCOMES = ("RESOLVED", "UNRESOLVED")
_CATEGORY_SHARES = (0.12, 0.14, 0.10, 0.08, 0.20, 0.06, 0.18, 0.12)
_BENIGN_PER_DAY = 0.006 / 30.4
_RESOLVED_SHARE, _FORGOTTEN_SHARE = 0.72, 0.05
_MEAN_DAYS = 9


class Feedback:
    """Each piece is delivered when it comes and again on the day it is closed."""

    def __init__(self, scene: Scene, clients: Records) -> None:
        self.scene, self.clients = scene, clients
        self._closing, self._count = Agenda(), 0

    def step(self, day: int) -> dict[str, Any]:
        """The day's rows: new ones, then those closed today."""
        chance = self.scene.chance("feedback", day)
        complaining = self.clients.main[np.asarray(self.scene.life.complaints_on(day), dtype=np.int64)]
        complaining = complaining[complaining >= 0]
        complaining = complaining[self.clients.is_there(complaining, day)]
        there = np.flatnonzero(chance.random(self.clients.count) < _BENIGN_PER_DAY)
        there = there[
            self.clients.is_there(there, day) & ~self.scene.life.is_gone(day)[self.clients.person[there]]
        ]
        kinds = np.where(chance.random(len(there)) < 0.6, PRAISE, SUGGESTION)
        fresh = self._receive(
            np.r_[complaining, there],
            np.r_[np.zeros(len(complaining), dtype=np.int64), kinds],
            day,
            chance,
        )
        closed = self._closing.take(day)
        parts = [part for part in (fresh, closed) if count_of(part)]
        return self._frame(stacked(parts) if parts else fresh)

    def _receive(self, client: np.ndarray, kind: np.ndarray, day: int, chance: np.random.Generator) -> Rows:
        count = len(client)
        self._count += count
        lasts = 1 + np.floor(chance.exponential(_MEAN_DAYS, count)).astype(np.int64)
        solved = (chance.random(count) < _RESOLVED_SHARE) | (kind != COMPLAINT)
        rows = {
            "no": np.arange(self._count - count, self._count),
            "client": client,
            "kind": kind,
            "category": pick(chance, _CATEGORY_SHARES, count).astype(np.int64),
            "received": np.full(count, day),
            "closed": np.full(count, NEVER),
            "outcome": np.full(count, -1),
        }
        ends = chance.random(count) >= _FORGOTTEN_SHARE
        later = {name: values[ends] for name, values in rows.items()}
        later["closed"], later["outcome"] = day + lasts[ends], np.where(solved[ends], 0, 1)
        self._closing.add(later["closed"], later)
        return rows

    def _frame(self, rows: Rows) -> dict[str, Any]:
        return {
            "feedback_no": column(numbered("F", rows["no"] + 1, 9)),
            "client_no": column(self.clients.numbers_of(rows["client"])),
            "kind": column(chosen(KINDS, rows["kind"])),
            "category": column(chosen(CATEGORIES, rows["category"])),
            "branch_no": column(numbered("B", self.clients.branch[rows["client"]] + 1, 3)),
            "received_date": rows["received"],
            "closed_date": rows["closed"],
            "outcome": column(chosen(OUTCOMES, rows["outcome"])),
        }
