"""Credit cards: issuing, purchases, statements, repayment."""

from collections.abc import Callable

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents, pick
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import Rows, money

PRODUCTS = ("STANDARD", "GOLD", "PLATINUM")
CHANNELS = ("POS", "ATM", "WEB", "MOBILE", "SYSTEM")
POS, ATM, WEB, MOBILE, SYSTEM = range(5)
PURCHASE, CASH, REPAYMENT, FEE, INTEREST = KINDS = ("PURCHASE", "CASH", "REPAYMENT", "FEE", "INTEREST")
REPAYMENT_DAYS = 20


class Cards:
    """Arrays with one place per card (each holder has one); money owed in whole cents."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        world, habits = scene.world, scene.habits
        chance = scene.streams.of("cards")
        self.person = np.flatnonzero(habits.card_day < scene.calendar.days)
        count = len(self.person)
        self.product = pick(chance, world.card_products, count)
        # The rich do not carry the plainest card.
        self.product = np.where(
            habits.wealth[self.person] > 500_000, np.maximum(self.product, 1), self.product
        )
        self.limit = cents(
            np.array(world.card_limits)[self.product] * chance.uniform(0.5, 1.2, count), 100_000
        )
        self.opened = habits.card_day[self.person]
        activated = self.opened + chance.integers(0, 20, count)
        self.activated = np.where(chance.random(count) < world.never_activated_share, NEVER, activated)
        self.statement_day = chance.integers(1, 29, count)
        self.pays_share = np.where(
            chance.random(count) < world.full_payer_share, 1.0, chance.uniform(0.1, 0.5, count)
        )
        self.is_automatic = chance.random(count) < world.automatic_payment_share
        spread = chance.lognormal(-0.18, 0.6, count)
        self.tempo = world.card_purchases_per_month / 30 * spread
        self.owed = np.zeros(count, dtype=np.int64)
        self.statement = np.zeros(count, dtype=np.int64)
        self.closed = np.full(count, -1)
        self._changed: set[int] = set()
        self._delivered: set[int] = set()
        self._posted: list[tuple[int, int, int, str, bool]] = []

    def start(self) -> None:
        """Cards issued before the first date and what is owed on them."""
        old = np.flatnonzero(self.opened <= 0)
        drawn = self.scene.streams.of("first card debts").uniform(0, 0.25, len(old))
        used = (self.activated[old] <= 0) & (drawn > 0.03)
        self.owed[old] = np.where(used, (self.limit[old] * drawn).astype(np.int64), 0)
        self.statement[old] = self.owed[old]
        self._changed.update(map(int, old))
        self._delivered.update(map(int, old))

    def step(self, day: int) -> None:
        """Issue, activate, repay, charge, buy."""
        issued = np.flatnonzero(self.opened == day) if day > 0 else ()
        self._changed.update(map(int, issued))
        self._delivered.update(map(int, issued))
        self._delivered.update(map(int, np.flatnonzero((self.activated == day) & (self.closed < 0))))
        when = self.scene.calendar.date_of(day).day
        self._repay(np.flatnonzero((self.statement_day + REPAYMENT_DAYS - 1) % 28 + 1 == when))
        self._state(np.flatnonzero(self.statement_day == when), day)
        self._buy(day)

    def leave(self, day: int) -> None:
        """Leavers pay what they owe, from their account if it holds enough, and close."""
        scene = self.scene
        leaving = (scene.habits.leaves[self.person] == day) & (self.opened <= day) & (self.closed < 0)
        for card in np.flatnonzero(leaving):
            owed, person = int(self.owed[card]), self.person[[card]]
            if owed and scene.has_account(person)[0]:
                account = scene.current[person]
                if scene.ledger.affordable(account, np.array([owed]))[0]:
                    scene.ledger.post(account, -owed, book.BRANCH, book.TRANSFER, book.BY_CUSTOMER)
            if owed:
                self._post(int(card), -owed, MOBILE, REPAYMENT, True)
            self.closed[card] = day
            self._changed.add(int(card))
            self._delivered.add(int(card))

    def _post(self, card: int, cents_owed: int, channel: int, kind: str, by_customer: bool) -> None:
        self.owed[card] += cents_owed
        self._posted.append((card, cents_owed, channel, kind, by_customer))
        self._changed.add(card)

    def _repay(self, cards: np.ndarray) -> None:
        scene = self.scene
        due = np.minimum((self.statement[cards] * self.pays_share[cards]).astype(np.int64), self.owed[cards])
        cards, due = cards[due > 0], due[due > 0]
        cards, due = cards[self.closed[cards] < 0], due[self.closed[cards] < 0]
        inside = scene.has_account(self.person[cards])
        accounts = scene.current[self.person[cards[inside]]]
        fits = scene.ledger.affordable(accounts, due[inside])
        auto = self.is_automatic[cards[inside]][fits]
        scene.ledger.post(
            accounts[fits],
            -due[inside][fits],
            np.where(auto, book.SYSTEM, book.MOBILE),
            np.where(auto, book.STANDING_ORDER, book.TRANSFER),
            np.where(auto, book.BY_SYSTEM, book.BY_CUSTOMER),
        )
        paid = ~inside
        paid[np.flatnonzero(inside)] = fits
        for card, amount, done in zip(cards, due, paid, strict=True):
            automatic = bool(self.is_automatic[card])
            if done:
                self._post(int(card), -int(amount), SYSTEM if automatic else MOBILE, REPAYMENT, not automatic)
            else:
                self._post(int(card), int(cents(scene.world.late_fee)), SYSTEM, FEE, False)

    def _state(self, cards: np.ndarray, day: int) -> None:
        """Interest on what was carried, the yearly fee, and the new statement."""
        world, calendar = self.scene.world, self.scene.calendar
        for card in cards[(self.closed[cards] < 0) & (self.opened[cards] < day)]:
            carried = min(int(self.statement[card]), int(self.owed[card])) if self.pays_share[card] < 1 else 0
            interest = carried * world.card_interest_basis_points // 10_000
            if interest:
                self._post(int(card), interest, SYSTEM, INTEREST, False)
            anniversary = calendar.date_of(self.opened[card]).month == calendar.date_of(day).month
            if PRODUCTS[self.product[card]] == "PLATINUM" and anniversary and self.activated[card] <= day:
                self._post(int(card), int(cents(world.platinum_fee)), SYSTEM, FEE, False)
            self.statement[card] = self.owed[card]

    def _buy(self, day: int) -> None:
        scene, world = self.scene, self.scene.world
        chance = scene.chance("purchases by card", day)
        pace = scene.habits.pace(world, day)[self.person]
        live = (self.activated <= day) & (self.closed < 0) & ~scene.gone[self.person]
        cards = np.repeat(np.arange(len(self.person)), chance.poisson(self.tempo * pace))
        base = self.limit[cards] / 100 * world.card_purchase_of_limit
        amounts = cents(base * chance.lognormal(-0.4, 0.9, len(cards)))
        channels = pick(chance, world.card_channels, len(cards))
        for card, amount, channel in zip(cards.tolist(), amounts.tolist(), channels.tolist(), strict=True):
            if live[card] and self.owed[card] + amount <= self.limit[card]:
                size = -(-amount // 10_000) * 10_000 if channel == ATM else amount
                self._post(card, size, channel, CASH if channel == ATM else PURCHASE, True)

    def card_ref(self, card: int) -> str:
        """The reference of a card (never a card number)."""
        return f"R{card + 1:07d}"

    def master_rows(self, holder_no: Callable[[int], str], day: int) -> Rows:
        """Cards issued, activated or closed on this day."""
        calendar, people = self.scene.calendar, self.scene.people
        rows = []
        for card in sorted(self._delivered):
            activated, closed = int(self.activated[card]), int(self.closed[card])
            row = (
                self.card_ref(card),
                holder_no(self.person[card]),
                PRODUCTS[self.product[card]],
                "CNY",
                people.branch_no(self.person[card]),
                money(int(self.limit[card])),
                calendar.text(self.opened[card]),
                calendar.text(activated) if activated <= day else "",
                calendar.text(closed) if closed >= 0 else "",
            )
            rows.append(row)
        self._delivered.clear()
        return Rows(rows)

    def transaction_rows(self, day: int) -> Rows:
        """The day's card transactions."""
        when, stamp = self.scene.calendar.text(day), self.scene.calendar.text(day).replace("-", "")
        posted, self._posted = self._posted, []
        rows = [
            (
                f"K{stamp}{place:07d}",
                self.card_ref(card),
                when,
                "D" if size > 0 else "C",
                money(abs(size)),
                CHANNELS[channel],
                kind,
                "CUSTOMER" if by_customer else "SYSTEM",
            )
            for place, (card, size, channel, kind, by_customer) in enumerate(posted, 1)
        ]
        return Rows(rows, {"amount": sum(abs(size) for _, size, *_ in posted)})

    def balance_rows(self, day: int) -> Rows:
        """Changed debts of this day."""
        when, changed = self.scene.calendar.text(day), sorted(self._changed)
        self._changed.clear()
        rows = [(self.card_ref(card), when, money(int(self.owed[card]))) for card in changed]
        return Rows(rows, {"balance": int(self.owed[changed].sum())})
