"""``yihu demo``: the invented bank, in the size and the world that is asked for."""

from datetime import date, datetime

import click

from pipelines.demo_bank import KINDS, DemoBankError, FaultsError, World, read_faults, write_demo_bank
from pipelines.demo_bank import restore as put_back
from pipelines.months import first_date, month_number
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


@demo.command()
@click.pass_obj
def faults(settings: Settings) -> None:
    """List what was spoilt in the landing folder, and what a night should do about each."""
    for fault in read_faults(settings.landing):
        where = f"{fault.received_date} {fault.source}.{fault.table} ({fault.place})"
        click.echo(f"{fault.fault_no} {fault.kind}: {where} -> {fault.expected}")


@demo.command()
@click.argument("number", type=click.IntRange(1))
@click.pass_obj
def restore(settings: Settings, number: int) -> None:
    """Deliver the clean files of fault NUMBER again, as a source does that is told of it."""
    found = [fault for fault in read_faults(settings.landing) if fault.fault_no == number]
    if not found:
        raise click.ClickException(f"no fault {number} in {settings.landing}; `yihu demo faults` lists them")
    try:
        put_back(settings.landing, found[0])
    except FaultsError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"clean again: {found[0].received_date} {found[0].source}.{found[0].table}")


def _first_of(last: date, months: int) -> date:
    """The first day of the first of so many months, the last of which holds `last`."""
    return first_date(month_number(last) + 1 - months)
