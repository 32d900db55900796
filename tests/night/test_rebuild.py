"""A past date again, a wiped database, history in bulk: the same numbers, or the cause on record."""

import csv
import shutil
from dataclasses import replace
from unittest.mock import patch

import pytest
from conftest import own_bank
from night_support import LOADING, digests, night_state, query, rebuild, run_night
from small_bank import LAST, NEXT, NIGHTS, copied, current_edition, reading, small_bank

from pipelines.identity import arrivals
from pipelines.identity.matcher import IdentifyError
from pipelines.nights import NightError
from pipelines.rebuild import RebuildError
from pipelines.settings import ROOT

FIRST = NIGHTS[0]


@pytest.fixture(scope="module")
def bank(server, tmp_path_factory):
    with small_bank(server, tmp_path_factory.mktemp("rebuild")) as settings:
        yield settings


def live_tables(settings):
    """Every table and view outside ops and reporting, by its number in the catalogue."""
    return query(
        settings,
        "select n.nspname, c.relname, c.oid, c.relfilenode from pg_catalog.pg_class as c "
        "inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid "
        "where c.relkind in ('r', 'p', 'v') and n.nspname !~ '^(pg_|information_schema|ops|reporting)' "
        "order by 1, 2",
    )


def landed(settings):
    """A digest of every live raw row, and what is on record about deliveries."""
    tables = query(
        settings,
        "select relname from pg_catalog.pg_class "
        "where relkind = 'p' and relnamespace = 'raw'::regnamespace order by 1",
    )
    parts = [
        f"select '{name}', count(*), md5(string_agg(t::text, '|' order by t::text)) from raw.{name} as t"
        for (name,) in tables
    ]
    return query(
        settings,
        " union all ".join([*parts, "select 'ops', count(*), max(landed_at)::text from ops.deliveries"]),
    )


def edition_of(settings, day):
    """Number, cause and policy of a date's kept edition."""
    return query(
        settings,
        "select edition_number, cause, policy_version from ops.editions "
        "where business_date = %s and state = 'kept'",
        day,
    )[0]


# ── equal and unequal ───────────────────────────────────────────────────────────────────────────────────────


def test_a_past_date_again_with_equal_outcome_changes_nothing(bank):
    before = live_tables(bank), landed(bank), reading(bank), digests(bank, FIRST), edition_of(bank, FIRST)
    state, _, message = rebuild(bank, FIRST)
    assert (state, message) == ("unchanged", "unchanged edition_20261030_1")  # on record in ops.nights
    after = live_tables(bank), landed(bank), reading(bank), digests(bank, FIRST), edition_of(bank, FIRST)
    assert after == before, "it wrote into its own schemas alone, and they are gone"


def test_a_rebuild_under_corrected_policy_replaces_the_dates_edition(server, bank, tmp_path):
    folder = changed_policy(tmp_path / "policy", "aum_level", "gold", lower_bound="150000")
    with copied(server, bank) as copy:
        before, current = digests(copy, FIRST), current_edition(copy)
        seen = {name: rows for name, rows in reading(copy).items() if not name.endswith("_history")}
        version = edition_of(copy, FIRST)[2]
        assert rebuild(replace(copy, policy_folder=folder), FIRST, current_policy=True)[0] == "published"
        number, cause, new_version = edition_of(copy, FIRST)
        assert (number, cause) == (2, "policy")
        assert new_version != version
        moved = {name for name, digest in digests(copy, FIRST).items() if digest != before[name]}
        assert "customer_tiers" in moved
        follows = {"customer_tier_changes", "tier_migrations", "tier_contradictions"}
        follows |= {"customer_lifetime_values"}  # who takes up which product is told apart by AUM level
        assert moved <= {"customer_tiers", "policies", "codes", "reasons", *follows}
        assert current_edition(copy) == current, "another date is current"
        assert {name: rows for name, rows in reading(copy).items() if name in seen} == seen
        assert query(copy, "select state from ops.editions where edition_id = 'edition_20261030_1'") == [
            ("dropped",)
        ]
        assert not query(copy, "select nspname from pg_catalog.pg_namespace where nspname ~ '^rebuild'")
        assert query(copy, "select count(*) from policy.bands where lower_bound = 150000") == [(0,)], (
            "live policy stays"
        )


def changed_policy(folder, band_set, band, **values):
    shutil.copytree(ROOT / "policy", folder)
    with (folder / "bands.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    next(row for row in rows if (row["band_set_code"], row["band_code"]) == (band_set, band)).update(values)
    with (folder / "bands.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_night_of_a_past_date_is_refused_and_told_of_rebuild(bank):
    before = reading(bank)
    with pytest.raises(NightError, match=f"{FIRST} lies before .* {LAST}: .*yihu rebuild --date {FIRST}"):
        run_night(bank, FIRST)
    assert reading(bank) == before


def test_a_rebuild_of_a_date_to_come_is_refused_and_told_of_night(bank):
    with pytest.raises(RebuildError, match=f"{NEXT} is no past date .*{LAST}.*`yihu night --date {NEXT}`"):
        rebuild(bank, NEXT)


# ── identities ──────────────────────────────────────────────────────────────────────────────────────────────


def test_other_customer_ids_in_the_past_need_a_rebuild_and_then_nights_go_on(server, bank):
    """A release that matches otherwise than the one before: it is blind to what one source says."""
    with copied(server, bank) as copy, patch.object(arrivals, "_VERSIONS", blind_to("cards")):
        before = reading(copy)
        with pytest.raises(IdentifyError, match=f"no longer give.*`yihu rebuild --date {LAST}`"):
            run_night(copy, NEXT)
        assert reading(copy) == before
        customers = digests(copy, LAST)["customer_360"][0]
        assert rebuild(copy, LAST)[0] == "published"
        assert edition_of(copy, LAST)[:2] == (2, "data or decision")
        assert current_edition(copy) == f"edition_{LAST:%Y%m%d}_2"
        assert digests(copy, LAST)["customer_360"][0] > customers
        night = run_night(copy, NEXT)
        assert night_state(copy, night)[0] == "published"


def blind_to(source):
    """What the matcher reads of versions, where a source gives neither a number nor a person."""
    statement = arrivals._VERSIONS
    for condition in ("identity_type_code in (", "coalesce(customer_kind_code"):
        assert condition in statement
        statement = statement.replace(condition, f"source_code <> '{source}' and {condition}")
    return statement


# ── from nothing ────────────────────────────────────────────────────────────────────────────────────────────


def wiped(server, bank):
    """The same deliveries, and a database that has seen nothing."""
    return own_bank(server, bank.var, landing=bank.landing)


def test_history_loaded_in_one_go_publishes_what_its_nights_did(server, bank):
    """Night by night; bulk history (`yihu load`) and one night."""
    with wiped(server, bank) as empty:
        loaded = run_night(empty, NIGHTS[-2], skipped=LOADING)
        assert night_state(empty, loaded)[0] == "loaded"
        assert query(empty, "select count(*) from ops.editions") == [(0,)]
        run_night(empty, LAST)
        assert digests(empty, LAST) == digests(bank, LAST)


def test_a_month_end_that_ended_before_its_scores_gets_them_by_the_next_night(server, bank):
    """The tiers of the month after it read them."""
    month_end = NIGHTS[1]
    with wiped(server, bank) as empty:
        run_night(empty, FIRST)
        run_night(empty, month_end, skipped=("score", *LOADING))
        run_night(empty, LAST)
        assert digests(empty, LAST) == digests(bank, LAST)
