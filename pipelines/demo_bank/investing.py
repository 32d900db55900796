"""Funds, wealth products, insurance and custody money: contracts, orders, quantities and market values."""

import numpy as np
import pyarrow as pa

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.market import CUSTODY, FUND, INSURANCE, PRODUCTS, WMP
from pipelines.demo_bank.marks import Marks, Pile
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents
from pipelines.demo_bank.writing import EMPTY, Frame, coded, numbered

ORDER_CHANNELS = np.array([book.BRANCH, book.WEB, book.MOBILE])
FRIDAY = 4
PER_CENT_UNIT = (
    1_000_000  # quantity and price in units of 10**-4 multiply to units of 10**-8: a cent is 10**6
)


class Contracts:
    """Arrays with one place per contract; quantities in units of 10**-4, values in whole cents.

    A market value is quantity times price, rounded half up to the cent.
    """

    def __init__(self, scene: Scene, customers: Records) -> None:
        self.scene, self.customers = scene, customers
        self.person, self.product = self._make_contracts()
        world, habits, count = scene.world, scene.habits, len(self.person)
        chance = scene.streams.of("contracts")
        self.opened = habits.wealth_day[self.person].copy()
        length = chance.integers(*world.wealth_product_days, count)
        over = (-self.opened // length + 1) * length
        self.length = length
        ends = self.opened + np.where(self.opened <= 0, over, length)
        self.matures = np.where(self.product == WMP, ends, EMPTY)
        self.has_plan = (chance.random(count) < world.plan_share) & (self.product == FUND)
        self.quantity = np.zeros(count, dtype=np.int64)
        self.closed = np.full(count, -1)
        self.issued = np.zeros(count, dtype=bool)
        self._changed, self._delivered = Marks(count), Marks(count)
        self._orders = Pile("contract", "cents", "fee", "channel", "by")

    def start(self) -> None:
        """Contracts made before the first date and their value."""
        old = np.flatnonzero(self.opened <= 0)
        persons = self.person[old]
        only_here = self.scene.habits.core_day[persons] > 0
        share = np.where(only_here, 1.0, self.scene.world.invested_share)
        part = share / np.bincount(self.person, minlength=self.scene.people.count)[persons]
        worth = cents(self.scene.habits.wealth[persons] * part)
        self.quantity[old] = worth * PER_CENT_UNIT // self._prices(0)[self.product[old]]
        self.issued[old] = True
        self._changed.add(old)
        self._delivered.add(old)

    def step(self, day: int) -> None:
        """Open, order, mature; on Fridays and month-ends everything is valued."""
        self._open(day)
        self._order(day)
        self._save_by_plan(day)
        self._mature(day)
        calendar = self.scene.calendar
        if calendar.date_of(day).weekday() == FRIDAY or calendar.is_month_end(day):
            self._changed.add(np.flatnonzero(self._live(day) & (self.quantity > 0)))

    def carry_away(self, day: int) -> None:
        """Whoever attrites redeems everything; the contracts stay."""
        contracts = self._contracts_of(self.scene.life.sweeps_on(day))
        self._redeem_all(contracts, day)

    def wind_up(self, day: int) -> None:
        """Leavers redeem everything and end their contracts."""
        life = self.scene.life
        contracts = self._contracts_of(np.union1d(life.leaving_on(day), life.exits_on(day)))
        self._redeem_all(contracts, day)
        self.closed[contracts] = day
        self._changed.add(contracts)
        self._delivered.add(contracts)

    def values(self, contracts: np.ndarray, day: int) -> np.ndarray:
        """Market values in cents."""
        worth = self.quantity[contracts] * self._prices(day)[self.product[contracts]]
        return (worth + PER_CENT_UNIT // 2) // PER_CENT_UNIT

    def held(self, day: int) -> np.ndarray:
        """What everybody holds, in cents by person."""
        everything = np.arange(len(self.person))
        worth = self.values(everything, day)
        return np.bincount(self.person, worth, minlength=self.scene.people.count).astype(np.int64)

    def numbers(self, contracts: np.ndarray) -> pa.Array:
        """The numbers of contracts."""
        return numbered("V", contracts + 1, 7)

    def _make_contracts(self) -> tuple[np.ndarray, np.ndarray]:
        """A fund or a wealth product for each investor; for some insurance and custody money beside it."""
        scene, world = self.scene, self.scene.world
        chance = scene.streams.of("contract kinds")
        investors = np.flatnonzero(scene.habits.wealth_day < scene.calendar.days)
        count = len(investors)
        first = np.where(chance.random(count) < world.fund_share, FUND, WMP)
        insured = investors[
            (chance.random(count) < world.insurance_share) & scene.people.is_person[investors]
        ]
        trading = investors[chance.random(count) < world.custody_share]
        person = np.concatenate([investors, insured, trading])
        product = np.concatenate([first, np.full(len(insured), INSURANCE), np.full(len(trading), CUSTODY)])
        return person, product

    def _prices(self, day: int) -> np.ndarray:
        return self.scene.market.prices[day]

    def _live(self, day: int) -> np.ndarray:
        return self.issued & (self.opened < day) & (self.closed < 0)

    def _contracts_of(self, persons: np.ndarray) -> np.ndarray:
        is_one = np.zeros(self.scene.people.count, dtype=bool)
        is_one[persons] = True
        return np.flatnonzero(is_one[self.person] & self.issued & (self.closed < 0))

    def _channel(self, contracts: np.ndarray) -> np.ndarray:
        return ORDER_CHANNELS[self.scene.habits.style[self.person[contracts]]]

    def _open(self, day: int) -> None:
        scene = self.scene
        new = np.flatnonzero(self.opened == day)
        new = new[~scene.life.is_bound(day)[self.person[new]] & (scene.life.gone_on[self.person[new]] > day)]
        if not len(new):
            return
        self.issued[new] = True
        self._delivered.add(new)
        self._changed.add(new)
        persons = self.person[new]
        wanted = cents(scene.habits.wealth[persons] * scene.world.invested_share, 10_000)
        inside = scene.has_account(persons)
        here = scene.ledger.balance[scene.current[persons]] * 6 // 10
        wanted = np.where(inside, np.minimum(wanted, here), wanted) // 10_000 * 10_000
        worth = wanted >= int(cents(scene.world.least_contract))
        self._buy(new[worth], wanted[worth], self._channel(new[worth]), book.BY_CUSTOMER, day)

    def _order(self, day: int) -> None:
        scene, world, life = self.scene, self.scene.world, self.scene.life
        chance, count = scene.chance("orders", day), len(self.person)
        pace = life.pace(day)[self.person]
        orders = chance.random(count) < world.orders_per_day * pace
        buys = chance.random(count) < world.buying_share
        share = chance.uniform(*world.order_of_value, count)
        ends = (chance.random(count) < world.full_redemption_per_day) & (pace > 0)
        live = self._live(day)
        ending = np.flatnonzero(live & ends & (self.product != INSURANCE))
        self._redeem_all(ending, day)
        self.closed[ending] = day
        self._delivered.add(ending)
        self._changed.add(ending)
        ordered = np.flatnonzero(live & orders & ~ends & (self.quantity > 0) & (self.product != INSURANCE))
        amount = (self.values(ordered, day) * share[ordered]).astype(np.int64) // 10_000 * 10_000
        ordered, amount = ordered[amount > 0], amount[amount > 0]
        buying = buys[ordered] & ~life.is_bound(day)[self.person[ordered]]
        self._buy(ordered[buying], amount[buying], self._channel(ordered[buying]), book.BY_CUSTOMER, day)
        self._redeem(ordered[~buying], amount[~buying], day, book.BY_CUSTOMER)

    def _save_by_plan(self, day: int) -> None:
        """Monthly savings in funds, and the yearly premium of insurances."""
        scene, life = self.scene, self.scene.life
        free = (life.gone_on > day) & (life.leaving_from > day)
        today = scene.paying_today(day)[self.person] & self._live(day) & free[self.person]
        plans = np.flatnonzero(today & self.has_plan & ~life.is_bound(day)[self.person])
        yearly = (day - self.opened) // 365 > (day - 31 - self.opened) // 365
        premiums = np.flatnonzero(today & (self.product == INSURANCE) & yearly)
        saved = np.concatenate([plans, premiums])
        share = np.where(self.product[saved] == INSURANCE, 1.0, scene.world.plan_of_income)
        amount = cents(scene.habits.income[self.person[saved]] * share, 10_000)
        self._buy(saved, amount, np.full(len(saved), book.MOBILE), book.BY_SYSTEM, day)

    def _mature(self, day: int) -> None:
        """A wealth product that ends is paid out in part and begins anew."""
        due = np.flatnonzero((self.matures == day) & self.issued & (self.closed < 0))
        drawn = self.scene.chance("maturing products", day).random(len(due))
        paid = due[(drawn < self.scene.world.paid_out_share) & (self.quantity[due] > 0)]
        amount = self.values(paid, day) // 2 // 10_000 * 10_000
        self._redeem(paid[amount > 0], amount[amount > 0], day, book.BY_SYSTEM)
        self.matures[due] += self.length[due]
        self._delivered.add(due)

    def _fee(self, contracts: np.ndarray, amount: np.ndarray) -> np.ndarray:
        points = np.array(self.scene.world.order_fee_basis_points)[self.product[contracts]]
        return amount * points // 10_000

    def _buy(self, contracts: np.ndarray, amount: np.ndarray, channel: np.ndarray, by: int, day: int) -> None:
        """Orders paid from the deposit account where there is one; what it does not hold is not ordered."""
        scene = self.scene
        fee = self._fee(contracts, amount)
        inside = scene.has_account(self.person[contracts])
        accounts = scene.current[self.person[contracts]]
        fits = ~inside
        fits[inside] = scene.ledger.affordable(accounts[inside], (amount + fee)[inside])
        paid = inside & fits
        way = np.where(by == book.BY_CUSTOMER, channel, book.SYSTEM)
        scene.ledger.post(accounts[paid], -amount[paid], way[paid], book.INVESTMENT, by)
        charged = paid & (fee > 0)
        scene.ledger.post(accounts[charged], -fee[charged], book.SYSTEM, book.FEE, book.BY_SYSTEM)
        contracts, amount = contracts[fits], amount[fits]
        bought = amount * PER_CENT_UNIT // self._prices(day)[self.product[contracts]]
        self._book(contracts, amount, fee[fits], channel[fits], by, day)
        np.add.at(self.quantity, contracts, bought)

    def _redeem(self, contracts: np.ndarray, amount: np.ndarray, day: int, by: int) -> None:
        sold = amount * PER_CENT_UNIT // self._prices(day)[self.product[contracts]]
        self.quantity[contracts] = np.maximum(self.quantity[contracts] - sold, 0)
        self._pay_out(contracts, amount, day, by)

    def _redeem_all(self, contracts: np.ndarray, day: int) -> None:
        worth = self.values(contracts, day)
        contracts, worth = contracts[worth > 0], worth[worth > 0]
        self.quantity[contracts] = 0
        self._pay_out(contracts, worth, day, book.BY_CUSTOMER)

    def _pay_out(self, contracts: np.ndarray, amount: np.ndarray, day: int, by: int) -> None:
        scene = self.scene
        channel = self._channel(contracts)
        inside = scene.has_account(self.person[contracts])
        way = np.where(by == book.BY_CUSTOMER, channel, book.SYSTEM)
        scene.ledger.post(
            scene.current[self.person[contracts]][inside], amount[inside], way[inside], book.INVESTMENT, by
        )
        self._book(contracts, -amount, np.zeros(len(contracts), dtype=np.int64), channel, by, day)

    def _book(
        self,
        contracts: np.ndarray,
        amount: np.ndarray,
        fee: np.ndarray,
        channel: np.ndarray,
        by: int,
        day: int,
    ) -> None:
        self._orders.add(contracts, amount, fee, channel, by)
        self._changed.add(contracts)
        if by == book.BY_CUSTOMER:
            self.scene.life.touch(self.person[contracts], day)

    # ── tables ──────────────────────────────────────────────────────────────────────────────────────────────

    def tables(self, day: int) -> dict[str, Frame]:
        """Contracts made, renewed or ended, orders and changed values of a day."""
        return {
            "wealth.contracts": self._contracts(),
            "wealth.contract_values": self._values(day),
            "wealth.orders": self._order_rows(day),
        }

    def _contracts(self) -> Frame:
        contracts = self._delivered.take()
        person = self.person[contracts]
        return {
            "contract_no": self.numbers(contracts),
            "investor_no": self.customers.customer_nos(person, contracts, self.opened[contracts]),
            "product_code": coded(PRODUCTS, self.product[contracts]),
            "currency": "CNY",
            "branch_no": numbered("B", self.scene.people.branch[person] + 1, 3),
            "opened_date": self.opened[contracts],
            "maturity_date": self.matures[contracts],
            "closed_date": np.where(self.closed[contracts] >= 0, self.closed[contracts], EMPTY),
        }

    def _values(self, day: int) -> Frame:
        contracts = self._changed.take()
        return {
            "contract_no": self.numbers(contracts),
            "value_date": day,
            "quantity": self.quantity[contracts],
            "price": self._prices(day)[self.product[contracts]],
            "market_value": self.values(contracts, day),
        }

    def _order_rows(self, day: int) -> Frame:
        orders = self._orders.take()
        count = len(orders["contract"])
        return {
            "order_no": numbered(f"Q{self.scene.calendar.stamp(day)}", np.arange(1, count + 1), 7),
            "contract_no": self.numbers(orders["contract"]),
            "order_date": day,
            "direction": coded(("C", "D"), orders["cents"] > 0),
            "amount": np.abs(orders["cents"]),
            "fee": orders["fee"],
            "channel": coded(book.CHANNELS, orders["channel"]),
            "initiated_by": coded(book.INITIATORS, orders["by"]),
        }
