"""The credit side of borrowers: grades, events, guarantors."""

import numpy as np
import pyarrow as pa

from pipelines.demo_bank.lending import HOUSE, Loans
from pipelines.demo_bank.marks import Pile
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.seasons import is_quarter_end
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import EMPTY, Frame, coded, numbered

GRADES = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C", "D")
EVENTS = ("OVERDUE_90", "WRITE_OFF", "EVASION", "BAD_CREDIT")
OVERDUE_90, WRITE_OFF, EVASION, BAD_CREDIT = range(4)
_LATE_DAYS = {OVERDUE_90: 90, BAD_CREDIT: 150, EVASION: 240, WRITE_OFF: 330}


class Grading:
    """Grades at quarter ends, events by days in arrears; settled when the arrears are paid."""

    def __init__(self, scene: Scene, loans: Loans) -> None:
        self.scene, self.loans = scene, loans
        count, chance = len(loans.person), scene.streams.of("grades")
        better = np.argsort(np.argsort(scene.habits.wealth[loans.person])) / max(count, 1)
        self._base = np.clip(np.rint(5.5 - 5 * better + chance.normal(0, 0.8, count)), 0, 6).astype(np.int64)
        self._shirks = chance.random(count) < scene.world.evading_share
        self._open = np.full((len(EVENTS), count), -1)
        self._day = np.zeros((len(EVENTS), count), dtype=np.int64)
        self._cents = np.zeros((len(EVENTS), count), dtype=np.int64)
        self._count = 0
        self._events = Pile("number", "loan", "kind", "since", "cents", "settled")
        guaranteed = (chance.random(count) < scene.world.guaranteed_share) & (loans.product != HOUSE)
        self.guaranteed = np.flatnonzero(guaranteed) if count > 1 else np.zeros(0, dtype=np.int64)
        other = chance.integers(1, max(count, 2), len(self.guaranteed))
        self.guarantor = (self.guaranteed + other) % max(count, 1)

    def start(self) -> None:
        """Nothing before the first date."""

    def step(self, day: int) -> None:
        """Arrears become events; paid arrears settle them."""
        loans = self.loans
        late = loans.overdue_days(np.arange(len(loans.person)), day)
        for kind, days in _LATE_DAYS.items():
            found = np.flatnonzero((late >= days) & (self._open[kind] < 0))
            if kind == EVASION:
                found = found[self._shirks[found]]
            if kind == WRITE_OFF:
                found = found[~self._shirks[found]]
            numbers = self._count + np.arange(1, len(found) + 1)
            self._count += len(found)
            self._open[kind, found], self._day[kind, found] = numbers, day
            self._cents[kind, found] = loans.outstanding[found]
            self._events.add(numbers, found, kind, day, self._cents[kind, found], False)
            paid = np.flatnonzero((late == 0) & (self._open[kind] >= 0))
            self._events.add(
                self._open[kind, paid], paid, kind, self._day[kind, paid], self._cents[kind, paid], True
            )
            self._open[kind, paid] = -1

    def tables(self, day: int) -> dict[str, Frame]:
        """The day's grades, events and guarantors."""
        return {
            "loans.credit_grades": self._grades(day),
            "loans.credit_events": self._event_rows(day),
            "loans.guarantors": self._guarantors(day),
        }

    def _borrowers(self, loans: np.ndarray) -> pa.Array:
        """The borrowers as their loans name them."""
        kept = self.loans
        return kept.customers.customer_nos(kept.person[loans], loans, kept.granted[loans])

    def _grades(self, day: int) -> Frame:
        loans, graded = self.loans, np.zeros(0, dtype=np.int64)
        live = (loans.outstanding > 0) | (loans.granted == day)
        if day == 0 or is_quarter_end(self.scene.calendar.date_of(day)):
            graded = np.flatnonzero(live & (loans.outstanding > 0))
        else:
            graded = np.flatnonzero((loans.granted == day) & (loans.outstanding > 0))
        late = loans.overdue_days(graded, day)
        grade = np.minimum(self._base[graded] + np.digitize(late, [1, 30, 60]), 8)
        grade = np.where(late >= 90, len(GRADES) - 1, grade)
        return {"borrower_no": self._borrowers(graded), "graded_date": day, "grade": coded(GRADES, grade)}

    def _event_rows(self, day: int) -> Frame:
        rows = self._events.take()
        return {
            "event_no": numbered("X", rows["number"], 7),
            "borrower_no": self._borrowers(rows["loan"]),
            "loan_no": self.loans.numbers(rows["loan"]),
            "event_type": coded(EVENTS, rows["kind"]),
            "event_date": rows["since"],
            "settled_date": np.where(rows["settled"], day, EMPTY),
            "amount": rows["cents"],
        }

    def _guarantors(self, day: int) -> Frame:
        """From the granting on, or from when the guarantor becomes a borrower, until the loan ends."""
        loans, register = self.loans, self.scene.registers["loans"]
        knows = register.since[loans.person[self.guarantor]]
        since = np.maximum(loans.granted[self.guaranteed], knows)
        begins = (since <= 0) if day == 0 else since == day
        begun = (loans.outstanding[self.guaranteed] > 0) & (knows < NEVER)
        ends = (loans.closed[self.guaranteed] == day) & (since < day)
        found = np.flatnonzero((begins & begun) | ends)
        return {
            "loan_no": loans.numbers(self.guaranteed[found]),
            "guarantor_no": self._borrowers(self.guarantor[found]),
            "from_date": since[found],
            "until_date": np.where(ends[found], day, EMPTY),
        }
