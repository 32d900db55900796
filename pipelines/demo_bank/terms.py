"""Term deposits: opened, rolled over, paid back, broken."""

from collections import defaultdict

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import cents

_STYLE_CHANNELS = np.array([book.BRANCH, book.WEB, book.MOBILE])
_YEAR = 3_650_000  # basis points and days


class Terms:
    """All term deposits; each is an account of the ledger with a day of maturity."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._maturing: dict[int, list[np.ndarray]] = defaultdict(list)
        self._begun = np.zeros(1024, dtype=np.int32)  # the day on which each account's running term began

    def start(self, owners: np.ndarray) -> None:
        """Deposits made before the first date, one to three per owner."""
        scene, habits = self.scene, self.scene.habits
        chance = scene.streams.of("first terms")
        total = habits.wealth[owners] * scene.world.term_share
        parts = np.where(total > 100_000, chance.integers(1, 4, len(owners)), 1)
        owners, share = np.repeat(owners, parts), np.repeat(total / parts, parts)
        length = self._lengths(chance, len(owners))
        # Older than nothing, younger than its term, and never older than its owner's account.
        age = np.minimum(
            (chance.random(len(owners)) * (length - 1)).astype(np.int64) + 1, -habits.core_day[owners]
        )
        accounts = self._open(owners, length, -age, 0)
        scene.ledger.set_opening(accounts, cents(share, 10_000))

    def mature(self, day: int) -> None:
        """What matures today is rolled over or paid back, with its interest."""
        scene, ledger = self.scene, self.scene.ledger
        accounts = np.concatenate(self._maturing.pop(day, [np.zeros(0, dtype=np.int64)]))
        accounts = np.sort(accounts[(ledger.closed[accounts] < 0) & (ledger.matures[accounts] == day)])
        if not len(accounts):
            return
        owners, length = ledger.owner[accounts], ledger.matures[accounts] - self._begun[accounts]
        interest = ledger.balance[accounts] * ledger.rate[accounts] * length // _YEAR
        self._credit(accounts, interest)
        stays = scene.chance("maturities", day).random(len(accounts)) < scene.world.roll_over_share
        stays &= scene.life.leaving_from[owners] > day
        kept = scene.life.busy_until[owners] <= day
        asleep = scene.life.pace(day)[owners] == 0
        stays &= kept | asleep
        self._roll_over(accounts[stays], length[stays], day)
        self._pay_back(accounts[~stays], book.MATURITY, book.SYSTEM, book.BY_SYSTEM, day)

    def break_all(self, persons: np.ndarray, day: int) -> None:
        """Break the term deposits of persons: interest as on a current account, less the penalty."""
        scene, ledger, world = self.scene, self.scene.ledger, self.scene.world
        is_one = np.zeros(scene.people.count, dtype=bool)
        is_one[persons] = True
        accounts = ledger.of_owners(is_one, book.TERM)
        if not len(accounts):
            return
        age = day - self._begun[accounts]
        penalty = ledger.balance[accounts] * world.early_penalty_basis_points // 10_000
        self._credit(accounts, ledger.balance[accounts] * world.current_rate_basis_points * age // _YEAR)
        due = penalty > 0
        channel = _STYLE_CHANNELS[scene.habits.style[ledger.owner[accounts]]]
        ledger.post(accounts[due], -penalty[due], channel[due], book.PENALTY, book.BY_CUSTOMER)
        self._pay_back(accounts, book.TRANSFER, channel, book.BY_CUSTOMER, day)

    def open_new(self, day: int) -> None:
        """People put part of their current account on term."""
        scene, world, habits, life = self.scene, self.scene.world, self.scene.habits, self.scene.life
        chance = scene.chance("new terms", day)
        rate = np.where(habits.has_term_deposit, 4, 1) * world.new_term_deposit_per_day
        wish = (chance.random(scene.people.count) < rate) & ~life.is_bound(day) & (life.pace(day) > 0)
        persons = np.flatnonzero(wish)
        persons = persons[scene.has_account(persons)]
        share, length = chance.uniform(0.3, 0.7, len(persons)), self._lengths(chance, len(persons))
        principal = (
            (scene.ledger.balance[scene.current[persons]] * share).astype(np.int64) // 100_000 * 100_000
        )
        enough = principal >= int(cents(world.least_term_deposit))
        persons, principal, length = persons[enough], principal[enough], length[enough]
        channel = _STYLE_CHANNELS[habits.style[persons]]
        accounts = self._open(persons, length, day, day)
        self._move(scene.current[persons], -principal, channel, book.TRANSFER, book.BY_CUSTOMER)
        self._move(accounts, principal, channel, book.TRANSFER, book.BY_CUSTOMER)

    def _lengths(self, chance: np.random.Generator, count: int) -> np.ndarray:
        return np.array(self.scene.world.term_days)[
            chance.integers(0, len(self.scene.world.term_days), count)
        ]

    def _open(self, owners: np.ndarray, length: np.ndarray, begun: np.ndarray | int, day: int) -> np.ndarray:
        begun = np.broadcast_to(begun, length.shape)
        ledger = self.scene.ledger
        accounts = ledger.open(owners, book.TERM, begun, self._rates(length, day), matures=begun + length)
        self._remember(accounts, begun)
        self._await(accounts)
        return accounts

    def _rates(self, length: np.ndarray, day: int) -> np.ndarray:
        market = self.scene.market
        known = np.array([market.list_rate(term, day) for term in market.terms])
        return known[np.searchsorted(np.array(market.terms), length)]

    def _remember(self, accounts: np.ndarray, begun: np.ndarray) -> None:
        needed, size = self.scene.ledger.count, len(self._begun)
        if size < needed:
            self._begun = np.pad(self._begun, (0, max(needed, size * 5 // 4) - size))
        self._begun[accounts] = begun

    def _await(self, accounts: np.ndarray) -> None:
        days = self.scene.ledger.matures[accounts]
        for day in np.unique(days):
            self._maturing[int(day)].append(accounts[days == day])

    def _credit(self, accounts: np.ndarray, interest: np.ndarray) -> None:
        paid = interest > 0
        self.scene.ledger.post(accounts[paid], interest[paid], book.SYSTEM, book.INTEREST, book.BY_SYSTEM)

    def _roll_over(self, accounts: np.ndarray, length: np.ndarray, day: int) -> None:
        ledger = self.scene.ledger
        principal = ledger.balance[accounts].copy()
        for amounts in (-principal, principal):
            self._move(accounts, amounts, book.SYSTEM, book.MATURITY, book.BY_SYSTEM)
        ledger.renew(accounts, self._rates(length, day), day + length)
        self._remember(accounts, np.full(len(accounts), day))
        self._await(accounts)

    def _pay_back(
        self, accounts: np.ndarray, kind: int, channel: np.ndarray | int, by: int, day: int
    ) -> None:
        scene, ledger = self.scene, self.scene.ledger
        total = ledger.balance[accounts].copy()
        self._move(accounts, -total, channel, kind, by)
        self._move(scene.current[ledger.owner[accounts]], total, channel, kind, by)
        ledger.close(accounts, day)

    def _move(
        self, accounts: np.ndarray, amounts: np.ndarray, channel: np.ndarray | int, kind: int, by: int
    ) -> None:
        self.scene.ledger.post(accounts, amounts, channel, kind, by, book.NO_BANK, book.OWN_NAME)
