"""``yihu demo``: the invented bank, in the size and the world that is asked for."""

from datetime import date, datetime

import click

from pipelines.demo_bank import KINDS, DemoBankError, FaultsError, World, write_demo_bank
from pipelines.settings import Settings

LARGEST = 1_000_000


@click.group()
def demo() -> None:
    """The demo bank that simulates a bank's seven systems."""


@demo.command()
@click.option("--customers", type=click.IntRange(50, LARGEST), default=5000, show_default=True)
@click.option("--months", type=click.IntRange(1, 120), default=24, show_default=True)
@click.option(
    "--last-date", "last", type=click.DateTime(["%Y-%m-%d"]), default="2026-10-31", show_default=True
)
@click.option("--seed", type=click.IntRange(0), default=20251101, show_default=True)
@click.option(
    "--world",
    "kind",
    type=click.Choice(KINDS),
    default="drivers",
    show_default=True,
    help="What makes customers leave: what happens to them, nothing, inactivity alone, the drivers with a "
    "column that knows the future, or drivers that change half-way.",
)
@click.option("--faults", default="", help="Spoil some deliveries, as in all:30 or quarantine@0.5.")
@click.pass_obj
def write(
    settings: Settings, customers: int, months: int, last: datetime, seed: int, kind: str, faults: str
) -> None:
    """Write the demo bank's deliveries into the landing folder; an equal one that lies there is kept."""
    first, until = _first_of(last.date(), months), last.date()
    with click.progressbar(length=(until - first).days + 1, label="days of the demo bank") as bar:
        try:
            made = write_demo_bank(
                settings.landing,
                seed=seed,
                customers=customers,
                first_date=first,
                last_date=until,
                progress=lambda done, _: bar.update(done - bar.pos),
                world=World(kind=kind),
                faults=faults,
            )
        except (DemoBankError, FaultsError) as error:
            raise click.ClickException(str(error)) from error
    done = "written" if made.is_fresh else "kept"
    click.echo(
        f"{done}: {made.customers} customers, {made.days} days,"
        f" {sum(made.rows.values())} rows in {made.landing}"
    )


def _first_of(last: date, months: int) -> date:
    """The first day of the first of so many months, the last of which holds `last`."""
    place = last.year * 12 + last.month - months
    return date(place // 12, place % 12 + 1, 1)
