"""What people and standing instructions pay out of current accounts, and what the bank charges."""

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank import seasons
from pipelines.demo_bank.ledger import open_accounts
from pipelines.demo_bank.own_money import OwnMoney
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents, pick

# What the numbers of World.person_mix and company_mix mean: purchase, transfer out and in, cash out and in.
MIX_KINDS = np.array([book.PURCHASE, book.TRANSFER, book.TRANSFER, book.CASH, book.CASH])
MIX_SIGNS = np.array([-1, -1, 1, -1, 1])


class Spending:
    """Payments; all but the standing ones are the customers' own doing."""

    def __init__(self, scene: Scene, own_money: OwnMoney) -> None:
        self.scene, self.own_money = scene, own_money

    def charge(self, day: int) -> None:
        """Message fees on the first of a month, fees for overdrafts on the last."""
        scene = self.scene
        if scene.calendar.date_of(day).day == 1:
            persons = np.flatnonzero(scene.habits.pays_message_fee)
            persons = persons[scene.has_account(persons)]
            accounts = scene.current[persons]
            fee = np.full(len(persons), int(cents(scene.world.message_fee)))
            fits = scene.ledger.affordable(accounts, fee)
            scene.ledger.post(accounts[fits], -fee[fits], book.SYSTEM, book.FEE, book.BY_SYSTEM)
        if scene.calendar.is_month_end(day):
            accounts = open_accounts(scene.ledger, book.CURRENT)
            fee = -np.minimum(scene.ledger.balance[accounts], 0) * scene.world.overdraft_fee_per_mille // 1000
            due = fee > 0
            scene.ledger.post(accounts[due], -fee[due], book.SYSTEM, book.FEE, book.BY_SYSTEM)

    def pay_standing_orders(self, day: int) -> None:
        """Standing orders, where the account holds enough."""
        scene, habits = self.scene, self.scene.habits
        due = (habits.pay_day % 28 + 1 == scene.calendar.date_of(day).day) & (habits.standing_order > 0)
        persons = np.flatnonzero(due & (scene.life.leaving_from > day))
        persons = persons[scene.has_account(persons)]
        accounts, amounts = scene.current[persons], cents(habits.standing_order[persons], 1000)
        fits = scene.ledger.affordable(accounts, amounts)
        scene.ledger.post(accounts[fits], -amounts[fits], book.SYSTEM, book.STANDING_ORDER, book.BY_SYSTEM)

    def spend_freely(self, day: int) -> None:
        """Purchases, transfers and cash of everybody who is awake."""
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
        bank = np.where(
            own, self.own_money.bank_of(persons), (draw * 1009).astype(np.int64) % len(book.OTHER_BANKS)
        )
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
