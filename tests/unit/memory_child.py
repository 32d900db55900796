"""What test_memory measures: land one delivery of so many rows, print the peak in kilobytes."""

import gzip
import hashlib
import json
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipelines.landing.database import DatabaseRead, land_read
from pipelines.landing.files import Delivery, read_control, read_rows
from pipelines.landing.raw import copy_rows, ensure_raw_tables
from pipelines.settings import load_settings
from pipelines.sources import Source, load_source
from pipelines.warehouse import connect

kind, rows, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
day = date(2026, 10, 31)
table = load_source("core").table("transactions")
table = replace(table, source="big", name=kind.replace(".", "_"), columns=table.columns[:8])
line = "T{0:09},A{0:09},2026-10-31,C,10.50,WEB,TRANSFER," + "x" * 150 + "\n"


def write():
    path = folder / table.file_name
    with (gzip.open if kind == "csv.gz" else open)(path, "wt", encoding="utf-8") as file:
        file.write(",".join(table.column_names) + "\n")
        for number in range(rows):
            file.write(line.format(number))


def write_parquet():
    import pyarrow
    from pyarrow import parquet

    columns = {name: pyarrow.string() for name in table.column_names}
    with parquet.ParquetWriter(folder / table.file_name, pyarrow.schema(columns)) as writer:
        for start in range(0, rows, 10_000):
            cells = [line.format(number)[:-1].split(",") for number in range(start, start + 10_000)]
            arrays = [pyarrow.array(list(column)) for column in zip(*cells, strict=True)]
            writer.write_batch(pyarrow.record_batch(arrays, schema=pyarrow.schema(columns)))


def write_control():
    with (folder / table.file_name).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    sums = {"amount": str(rows * Decimal("10.50"))}
    control = {"rows": rows, "sums": sums, "sha256": sha256}
    (folder / table.control_name).write_text(json.dumps(control))


if sys.argv[4] == "write":
    table = replace(table, file=kind)
    write_parquet() if kind == "parquet" else write()
    write_control()
    raise SystemExit

with connect(load_settings(), role="yihu_loader") as connection, connection.cursor() as cursor:
    if kind == "postgres":
        table = replace(table, relation="big", watermark="transaction_date", sums=("amount",))
        source = Source("big", "大", "Big", (), (table,), False, "postgres", "YIHU_SOURCE_BIG_URL")
        ensure_raw_tables(connection, [source])
        landed = land_read(cursor, "raw", DatabaseRead(source, table, day, None, "Asia/Shanghai")).rows
    else:
        table = replace(table, file=kind)
        ensure_raw_tables(connection, [Source("big", "大", "Big", (), (table,), False)])
        delivery = Delivery(table, day, folder)
        lines = ((day, number, cells) for number, cells in read_rows(delivery, read_control(delivery)))
        landed = copy_rows(cursor, "raw", table, [day], lines)
    connection.rollback()
assert landed == rows, landed
# the peak of this program; getrusage would also count what the process was before it began
status = Path("/proc/self/status").read_text()
print(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
