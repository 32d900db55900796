"""How the demo bank's customers behave: wealth, rhythm, the ways of leaving and their true hazards."""

from datetime import date
from hashlib import sha256

import numpy as np
import pytest

from pipelines.demo_bank import ledger as book
from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.hazards import (
    ATTRITION,
    DORMANCY,
    EVENTS,
    EXIT,
    INACTIVE_DAYS,
    MILLION,
    Signs,
    hazards_of,
)
from pipelines.demo_bank.people import COMPANY, INSTITUTION, PERSON, SOLE
from pipelines.demo_bank.records import PREFERRED_CHANNELS, VIDEO
from pipelines.demo_bank.seasons import is_quarter_end, salary_factor, spending_factor
from pipelines.demo_bank.simulation import Simulation
from pipelines.demo_bank.world import KINDS, World

YEAR = Calendar(date(2024, 11, 1), date(2025, 11, 30))
CUSTOMERS = 700


class Year:
    """A bank that lives for thirteen months, watched by the day."""

    def __init__(self) -> None:
        self.bank = bank = Simulation(World(), 5, CUSTOMERS, YEAR)
        self.own_days: list[np.ndarray] = []  # persons who did something themselves, by day
        self.assets: list[np.ndarray] = []
        self.deposits: list[int] = []
        self.months, self.sizes = [], []
        self.transactions = 0
        self.kinds: set[int] = set()
        for day in range(YEAR.days):
            bank.run_day(day)
            postings = bank.scene.ledger.take_postings()
            # Topics are asked for their day's rows, so that nothing piles up.
            frames = bank.cards.tables(day) | bank.loans.tables(day) | bank.contracts.tables(day)
            names = ("cards.card_transactions", "loans.repayments", "wealth.orders")
            self.transactions += len(postings.account) + sum(
                len(next(iter(frames[name].values()))) for name in names
            )
            self.kinds |= set(np.unique(postings.kind).tolist())
            bank.scene.ledger.take_changed()
            self.own_days.append(np.flatnonzero(bank.scene.life.last_active == day))
            self.assets.append(bank.assets(day))
            self.deposits.append(int(bank.deposits.held(day).sum()))
            if bank.month:
                self.months.append(bank.month)
            if day in (60, YEAR.days - 1):
                self.sizes.append(
                    sum(size_of(topic) for topic in (bank.deposits, bank.cards, bank.scene.ledger))
                )


def size_of(topic: object) -> int:
    return sum(value.nbytes for value in vars(topic).values() if isinstance(value, np.ndarray))


@pytest.fixture(scope="module")
def year():
    return Year()


def events_of(year, kind):
    """(person, month-end, day of the event) of the events that lie within the year."""
    for month in year.months:
        for place in np.flatnonzero((month.event == kind) & (month.event_day < YEAR.days)):
            yield int(month.person[place]), month.day, int(month.event_day[place])


def test_the_richest_two_per_cent_hold_four_fifths():
    bank = Simulation(World(), 20251101, 2000, Calendar(date(2025, 9, 1), date(2025, 10, 31)))
    for day in range(61):
        bank.run_day(day)
        if day in (0, 60):
            assets = np.sort(np.maximum(bank.assets(day), 0))
            richest = assets[-round(bank.people.count * 0.02) :].sum()
            assert 0.75 < richest / assets.sum() < 0.85
    kinds = set(bank.people.kind.tolist())
    assert kinds == {PERSON, COMPANY, INSTITUTION, SOLE}
    assert len(set(bank.people.identity.tolist())) == bank.people.count


def test_everybody_has_eight_transactions_a_month_or_more(year):
    assert year.transactions / CUSTOMERS / (YEAR.days / 30.44) >= 8


def test_every_kind_of_posting_occurs(year):
    assert year.kinds == set(range(len(book.KINDS)))


def test_deposits_swell_at_the_end_of_a_quarter_and_shrink_again(year):
    ends = [day for day in range(10, YEAR.days - 10) if is_quarter_end(YEAR.date_of(day))]
    assert len(ends) == 4
    for end in ends:
        before, after = year.deposits[end - 4], year.deposits[end + 4]
        assert year.deposits[end] > 1.03 * before
        assert year.deposits[end] > 1.03 * after


def test_the_year_has_its_seasons():
    plain = spending_factor(date(2025, 10, 14), 0.75)
    assert plain == 1.0
    assert spending_factor(date(2025, 11, 11), 0.75) > 2
    assert spending_factor(date(2025, 1, 20), 0.75) > 1
    assert spending_factor(date(2025, 1, 30), 0.75) < 1
    assert salary_factor(date(2025, 1, 15)) > salary_factor(date(2025, 3, 15)) == 1.0


def test_memory_does_not_grow_with_days(year):
    early, late = year.sizes
    assert late < 1.5 * early


def test_attrition_takes_half_or_more_within_three_months(year):
    ratios = []
    for person, day, _ in events_of(year, ATTRITION):
        later = day + 91
        if later < YEAR.days and year.assets[day][person] > 500_000:
            ratios.append(year.assets[later][person] / year.assets[day][person])
    assert len(ratios) >= 10
    assert np.mean(np.array(ratios) <= 0.5) >= 0.95


def test_the_dormant_do_nothing_themselves_for_180_days(year):
    found = list(events_of(year, DORMANCY))
    assert len(found) >= 10
    for person, _, start in found:
        assert not any(person in year.own_days[day] for day in range(start, min(start + 180, YEAR.days)))


def test_who_exits_has_closed_everything(year):
    bank, found = year.bank, list(events_of(year, EXIT))
    assert len(found) >= 10
    for person, _, day in found:
        is_one = np.arange(bank.people.count) == person
        assert not len(bank.scene.ledger.of_owners(is_one))
        assert bank.scene.ledger.closed[bank.scene.current[person]] == day
        assert year.assets[day][person] == 0
        cards = np.flatnonzero(bank.cards.person == person)
        assert (bank.cards.owed[cards] == 0).all()


def test_events_are_as_many_as_the_hazards_say(year):
    for kind, _ in enumerate(EVENTS):
        hazards = np.concatenate([month.hazards[:, kind] for month in year.months]) / MILLION
        happened = sum((month.event == kind).sum() for month in year.months)
        error = np.sqrt((hazards * (1 - hazards)).sum())
        assert abs(happened - hazards.sum()) < 4 * error
    share = np.concatenate([month.event >= 0 for month in year.months]).mean()
    assert 0.010 < share < 0.035


def test_every_right_to_an_account_ends_with_it():
    """Also that of a joint holder who has left the bank before."""
    world = World(
        kind="rule", joint_share=1.0, quiet_spells_per_month=2.0, second_account_closing_per_day=0.02
    )
    bank = Simulation(world, 5, CUSTOMERS, Calendar(date(2025, 9, 1), date(2025, 12, 31)))
    closed, rights = {}, {}
    for day in range(bank.calendar.days):
        bank.run_day(day)
        frames = bank.watchers[0].tables(day)
        accounts, holders = frames["core.accounts"], frames["core.account_holders"]
        closed |= dict(zip(accounts["account_no"].to_pylist(), accounts["closed_date"].tolist(), strict=True))
        names = [holders[name].to_pylist() for name in ("account_no", "customer_no", "role")]
        rights |= dict(zip(zip(*names, strict=True), holders["until_date"].tolist(), strict=True))
    assert {role for (_, _, role), end in rights.items() if end >= 0} == {"OWNER", "JOINT", "AUTHORISED"}
    assert all(end == closed[account] for (account, _, _), end in rights.items())


def auc(score: np.ndarray, happened: np.ndarray) -> float:
    order = np.argsort(np.argsort(score, kind="stable")) + 1
    count = happened.sum()
    return (order[happened].sum() - count * (count + 1) / 2) / (count * (~happened).sum())


def test_what_happens_to_people_foretells_their_leaving(year):
    hazard = np.concatenate([month.hazards.sum(axis=1) for month in year.months])
    happened = np.concatenate([month.event >= 0 for month in year.months])
    assert auc(hazard, happened) > 0.7


def signs(**given: bool) -> Signs:
    names = [name for name in Signs.__dataclass_fields__ if name != "inactive_days"]
    inactive = np.array([given.pop("inactive_days", 0)])
    return Signs(**{name: np.array([given.get(name, False)]) for name in names}, inactive_days=inactive)


@pytest.mark.parametrize("kind", KINDS)
def test_worlds_differ_in_what_counts(kind):
    def total(half: bool = False, **given: bool) -> int:
        return int(hazards_of(World(kind=kind), signs(**given), half).sum())

    calm, upset = total(), total(complained=True)
    assert (upset > 5 * calm) == (kind in ("drivers", "leak", "drift"))
    assert (total(inactive_days=INACTIVE_DAYS) > 20 * calm) == (kind == "rule")
    both, rich = total(complained=True, is_affluent=True), total(is_affluent=True)
    assert (both > 1.5 * upset and rich == calm) == (kind in ("drivers", "leak", "drift"))
    late, late_upset = total(True), total(True, complained=True)
    assert (late_upset > 5 * late) == (kind in ("drivers", "leak"))
    assert (total(True, is_young=True) > 2 * late) == (kind == "drift")


def lived(kind: str) -> tuple[Simulation, str, list]:
    """A small bank of a world, the hash of its people, hazards and flows, and its month-ends."""
    calendar = Calendar(date(2025, 9, 1), date(2025, 11, 2))
    bank, found, months = Simulation(World(kind=kind), 11, 200, calendar), sha256(), []
    people = bank.people
    for part in (people.kind, people.joined, people.born.astype(np.int64), people.region, people.phone):
        found.update(np.ascontiguousarray(part, dtype=np.int64).tobytes())
    found.update("".join(people.identity.tolist()).encode())
    for day in range(calendar.days):
        bank.run_day(day)
        postings = bank.scene.ledger.take_postings()
        for part in (postings.account, postings.cents, postings.kind, postings.channel, postings.bank):
            found.update(np.ascontiguousarray(part, dtype=np.int64).tobytes())
        for topic, name in ((bank.cards, "owed"), (bank.loans, "outstanding"), (bank.contracts, "quantity")):
            found.update(getattr(topic, name).tobytes())
        if bank.month:
            months.append(bank.month)
            found.update(
                bank.month.person.tobytes() + bank.month.hazards.tobytes() + bank.month.event.tobytes()
            )
    return bank, found.hexdigest()[:16], months


FROZEN = {
    "drivers": "f9d7661a6745acf5",
    "null": "adb4a664e53b4943",
    "rule": "1304eb95066069ef",
    "leak": "f9d7661a6745acf5",
    "drift": "38ead42216dfe16b",
}


@pytest.mark.parametrize("kind", KINDS)
def test_worlds_are_frozen(kind):
    """Customers, hazards and flows of a world stay as they are; a new table draws from streams of its own.

    Whoever changes the world on purpose writes the new hash here, and has all that was measured in it anew.
    """
    bank, found, months = lived(kind)
    hazards = np.concatenate([month.hazards.sum(axis=1) for month in months])
    assert (len(np.unique(hazards)) == 1) == (kind == "null")
    leaked = bank.records["crm"].leaked
    assert (leaked is not None) == (kind == "leak")
    assert found == FROZEN[kind]


def test_the_leak_is_a_delivered_column_that_knows_the_future():
    bank, _, months = lived("leak")
    clients = bank.records["crm"]
    frame = clients._crm_frame(np.arange(clients.count), 62)
    prefers_visit = np.array(
        [one == PREFERRED_CHANNELS[VIDEO] for one in frame["preferred_channel"].to_pylist()]
    )
    leaving = np.zeros(bank.people.count, dtype=bool)
    for month in months:
        leaving[month.person[month.event >= 0]] = True
    assert leaving.any()
    firsts = clients.main[np.flatnonzero(leaving)]
    assert set(np.flatnonzero(prefers_visit).tolist()) == set(firsts[firsts >= 0].tolist())


def test_in_the_world_of_the_rule_inactivity_comes_before_every_likely_event():
    bank, _, months = lived("rule")
    last = months[-1]
    likely = last.person[last.hazards.sum(axis=1) > MILLION // 10]
    assert len(likely) >= 3
    done = bank.scene.life.last_active[likely]
    assert ((done <= last.day - INACTIVE_DAYS) | (done > last.day)).all()
