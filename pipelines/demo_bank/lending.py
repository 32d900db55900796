"""Loans: granting, monthly payments, arrears, pay-off."""

from collections.abc import Callable

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.calendar import add_months
from pipelines.demo_bank.people import PERSON
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents, pick
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import Rows, money

HOUSE, CONSUMER, BUSINESS = range(3)
PRODUCTS = ("HOUSE", "CONSUMER", "BUSINESS")


class Loans:
    """Arrays with one place per loan (each borrower has one); money in whole cents."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        world, habits = scene.world, scene.habits
        chance = scene.streams.of("loans")
        self.person = np.flatnonzero(habits.loan_day < scene.calendar.days)
        count = len(self.person)
        is_person = scene.people.kind[self.person] == PERSON
        self.product = np.where(is_person, pick(chance, world.loan_products, count), BUSINESS)
        months = np.array(world.loan_months)[self.product]
        self.rate = np.array(world.loan_rates_basis_points)[self.product]
        # A loan is no older than three quarters of its term.
        oldest = -np.rint(months * 30.4 * 0.75).astype(np.int64)
        self.granted = np.maximum(habits.loan_day[self.person], oldest)
        payment = habits.income[self.person] * chance.uniform(*world.loan_of_income, count)
        rate = self.rate / 120_000
        self.principal = cents(payment * (1 - (1 + rate) ** -months) / rate, 100_000)
        self.payment = cents(self.principal / 100 * rate / (1 - (1 + rate) ** -months))
        self.matures = [
            add_months(scene.calendar.date_of(day), int(length))
            for day, length in zip(self.granted, months, strict=True)
        ]
        fails = chance.random(count) < world.defaulting_share
        # The day from which nothing is paid any more.
        self.defaults = np.where(fails, chance.integers(1, scene.calendar.days + 1, count), NEVER)
        self.outstanding = np.zeros(count, dtype=np.int64)
        self.due = np.zeros(count, dtype=np.int64)
        self.months_due = np.zeros(count, dtype=np.int64)
        self.due_since = np.full(count, NEVER)
        self.closed = np.full(count, -1)
        self._changed: set[int] = set()
        self._delivered: set[int] = set()

    def start(self) -> None:
        """Loans granted before the first date, partly repaid."""
        old = np.flatnonzero(self.granted <= 0)
        rate, age = self.rate[old] / 120_000, -self.granted[old] // 30.4
        growth = (1 + rate) ** age
        left = self.principal[old] * growth - self.payment[old] * (growth - 1) / rate
        self.outstanding[old] = np.clip(np.rint(left), 100, self.principal[old]).astype(np.int64)
        self._changed.update(map(int, old))
        self._delivered.update(map(int, old))

    def step(self, day: int) -> None:
        """Grants, payments that fall due, and everything in arrears."""
        self._grant(day)
        self._fall_due(day)
        self._collect(day)
        late = np.flatnonzero((self.due > 0) & (self.due_since < day))
        self._changed.update(map(int, late))

    def _grant(self, day: int) -> None:
        scene = self.scene
        new = np.flatnonzero(self.granted == day) if day > 0 else np.zeros(0, dtype=np.int64)
        self.outstanding[new] = self.principal[new]
        # A seller of a house is paid elsewhere.
        paid = new[(self.product[new] != HOUSE) & scene.has_account(self.person[new])]
        accounts = scene.current[self.person[paid]]
        scene.ledger.post(accounts, self.principal[paid], book.SYSTEM, book.TRANSFER, book.BY_SYSTEM)
        self._changed.update(map(int, new))
        self._delivered.update(map(int, new))

    def _fall_due(self, day: int) -> None:
        scene = self.scene
        live = (self.outstanding > 0) & (self.granted < day - 5)
        now = np.flatnonzero(live & scene.paying_today(day)[self.person])
        interest = self.outstanding[now] * self.rate[now] // 120_000
        matured = np.array([self.matures[loan] <= scene.calendar.date_of(day) for loan in now], dtype=bool)
        wanted = np.where(matured, NEVER * 1000, self.due[now] + self.payment[now])
        months = self.months_due[now] + 1
        self.due[now] = np.minimum(wanted, self.outstanding[now] + months * interest)
        self.months_due[now] = months
        self.due_since[now] = np.minimum(self.due_since[now], day)

    def _collect(self, day: int) -> None:
        scene = self.scene
        owing = np.flatnonzero((self.due > 0) & (self.defaults > day))
        inside = scene.has_account(self.person[owing])
        here, outside = owing[inside], owing[~inside]
        accounts = scene.current[self.person[here]]
        fits = scene.ledger.affordable(accounts, self.due[here])
        scene.ledger.post(
            accounts[fits], -self.due[here][fits], book.SYSTEM, book.LOAN_PAYMENT, book.BY_SYSTEM
        )
        drawn = scene.chance("outside payments", day).random(len(outside))
        self._settle(np.r_[here[fits], outside[drawn < scene.world.outside_payment_share]], day)

    def _settle(self, loans: np.ndarray, day: int) -> None:
        interest = self.months_due[loans] * (self.outstanding[loans] * self.rate[loans] // 120_000)
        self.outstanding[loans] = np.maximum(
            self.outstanding[loans] - np.maximum(self.due[loans] - interest, 0), 0
        )
        self.due[loans], self.months_due[loans], self.due_since[loans] = 0, 0, NEVER
        paid_off = loans[self.outstanding[loans] == 0]
        self.closed[paid_off] = day
        self._changed.update(map(int, loans))
        self._delivered.update(map(int, paid_off))

    def loan_no(self, loan: int) -> str:
        """The number of a loan."""
        return f"N{loan + 1:07d}"

    def master_rows(self, borrower_no: Callable[[int], str]) -> Rows:
        """Loans granted or paid off on this day."""
        calendar, people = self.scene.calendar, self.scene.people
        rows = []
        for loan in sorted(self._delivered):
            closed, rate = int(self.closed[loan]), int(self.rate[loan])
            row = (
                self.loan_no(loan),
                borrower_no(self.person[loan]),
                PRODUCTS[self.product[loan]],
                "CNY",
                people.branch_no(self.person[loan]),
                money(int(self.principal[loan])),
                f"0.{rate:04d}",
                calendar.text(self.granted[loan]),
                self.matures[loan].isoformat(),
                calendar.text(closed) if closed >= 0 else "",
            )
            rows.append(row)
        self._delivered.clear()
        return Rows(rows)

    def balance_rows(self, day: int) -> Rows:
        """Changed balances and running arrears of this day."""
        changed, when = sorted(self._changed), self.scene.calendar.text(day)
        self._changed.clear()
        rows = []
        for loan in changed:
            late = max(day - int(self.due_since[loan]), 0) if self.due[loan] else 0
            rows.append((self.loan_no(loan), when, money(int(self.outstanding[loan])), str(late)))
        return Rows(rows, {"balance": int(self.outstanding[changed].sum())})
