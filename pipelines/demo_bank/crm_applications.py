"""Applications for accounts, loans and cards: when they were made, when they were answered."""

from typing import Any

import numpy as np

from pipelines.demo_bank.agenda import Agenda, Rows
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.texts import chosen, column, joined, numbered, put
from pipelines.demo_bank.world import NEVER

KINDS = ("ACCOUNT", "LOAN", "CARD")
_SYSTEMS = ("core", "loans", "cards")
_MEAN_DAYS = (0.4, 9.0, 4.0)
_ABANDONED_SHARE = 0.15
_OPENS, _MINUTES = 9 * 60, 8 * 60


class Applications:
    """Whoever comes to a system during the world has applied before; some gave up a first time."""

    def __init__(self, scene: Scene, records: dict[str, Records]) -> None:
        self.scene, self.records = scene, records
        self._agenda, self._count = Agenda(), 0
        for kind, system in enumerate(_SYSTEMS):
            self._plan(kind, records[system])

    def step(self, day: int) -> dict[str, Any] | None:
        """The applications made today, and those answered today."""
        rows = self._agenda.take(day)
        if rows is None:
            return None
        clients = self.records["crm"]
        here = (rows["closed"] > day) | self._is_known(rows, day)
        here &= clients.is_there(clients.main[rows["person"]], day)
        return self._frame({name: values[here] for name, values in rows.items()}, day)

    def _is_known(self, rows: Rows, day: int) -> np.ndarray:
        """Whether those answered did come to the system (who left the bank in the meantime did not)."""
        found = np.zeros(len(rows["no"]), dtype=bool)
        for kind, system in enumerate(_SYSTEMS):
            mine = rows["kind"] == kind
            since = self.records[system].register.since[rows["person"][mine]]
            found[mine] = (since <= day) | rows["abandoned"][mine]
        return found

    def _plan(self, kind: int, records: Records) -> None:
        chance = self.scene.streams.of(f"applications {KINDS[kind]}")
        fresh = np.flatnonzero((records.since > 0) & (records.since < NEVER))
        closed = records.since[fresh]
        person = records.person[fresh]
        lost = np.flatnonzero(chance.random(len(fresh)) < _ABANDONED_SHARE)
        person, closed = np.r_[person, person[lost]], np.r_[closed, closed[lost]]
        abandoned = np.arange(len(person)) >= len(fresh)
        lag = np.floor(chance.exponential(_MEAN_DAYS[kind], len(person))).astype(np.int64)
        # Who gave up applied some weeks before he came again.
        opened = closed - lag - np.where(abandoned, 20, 0)
        closed = np.where(abandoned, np.where(lag % 2 == 1, opened + lag + 5, NEVER), closed)
        clients = self.records["crm"].main[person]
        keep = (opened > 0) & (clients >= 0)
        count = int(keep.sum())
        minute = _OPENS + chance.integers(0, _MINUTES, count)
        took = chance.integers(12, 70, count)
        rows = {
            "no": np.arange(self._count, self._count + count),
            "person": person[keep],
            "kind": np.full(count, kind),
            "opened": opened[keep],
            "minute": minute,
            "closed": closed[keep],
            "end": np.where(opened[keep] == closed[keep], minute + took, _OPENS + took * 7),
            "abandoned": abandoned[keep],
        }
        self._count += count
        # The client file tells of an applicant once it has him.
        known = self.records["crm"].since[clients[keep]]
        first, last = np.maximum(rows["opened"], known), np.maximum(rows["closed"], known)
        self._agenda.add(first, rows)
        later = (last > first) & (last < NEVER)
        self._agenda.add(last[later], {name: values[later] for name, values in rows.items()})

    def _frame(self, rows: Rows, day: int) -> dict[str, Any]:
        clients = self.records["crm"]
        is_closed = rows["closed"] <= day
        branch = self.scene.people.branch[rows["person"]]
        return {
            "application_no": column(numbered("Z", rows["no"] + 1, 9)),
            "client_no": column(clients.numbers_of(clients.main[rows["person"]])),
            "kind": column(chosen(KINDS, rows["kind"])),
            "branch_no": column(numbered("B", branch + 1, 3)),
            "opened_date": rows["opened"],
            "opened_time": column(_times(rows["minute"])),
            "closed_date": np.where(is_closed, rows["closed"], NEVER),
            "closed_time": column(put(_times(rows["end"]), ~is_closed, "")),
        }


def _times(minutes: np.ndarray) -> np.ndarray:
    """Minutes of the day as hh:mm."""
    hour, minute = np.divmod(np.asarray(minutes), 60)
    return joined(numbered("", hour, 2), np.broadcast_to(np.array(":"), len(hour)), numbered("", minute, 2))
