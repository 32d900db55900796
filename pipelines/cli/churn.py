"""``yihu train`` and ``yihu churn``: who is leaving."""

from datetime import datetime

import click
from rich.console import Console

from pipelines.cli.commands import DAY, by_two, told
from pipelines.cli.summary import print_table
from pipelines.settings import Settings

# What trains and draws takes seconds to import, and no other command needs it.

console = Console()


@click.command()
@click.option(
    "--date", "day", type=DAY, help="Use outcomes known up to this date; default: the last night's."
)
@click.option("--reason", help="Why a model that looks too good to be true is not fed by a leak.")
@click.pass_obj
@told
def train(settings: Settings, day: datetime | None, reason: str | None) -> None:
    """Train a churn model on the marts and judge it; it scores nothing until it is promoted."""
    from pipelines.churn.card import FIGURES, METHODS, shown
    from pipelines.churn.train import train as trained_on

    with console.status("training") as status:

        def tell(message: str) -> None:
            status.update(message)
            console.print(message, highlight=False, soft_wrap=True)

        result = trained_on(settings, day.date() if day else None, reason, tell)
    found = result.trained.evaluation
    print_table(
        console,
        f"churn model {result.version}, out of time",
        ("figure", *(english for _, english in METHODS.values())),
        [
            (english, *(shown(found.methods[method].get(name)) for method in METHODS))
            for name, (_, english) in FIGURES.items()
        ],
    )
    if result.trained.refusal:
        raise click.ClickException(
            f"refused: {result.trained.refusal}; the inactivity rule keeps scoring ({result.page} shows why)"
        )
    click.echo(
        f"churn model {result.version} is on record as challenger; let it score with "
        f"`yihu churn promote {result.version} --from D --proposer A --approver B --reason R`"
    )


@click.group()
def churn() -> None:
    """Churn models on record."""


@churn.command()
@click.pass_obj
@told
def models(settings: Settings) -> None:
    """Every training on record, and from which date each model scores."""
    from pipelines.churn.records import on_record
    from pipelines.warehouse import connect

    def figure(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    with connect(settings) as connection:
        rows = [
            (
                *(one.version, one.trained_date, one.state),
                *(figure(one.roc_auc), figure(one.pr_auc), figure(one.gain)),
                *(one.effective_from or "not promoted", one.message or ""),
            )
            for one in on_record(connection)
        ]
    headings = ("version", "trained as of", "state", "ROC AUC", "PR AUC", "gain", "scores from", "message")
    print_table(console, "churn models", headings, rows)


@churn.command()
@click.argument("version")
@click.option("--from", "start", type=DAY, required=True, help="First business date; nobody has seen it yet.")
@by_two
@click.pass_obj
@told
def promote(
    settings: Settings, version: str, start: datetime, reason: str, proposer: str, approver: str
) -> None:
    """Let a model score from a date on; `inactivity-rule` goes back to the rule."""
    from pipelines.churn import records
    from pipelines.warehouse import connect

    with connect(settings) as connection:
        records.promote(connection, version, start.date(), proposer, approver, reason)
    click.echo(f"churn model {version} scores from {start:%Y-%m-%d} on")
