"""Deposits: openings, income, interest, and how accounts are emptied and closed."""

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank import seasons
from pipelines.demo_bank.ledger import open_accounts
from pipelines.demo_bank.own_money import OwnMoney
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.spending import Spending
from pipelines.demo_bank.streams import cents, pick
from pipelines.demo_bank.terms import Terms


class Deposits:
    """The deposit side of the simulation."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.own_money = OwnMoney(scene)
        self.spending = Spending(scene, self.own_money)
        self.terms = Terms(scene)
        self.second = np.zeros(0, dtype=np.int64)
        self.foreign = np.zeros(0, dtype=np.int64)

    def start(self) -> None:
        """Accounts and balances carried over from before the first date."""
        scene, habits = self.scene, self.scene.habits
        self.own_money.plan = cents(habits.wealth * self._current_share(), 100)
        owners = np.flatnonzero(habits.core_day <= 0)
        accounts = self._open_current(owners, habits.core_day[owners])
        scene.ledger.set_opening(accounts, self.own_money.plan[owners])
        seconds = owners[habits.has_second_account[owners]]
        rate = scene.market.list_rate(0, 0)
        self.second = scene.ledger.open(seconds, book.CURRENT, habits.core_day[seconds], rate)
        scene.ledger.set_opening(
            self.second, cents(habits.wealth[seconds] * scene.world.second_account_of_wealth, 100)
        )
        self._open_foreign(owners[habits.foreign[owners] > 0], 0)
        self.terms.start(owners[habits.has_term_deposit[owners]])

    def receive(self, day: int) -> None:
        """Everything that comes in: new customers' first money, income, interest, maturities."""
        self._welcome(day)
        self._pay_incomes(day)
        self._receive_for_firms(day)
        self._pay_interest(day)
        self.terms.mature(day)

    def spend(self, day: int) -> None:
        """Everything that people and standing instructions pay out."""
        self.spending.charge(day)
        self.spending.pay_standing_orders(day)
        self.spending.spend_freely(day)
        self.own_money.keep_to_plan(day)
        self.own_money.pump(day)
        self.own_money.use_foreign(self.foreign, day)
        self.terms.open_new(day)
        self._close_seconds(day)

    def carry_away(self, day: int) -> None:
        """Whoever attrites takes to another bank what is above what stays; terms break where they must."""
        scene, life = self.scene, self.scene.life
        persons = np.unique(life.sweeps_on(day))
        persons = persons[scene.has_account(persons) & (life.gone_on[persons] > day)]
        if not len(persons):
            return
        held = self.held(day)[persons] - life.kept[persons]
        short = persons[held > scene.ledger.balance[scene.current[persons]]]
        self.terms.break_all(short, day)
        accounts = scene.current[persons]
        amounts = np.minimum(held, scene.ledger.balance[accounts]) // 100 * 100
        self.own_money.send_away(persons, np.maximum(amounts, 0), day)
        plan = self.own_money.plan
        plan[persons] = np.minimum(plan[persons], scene.ledger.balance[accounts])

    def wind_up(self, day: int) -> None:
        """Whoever leaves breaks the term deposits first, on the last day closes everything."""
        scene, ledger = self.scene, self.scene.ledger
        leavers = scene.life.exits_on(day)
        self.terms.break_all(np.union1d(scene.life.leaving_on(day), leavers), day)
        if not len(leavers):
            return
        is_leaver = np.zeros(scene.people.count, dtype=bool)
        is_leaver[leavers] = True
        mine = ledger.of_owners(is_leaver)
        left = ledger.balance[mine]
        held = left != 0
        accounts, left = mine[held], left[held]
        owners = ledger.owner[accounts]
        ledger.post(
            accounts,
            -left,
            book.BRANCH,
            book.TRANSFER,
            book.BY_CUSTOMER,
            self.own_money.bank_of(owners),
            book.OWN_NAME,
        )
        yuan = scene.market.in_yuan(left, ledger.currency[accounts], day)
        np.add.at(scene.life.elsewhere, owners, np.maximum(yuan, 0))
        ledger.close(mine, day)

    def held(self, day: int, product: int | None = None) -> np.ndarray:
        """What everybody holds on deposit, in cents of yuan by person."""
        ledger = self.scene.ledger
        count = ledger.count
        yuan = self.scene.market.in_yuan(ledger.balance[:count], ledger.currency[:count], day)
        return ledger.totals(self.scene.people.count, yuan, product)

    def _current_share(self) -> np.ndarray:
        habits, world = self.scene.habits, self.scene.world
        invested = habits.wealth_day <= 0
        return 1 - world.term_share * habits.has_term_deposit - world.invested_share * invested

    def _open_current(self, owners: np.ndarray, days: np.ndarray | int) -> np.ndarray:
        limits = np.rint(self.scene.habits.overdraft[owners]).astype(np.int64) * 100
        rate = self.scene.market.list_rate(0, 0)
        accounts = self.scene.ledger.open(owners, book.CURRENT, days, rate, limits)
        self.scene.current[owners] = accounts
        return accounts

    def _open_foreign(self, owners: np.ndarray, day: int) -> None:
        scene = self.scene
        currency = scene.habits.foreign[owners]
        opened = scene.habits.core_day[owners]
        self.foreign = scene.ledger.open(owners, book.FOREIGN, opened, 50, currency=currency)
        yuan = cents(scene.habits.wealth[owners] * scene.world.foreign_of_wealth, 100)
        scene.ledger.set_opening(
            self.foreign, yuan * 10_000 // (scene.market.exchange[day, currency] // 10_000)
        )

    def _welcome(self, day: int) -> None:
        scene, habits = self.scene, self.scene.habits
        owners = np.flatnonzero(habits.core_day == day)
        accounts = self._open_current(owners, day)
        channel = np.where(habits.style[owners] == 2, book.MOBILE, book.BRANCH)
        scene.ledger.post(
            accounts,
            self.own_money.plan[owners],
            channel,
            book.TRANSFER,
            book.BY_CUSTOMER,
            self.own_money.bank_of(owners),
            book.OWN_NAME,
        )

    def _pay_incomes(self, day: int) -> None:
        scene, habits = self.scene, self.scene.habits
        today = scene.paying_today(day) & scene.people.is_person
        salaried = habits.is_salaried & (habits.salary_from <= day) & (day < scene.life.salary_until)
        others = ~habits.is_salaried & ~scene.life.is_bound(day)
        persons = np.flatnonzero(today & (salaried | others))
        persons = persons[scene.has_account(persons)]
        noise = scene.chance("incomes", day).uniform(0.95, 1.05, len(persons))
        is_salary = salaried[persons]
        bonus = np.where(is_salary, seasons.salary_factor(scene.calendar.date_of(day)), 1.0)
        scene.ledger.post(
            scene.current[persons],
            cents(habits.income[persons] * noise * bonus),
            book.SYSTEM,
            np.where(is_salary, book.SALARY, book.TRANSFER),
            book.BY_SYSTEM,
            np.where(is_salary, book.NO_BANK, self.own_money.bank_of(persons)),
            np.where(is_salary, book.NOT_NAMED, book.OTHER_NAME),
        )

    def _receive_for_firms(self, day: int) -> None:
        scene = self.scene
        pace = scene.life.pace(day)
        firms = np.flatnonzero(~scene.people.is_person & (pace > 0))
        firms = firms[scene.has_account(firms)]
        chance = scene.chance("receipts", day)
        firms = np.repeat(firms, chance.poisson(scene.world.company_receipts_per_day * pace[firms]))
        part = scene.habits.income[firms] / (30 * scene.world.company_receipts_per_day)
        amounts = cents(part * chance.lognormal(-0.3, 0.8, len(firms)), 100)
        banks = pick(chance, (1,) * len(book.OTHER_BANKS), len(firms))
        scene.ledger.post(
            scene.current[firms], amounts, book.SYSTEM, book.TRANSFER, book.BY_SYSTEM, banks, book.OTHER_NAME
        )

    def _pay_interest(self, day: int) -> None:
        when, accounts = self.scene.calendar.date_of(day), open_accounts(self.scene.ledger, book.CURRENT)
        if when.day != 21 or when.month % 3:
            return
        ledger = self.scene.ledger
        interest = np.maximum(ledger.balance[accounts], 0) * ledger.rate[accounts] // 40_000
        paid = interest > 0
        ledger.post(accounts[paid], interest[paid], book.SYSTEM, book.INTEREST, book.BY_SYSTEM)

    def _close_seconds(self, day: int) -> None:
        scene, ledger = self.scene, self.scene.ledger
        drawn = (
            scene.chance("second accounts", day).random(len(self.second))
            < scene.world.second_account_closing_per_day
        )
        accounts = self.second[drawn & (ledger.closed[self.second] < 0)]
        owners = ledger.owner[accounts]
        accounts = accounts[scene.has_account(owners) & (scene.life.pace(day)[owners] > 0)]
        left = ledger.balance[accounts]
        held = left > 0
        main = scene.current[ledger.owner[accounts]]
        for side, amounts in ((accounts, -left), (main, left)):
            ledger.post(
                side[held],
                amounts[held],
                book.BRANCH,
                book.TRANSFER,
                book.BY_CUSTOMER,
                book.NO_BANK,
                book.OWN_NAME,
            )
        ledger.close(accounts, day)
