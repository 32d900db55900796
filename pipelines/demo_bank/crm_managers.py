"""Managers of the branches, and which client is whose."""

from typing import Any

import numpy as np

from pipelines.demo_bank import names
from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.texts import chosen, column, numbered
from pipelines.demo_bank.world import NEVER

ROLES = ("RELATIONSHIP", "WEALTH", "LOBBY", "OUTLET_HEAD", "CORPORATE")
RELATIONSHIP, WEALTH, LOBBY, OUTLET_HEAD, CORPORATE = range(5)
METRICS = ("DEPOSITS", "AUM", "LOANS", "NEW_CUSTOMERS", "CARDS")
_METRIC_SIZES = (8_000_000, 12_000_000, 5_000_000, 120, 90)
_CLIENTS_PER_MANAGER = 450
_RICH_QUANTILE = 0.7
_ORDINARY_SHARE = 0.25
_TURNOVER_PER_DAY = 0.15 / 365
_MOVES_PER_DAY = 0.0002


class Managers:
    """A seat is a place for a manager at a branch; who leaves it is followed by somebody new.

    `seat_of` holds the seat of every client record (-1 = nobody's), `from_day` since when its manager has it.
    """

    def __init__(self, scene: Scene, clients: Records) -> None:
        self.scene, self.clients = scene, clients
        chance = scene.streams.of("managers")
        count = clients.count
        natural = scene.people.is_person[clients.person]
        wealth = scene.habits.wealth[clients.person]
        rich = wealth > np.quantile(wealth, _RICH_QUANTILE) if count else np.zeros(0, dtype=bool)
        self.is_wanted = ~natural | rich | (chance.random(count) < _ORDINARY_SHARE)
        role = np.where(
            natural, np.where(rich & (chance.random(count) < 0.3), WEALTH, RELATIONSHIP), CORPORATE
        )
        self.seat_branch, self.seat_role = self._seats(role)
        self.seat_of = np.full(count, -1)
        self._home = self._spread(role, chance)
        self.from_day = np.full(count, NEVER)
        seats = len(self.seat_branch)
        self.manager = np.arange(seats)  # who sits there
        self.branch, self.role = self.seat_branch.copy(), self.seat_role.copy()
        self.begins = -1 - chance.integers(0, 3000, seats)
        self.until = np.full(seats, NEVER)
        self.name = chance.integers(0, [[len(names.SURNAMES)], [2 * len(names.GIVEN) ** 2]], (2, seats))
        self._changes: list[dict[str, Any]] = []

    def start(self) -> None:
        """The clients of old have their managers."""
        self._assign(self.clients.known_on(0), 0)

    def step(self, day: int) -> None:
        """Managers leave and are followed, a few clients change hands, new ones get a manager."""
        chance = self.scene.chance("managers", day)
        moving = chance.random(len(self.manager)) < _TURNOVER_PER_DAY
        leaving = np.flatnonzero(moving & (self.seat_role != OUTLET_HEAD))
        if len(leaving):
            self._follow(leaving, day, chance)
        mine = np.flatnonzero((self.seat_of >= 0) & (self.from_day < day))
        self._move(mine[chance.random(len(mine)) < _MOVES_PER_DAY], day)
        self._assign(self.clients.new_on(day), day)

    def manager_nos(self, managers: np.ndarray) -> Any:
        """The numbers of managers."""
        return column(numbered("M", np.asarray(managers) + 1, 5))

    def manager_of(self, clients: np.ndarray) -> np.ndarray:
        """The manager of client records; where nobody is, the lobby's of the branch."""
        seats = self.seat_of[clients]
        return self.manager[np.where(seats >= 0, seats, self._lobby[self.clients.branch[clients]])]

    def snapshot(self) -> dict[str, Any]:
        """Everybody who is or was a manager."""
        return {
            "manager_no": self.manager_nos(np.arange(len(self.branch))),
            "manager_name": column(names.person_names(*self.name)),
            "role": column(chosen(ROLES, self.role)),
            "branch_no": column(numbered("B", self.branch + 1, 3)),
            "from_date": self.begins,
            "until_date": self.until,
        }

    def assignments(self) -> dict[str, Any] | None:
        """The day's ends and beginnings of assignments."""
        if not self._changes:
            return None
        rows = {name: np.concatenate([part[name] for part in self._changes]) for name in self._changes[0]}
        self._changes = []
        return {
            "client_no": column(self.clients.numbers_of(rows["client"])),
            "from_date": rows["from"],
            "manager_no": self.manager_nos(rows["manager"]),
            "until_date": rows["until"],
        }

    def targets(self, day: int) -> dict[str, Any]:
        """What each manager is to reach in the year of a day."""
        year = self.scene.calendar.date_of(day).year
        chance = self.scene.chance("targets", day)
        who = np.repeat(self.manager[self.until[self.manager] >= NEVER], len(METRICS))
        metric = np.tile(np.arange(len(METRICS)), len(who) // len(METRICS))
        heads = np.where(self.role[who] == OUTLET_HEAD, 6, 1)
        size = np.array(_METRIC_SIZES)[metric] * heads * chance.uniform(0.7, 1.3, len(who))
        return {
            "target_year": np.full(len(who), year),
            "branch_no": column(numbered("B", self.branch[who] + 1, 3)),
            "manager_no": self.manager_nos(who),
            "metric": column(chosen(METRICS, metric)),
            "amount": np.rint(size).astype(np.int64) * 100,
        }

    def _seats(self, role: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Branch and role of every seat: a head and a lobby each, the others by the number of clients."""
        branches = self.scene.world.regions * self.scene.world.branches_per_region
        found = [(branch, each) for branch in range(branches) for each in (OUTLET_HEAD, LOBBY)]
        wanted = self.is_wanted
        for each in (RELATIONSHIP, WEALTH, CORPORATE):
            here = np.bincount(self.clients.branch[wanted & (role == each)], minlength=branches)
            seats = np.maximum(-(-here // _CLIENTS_PER_MANAGER), 1)
            found += [(branch, each) for branch in range(branches) for _ in range(int(seats[branch]))]
        branch, roles = np.array(found).T
        self._lobby = np.flatnonzero(roles == LOBBY)[np.argsort(branch[roles == LOBBY])]
        return branch, roles

    def _spread(self, role: np.ndarray, chance: np.random.Generator) -> np.ndarray:
        """The seat meant for every client: one of those of the client's branch and kind."""
        key = self.clients.branch * len(ROLES) + role
        seat_key = self.seat_branch * len(ROLES) + self.seat_role
        order = np.argsort(seat_key, kind="stable")
        low = np.searchsorted(seat_key[order], key)
        high = np.searchsorted(seat_key[order], key, side="right")
        return order[low + chance.integers(0, 1 << 30, len(key)) % np.maximum(high - low, 1)]

    def _assign(self, clients: np.ndarray, day: int) -> None:
        clients = clients[self.is_wanted[clients] & (self.seat_of[clients] < 0)]
        self.seat_of[clients] = self._home[clients]
        self.from_day[clients] = np.maximum(
            self.clients.since[clients], self.begins[self.manager_of(clients)]
        )
        self._tell(clients, NEVER)

    def _follow(self, seats: np.ndarray, day: int, chance: np.random.Generator) -> None:
        fresh = np.arange(len(self.branch), len(self.branch) + len(seats))
        clients = np.flatnonzero(np.isin(self.seat_of, seats))
        self._tell(clients, day - 1)
        self.until[self.manager[seats]] = day - 1
        self.branch = np.r_[self.branch, self.seat_branch[seats]]
        self.role = np.r_[self.role, self.seat_role[seats]]
        self.begins = np.r_[self.begins, np.full(len(seats), day)]
        self.until = np.r_[self.until, np.full(len(seats), NEVER)]
        drawn = chance.integers(0, [[len(names.SURNAMES)], [2 * len(names.GIVEN) ** 2]], (2, len(seats)))
        self.name = np.concatenate([self.name, drawn], axis=1)
        self.manager[seats] = fresh
        self.from_day[clients] = day
        self._tell(clients, NEVER)

    def _move(self, clients: np.ndarray, day: int) -> None:
        """To the next seat of the same branch and role, where there is one."""
        old = self.seat_of[clients]
        after = np.minimum(old + 1, len(self.seat_branch) - 1)
        same = (self.seat_branch[after] == self.seat_branch[old]) & (
            self.seat_role[after] == self.seat_role[old]
        )
        clients, seats = clients[same & (after != old)], after[same & (after != old)]
        self._tell(clients, day - 1)
        self.seat_of[clients], self.from_day[clients] = seats, day
        self._tell(clients, NEVER)

    def _tell(self, clients: np.ndarray, until: int) -> None:
        if len(clients):
            self._changes.append(
                {
                    "client": clients,
                    "from": self.from_day[clients],
                    "manager": self.manager_of(clients),
                    "until": np.full(len(clients), until),
                }
            )
