"""The commands of ``yihu``. Exit code 0 only on success; every command says what to do when it fails."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import psycopg2
from rich.console import Console

from pipelines import building, disk, messages, nights, publishing, report
from pipelines.approval import ApprovalError
from pipelines.churn import ChurnError
from pipelines.cli import airflow, banks
from pipelines.cli.summary import print_summary, print_table
from pipelines.gates.releases import ReleaseError
from pipelines.gates.waivers import WaiverError
from pipelines.identity.errors import IdentityError
from pipelines.nights import Night
from pipelines.rebuild import RebuildError, rebuilding
from pipelines.settings import Settings, load_settings
from pipelines.sources import DeclarationError, load_bank
from pipelines.steps import QUALITY_ERRORS
from pipelines.subjects import SubjectError
from pipelines.warehouse import WarehouseError, admin_url, connect, embedded, reader_url, rooms
from pipelines.workspace import Workspace, WorkspaceError

KNOWN_ERRORS = (
    *QUALITY_ERRORS,
    ApprovalError,
    WaiverError,
    airflow.OrchestrationError,
    banks.BankError,
    building.BuildError,
    ChurnError,
    DeclarationError,
    embedded.EmbeddedError,
    IdentityError,
    messages.MessageError,
    nights.NightError,
    psycopg2.Error,
    publishing.PublishError,
    RebuildError,
    ReleaseError,
    rooms.RoomsError,
    SubjectError,
    WarehouseError,
    WorkspaceError,
)
console = Console()
DAY = click.DateTime(["%Y-%m-%d"])


def told(command: Callable[..., None]) -> Callable[..., None]:
    """A known error becomes one line and exit code 1; an unknown one keeps its traceback."""

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KNOWN_ERRORS as error:
            raise click.ClickException(str(error).strip()) from error

    return wrapped


PEOPLE = (
    click.option("--reason", required=True, help="Why, for the record."),
    click.option("--proposer", required=True, help="Who proposes it."),
    click.option("--approver", required=True, help="Who approves it; another person."),
)


def by_two(command: Any) -> Any:
    """Ask for a reason, a proposer and an approver."""
    for option in reversed(PEOPLE):
        command = option(command)
    return command


@click.group()
@click.option("--bank", envvar="YIHU_BANK", default="demo", show_default=True, help="The bank to work on.")
@click.pass_context
def main(context: click.Context, bank: str) -> None:
    """Yihu 一户: one trustworthy record per customer, every night."""
    os.environ["YIHU_BANK"] = bank
    try:
        load_bank(bank)
    except DeclarationError as error:
        raise click.BadParameter(str(error), param_hint="--bank") from error
    context.obj = load_settings()


@main.command()
@click.option("--date", "day", type=DAY, help="Business date; default: the bank's last date.")
@click.option(
    "--bank-files", type=click.Path(path_type=Path), help="Archive the bank's deliveries are made from."
)
@click.pass_obj
@told
def run(settings: Settings, day: datetime | None, bank_files: Path | None) -> None:
    """Make the bank's deliveries, take in its history and run one whole night (what `make run` calls)."""
    business_date = day.date() if day else banks.last_date(settings)
    prepare(settings)
    with console.status(f"deliveries of bank {settings.bank} up to {business_date}") as status:

        def tell(done: int, days: int) -> None:
            status.update(f"writing the demo bank: day {done} of {days}")

        console.print(banks.deliver(settings, bank_files, business_date, tell), highlight=False)
    _run_night(settings, business_date)


@main.command()
@click.option("--date", "day", type=DAY, required=True, help="Business date.")
@click.pass_obj
@told
def night(settings: Settings, day: datetime) -> None:
    """Run one night on what lies in the landing folder; deliveries since the last night come in first."""
    prepare(settings)
    _run_night(settings, day.date())


@main.command()
@click.option("--until", "day", type=DAY, required=True, help="Last date of receipt to take in.")
@click.pass_obj
@told
def load(settings: Settings, day: datetime) -> None:
    """Take in history in bulk: up to the marts, with the scores of month ends, without an edition."""
    prepare(settings)
    _run_night(settings, day.date(), skipped=("build_edition", "gate_edition", "publish"))


@main.command()
@click.option("--date", "day", type=DAY, required=True, help="Past business date.")
@click.option(
    "--current-policy",
    is_flag=True,
    help="Build with policy/ as it is now, not as the date's edition names it.",
)
@click.option("--keep", is_flag=True, help="Keep the workspace afterwards.")
@click.pass_obj
@told
def rebuild(settings: Settings, day: datetime, current_policy: bool, keep: bool) -> None:
    """Build a past date again in a workspace, from what was received by then and the policy it names.

    Equal digests: nothing changes. Different: it replaces that date's kept edition, with the cause on record.
    """
    prepare(settings)
    with rebuilding(settings, day.date(), run_id(), current_policy, keep) as night:
        _finish(settings, night)


@main.command()
@click.option("--nights", "count", default=10, show_default=True, help="How many nights to list.")
@click.option(
    "--due",
    is_flag=True,
    help="For a cron at the deadline: exit with 1, and tell, unless the last day that ended is published.",
)
@click.option("--days", default=365, show_default=True, help="How far ahead to reckon the disk.")
@click.pass_obj
@told
def status(settings: Settings, count: int, due: bool, days: int) -> None:
    """The last nights, and the disk the warehouse takes and will take (without --due)."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select night_id, business_date, workspace, state, started_at, "
            "round(extract(epoch from coalesce(ended_at, clock_timestamp()) - started_at)), "
            "failed_step, message "
            "from ops.nights order by night_id desc limit %s",
            (count,),
        )
        rows = cursor.fetchall()
    headings = ("night", "business date", "workspace", "state", "started", "seconds", "step", "message")
    print_table(console, f"nights of bank {settings.bank}", headings, rows)
    if not due:
        _print_disk(settings, days)
        return
    if missing := messages.missing_date(settings, datetime.now(UTC)):
        is_told = messages.tell_absence(settings, missing)
        raise click.ClickException(
            f"business date {missing} is not published by its deadline; "
            + ("those on duty were told" if is_told else "YIHU_MESSAGES names nobody to tell")
        )


def _print_disk(settings: Settings, days: int) -> None:
    """What policy keeps, how large each room is, and how large it will be."""
    published = publishing.list_editions(settings)
    if not published:
        return
    retention = publishing.policy_retention(settings, published[0].business_date)
    with connect(settings) as connection:
        try:
            found = disk.forecast(settings, connection, retention, days)
        except disk.DiskBusyError as error:
            console.print(str(error), highlight=False)
            return
    rows = [(each.room, megabytes(each.byte_count), megabytes(each.later_byte_count)) for each in found.rooms]
    kept = f"{retention.daily} daily and {retention.month_ends} month-end editions are kept"
    print_table(console, f"disk ({kept})", ("room", "MB", f"MB in {days} days"), rows)
    if found.free_byte_count is not None:
        free, needed = megabytes(found.free_byte_count), megabytes(found.growth_byte_count)
        verdict = "enough" if found.fits else "NOT ENOUGH: give it a larger disk or keep fewer editions"
        console.print(
            f"{free} MB are free, {needed} MB more are needed within {days} days: {verdict}",
            highlight=False,
            soft_wrap=True,
        )


def megabytes(byte_count: int) -> str:
    """Millions of bytes, rounded up."""
    return f"{-(-byte_count // 1_000_000):,}"


@main.command()
@click.pass_obj
@told
def editions(settings: Settings) -> None:
    """Every edition on record, newest first."""
    rows = [
        (edition.edition_id, edition.business_date, edition.state, edition.cause, edition.policy_version)
        for edition in publishing.list_editions(settings)
    ]
    print_table(console, "editions", ("edition", "business date", "state", "cause", "policy"), rows)


@main.command()
@click.pass_obj
@told
def rollback(settings: Settings) -> None:
    """Take back the current edition: reporting shows the one before it."""
    console.print(f"reporting now shows {publishing.rollback(settings)}", highlight=False)


@main.command("report")
@click.option("--night", "night_id", type=int, help="Number of the night; default: the last one.")
@click.pass_obj
@told
def report_command(settings: Settings, night_id: int | None) -> None:
    """Write the page of a night again and say where it is."""
    last = report.last_night(settings)
    if last is None:
        raise click.ClickException("no night has run yet; `yihu night --date D` runs one")
    console.print(
        str(report.write_report(settings, nights.load_night(settings, night_id or last[0]))), soft_wrap=True
    )


@main.command()
@click.option("--out", "page", type=click.Path(path_type=Path), help="Where to; default: beside the reports.")
@click.pass_obj
@told
def portrait(settings: Settings, page: Path | None) -> None:
    """Draw what the bank's customers are worth and where they stand, of the newest edition, as one page."""
    from pipelines.report.portrait import write_portrait  # drawing takes a second to import
    from pipelines.report.portrait_rows import PortraitError

    try:
        written = write_portrait(settings, page or settings.var / settings.bank / "reports" / "portrait.html")
    except PortraitError as error:
        raise click.ClickException(str(error)) from error
    console.print(str(written), soft_wrap=True)


@main.group("db")
def database() -> None:
    """The bank's database."""


@database.command()
@click.pass_obj
@told
def up(settings: Settings) -> None:
    """Start the database server if it is down and make the rooms."""
    admin_url(settings)
    console.print("the database is up; `yihu db url` gives its address for readers")


@database.command()
@click.pass_obj
@told
def down(settings: Settings) -> None:
    """Stop the embedded server."""
    console.print("stopped" if embedded.down(settings) else "it was not running")


@database.command()
@click.pass_obj
@told
def url(settings: Settings) -> None:
    """An address for psql whose role sees every branch of `reporting`."""
    print(reader_url(settings))


@database.command()
@click.option("--admin", is_flag=True, help="As the administrator: for grants and ops.reader_branches.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
@told
def psql(settings: Settings, admin: bool, arguments: tuple[str, ...]) -> None:
    """Open psql on `reporting` as an analyst who sees every branch; arguments after -- go to psql."""
    address = admin_url(settings) if admin else reader_url(settings)
    raise SystemExit(_client(settings, "psql", arguments, address, PGOPTIONS="-c search_path=reporting"))


@database.command(context_settings={"ignore_unknown_options": True})
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
@told
def client(settings: Settings, program: str, arguments: tuple[str, ...]) -> None:
    """Run a program of PostgreSQL (pg_dump, pg_restore …) on the bank's database, as its administrator."""
    raise SystemExit(_client(settings, program, arguments, admin_url(settings)))


def _client(
    settings: Settings, program: str, arguments: tuple[str, ...], address: str, **options: str
) -> int:
    parts = urlsplit(address)
    # by environment: an argument is for everybody to read in the list of processes
    environment = {
        **os.environ,
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
        **options,
    }
    return subprocess.call([embedded.program(settings, program), *arguments], env=environment)


@database.command()
@click.confirmation_option(prompt="Every bank's data on the embedded server will be gone. Go on?")
@click.pass_obj
@told
def destroy(settings: Settings) -> None:
    """Stop the embedded server and remove its data, wherever they lie."""
    embedded.destroy(settings)
    console.print("the embedded server and its data are gone")


@database.command()
@click.pass_obj
@told
def roles(settings: Settings) -> None:
    """Make or mend rooms, roles and grants; safe at any time."""
    with connect(settings) as connection:
        rooms.create(connection)
    console.print(f"roles: {', '.join(rooms.ROLES)}")


@main.group("workspace")
def workspaces() -> None:
    """Builds apart from the live one."""


@workspaces.command("list")
@click.pass_obj
@told
def workspace_list(settings: Settings) -> None:
    """The workspaces that exist."""
    with connect(settings) as connection:
        print_table(console, "workspaces", ("workspace", "schemas"), rooms.workspaces(connection))


@workspaces.command("drop")
@click.argument("name")
@click.pass_obj
@told
def workspace_drop(settings: Settings, name: str) -> None:
    """Drop every schema of a workspace."""
    with connect(settings) as connection:
        dropped = rooms.drop_workspace(connection, Workspace(name))
    console.print(f"dropped {len(dropped)} schemas: {', '.join(dropped)}")


def prepare(settings: Settings) -> None:
    """Start the database and bring Airflow's metadata up, telling what takes long."""
    with console.status("database"):
        admin_url(settings)
    with console.status("Airflow metadata (once, some seconds)"):
        airflow.prepare(settings)


def _run_night(settings: Settings, business_date: date, skipped: tuple[str, ...] = ()) -> None:
    if report.last_night(settings) is None:
        console.print(f"the database is new: history up to {business_date} is taken in first")
    _finish(settings, nights.open_night(settings, business_date, run_id()), skipped)


def _finish(settings: Settings, night: Night, skipped: tuple[str, ...] = ()) -> None:
    succeeded = airflow.run_night(settings, night, skipped)
    print_summary(console, settings, night)
    if not succeeded:
        sys.exit(1)


def run_id() -> str:
    """A name for a run of the command line that no other run has."""
    return f"cli__{datetime.now(UTC):%Y%m%dT%H%M%S.%f}__{os.getpid()}"
