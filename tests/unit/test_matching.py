"""The matcher as a whole, on invented people: who is joined, who never is, and that nothing hangs on
order."""

import csv
import gzip
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.identity import matching
from pipelines.identity.matching import evaluate, explain, match, match_settings, parse_rules, workspace
from pipelines.identity.matching.clusters import Graph, partition
from pipelines.identity.matching.comparisons import comparisons_of
from pipelines.identity.matching.fields import fields_of
from pipelines.settings import ROOT
from tests import invented_people as people

FEBRL = ROOT.parent / "shared" / "data" / "febrl"
# fewer random pairs than declared: small tables need no more, and the tests have one minute
QUICK = replace(match_settings(), sample_pairs=50_000)
FAMILY = {
    "given": "given_name",
    "surname": "surname",
    "born": "date",
    "phone": "phone",
    "street": "street",
    "house": "house_number",
    "town": "place",
    "postcode": "postcode",
}


def rules(kinds, **more):
    return parse_rules(
        {"id": "id", "columns": {name: {"kind": kind} for name, kind in kinds.items()}, **more}
    )


def clusters_of(out: Path) -> dict[str, str]:
    with out.open(encoding="utf-8") as lines:
        return {row["record_id"]: row["cluster_id"] for row in csv.DictReader(lines)}


def persons(connection) -> set[frozenset[str]]:
    """The record ids of every cluster."""
    found: dict[int, set[str]] = {}
    query = "select cluster, record_id from clusters join fields using (rid) join records using (line)"
    for cluster, record in connection.execute(query).fetchall():
        found.setdefault(cluster, set()).add(record)
    return {frozenset(records) for records in found.values()}


@pytest.fixture(scope="module")
def families(tmp_path_factory):
    """300 families, matched: the connection, what the run gave and its records."""
    path = people.write(tmp_path_factory.mktemp("families") / "f.csv", people.families(300, 11), 1)
    with workspace() as connection:
        yield connection, match(connection, [path], rules(FAMILY), keep=["truth"], settings=QUICK), path


def test_families_are_told_apart(tmp_path):
    path = people.write(tmp_path / "f.csv", people.families(700, 12), 1)
    found = evaluate([path], rules(FAMILY), "truth", settings=QUICK)
    assert found.precision >= 0.99
    assert found.recall >= 0.97
    assert found.conflicts == 0


def test_name_and_birth_date_alone(tmp_path):
    path = people.write(tmp_path / "n.csv", people.name_and_birth_date(5000, 500, 13), 1)
    kinds = {"given": "given_name", "surname": "surname", "year": "year", "month": "month", "day": "day"}
    assert evaluate([path], rules(kinds), "truth", settings=QUICK).f1 >= 0.92


def test_short_records_full_of_gaps(tmp_path):
    path = people.write(tmp_path / "s.csv", people.short_records(200, 14), 1)
    kinds = {"given": "given_name", "surname": "surname", "born": "date", "town": "place", "email": "email"}
    assert evaluate([path], rules(kinds), "truth", settings=QUICK).f1 >= 0.9


def test_shuffled_rows_and_new_ids_give_the_same_persons(tmp_path):
    """Also as two files: which file a record came in is a source, but no order."""
    made = [{**row, "own": str(number)} for number, row in enumerate(people.families(150, 15))]
    outcomes = []
    for seed in (1, 2):
        path = people.write(tmp_path / f"{seed}.csv", made, seed)
        out = tmp_path / f"{seed}.out.csv"
        evaluate([path], rules(FAMILY), out=out, settings=QUICK)
        own = {row["id"]: row["own"] for row in csv.DictReader(path.open(encoding="utf-8"))}
        found: dict[str, set[str]] = {}
        for record, cluster in clusters_of(out).items():
            found.setdefault(cluster, set()).add(own[record])
        outcomes.append({frozenset(group) for group in found.values()})
    assert outcomes[0] == outcomes[1]
    assert max(map(len, outcomes[0])) > 1


def test_a_thousand_people_with_one_phone_stay_a_thousand(tmp_path):
    rows = [
        {
            "given": row["given"],
            "surname": row["surname"],
            "born": f"{row['year']}-{row['month']}-{row['day']}",
            "phone": "13912345670",
        }
        for row in people.name_and_birth_date(1000, 0, 16)
    ]
    path = people.write(tmp_path / "p.csv", rows, 1)
    kinds = {name: FAMILY[name] for name in ("given", "surname", "born", "phone")}
    assert evaluate([path], rules(kinds), settings=QUICK).clusters == 1000


SAME = {"name": "王小明", "born": "1949-12-31", "phone": "13912345670"}
NUMBERS = {"id_number": "id_number", "name": "full_name", "born": "date", "phone": "phone"}


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """A hundred people beside five records of interest: three of one number, two of another."""
    rows = [
        {
            "id": f"x{n}",
            "id_number": "",
            "name": f"{row['given']} {row['surname']}",
            "born": row["born"],
            "phone": row["phone"],
        }
        for n, row in enumerate(people.families(60, 17))
    ]
    rows += [
        {"id": "a1", "id_number": "11010519491231002X", **SAME},
        {"id": "a2", "id_number": "１１０１０５-19491231-002x", **SAME, "name": "Wang Xiaoming", "born": ""},
        {"id": "a3", "id_number": "110105491231002", "name": "", "born": "", "phone": ""},
        {"id": "b1", "id_number": "110105194912310038", **SAME},
        {"id": "b2", "id_number": "110105194912310038", **SAME},
        {"id": "c1", "id_number": "110105194912310021", **SAME},  # a typing error: wrong check digit
    ]
    path = tmp_path_factory.mktemp("numbered") / "n.csv"
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with workspace() as connection:
        yield connection, match(connection, [path], rules(NUMBERS), settings=QUICK)


def person_of(connection, record):
    return next(group for group in persons(connection) if record in group)


def test_one_valid_number_is_one_person(numbered):
    connection, _ = numbered
    assert {"a1", "a2", "a3"} <= person_of(connection, "a1")


def test_two_valid_numbers_never_join_and_are_reported(numbered):
    connection, found = numbered
    assert person_of(connection, "a1").isdisjoint({"b1", "b2"})
    assert person_of(connection, "b1") >= {"b1", "b2"}
    ids = dict(connection.execute("select rid, record_id from fields join records using (line)").fetchall())
    assert [{ids[conflict.left][0], ids[conflict.right][0]} for conflict in found.conflicts] == [{"a", "b"}]


def test_a_record_without_a_valid_number_joins_one_person_only(numbered):
    connection, _ = numbered
    assert len({person_of(connection, record) for record in ("a1", "b1", "c1")}) == 2


def test_a_kept_model_gives_the_same_persons(families, tmp_path):
    connection, found, path = families
    matching.save_model(connection, found.model, tmp_path / "model")
    first = persons(connection)
    with workspace() as other:
        again = match(other, [path], rules(FAMILY), settings=QUICK, model_folder=tmp_path / "model")
        assert again.model == found.model
        assert persons(other) == first


def test_an_explanation_adds_up_and_masks(families):
    connection, found, _ = families
    for order in ("desc", "asc"):
        left, right, weight, code = connection.execute(
            f"select l, r, weight, rule_code from scores where rule_code = 'model' order by weight "
            f"{order} limit 1"
        ).fetchone()
        told = explain(connection, found.model, right, left)
        total = told.prior_weight + told.household_weight + sum(reason.weight for reason in told.reasons)
        assert (told.weight, told.rule_code) == (weight, code)
        assert total == pytest.approx(weight, abs=0.001)
        assert told.household_weight <= 0.001  # roundings
        for reason in told.reasons:
            for value in (reason.left, reason.right):
                assert value is None or re.fullmatch(r"(?:…\([1-3]\)|.…\((?:[4-9]|\d\d+)\))", value)


def test_a_household_takes_off_what_it_shares(families):
    """Two people of one home: what they share speaks for the home, not for one person."""
    connection, found, _ = families
    pairs = connection.execute(
        """
        select l.rid, r.rid from fields as l join fields as r
        on l.street_house = r.street_house and l.postcode_1 = r.postcode_1 and l.phone_1 = r.phone_1
        and l.surname = r.surname and l.given <> r.given and left(l.given, 1) <> left(r.given, 1)
        and left(l.date_1, 3) <> left(r.date_1, 3) and l.rid < r.rid order by 1, 2 limit 9
        """
    ).fetchall()
    told = [explain(connection, found.model, left, right) for left, right in pairs]
    assert all(one.household_weight < -15 and one.weight < 0 for one in told)
    # else many would be taken for one person
    assert sum(one.weight - one.household_weight > 0 for one in told) >= len(told) / 3


# ── clusters ────────────────────────────────────────────────────────────


def grouped(weights, numbers=None, together=(), apart=(), **changes):
    """The clusters of a few records; pairs that are not named weigh -3 bits."""
    size = 1 + max(high for _, high in [*weights, *together, *apart])
    links = sorted(pair for pair, weight in weights.items() if weight >= 0)
    left, right = np.array(links, dtype=np.int64).reshape(-1, 2).T
    graph = Graph(
        np.array(numbers or [-1] * size),
        left,
        right,
        np.array([float(weights[pair]) for pair in links]),
        frozenset(together),
        frozenset(apart),
    )

    def weigh(first, second):
        return np.array([weights.get((int(a), int(b)), -3.0) for a, b in zip(first, second, strict=True)])

    labels = partition(graph, weigh, replace(match_settings(), **changes))
    assert all(labels[label] == label <= place for place, label in enumerate(labels))
    return [[int(place) for place in np.flatnonzero(labels == label)] for label in np.unique(labels)]


def test_a_chain_is_broken_at_its_weakest_place():
    chain = {(0, 1): 9, (1, 2): 8, (2, 3): 3, (3, 4): 9, (4, 5): 8, (0, 2): 5, (3, 5): 5}
    assert grouped(chain) == [[0, 1, 2], [3, 4, 5]]


def test_a_good_mean_carries_a_poor_pair_but_not_a_terrible_one():
    assert grouped({(0, 1): 9, (1, 2): 9, (0, 2): -8}) == [[0, 1, 2]]
    assert grouped({(0, 1): 9, (1, 2): 8, (0, 2): -20}, widest_weight=12) == [[0, 1], [2]]


def test_numbers_meet_nowhere_in_a_cluster():
    assert grouped({(0, 1): 9, (1, 2): 8, (0, 2): 7}, numbers=[4, -1, 5]) == [[0, 1], [2]]
    assert grouped({(0, 1): 9}, numbers=[4, 5]) == [[0], [1]]


def test_people_decide_before_weights_and_numbers():
    assert grouped({(0, 1): 9}, apart=[(0, 1)]) == [[0], [1]]
    assert grouped({(0, 1): 9, (0, 2): 9, (1, 2): 8}, apart=[(0, 2)]) == [[0, 1], [2]]
    assert grouped({(0, 1): -9}, together=[(0, 1)]) == [[0, 1]]
    assert grouped({(0, 1): 9}, numbers=[4, 5], together=[(0, 1)]) == [[0, 1]]
    # who is joined by people brings along who is linked to them, whatever these are to each other
    chain = {(0, 1): 9, (2, 3): 9, (1, 3): -40}
    assert grouped(chain, numbers=[4, -1, 5, -1], together=[(0, 2)]) == [[0, 1, 2, 3]]
    assert grouped({(0, 1): 9, (1, 2): 9}, numbers=[4, 5, 6], together=[(0, 1)]) == [[0, 1], [2]]
    # but for those whom people keep apart
    assert grouped({(1, 2): 9}, together=[(0, 1)], apart=[(0, 2)]) == [[0, 1], [2]]
    assert grouped({(0, 1): 9}, together=[(0, 2)], apart=[(1, 2)]) == [[0, 2], [1]]


def test_a_component_too_long_is_cut_at_its_own_weakest_links():
    """Another component's links, weaker or stronger, change nothing."""
    long = {(0, 1): 5, (1, 2): 2, (2, 3): 6, (3, 4): 7}
    parts = grouped(long, largest_component=3)
    assert parts == [[0, 1], [2, 3, 4]]
    for weight in (1, 20):
        other = {(low + 5, high + 5): weight for low, high in long}
        assert grouped(long | other, largest_component=3)[:2] == parts


# ── the command ────────────────────────────────────────────────────────────


def test_the_command_prints_figures_and_writes_clusters(tmp_path):
    made = people.families(60, 18)
    first = people.write(tmp_path / "a.csv", made[::2], 1)
    second = people.write(tmp_path / "b.csv", made[1::2], 2)
    rule_file, out = tmp_path / "rules.yml", tmp_path / "out.csv"
    rule_file.write_text("id: id\ncolumns:\n" + "".join(f"  {n}: {{kind: {k}}}\n" for n, k in FAMILY.items()))
    arguments = ["identity", "evaluate", "--records", first, "--records", second, "--rules", rule_file]
    done = CliRunner().invoke(main, [*map(str, arguments), "--truth", "truth", "--out", str(out)])
    assert done.exit_code == 0, done.output
    for word in ("precision", "recall", "F1", "conflicts", "seconds", "memory"):
        assert word in done.output
    assert len(clusters_of(out)) == len(made)
    wrong = CliRunner().invoke(main, [*map(str, arguments), "--truth", "no_such_column"])
    assert wrong.exit_code == 1
    assert "no column no_such_column" in wrong.output


# ── FEBRL ────────────────────────────────────────────────────────────


FEBRL_KINDS = {
    "given_name": "given_name",
    "surname": "surname",
    "street_number": "house_number",
    "address_1": "street",
    "address_2": "street",
    "suburb": "place",
    "postcode": "postcode",
    "state": "category",
    "date_of_birth": "date",
}


def febrl(name: str, folder: Path) -> Path:
    """A set with its rows shuffled and its ids replaced; the truth in a column of its own."""
    with gzip.open(FEBRL / f"{name}.csv.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, skipinitialspace=True))
    for row in rows:
        row["truth"] = row.pop("rec_id").split("-")[1]
    return people.write(folder / f"{name}.csv", rows, 19)


@pytest.mark.skipif(not FEBRL.exists(), reason="needs ../shared/data/febrl")
@pytest.mark.parametrize(
    ("names", "numbers", "least"),
    [
        (["dataset2"], True, 0.999),
        (["dataset2"], False, 0.998),
        (["dataset4a", "dataset4b"], True, 0.9995),
        (["dataset4a", "dataset4b"], False, 0.999),
    ],
)
def test_febrl(tmp_path, names, numbers, least):
    kinds = {**FEBRL_KINDS, **({"soc_sec_id": "id_number"} if numbers else {})}
    found = evaluate([febrl(name, tmp_path) for name in names], rules(kinds), "truth")
    assert found.f1 >= least


def test_every_kind_is_compared():
    """A column of any kind leads to a comparison of its own or shares one."""
    for kind in matching.rules.KINDS:
        made = comparisons_of(fields_of(rules({"a": kind})))
        assert made, kind
