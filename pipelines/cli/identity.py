"""``yihu identity``: who is one customer."""

import csv
from itertools import islice
from pathlib import Path

import click
from rich.console import Console

from pipelines.cli.commands import by_two, told
from pipelines.cli.summary import print_table
from pipelines.settings import Settings

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


# Everything below reads the matcher, which takes seconds to import, and no other command needs it.

PAIR = click.Tuple([str, str])
CHANGE_COLUMNS = (
    *("source_code", "source_customer_id", "customer_id", "former_customer_id", "rule_code", "change_code"),
    *("cause_code", "linked_source_code", "linked_source_customer_id", "link_weight", "changed_date"),
)
SHOWN = 20


@identity.command()
@click.pass_obj
@told
def train(settings: Settings) -> None:
    """Train a model on what holds on the last published date; it holds for nothing until it is promoted."""
    from pipelines.identity import models

    with console.status("training"):
        trained = models.train(settings)
    click.echo(
        f"identity model {trained.version}: trained on {trained.records} records as of "
        f"{trained.trained_date}. "
        f"See what it would change with `yihu identity preview --model {trained.version}`"
    )


@identity.command(name="models")
@click.pass_obj
@told
def list_models(settings: Settings) -> None:
    """The trained models, and from which date each holds."""
    from pipelines.identity import models

    rows = [
        (each.version, each.trained_date, each.records, each.start or "not promoted")
        for each in models.on_record(settings)
    ]
    print_table(
        console,
        "identity models",
        ("version", "trained as of", "records", "holds from"),
        [(models.STARTING, "-", "-", "the beginning"), *rows],
    )


@identity.command()
@click.argument("version")
@by_two
@click.pass_obj
@told
def promote(settings: Settings, version: str, reason: str, proposer: str, approver: str) -> None:
    """Let a trained model hold from the next night on."""
    from pipelines.identity import models

    day = models.promote(settings, version, proposer, approver, reason)
    click.echo(
        f"identity model {version} holds from {day}: the night of that date looks at every record again"
    )


@identity.command()
@click.option("--same", type=PAIR, metavar="A B", help="Always one customer.")
@click.option("--different", type=PAIR, metavar="A B", help="Never one customer.")
@click.option(
    "--open", "opened", type=PAIR, metavar="A B", help="As the matcher sees it: withdraws a decision."
)
@by_two
@click.pass_obj
@told
def decide(
    settings: Settings,
    same: tuple[str, str] | None,
    different: tuple[str, str] | None,
    opened: tuple[str, str] | None,
    reason: str,
    proposer: str,
    approver: str,
) -> None:
    """Decide on two records, each named source/key; it holds from the next night on."""
    from pipelines.identity import decisions

    given = [
        (kind, pair) for kind, pair in zip(decisions.KINDS, (same, different, opened), strict=True) if pair
    ]
    if len(given) != 1:
        raise click.UsageError("name one of --same, --different and --open")
    kind, (left, right) = given[0]
    day = decisions.decide(settings, _record(left), _record(right), kind, reason, proposer, approver)
    click.echo(f"{left} and {right}: {kind} from {day} on")


@identity.command()
@click.argument("left")
@click.argument("right")
@click.pass_obj
@told
def why(settings: Settings, left: str, right: str) -> None:
    """Why two records (source/key) or two customers (ids) are one, or are not; values are masked."""
    from pipelines.identity.why import why as explained

    with console.status("looking"):
        answer = explained(settings, left, right)
    found = answer.explanation
    print_table(
        console,
        f"{'/'.join(answer.left)} and {'/'.join(answer.right)} on {answer.business_date}",
        ("compared", "level", "bits", *("/".join(record) for record in (answer.left, answer.right))),
        [
            *(
                (
                    each.comparison,
                    each.level_code or "not known",
                    f"{each.weight:+.1f}",
                    each.left,
                    each.right,
                )
                for each in found.reasons
            ),
            ("before looking", "", f"{found.prior_weight:+.1f}", "", ""),
            ("shared household", "", f"{found.household_weight:+.1f}", "", ""),
        ],
    )
    is_one = answer.left_customer_id == answer.right_customer_id
    lines = [
        f"one customer, {answer.left_customer_id}"
        if is_one
        else f"two customers, {answer.left_customer_id} and {answer.right_customer_id}",
        f"rule {found.rule_code}: {found.weight:+.1f} bits, linked from {answer.link_weight:g} on "
        f"(model {answer.model_version})",
    ]
    if answer.numbers_differ:
        lines.append("two different valid identity numbers: never joined unless people decide so")
    if answer.decision:
        word = "one customer" if answer.decision.is_same else "two customers"
        lines.append(f"people have decided since {answer.decision.since}: {word}")
    elif not is_one and not answer.numbers_differ and found.weight >= answer.link_weight:
        lines.append(
            "linked, yet apart: the records around them fit less well, or their keys are too common to "
            "compare"
        )
    elif is_one and found.weight < answer.link_weight:
        lines.append("not linked themselves: other records of the customer hold them together")
    click.echo("\n".join(lines))


@identity.command()
@click.option("--model", "version", help="As if this model held.")
@click.option(
    "--same", type=PAIR, multiple=True, metavar="A B", help="As if these records were decided to be one."
)
@click.option(
    "--different", type=PAIR, multiple=True, metavar="A B", help="As if these records were decided to be two."
)
@click.option(
    "--set", "numbers", multiple=True, metavar="NAME=NUMBER", help="As if a number of matching differed."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="csv to write: every change.")
@click.pass_obj
@told
def preview(
    settings: Settings,
    version: str | None,
    same: tuple[tuple[str, str], ...],
    different: tuple[tuple[str, str], ...],
    numbers: tuple[str, ...],
    out: Path | None,
) -> None:
    """What a model, decisions or numbers of matching would merge and split; changes nothing."""
    from pipelines.identity.preview import preview as imagined

    pairs = [[(_record(left), _record(right)) for left, right in each] for each in (same, different)]
    with (
        console.status("matching"),
        imagined(settings, version, *pairs, dict(map(_number, numbers))) as (day, changes),
    ):
        rows = [row[:-1] for row in changes]
    if out:
        with out.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([CHANGE_COLUMNS, *rows])
    kinds = [row[CHANGE_COLUMNS.index("change_code")] for row in rows]
    print_table(
        console,
        f"as of {day}: {kinds.count('merge')} records would join another customer, "
        f"{kinds.count('split')} would part",
        ("record", "from", "to", "change", "rule", "most like", "bits"),
        [
            (f"{row[0]}/{row[1]}", row[3], row[2], row[5], row[4], row[7] and f"{row[7]}/{row[8]}", row[9])
            for row in islice(rows, SHOWN)
        ],
    )
    if len(rows) > SHOWN:
        click.echo(
            f"the first {SHOWN} of {len(rows)}" + (f"; all are in {out}" if out else "; --out writes all")
        )


def _record(name: str) -> tuple[str, str]:
    source, slash, key = name.partition("/")
    if not (source and slash and key):
        raise click.UsageError(f"{name!r} is no record: write source/key, as core/1000001")
    return source, key


def _number(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no NAME=NUMBER") from error
