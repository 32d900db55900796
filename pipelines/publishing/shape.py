"""The shape of a published view: the edition table's columns, what publishing adds, and what may change."""

from dataclasses import dataclass, replace

from pipelines.publishing.catalog import Column, Relation


@dataclass(frozen=True)
class Wording:
    """One reason that the view words, as ``<prefix>_zh`` and ``<prefix>_en``: the column that holds its code,
    and those that fill the placeholders of its template. Of several, the first that the table has: a kept
    edition may be older than the newest of them.
    """

    prefix: str
    code: tuple[str, ...]
    metric: tuple[str, ...]
    threshold: tuple[str, ...] = ("threshold_value",)
    detail: tuple[str, ...] = ("reason_detail",)


WORDED = {
    "customer_tiers": (Wording("reason", ("reason_code",), ("metric_value",)),),
    "customer_churn": (
        Wording("reason_1", ("reason_1_code", "reason_code"), ("reason_1_value", "days_inactive")),
        Wording("reason_2", ("reason_2_code",), ("reason_2_value",)),
        Wording("reason_3", ("reason_3_code",), ("reason_3_value",)),
    ),
    "product_withdrawals": (
        Wording("reason", ("reason_code",), ("month_contribution_amount",), ("floor_amount",)),
    ),
}
MODELLED = {"customer_churn"}
HISTORIES = (
    "customer_360",
    "customer_accounts",
    "customer_identities",
    "customer_tiers",
    "customer_churn",
)
PRIVATE = {"reasons"}  # read by the views' wording, not a view itself
WORDINGS = {"zh": "理由（中文） | Reason in Chinese", "en": "理由（英文） | Reason in English"}
VERSIONS = (
    Column(
        "edition_id",
        "text",
        "版本号：本行所属的发布版本 | Edition: the published edition this row belongs to",
    ),
    Column(
        "policy_version", "text", "政策版本：政策内容的哈希 | Policy version: content hash of the policy rows"
    ),
)
MODEL_VERSION = Column("model_version", "text", "模型版本 | Version of the model behind the score")


class ViewError(Exception):
    """An edition that does not fit the reporting views: its shape changed, or it lacks a table."""


@dataclass(frozen=True)
class ViewShape:
    """A view over one edition table; ``columns`` are the view's, in the view's order."""

    table: Relation
    columns: tuple[Column, ...]


def view_shape(table: Relation, existing: Relation | None, *, is_strict: bool) -> ViewShape:
    """The shape of the view over ``table``, in the order of the existing view with new columns last.

    A removed, retyped or inserted column raises ViewError when strict; else (going back to an older edition)
    the columns that the table lacks are kept and will be null.
    """
    offered = _offered(table)
    if existing is None:
        return ViewShape(table, offered)
    if is_strict:
        _check_change(table, offered, existing)
    comments = {column.name: column.comment for column in offered}
    known = {column.name for column in existing.columns}
    standing = tuple(replace(one, comment=comments.get(one.name, one.comment)) for one in existing.columns)
    return ViewShape(table, standing + tuple(column for column in offered if column.name not in known))


def added_columns(table_name: str) -> tuple[Column, ...]:
    """What the view over a table of an edition adds to it: worded reasons, and the versions behind it."""
    wordings = tuple(
        Column(f"{wording.prefix}_{code}", "text", comment)
        for wording in WORDED.get(table_name, ())
        for code, comment in WORDINGS.items()
    )
    return (*wordings, *VERSIONS, *((MODEL_VERSION,) if table_name in MODELLED else ()))


def _offered(table: Relation) -> tuple[Column, ...]:
    columns = (*table.columns, *added_columns(table.name))
    names = [column.name for column in columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ViewError(
            f"edition table {table.name}: publishing adds {', '.join(doubled)}; leave it to the view"
        )
    return columns


def _check_change(table: Relation, offered: tuple[Column, ...], existing: Relation) -> None:
    types = {column.name: column.type_name for column in offered}
    for column in existing.columns:
        if column.name not in types:
            raise _release_step(table.name, f"column {column.name} is gone")
        if types[column.name] != column.type_name:
            raise _release_step(
                table.name, f"column {column.name} was {column.type_name} and is {types[column.name]}"
            )
    known = [column.name for column in existing.columns if table.column(column.name)]
    declared = [column.name for column in table.columns]
    if declared[: len(known)] != known:
        wrong = next(new for new, old in zip(declared, known, strict=False) if new != old)
        raise _release_step(table.name, f"column {wrong} stands before columns that were there already")


def _release_step(table: str, what: str) -> ViewError:
    return ViewError(
        f"reporting.{table}: {what}. New columns go last; any other change of shape is a release step: "
        f"drop reporting.{table} and its _history view in the release, publish, and grant them again"
    )
