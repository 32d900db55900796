"""Identity numbers, and the fold that turns linked records into customers."""

import random
from datetime import date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.fold import CAUSES, CHANGES, NEVER, NOBODY, RULES, Region, Verdict, fold
from pipelines.identity.matching import match_settings, parse_rules, workspace
from pipelines.identity.matching.fields import fields_of
from pipelines.identity.matching.normalise import create_macros

# ── numbers ────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def key_of():
    """The key under which a number links records, ``ID:<number>`` or ``USCC:<code>``; None: it is none."""
    rules = parse_rules({"id": "id", "columns": {"n": {"kind": "id_number"}}})
    query = "select ? as t"
    for step in (*fields_of(rules)[0].steps, "number_key(t)"):
        query = f"select {step} as t from ({query})"
    with workspace() as connection:
        create_macros(connection)
        yield lambda text: connection.execute(query, [text]).fetchone()[0]


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
def test_one_person_has_one_spelling(key_of, text):
    assert key_of(text) == "ID:11010519491231002X"


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
def test_what_cannot_be_a_number_is_none(key_of, text):
    assert key_of(text) is None


@settings(deadline=None, max_examples=30)
@given(st.integers(100_000, 999_999), st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(0, 999))
def test_the_short_form_and_the_long_form_are_one_number(key_of, region, born, serial):
    short = f"{region}{born:%y%m%d}{serial:03}"
    if len(set(short)) == 1:
        return
    kind, long = key_of(short).split(":")
    assert kind == "ID"
    assert long[:6] + long[8:17] == short
    assert long[6:14] == f"{born:%Y%m%d}"
    assert key_of(long) == f"ID:{long}"


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(key_of, place, step):
    number = "11010519491231002X"
    wrong = f"{number[:place]}{(int(number[place]) + step) % 10}{number[place + 1 :]}"
    key = key_of(wrong)  # by one chance in 31 it is a company's
    assert key is None or key.startswith("USCC:")


@settings(deadline=None, max_examples=30)
@given(st.text())
def test_any_text_is_a_canonical_number_or_none(key_of, text):
    key = key_of(text)
    assert key is None or key_of(key.split(":")[1]) == key


@pytest.mark.parametrize("text", ["91350100M000100Y43", "91350100m000100y43", "９１３５０１００ M000100Y43"])
def test_a_company_code_has_one_spelling(key_of, text):
    assert key_of(text) == "USCC:91350100M000100Y43"


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
def test_a_wrong_company_code_is_none(key_of, text):
    assert key_of(text) is None


# ── the fold ────────────────────────────────────────────────────────────

DAY_ONE = 1000


class Bank:
    """Versions as (day, record, number); records of one number are linked, others by ``links`` (bits).

    Versions stand in the order of what they are, whatever the order in which they are given.
    """

    def __init__(self, versions, links=None, verdicts=()):
        held, spans, born = {}, [], {}
        for day, name, number in sorted(versions, key=lambda version: version[0]):
            born.setdefault(name, (day, name))
            if name in held and spans[held[name]][3] == number:
                continue
            if name in held:
                spans[held[name]][2] = day
            held[name] = len(spans)
            spans.append([name, day, None, number])
        spans.sort(key=lambda span: (span[0], span[1]))
        self.names = sorted(born, key=born.get)
        self.places = {name: place for place, name in enumerate(self.names)}
        self.days = sorted({day for day, *_ in versions} | {day for *_, day in verdicts})
        codes = {number: code for code, number in enumerate(sorted({span[3] for span in spans if span[3]}))}
        self.bits = {}
        for (left, a), (right, b) in combinations(enumerate(spans), 2):
            if a[0] != b[0]:
                pair = frozenset((a[0], b[0]))
                self.bits[left, right] = 40.0 if a[3] and a[3] == b[3] else (links or {}).get(pair, -9.0)
        linked = sorted(pair for pair, bits in self.bits.items() if bits >= 0)
        self.verdicts = [
            Verdict(self.places[a], self.places[b], kind == "same", DAY_ONE + day)
            for kind, a, b, day in verdicts
            if a in self.places and b in self.places
        ]
        self.region = Region(
            part=np.zeros(len(self.names), np.int64),
            founder=np.full(len(self.names), NOBODY),
            record=np.array([self.places[span[0]] for span in spans], np.int64),
            arrived=np.array([DAY_ONE + span[1] for span in spans], np.int64),
            ended=np.array([NEVER if span[2] is None else DAY_ONE + span[2] for span in spans], np.int64),
            number=np.array([codes.get(span[3], -1) for span in spans], np.int64),
            left=np.array([left for left, _ in linked], np.int64),
            right=np.array([right for _, right in linked], np.int64),
            weight=np.array([self.bits[pair] for pair in linked]),
            rule=np.array(
                [RULES.index("identity_number" if self.bits[p] == 40 else "model") for p in linked]
            ),
        )

    def weigh(self, left, right):
        return np.array([self.bits[int(a), int(b)] for a, b in zip(left, right, strict=True)])

    def disputes(self):
        """(day, record, record, bits) of every conflict that opens or (None) closes."""
        days = [DAY_ONE + day for day in self.days]
        return [
            (day.day.toordinal() - DAY_ONE, self.names[each.left], self.names[each.right], each.weight)
            for day in fold(self.region, self.verdicts, days, self.weigh, match_settings())
            for each in day.conflicts
        ]

    def changes(self, model_day=None):
        """(day, record, founder, former founder, change, cause, rule, evidence) of every change."""

        def name(place):
            return None if place == NOBODY else self.names[place]

        days = sorted({DAY_ONE + day for day in self.days} | ({model_day} if model_day else set()))
        return [
            (
                day.day.toordinal() - DAY_ONE,
                name(record),
                name(founder),
                name(former),
                CHANGES[change],
                CAUSES[cause],
                RULES[rule],
                name(linked),
            )
            for day in fold(self.region, self.verdicts, days, self.weigh, match_settings(), model_day)
            for record, founder, former, change, cause, rule, linked in zip(
                *(day.record, day.founder, day.former, day.change, day.cause, day.rule, day.linked),
                strict=True,
            )
        ]


def told(versions, *arguments, **options):
    """Changes as (day, record, founder, former founder, change, rule)."""
    return [(*row[:5], row[6]) for row in Bank(versions, *arguments, **options).changes()]


def test_records_without_a_key_stay_alone():
    assert told([(0, "a/1", None), (0, "b/1", None)]) == [
        (0, "a/1", "a/1", None, "first", "single"),
        (0, "b/1", "b/1", None, "first", "single"),
    ]


def test_a_later_record_joins_the_one_first_received():
    assert told([(0, "z/9", "1"), (1, "a/1", "1")]) == [
        (0, "z/9", "z/9", None, "first", "single"),
        (1, "a/1", "z/9", None, "first", "identity_number"),
    ]


def test_on_one_date_the_lowest_source_and_number_found_the_customer():
    found = told([(0, "b/1", "1"), (0, "a/2", "1"), (0, "a/10", "1")])
    assert {row[2] for row in found} == {"a/10"}


def test_a_corrected_number_merges_and_a_second_correction_splits():
    versions = [(0, "a/1", "1"), (1, "b/1", None), (2, "b/1", "1"), (3, "b/1", "2")]
    assert told(versions)[2:] == [
        (2, "b/1", "a/1", "b/1", "merge", "identity_number"),
        (3, "b/1", "b/1", "a/1", "split", "single"),
    ]


def test_an_older_record_that_joins_renames_every_member():
    versions = [(0, "z/1", None), (1, "a/1", "1"), (1, "b/1", "1"), (2, "z/1", "1")]
    assert told(versions)[3:] == [
        (2, "a/1", "z/1", "a/1", "merge", "identity_number"),
        (2, "b/1", "z/1", "a/1", "merge", "identity_number"),
    ]


def test_when_the_founder_leaves_the_others_are_split_from_him():
    versions = [*((0, name, "1") for name in ("a/1", "b/1", "c/1")), (1, "a/1", "2")]
    assert told(versions)[3:] == [
        (1, "b/1", "b/1", "a/1", "split", "single"),
        (1, "c/1", "b/1", "a/1", "split", "identity_number"),
    ]


def test_moving_to_an_older_customer_is_a_merge():
    versions = [(0, "a/1", "1"), (1, "b/1", "2"), (1, "c/1", "2"), (2, "c/1", "1")]
    assert told(versions)[3:] == [(2, "c/1", "a/1", "b/1", "merge", "identity_number")]


def test_a_customer_corrected_as_a_whole_keeps_its_id():
    versions = [(0, "a/1", "1"), (0, "b/1", "1"), (1, "a/1", "2"), (1, "b/1", "2")]
    assert len(told(versions)) == 2


def test_evidence_is_the_record_most_alike_and_of_a_split_the_one_left():
    links = {frozenset(("a/1", "c/1")): 5.0, frozenset(("b/1", "c/1")): 7.0}
    versions = [(0, "a/1", "1"), (0, "b/1", "1"), (1, "c/1", None), (2, "c/1", "2")]
    found = Bank(versions, links).changes()
    assert [(row[1], row[6], row[7]) for row in found[2:]] == [
        ("c/1", "model", "b/1"),
        ("c/1", "single", "b/1"),
    ]
    assert found[0][7] is None


def test_a_number_of_its_own_parts_what_a_weight_had_joined():
    links = {frozenset(("a/1", "b/1")): 20.0}
    found = told([(0, "a/1", "1"), (0, "b/1", None), (4, "b/1", "2"), (6, "b/1", None)], links)
    assert [(row[0], row[1], row[4]) for row in found[1:]] == [
        (0, "b/1", "first"),
        (4, "b/1", "split"),
        (6, "b/1", "merge"),
    ]


def test_a_conflict_opens_with_the_second_number_and_closes_with_the_link():
    links = {frozenset(("a/1", "b/1")): 20.0}
    versions = [(0, "a/1", "1"), (0, "b/1", None), (4, "b/1", "2"), (6, "b/1", "1")]
    assert Bank(versions, links).disputes() == [(4, "a/1", "b/1", 20.0), (6, "a/1", "b/1", None)]
    # also by way of a record that carries no number
    versions = [(0, "a/1", "1"), (0, "b/1", None), (2, "c/1", "2")]
    links |= {frozenset(("b/1", "c/1")): 9.0}
    assert Bank(versions, links).disputes() == [(2, "b/1", "c/1", 9.0)]


def test_people_decide_from_a_day_on_and_until_they_decide_otherwise():
    links = {frozenset(("a/1", "b/1")): 20.0}
    versions = [(0, "a/1", None), (0, "b/1", None), (0, "c/1", None)]
    bank = Bank(versions, links, [("different", "a/1", "b/1", 3), ("same", "a/1", "c/1", 5)])
    bank.verdicts[0] = Verdict(0, 1, False, DAY_ONE + 3, DAY_ONE + 7)
    bank.days.append(7)
    assert [(*row[:2], *row[4:]) for row in bank.changes()[3:]] == [
        (3, "b/1", "split", "decision", "single", "a/1"),
        (5, "c/1", "merge", "decision", "decision", "a/1"),
        (7, "b/1", "merge", "decision", "model", "a/1"),
    ]


def test_another_model_is_the_cause_of_what_it_changes():
    versions = [(0, "a/1", "1"), (0, "b/1", "1"), (0, "c/1", "1")]
    bank = Bank(versions)
    bank.region.founder[:] = 0, 1, NOBODY
    bank.days = []
    assert [row[:6] for row in bank.changes(model_day=DAY_ONE + 2)] == [
        (2, "b/1", "a/1", "b/1", "merge", "model"),
        (2, "c/1", "a/1", None, "first", "data"),
    ]


@st.composite
def histories(draw):
    names = st.sampled_from([f"{source}/{number}" for source in "ab" for number in range(4)])
    numbers = st.sampled_from([None, "1", "2", "3"])
    days = draw(st.lists(st.dictionaries(names, numbers, max_size=5), max_size=6))
    pairs = st.tuples(names, names).filter(lambda pair: pair[0] != pair[1]).map(frozenset)
    links = draw(st.dictionaries(pairs, st.integers(-12, 20).map(float), max_size=6))
    versions = [(day, name, number) for day, own in enumerate(days) for name, number in own.items()]
    known = sorted({name for _, name, _ in versions})
    verdicts = []
    if len(known) > 1 and draw(st.booleans()):
        verdicts.append(("different", known[0], known[-1], draw(st.integers(0, 6))))
    return versions, links, verdicts


@settings(deadline=None)
@given(histories(), st.randoms())
def test_every_day_is_as_if_all_had_come_on_it(history, shuffler):
    """Neither the way to a day nor an order of versions moves anything; two numbers never meet."""
    versions, links, verdicts = history
    found = Bank(versions, links, verdicts).changes()
    shuffled = shuffler.sample(versions, len(versions))
    assert Bank(shuffled, links, verdicts).changes() == found
    current = {}
    for day in sorted({day for day, *_ in versions} | {day for *_, day in verdicts}):
        for _, record, founder, former, change, *_ in (row for row in found if row[0] == day):
            assert current.get(record) == former != founder
            assert (change == "first") == (record not in current)
            current[record] = founder
        known = [version for version in versions if version[0] <= day]
        numbers = {name: number for _, name, number in sorted(known, key=lambda version: version[0])}
        held = {}
        for record, founder in current.items():
            held.setdefault(founder, set()).add(numbers[record])
        assert all(len(own - {None}) < 2 for own in held.values())
        decided = [verdict for verdict in verdicts if verdict[3] <= day]
        for _, left, right, _ in decided:
            assert current.get(left, 0) != current.get(right, 1)
        # the same day, folded at once
        once = Bank(known, links, decided)
        once.days = [day]
        assert {row[1]: row[2] for row in once.changes(model_day=DAY_ONE + day)} == current


def test_a_random_bank_folds_the_same_after_any_shuffle():
    chance = random.Random(7)
    versions = [
        (chance.randrange(30), f"s{chance.randrange(3)}/{chance.randrange(60)}", f"{chance.randrange(50)}")
        for _ in range(400)
    ]
    versions = list({version[:2]: version for version in versions}.values())
    folds = []
    for _ in range(2):
        chance.shuffle(versions)
        folds.append(Bank(versions).changes())
    assert folds[0] == folds[1]
    assert len(folds[0]) > 200
