"""The bank, day by day: every topic takes its step, then the day's rows are written."""

from pathlib import Path

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.carding import Cards
from pipelines.demo_bank.deposits import Deposits
from pipelines.demo_bank.habits import make_habits
from pipelines.demo_bank.investing import Contracts
from pipelines.demo_bank.ledger import Ledger
from pipelines.demo_bank.lending import Loans
from pipelines.demo_bank.people import make_people
from pipelines.demo_bank.records import make_records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import Streams
from pipelines.demo_bank.world import World
from pipelines.demo_bank.writing import SOURCES, Rows, money, write_table
from pipelines.sources.declaration import load_source

PRODUCTS = ("CUR", "TD")
INITIATORS = ("CUSTOMER", "SYSTEM")


class Simulation:
    """Holds the state of the bank at the end of a day; memory grows with customers, not with days."""

    def __init__(self, world: World, seed: int, customers: int, calendar: Calendar) -> None:
        self.calendar = calendar
        self.declared = {source: load_source(source) for source in SOURCES}
        streams = Streams(seed)
        months = calendar.month_starts()
        self.people = make_people(world, streams, customers, calendar.first, months, calendar.days)
        habits = make_habits(world, streams, self.people, calendar.days)
        count = self.people.count
        self.scene = Scene(
            world=world,
            streams=streams,
            calendar=calendar,
            people=self.people,
            habits=habits,
            ledger=Ledger(),
            current=np.full(count, -1),
            gone=np.zeros(count, dtype=bool),
        )
        since = {
            "core": habits.core_day,
            "loans": habits.loan_day,
            "cards": habits.card_day,
            "wealth": habits.wealth_day,
        }
        self.records = make_records(world, streams, self.people, calendar, since)
        self.deposits, self.loans = Deposits(self.scene), Loans(self.scene)
        self.cards, self.contracts = Cards(self.scene), Contracts(self.scene)

    def run_day(self, day: int) -> None:
        """Let a day happen; day 0 only brings what was there before."""
        if day == 0:
            for topic in (self.deposits, self.loans, self.cards, self.contracts):
                topic.start()
            return
        self.deposits.receive(day)
        self.loans.step(day)
        self.cards.step(day)
        self.contracts.step(day)
        self.deposits.spend(day)
        for topic in (self.contracts, self.cards, self.deposits):
            topic.leave(day)

    def write_day(self, landing: Path, day: int) -> dict[str, int]:
        """Write the day's deliveries; row counts by `source.table`."""
        counts = {}
        for source, tables in self._tables(day).items():
            folder = landing / source / self.calendar.text(day)
            folder.mkdir(parents=True)
            for table in self.declared[source].tables:
                counts[f"{source}.{table.name}"] = write_table(folder, table, tables[table.name])
        return counts

    def _tables(self, day: int) -> dict[str, dict[str, Rows]]:
        records = {source: Rows(list(kept.rows(day))) for source, kept in self.records.items()}
        postings = self.scene.ledger.take_postings()
        changed = self.scene.ledger.take_changed()
        return {
            "core": {
                "customers": records["core"],
                "accounts": self._account_rows(changed),
                "balances": self._balance_rows(np.union1d(changed, postings.account), day),
                "transactions": self._transaction_rows(postings, day),
            },
            "loans": {
                "borrowers": records["loans"],
                "loans": self.loans.master_rows(self.records["loans"].customer_no),
                "loan_balances": self.loans.balance_rows(day),
            },
            "cards": {
                "cardholders": records["cards"],
                "cards": self.cards.master_rows(self.records["cards"].customer_no, day),
                "card_balances": self.cards.balance_rows(day),
                "card_transactions": self.cards.transaction_rows(day),
            },
            "wealth": {
                "investors": records["wealth"],
                "contracts": self.contracts.master_rows(self.records["wealth"].customer_no),
                "contract_values": self.contracts.value_rows(day),
                "orders": self.contracts.order_rows(day),
            },
        }

    def _account_rows(self, accounts: np.ndarray) -> Rows:
        ledger, core = self.scene.ledger, self.records["core"]
        return Rows(
            [
                (
                    account_no(account),
                    core.customer_no(ledger.owner[account]),
                    PRODUCTS[ledger.product[account]],
                    "CNY",
                    self.people.branch_no(ledger.owner[account]),
                    self.calendar.text(ledger.opened[account]),
                    self.calendar.text(ledger.closed[account]) if ledger.closed[account] >= 0 else "",
                )
                for account in accounts.tolist()
            ]
        )

    def _balance_rows(self, accounts: np.ndarray, day: int) -> Rows:
        when, balances = self.calendar.text(day), self.scene.ledger.balance[accounts]
        pairs = zip(accounts.tolist(), balances.tolist(), strict=True)
        rows = [(account_no(account), when, money(balance)) for account, balance in pairs]
        return Rows(rows, {"balance": int(balances.sum())})

    def _transaction_rows(self, postings: book.Postings, day: int) -> Rows:
        when = self.calendar.text(day)
        stamp = when.replace("-", "")
        columns = zip(
            postings.account.tolist(),
            postings.cents.tolist(),
            postings.channel.tolist(),
            postings.kind.tolist(),
            postings.by.tolist(),
            strict=True,
        )
        rows = [
            (
                f"T{stamp}{place:07d}",
                account_no(account),
                when,
                "C" if cents > 0 else "D",
                money(abs(cents)),
                book.CHANNELS[channel],
                book.KINDS[kind],
                INITIATORS[by],
            )
            for place, (account, cents, channel, kind, by) in enumerate(columns, 1)
        ]
        return Rows(rows, {"amount": int(np.abs(postings.cents).sum())})


def account_no(account: int) -> str:
    """The number of a deposit account."""
    return f"A{account + 1:08d}"
