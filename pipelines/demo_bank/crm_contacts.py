"""Contacts of managers with their clients, privileges used, assets that clients say they have elsewhere."""

from typing import Any

import numpy as np

from pipelines.demo_bank.crm_managers import Managers
from pipelines.demo_bank.ledger import OTHER_BANKS
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import pick
from pipelines.demo_bank.texts import chosen, column, numbered

CHANNELS = ("PHONE", "MESSAGE", "BRANCH", "VISIT", "VIDEO", "EMAIL")
PURPOSES = ("BIRTHDAY", "MATURITY", "SALES", "RETENTION", "FOLLOW_UP", "SERVICE")
RESULTS = ("INTERESTED", "NOT_INTERESTED", "NO_ANSWER", "DONE")
INTERESTED = 0
PRIVILEGES = ("AIRPORT_LOUNGE", "HEALTH_CHECK", "PARKING", "GIFT", "CONCIERGE", "GOLF")
_PRIVILEGE_COSTS = np.array([15_000, 80_000, 3_000, 20_000, 10_000, 60_000])
_CHANNEL_SHARES = (0.45, 0.22, 0.15, 0.08, 0.03, 0.07)
_PURPOSE_SHARES = (0.10, 0.14, 0.30, 0.10, 0.16, 0.20)
_RESULT_SHARES = (0.14, 0.26, 0.24, 0.36)
_CONTACTS_PER_MONTH, _CONTACTS_PER_MONTH_OF_BODIES = 0.35, 2.4
_WORKING_DAYS_PER_MONTH = 21.7
_PRIVILEGED_WEALTH, _USES_PER_DAY = 1_000_000, 0.4 / 30.4
_DECLARED_SHARE = 0.05
_FRIDAY = 4


class Contacts:
    """The day's contacts; `reached` are the client records of today, `interested` those who want more."""

    def __init__(self, scene: Scene, clients: Records, managers: Managers) -> None:
        self.scene, self.clients, self.managers = scene, clients, managers
        person = clients.person
        self._is_body = ~scene.people.is_person[person]
        self._rich = np.flatnonzero((scene.habits.wealth[person] > _PRIVILEGED_WEALTH) & ~self._is_body)
        self._count, self._uses = 0, 0
        self.reached = self.interested = np.zeros(0, dtype=np.int64)

    def step(self, day: int) -> dict[str, Any]:
        """The day's tables by name."""
        found = {"privileges_used": self._use(day)}
        if self.scene.calendar.date_of(day).weekday() <= _FRIDAY:
            found["contacts"] = self._contact(day)
            found["declared_assets"] = self._declare(day)
        else:
            self.reached = self.interested = np.zeros(0, dtype=np.int64)
        return found

    def _contact(self, day: int) -> dict[str, Any]:
        chance = self.scene.chance("contacts of managers", day)
        mine = np.flatnonzero(
            (self.managers.seat_of >= 0) & ~self.scene.life.is_gone(day)[self.clients.person]
        )
        wanted = np.where(self._is_body[mine], _CONTACTS_PER_MONTH_OF_BODIES, _CONTACTS_PER_MONTH)
        who = mine[chance.random(len(mine)) < wanted / _WORKING_DAYS_PER_MONTH]
        who = who[~self.clients.avoids_contact(who)]
        result = pick(chance, _RESULT_SHARES, len(who))
        self.reached, self.interested = who, who[result == INTERESTED]
        self._count += len(who)
        serial = np.arange(self._count - len(who), self._count)
        return {
            "contact_no": column(numbered("K", serial + 1, 9)),
            "client_no": column(self.clients.numbers_of(who)),
            "manager_no": self.managers.manager_nos(self.managers.manager_of(who)),
            "contact_date": np.full(len(who), day),
            "channel": column(chosen(CHANNELS, pick(chance, _CHANNEL_SHARES, len(who)))),
            "purpose": column(chosen(PURPOSES, pick(chance, _PURPOSE_SHARES, len(who)))),
            "result": column(chosen(RESULTS, result)),
        }

    def _use(self, day: int) -> dict[str, Any]:
        chance = self.scene.chance("privileges", day)
        rich = self._rich[self.clients.is_there(self._rich, day)]
        rich = rich[~self.scene.life.is_gone(day)[self.clients.person[rich]]]
        who = rich[chance.random(len(rich)) < _USES_PER_DAY]
        kind = pick(chance, (0.3, 0.1, 0.3, 0.15, 0.1, 0.05), len(who))
        self._uses += len(who)
        serial = np.arange(self._uses - len(who), self._uses)
        return {
            "use_no": column(numbered("P", serial + 1, 9)),
            "client_no": column(self.clients.numbers_of(who)),
            "privilege": column(chosen(PRIVILEGES, kind)),
            "used_date": np.full(len(who), day),
            "quantity": 1 + (chance.random(len(who)) < 0.2),
            "unit_cost": _PRIVILEGE_COSTS[kind],
        }

    def _declare(self, day: int) -> dict[str, Any]:
        """Of those reached, a few tell what they hold elsewhere: about the truth, in round numbers."""
        chance = self.scene.chance("declared assets", day)
        who = self.reached[chance.random(len(self.reached)) < _DECLARED_SHARE]
        held = self.scene.life.elsewhere[self.clients.person[who]] / 100 * chance.uniform(0.5, 1.1, len(who))
        who, held = who[held >= 10_000], held[held >= 10_000]
        return {
            "client_no": column(self.clients.numbers_of(who)),
            "other_bank": column(chosen(OTHER_BANKS, chance.integers(0, len(OTHER_BANKS), len(who)))),
            "declared_date": np.full(len(who), day),
            "amount": np.rint(held / 10_000).astype(np.int64) * 1_000_000,
        }
