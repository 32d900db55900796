"""What the Berka archive says of a date, worked out in plain Python: the nights are held against it."""

import csv
import gzip
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path

Row = dict[str, str]
ZERO = Decimal("0.00")


class Archive:
    """The files as they stand."""

    def __init__(self, folder: Path) -> None:
        self.accounts = list(_rows(folder, "account"))
        self.dispositions = list(_rows(folder, "disp"))
        self.loans = list(_rows(folder, "loan"))
        self.cards = list(_rows(folder, "card"))
        self.transactions = list(_rows(folder, "trans"))

    def on(self, day: date) -> "Truth":
        """Only what was known on a day."""
        return Truth(self, f"{day:%y%m%d}")


class Truth:
    """The bank on one day (``yymmdd``: texts of one century sort as dates do)."""

    def __init__(self, archive: Archive, day: str) -> None:
        self.day = day
        self.opened = {row["account_id"]: row["date"] for row in archive.accounts if row["date"] <= day}
        self.accounts = set(self.opened)
        self.loans = {row["loan_id"]: row for row in archive.loans if row["date"] <= day}
        cards = [row for row in archive.cards if row["issued"][:6] <= day]
        self.cards = {row["card_id"] for row in cards}
        self.transactions = [row for row in archive.transactions if row["date"] <= day]
        self.dispositions = [row for row in archive.dispositions if row["account_id"] in self.accounts]
        self.clients = {row["client_id"] for row in self.dispositions}
        self.owners = {
            row["account_id"]: row["client_id"] for row in self.dispositions if row["type"] == "OWNER"
        }
        self.disponents = self.clients - set(self.owners.values())
        bearers = {row["disp_id"]: row["client_id"] for row in self.dispositions}
        self.bearers = [(bearers[row["disp_id"]], row["issued"][:6]) for row in cards]

    @cached_property
    def day_ends(self) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
        """(account, day) → the reported balance that fits best, and how far it is from fitting."""
        movements: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        reported = defaultdict(set)
        for row in self.transactions:
            key = row["account_id"], row["date"]
            movements[key] += Decimal(row["amount"]) * (1 if row["type"] == "PRIJEM" else -1)
            reported[key].add(Decimal(row["balance"]))
        former: dict[str, Decimal] = defaultdict(lambda: ZERO)
        found = {}
        for account, day in sorted(movements):
            expected = former[account] + movements[account, day]
            former[account] = min(
                reported[account, day], key=lambda balance: (abs(balance - expected), balance)
            )
            found[account, day] = former[account], abs(former[account] - expected)
        return found

    @cached_property
    def loan_payments(self) -> dict[str, list[Row]]:
        """Account → its payments of loans."""
        found = defaultdict(list)
        for row in self.transactions:
            if row["k_symbol"] == "UVER":
                found[row["account_id"]].append(row)
        return found

    @property
    def balances(self) -> dict[str, Decimal]:
        """Account → its last end-of-day balance."""
        return dict.fromkeys(self.accounts, ZERO) | {
            account: balance for (account, _), (balance, _) in sorted(self.day_ends.items())
        }

    @property
    def aum(self) -> dict[str, Decimal]:
        """Client → what he owns."""
        return self._by_owner({account: max(balance, ZERO) for account, balance in self.balances.items()})

    @property
    def overdrafts(self) -> dict[str, Decimal]:
        """Client → what he has overdrawn."""
        return self._by_owner({account: max(-balance, ZERO) for account, balance in self.balances.items()})

    @property
    def debts(self) -> dict[str, Decimal]:
        """Loan → its principal, less the loan payments that its account has made since it was granted."""
        return {
            number: Decimal(loan["amount"])
            - sum(
                Decimal(row["amount"])
                for row in self.loan_payments[loan["account_id"]]
                if row["date"] >= loan["date"]
            )
            for number, loan in self.loans.items()
        }

    def count(self, column: str) -> Counter[str]:
        """Transactions by a column's value as it stands."""
        return Counter(row[column] for row in self.transactions)

    def _by_owner(self, amounts: dict[str, Decimal]) -> dict[str, Decimal]:
        total = dict.fromkeys(self.clients, ZERO)
        for account, amount in amounts.items():
            total[self.owners[account]] += amount
        return total


def _rows(folder: Path, name: str) -> Iterator[Row]:
    (path,) = folder.glob(f"{name}*.asc.?z")
    opened = (lzma if path.suffix == ".xz" else gzip).open(path, "rt", encoding="utf-8", newline="")
    with opened as file:
        yield from csv.DictReader(file, delimiter=";")
