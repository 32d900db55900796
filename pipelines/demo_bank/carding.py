"""Credit cards: issuing, purchases, statements, repayment, what goes wrong."""

import numpy as np
import pyarrow as pa

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank import seasons
from pipelines.demo_bank.ledger import fitting
from pipelines.demo_bank.marks import Marks, Pile
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents, pick
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import EMPTY, Frame, coded, numbered

PRODUCTS = ("STANDARD", "GOLD", "PLATINUM")
PLATINUM = 2
CHANNELS = ("POS", "ATM", "WEB", "MOBILE", "SYSTEM")
POS, ATM, WEB, MOBILE, SYSTEM = range(5)
KINDS = ("PURCHASE", "CASH", "REPAYMENT", "FEE", "INTEREST")
PURCHASE, CASH, REPAYMENT, FEE, INTEREST = range(5)
EVENTS = ("LATE_PAYMENT", "MALICIOUS_OVERDRAFT")
LATE_PAYMENT, MALICIOUS_OVERDRAFT = range(2)
REPAYMENT_DAYS = 20


class Cards:
    """Arrays with one place per card (each holder has one); money owed in whole cents."""

    def __init__(self, scene: Scene, customers: Records) -> None:
        self.scene, self.customers = scene, customers
        world, habits = scene.world, scene.habits
        chance = scene.streams.of("cards")
        self.person = np.flatnonzero(habits.card_day < scene.calendar.days)
        count = len(self.person)
        self.of_person = np.full(scene.people.count, -1)
        self.of_person[self.person] = np.arange(count)
        # The rich do not carry the plainest card.
        drawn = pick(chance, world.card_products, count)
        self.product = np.where(habits.wealth[self.person] > 500_000, np.maximum(drawn, 1), drawn)
        size = np.array(world.card_limits)[self.product] * chance.uniform(0.5, 1.2, count)
        self.limit = cents(size, 100_000)
        self.opened = habits.card_day[self.person]
        activated = self.opened + chance.integers(0, 20, count)
        self.activated = np.where(chance.random(count) < world.never_activated_share, NEVER, activated)
        self.statement_day = chance.integers(1, 29, count)
        part = chance.uniform(0.1, 0.5, count)
        self.pays_share = np.where(chance.random(count) < world.full_payer_share, 1.0, part)
        self.is_automatic = chance.random(count) < world.automatic_payment_share
        self.tempo = world.card_purchases_per_month / 30 * chance.lognormal(-0.18, 0.6, count)
        fails = chance.random(count) < world.card_defaulting_share
        # The day from which nothing is repaid any more.
        self.defaults = np.where(fails, chance.integers(1, scene.calendar.days + 1, count), NEVER)
        self.owed = np.zeros(count, dtype=np.int64)
        self.statement = np.zeros(count, dtype=np.int64)
        self.times_late = np.zeros(count, dtype=np.int64)
        self.closed = np.full(count, -1)
        self.issued = np.zeros(count, dtype=bool)
        self._changed, self._delivered = Marks(count), Marks(count)
        self._posted = Pile("card", "cents", "channel", "kind", "by")
        self._events = CardEvents(count)

    def start(self) -> None:
        """Cards issued before the first date and what is owed on them."""
        old = np.flatnonzero(self.opened <= 0)
        drawn = self.scene.streams.of("first card debts").uniform(0, 0.25, len(old))
        used = (self.activated[old] <= 0) & (drawn > 0.03)
        self.owed[old] = np.where(used, (self.limit[old] * drawn).astype(np.int64), 0)
        self.statement[old] = self.owed[old]
        self.issued[old] = True
        self._changed.add(old)
        self._delivered.add(old)

    def step(self, day: int) -> None:
        """Issue, activate, repay, charge, buy."""
        life, when = self.scene.life, self.scene.calendar.date_of(day).day
        new = np.flatnonzero(self.opened == day)
        new = new[~life.is_bound(day)[self.person[new]] & (life.gone_on[self.person[new]] > day)]
        self.issued[new] = True
        self._changed.add(new)
        self._delivered.add(new)
        self._delivered.add(np.flatnonzero(self.issued & (self.activated == day) & (self.closed < 0)))
        live = self.issued & (self.closed < 0)
        self._repay(np.flatnonzero(live & ((self.statement_day + REPAYMENT_DAYS - 1) % 28 + 1 == when)), day)
        self._state(np.flatnonzero(live & (self.statement_day == when) & (self.opened < day)), day)
        self._buy(day)

    def wind_up(self, day: int) -> None:
        """Leavers pay what they owe, from their account if it holds enough, and close."""
        scene = self.scene
        cards = self.of_person[scene.life.exits_on(day)]
        cards = cards[cards >= 0]
        cards = cards[self.issued[cards] & (self.closed[cards] < 0)]
        indebted = cards[self.owed[cards] > 0]
        inside = indebted[scene.has_account(self.person[indebted])]
        accounts = scene.current[self.person[inside]]
        fits = scene.ledger.affordable(accounts, self.owed[inside])
        scene.ledger.post(
            accounts[fits], -self.owed[inside[fits]], book.BRANCH, book.TRANSFER, book.BY_CUSTOMER
        )
        self._post(indebted, -self.owed[indebted], MOBILE, REPAYMENT, book.BY_CUSTOMER)
        self.closed[cards] = day
        self._events.settle(cards)
        self._changed.add(cards)
        self._delivered.add(cards)

    def numbers(self, cards: np.ndarray) -> pa.Array:
        """The references of cards (never card numbers)."""
        return numbered("R", cards + 1, 7)

    def _post(
        self,
        cards: np.ndarray,
        owed: np.ndarray,
        channel: np.ndarray | int,
        kind: np.ndarray | int,
        by: np.ndarray | int,
    ) -> None:
        np.add.at(self.owed, cards, owed)
        self._posted.add(cards, owed, channel, kind, by)
        self._changed.add(cards)

    def _repay(self, cards: np.ndarray, day: int) -> None:
        scene = self.scene
        due = np.minimum((self.statement[cards] * self.pays_share[cards]).astype(np.int64), self.owed[cards])
        cards, due = cards[due > 0], due[due > 0]
        willing = self.defaults[cards] > day
        inside = scene.has_account(self.person[cards]) & willing
        accounts = scene.current[self.person[cards[inside]]]
        fits = scene.ledger.affordable(accounts, due[inside])
        # Whoever sleeps has it collected; else some pay by hand.
        auto = self.is_automatic[cards] | (scene.life.pace(day)[self.person[cards]] == 0)
        by_hand = ~auto[inside][fits]
        scene.ledger.post(
            accounts[fits],
            -due[inside][fits],
            np.where(by_hand, book.MOBILE, book.SYSTEM),
            np.where(by_hand, book.TRANSFER, book.STANDING_ORDER),
            np.where(by_hand, book.BY_CUSTOMER, book.BY_SYSTEM),
        )
        paid = willing & ~inside
        paid[np.flatnonzero(inside)] = fits
        self._post(
            cards[paid],
            -due[paid],
            np.where(auto[paid], SYSTEM, MOBILE),
            REPAYMENT,
            np.where(auto[paid], book.BY_SYSTEM, book.BY_CUSTOMER),
        )
        self._fail(cards[~paid], due[~paid], day)
        self.times_late[cards[paid]] = 0
        self._events.settle(cards[paid])

    def _fail(self, cards: np.ndarray, due: np.ndarray, day: int) -> None:
        fee = int(cents(self.scene.world.late_fee))
        self._post(cards, np.full(len(cards), fee), SYSTEM, FEE, book.BY_SYSTEM)
        self.times_late[cards] += 1
        self._events.add(cards, LATE_PAYMENT, day, due)
        third = self.times_late[cards] == self.scene.world.malicious_after
        self._events.add(cards[third], MALICIOUS_OVERDRAFT, day, self.owed[cards[third]])

    def _state(self, cards: np.ndarray, day: int) -> None:
        """Interest on what was carried, the yearly fee, and the new statement."""
        world, calendar = self.scene.world, self.scene.calendar
        carries = self.pays_share[cards] < 1
        carried = np.where(carries, np.minimum(self.statement[cards], self.owed[cards]), 0)
        interest = carried * world.card_interest_basis_points // 10_000
        due = interest > 0
        self._post(cards[due], interest[due], SYSTEM, INTEREST, book.BY_SYSTEM)
        issued = np.datetime64(calendar.first) + self.opened[cards]
        month = issued.astype("datetime64[M]").astype(np.int64) % 12 + 1
        yearly = (self.product[cards] == PLATINUM) & (month == calendar.date_of(day).month)
        yearly &= self.activated[cards] <= day
        self._post(
            cards[yearly], np.full(yearly.sum(), int(cents(world.platinum_fee))), SYSTEM, FEE, book.BY_SYSTEM
        )
        self.statement[cards] = self.owed[cards]

    def _buy(self, day: int) -> None:
        scene, world, life = self.scene, self.scene.world, self.scene.life
        chance = scene.chance("purchases by card", day)
        factor = seasons.spending_factor(scene.calendar.date_of(day), world.weekend_factor)
        live = self.issued & (self.activated <= day) & (self.closed < 0)
        counts = chance.poisson(self.tempo * life.pace(day)[self.person] * factor)
        cards = np.repeat(np.arange(len(self.person)), counts)
        base = self.limit[cards] / 100 * world.card_purchase_of_limit
        amounts = cents(base * chance.lognormal(-0.4, 0.9, len(cards)))
        channels = pick(chance, world.card_channels, len(cards))
        amounts = np.where(channels == ATM, -(-amounts // 10_000) * 10_000, amounts)
        fits = fitting(cards, amounts, (self.limit - self.owed)[cards]) & live[cards]
        cards, amounts, channels = cards[fits], amounts[fits], channels[fits]
        self._post(cards, amounts, channels, np.where(channels == ATM, CASH, PURCHASE), book.BY_CUSTOMER)
        life.touch(self.person[cards], day)

    # ── tables ──────────────────────────────────────────────────────────────────────────────────────────────

    def tables(self, day: int) -> dict[str, Frame]:
        """Cards issued, activated or closed, transactions, changed debts and events of a day."""
        return {
            "cards.cards": self._cards(day),
            "cards.card_transactions": self._transactions(day),
            "cards.card_balances": self._balances(day),
            "cards.card_events": self._events.frame(self, day),
        }

    def _cards(self, day: int) -> Frame:
        cards = self._delivered.take()
        person, activated = self.person[cards], self.activated[cards]
        return {
            "card_ref": self.numbers(cards),
            "holder_no": self.customers.customer_nos(person, cards, self.opened[cards]),
            "product_code": coded(PRODUCTS, self.product[cards]),
            "currency": "CNY",
            "branch_no": numbered("B", self.scene.people.branch[person] + 1, 3),
            "credit_limit": self.limit[cards],
            "opened_date": self.opened[cards],
            "activated_date": np.where(activated <= day, activated, EMPTY),
            "closed_date": np.where(self.closed[cards] >= 0, self.closed[cards], EMPTY),
        }

    def _transactions(self, day: int) -> Frame:
        posted = self._posted.take()
        count = len(posted["card"])
        return {
            "transaction_no": numbered(f"K{self.scene.calendar.stamp(day)}", np.arange(1, count + 1), 7),
            "card_ref": self.numbers(posted["card"]),
            "transaction_date": day,
            "direction": coded(("C", "D"), posted["cents"] > 0),
            "amount": np.abs(posted["cents"]),
            "channel": coded(CHANNELS, posted["channel"]),
            "transaction_type": coded(KINDS, posted["kind"]),
            "initiated_by": coded(book.INITIATORS, posted["by"]),
        }

    def _balances(self, day: int) -> Frame:
        cards = self._changed.take()
        return {"card_ref": self.numbers(cards), "balance_date": day, "balance": self.owed[cards]}


class CardEvents:
    """Late payments and malicious overdrafts: numbered as they happen, settled when paid again."""

    def __init__(self, cards: int) -> None:
        self._open = np.full((len(EVENTS), cards), -1)  # number of the running event
        self._day = np.zeros((len(EVENTS), cards), dtype=np.int64)
        self._cents = np.zeros((len(EVENTS), cards), dtype=np.int64)
        self._count = 0
        self._rows = Pile("number", "card", "kind", "since", "cents", "settled")

    def add(self, cards: np.ndarray, kind: int, day: int, owed: np.ndarray) -> None:
        """An event of each card, unless one of its kind is running."""
        fresh = self._open[kind, cards] < 0
        cards, owed = cards[fresh], owed[fresh]
        self._open[kind, cards] = self._count + np.arange(1, len(cards) + 1)
        self._count += len(cards)
        self._day[kind, cards], self._cents[kind, cards] = day, owed
        self._rows.add(self._open[kind, cards], cards, kind, day, owed, False)

    def settle(self, cards: np.ndarray) -> None:
        """Whatever runs on the cards ends."""
        for kind in range(len(EVENTS)):
            mine = cards[self._open[kind, cards] >= 0]
            number = self._open[kind, mine]
            self._rows.add(number, mine, kind, self._day[kind, mine], self._cents[kind, mine], True)
            self._open[kind, mine] = -1

    def frame(self, cards: Cards, day: int) -> Frame:
        """New and settled events of a day."""
        rows = self._rows.take()
        _, last = np.unique(rows["number"][::-1], return_index=True)
        keep = np.sort(len(rows["number"]) - 1 - last)
        rows = {name: values[keep] for name, values in rows.items()}
        return {
            "event_no": numbered("Y", rows["number"], 8),
            "card_ref": cards.numbers(rows["card"]),
            "event_type": coded(EVENTS, rows["kind"]),
            "event_date": rows["since"],
            "settled_date": np.where(rows["settled"], day, EMPTY),
            "amount": rows["cents"],
        }
