"""Current accounts and term deposits: income, standing payments, daily spending, maturities."""

from dataclasses import dataclass, field

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.habits import DECLINING, GROWING, LEAVING
from pipelines.demo_bank.people import COMPANY, PERSON
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents, pick

# What the numbers of World.person_mix and company_mix mean: purchase, transfer out and in, cash out and in.
MIX_KINDS = np.array([book.PURCHASE, book.TRANSFER, book.TRANSFER, book.CASH, book.CASH])
MIX_SIGNS = np.array([-1, -1, 1, -1, 1])


@dataclass
class TermDeposit:
    """A term deposit on its way to maturity."""

    account: int
    owner: int
    principal: int
    length: int
    matures: int


@dataclass
class Deposits:
    """The deposit side of the simulation."""

    scene: Scene
    maturing: dict[int, list[TermDeposit]] = field(default_factory=dict)
    second: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def start(self) -> None:
        """Accounts and balances carried over from before the first date."""
        scene, habits = self.scene, self.scene.habits
        owners = np.flatnonzero(habits.core_day <= 0)
        accounts = self._open_current(owners, habits.core_day[owners])
        scene.ledger.set_opening(accounts, cents(habits.wealth[owners] * self._current_share(owners)))
        seconds = owners[habits.has_second_account[owners]]
        self.second = scene.ledger.open(seconds, book.CURRENT, habits.core_day[seconds])
        scene.ledger.set_opening(
            self.second, cents(habits.wealth[seconds] * scene.world.second_account_of_wealth, 100)
        )
        self._start_terms(owners[habits.has_term_deposit[owners]])

    def receive(self, day: int) -> None:
        """Everything that comes in: new customers' first money, income, interest, maturities."""
        self._welcome(day)
        self._pay_incomes(day)
        self._receive_for_companies(day)
        self._pay_interest(day)
        for deposit in self.maturing.pop(day, ()):
            self._mature(deposit, day)

    def spend(self, day: int) -> None:
        """Everything that people and standing instructions pay out."""
        self._charge(day)
        self._pay_standing_orders(day)
        self._spend_freely(day)
        self._move_savings(day)
        self._open_terms(day)
        self._close_seconds(day)

    def leave(self, day: int) -> None:
        """Leavers break their term deposits, take their money along and close."""
        scene = self.scene
        leavers = np.flatnonzero((scene.habits.leaves == day) & ~scene.gone)
        if not len(leavers):
            return
        for person in leavers:
            for deposit in self._terms_of(int(person)):
                self._pay_out(deposit, day)
        mine = np.flatnonzero(np.isin(scene.ledger.owner[: scene.ledger.count], leavers))
        self._empty_and_close(mine[scene.ledger.closed[mine] < 0], day)
        scene.gone[leavers] = True

    def _current_share(self, owners: np.ndarray) -> np.ndarray:
        habits = self.scene.habits
        invested = habits.wealth_day[owners] <= 0
        world = self.scene.world
        return 1 - world.term_share * habits.has_term_deposit[owners] - world.invested_share * invested

    def _open_current(self, owners: np.ndarray, days: np.ndarray | int) -> np.ndarray:
        limits = np.rint(self.scene.habits.overdraft[owners]).astype(np.int64) * 100
        accounts = self.scene.ledger.open(owners, book.CURRENT, days, limits)
        self.scene.current[owners] = accounts
        return accounts

    def _start_terms(self, owners: np.ndarray) -> None:
        scene, chance = self.scene, self.scene.streams.of("first terms")
        for owner in owners:
            total = scene.habits.wealth[owner] * scene.world.term_share
            parts = int(chance.integers(1, 4)) if total > 100_000 else 1
            for _ in range(parts):
                length = scene.world.term_days[int(chance.integers(0, len(scene.world.term_days)))]
                # Older than nothing, younger than its term, and never older than its owner's account.
                age = min(int(chance.integers(1, length)), -int(scene.habits.core_day[owner]))
                principal = int(cents(total / parts, 10_000))
                account = scene.ledger.open(np.array([owner]), book.TERM, -age)
                scene.ledger.set_opening(account, np.array([principal]))
                self._keep(TermDeposit(int(account[0]), int(owner), principal, length, length - age))

    def _keep(self, deposit: TermDeposit) -> None:
        self.maturing.setdefault(deposit.matures, []).append(deposit)

    def _terms_of(self, person: int) -> list[TermDeposit]:
        found = []
        for day, deposits in self.maturing.items():
            found += [deposit for deposit in deposits if deposit.owner == person]
            self.maturing[day] = [deposit for deposit in deposits if deposit.owner != person]
        return found

    def _welcome(self, day: int) -> None:
        scene, habits = self.scene, self.scene.habits
        owners = np.flatnonzero(habits.core_day == day)
        accounts = self._open_current(owners, day)
        channel = np.where(habits.style[owners] == 2, book.MOBILE, book.BRANCH)
        scene.ledger.post(
            accounts, cents(habits.wealth[owners], 100), channel, book.TRANSFER, book.BY_CUSTOMER
        )

    def _pay_incomes(self, day: int) -> None:
        scene = self.scene
        mask = scene.paying_today(day) & (scene.people.kind == PERSON) & (scene.habits.leaves > day + 30)
        persons = np.flatnonzero(mask)
        persons = persons[scene.has_account(persons)]
        noise = scene.chance("incomes", day).uniform(0.95, 1.05, len(persons))
        asleep = scene.habits.pace(scene.world, day)[persons] < 0.5
        amounts = cents(scene.habits.income[persons] * noise)
        awake = ~asleep
        kind = np.where(scene.habits.is_salaried[persons], book.SALARY, book.TRANSFER)
        scene.ledger.post(
            scene.current[persons][awake], amounts[awake], book.SYSTEM, kind[awake], book.BY_SYSTEM
        )

    def _receive_for_companies(self, day: int) -> None:
        scene = self.scene
        firms = np.flatnonzero((scene.people.kind >= COMPANY) & ~scene.gone)
        firms = firms[scene.has_account(firms)]
        chance = scene.chance("receipts", day)
        pace = scene.habits.pace(scene.world, day)[firms]
        firms = np.repeat(firms, chance.poisson(scene.world.company_receipts_per_day * pace))
        part = scene.habits.income[firms] / (30 * scene.world.company_receipts_per_day)
        amounts = cents(part * chance.lognormal(-0.3, 0.8, len(firms)), 100)
        scene.ledger.post(scene.current[firms], amounts, book.SYSTEM, book.TRANSFER, book.BY_SYSTEM)

    def _pay_interest(self, day: int) -> None:
        when, accounts = self.scene.calendar.date_of(day), self._open_currents()
        if when.day != 21 or when.month % 3:
            return
        rate = self.scene.world.current_rate_basis_points
        interest = np.maximum(self.scene.ledger.balance[accounts], 0) * rate // 40_000
        paid = interest > 0
        self.scene.ledger.post(accounts[paid], interest[paid], book.SYSTEM, book.INTEREST, book.BY_SYSTEM)

    def _open_currents(self) -> np.ndarray:
        ledger = self.scene.ledger
        return np.flatnonzero(
            (ledger.product[: ledger.count] == book.CURRENT) & (ledger.closed[: ledger.count] < 0)
        )

    def _mature(self, deposit: TermDeposit, day: int) -> None:
        scene = self.scene
        rate = scene.world.term_rates_basis_points[scene.world.term_days.index(deposit.length)]
        interest = deposit.principal * rate * deposit.length // 3_650_000
        self._pay_out(deposit, day, interest)
        stays = scene.chance(f"roll over {deposit.account}", day).random() < scene.world.roll_over_share
        if stays and scene.habits.mood[deposit.owner] != LEAVING:
            self._open_term(deposit.owner, deposit.principal, deposit.length, day, book.BY_SYSTEM)

    def _pay_out(self, deposit: TermDeposit, day: int, interest: int = 0) -> None:
        ledger, account = self.scene.ledger, np.array([deposit.account])
        if interest:
            ledger.post(account, interest, book.SYSTEM, book.INTEREST, book.BY_SYSTEM)
        total = deposit.principal + interest
        by = book.BY_SYSTEM if day >= deposit.matures else book.BY_CUSTOMER
        channel = book.SYSTEM if day >= deposit.matures else book.BRANCH
        ledger.post(account, -total, channel, book.TRANSFER, by)
        ledger.post(self.scene.current[[deposit.owner]], total, channel, book.TRANSFER, by)
        ledger.close(account, day)

    def _open_term(self, owner: int, principal: int, length: int, day: int, by: int) -> None:
        scene = self.scene
        channel = (
            book.SYSTEM
            if by == book.BY_SYSTEM
            else (book.BRANCH, book.WEB, book.MOBILE)[scene.habits.style[owner]]
        )
        account = scene.ledger.open(np.array([owner]), book.TERM, day)
        scene.ledger.post(scene.current[[owner]], -principal, channel, book.TRANSFER, by)
        scene.ledger.post(account, principal, channel, book.TRANSFER, by)
        self._keep(TermDeposit(int(account[0]), owner, principal, length, day + length))

    def _charge(self, day: int) -> None:
        scene = self.scene
        if scene.calendar.date_of(day).day == 1:
            persons = np.flatnonzero(scene.habits.pays_message_fee & ~scene.gone)
            persons = persons[scene.has_account(persons)]
            accounts = scene.current[persons]
            fee = np.full(len(persons), int(cents(scene.world.message_fee)))
            fits = scene.ledger.affordable(accounts, fee)
            scene.ledger.post(accounts[fits], -fee[fits], book.SYSTEM, book.FEE, book.BY_SYSTEM)
        if scene.calendar.is_month_end(day):
            accounts = self._open_currents()
            fee = -np.minimum(scene.ledger.balance[accounts], 0) * scene.world.overdraft_fee_per_mille // 1000
            due = fee > 0
            scene.ledger.post(accounts[due], -fee[due], book.SYSTEM, book.FEE, book.BY_SYSTEM)

    def _pay_standing_orders(self, day: int) -> None:
        scene = self.scene
        day_of_month = scene.calendar.date_of(day).day
        due = (
            (scene.habits.pay_day % 28 + 1 == day_of_month) & (scene.habits.standing_order > 0) & ~scene.gone
        )
        due &= (scene.habits.leaves > day + 15) & (scene.habits.pace(scene.world, day) > 0)
        persons = np.flatnonzero(due)
        persons = persons[scene.has_account(persons)]
        accounts, amounts = scene.current[persons], cents(scene.habits.standing_order[persons], 1000)
        fits = scene.ledger.affordable(accounts, amounts)
        scene.ledger.post(accounts[fits], -amounts[fits], book.SYSTEM, book.STANDING_ORDER, book.BY_SYSTEM)

    def _spend_freely(self, day: int) -> None:
        scene, world, habits = self.scene, self.scene.world, self.scene.habits
        chance = scene.chance("spending", day)
        calm = world.weekend_factor if scene.calendar.date_of(day).weekday() >= 5 else 1.0
        counts = chance.poisson(habits.tempo * habits.pace(world, day) * calm)
        persons = np.repeat(np.arange(scene.people.count), counts)
        is_firm = scene.people.kind[persons] >= COMPANY
        what = np.where(
            is_firm,
            pick(chance, world.company_mix, len(persons)),
            pick(chance, world.person_mix, len(persons)),
        )
        unit = np.minimum(
            world.spend_share * habits.thrift * habits.income / (habits.tempo * 30),
            habits.income * world.largest_unit_share,
        )
        raw = unit[persons] * np.array(world.mix_sizes)[what] * chance.lognormal(-0.1, 0.95, len(persons))
        amounts = np.where(MIX_KINDS[what] == book.CASH, cents(raw, 10_000), cents(raw))
        channels = self._channels(chance, persons, what)
        here = scene.has_account(persons) & ~scene.gone[persons]
        self._post_free(persons[here], what[here], amounts[here], channels[here])

    def _post_free(
        self, persons: np.ndarray, what: np.ndarray, amounts: np.ndarray, channels: np.ndarray
    ) -> None:
        ledger, accounts = self.scene.ledger, self.scene.current[persons]
        for sign in (1, -1):
            side = MIX_SIGNS[what] == sign
            if sign < 0:
                side[side] = ledger.affordable(accounts[side], amounts[side])
            ledger.post(
                accounts[side], sign * amounts[side], channels[side], MIX_KINDS[what[side]], book.BY_CUSTOMER
            )

    def _channels(self, chance: np.random.Generator, persons: np.ndarray, what: np.ndarray) -> np.ndarray:
        world, kind = self.scene.world, MIX_KINDS[what]
        style = self.scene.habits.style[persons]
        found = np.zeros(len(persons), dtype=np.int8)
        tables = (
            (book.TRANSFER, world.transfer_channels),
            (book.CASH, world.cash_channels),
            (book.PURCHASE, world.purchase_channels),
        )
        for wanted, table in tables:
            for number, shares in enumerate(table):
                drawn = pick(chance, shares, len(persons))
                found = np.where((kind == wanted) & (style == number), drawn, found)
        return found

    def _move_savings(self, day: int) -> None:
        """Growing customers bring money from elsewhere; declining and leaving ones carry it away."""
        scene, habits = self.scene, self.scene.habits
        today = scene.paying_today(day) & (habits.onset <= day)
        growing = np.flatnonzero(today & (habits.mood == GROWING))
        growing = growing[scene.has_account(growing)]
        brought = cents(habits.wealth[growing] * habits.drift[growing], 10_000)
        channel = np.where(habits.style[growing] == 0, book.BRANCH, book.MOBILE)
        scene.ledger.post(scene.current[growing], brought, channel, book.TRANSFER, book.BY_CUSTOMER)
        self._carry_away(np.flatnonzero(today & (habits.mood == DECLINING)), habits.drift)
        if scene.calendar.date_of(day).weekday() == 2:
            leaving = (habits.mood == LEAVING) & (habits.onset <= day) & ~scene.gone
            self._carry_away(
                np.flatnonzero(leaving), np.full(len(habits.mood), scene.world.leaving_share_per_week)
            )

    def _carry_away(self, persons: np.ndarray, share: np.ndarray) -> None:
        scene = self.scene
        persons = persons[scene.has_account(persons)]
        accounts = scene.current[persons]
        amounts = (scene.ledger.balance[accounts] * share[persons]).astype(np.int64) // 10_000 * 10_000
        worth = amounts > 0
        channel = np.where(scene.habits.style[persons] == 0, book.BRANCH, book.MOBILE)
        scene.ledger.post(accounts[worth], -amounts[worth], channel[worth], book.TRANSFER, book.BY_CUSTOMER)

    def _open_terms(self, day: int) -> None:
        scene, world, habits = self.scene, self.scene.world, self.scene.habits
        chance = scene.chance("new terms", day)
        wish = (
            chance.random(scene.people.count)
            < np.where(habits.has_term_deposit, 4, 1) * world.new_term_deposit_per_day
        )
        wish &= ~scene.gone & (habits.mood != LEAVING) & (habits.pace(world, day) > 0)
        for person in np.flatnonzero(wish):
            if not scene.has_account(np.array([person]))[0]:
                continue
            share = chance.uniform(0.3, 0.7)
            principal = int(scene.ledger.balance[scene.current[person]] * share) // 100_000 * 100_000
            length = world.term_days[int(chance.integers(0, len(world.term_days)))]
            if principal >= int(cents(world.least_term_deposit)):
                self._open_term(int(person), principal, length, day, book.BY_CUSTOMER)

    def _close_seconds(self, day: int) -> None:
        scene = self.scene
        drawn = (
            scene.chance("second accounts", day).random(len(self.second))
            < scene.world.second_account_closing_per_day
        )
        accounts = self.second[drawn & (scene.ledger.closed[self.second] < 0)]
        accounts = accounts[scene.has_account(scene.ledger.owner[accounts])]
        left = scene.ledger.balance[accounts]
        held = left > 0
        main = scene.current[scene.ledger.owner[accounts]]
        scene.ledger.post(accounts[held], -left[held], book.BRANCH, book.TRANSFER, book.BY_CUSTOMER)
        scene.ledger.post(main[held], left[held], book.BRANCH, book.TRANSFER, book.BY_CUSTOMER)
        scene.ledger.close(accounts, day)

    def _empty_and_close(self, accounts: np.ndarray, day: int) -> None:
        ledger = self.scene.ledger
        left = ledger.balance[accounts]
        held = left != 0
        ledger.post(accounts[held], -left[held], book.BRANCH, book.TRANSFER, book.BY_CUSTOMER)
        ledger.close(accounts, day)
