"""Both readers stream: ten times the rows need no more memory (measured in processes of their own)."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from pipelines.settings import ROOT

ROWS = 20_000
MARGIN_MEGABYTES = 24  # buffers that grow once; ten times the rows themselves would be more than this

CHILD = Path(__file__).with_name("memory_child.py")


def peak_megabytes(settings, kind, rows, folder, url="") -> float:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "YIHU_VAR": str(settings.var),
        "YIHU_DATABASE_URL": settings.database_url,
        "YIHU_SOURCE_BIG_URL": url,
    }

    def call(task):
        command = [sys.executable, str(CHILD), kind, str(rows), str(folder), task]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    if kind != "postgres":
        call("write")
    return int(call("land")) / 1024


def compare(settings, kind, folder, urls=("", "")):
    small = peak_megabytes(settings, kind, ROWS, folder, urls[0])
    large = peak_megabytes(settings, kind, 10 * ROWS, folder, urls[1])
    print(f"{kind}: {small:.1f} MB at {ROWS} rows, {large:.1f} MB at {10 * ROWS}")
    assert large < small + MARGIN_MEGABYTES


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the peak is read from /proc")
@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
def test_a_file_of_ten_times_the_rows(settings, tmp_path, kind):
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    compare(settings, kind, tmp_path)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the peak is read from /proc")
def test_a_database_table_of_ten_times_the_rows(settings, tmp_path, second_server):
    urls = []
    for rows in (ROWS, 10 * ROWS):
        with closing(psycopg2.connect(second_server.url("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"create database big_{rows}")
        urls.append(second_server.url(f"big_{rows}"))
        with closing(psycopg2.connect(urls[-1])) as connection, connection, connection.cursor() as cursor:
            cursor.execute(
                "create table big as select 'T' || n as transaction_no, 'A' || n as account_no, "
                "date '2026-10-31' as transaction_date, 'C' as direction, 10.50 as amount, 'WEB' as channel, "
                "'TRANSFER' as transaction_type, repeat('x', 150) as initiated_by "
                f"from generate_series(1, {rows}) as n"
            )
    compare(settings, "postgres", tmp_path, urls)
