"""Identity numbers and the fold that turns them into customers."""

import random
from collections import defaultdict
from datetime import date, timedelta

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identity import IdentifyError, identify
from pipelines.identity.fold import FoldError, RecordVersion, birth_id, fold_identities
from pipelines.identity.numbers import identity_key, normalise_company_code, normalise_identity_number
from pipelines.nights import NightError, StepCounts, close_night, open_night
from pipelines.warehouse import connect, rooms
from pipelines.workspace import LIVE, Workspace

DAY = date(2026, 1, 1)


# ── numbers ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",
        "11010519491231002x",
        " 110105 19491231 002X ",
        "110105-19491231-002X",
        "110105－19491231　002Ｘ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105491231002",
    ],
)
def test_one_person_has_one_spelling(text):
    assert normalise_identity_number(text) == "11010519491231002X"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "X",
        "110105194912310021",  # check character
        "11010519490231002X",  # 31 February
        "110105490231002",
        "11010549123100",
        "010105491231002",  # no region begins with 0
        "111111111111111",  # placeholders
        "111111111111111111",
        "000000000000000000",
        "1101051949123100XX",
        "11010519491231002Ⅹ",  # a Roman ten is not an X
        "١١٠١٠٥١٩٤٩١٢٣١٠٠٢",
        "1.10105E+17",
    ],
)
def test_what_cannot_be_a_number_is_none(text):
    assert normalise_identity_number(text) is None


@given(st.integers(100_000, 999_999), st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(0, 999))
def test_the_short_form_and_the_long_form_are_one_number(region, born, serial):
    short = f"{region}{born:%y%m%d}{serial:03}"
    if len(set(short)) == 1:
        return
    long = normalise_identity_number(short)
    assert long is not None
    assert long[:6] + long[8:17] == short
    assert long[6:14] == f"{born:%Y%m%d}"
    assert normalise_identity_number(long) == long


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(place, step):
    number = "11010519491231002X"
    wrong = f"{number[:place]}{(int(number[place]) + step) % 10}{number[place + 1 :]}"
    assert normalise_identity_number(wrong) is None


@given(st.text())
def test_any_text_is_a_canonical_number_or_none(text):
    for normalise in (normalise_identity_number, normalise_company_code):
        number = normalise(text)
        assert number is None or normalise(number) == number


@pytest.mark.parametrize("text", ["91350100M000100Y43", "91350100m000100y43", "９１３５０１００ M000100Y43"])
def test_a_company_code_has_one_spelling(text):
    assert normalise_company_code(text) == "91350100M000100Y43"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "91350100M000100Y44",
        "91350100M000100Y4",
        "0" * 18,
        "91350100I000100Y43",
        "913501000001000Y43",
    ],
)
def test_a_wrong_company_code_is_none(text):
    assert normalise_company_code(text) is None


def test_keys_of_different_kinds_never_meet():
    assert identity_key("id", "110105491231002") == "ID:11010519491231002X"
    assert identity_key("uscc", "91350100M000100Y43") == "USCC:91350100M000100Y43"
    assert identity_key("id", "91350100M000100Y43") is None
    assert identity_key("uscc", "11010519491231002X") is None
    assert identity_key(None, "11010519491231002X") is None


# ── the fold ────────────────────────────────────────────────────────────


def version(day: int, name: str, key: str | None = None, line: int = 2) -> RecordVersion:
    source, _, number = name.partition("/")
    return RecordVersion(DAY + timedelta(day), source, number, key, line)


def told(changes) -> list[tuple]:
    """Changes as (day, record, founder, former founder, change, rule), founders by name."""
    changes = list(changes)
    records = {(c.source_code, c.source_customer_id) for c in changes}
    names = {birth_id(record): "/".join(record) for record in records}
    return [
        (
            (c.changed_date - DAY).days,
            f"{c.source_code}/{c.source_customer_id}",
            names[c.customer_id],
            names.get(c.former_customer_id),
            c.change_code,
            c.rule_code,
        )
        for c in changes
    ]


def test_birth_ids_are_fixed_for_ever():
    assert birth_id(("core", "1")) == "c3c3f6b7da8803fb8"
    assert birth_id(("core", "11")) != birth_id(("core1", "1"))


def test_records_without_a_key_stay_alone():
    assert told(fold_identities([version(0, "a/1"), version(0, "b/1")])) == [
        (0, "a/1", "a/1", None, "first", "single"),
        (0, "b/1", "b/1", None, "first", "single"),
    ]


def test_a_later_record_joins_the_one_first_received():
    assert told(fold_identities([version(0, "z/9", "ID:1"), version(1, "a/1", "ID:1")])) == [
        (0, "z/9", "z/9", None, "first", "single"),
        (1, "a/1", "z/9", None, "first", "identity_number"),
    ]


def test_on_one_date_the_lowest_source_and_number_found_the_customer():
    versions = [version(0, "b/1", "USCC:1"), version(0, "a/2", "USCC:1"), version(0, "a/10", "USCC:1")]
    assert {(record, founder) for _, record, founder, *_ in told(fold_identities(versions))} == {
        ("a/10", "a/10"),
        ("a/2", "a/10"),
        ("b/1", "a/10"),
    }


def test_a_corrected_number_merges_and_a_second_correction_splits():
    versions = [
        version(0, "a/1", "ID:1"),
        version(1, "b/1", None),
        version(2, "b/1", "ID:1"),
        version(3, "b/1", "ID:2"),
    ]
    assert told(fold_identities(versions))[2:] == [
        (2, "b/1", "a/1", "b/1", "merge", "identity_number"),
        (3, "b/1", "b/1", "a/1", "split", "single"),
    ]


def test_an_older_record_that_joins_renames_every_member():
    versions = [
        version(0, "z/1"),
        version(1, "a/1", "ID:1"),
        version(1, "b/1", "ID:1"),
        version(2, "z/1", "ID:1"),
    ]
    assert told(fold_identities(versions))[3:] == [
        (2, "a/1", "z/1", "a/1", "merge", "identity_number"),
        (2, "b/1", "z/1", "a/1", "merge", "identity_number"),
    ]


def test_when_the_founder_leaves_the_others_are_split_from_him():
    versions = [version(0, name, "ID:1") for name in ("a/1", "b/1", "c/1")] + [version(1, "a/1", "ID:2")]
    assert told(fold_identities(versions))[3:] == [
        (1, "b/1", "b/1", "a/1", "split", "single"),
        (1, "c/1", "b/1", "a/1", "split", "identity_number"),
    ]


def test_moving_to_an_older_customer_is_a_merge():
    versions = [version(0, "a/1", "ID:1"), version(1, "b/1", "ID:2"), version(1, "c/1", "ID:2")]
    versions.append(version(2, "c/1", "ID:1"))
    assert told(fold_identities(versions))[3:] == [(2, "c/1", "a/1", "b/1", "merge", "identity_number")]


def test_a_customer_corrected_as_a_whole_keeps_its_id():
    versions = [
        version(0, "a/1", "ID:1"),
        version(0, "b/1", "ID:1"),
        version(1, "a/1", "ID:2"),
        version(1, "b/1", "ID:2"),
    ]
    assert len(told(fold_identities(versions))) == 2


def test_an_unchanged_version_changes_nothing():
    assert len(told(fold_identities([version(day, "a/1", "ID:1") for day in range(3)]))) == 1


def test_the_last_line_of_a_date_counts():
    versions = [version(0, "a/1", "ID:1"), version(0, "b/1", None, line=9), version(0, "b/1", "ID:1", line=3)]
    assert told(fold_identities(versions))[1] == (0, "b/1", "b/1", None, "first", "single")


def test_dates_out_of_order_are_an_error():
    with pytest.raises(FoldError, match="2026-01-01 follow those of 2026-01-02"):
        list(fold_identities([version(1, "a/1"), version(0, "a/1")]))


@st.composite
def histories(draw) -> list[RecordVersion]:
    names = st.sampled_from([f"{source}/{number}" for source in "ab" for number in range(4)])
    keys = st.sampled_from([None, "ID:1", "ID:2", "USCC:1"])
    days = draw(st.lists(st.lists(st.tuples(names, keys), max_size=5), max_size=6))
    return [
        version(day, name, key, line)
        for day, lines in enumerate(days)
        for line, (name, key) in enumerate(lines, start=2)
    ]


def customers_by_definition(versions: list[RecordVersion]) -> dict[tuple, str]:
    """Every record's customer at the end, straight from the definition and without memory."""
    keys, births = {}, {}
    for v in sorted(versions, key=lambda v: (v.received_date, v.line_number)):
        record = (v.source_code, v.source_customer_id)
        births.setdefault(record, (v.received_date, record))
        keys[record] = v.identity_key
    clusters = defaultdict(list)
    for record, key in keys.items():
        clusters[key or record].append(record)
    return {
        record: birth_id(min(members, key=births.__getitem__))
        for members in clusters.values()
        for record in members
    }


@given(histories(), st.randoms())
def test_the_fold_equals_the_definition_on_every_date_in_any_order(versions, shuffler):
    changes = list(fold_identities(versions))
    assert changes == sorted(changes, key=lambda c: (c.changed_date, c.source_code, c.source_customer_id))
    shuffled = sorted(shuffler.sample(versions, len(versions)), key=lambda v: v.received_date)
    assert list(fold_identities(shuffled)) == changes

    current: dict[tuple, str] = {}
    for day in sorted({v.received_date for v in versions}):
        for change in (c for c in changes if c.changed_date == day):
            record = (change.source_code, change.source_customer_id)
            assert current.get(record) == change.former_customer_id != change.customer_id
            assert (change.change_code == "first") == (record not in current)
            assert (change.rule_code == "single") == (change.customer_id == birth_id(record))
            current[record] = change.customer_id
        assert current == customers_by_definition([v for v in versions if v.received_date <= day])


def test_a_crowd_under_one_key_costs_what_it_brings():
    """A record a day joining and leaving one big customer: each looks at itself only."""
    crowd = [version(0, f"a/{number:06}", "ID:1") for number in range(20_000)]
    daily = [version(day, f"b/{day}", "ID:1") for day in range(1, 2_000)]
    changes = list(fold_identities(crowd + daily))
    assert len(changes) == len(crowd) + len(daily)


def test_a_random_bank_folds_the_same_after_any_shuffle():
    chance = random.Random(7)
    versions = [
        version(
            chance.randrange(30),
            f"s{chance.randrange(3)}/{chance.randrange(500)}",
            f"ID:{chance.randrange(400)}",
            line,
        )
        for line in range(5_000)
    ]
    folds = []
    for _ in range(2):
        chance.shuffle(versions)
        folds.append(list(fold_identities(sorted(versions, key=lambda v: v.received_date))))
    assert folds[0] == folds[1]


# ── the step ─────────────────────────────────────────────────────────────────────────────────────────────

VERSIONS = "intermediate.int_customer_versions_unioned"
WU, LI = "11010519491231002X", "440308199901101512"


@pytest.fixture
def bank(settings):
    """A bank whose customer versions a test writes itself; live and in workspace w1."""
    with connect(settings) as connection:
        rooms.create_workspace(connection, Workspace("w1"))
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(
            f"create table {VERSIONS} (source_code text, source_customer_id text,"
            " received_date date, line_number bigint, identity_type_code text, identity_number text)"
        )
        cursor.execute(f"create view w1__{VERSIONS} as select * from {VERSIONS}")
    return settings


def receive(settings, day, source, customer, number):
    with connect(settings, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(
            f"insert into {VERSIONS} values (%s, %s, %s, 2, 'id', %s)",
            (source, customer, DAY + timedelta(day), number),
        )


def links(settings, schema="raw"):
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select _received_date, _line_number, source_code, source_customer_id, customer_id,"
            " former_customer_id, rule_code, change_code, changed_date"
            f" from {schema}.identity__links order by 1, 2"
        )
        return [((row[0] - DAY).days, *row[1:]) for row in cursor.fetchall()]


def run_night(settings, day, workspace=LIVE, is_published=True):
    business_date = DAY + timedelta(day)
    night = open_night(settings, business_date, f"run {day}", workspace)
    try:
        return identify(settings, night)
    finally:
        if is_published and workspace.is_live:
            with connect(settings) as connection, connection.cursor() as cursor:
                cursor.execute(
                    "insert into ops.editions values (%s, %s, 1, 'kept', 'night', %s, 'p', 'm', 'r')"
                    " on conflict do nothing",
                    (f"edition_{day}", business_date, night.night_id),
                )
        close_night(settings, night, "published" if is_published else "stopped")


def test_the_step_lands_changes_on_the_date_they_were_received(bank):
    receive(bank, 0, "core", "1", WU)
    receive(bank, 0, "core", "2", "unknown")
    receive(bank, 2, "loans", "7", "110105491231002")
    receive(bank, 9, "loans", "8", LI)
    assert run_night(bank, 3) == StepCounts(3, 3)
    one, two = birth_id(("core", "1")), birth_id(("core", "2"))
    assert links(bank) == [
        (0, 2, "core", "1", one, None, "single", "first", "2026-01-01"),
        (0, 3, "core", "2", two, None, "single", "first", "2026-01-01"),
        (2, 2, "loans", "7", one, None, "identity_number", "first", "2026-01-03"),
    ]


def test_night_by_night_again_and_at_once_in_a_workspace_land_the_same(bank):
    history = [(0, "core", "1", WU), (1, "core", "2", LI), (3, "loans", "7", WU), (4, "core", "2", WU)]
    for received in history:
        receive(bank, *received)
    counts = [run_night(bank, day).rows_out for day in (0, 1, 2, 3, 4, 4)]
    assert counts == [1, 1, 0, 1, 1, 1]
    by_night = links(bank)
    assert run_night(bank, 4, Workspace("w1")) == StepCounts(4, 4)
    assert links(bank, "w1__raw") == by_night


def test_what_is_not_published_yet_may_change(bank):
    receive(bank, 0, "core", "1", WU)
    run_night(bank, 0)
    receive(bank, 1, "core", "2", WU)
    run_night(bank, 1, is_published=False)
    with connect(bank, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(f"delete from {VERSIONS} where source_customer_id = '2'")
    assert run_night(bank, 2) == StepCounts(1, 0)
    assert len(links(bank)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        f"delete from {VERSIONS} where source_customer_id = '2'",
        f"insert into {VERSIONS} values ('a', '1', '2026-01-02', 2, null, null)",
        f"update {VERSIONS} set identity_number = null",
    ],
)
def test_a_changed_past_is_an_error_and_lands_nothing(bank, statement):
    receive(bank, 0, "core", "1", WU)
    receive(bank, 1, "core", "2", WU)
    run_night(bank, 1)
    before = links(bank)
    with connect(bank, "yihu_transformer") as connection, connection.cursor() as cursor:
        cursor.execute(statement)
    receive(bank, 2, "core", "3", WU)
    with pytest.raises(
        IdentifyError, match=r"identity.links 2026-01-02: .* `yihu rebuild --date 2026-01-02`"
    ):
        run_night(bank, 2)
    assert links(bank) == before


def test_a_bank_without_customers_lands_nothing(bank):
    assert run_night(bank, 0) == StepCounts(0, 0)


def test_a_night_taken_over_lands_nothing(bank):
    receive(bank, 0, "core", "1", WU)
    night = open_night(bank, DAY, "run 1")
    open_night(bank, DAY, "run 1")
    with pytest.raises((psycopg2.errors.RaiseException, NightError), match="no longer the running night"):
        identify(bank, night)
