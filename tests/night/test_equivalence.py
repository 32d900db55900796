"""However history was taken in, marts and edition are the same (law 2)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from conftest import _share_secrets, create_database, drop_database
from histories import all_in_one, at_once_then_one, night_by_night, outcome
from night_support import query, warm

from pipelines.demo_bank import write_demo_bank
from pipelines.settings import load_settings

FIRST = date(2026, 8, 20)
LAST = date(2026, 10, 5)
NIGHTS = [LAST - timedelta(days) for days in range(6, -1, -1)]  # the second is a month end
WAYS = {"nightly": night_by_night, "bulk": at_once_then_one, "rebuilt": all_in_one}


@pytest.fixture(scope="module")
def banks(server, tmp_path_factory):
    """The same deliveries in three databases, each taken in another way."""
    folder = tmp_path_factory.mktemp("equivalence")
    landing = folder / "landing"
    write_demo_bank(
        landing,
        customers=60,
        first_date=FIRST,
        last_date=LAST,
        faults="late_rows,corrected_rows,deleted_rows@4",
    )
    made = {}
    with warm():
        for name, way in WAYS.items():
            database = f"yihu_test_equivalence_{name}"
            create_database(server, database)
            settings = load_settings({"YIHU_VAR": str(folder / name)})
            made[name] = replace(settings, landing=landing, database_url=server.url(database))
            _share_secrets(settings.var)
            way(made[name], NIGHTS)
        yield made
    for name in WAYS:
        drop_database(server, f"yihu_test_equivalence_{name}")


def test_nightly_bulk_and_rebuilt_history_are_the_same(banks):
    nightly, bulk, rebuilt = (outcome(settings, LAST) for settings in banks.values())
    assert {name for name in nightly if nightly[name] != rebuilt.get(name)} == set()
    assert {name for name in bulk if bulk[name] != rebuilt.get(name)} == set()
    assert nightly.keys() == bulk.keys() == rebuilt.keys()


def test_the_nights_brought_late_corrected_and_deleted_rows_and_merges(banks):
    """Else the comparison above says nothing."""
    late, corrected, deleted = query(
        banks["nightly"],
        "select count(*) filter (where transaction_date < date_trunc('month', received_date)), "
        "(select count(*) from marts.transactions where superseded_date >= %s), "
        "(select count(*) from intermediate.int_transactions_deleted where received_date >= %s) "
        "from marts.transactions where received_date >= %s",
        NIGHTS[1],
        NIGHTS[1],
        NIGHTS[1],
    )[0]
    assert (late > 0, corrected > 0, deleted > 0) == (True, True, True)
    assert query(
        banks["nightly"],
        "select count(*) > 0 from raw.identity__links where change_code = 'merge' and _received_date >= %s",
        NIGHTS[1],
    ) == [(True,)]
