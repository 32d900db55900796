"""Bad deliveries: landing takes all or nothing, says what is wrong and where, and a rerun finishes."""

import gzip
import re
import shutil
from datetime import date, timedelta

import pytest
from handmade_deliveries import csv_bytes, write_day, write_delivery
from psycopg2 import sql

from pipelines.landing import DeliveryError, LandingResult, land
from pipelines.nights import Night, open_night
from pipelines.sources import load_bank
from pipelines.warehouse import connect

BANK = load_bank("demo")
TABLES = {f"{table.source}.{table.name}": table for source in BANK.sources for table in source.tables}
TRANSACTIONS = TABLES["core.transactions"]
FIRST = date(2026, 3, 30)
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
AGAIN = "then run the night again."


def transaction(number: int, day: date, amount: str = "10.50") -> dict[str, str]:
    return {
        "transaction_no": f"T{number}",
        "account_no": "A1",
        "transaction_date": day.isoformat(),
        "direction": "C",
        "amount": amount,
        "channel": "WEB",
        "transaction_type": "TRANSFER",
        "initiated_by": "CUSTOMER",
    }


def rows_of(day: date) -> list[dict[str, str]]:
    return [transaction(number, day) for number in range(day.toordinal() * 10, day.toordinal() * 10 + 3)]


class Landing:
    """A demo bank with three days of deliveries, the first of them landed."""

    def __init__(self, settings) -> None:
        self.settings = settings
        for day in (FIRST, SECOND, THIRD):
            write_day(settings.landing, BANK, day, {"core.transactions": rows_of(day)})
        self.night: Night = open_night(settings, FIRST, "first")
        self.land(FIRST)

    def land(self, until: date) -> LandingResult:
        return land(self.settings, self.night, until)

    def write(self, day: date, rows, **changes):
        return write_delivery(self.settings.landing, TRANSACTIONS, day, rows, **changes)

    def folder(self, day: date, source: str = "core"):
        return self.settings.landing / source / day.isoformat()

    def state(self):
        """All of raw and of ops.deliveries."""
        found = {}
        with connect(self.settings) as connection, connection.cursor() as cursor:
            for schema, name in [("raw", table.raw_name) for table in TABLES.values()] + [
                ("ops", "deliveries")
            ]:
                cursor.execute(
                    sql.SQL("select t::text from {} t order by 1").format(sql.Identifier(schema, name))
                )
                found[name] = cursor.fetchall()
        return found

    def query(self, statement: str):
        with connect(self.settings) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def publish(self, day: date, state: str = "kept") -> None:
        with connect(self.settings) as connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into ops.editions (edition_id, business_date, edition_number, state, cause, "
                "night_id, policy_version, model_version, code_release) "
                "values (%s, %s, 1, %s, '', %s, '', '', '')",
                (f"edition_{day:%Y%m%d}_1", day, state, self.night.night_id),
            )

    def refuses(self, until: date, *words: str) -> str:
        """Landing fails with these words and moves nothing."""
        before = self.state()
        with pytest.raises(DeliveryError) as raised:
            self.land(until)
        message = str(raised.value)
        for word in (*words, "Nothing was landed.", AGAIN):
            assert word in message
        assert self.state() == before
        return message


@pytest.fixture
def landing(settings):
    return Landing(settings)


def finishes(landing: Landing) -> None:
    """The good file in place, a plain rerun takes in the two days that are due."""
    landing.write(SECOND, rows_of(SECOND))
    assert landing.land(THIRD) == LandingResult(6, 6, 2 * len(TABLES))
    assert landing.query("select count(*), max(_received_date) from raw.core__transactions") == [(9, THIRD)]


def test_good_deliveries_are_in_raw_and_on_record(landing):
    assert landing.query(
        "select transaction_no, amount, _received_date, _line_number from raw.core__transactions order by 4"
    )[0] == (f"T{FIRST.toordinal() * 10}", "10.50", FIRST, 2)
    assert landing.query(
        "select count(*), sum(row_count), max(control_sums->>'amount') filter "
        "(where table_name = 'transactions' and source_code = 'core') from ops.deliveries"
    ) == [(len(TABLES), 3, "31.50")]
    assert landing.query("select max(received_date) from ops.deliveries") == [(FIRST,)]


def test_days_one_by_one_and_at_once_give_the_same_rows(landing, make_settings):
    landing.land(SECOND)
    landing.land(THIRD)
    at_once = make_settings(landing=landing.settings.landing)
    told = []
    result = land(at_once, open_night(at_once, THIRD, "once"), THIRD, told.append)
    assert result == LandingResult(9, 9, 3 * len(TABLES))
    assert "core.transactions: 3 deliveries, 9 rows" in told
    with connect(at_once) as connection, connection.cursor() as cursor:
        cursor.execute("select t::text from raw.core__transactions t order by 1")
        assert cursor.fetchall() == landing.state()["core__transactions"]


def test_folders_after_the_date_are_not_looked_at(landing):
    landing.write(THIRD, rows_of(THIRD), data=b"broken")
    assert landing.land(SECOND).deliveries == len(TABLES)


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda landing: landing.write(SECOND, rows_of(SECOND)).unlink(),
            ["the delivery is missing", "transactions.csv.gz", "due on 2026-04-01 at 01:30 (Asia/Shanghai)"],
        ),
        (
            lambda landing: (landing.folder(SECOND) / "transactions.control.json").unlink(),
            ["the control file of the delivery is missing", "transactions.control.json"],
        ),
        (
            lambda landing: landing.write(
                SECOND,
                rows_of(SECOND),
                data=gzip.compress(csv_bytes(TRANSACTIONS, rows_of(SECOND))[:-30]),
                control={"sha256": "0" * 64},
            ),
            ["truncated", "3 lines below the header", "promises 3 rows"],
        ),
        (
            lambda landing: landing.write(SECOND, rows_of(SECOND)[:2], control={"rows": 3}),
            ["the file has 2 rows", "promises 3"],
        ),
        (
            lambda landing: landing.write(SECOND, rows_of(SECOND), data=b""),
            ["empty (0 bytes)", "promises 3 rows"],
        ),
        (
            lambda landing: landing.write(
                SECOND,
                rows_of(SECOND),
                data=gzip.compress(csv_bytes(TRANSACTIONS, rows_of(SECOND)).replace(b"amount", b"sum")),
            ),
            ["line 1", "missing: amount; not declared: column 5"],
        ),
        (
            lambda landing: landing.write(SECOND, [*rows_of(SECOND), rows_of(SECOND)[1]]),
            ["lines 3 and 5 have the same key (transaction_no)", "1 keys"],
        ),
        (
            lambda landing: landing.write(SECOND, [transaction(1, SECOND), transaction(2, THIRD)]),
            ["line 3 has transaction_date 2026-04-01", "after the date of receipt"],
        ),
        (
            lambda landing: landing.write(SECOND, rows_of(SECOND), control={"sums": {"amount": "31.51"}}),
            ["amount adds up to 31.50", "the control total is 31.51", "difference -0.01"],
        ),
        (
            lambda landing: landing.write(
                SECOND,
                [transaction(1, SECOND)],
                data=gzip.compress(csv_bytes(TRANSACTIONS, rows_of(SECOND)) + b"T\xff,A1\n"),
            ),
            ["line 5, byte 2 is not utf-8"],
        ),
        (
            lambda landing: landing.write(SECOND, rows_of(FIRST)),
            ["transactions.csv.gz is the file of 2026-03-30 again, all 3 rows", "core deliver the rows of"],
        ),
        (
            lambda landing: landing.write(SECOND, rows_of(FIRST), data=packed_anew(rows_of(FIRST))),
            ["transactions.csv.gz is the file of 2026-03-30 again, all 3 rows", "core deliver the rows of"],
        ),
    ],
    ids=[
        "missing",
        "no control file",
        "truncated",
        "short",
        "empty",
        "header",
        "duplicate keys",
        "future date",
        "control total",
        "not utf-8",
        "former file",
        "former file packed anew",
    ],
)
def test_a_bad_delivery_moves_nothing_and_a_rerun_finishes(landing, spoil, words):
    spoil(landing)
    landing.refuses(THIRD, "core.transactions 2026-03-31: ", *words)
    finishes(landing)


def packed_anew(rows) -> bytes:
    """What a source sends that compresses the same file another time."""
    return gzip.compress(csv_bytes(TRANSACTIONS, rows), compresslevel=1, mtime=7)


def test_a_former_file_is_told_that_was_landed_before_contents_were_kept(landing):
    with connect(landing.settings) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.deliveries set content_sha256 = null")
    landing.write(SECOND, rows_of(FIRST))
    landing.refuses(THIRD, "core.transactions 2026-03-31: ", "is the file of 2026-03-30 again")


@pytest.mark.parametrize("packed", [None, packed_anew(rows_of(SECOND))], ids=["as it was", "packed anew"])
def test_a_former_file_is_told_among_days_that_land_at_once(landing, packed):
    landing.write(THIRD, rows_of(SECOND), data=packed)
    landing.refuses(THIRD, "core.transactions 2026-04-01: ", "is the file of 2026-03-31 again")
    landing.write(THIRD, rows_of(THIRD))
    finishes(landing)


@pytest.mark.parametrize("rows", [[], [{"customer_no": "C1"}]], ids=["no rows", "an upsert"])
def test_what_may_repeat_itself_is_landed_again(landing, rows):
    """Also snapshots: each table but that of the transactions has three equal files here."""
    customers = TABLES["core.customers"]
    for day in (SECOND, THIRD):
        write_delivery(landing.settings.landing, customers, day, rows)
        landing.write(day, [])
        write_delivery(landing.settings.landing, TABLES["core.branches"], day, [{"branch_no": "B1"}])
    assert landing.land(THIRD).rows_out == 2 + 2 * len(rows)


def test_a_missing_day_is_told_with_the_number_of_its_files(landing):
    shutil.rmtree(landing.folder(SECOND, "wealth"))
    others = sum(name.startswith("wealth.") for name in TABLES) - 1
    landing.refuses(THIRD, "wealth.investors 2026-03-31", f"{others} more deliveries are missing")
    write_day(landing.settings.landing, BANK, SECOND)
    finishes(landing)


def test_a_bank_without_any_delivery_is_told(make_settings, tmp_path):
    settings = make_settings(landing=tmp_path / "nothing")
    with pytest.raises(DeliveryError, match=r"core\.customers 2026-03-30: the delivery is missing"):
        land(settings, open_night(settings, FIRST, "first"), FIRST)


def test_a_file_that_no_table_expects_is_refused(landing):
    stray = landing.folder(SECOND) / "refunds.csv"
    stray.write_text("x\n", encoding="utf-8")
    (landing.folder(SECOND) / "_SUCCESS").touch()
    (landing.folder(SECOND) / ".upload.csv").touch()
    landing.refuses(THIRD, "core 2026-03-31: ", "refunds.csv", "no declared table")
    stray.unlink()
    finishes(landing)


def test_a_folder_named_like_a_date_that_is_none_is_refused(landing):
    (landing.settings.landing / "core" / "2026-02-30").mkdir()
    landing_state = landing.state()
    with pytest.raises(DeliveryError, match="2026-02-30 is named like a date"):
        landing.land(SECOND)
    assert landing.state() == landing_state


def test_unreadable_numbers_and_dates_are_left_to_the_gate(landing):
    rows = [transaction(1, SECOND, "1O.50"), transaction(2, SECOND) | {"transaction_date": "31.03.2026"}]
    landing.write(SECOND, rows, control={"sums": {"amount": "21.00"}})
    assert landing.land(SECOND).rows_out == 2


def test_rows_with_an_empty_key_are_left_to_the_gate(landing):
    landing.write(SECOND, [transaction(1, SECOND) | {"transaction_no": ""}] * 2)
    assert landing.land(SECOND).rows_out == 2


# ── once more, and too late ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("is_published", [False, True])
def test_the_same_delivery_twice_changes_nothing(landing, is_published):
    if is_published:
        landing.publish(FIRST)
    before = landing.state()
    for day in (FIRST,):
        write_day(landing.settings.landing, BANK, day, {"core.transactions": rows_of(day)})
    assert landing.land(FIRST) == LandingResult(0, 0, 0)
    assert landing.state() == before


def test_another_file_replaces_the_rows_of_a_date_not_yet_published(landing):
    landing.query(
        "insert into ops.quarantine (source_code, table_name, received_date, line_number, rule_id, "
        "column_name, night_id) "
        f"values ('core', 'transactions', '{FIRST}', 2, 'r', 'amount', {landing.night.night_id}) returning 1"
    )
    landing.write(FIRST, [transaction(1, FIRST), transaction(2, FIRST)])
    assert landing.land(FIRST) == LandingResult(2, 2, 1)
    assert landing.query("select transaction_no from raw.core__transactions order by 1") == [("T1",), ("T2",)]
    assert landing.query(
        "select row_count from ops.deliveries where source_code = 'core' and table_name = 'transactions'"
    ) == [(2,)]
    assert landing.query("select count(*) from ops.quarantine") == [(0,)]


def test_a_bad_replacement_leaves_the_former_rows(landing):
    landing.write(FIRST, rows_of(FIRST)[:2], control={"rows": 9})
    landing.refuses(FIRST, "core.transactions 2026-03-30: the file has 2 rows")


def test_a_file_changed_in_a_published_date_is_refused(landing):
    landing.publish(FIRST)
    landing.write(FIRST, rows_of(FIRST)[:2])
    landing.refuses(
        SECOND,
        "core.transactions 2026-03-30: ",
        "was changed in the folder of a date that is published (up to 2026-03-30)",
        "belongs into the next folder (2026-03-31 or later)",
    )
    landing.write(FIRST, rows_of(FIRST))
    finishes(landing)


def test_a_file_of_the_same_size_changed_in_a_published_date_is_refused(landing):
    landing.publish(FIRST)
    path = landing.folder(FIRST) / "accounts.csv"
    path.write_bytes(path.read_bytes().replace(b"account_no", b"account_id"))
    landing.refuses(SECOND, "was changed in the folder of a date that is published")


def test_a_file_put_into_a_published_date_is_refused(landing):
    landing.publish(FIRST)
    before = FIRST - timedelta(days=1)
    late = landing.write(before, rows_of(before))
    message = landing.refuses(SECOND, "core.transactions 2026-03-29: ", "was put into the folder of a date")
    assert re.search(r"published \(up to 2026-03-30\)", message)
    late.unlink()
    finishes(landing)


def test_a_published_date_may_be_moved_out_of_the_landing_folder(landing):
    landing.publish(FIRST)
    for source in BANK.sources:
        shutil.rmtree(landing.folder(FIRST, source.code))
    finishes(landing)


def test_a_date_that_was_rolled_back_may_be_delivered_anew(landing):
    landing.publish(FIRST, state="rolled_back")
    landing.write(FIRST, rows_of(FIRST)[:1])
    assert landing.land(FIRST) == LandingResult(1, 1, 1)


def test_a_night_that_ended_lands_nothing(landing):
    with connect(landing.settings) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.nights set state = 'failed', ended_at = now()")
    before = landing.state()
    with pytest.raises(Exception, match="no longer the running night"):
        landing.land(SECOND)
    assert landing.state() == before
