"""One history taken in in several ways, and what the marts and the edition came out as."""

from collections.abc import Callable, Sequence
from datetime import date

from night_support import LOADING, digests, query, run_night

from pipelines.nights import Night
from pipelines.settings import Settings


def night_by_night(
    settings: Settings, nights: Sequence[date], run: Callable[[Settings, date], Night] = run_night
) -> None:
    """One night after another, each by ``run``; the first takes in what lies before it."""
    for day in nights:
        run(settings, day)


def at_once_then_one(settings: Settings, nights: Sequence[date]) -> None:
    """`yihu load` up to the last date but one, then a night."""
    run_night(settings, nights[-2], skipped=LOADING)
    run_night(settings, nights[-1])


def all_in_one(settings: Settings, nights: Sequence[date]) -> None:
    """A database that has seen nothing yet, and one night."""
    run_night(settings, nights[-1])


def outcome(settings: Settings, business_date: date) -> dict[str, tuple[int, str]]:
    """Rows and digest of every mart, and of every table published for the date."""
    marts = query(
        settings,
        "select c.relname from pg_catalog.pg_class as c "
        "where c.relnamespace = 'marts'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition",
    )
    found = {
        f"marts.{name}": query(
            settings,
            "select count(*), "
            "coalesce(sum(('x' || substr(md5(row::text), 1, 16))::bit(64)::bigint::numeric), 0) "
            f"from marts.{name} as row",
        )[0]
        for (name,) in marts
    }
    return {name: (count, str(digest)) for name, (count, digest) in found.items()} | digests(
        settings, business_date
    )
