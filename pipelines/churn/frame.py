"""The training frame: features of month ends beside what became of each customer, read by COPY."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.churn.features import DAYS_INACTIVE, FEATURES, KEYS, LABELS, NAMES

_KEY = "yihu churn sample"  # the same rows are drawn by everybody
_DRAWS = 1 << 32
_FLAGS = {"t": True, "f": False}


@dataclass(frozen=True)
class Snapshot:
    """One month end with labels: how many could leave, how many did."""

    month_number: int
    eligible_count: int
    churner_count: int


@dataclass(frozen=True)
class Frame:
    """Rows of some snapshots: keys and labels beside the features; money in cents."""

    table: pd.DataFrame
    digest: str

    @property
    def features(self) -> pd.DataFrame:
        """The declared features, in declared order."""
        return self.table[list(NAMES)]

    @property
    def happened(self) -> np.ndarray:
        """Whether each customer left within the horizon, (rows,) of bool."""
        return self.table["is_churned"].to_numpy(dtype=bool)

    @property
    def lost_cents(self) -> np.ndarray:
        """What each took with him, (rows,) of int64."""
        return self.table["lost_cents"].to_numpy(dtype=np.int64)

    @property
    def exposed_cents(self) -> np.ndarray:
        """What each had, (rows,) of int64."""
        return self.table["exposed_cents"].to_numpy(dtype=np.int64)


@contextmanager
def labelled(connection: Connection, schema: str, last_month: int) -> Iterator[list[Snapshot]]:
    """A temporary table ``churn_frame`` of labelled snapshots up to a month, and what each holds."""
    columns = [*KEYS, *(name for name in NAMES if name not in KEYS)]
    statement = sql.SQL(
        "create temporary table churn_frame on commit drop as select {}, {} from {} as feature "
        "inner join {} as label using (customer_id, month_number) where month_number <= %s"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Identifier, LABELS)),
        sql.Identifier(schema, "churn_features"),
        sql.Identifier(schema, "churn_labels"),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, (last_month,))
        cursor.execute(
            "select month_number, count(*), count(*) filter (where is_churned) from churn_frame "
            "group by month_number order by month_number"
        )
        yield [Snapshot(*row) for row in cursor.fetchall()]
        cursor.execute("drop table if exists churn_frame")


def sample_share(rows: int, limit: int) -> float:
    """Which share of so many rows may be read."""
    return min(1.0, limit / rows) if rows else 1.0


def read_frame(connection: Connection, months: Sequence[int], share: float) -> Frame:
    """The rows of some snapshots from ``churn_frame``, a share of them drawn by a keyed hash.

    The digest is that of what was read.
    """
    statement = sql.SQL(
        "copy (select * from churn_frame where month_number in ({months}) "
        "and cast(cast('x' || substr(md5({key} || customer_id || '/' || month_number), 1, 8) as bit(32)) "
        "as bigint) < {limit} order by month_number, customer_id) to stdout with (format csv, header)"
    ).format(
        months=sql.SQL(", ").join(map(sql.Literal, months)),
        key=sql.Literal(_KEY),
        limit=sql.Literal(round(share * _DRAWS)),
    )
    with tempfile.TemporaryDirectory(prefix="yihu-churn-") as folder:
        path = Path(folder) / "frame.csv"
        with path.open("wb") as file, connection.cursor() as cursor:
            cursor.copy_expert(statement, file)
        with path.open("rb") as file:
            return Frame(read_table(file), _digest(path))


def read_table(file: IO[bytes] | Path) -> pd.DataFrame:
    """A csv of the training frame, typed: features as numbers or codes, money in whole cents."""
    texts = {feature.name: "str" for feature in FEATURES if feature.is_text}
    kinds = {name: texts.get(name, "float64") for name in NAMES}
    keys = {"customer_id": "str", "branch_id": "str", "month_number": "int64"}
    money = {"lost_amount": "str"}
    flags = {name: "str" for name in LABELS if name.startswith("is_")}
    table = pd.read_csv(file, dtype=kinds | keys | money | flags, keep_default_na=False, na_values=[""])
    for name in flags:
        table[name] = table[name].map(_FLAGS).astype(bool)
    # numbers of so many digits are whole cents as floats, too
    table["lost_cents"] = (pd.to_numeric(table["lost_amount"]) * 100).round().astype("int64")
    table["exposed_cents"] = (table["aum_trailing_amount"].fillna(0) * 100).round().astype("int64")
    table[DAYS_INACTIVE] = table[DAYS_INACTIVE].astype("float64")
    return table


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()
