import csv
import re
from collections import Counter, defaultdict
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from pipelines.demo_bank import disturbances, names, numbers
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.corporate import Corporate
from pipelines.demo_bank.records import PREFIXES, TABLES, make_records, write_truth
from pipelines.demo_bank.scene import make_scene
from pipelines.demo_bank.texts import joined, numbered
from pipelines.demo_bank.world import World

BORN = np.array(["1949-12-31", "1980-01-01", "2001-02-28"], dtype="datetime64[D]")


def test_many_numbers_are_those_of_one_by_one():
    region, serial = np.array([7, 1234, 99_999]), np.array([2, 801, 999])
    many = numbers.person_numbers(region, BORN, serial)
    parts = zip(region, BORN.astype(object), serial.tolist(), strict=True)
    one = [numbers.person_number(*each) for each in parts]
    assert many.tolist() == one
    kinds = np.array([91, 12, 92])
    codes = numbers.credit_codes(kinds, region, serial)
    assert codes.tolist() == [
        numbers.credit_code(str(kind), int(place), int(each))
        for kind, place, each in zip(kinds, region, serial, strict=True)
    ]
    assert numbers.phones(np.array([-1, 12])).tolist() == ["", numbers.phone(12)]
    assert numbers.fifteen_digits_of(many).tolist() == [each[:6] + each[8:17] for each in one]


def test_a_mistyped_number_is_no_longer_well_formed():
    many = numbers.person_numbers(np.arange(1000), np.repeat(BORN[:1], 1000), np.arange(1000))
    wrong = numbers.mistyped(many)
    assert all(numbers.person_check(each[:17]) != each[17] for each in wrong.tolist())


@pytest.mark.parametrize("kind", ["person", "company", "institution"])
def test_names_can_be_written_in_every_encoding_of_the_sources(kind):
    draw, region = np.arange(8192), np.arange(8192) % 8
    if kind == "person":
        found = names.person_names(draw % 72, draw)
        assert set(np.char.str_len(found).tolist()) == {2, 3}
        found = np.concatenate([found, names.misheard(found), names.traditional(found), names.spaced(found)])
    else:
        found = (names.company_names if kind == "company" else names.institution_names)(region, draw)
        assert len(set(found.tolist())) > 4000
    for encoding in ("gbk", "gb18030", "utf-8"):
        assert "".join(found.tolist()).encode(encoding)


def test_a_misheard_name_keeps_its_surname_and_changes():
    found = names.person_names(np.arange(64), np.arange(64) * 100)
    other = names.misheard(found)
    assert (found != other).all()
    assert all(one[0] == two[0] for one, two in zip(found.tolist(), other.tolist(), strict=True))


def test_texts_are_put_together_without_gaps():
    assert joined(np.array(["a", "bcd"]), np.array(["", "e"])).tolist() == ["a", "bcde"]
    assert numbered("C", np.array([3, 1_234_567]), 7).tolist() == ["C0000003", "C1234567"]
    assert numbers.person_number(1, date(1990, 1, 2), 5)[6:14] == "19900102"


# ── records of seven systems ────────────────────────────────────────────────────────────────────────────────

CALENDAR = Calendar(date(2025, 9, 1), date(2025, 11, 30))
PLAIN = str.maketrans("０１２３４５６７８９Ｘ", "0123456789X", " ")
DISTURBED = (*disturbances.NUMBER_WAYS[4:7],)


@pytest.fixture(scope="module")
def made():
    scene = make_scene(World(), 7, 4000, CALENDAR)
    return scene, make_records(scene)


@pytest.fixture(scope="module")
def delivered(made):
    """Rows (dicts with `day` and `no`) of every system in order of receipt."""
    scene, records = made
    corporate, found = Corporate(scene, records), {}
    for source, kept in records.items():
        rows = found[source] = []
        for day in range(CALENDAR.days):
            frame = corporate.tables(day)["corporate.companies"] if source == "corporate" else kept.frame(day)
            columns = {
                name: values.to_pylist() if isinstance(values, pa.Array) else values.tolist()
                for name, values in frame.items()
            }
            for cells in zip(*columns.values(), strict=True):
                rows.append({"day": day, "no": cells[0], **dict(zip(columns, cells, strict=True))})
    return found


@pytest.fixture(scope="module")
def truth(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("truth") / "truth" / "identities.csv"
    write_truth(path, made[1])
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def normal(number: str) -> str:
    number = number.translate(PLAIN).upper()
    if len(number) == 15:
        first_17 = number[:6] + "19" + number[6:]
        return first_17 + numbers.person_check(first_17)
    return number


def test_truth_names_every_record_once(delivered, truth):
    told = Counter((row["source_code"], row["source_customer_id"]) for row in truth)
    assert max(told.values()) == 1
    assert set(told) == {(source, row["no"]) for source, rows in delivered.items() for row in rows}
    assert {row["source_code"] for row in truth} == set(TABLES)


def test_numbers_are_right_in_the_end_but_where_the_truth_says_otherwise(made, delivered, truth):
    identity = {f"P{n + 1:07d}": number for n, number in enumerate(made[0].people.identity.tolist())}
    last = {(source, row["no"]): row for source, rows in delivered.items() for row in rows}
    seen = Counter()
    for row in truth:
        written = last[row["source_code"], row["source_customer_id"]]["identity_number"] or ""
        ways = set(row["disturbance"].split("+"))
        is_right = normal(written) == identity[row["person_id"]]
        assert is_right == (not ways & set(DISTURBED))
        seen.update(ways)
        if "number_missing" in ways:
            assert not written
        if "number_15_digits" in ways:
            assert len(written) == 15
        if "number_small_x" in ways:
            assert written.endswith("x")
    expected = {*disturbances.NAME_WAYS, *disturbances.NUMBER_WAYS, *disturbances.PHONE_WAYS}
    expected |= {*disturbances.BIRTH_WAYS, "phone_old", "second_id", "merge_correction", "split_correction"}
    assert set(seen) == expected


def test_corrections_come_first_wrong_then_right(delivered, truth):
    told = {(row["source_code"], row["source_customer_id"]): row["disturbance"] for row in truth}
    writings = defaultdict(list)
    for source, rows in delivered.items():
        for row in rows:
            writings[source, row["no"]].append(row["identity_number"] or "")
    owners = {normal(found[-1]) for found in writings.values()}
    kinds = Counter()
    for record, disturbance in told.items():
        if "_correction" in disturbance:
            first, last = writings[record][0], writings[record][-1]
            assert normal(first) != normal(last)
            is_split = "split" in disturbance
            kinds[is_split] += 1
            assert (bool(first) and normal(first) in owners) == is_split
    assert kinds[True] >= 3
    assert kinds[False] >= 3


def test_no_number_and_no_contact_can_be_a_real_one(delivered):
    for source, rows in delivered.items():
        for row in rows:
            number = normal(row["identity_number"] or "")
            if number and len(set(number)) > 1:
                place = 2 if row["identity_type"] == "USCC" else 0
                assert number[place : place + 2] == numbers.UNASSIGNED_REGION, source
            phone = re.sub(r"\+86|-", "", (row["phone"] or "").translate(PLAIN))
            assert not phone or len(set(phone)) == 1 or re.fullmatch(r"127\d{8}", phone)
            assert not row.get("email") or row["email"].endswith("@example.com")


def test_some_people_have_two_numbers_and_accounts_under_both(made, truth):
    _, records = made
    people = defaultdict(set)
    for row in truth:
        people[row["source_code"], row["person_id"]].add(row["source_customer_id"])
    for source in PREFIXES:
        assert {len(found) for key, found in people.items() if key[0] == source} == {1, 2}, source
    kept = records["core"]
    twice = np.flatnonzero(kept.second >= 0)
    one = kept.customer_nos(twice, np.zeros(len(twice)), np.full(len(twice), CALENDAR.days)).to_pylist()
    two = kept.customer_nos(twice, np.ones(len(twice)), np.full(len(twice), CALENDAR.days)).to_pylist()
    early = kept.customer_nos(twice, np.ones(len(twice)), np.full(len(twice), -(10**6))).to_pylist()
    assert all(first != second for first, second in zip(one, two, strict=True))
    assert one == early


def test_a_branch_lends_its_own_phone_to_many(delivered):
    for source in ("cards", "crm", "channels"):
        phones = Counter(row["phone"] for row in {row["no"]: row for row in delivered[source]}.values())
        shared = {phone: count for phone, count in phones.items() if phone and phone.startswith("12799")}
        assert 15 <= max(shared.values()) <= disturbances.PEOPLE_AT_SHARED_PHONE


def test_other_systems_keep_the_old_phone_and_may_name_another_branch(made, delivered, truth):
    person = {(row["source_code"], row["source_customer_id"]): row["person_id"] for row in truth}
    branches, phones = defaultdict(dict), defaultdict(dict)
    for source in ("core", "wealth"):
        for row in delivered[source]:
            branches[person[source, row["no"]]][source] = row["branch_no"]
            phones[person[source, row["no"]]][source] = row["phone"]
    both = [found for found in branches.values() if len(found) == 2]
    assert 0.1 < np.mean([found["core"] != found["wealth"] for found in both]) < 0.3
    changed = made[0].people.phone_changed
    moved = [
        found
        for who, found in phones.items()
        if len(found) == 2 and all(found.values()) and changed[int(who[1:]) - 1] < CALENDAR.days
    ]
    assert any(found["core"] != found["wealth"] for found in moved)


def test_kinds_and_portraits_are_told_where_they_are_known(delivered):
    kinds = Counter(row["customer_kind"] for row in delivered["core"])
    assert set(kinds) == {"P", "S", "C", "I"}
    for name in ("occupation", "position", "industry", "annual_income", "family_status", "hobby", "address"):
        known = [row[name] is not None for row in delivered["core"] if row["customer_kind"] == "P"]
        assert 0.1 < np.mean(known) <= 1, name
    assert {row["customer_kind"] for row in delivered["core"] if row["family_status"]} == {"P"}


def test_equal_seeds_give_equal_records_and_others_give_others():
    def frames(seed: int) -> list[pa.Array]:
        records = make_records(make_scene(World(), seed, 300, CALENDAR))
        return [kept.frame(0)["full_name"] for source, kept in records.items() if source != "corporate"]

    assert frames(3) == frames(3)
    assert frames(3) != frames(4)


def test_whatever_is_due_on_a_day_is_found_without_looking_at_everybody(made):
    kept = made[1]["core"]
    due = [set(kept.due(day).tolist()) for day in range(CALENDAR.days)]
    assert len(due[0]) > 3000
    assert max(map(len, due[1:])) < 100
    assert set().union(*due) == set(range(kept.count))
