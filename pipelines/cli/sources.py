"""``yihu sources``: what is written from the source declarations."""

import click

from pipelines.settings import Settings
from pipelines.sources import DeclarationError, declared_sources
from pipelines.sources.generated import stale_files, write_generated


@click.group()
def sources() -> None:
    """The declarations of what each source delivers (pipelines/sources/*.yml)."""


@sources.command()
@click.pass_obj
def write(settings: Settings) -> None:
    """Write dbt's sources and the dictionary of delivered columns from the declarations."""
    try:
        written = write_generated(settings.root)
    except DeclarationError as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(map(str, written)) or "nothing to write: every file agrees with its declaration")


@sources.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Read every declaration; exit code 1 where one is wrong or a file written from it is stale."""
    try:
        count = len(declared_sources(settings.root / "pipelines" / "sources"))
        stale = stale_files(settings.root)
    except DeclarationError as error:
        raise click.ClickException(str(error)) from error
    if stale:
        raise click.ClickException(f"run `yihu sources write`; stale: {', '.join(map(str, stale))}")
    click.echo(f"{count} declarations hold, and every file written from them agrees")
