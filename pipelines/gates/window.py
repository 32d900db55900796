"""What arrived tonight: the dates of receipt nobody has judged yet, up to the business date."""

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
    """The window of a night: from the date published or loaded before it (none: everything) to its own."""
    ends = (published_until(cur, before=business_date), _loaded_until(cur, business_date))
    return Window(after=max((day for day in ends if day), default=date.min), until=business_date)


def _loaded_until(cur: cursor, business_date: date) -> date | None:
    """The newest date before ``business_date`` up to which a bulk load judged all there is now."""
    cur.execute(
        """
        select max(night.business_date)
        from ops.nights as night
        where
            night.state = 'loaded'
            and night.workspace = ''
            and night.business_date < %s
            and not exists (
                select 1
                from ops.deliveries as delivery
                where delivery.received_date <= night.business_date and delivery.night_id > night.night_id
            )
        """,
        (business_date,),
    )
    return cur.fetchone()[0]
