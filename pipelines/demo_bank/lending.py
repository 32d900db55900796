"""Loans: granting, monthly payments, arrears, early repayment, changes of rate."""

import numpy as np
import pyarrow as pa

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.market import PER_BASIS_POINT
from pipelines.demo_bank.marks import Marks, Pile
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents, pick
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import EMPTY, Frame, coded, numbered

HOUSE, CONSUMER, BUSINESS = range(3)
PRODUCTS = ("HOUSE", "CONSUMER", "BUSINESS")
_MONTHLY = 120_000  # basis points and months


class Loans:
    """Arrays with one place per loan (each borrower has one); money in whole cents, days as everywhere."""

    def __init__(self, scene: Scene, customers: Records) -> None:
        self.scene, self.customers = scene, customers
        world, habits = scene.world, scene.habits
        chance = scene.streams.of("loans")
        self.person = np.flatnonzero(habits.loan_day < scene.calendar.days)
        count = len(self.person)
        self.of_person = np.full(scene.people.count, -1)
        self.of_person[self.person] = np.arange(count)
        is_person = scene.people.is_person[self.person]
        self.product = np.where(is_person, pick(chance, world.loan_products, count), BUSINESS)
        self.months = np.array(world.loan_months)[self.product]
        self.rate = np.array(world.loan_rates_basis_points)[self.product]
        self.first_rate = self.rate.copy()
        # A loan is no older than three quarters of its term.
        oldest = -np.rint(self.months * 30.4 * 0.75).astype(np.int64)
        self.granted = np.maximum(habits.loan_day[self.person], oldest)
        payment = habits.income[self.person] * chance.uniform(*world.loan_of_income, count)
        rate = self.rate / _MONTHLY
        self.principal = cents(payment * (1 - (1 + rate) ** -self.months) / rate, 100_000)
        self.payment = cents(self.principal / 100 * rate / (1 - (1 + rate) ** -self.months))
        self.matures = self._maturities()
        fails = chance.random(count) < world.defaulting_share
        # The day from which nothing is paid any more.
        self.defaults = np.where(fails, chance.integers(1, scene.calendar.days + 1, count), NEVER)
        self.outstanding = np.zeros(count, dtype=np.int64)
        self.due = np.zeros(count, dtype=np.int64)
        self.months_due = np.zeros(count, dtype=np.int64)
        self.due_since = np.full(count, NEVER)
        self.closed = np.full(count, -1)
        self._changed, self._delivered = Marks(count), Marks(count)
        self._repaid = Pile("loan", "principal", "interest", "penalty", "early", "by")
        self._rates = Pile("loan", "rate")

    def start(self) -> None:
        """Loans granted before the first date, partly repaid."""
        old = np.flatnonzero(self.granted <= 0)
        rate, age = self.rate[old] / _MONTHLY, -self.granted[old] // 30.4
        growth = (1 + rate) ** age
        left = self.principal[old] * growth - self.payment[old] * (growth - 1) / rate
        self.outstanding[old] = np.clip(np.rint(left), 100, self.principal[old]).astype(np.int64)
        self._changed.add(old)
        self._delivered.add(old)

    def step(self, day: int) -> None:
        """Grants, payments that fall due, what is paid early, and everything in arrears."""
        self._grant(day)
        self._reprice(day)
        self._fall_due(day)
        self._collect(day)
        self._prepay(day)
        self._changed.add(np.flatnonzero((self.due > 0) & (self.due_since < day)))

    def wind_up(self, day: int) -> None:
        """Whoever leaves has the loan taken over by another bank."""
        loans = self.of_person[self.scene.life.exits_on(day)]
        loans = loans[loans >= 0]
        self._pay_early(loans[self.outstanding[loans] > 0], day)

    def overdue_days(self, loans: np.ndarray, day: int) -> np.ndarray:
        """Days for which the loans have been in arrears."""
        return np.where(self.due[loans] > 0, np.maximum(day - self.due_since[loans], 0), 0)

    def numbers(self, loans: np.ndarray) -> pa.Array:
        """The numbers of loans."""
        return numbered("N", loans + 1, 7)

    def _maturities(self) -> np.ndarray:
        """The same day of month some months later; days after the 28th become the 28th."""
        first = np.datetime64(self.scene.calendar.first)
        granted = first + self.granted
        month = granted.astype("datetime64[M]")
        place = np.minimum((granted - month.astype("datetime64[D]")).astype(np.int64), 27)
        return ((month + self.months).astype("datetime64[D]") + place - first).astype(np.int64)

    def _grant(self, day: int) -> None:
        scene = self.scene
        new = np.flatnonzero(self.granted == day)
        new = new[~scene.life.is_bound(day)[self.person[new]]]
        new = new[scene.life.gone_on[self.person[new]] > day]
        self.rate[new] += scene.market.loan_shift[day]
        self.first_rate[new] = self.rate[new]
        self.outstanding[new] = self.principal[new]
        # A seller of a house is paid elsewhere.
        paid = new[(self.product[new] != HOUSE) & scene.has_account(self.person[new])]
        accounts = scene.current[self.person[paid]]
        scene.ledger.post(accounts, self.principal[paid], book.SYSTEM, book.TRANSFER, book.BY_SYSTEM)
        self._changed.add(new)
        self._delivered.add(new)

    def _reprice(self, day: int) -> None:
        """On the first of January the loans for houses follow the market."""
        when, shift = self.scene.calendar.date_of(day), int(self.scene.market.loan_shift[day])
        if (when.month, when.day) != (1, 1):
            return
        base = self.scene.world.loan_rates_basis_points[HOUSE] + shift
        moved = np.flatnonzero((self.product == HOUSE) & (self.outstanding > 0) & (self.rate != base))
        self.rate[moved] = base
        self._rates.add(moved, self.rate[moved])

    def _fall_due(self, day: int) -> None:
        live = (self.outstanding > 0) & (self.granted < day - 5)
        pays = self.scene.habits.pay_day[self.person] == self.scene.calendar.date_of(day).day
        now = np.flatnonzero(live & pays)
        interest = self._interest(now)
        matured = self.matures[now] <= day
        wanted = np.where(matured, NEVER * 1000, self.due[now] + self.payment[now])
        months = self.months_due[now] + 1
        self.due[now] = np.minimum(wanted, self.outstanding[now] + months * interest)
        self.months_due[now] = months
        self.due_since[now] = np.minimum(self.due_since[now], day)

    def _interest(self, loans: np.ndarray) -> np.ndarray:
        return self.outstanding[loans] * self.rate[loans] // _MONTHLY

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
        interest = np.minimum(self.months_due[loans] * self._interest(loans), self.due[loans])
        late = self.overdue_days(loans, day)
        penalty = np.where(late > 0, interest * self.scene.world.late_share_per_mille // 1000, 0)
        principal = np.minimum(self.due[loans] - interest, self.outstanding[loans])
        # What is charged for being late comes out of the same payment.
        penalty = np.minimum(penalty, interest)
        self._repaid.add(loans, principal, interest - penalty, penalty, False, book.BY_SYSTEM)
        self.outstanding[loans] -= principal
        self._clear(loans, day)

    def _clear(self, loans: np.ndarray, day: int) -> None:
        self.due[loans], self.months_due[loans], self.due_since[loans] = 0, 0, NEVER
        paid_off = loans[self.outstanding[loans] == 0]
        self.closed[paid_off] = day
        self._changed.add(loans)
        self._delivered.add(paid_off)

    def _prepay(self, day: int) -> None:
        """Now and then somebody pays back everything, from the account."""
        scene, life = self.scene, self.scene.life
        draw = scene.chance("early repayments", day).random(len(self.person))
        live = (self.outstanding > 0) & (self.due == 0) & (self.granted < day - 30) & (self.defaults > day)
        loans = np.flatnonzero(live & (draw < scene.world.early_repayment_per_day))
        loans = loans[scene.has_account(self.person[loans]) & (life.pace(day)[self.person[loans]] > 0)]
        accounts = scene.current[self.person[loans]]
        total = self.outstanding[loans] + self._penalty(loans, day)
        fits = scene.ledger.affordable(accounts, total)
        scene.ledger.post(accounts[fits], -total[fits], book.BRANCH, book.LOAN_PAYMENT, book.BY_CUSTOMER)
        self._pay_early(loans[fits], day)

    def _penalty(self, loans: np.ndarray, day: int) -> np.ndarray:
        """In the first years a share of what is paid back early."""
        young = day - self.granted[loans] < self.scene.world.early_repayment_days
        return np.where(
            young, self.outstanding[loans] * self.scene.world.early_repayment_basis_points // 10_000, 0
        )

    def _pay_early(self, loans: np.ndarray, day: int) -> None:
        self._repaid.add(loans, self.outstanding[loans], 0, self._penalty(loans, day), True, book.BY_CUSTOMER)
        self.outstanding[loans] = 0
        self._clear(loans, day)

    # ── tables ──────────────────────────────────────────────────────────────────────────────────────────────

    def tables(self, day: int) -> dict[str, Frame]:
        """Loans granted or paid off, changed balances, repayments and changes of rate of a day."""
        return {
            "loans.loans": self._loans(),
            "loans.loan_balances": self._balances(day),
            "loans.loan_rates": self._rate_changes(day),
            "loans.repayments": self._repayments(day),
        }

    def _loans(self) -> Frame:
        loans = self._delivered.take()
        person = self.person[loans]
        return {
            "loan_no": self.numbers(loans),
            "borrower_no": self.customers.customer_nos(person, loans, self.granted[loans]),
            "product_code": coded(PRODUCTS, self.product[loans]),
            "currency": "CNY",
            "branch_no": numbered("B", self.scene.people.branch[person] + 1, 3),
            "principal": self.principal[loans],
            "annual_rate": self.first_rate[loans] * PER_BASIS_POINT,
            "granted_date": self.granted[loans],
            "maturity_date": self.matures[loans],
            "closed_date": np.where(self.closed[loans] >= 0, self.closed[loans], EMPTY),
        }

    def _balances(self, day: int) -> Frame:
        loans = self._changed.take()
        return {
            "loan_no": self.numbers(loans),
            "balance_date": day,
            "balance": self.outstanding[loans],
            "overdue_days": self.overdue_days(loans, day),
        }

    def _rate_changes(self, day: int) -> Frame:
        changed = self._rates.take()
        return {
            "loan_no": self.numbers(changed["loan"]),
            "from_date": day,
            "annual_rate": changed["rate"] * PER_BASIS_POINT,
        }

    def _repayments(self, day: int) -> Frame:
        repaid = self._repaid.take()
        count = len(repaid["loan"])
        return {
            "repayment_no": numbered(f"P{self.scene.calendar.stamp(day)}", np.arange(1, count + 1), 7),
            "loan_no": self.numbers(repaid["loan"]),
            "repayment_date": day,
            "principal": repaid["principal"],
            "interest": repaid["interest"],
            "penalty": repaid["penalty"],
            "is_early": coded(("N", "Y"), repaid["early"]),
            "initiated_by": coded(book.INITIATORS, repaid["by"]),
        }
