"""Deposit accounts and what is posted to them on one day."""

from dataclasses import dataclass

import numpy as np

CURRENT, TERM, FOREIGN = 0, 1, 2
PRODUCTS = ("CUR", "TD", "SAV")
CHANNELS = ("BRANCH", "ATM", "PHONE", "WEB", "MOBILE", "SYSTEM")
BRANCH, ATM, PHONE, WEB, MOBILE, SYSTEM = range(6)
KINDS = (
    "SALARY",
    "TRANSFER",
    "CASH",
    "PURCHASE",
    "STANDING_ORDER",
    "INTEREST",
    "FEE",
    "LOAN_PAYMENT",
    "INVESTMENT",
    "PENALTY",
    "MATURITY",
)
(
    SALARY,
    TRANSFER,
    CASH,
    PURCHASE,
    STANDING_ORDER,
    INTEREST,
    FEE,
    LOAN_PAYMENT,
    INVESTMENT,
    PENALTY,
    MATURITY,
) = range(11)
BY_CUSTOMER, BY_SYSTEM = 0, 1
INITIATORS = ("CUSTOMER", "SYSTEM")
OTHER_BANKS = ("BK01", "BK02", "BK03", "BK04", "BK05")
NO_BANK = -1
NOT_NAMED, OTHER_NAME, OWN_NAME = 0, 1, 2
_COLUMNS = (
    ("cents", np.int64),
    ("channel", np.int8),
    ("kind", np.int8),
    ("by", np.int8),
    ("bank", np.int8),
    ("name", np.int8),
)


@dataclass(frozen=True)
class Postings:
    """One day's postings, arrays of equal length: account, signed cents, codes of channel, kind, initiator,
    the other bank and whether the counterparty is the customer himself.
    """

    account: np.ndarray
    cents: np.ndarray
    channel: np.ndarray
    kind: np.ndarray
    by: np.ndarray
    bank: np.ndarray
    name: np.ndarray


class Ledger:
    """Balances in whole cents of the account's currency; every change of a balance is a posting."""

    def __init__(self) -> None:
        self.count = 0
        self.balance = np.zeros(1024, dtype=np.int64)
        self.limit = np.zeros(1024, dtype=np.int64)
        self.owner = np.zeros(1024, dtype=np.int32)
        self.product = np.zeros(1024, dtype=np.int8)
        self.currency = np.zeros(1024, dtype=np.int8)
        self.rate = np.zeros(1024, dtype=np.int16)  # basis points
        self.opened = np.zeros(1024, dtype=np.int64)
        self.matures = np.full(1024, -1, dtype=np.int64)  # the day, -1 = never
        self.closed = np.full(1024, -1, dtype=np.int64)  # the day, -1 = open
        self._posted: list[tuple[np.ndarray, ...]] = []
        self._changed: list[np.ndarray] = []

    def open(
        self,
        owners: np.ndarray,
        product: int,
        days: np.ndarray | int,
        rates: np.ndarray | int,
        limits: np.ndarray | int = 0,
        matures: np.ndarray | int = -1,
        currency: np.ndarray | int = 0,
    ) -> np.ndarray:
        """New accounts with a balance of nothing; returns their indices."""
        fresh = np.arange(self.count, self.count + len(owners))
        self._grow(self.count + len(owners))
        self.count += len(owners)
        self.owner[fresh], self.product[fresh], self.currency[fresh] = owners, product, currency
        self.opened[fresh], self.rate[fresh] = days, rates
        self.limit[fresh], self.matures[fresh] = limits, matures
        self._changed.append(fresh)
        return fresh

    def close(self, accounts: np.ndarray, day: int) -> None:
        """Close accounts; their balance must be nothing."""
        self.closed[accounts] = day
        self._changed.append(np.asarray(accounts))

    def renew(self, accounts: np.ndarray, rates: np.ndarray | int, matures: np.ndarray | int) -> None:
        """A term that begins anew at another rate."""
        self.rate[accounts], self.matures[accounts] = rates, matures
        self._changed.append(np.asarray(accounts))

    def is_open(self, accounts: np.ndarray) -> np.ndarray:
        """Which of the accounts (index -1 = no account) are open."""
        return (accounts >= 0) & (self.closed[accounts] < 0)

    def of_owners(self, is_owner: np.ndarray, product: int | None = None) -> np.ndarray:
        """Open accounts of the people in a mask, of one product or of all."""
        mine = is_owner[self.owner[: self.count]] & (self.closed[: self.count] < 0)
        if product is not None:
            mine &= self.product[: self.count] == product
        return np.flatnonzero(mine)

    def post(
        self,
        accounts: np.ndarray,
        cents: np.ndarray | int,
        channel: np.ndarray | int,
        kind: np.ndarray | int,
        by: np.ndarray | int,
        bank: np.ndarray | int = NO_BANK,
        name: np.ndarray | int = NOT_NAMED,
    ) -> None:
        """Add postings; scalars hold for all accounts."""
        accounts = np.asarray(accounts, dtype=np.int64)
        if not len(accounts):
            return
        given = (cents, channel, kind, by, bank, name)
        parts = [
            np.broadcast_to(np.asarray(part, dtype=dtype), accounts.shape)
            for part, (_, dtype) in zip(given, _COLUMNS, strict=True)
        ]
        np.add.at(self.balance, accounts, parts[0])
        self._posted.append((accounts, *parts))

    def affordable(self, accounts: np.ndarray, cents: np.ndarray) -> np.ndarray:
        """Which debits (positive cents), taken in order, keep every account within its balance and limit."""
        room = self.balance[accounts] + self.limit[accounts]
        return fitting(accounts, cents, room) & (self.closed[accounts] < 0)

    def set_opening(self, accounts: np.ndarray, cents: np.ndarray) -> None:
        """Balances carried over from before the first date: no posting."""
        self.balance[accounts] = cents

    def active_owners(self) -> np.ndarray:
        """People who posted something themselves today (some more than once)."""
        found = [accounts[by == BY_CUSTOMER] for accounts, _, _, _, by, _, _ in self._posted]
        return self.owner[np.concatenate(found)] if found else np.zeros(0, dtype=np.int64)

    def totals(self, people: int, weights: np.ndarray, product: int | None = None) -> np.ndarray:
        """Sums of what open accounts hold, by owner, in cents; `weights` are the balances in yuan."""
        held = self.closed[: self.count] < 0
        if product is not None:
            held &= self.product[: self.count] == product
        owners = self.owner[: self.count][held]
        # Whole cents below 2**53 add up exactly.
        return np.bincount(owners, weights[held], minlength=people).astype(np.int64)

    def take_postings(self) -> Postings:
        """The day's postings in the order they were made; the day begins anew."""
        empty = (np.zeros(0, dtype=np.int64), *(np.zeros(0, dtype=dtype) for _, dtype in _COLUMNS))
        parts = self._posted or [empty]
        self._posted = []
        return Postings(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def take_changed(self) -> np.ndarray:
        """Accounts opened, renewed or closed since the last call, each once."""
        changed, self._changed = self._changed, []
        return np.unique(np.concatenate(changed)) if changed else np.zeros(0, dtype=np.int64)

    def _grow(self, needed: int) -> None:
        size = len(self.balance)
        if needed <= size:
            return
        more = max(needed, size * 5 // 4) - size
        for name in ("balance", "limit", "owner", "product", "currency", "rate", "opened"):
            setattr(self, name, np.pad(getattr(self, name), (0, more)))
        for name in ("matures", "closed"):
            setattr(self, name, np.pad(getattr(self, name), (0, more), constant_values=-1))


def fitting(keys: np.ndarray, amounts: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Which amounts, taken in order, stay within the room of their key; `room` stands beside every amount."""
    if not len(keys):
        return np.zeros(0, dtype=bool)
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    running = np.cumsum(amounts[order])
    starts = np.r_[True, sorted_keys[1:] != sorted_keys[:-1]]
    before = (running - amounts[order])[starts][np.cumsum(starts) - 1]
    fits = np.empty(len(keys), dtype=bool)
    fits[order] = running - before <= room[order]
    return fits


def open_accounts(ledger: Ledger, product: int) -> np.ndarray:
    """All open accounts of a product."""
    return np.flatnonzero((ledger.product[: ledger.count] == product) & (ledger.closed[: ledger.count] < 0))
