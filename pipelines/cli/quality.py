"""``yihu waive``, ``yihu quarantine``: what people decide about what a gate found, and what was set aside."""

from dataclasses import astuple
from datetime import datetime

import click
from rich.console import Console

from pipelines.cli.commands import DAY, by_two, told
from pipelines.cli.summary import print_table
from pipelines.gates import waivers
from pipelines.gates.keys import rotate_key
from pipelines.gates.quarantine import quarantined
from pipelines.gates.releases import release
from pipelines.settings import Settings

console = Console()


@click.command()
@click.argument("rule_id", metavar="RULE")
@click.option(
    "--from", "first", type=DAY, required=True, help="First business date on which it closes nothing."
)
@click.option("--until", "last", type=DAY, required=True, help="Last one.")
@by_two
@click.pass_obj
@told
def waive(
    settings: Settings,
    rule_id: str,
    first: datetime,
    last: datetime,
    reason: str,
    proposer: str,
    approver: str,
) -> None:
    """Set a rule of a gate aside for some dates."""
    number = waivers.waive(settings, rule_id, first.date(), last.date(), reason, proposer, approver)
    console.print(
        f"waiver {number}: {rule_id} closes no gate from {first.date()} to {last.date()}; run the night now",
        highlight=False,
    )


@click.command("waivers")
@click.pass_obj
@told
def list_waivers(settings: Settings) -> None:
    """Every waiver on record, the newest first."""
    print_table(
        console,
        f"waivers of bank {settings.bank}",
        ("number", "rule", "from", "until", "reason", "proposer", "approver"),
        [astuple(waiver) for waiver in waivers.on_record(settings)],
    )


@click.group()
def quarantine() -> None:
    """Lines that were set aside because a cell is not what its declaration says."""


@quarantine.command("rotate-key")
@click.pass_obj
@told
def rotate(settings: Settings) -> None:
    """Key every masked value anew: with a new key, or the one that YIHU_HMAC_KEY names by now."""
    done = rotate_key(settings)
    left = f"; {done.left} keep a former key, their cells are gone from raw" if done.left else ""
    console.print(f"key {done.key_id}: {done.rekeyed} values keyed anew{left}", highlight=False)


@quarantine.command("list")
@click.option("--source", help="Only of this source.")
@click.option("--table", help="Only of this table.")
@click.option("--date", "received", type=DAY, help="Only received on this date.")
@click.option("--rows", "count", default=50, show_default=True, help="How many cells to list.")
@click.pass_obj
@told
def list_cells(
    settings: Settings, source: str | None, table: str | None, received: datetime | None, count: int
) -> None:
    """The cells, newest first, their values masked."""
    found = quarantined(settings, source, table, received and received.date(), count)
    print_table(
        console,
        f"quarantine of bank {settings.bank}: {len(found.cells)} of {found.count} cells",
        ("source", "table", "received", "line", "column", "rule", "value (masked)", "night", "released from"),
        found.cells,
    )


@quarantine.command("release")
@click.option("--source", required=True, help="Source of the delivery.")
@click.option("--table", required=True, help="Its table.")
@click.option("--date", "received", type=DAY, required=True, help="Date on which it was received.")
@click.option(
    "--line", "lines", type=int, multiple=True, required=True, help="Line; may be given several times."
)
@by_two
@click.pass_obj
@told
def release_lines(
    settings: Settings,
    source: str,
    table: str,
    received: datetime,
    lines: tuple[int, ...],
    reason: str,
    proposer: str,
    approver: str,
) -> None:
    """Let lines in after all, the cells that cannot be read left empty."""
    day = release(settings, source, table, received.date(), lines, reason, proposer, approver)
    console.print(
        f"{source}.{table} {received.date()}: {len(set(lines))} lines count as received on {day}; "
        "run that night now or when it is due",
        highlight=False,
    )
