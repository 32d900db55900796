"""Days counted from the first date of the world."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Calendar:
    """All days from first to last, both whole; day 0 is the first date."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    def date_of(self, day: int) -> date:
        """The date of a day (may lie before the first)."""
        return self.first + timedelta(days=int(day))

    def text(self, day: int) -> str:
        """The ISO date of a day."""
        return self.date_of(day).isoformat()

    def stamp(self, day: int) -> str:
        """The date of a day as yyyymmdd."""
        return f"{self.date_of(day):%Y%m%d}"

    def day_of(self, when: date) -> int:
        """The day of a date."""
        return (when - self.first).days

    def month_starts(self) -> list[int]:
        """The first day of every month that the world touches; 0 for the month it begins in."""
        return [day for day in range(self.days) if day == 0 or self.date_of(day).day == 1]

    def is_month_end(self, day: int) -> bool:
        """Whether the next day begins a month."""
        return self.date_of(day + 1).day == 1
