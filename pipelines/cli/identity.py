"""``yihu identity``: who is one customer."""

from pathlib import Path

import click
from rich.console import Console

from pipelines.cli.summary import print_table

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
console = Console()


@click.group()
def identity() -> None:
    """Who is one customer."""


@identity.command()
@click.option(
    "--records",
    type=FILE,
    required=True,
    multiple=True,
    help="csv or parquet; one file may hold several sources. Given twice, both files are matched together.",
)
@click.option("--rules", "rule_file", type=FILE, required=True, help="YAML: what each column means.")
@click.option(
    "--truth", help="Column that tells which records are one person; read after matching has ended."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="csv to write: record_id, cluster_id.",
)
def evaluate(records: tuple[Path, ...], rule_file: Path, truth: str | None, out: Path | None) -> None:
    """Run the matcher on any table and print how well it did."""
    # what this needs takes seconds to import, and no other command needs it
    from pipelines.identity import matching

    try:
        rules = matching.read_rules(rule_file)
        with console.status("matching"):
            found = matching.evaluate(list(records), rules, truth, out)
    except (matching.RulesError, matching.TableError) as error:
        raise click.ClickException(str(error)) from error
    rows = [
        ("records", f"{found.records}"),
        ("pairs compared", f"{found.candidate_pairs}"),
        ("clusters", f"{found.clusters}"),
        ("pairs linked", f"{found.linked_pairs}"),
        *([("pairs true", f"{found.true_pairs}")] if truth else []),
        *(
            (name, "-" if share is None else f"{share:.5f}")
            for name, share in (("precision", found.precision), ("recall", found.recall), ("F1", found.f1))
            if truth
        ),
        ("conflicts", f"{found.conflicts}"),
        ("seconds", f"{found.seconds:.1f}"),
        ("peak memory MB", f"{found.peak_megabytes}"),
    ]
    print_table(console, "evaluation", ("figure", "value"), rows)
