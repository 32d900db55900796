"""The bank, day by day: every topic takes its step, then the day's rows are written."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.carding import Cards
from pipelines.demo_bank.channels import Channels
from pipelines.demo_bank.conditions import Conditions
from pipelines.demo_bank.core_tables import CoreTables
from pipelines.demo_bank.corporate import Corporate
from pipelines.demo_bank.crm import Crm
from pipelines.demo_bank.deposits import Deposits
from pipelines.demo_bank.grading import Grading
from pipelines.demo_bank.investing import Contracts
from pipelines.demo_bank.lending import Loans
from pipelines.demo_bank.life import HazardMonth
from pipelines.demo_bank.records import Records, make_records
from pipelines.demo_bank.relating import Relations
from pipelines.demo_bank.scene import make_scene
from pipelines.demo_bank.topic import Topic
from pipelines.demo_bank.world import World
from pipelines.demo_bank.writing import SOURCES, Frame, WritingError, empty_frame, write_table
from pipelines.sources.declaration import Table, load_source


class Simulation:
    """Holds the state of the bank at the end of a day; memory grows with customers, not with days."""

    def __init__(self, world: World, seed: int, customers: int, calendar: Calendar) -> None:
        self.calendar = calendar
        self.declared = {
            f"{source}.{table.name}": table for source in SOURCES for table in load_source(source).tables
        }
        self.scene = make_scene(world, seed, customers, calendar)
        self.people = self.scene.people
        self.records = make_records(self.scene)
        self.deposits = Deposits(self.scene)
        self.loans = Loans(self.scene, self.records["loans"])
        self.cards = Cards(self.scene, self.records["cards"])
        self.contracts = Contracts(self.scene, self.records["wealth"])
        # Whoever sees the whole day: they step when all money has moved.
        self.watchers: tuple[Topic, ...] = (
            CoreTables(self.scene, self.records["core"]),
            CustomerTables(self.records),
            Conditions(self.scene),
            Relations(self.scene, self.records["core"]),
            Grading(self.scene, self.loans),
            Channels(self.scene, self.records),
            Crm(self.scene, self.records),
            Corporate(self.scene, self.records),
        )
        self.month: HazardMonth | None = None  # the truth of today, where it is a month-end

    def run_day(self, day: int) -> None:
        """Let a day happen; day 0 only brings what was there before."""
        self.scene.life.begin(day)
        if day == 0:
            for topic in (self.deposits, self.loans, self.cards, self.contracts, *self.watchers):
                topic.start()
        else:
            self._move_money(day)
        self.month = self._turn_month(day) if self.calendar.is_month_end(day) else None
        for topic in self.watchers if day else ():
            topic.step(day)

    def frames(self, day: int) -> Iterator[tuple[str, Frame]]:
        """The day's rows by `source.table`, topic by topic; take them once."""
        for topic in (self.loans, self.cards, self.contracts, *self.watchers):
            frames = topic.tables(day)
            while frames:
                yield frames.popitem()

    def write_day(self, landing: Path, day: int) -> dict[str, int]:
        """Write the day's deliveries; row counts by `source.table`."""
        declared, counts = self.declared, dict.fromkeys(self.declared, 0)
        for source in SOURCES:
            (landing / source / self.calendar.text(day)).mkdir(parents=True)
        missing = set(declared)
        for name, frame in self.frames(day):
            if name not in missing:
                raise WritingError(f"demo bank: {name} is not declared, or comes twice on a day")
            missing.remove(name)
            counts[name] = self._write(landing, declared[name], frame, day)
        for name in sorted(missing):
            self._write(landing, declared[name], empty_frame(declared[name]), day)
        return counts

    def _write(self, landing: Path, table: Table, frame: Frame, day: int) -> int:
        return write_table(landing / table.source / self.calendar.text(day), table, frame, self.calendar)

    def assets(self, day: int) -> np.ndarray:
        """What everybody holds here, in cents of yuan by person."""
        return self.deposits.held(day) + self.contracts.held(day)

    def _move_money(self, day: int) -> None:
        scene = self.scene
        self.deposits.receive(day)
        self.loans.step(day)
        self.cards.step(day)
        self.contracts.step(day)
        self.deposits.spend(day)
        for topic in (self.contracts, self.deposits):
            topic.carry_away(day)
        for topic in (self.contracts, self.loans, self.cards, self.deposits):
            topic.wind_up(day)
        scene.life.touch(scene.ledger.active_owners(), day)
        leavers = scene.life.exits_on(day)
        for register in scene.registers.values():
            register.forget_plans(leavers, day)

    def _turn_month(self, day: int) -> HazardMonth:
        everybody = np.arange(self.people.count)
        return self.scene.life.turn_month(
            day,
            assets=self.assets(day),
            terms=self.deposits.held(day, book.TERM),
            has_account=self.scene.has_account(everybody),
        )


class CustomerTables:
    """New and changed customers of the systems that have no topic of their own for them."""

    def __init__(self, records: dict[str, Records]) -> None:
        self._records = records

    def start(self) -> None:
        """Nothing before the first date."""

    def step(self, day: int) -> None:
        """Nothing happens by itself."""

    def tables(self, day: int) -> dict[str, Frame]:
        """The day's rows of core's customers, borrowers, cardholders and investors."""
        return {
            "core.customers": self._records["core"].frame(day),
            "loans.borrowers": self._records["loans"].frame(day),
            "cards.cardholders": self._records["cards"].frame(day),
            "wealth.investors": self._records["wealth"].frame(day),
        }
