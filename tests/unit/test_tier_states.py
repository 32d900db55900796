"""T12, property tests: the model's own SQL holds the tiers that the rules, read as they are written, give.

The reference below looks back over the months of a tier and counts, as a clerk would; the model takes one
step a month. The model is compiled once; each example runs it in PostgreSQL on the metrics of many customers.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import own_bank
from hypothesis import HealthCheck, given
from hypothesis import settings as rounds
from hypothesis import strategies as st
from night_support import begin_night
from psycopg2.extras import execute_values

from pipelines.building.dbt import _variables
from pipelines.building.warm import invoke
from pipelines.settings import ROOT
from pipelines.warehouse import connect, dbt_environment

DAY = date(2026, 10, 31)
SINCE = date(2026, 9, 30)
BUSINESS_MONTH = "24321"
FIRST = 24300
MONTHS = 100  # more than any history here has
RANKS = 4
SCHEME = "aum_level"
COLUMNS = """
    customer_id text, branch_id text, scheme_code text, held_rank integer, metric_rank integer,
    below_count integer, best_below_rank integer, state_code text, since_month integer, next_rank integer,
    next_state_code text, month_number integer
"""


# ── the rules, as they are written ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Rule:
    """A preset: when a tier rises, after how many months below and of watch it falls, to which level."""

    upgrade: str
    below: int
    private_below: int
    watch: int
    downgrade: str
    private_from: int | None = None

    def months_below(self, held: int) -> int:
        """How many months in a row below the held tier the bank puts up with before it acts."""
        is_private = self.private_from is not None and held >= self.private_from
        return self.private_below if is_private else self.below


@dataclass(frozen=True)
class Held:
    """What a customer holds in a month."""

    rank: int
    state: str
    since: int


BOHAI = Rule("next_month", 3, 6, 0, "last", private_from=3)
CCB = Rule("at_once", 3, 3, 3, "best")


def held_by_rule(rule: Rule, metrics: Sequence[int], is_last_closed: bool = True) -> list[Held]:
    """The tier held in each month, at its close or, in a last month that goes on, as it stands."""
    months = [Held(metrics[0], "current", 0)]
    for now in range(1, len(metrics)):
        former = months[-1]
        rank, state, since = begun(rule, metrics, former, now)
        if now < len(metrics) - 1 or is_last_closed:
            if rule.upgrade == "at_once" and metrics[now] > rank:
                rank, since = metrics[now], now
            if metrics[now] >= rank:
                state = "current"
        months.append(Held(rank, state, since))
    return months


def begun(rule: Rule, metrics: Sequence[int], former: Held, now: int) -> tuple[int, str, int]:
    """Tier, state and month since with which a month begins."""
    if rule.upgrade == "next_month" and metrics[now - 1] > former.rank:
        return metrics[now - 1], "current", now
    below = run_below(metrics, former, now)
    allowed = rule.months_below(former.rank)
    if len(below) >= allowed + rule.watch:
        return (max(below) if rule.downgrade == "best" else below[-1]), "current", now
    return former.rank, "watch" if len(below) >= allowed else "current", former.since


def run_below(metrics: Sequence[int], former: Held, now: int) -> list[int]:
    """The unbroken run of months below the tier, up to the former month, since it has been held."""
    run: list[int] = []
    for month in range(now - 1, former.since - 1, -1):
        if metrics[month] >= former.rank:
            break
        run.insert(0, metrics[month])
    return run


# ── the model ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class History:
    """A customer's ranks by metric, month by month from FIRST on, and the rule of his scheme."""

    customer: str
    rule: Rule
    metrics: tuple[int, ...]


class Model:
    """The model's compiled SQL, made anew and going on, over tables of this connection only."""

    def __init__(self, cursor: Any, whole: str, onward: str) -> None:
        self.cursor = cursor
        self.whole = whole
        self.onward = onward

    def fold(self, histories: Sequence[History], is_closed: bool = True) -> list[tuple[Any, ...]]:
        """Every month at once."""
        self._tables(histories, len(histories[0].metrics), is_closed, ())
        return self._run(self.whole)

    def go_on(
        self,
        histories: Sequence[History],
        month: int,
        standing: Sequence[tuple[Any, ...]],
        reopened: Sequence[str] = (),
        is_closed: bool = True,
    ) -> list[tuple[Any, ...]]:
        """What a night of a month (0 is FIRST) finds and leaves behind, as the partitions are kept."""
        self._tables(histories, month + 1, is_closed, reopened)
        business = FIRST + month
        kept = [row for row in standing if row[-1] < business]
        execute_values(self.cursor, "insert into tier_states values %s", kept) if kept else None
        made = self._run(self.onward.replace(BUSINESS_MONTH, str(business)))
        return [row for row in kept if row[0] not in reopened] + made

    def _tables(
        self, histories: Sequence[History], count: int, is_closed: bool, reopened: Sequence[str]
    ) -> None:
        self.cursor.execute("truncate int_scheme_ranks_dated, int_tier_states_reopened, tier_states")
        rows = [
            (
                *(one.customer, "b1", SCHEME, metric, RANKS, is_closed or month < count - 1),
                *(one.rule.upgrade, one.rule.private_from, one.rule.below, one.rule.private_below),
                *(one.rule.watch, one.rule.downgrade, FIRST + month),
            )
            for one in histories
            for month, metric in enumerate(one.metrics[:count])
        ]
        execute_values(self.cursor, "insert into int_scheme_ranks_dated values %s", rows, page_size=5000)
        for customer in reopened:
            self.cursor.execute("insert into int_tier_states_reopened values (%s, 0)", (customer,))

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        self.cursor.execute(statement)
        return self.cursor.fetchall()


def shown(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, int], Held]:
    """Customer and month (0 is FIRST) → what is held."""
    found = {(row[0], row[-1] - FIRST): Held(row[3], row[7], row[8] - FIRST) for row in rows}
    assert len(found) == len(rows)
    return found


def expected(histories: Sequence[History], is_closed: bool = True) -> dict[tuple[str, int], Held]:
    """The same by the reference."""
    return {
        (one.customer, month): held
        for one in histories
        for month, held in enumerate(held_by_rule(one.rule, one.metrics, is_closed))
    }


@pytest.fixture(scope="module")
def model(server, tmp_path_factory) -> Iterator[Model]:
    with own_bank(server, tmp_path_factory.mktemp("states"), "demo") as settings:
        night = begin_night(settings, DAY)
        texts = [compiled(settings, night, since) for since in (None, SINCE)]
        with connect(settings) as connection, connection.cursor() as cursor:
            cursor.execute(
                "create temporary table int_scheme_ranks_dated (customer_id text, branch_id text, "
                "scheme_code text, metric_rank integer, top_rank integer, is_closed boolean, "
                "upgrade_code text, private_from_rank integer, below_months integer, "
                "private_below_months integer, watch_months integer, downgrade_code text, "
                "month_number integer)"
            )
            cursor.execute(
                "create temporary table int_tier_states_reopened (customer_id text, from_month integer)"
            )
            cursor.execute(f"create temporary table tier_states ({COLUMNS})")
            cursor.execute(
                "create temporary table months as select generate_series(%s, %s) as month_number",
                (FIRST, FIRST + MONTHS),
            )
            yield Model(cursor, *texts)


def compiled(settings: Any, night: Any, since: date | None) -> str:
    """The model's query, its relations by their bare names."""
    target = settings.var / "dbt"
    project = ROOT / "dbt_project"
    arguments = [
        *("compile", "--select", "tier_states"),
        *("--vars", json.dumps(_variables(settings, night, since))),
        *("--project-dir", str(project), "--profiles-dir", str(project)),
        *("--target-path", str(target), "--log-path", str(target)),
    ]
    code, output = invoke(arguments, dbt_environment(settings, night.night_id))
    assert code == 0, output
    path = target / "compiled" / "yihu" / "models" / "marts" / "tiers" / "tier_states.sql"
    text = Path(path).read_text(encoding="utf-8")
    return re.sub(r'"\w+"\."\w+"\."(\w+)"', r"\1", text)


# ── what is tried ───────────────────────────────────────────────────────────────────────────────────────────

rank = st.integers(1, RANKS)
rules = st.one_of(
    st.sampled_from([BOHAI, CCB]),
    st.builds(
        Rule,
        upgrade=st.sampled_from(["at_once", "next_month"]),
        below=st.integers(1, 4),
        private_below=st.integers(1, 6),
        watch=st.integers(0, 4),
        downgrade=st.sampled_from(["last", "best"]),
        private_from=st.none() | st.integers(2, RANKS),
    ),
)


@st.composite
def banks(draw: Any, months: int, customers: int) -> list[History]:
    """As many customers; runs of months at one level, so that the long waits of the rules are reached."""
    found = []
    for number in range(draw(st.integers(1, customers))):
        metrics: list[int] = []
        while len(metrics) < months:
            metrics += [draw(rank)] * draw(st.integers(1, 7))
        found.append(History(f"c{number}", draw(rules), tuple(metrics[:months])))
    return found


trying = rounds(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@trying
@given(histories=banks(months=20, customers=20), is_closed=st.booleans())
def test_the_model_holds_what_the_rules_say(model, histories, is_closed):
    assert shown(model.fold(histories, is_closed)) == expected(histories, is_closed)


@rounds(trying, max_examples=10)
@given(histories=banks(months=10, customers=12), interim=st.data())
def test_month_by_month_is_all_at_once(model, histories, interim):
    """With a night within each month, whose metric is not that of the month's end."""
    standing: list[tuple[Any, ...]] = []
    for month in range(len(histories[0].metrics)):
        other = interim.draw(rank)
        within = [
            History(one.customer, one.rule, (*one.metrics[:month], other, *one.metrics[month + 1 :]))
            for one in histories
        ]
        standing = model.go_on(within, month, standing, is_closed=False)
        assert shown(standing) == expected(
            [History(one.customer, one.rule, one.metrics[: month + 1]) for one in within], is_closed=False
        )
        standing = model.go_on(histories, month, standing)
    assert sorted(standing, key=str) == sorted(model.fold(histories), key=str)


@rounds(trying, max_examples=20)
@given(histories=banks(months=10, customers=12), late=st.data())
def test_late_data_of_a_closed_month_replays_the_customer_alone(model, histories, late):
    standing = model.fold(histories)
    changed, names = [], []
    for one in histories:
        month, other, is_known = late.draw(st.integers(0, 8)), late.draw(rank), late.draw(st.booleans())
        metrics = (*one.metrics[:month], other, *one.metrics[month + 1 :])
        changed.append(History(one.customer, one.rule, metrics))
        if is_known:
            names.append(one.customer)
    after = shown(model.go_on(changed, 9, standing, names))
    former = {
        one.customer: new if one.customer in names else one
        for one, new in zip(histories, changed, strict=True)
    }
    assert after == expected(list(former.values()))


@pytest.mark.parametrize(
    ("rule", "metrics", "held"),
    [
        # bohai: up in the month after; three months below, and in the fourth to the level of the third
        (BOHAI, (1, 2, 2), "1 1 2"),
        (BOHAI, (2, 1, 1, 1, 1), "2 2 2 2 1"),
        (BOHAI, (2, 1, 1, 2, 1, 1, 1, 2), "2 2 2 2 2 2 2 1"),
        # a private tier waits six months, and falls in the seventh to the level of the sixth
        (BOHAI, (4, 1, 1, 1, 1, 1, 2, 1), "4 4 4 4 4 4 4 2"),
        (BOHAI, (4, 1, 1, 1, 1, 1, 4, 1), "4 4 4 4 4 4 4 4"),
        # ccb: up at the month's end; three months below, then watch until met again or three months on
        (CCB, (1, 3), "1 3"),
        (CCB, (2, 1, 1, 1, 1), "2 2 2 2 2w"),
        (CCB, (2, 1, 1, 1, 2, 1), "2 2 2 2 2 2"),
        (CCB, (2, 1, 1, 1, 1, 3, 3), "2 2 2 2 2w 3 3"),
        # in the seventh month to the best level of the six, and anew from there
        (CCB, (4, 1, 3, 1, 1, 2, 1, 1), "4 4 4 4 4w 4w 4w 3"),
        # a tier that is lost and won back in one month has been interrupted
        (CCB, (2, 1, 1, 1, 1, 1, 1, 2), "2 2 2 2 2w 2w 2w 2"),
        (CCB, (4, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1), "4 4 4 4 4w 4w 4w 3 3 3 3w"),
    ],
)
def test_each_sentence_of_the_rules(model, rule, metrics, held):
    history = [History("one", rule, metrics)]
    found = shown(model.fold(history))
    texts = [f"{one.rank}{'w' if one.state == 'watch' else ''}" for one in found.values()]
    assert " ".join(texts) == held
    assert found == expected(history)


def test_whoever_comes_later_begins_with_his_first_month(model):
    """A newcomer stands beside those who go on; he has what the metric of his first month says."""
    old = History("old", CCB, (2, 1, 1))
    standing = model.go_on([old], 0, [])
    standing = model.go_on([old], 1, standing)
    rows = shown(model.go_on([old, History("new", CCB, (3, 3, 3))], 2, standing))
    assert rows["old", 2] == Held(2, "current", 0)
    assert rows["new", 2] == Held(3, "current", 2)
