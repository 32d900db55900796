"""A delivery in which one account of a hundred has moved, some of it late: what a quiet day brings."""

import csv
import gzip
import hashlib
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from pyarrow import parquet

from pipelines.sources import Table, active_sources

LATE_DAYS = 31
_EMPTIED = ("card_balances", "card_transactions", "loan_balances", "repayments", "contract_values", "orders")


def thin_out(landing: Path, bank: str, day: date, accounts: int) -> int:
    """Leave movements and balances of so many deposit accounts in a delivery, every fifth movement late.

    Other systems' movements and values are left out; what is told of persons and prices stays as it is.
    Gives the number of accounts that still move.
    """
    tables = {table.name: table for source in active_sources(bank) for table in source.tables}
    for name in _EMPTIED:
        _write(landing, tables[name], day, [])
    moved = _read(landing, tables["transactions"], day)
    chosen = set(sorted({row["account_no"] for row in moved}, key=_chance)[:accounts])
    moved = [row for row in moved if row["account_no"] in chosen]
    for row in moved:
        if _chance(row["transaction_no"]) % 5 == 0:
            told = date.fromisoformat(row["transaction_date"])
            row["transaction_date"] = (told - timedelta(LATE_DAYS)).isoformat()
    _write(landing, tables["transactions"], day, moved)
    balances = _read(landing, tables["balances"], day)
    _write(landing, tables["balances"], day, [row for row in balances if row["account_no"] in chosen])
    return len(chosen)


def _chance(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _read(landing: Path, table: Table, day: date) -> list[dict[str, str]]:
    content = (landing / table.source / day.isoformat() / table.file_name).read_bytes()
    text = gzip.decompress(content).decode(table.encoding)
    return list(csv.DictReader(io.StringIO(text), delimiter=table.delimiter))


def _write(landing: Path, table: Table, day: date, rows: list[dict[str, str]]) -> None:
    """The data file and a control file that tells the truth about it."""
    folder = landing / table.source / day.isoformat()
    content = _content(table, folder / table.file_name, rows)
    (folder / table.file_name).write_bytes(content)
    sums = {name: str(sum((Decimal(row[name]) for row in rows), Decimal("0.00"))) for name in table.sums}
    control = {"rows": len(rows), "sums": sums, "sha256": hashlib.sha256(content).hexdigest()}
    (folder / table.control_name).write_text(json.dumps(control) + "\n", encoding="utf-8")


def _content(table: Table, file: Path, rows: list[dict[str, str]]) -> bytes:
    if table.file == "parquet":  # only ever emptied
        sink = io.BytesIO()
        parquet.write_table(parquet.read_table(file).slice(0, 0), sink)
        return sink.getvalue()
    text = io.StringIO()
    writer = csv.DictWriter(text, table.column_names, delimiter=table.delimiter, lineterminator="\n")
    if table.header:
        writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode(table.encoding)
    return gzip.compress(content, mtime=0) if table.file == "csv.gz" else content
