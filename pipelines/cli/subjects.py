"""``yihu subject``: what a person may ask of the bank."""

import getpass
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from pipelines import subjects
from pipelines.cli import airflow
from pipelines.cli.commands import by_two, prepare, run_id, told
from pipelines.cli.summary import print_table
from pipelines.rebuild import rebuilding
from pipelines.settings import Settings
from pipelines.subjects.export import FORMATS

console = Console()


@click.group()
def subject() -> None:
    """A person's requests: what is held about him, being forgotten, opting out of automated decisions."""


@subject.command("export")
@click.argument("customer_id", metavar="ID")
@click.option("--out", "path", type=click.Path(path_type=Path), help="A new file; default: under var.")
@click.option("--format", "file_format", type=click.Choice(FORMATS), default="json", show_default=True)
@click.option("--clear", is_flag=True, help="Clear text, by a ticket on record; else values are masked.")
@click.option("--reader", help="Who reads the clear text; default: the user of this machine.")
@click.option("--reason", help="Why clear text is read, for the record.")
@click.pass_obj
@told
def export_command(
    settings: Settings,
    customer_id: str,
    path: Path | None,
    file_format: str,
    clear: bool,
    reader: str | None,
    reason: str | None,
) -> None:
    """Write everything held about one customer, through all rooms, into a file that only you may read."""
    if clear and not reason:
        raise click.UsageError("--clear needs --reason")
    reader = (reader or getpass.getuser()) if clear else None
    done = subjects.export(settings, customer_id, path, file_format, reader, reason if clear else None)
    print_table(console, f"held about {customer_id}", ("room", "rows"), list(done.counts.items()))
    told_by = f"clear text, ticket {done.ticket_id}" if done.ticket_id else "masked"
    console.print(f"{done.path} ({told_by})", highlight=False, soft_wrap=True)


@subject.command()
@click.argument("customer_id", metavar="ID")
@click.option("--no-rebuild", is_flag=True, help="Leave the kept editions for later; prints what to run.")
@by_two
@click.pass_obj
@told
def forget(
    settings: Settings, customer_id: str, no_rebuild: bool, reason: str, proposer: str, approver: str
) -> None:
    """Put pseudonyms in the place of a person's clear values, and build the kept editions again."""
    with console.status(f"pseudonyms for {customer_id}: raw, landing files, all that is built"):
        done = subjects.forget(settings, customer_id, reason, proposer, approver)
    console.print(
        f"erasure {done.decision_id}: {done.lines} lines of raw and {len(done.files)} landing files now hold "
        f"pseudonyms; {customer_id} stays",
        highlight=False,
        soft_wrap=True,
    )
    for path in done.absent_files:
        console.print(f"gone, so look into your archive: {path}", highlight=False, soft_wrap=True)
    console.print(
        "下一夜将全部重建 The next night builds everything anew: it takes longer, once",
        highlight=False,
        soft_wrap=True,
    )
    rows = [(each.class_zh, each.class_en, each.years, each.until or "-") for each in done.kept]
    headings = ("法定保存", "kept by law", "years after the relation ends", "until")
    print_table(console, f"kept of {customer_id}", headings, rows)
    if no_rebuild:
        for day in done.dates:
            console.print(f"yihu rebuild --date {day}", highlight=False)
        return
    prepare(settings)
    for day in done.dates:
        _rebuild(settings, day)


def _rebuild(settings: Settings, day: date) -> None:
    """Build a kept edition again; one that differs is superseded with the cause on record."""
    with rebuilding(settings, day, run_id()) as night, console.status(f"edition of {day}"):
        if not airflow.run_night(settings, night):
            raise click.ClickException(
                f"the edition of {day} was not built again: see `yihu status`, then run "
                f"`yihu rebuild --date {day}` and those of the later kept dates"
            )


@subject.command("opt-out")
@click.argument("customer_id", metavar="ID")
@by_two
@click.pass_obj
@told
def opt_out(settings: Settings, customer_id: str, reason: str, proposer: str, approver: str) -> None:
    """Let no machine alone decide on a customer: no churn strategy, no place in the order of contacts."""
    _opt(settings, customer_id, True, reason, proposer, approver)


@subject.command("opt-in")
@click.argument("customer_id", metavar="ID")
@by_two
@click.pass_obj
@told
def opt_in(settings: Settings, customer_id: str, reason: str, proposer: str, approver: str) -> None:
    """Take an opt-out back."""
    _opt(settings, customer_id, False, reason, proposer, approver)


def _opt(
    settings: Settings, customer_id: str, is_out: bool, reason: str, proposer: str, approver: str
) -> None:
    day = subjects.opt(settings, customer_id, is_out, reason, proposer, approver)
    word = "out of" if is_out else "in to"
    console.print(f"{customer_id} is {word} automated decisions from {day} on", highlight=False)
