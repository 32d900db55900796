"""People's own money on its way between this bank and another."""

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank import seasons
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents

WHOLE = 10_000  # 100 yuan


class OwnMoney:
    """What people keep here and what they move; each has one other bank, for good."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.plan = np.zeros(scene.people.count, dtype=np.int64)  # cents that the main account tends to hold
        self.pumped = np.zeros(scene.people.count, dtype=np.int64)

    def bank_of(self, persons: np.ndarray) -> np.ndarray:
        """The other bank of each person: one, for good."""
        return np.asarray(persons) * 7 % len(book.OTHER_BANKS)

    def own_channel(self, persons: np.ndarray) -> np.ndarray:
        """The channel by which each person moves own money."""
        return np.where(self.scene.habits.style[persons] == 0, book.BRANCH, book.MOBILE)

    def keep_to_plan(self, day: int) -> None:
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
        self.send_away(persons[out], over[out], day)
        short = np.minimum(plan - held, life.elsewhere[persons] // 2) // WHOLE * WHOLE
        needs = (short > plan // 5) & (draw < world.saving_here_share)
        self.bring(persons[needs], short[needs], day)

    def send_away(self, persons: np.ndarray, amounts: np.ndarray, day: int) -> None:
        """Own money goes to the other bank; nothing where the amount is not above nothing."""
        scene = self.scene
        worth = amounts > 0
        persons, amounts = persons[worth], amounts[worth]
        scene.ledger.post(
            scene.current[persons],
            -amounts,
            self.own_channel(persons),
            book.TRANSFER,
            book.BY_CUSTOMER,
            self.bank_of(persons),
            book.OWN_NAME,
        )
        scene.life.elsewhere[persons] += amounts

    def bring(self, persons: np.ndarray, amounts: np.ndarray, day: int) -> None:
        """Own money comes from the other bank."""
        scene = self.scene
        worth = amounts > 0
        persons, amounts = persons[worth], amounts[worth]
        scene.ledger.post(
            scene.current[persons],
            amounts,
            self.own_channel(persons),
            book.TRANSFER,
            book.BY_CUSTOMER,
            self.bank_of(persons),
            book.OWN_NAME,
        )
        scene.life.elsewhere[persons] = np.maximum(scene.life.elsewhere[persons] - amounts, 0)

    def pump(self, day: int) -> None:
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
            self.bring(comes, amounts, day)
        back = next((n for n in range(1, 4) if seasons.is_quarter_end(calendar.date_of(day - n))), None)
        if back is not None:
            chance = scene.chance("quarter end goes", day)
            goes = np.flatnonzero((self.pumped > 0) & (chance.random(scene.people.count) < back / 3))
            here = scene.has_account(goes)
            amounts = np.where(
                here, np.minimum(self.pumped[goes], scene.ledger.balance[scene.current[goes]]), 0
            )
            self.pumped[goes] = 0
            self.send_away(goes[here], amounts[here], day)

    def use_foreign(self, accounts: np.ndarray, day: int) -> None:
        """Now and then own money comes to or goes from a foreign account."""
        scene, ledger = self.scene, self.scene.ledger
        chance = scene.chance("foreign transfers", day)
        used = chance.random(len(accounts)) < scene.world.foreign_transfers_per_month / 30
        sizes = chance.uniform(-0.25, 0.25, len(accounts))
        used &= ledger.is_open(accounts) & (scene.life.pace(day)[ledger.owner[accounts]] > 0)
        accounts = accounts[used]
        amounts = (ledger.balance[accounts] * sizes[used]).astype(np.int64) // 100 * 100
        moved = amounts != 0
        accounts, amounts = accounts[moved], amounts[moved]
        owners = ledger.owner[accounts]
        ledger.post(
            accounts,
            amounts,
            self.own_channel(owners),
            book.TRANSFER,
            book.BY_CUSTOMER,
            self.bank_of(owners),
            book.OWN_NAME,
        )
        yuan = scene.market.in_yuan(amounts, ledger.currency[accounts], day)
        np.subtract.at(scene.life.elsewhere, owners, yuan)
        np.maximum(scene.life.elsewhere, 0, out=scene.life.elsewhere)
