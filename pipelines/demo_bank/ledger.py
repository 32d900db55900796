"""Deposit accounts and what is posted to them on one day."""

from dataclasses import dataclass

import numpy as np

CURRENT, TERM = 0, 1
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
)
SALARY, TRANSFER, CASH, PURCHASE, STANDING_ORDER, INTEREST, FEE, LOAN_PAYMENT, INVESTMENT = range(9)
BY_CUSTOMER, BY_SYSTEM = 0, 1


@dataclass(frozen=True)
class Postings:
    """One day's postings: account, signed cents, channel, kind and initiator, arrays of equal length."""

    account: np.ndarray
    cents: np.ndarray
    channel: np.ndarray
    kind: np.ndarray
    by: np.ndarray


class Ledger:
    """Balances in whole cents; every change of a balance is a posting."""

    def __init__(self) -> None:
        self.count = 0
        self.balance = np.zeros(1024, dtype=np.int64)
        self.limit = np.zeros(1024, dtype=np.int64)
        self.owner = np.zeros(1024, dtype=np.int64)
        self.product = np.zeros(1024, dtype=np.int8)
        self.opened = np.zeros(1024, dtype=np.int64)
        self.closed = np.full(1024, -1, dtype=np.int64)  # the day, -1 = open
        self._posted: list[tuple[np.ndarray, ...]] = []
        self._changed: list[np.ndarray] = []

    def open(
        self, owners: np.ndarray, product: int, days: np.ndarray | int, limits: np.ndarray | int = 0
    ) -> np.ndarray:
        """New accounts with a balance of nothing; returns their indices."""
        fresh = np.arange(self.count, self.count + len(owners))
        self._grow(self.count + len(owners))
        self.count += len(owners)
        self.owner[fresh], self.product[fresh] = owners, product
        self.opened[fresh], self.limit[fresh] = days, limits
        self._changed.append(fresh)
        return fresh

    def close(self, accounts: np.ndarray, day: int) -> None:
        """Close accounts; their balance must be nothing."""
        self.closed[accounts] = day
        self._changed.append(np.asarray(accounts))

    def is_open(self, accounts: np.ndarray) -> np.ndarray:
        """Which of the accounts (index -1 = no account) are open."""
        return (accounts >= 0) & (self.closed[accounts] < 0)

    def post(
        self,
        accounts: np.ndarray,
        cents: np.ndarray | int,
        channel: np.ndarray | int,
        kind: np.ndarray | int,
        by: np.ndarray | int,
    ) -> None:
        """Add postings; scalars hold for all accounts."""
        accounts = np.asarray(accounts, dtype=np.int64)
        if not len(accounts):
            return
        parts = [np.broadcast_to(np.asarray(part), accounts.shape) for part in (cents, channel, kind, by)]
        np.add.at(self.balance, accounts, parts[0])
        self._posted.append((accounts, *parts))

    def affordable(self, accounts: np.ndarray, cents: np.ndarray) -> np.ndarray:
        """Which debits (positive cents), taken in order, keep every account within its balance and limit."""
        if not len(accounts):
            return np.zeros(0, dtype=bool)
        order = np.argsort(accounts, kind="stable")
        sorted_accounts = accounts[order]
        running = np.cumsum(cents[order])
        starts = np.r_[True, sorted_accounts[1:] != sorted_accounts[:-1]]
        before = (running - cents[order])[starts][np.cumsum(starts) - 1]
        room = self.balance[sorted_accounts] + self.limit[sorted_accounts]
        fits = np.empty(len(accounts), dtype=bool)
        fits[order] = running - before <= room
        return fits & (self.closed[accounts] < 0)

    def set_opening(self, accounts: np.ndarray, cents: np.ndarray) -> None:
        """Balances carried over from before the first date: no posting."""
        self.balance[accounts] = cents

    def take_postings(self) -> Postings:
        """The day's postings in the order they were made; the day begins anew."""
        empty = (np.zeros(0, dtype=np.int64),) * 5
        parts = self._posted or [empty]
        self._posted = []
        return Postings(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def take_changed(self) -> np.ndarray:
        """Accounts opened or closed since the last call, each once."""
        changed, self._changed = self._changed, []
        return np.unique(np.concatenate(changed)) if changed else np.zeros(0, dtype=np.int64)

    def _grow(self, needed: int) -> None:
        size = len(self.balance)
        if needed <= size:
            return
        more = max(needed, 2 * size) - size
        for name in ("balance", "limit", "owner", "product", "opened"):
            setattr(self, name, np.pad(getattr(self, name), (0, more)))
        self.closed = np.pad(self.closed, (0, more), constant_values=-1)
