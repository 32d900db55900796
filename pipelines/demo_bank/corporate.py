"""Companies and institutions: who they are, their yearly statements, credit lines, groups and agreements."""

from typing import Any

import numpy as np

from pipelines.demo_bank import names
from pipelines.demo_bank.agenda import Agenda, Rows
from pipelines.demo_bank.people import COMPANY
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.texts import chosen, column, numbered, put
from pipelines.demo_bank.world import NEVER
from pipelines.demo_bank.writing import Frame

STATUSES = ("APPROVED", "LIVE", "CLOSED")
APPROVED, LIVE, CLOSED = range(3)
AGREEMENTS = ("STRATEGIC", "EXCLUSIVE")
_MEDIAN_ASSETS, _ASSETS_SPREAD = 4e7, 2.3
_STATE_OWNED_SHARE, _LISTED_SHARE, _LINE_SHARE, _AGREEMENT_SHARE = 0.12, 0.03, 0.25, 0.08
_COMPANIES_PER_GROUP, _MEMBER_SHARE = 40, 0.3
_STATEMENT_SHARE, _FIRST_DAY, _LAST_DAY = 0.94, 75, 140  # statements come from mid-March to mid-May
_NO_CAPITAL_SHARE = 0.04


class Corporate:
    """All tables of the source `corporate`.

    A company is a record there; one with two ids tells its statements under both.
    """

    def __init__(self, scene: Scene, records: dict[str, Records]) -> None:
        self.scene, self.records = scene, records["corporate"]
        chance, count = scene.streams.of("companies"), self.records.count
        person = self.records.person
        self.is_company = scene.people.kind[person] == COMPANY
        self.assets = self._sizes(person)
        self.is_state_owned = (chance.random(count) < _STATE_OWNED_SHARE) & self.is_company
        listed = chance.random(count) < np.where(self.assets > 1e9, 0.3, _LISTED_SHARE)
        self.is_listed = listed & self.is_company & (self.assets > 1e8)
        self.capital = np.rint(self.assets * chance.uniform(0.1, 0.4, count) / 1e5).astype(np.int64) * 10**7
        self.capital = np.where(
            ~self.is_company | (chance.random(count) < _NO_CAPITAL_SHARE), -1, self.capital
        )
        self.founded = np.minimum(self.records.since, 0) - chance.integers(60, 9000, count)
        self.margin = chance.normal(0.05, 0.06, count)
        self.leverage = np.clip(chance.normal(0.55, 0.18, count), 0.05, 1.15)
        self._statements, self._lines = Agenda(), Agenda()
        self._groups, self._members, self._agreements = Agenda(), Agenda(), Agenda()
        self._plan_statements()
        self._plan_lines()
        self._plan_groups()
        self._plan_agreements()

    def start(self) -> None:
        """Nothing but what is planned for day 0."""

    def step(self, day: int) -> None:
        """Whoever has left will not come later."""
        self.records.register.forget_plans(self.scene.life.exits_on(day), day)

    def tables(self, day: int) -> dict[str, Frame]:
        """The day's rows by `corporate.table`."""
        found = {"corporate.companies": self._companies(day)}
        agendas = {
            "annual_statements": (self._statements, self._statement_frame),
            "credit_lines": (self._lines, self._line_frame),
            "groups": (self._groups, self._group_frame),
            "group_members": (self._members, self._member_frame),
            "agreements": (self._agreements, self._agreement_frame),
        }
        for name, (agenda, frame_of) in agendas.items():
            rows = agenda.take(day)
            if rows is not None:
                here = self.records.is_there(rows["company"], day)
                found[f"corporate.{name}"] = frame_of({key: values[here] for key, values in rows.items()})
        return found

    def _sizes(self, person: np.ndarray) -> np.ndarray:
        """Total assets in yuan, in even steps through the distribution; who has more money here is larger."""
        unique, place = np.unique(person, return_inverse=True)
        wealth = self.scene.habits.wealth[unique]
        rank = np.empty(len(unique))
        rank[np.argsort(wealth, kind="stable")] = (np.arange(len(unique)) + 0.5) / max(len(unique), 1)
        rank = np.clip(rank, 1e-6, 1 - 1e-6)
        score = (rank**0.135 - (1 - rank) ** 0.135) / 0.1975
        return (_MEDIAN_ASSETS * np.exp(_ASSETS_SPREAD * score))[place]

    def _companies(self, day: int) -> dict[str, Any]:
        records, people = self.records, self.scene.people
        due = records.due(day)
        person = records.person[due]
        is_company = self.is_company[due]
        body, rank = names.institution_kinds(people.given[person])
        kinds = chosen(names.INSTITUTION_TYPES, np.where(is_company, -1, body))
        ranks = chosen(names.RANKS, np.where(is_company, -1, rank))
        industry = np.where(is_company, names.industry_of_companies(people.given[person]), -1)
        legal = people.legal[person]
        whom = np.maximum(legal, 0)
        return {
            **records.head(due, day, "company_no"),
            "kind": column(np.where(is_company, "COMPANY", "INSTITUTION")),
            "institution_type": column(kinds),
            "institution_rank": column(ranks),
            "industry": column(chosen(names.INDUSTRIES, industry)),
            "is_state_owned": column(np.where(self.is_state_owned[due], "Y", "N")),
            "is_listed": column(np.where(self.is_listed[due], "Y", "N")),
            "registered_capital": np.ma.masked_array(self.capital[due], mask=self.capital[due] < 0),
            "founded_date": self.founded[due],
            "legal_representative_name": column(put(records.facts.names(whom), legal < 0, "")),
            "legal_representative_number": column(put(people.identity[whom], legal < 0, "")),
            "phone": column(records.phones_on(due, day)),
            **records.tail(due),
        }

    def _plan_statements(self) -> None:
        """One a year in spring for the year before; who is known on day 0 brings the last one."""
        calendar, since = self.scene.calendar, self.records.since
        for year in range(calendar.first.year - 1, calendar.date_of(calendar.days - 1).year):
            chance = self.scene.streams.of(f"statements {year}")
            new_year = calendar.day_of(calendar.first.replace(year=year + 1, month=1, day=1))
            signed = new_year + chance.integers(_FIRST_DAY, _LAST_DAY, self.records.count)
            brings = self.is_company & (chance.random(self.records.count) < _STATEMENT_SHARE)
            due = np.maximum(np.maximum(signed, since), 0)
            brings &= (self.founded < new_year) & (due < calendar.days)
            who = np.flatnonzero(brings)
            # Who comes later than a year after brings the next one instead.
            who = who[(due[who] < new_year + 365 + _FIRST_DAY) | (due[who] == 0)]
            growth = chance.lognormal(0.04, 0.12, self.records.count)[who] ** (year - calendar.first.year + 2)
            noise = chance.normal(0, 0.02, (2, self.records.count))[:, who]
            assets = self.assets[who] * growth
            revenue = assets * np.exp(self.leverage[who])
            profit = revenue * (self.margin[who] + noise[0])
            self._statements.add(
                due[who],
                {
                    "company": who,
                    "year": np.full(len(who), year),
                    "date": signed[who],
                    "assets": _cents(assets),
                    "liabilities": _cents(assets * self.leverage[who]),
                    "revenue": _cents(revenue),
                    "profit": _cents(profit),
                    "cash": _cents(profit + assets * noise[1]),
                },
            )

    def _statement_frame(self, rows: Rows) -> dict[str, Any]:
        return {
            "company_no": column(self.records.numbers_of(rows["company"])),
            "fiscal_year": rows["year"],
            "statement_date": rows["date"],
            "total_assets": rows["assets"],
            "total_liabilities": rows["liabilities"],
            "revenue": rows["revenue"],
            "profit": rows["profit"],
            "operating_cash_flow": rows["cash"],
        }

    def _plan_lines(self) -> None:
        """Approved, used more or less from month to month, closed when they end."""
        calendar, chance = self.scene.calendar, self.scene.streams.of("credit lines")
        borrows = self.scene.registers["loans"].since[self.records.person] < NEVER
        wanted = self.is_company & (borrows | (chance.random(self.records.count) < _LINE_SHARE))
        who = np.flatnonzero(wanted)
        lasts = chance.integers(1, 4, len(who)) * 365
        begins = np.maximum(self.records.since[who], -chance.integers(0, 365, len(who)))
        begins = np.where(self.records.since[who] > 0, begins + chance.integers(0, 60, len(who)), begins)
        ends = begins + lasts
        amount = _cents(np.maximum(self.assets[who] * chance.uniform(0.03, 0.2, len(who)), 1e5), 10**7)
        number = np.arange(len(who))
        used = chance.uniform(0, 1, len(who))
        is_live = chance.random(len(who)) < 0.8
        told = np.full(len(who), -1)  # what was last delivered as used
        for day in sorted({0, *self._months(), *np.unique(begins).tolist()}):
            if not 0 <= day < calendar.days:
                continue
            fresh = np.maximum(begins, 0) == day
            is_month = day in self._months()
            monthly = is_month & (begins < day) & (ends > day) & (chance.random(len(who)) < 0.3)
            used = np.where(monthly, np.clip(used + chance.normal(0, 0.2, len(who)), 0, 1), used)
            is_live |= monthly
            now = np.where(is_live, _round(amount * used), 0)
            mine = fresh | (monthly & (now != told))
            told = np.where(mine, now, told)
            self._lines.add(
                np.full(int(mine.sum()), day),
                {
                    "no": number[mine],
                    "company": who[mine],
                    "amount": amount[mine],
                    "used": now[mine],
                    "status": np.where(is_live, LIVE, APPROVED)[mine],
                    "from": begins[mine],
                    "until": ends[mine],
                },
            )
        over = (ends > 0) & (ends < calendar.days)
        self._lines.add(
            ends[over],
            {
                "no": number[over],
                "company": who[over],
                "amount": amount[over],
                "used": np.zeros(int(over.sum()), dtype=np.int64),
                "status": np.full(int(over.sum()), CLOSED),
                "from": begins[over],
                "until": ends[over],
            },
        )

    def _months(self) -> set[int]:
        return set(self.scene.calendar.month_starts()) - {0}

    def _line_frame(self, rows: Rows) -> dict[str, Any]:
        return {
            "line_no": column(numbered("X", rows["no"] + 1, 7)),
            "company_no": column(self.records.numbers_of(rows["company"])),
            "approved_amount": rows["amount"],
            "used_amount": rows["used"],
            "status": column(chosen(STATUSES, rows["status"])),
            "from_date": rows["from"],
            "until_date": rows["until"],
        }

    def _plan_groups(self) -> None:
        """A head with some others; a few members leave their group again."""
        chance = self.scene.streams.of("groups")
        there = np.flatnonzero(self.is_company & (self.records.since <= 0))
        heads = there[np.argsort(-self.assets[there], kind="stable")][
            : -(-len(there) // _COMPANIES_PER_GROUP)
        ]
        if not len(heads):
            return
        number = np.arange(len(heads))
        self._groups.add(np.zeros(len(heads), dtype=np.int64), {"no": number, "company": heads})
        others = np.setdiff1d(np.flatnonzero(self.is_company), heads)
        others = others[chance.random(len(others)) < _MEMBER_SHARE]
        company = np.r_[heads, others]
        group = np.r_[number, chance.integers(0, len(heads), len(others))]
        begins = np.maximum(self.records.since[company], -chance.integers(100, 2000, len(company)))
        rows = {"no": group, "company": company, "from": begins, "until": np.full(len(company), NEVER)}
        self._members.add(np.maximum(begins, 0), rows)
        ends = chance.integers(30, 2000, len(company)) + np.maximum(begins, 0)
        leaves = (np.arange(len(company)) >= len(heads)) & (chance.random(len(company)) < 0.2)
        leaves &= ends < self.scene.calendar.days
        later = {name: values[leaves] for name, values in rows.items()}
        later["until"] = ends[leaves]
        self._members.add(ends[leaves], later)

    def _group_frame(self, rows: Rows) -> dict[str, Any]:
        place = names.company_names(
            self.scene.people.region[self.records.person[rows["company"]]],
            self.scene.people.given[self.records.person[rows["company"]]],
        )
        short = np.char.replace(place, "有限公司", "集团") if len(place) else place
        return {
            "group_no": column(numbered("N", rows["no"] + 1, 5)),
            "group_name": column(short),
            "head_company_no": column(self.records.numbers_of(rows["company"])),
        }

    def _member_frame(self, rows: Rows) -> dict[str, Any]:
        return {
            "group_no": column(numbered("N", rows["no"] + 1, 5)),
            "company_no": column(self.records.numbers_of(rows["company"])),
            "from_date": rows["from"],
            "until_date": rows["until"],
        }

    def _plan_agreements(self) -> None:
        chance = self.scene.streams.of("agreements")
        large = np.where(self.assets > 1e9, 5.0, 1.0) * _AGREEMENT_SHARE
        who = np.flatnonzero(chance.random(self.records.count) < large)
        signed = np.maximum(self.records.since[who], 0) + chance.integers(
            -700, self.scene.calendar.days, len(who)
        )
        signed = np.maximum(signed, self.records.since[who])
        rows = {
            "no": np.arange(len(who)),
            "company": who,
            "kind": (chance.random(len(who)) < 0.4).astype(np.int64),
            "signed": signed,
            "until": np.where(chance.random(len(who)) < 0.3, NEVER, signed + 3 * 365),
        }
        told = signed < self.scene.calendar.days
        self._agreements.add(
            np.maximum(signed[told], 0), {name: values[told] for name, values in rows.items()}
        )

    def _agreement_frame(self, rows: Rows) -> dict[str, Any]:
        return {
            "agreement_no": column(numbered("T", rows["no"] + 1, 6)),
            "company_no": column(self.records.numbers_of(rows["company"])),
            "kind": column(chosen(AGREEMENTS, rows["kind"])),
            "signed_date": rows["signed"],
            "until_date": rows["until"],
        }


def _cents(yuan: np.ndarray, step: int = 100) -> np.ndarray:
    """Yuan as whole cents, rounded to a step."""
    return np.rint(np.asarray(yuan) * 100 / step).astype(np.int64) * step


def _round(cents: np.ndarray) -> np.ndarray:
    return np.rint(cents / 10**6).astype(np.int64) * 10**6
