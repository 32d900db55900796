"""What happens to people, and how they leave: drawn from true hazards that are never delivered."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from pipelines.demo_bank.calendar import Calendar
from pipelines.demo_bank.habits import DIGITAL_STYLE, Habits
from pipelines.demo_bank.hazards import ATTRITION, DORMANCY, EXIT, MILLION, Signs, hazards_of
from pipelines.demo_bank.market import Market
from pipelines.demo_bank.people import INSTITUTION, People
from pipelines.demo_bank.streams import Streams, cents
from pipelines.demo_bank.world import NEVER, World

NONE = np.zeros(0, dtype=np.int64)
RECENT_DAYS = 91
YOUNG_DAYS = 730
SQUEEZE_BASIS_POINTS = 30
AFFLUENT_CENTS = 20_000_000
# Money that came for the end of a quarter has gone by then.
_SETTLED_DAYS = 4
LIGHT_MONTHS = 6  # who holds less than so many incomes moves the income along


@dataclass(frozen=True)
class HazardMonth:
    """The truth of one month-end: rows of the people at risk; `event` -1 = none, `event_day` NEVER = none."""

    day: int
    person: np.ndarray
    hazards: np.ndarray  # (rows, 3), millionths
    event: np.ndarray
    event_day: np.ndarray


class Life:
    """Arrays of length n over people, days counted from the first date.

    Topics ask who is awake (`pace`), what happened today (`complaints_on` and others) and report who did
    something himself (`touch`).
    """

    def __init__(
        self,
        world: World,
        streams: Streams,
        calendar: Calendar,
        people: People,
        habits: Habits,
        market: Market,
    ) -> None:
        self.world, self.streams, self.calendar = world, streams, calendar
        self.people, self.habits, self.market = people, habits, market
        count, chance = people.count, streams.of("life")
        self.restless = chance.random(count) < world.restless_share
        self.salary_until = habits.salary_until.copy()
        self.last_complaint = np.full(count, -NEVER)
        self.last_active = np.where(people.joined > 0, people.joined, -chance.integers(0, 8, count))
        self.elsewhere = np.where(habits.elsewhere > 0, cents(habits.elsewhere, 10_000), 0)  # cents, latent
        self.kept = np.zeros(count, dtype=np.int64)  # cents that stay here while someone carries money off
        self.busy_until = np.full(count, -NEVER)
        self.asleep_from, self.asleep_until = np.full(count, NEVER), np.full(count, -NEVER)
        self.leaving_from, self.gone_on = np.full(count, NEVER), np.full(count, NEVER)
        self.quiet_from, self.quiet_until = np.full(count, NEVER), np.full(count, -NEVER)
        self._complaints: dict[int, np.ndarray] = {}
        self._sweeps: dict[int, list[np.ndarray]] = defaultdict(list)
        self._flagged: dict[int, np.ndarray] = {}
        self._paced = (-1, NONE)
        self._fall_asleep_before_the_first_date()

    def begin(self, day: int) -> None:
        """Draw what the month brings, on its first day (and on day 0)."""
        if day == 0 or self.calendar.date_of(day).day == 1:
            self._complaints = self._draw_complaints(day)
            if self.world.kind == "rule":
                self._draw_quiet_spells(day)

    # ── what topics ask ─────────────────────────────────────────────────────────────────────────────────────

    def complaints_on(self, day: int) -> np.ndarray:
        """Who complains on a day of the running month; these complaints drive hazards."""
        return self._complaints.get(day, NONE)

    def sweeps_on(self, day: int) -> np.ndarray:
        """Who carries away on this day whatever is above `kept`; the first of these days begins attrition."""
        return np.concatenate(self._sweeps.get(day, [NONE]))

    def leaving_on(self, day: int) -> np.ndarray:
        """Who begins to wind everything up on a day."""
        return np.flatnonzero(self.leaving_from == day)

    def exits_on(self, day: int) -> np.ndarray:
        """Who closes everything on a day."""
        return np.flatnonzero(self.gone_on == day)

    def flagged_on(self, day: int) -> np.ndarray:
        """In the world `leak` alone: who will leave within a month, known on the month-end before."""
        return self._flagged.get(day, NONE)

    def is_gone(self, day: int) -> np.ndarray:
        """Mask of those who have closed everything before the end of a day."""
        return self.gone_on <= day

    def is_bound(self, day: int) -> np.ndarray:
        """Mask of those who are on the way out or asleep, and sign nothing new."""
        return (self.busy_until > day) | (self.leaving_from <= day)

    def pace(self, day: int) -> np.ndarray:
        """How lively everybody is on a day: 1, less while leaving, 0 asleep, gone or not yet here."""
        if self._paced[0] != day:
            pace = np.where(self.leaving_from <= day, self.world.exit_pace, 1.0)
            asleep = (self.asleep_from <= day) & (day < self.asleep_until)
            quiet = (self.quiet_from <= day) & (day < self.quiet_until)
            pace[asleep | quiet | (self.gone_on <= day) | (self.people.joined > day)] = 0
            self._paced = (day, pace)
        return self._paced[1]

    def touch(self, persons: np.ndarray, day: int) -> None:
        """Say who did something himself on a day."""
        self.last_active[persons] = day

    # ── month-ends ──────────────────────────────────────────────────────────────────────────────────────────

    def turn_month(
        self, day: int, assets: np.ndarray, terms: np.ndarray, has_account: np.ndarray
    ) -> HazardMonth:
        """Draw who leaves in the month after month-end `day`, from the hazards of those at risk.

        `assets` and `terms` are cents of yuan by person (all assets, term deposits among them);
        `has_account` says who has an open deposit account.
        """
        at_risk = has_account & (self.people.kind != INSTITUTION) & (self.busy_until <= day)
        person = np.flatnonzero(at_risk & (self.gone_on == NEVER))
        signs = self._signs(person, day, assets, terms)
        hazards = hazards_of(self.world, signs, day >= self.calendar.days // 2)
        chance = self.streams.of("events", day)
        draw = chance.integers(0, MILLION, len(person))
        event = (draw[:, None] >= np.cumsum(hazards, axis=1)).sum(axis=1)
        event = np.where(event == hazards.shape[1], -1, event)
        start = day + _SETTLED_DAYS + chance.integers(0, 24, len(person))
        winding = chance.integers(5, 18, len(person))
        leaves = day + 1 + chance.integers(0, 9, len(person))
        event_day = np.where(event == EXIT, leaves + winding, np.where(event < 0, NEVER, start))
        share = chance.uniform(*self.world.attrition_share, len(person))
        moves_income = chance.random(len(person)) < 0.5
        sleep = chance.integers(*self.world.sleep_days, len(person))
        for kind, act in ((ATTRITION, self._attrite), (DORMANCY, self._fall_asleep), (EXIT, self._leave)):
            mine = event == kind
            extra = (share, moves_income, assets[person]) if kind == ATTRITION else ()
            if kind == DORMANCY:
                extra = (sleep, moves_income)
            if kind == EXIT:
                extra = (leaves,)
            act(person[mine], event_day[mine], *(part[mine] for part in extra))
        self._flagged = {day: person[event >= 0]} if self.world.kind == "leak" else {}
        return HazardMonth(day, person, hazards, event, event_day)

    def _signs(self, person: np.ndarray, day: int, assets: np.ndarray, terms: np.ndarray) -> Signs:
        def is_recent(days: np.ndarray) -> np.ndarray:
            return (days > day - RECENT_DAYS) & (days <= day)

        holds_terms = terms[person] * 4 >= assets[person]
        return Signs(
            complained=is_recent(self.last_complaint[person]),
            salary_moved=is_recent(self.salary_until[person]),
            relocated=is_recent(self.people.relocated[person]),
            squeezed=holds_terms & (assets[person] > 0) & (self.market.gap(day) >= SQUEEZE_BASIS_POINTS),
            is_affluent=assets[person] >= AFFLUENT_CENTS,
            restless=self.restless[person],
            is_young=self.people.joined[person] > day - YOUNG_DAYS,
            is_digital=self.habits.style[person] == DIGITAL_STYLE,
            inactive_days=day - self.last_active[person],
        )

    def _attrite(
        self,
        persons: np.ndarray,
        days: np.ndarray,
        share: np.ndarray,
        moves_income: np.ndarray,
        assets: np.ndarray,
    ) -> None:
        self.kept[persons] = np.maximum(assets * (1 - share), 0).astype(np.int64)
        self.busy_until[persons] = days + self.world.recovery_days
        light = assets < self.habits.income[persons] * 100 * LIGHT_MONTHS
        self._stop_salary(persons[light | moves_income], days[light | moves_income])
        for after in self.world.attrition_sweeps:
            for day in np.unique(days):
                self._sweeps[int(day) + after].append(persons[days == day])

    def _fall_asleep(
        self, persons: np.ndarray, days: np.ndarray, sleep: np.ndarray, moves_income: np.ndarray
    ) -> None:
        self.asleep_from[persons], self.asleep_until[persons] = days, days + sleep
        self.busy_until[persons] = days + sleep + RECENT_DAYS
        self._stop_salary(persons[moves_income], days[moves_income])

    def _leave(self, persons: np.ndarray, days: np.ndarray, leaves: np.ndarray) -> None:
        self.leaving_from[persons], self.gone_on[persons] = leaves, days
        self.busy_until[persons] = NEVER
        self._stop_salary(persons, leaves)

    def _stop_salary(self, persons: np.ndarray, days: np.ndarray) -> None:
        """The income goes elsewhere, unless it has gone already."""
        self.salary_until[persons] = np.minimum(self.salary_until[persons], days)

    # ── what is drawn by the month ──────────────────────────────────────────────────────────────────────────

    def _fall_asleep_before_the_first_date(self) -> None:
        chance, count = self.streams.of("first sleepers"), self.people.count
        sleeps = (chance.random(count) < self.world.asleep_at_first_share) & (
            self.people.joined < -RECENT_DAYS
        )
        for_long = chance.integers(30, 600, count)
        since = chance.integers(1, 300, count)
        self.asleep_from[sleeps], self.asleep_until[sleeps] = -NEVER, for_long[sleeps]
        self.busy_until[sleeps] = for_long[sleeps] + RECENT_DAYS
        self.last_active[sleeps] = -since[sleeps]

    def _draw_complaints(self, day: int) -> dict[int, np.ndarray]:
        chance, length = self.streams.of("complaints", day), self._days_left(day)
        share = self.world.complaints_per_month * length / 30.44
        drawn = np.flatnonzero(chance.random(self.people.count) < share)
        when = day + chance.integers(0, length, len(drawn))
        here = (self.habits.core_day[drawn] <= when) & (self.gone_on[drawn] > when)
        drawn, when = drawn[here], when[here]
        self.last_complaint[drawn] = when  # of this month, so never asked about before the day
        return {int(one): drawn[when == one] for one in np.unique(when)}

    def _draw_quiet_spells(self, day: int) -> None:
        chance, count = self.streams.of("quiet spells", day), self.people.count
        drawn = (chance.random(count) < self.world.quiet_spells_per_month) & (self.quiet_until < day)
        start = day + chance.integers(0, 28, count)
        length = chance.integers(*self.world.quiet_days, count)
        self.quiet_from[drawn], self.quiet_until[drawn] = start[drawn], (start + length)[drawn]

    def _days_left(self, day: int) -> int:
        end = day
        while not self.calendar.is_month_end(end):
            end += 1
        return end - day + 1
