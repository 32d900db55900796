"""Current accounts and foreign savings: income, payments, daily spending, money moved between banks."""

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank import seasons
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents, pick
from pipelines.demo_bank.terms import Terms

# What the numbers of World.person_mix and company_mix mean: purchase, transfer out and in, cash out and in.
MIX_KINDS = np.array([book.PURCHASE, book.TRANSFER, book.TRANSFER, book.CASH, book.CASH])
MIX_SIGNS = np.array([-1, -1, 1, -1, 1])
WHOLE = 10_000  # 100 yuan


class Deposits:
    """The deposit side of the simulation."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.terms = Terms(scene)
        self.second = np.zeros(0, dtype=np.int64)
        self.foreign = np.zeros(0, dtype=np.int64)
        self.plan = np.zeros(scene.people.count, dtype=np.int64)  # cents that the main account tends to hold
        self.pumped = np.zeros(scene.people.count, dtype=np.int64)

    def start(self) -> None:
        """Accounts and balances carried over from before the first date."""
        scene, habits = self.scene, self.scene.habits
        self.plan = cents(habits.wealth * self._current_share(), 100)
        owners = np.flatnonzero(habits.core_day <= 0)
        accounts = self._open_current(owners, habits.core_day[owners])
        scene.ledger.set_opening(accounts, self.plan[owners])
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
        self._charge(day)
        self._pay_standing_orders(day)
        self._spend_freely(day)
        self._keep_to_plan(day)
        self._pump(day)
        self._use_foreign(day)
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
        self._send_away(persons, np.maximum(amounts, 0), day)
        self.plan[persons] = np.minimum(self.plan[persons], scene.ledger.balance[accounts])

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
            self._bank_of(owners),
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

    # ── openings ────────────────────────────────────────────────────────────────────────────────────────────

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
            self.plan[owners],
            channel,
            book.TRANSFER,
            book.BY_CUSTOMER,
            self._bank_of(owners),
            book.OWN_NAME,
        )

    def _bank_of(self, persons: np.ndarray) -> np.ndarray:
        """The other bank of each person: one, for good."""
        return np.asarray(persons) * 7 % len(book.OTHER_BANKS)

    def _own_channel(self, persons: np.ndarray) -> np.ndarray:
        return np.where(self.scene.habits.style[persons] == 0, book.BRANCH, book.MOBILE)

    # ── income ──────────────────────────────────────────────────────────────────────────────────────────────

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
            np.where(is_salary, book.NO_BANK, self._bank_of(persons)),
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
        when, accounts = self.scene.calendar.date_of(day), self._open_accounts(book.CURRENT)
        if when.day != 21 or when.month % 3:
            return
        ledger = self.scene.ledger
        interest = np.maximum(ledger.balance[accounts], 0) * ledger.rate[accounts] // 40_000
        paid = interest > 0
        ledger.post(accounts[paid], interest[paid], book.SYSTEM, book.INTEREST, book.BY_SYSTEM)

    def _open_accounts(self, product: int) -> np.ndarray:
        ledger = self.scene.ledger
        return np.flatnonzero(
            (ledger.product[: ledger.count] == product) & (ledger.closed[: ledger.count] < 0)
        )

    # ── payments ────────────────────────────────────────────────────────────────────────────────────────────

    def _charge(self, day: int) -> None:
        scene = self.scene
        if scene.calendar.date_of(day).day == 1:
            persons = np.flatnonzero(scene.habits.pays_message_fee)
            persons = persons[scene.has_account(persons)]
            accounts = scene.current[persons]
            fee = np.full(len(persons), int(cents(scene.world.message_fee)))
            fits = scene.ledger.affordable(accounts, fee)
            scene.ledger.post(accounts[fits], -fee[fits], book.SYSTEM, book.FEE, book.BY_SYSTEM)
        if scene.calendar.is_month_end(day):
            accounts = self._open_accounts(book.CURRENT)
            fee = -np.minimum(scene.ledger.balance[accounts], 0) * scene.world.overdraft_fee_per_mille // 1000
            due = fee > 0
            scene.ledger.post(accounts[due], -fee[due], book.SYSTEM, book.FEE, book.BY_SYSTEM)

    def _pay_standing_orders(self, day: int) -> None:
        scene, habits = self.scene, self.scene.habits
        due = (habits.pay_day % 28 + 1 == scene.calendar.date_of(day).day) & (habits.standing_order > 0)
        persons = np.flatnonzero(due & (scene.life.leaving_from > day))
        persons = persons[scene.has_account(persons)]
        accounts, amounts = scene.current[persons], cents(habits.standing_order[persons], 1000)
        fits = scene.ledger.affordable(accounts, amounts)
        scene.ledger.post(accounts[fits], -amounts[fits], book.SYSTEM, book.STANDING_ORDER, book.BY_SYSTEM)

    def _spend_freely(self, day: int) -> None:
        scene, world, habits = self.scene, self.scene.world, self.scene.habits
        chance = scene.chance("spending", day)
        factor = seasons.spending_factor(scene.calendar.date_of(day), world.weekend_factor)
        counts = chance.poisson(habits.tempo * scene.life.pace(day) * factor)
        persons = np.repeat(np.arange(scene.people.count), counts)
        persons = persons[scene.has_account(persons)]
        count = len(persons)
        is_firm = ~scene.people.is_person[persons]
        what = np.where(
            is_firm, pick(chance, world.company_mix, count), pick(chance, world.person_mix, count)
        )
        income, tempo = habits.income[persons], habits.tempo[persons]
        unit = np.minimum(
            world.spend_share * habits.thrift[persons] * income / (tempo * 30),
            income * world.largest_unit_share,
        )
        raw = unit * np.array(world.mix_sizes)[what] * chance.lognormal(-0.1, 0.95, count)
        amounts = np.where(MIX_KINDS[what] == book.CASH, cents(raw, 10_000), cents(raw))
        self._post_free(
            day, persons, what, amounts, self._channels(chance, persons, what), chance.random(count)
        )

    def _post_free(
        self,
        day: int,
        persons: np.ndarray,
        what: np.ndarray,
        amounts: np.ndarray,
        channels: np.ndarray,
        draw: np.ndarray,
    ) -> None:
        ledger, life, accounts = self.scene.ledger, self.scene.life, self.scene.current[persons]
        kind, sign = MIX_KINDS[what], MIX_SIGNS[what]
        is_transfer = kind == book.TRANSFER
        own = is_transfer & (draw < self.scene.world.own_name_share)
        own &= (sign < 0) | (life.elsewhere[persons] > 2 * amounts)
        bank = np.where(own, self._bank_of(persons), (draw * 1009).astype(np.int64) % len(book.OTHER_BANKS))
        bank = np.where(is_transfer, bank, book.NO_BANK)
        name = np.where(own, book.OWN_NAME, np.where(is_transfer, book.OTHER_NAME, book.NOT_NAMED))
        for way in (1, -1):
            side = sign == way
            if way < 0:
                side[side] = ledger.affordable(accounts[side], amounts[side])
            ledger.post(
                accounts[side],
                way * amounts[side],
                channels[side],
                kind[side],
                book.BY_CUSTOMER,
                bank[side],
                name[side],
            )
            moved = side & own
            np.add.at(life.elsewhere, persons[moved], -way * amounts[moved])
        np.maximum(life.elsewhere, 0, out=life.elsewhere)

    def _channels(self, chance: np.random.Generator, persons: np.ndarray, what: np.ndarray) -> np.ndarray:
        world, kind = self.scene.world, MIX_KINDS[what]
        style = self.scene.habits.style[persons]
        draw = chance.random(len(persons))
        found = np.zeros(len(persons), dtype=np.int8)
        tables = (
            (book.TRANSFER, world.transfer_channels),
            (book.CASH, world.cash_channels),
            (book.PURCHASE, world.purchase_channels),
        )
        for wanted, table in tables:
            for number, shares in enumerate(table):
                mine = (kind == wanted) & (style == number)
                edges = np.cumsum(shares)[:-1] / np.sum(shares)
                found[mine] = np.searchsorted(edges, draw[mine], side="right")
        return found

    # ── money moved to and from other banks ─────────────────────────────────────────────────────────────────

    def _keep_to_plan(self, day: int) -> None:
        """Once a month what is above the plan goes to another bank, what is short comes from there."""
        scene, life, world = self.scene, self.scene.life, self.scene.world
        today = scene.paying_today(day) & ~life.is_bound(day) & (life.pace(day) > 0)
        persons = np.flatnonzero(today)
        persons = persons[scene.has_account(persons)]
        self.plan[persons] += (self.plan[persons] * scene.habits.trend[persons]).astype(np.int64)
        held = scene.ledger.balance[scene.current[persons]]
        income = cents(scene.habits.income[persons])
        plan = self.plan[persons] + income // 2
        over = (held - plan - income) // WHOLE * WHOLE
        draw = scene.chance("moved savings", day).random(len(persons))
        out = (over > plan // 10) & (draw < world.saving_elsewhere_share)
        self._send_away(persons[out], over[out], day)
        short = np.minimum(plan - held, life.elsewhere[persons] // 2) // WHOLE * WHOLE
        needs = (short > plan // 5) & (draw < world.saving_here_share)
        self._bring(persons[needs], short[needs], day)

    def _send_away(self, persons: np.ndarray, amounts: np.ndarray, day: int) -> None:
        scene = self.scene
        worth = amounts > 0
        persons, amounts = persons[worth], amounts[worth]
        scene.ledger.post(
            scene.current[persons],
            -amounts,
            self._own_channel(persons),
            book.TRANSFER,
            book.BY_CUSTOMER,
            self._bank_of(persons),
            book.OWN_NAME,
        )
        scene.life.elsewhere[persons] += amounts

    def _bring(self, persons: np.ndarray, amounts: np.ndarray, day: int) -> None:
        scene = self.scene
        worth = amounts > 0
        persons, amounts = persons[worth], amounts[worth]
        scene.ledger.post(
            scene.current[persons],
            amounts,
            self._own_channel(persons),
            book.TRANSFER,
            book.BY_CUSTOMER,
            self._bank_of(persons),
            book.OWN_NAME,
        )
        scene.life.elsewhere[persons] = np.maximum(scene.life.elsewhere[persons] - amounts, 0)

    def _pump(self, day: int) -> None:
        """Money that comes for the last days of a quarter and goes in the first days of the next."""
        scene, calendar, life = self.scene, self.scene.calendar, self.scene.life
        ahead = next((n for n in range(3) if seasons.is_quarter_end(calendar.date_of(day + n))), None)
        if ahead is not None:
            chance = scene.chance("quarter end comes", day)
            wants = (scene.habits.pumps > 0) & (self.pumped == 0) & ~life.is_bound(day) & (life.pace(day) > 0)
            comes = np.flatnonzero(wants & (chance.random(scene.people.count) < 1 / (ahead + 1)))
            comes = comes[scene.has_account(comes)]
            amounts = cents(scene.habits.wealth[comes] * scene.habits.pumps[comes], WHOLE)
            self.pumped[comes] = amounts
            self._bring(comes, amounts, day)
        back = next((n for n in range(1, 4) if seasons.is_quarter_end(calendar.date_of(day - n))), None)
        if back is not None:
            chance = scene.chance("quarter end goes", day)
            goes = np.flatnonzero((self.pumped > 0) & (chance.random(scene.people.count) < back / 3))
            here = scene.has_account(goes)
            amounts = np.where(
                here, np.minimum(self.pumped[goes], scene.ledger.balance[scene.current[goes]]), 0
            )
            self.pumped[goes] = 0
            self._send_away(goes[here], amounts[here], day)

    def _use_foreign(self, day: int) -> None:
        scene, ledger = self.scene, self.scene.ledger
        chance = scene.chance("foreign transfers", day)
        used = chance.random(len(self.foreign)) < scene.world.foreign_transfers_per_month / 30
        sizes = chance.uniform(-0.25, 0.25, len(self.foreign))
        used &= ledger.is_open(self.foreign) & (scene.life.pace(day)[ledger.owner[self.foreign]] > 0)
        accounts = self.foreign[used]
        amounts = (ledger.balance[accounts] * sizes[used]).astype(np.int64) // 100 * 100
        moved = amounts != 0
        accounts, amounts = accounts[moved], amounts[moved]
        owners = ledger.owner[accounts]
        ledger.post(
            accounts,
            amounts,
            self._own_channel(owners),
            book.TRANSFER,
            book.BY_CUSTOMER,
            self._bank_of(owners),
            book.OWN_NAME,
        )
        yuan = scene.market.in_yuan(amounts, ledger.currency[accounts], day)
        np.subtract.at(scene.life.elsewhere, owners, yuan)
        np.maximum(scene.life.elsewhere, 0, out=scene.life.elsewhere)

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
