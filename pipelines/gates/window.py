"""What arrived tonight: the dates of receipt after the last published night, up to the business date."""

from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import cursor

from pipelines.nights import published_until


@dataclass(frozen=True)
class Window:
    """Dates of receipt d with ``after < d <= until``."""

    after: date
    until: date

    def where(self, column: str = "_received_date") -> str:
        """The window as a SQL condition on ``column``."""
        return f"{column} > date '{self.after}' and {column} <= date '{self.until}'"


def received_window(cur: cursor, business_date: date) -> Window:
    """The window of a night: from the business date published before it (none: everything) to its own."""
    return Window(after=published_until(cur, before=business_date) or date.min, until=business_date)
