"""Funds and wealth products: contracts, orders, market values."""

from collections.abc import Callable

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.habits import LEAVING
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents
from pipelines.demo_bank.writing import Rows, money

FUND, PRODUCT = 0, 1
PRODUCTS = ("FUND", "WMP")
ORDER_CHANNELS = (book.BRANCH, book.WEB, book.MOBILE)
FRIDAY = 4


class Contracts:
    """Arrays with one place per contract (each investor has one); values in whole cents."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        world, habits = scene.world, scene.habits
        chance = scene.streams.of("contracts")
        self.person = np.flatnonzero(habits.wealth_day < scene.calendar.days)
        count = len(self.person)
        self.product = np.where(chance.random(count) < world.fund_share, FUND, PRODUCT)
        self.opened = habits.wealth_day[self.person]
        self.beta = chance.uniform(0.4, 1.4, count)
        self.has_plan = (chance.random(count) < world.plan_share) & (self.product == FUND)
        self.value = np.zeros(count, dtype=np.int64)
        self.closed = np.full(count, -1)
        self._changed: set[int] = set()
        self._delivered: set[int] = set()
        self._orders: list[tuple[int, int, int, bool]] = []

    def start(self) -> None:
        """Contracts made before the first date and their value."""
        old = np.flatnonzero(self.opened <= 0)
        persons = self.person[old]
        only_here = self.scene.habits.core_day[persons] > 0
        share = np.where(only_here, 1.0, self.scene.world.invested_share)
        self.value[old] = cents(self.scene.habits.wealth[persons] * share)
        self._changed.update(map(int, old))
        self._delivered.update(map(int, old))

    def step(self, day: int) -> None:
        """Open, revalue, order."""
        self._revalue(day)
        self._open(day)
        self._order(day)
        self._save_by_plan(day)

    def leave(self, day: int) -> None:
        """Leavers redeem everything and end the contract."""
        leaving = (self.scene.habits.leaves[self.person] == day) & (self.opened <= day) & (self.closed < 0)
        for contract in np.flatnonzero(leaving):
            self._redeem_all(int(contract), day)

    def _live(self, day: int) -> np.ndarray:
        return (self.opened < day) & (self.closed < 0)

    def _revalue(self, day: int) -> None:
        scene, world, live = self.scene, self.scene.world, self._live(day)
        if scene.calendar.date_of(day).weekday() == FRIDAY:
            chance = scene.chance("market", day)
            market = chance.normal(world.weekly_return, world.weekly_volatility)
            own = chance.normal(0, world.own_volatility, len(self.person))
            funds = np.flatnonzero(live & (self.product == FUND) & (self.value > 0))
            factor = np.exp(self.beta[funds] * market + own[funds])
            self.value[funds] = np.maximum(np.rint(self.value[funds] * factor), 1).astype(np.int64)
            self._changed.update(map(int, funds))
        if scene.calendar.is_month_end(day):
            products = np.flatnonzero(live & (self.product == PRODUCT))
            self.value[products] += self.value[products] * world.wealth_product_basis_points // 120_000
            self._changed.update(map(int, products))

    def _open(self, day: int) -> None:
        scene = self.scene
        for contract in np.flatnonzero(self.opened == day) if day > 0 else ():
            person = int(self.person[contract])
            wanted = int(cents(scene.habits.wealth[person] * scene.world.invested_share, 10_000))
            if scene.has_account(np.array([person]))[0]:
                wanted = min(wanted, int(scene.ledger.balance[scene.current[person]]) * 6 // 10)
            wanted = wanted // 10_000 * 10_000
            self._delivered.add(int(contract))
            self._changed.add(int(contract))
            if wanted >= int(cents(scene.world.least_contract)):
                self._buy(int(contract), wanted, self._channel(person), True)

    def _channel(self, person: int) -> int:
        return ORDER_CHANNELS[self.scene.habits.style[person]]

    def _order(self, day: int) -> None:
        scene, world = self.scene, self.scene.world
        chance = scene.chance("orders", day)
        count = len(self.person)
        pace = scene.habits.pace(world, day)[self.person]
        orders = chance.random(count) < world.orders_per_day * pace
        buys = chance.random(count) < world.buying_share
        share = chance.uniform(*world.order_of_value, count)
        ends = chance.random(count) < world.full_redemption_per_day
        live = self._live(day)
        stays = scene.habits.mood[self.person] != LEAVING
        for contract in np.flatnonzero(live & ends & (pace > 0)):
            self._redeem_all(int(contract), day)
        for contract in np.flatnonzero(live & orders & ~ends & (self.value > 0)):
            amount = int(self.value[contract] * share[contract]) // 10_000 * 10_000
            if amount and buys[contract] and stays[contract]:
                self._buy(int(contract), amount, self._channel(int(self.person[contract])), True)
            elif amount:
                self._redeem(int(contract), amount)

    def _save_by_plan(self, day: int) -> None:
        scene = self.scene
        today = scene.paying_today(day)[self.person] & self.has_plan & self._live(day)
        for contract in np.flatnonzero(today & (scene.habits.mood[self.person] != LEAVING)):
            income = scene.habits.income[self.person[contract]]
            self._buy(
                int(contract), int(cents(income * scene.world.plan_of_income, 10_000)), book.MOBILE, False
            )

    def _buy(self, contract: int, amount: int, channel: int, by_customer: bool) -> None:
        scene, person = self.scene, self.person[[contract]]
        if scene.has_account(person)[0]:
            account = scene.current[person]
            if not scene.ledger.affordable(account, np.array([amount]))[0]:
                return
            by = book.BY_CUSTOMER if by_customer else book.BY_SYSTEM
            scene.ledger.post(account, -amount, channel if by_customer else book.SYSTEM, book.INVESTMENT, by)
        self._book(contract, amount, channel, by_customer)

    def _redeem(self, contract: int, amount: int) -> None:
        scene, person = self.scene, self.person[[contract]]
        channel = self._channel(int(person[0]))
        if scene.has_account(person)[0]:
            scene.ledger.post(scene.current[person], amount, channel, book.INVESTMENT, book.BY_CUSTOMER)
        self._book(contract, -amount, channel, True)

    def _redeem_all(self, contract: int, day: int) -> None:
        if self.value[contract]:
            self._redeem(contract, int(self.value[contract]))
        self.closed[contract] = day
        self._delivered.add(contract)
        self._changed.add(contract)

    def _book(self, contract: int, amount: int, channel: int, by_customer: bool) -> None:
        self.value[contract] += amount
        self._orders.append((contract, amount, channel, by_customer))
        self._changed.add(contract)

    def contract_no(self, contract: int) -> str:
        """The number of a contract."""
        return f"V{contract + 1:07d}"

    def master_rows(self, investor_no: Callable[[int], str]) -> Rows:
        """Contracts made or ended on this day."""
        calendar, people = self.scene.calendar, self.scene.people
        rows = []
        for contract in sorted(self._delivered):
            closed = int(self.closed[contract])
            row = (
                self.contract_no(contract),
                investor_no(self.person[contract]),
                PRODUCTS[self.product[contract]],
                "CNY",
                people.branch_no(self.person[contract]),
                calendar.text(self.opened[contract]),
                calendar.text(closed) if closed >= 0 else "",
            )
            rows.append(row)
        self._delivered.clear()
        return Rows(rows)

    def order_rows(self, day: int) -> Rows:
        """The day's orders."""
        when, stamp = self.scene.calendar.text(day), self.scene.calendar.text(day).replace("-", "")
        orders, self._orders = self._orders, []
        rows = [
            (
                f"Q{stamp}{place:07d}",
                self.contract_no(contract),
                when,
                "D" if amount > 0 else "C",
                money(abs(amount)),
                book.CHANNELS[channel],
                "CUSTOMER" if by_customer else "SYSTEM",
            )
            for place, (contract, amount, channel, by_customer) in enumerate(orders, 1)
        ]
        return Rows(rows, {"amount": sum(abs(amount) for _, amount, *_ in orders)})

    def value_rows(self, day: int) -> Rows:
        """Changed values of this day."""
        when, changed = self.scene.calendar.text(day), sorted(self._changed)
        self._changed.clear()
        rows = [(self.contract_no(contract), when, money(int(self.value[contract]))) for contract in changed]
        return Rows(rows, {"market_value": int(self.value[changed].sum())})
