"""E-channels: their users, and in how many sessions each came in a week."""

import numpy as np

from pipelines.demo_bank.records import Records
from pipelines.demo_bank.scene import Scene
from pipelines.demo_bank.streams import pick
from pipelines.demo_bank.texts import chosen, column
from pipelines.demo_bank.writing import Frame

CHANNELS = ("PHONE", "WEB", "MOBILE", "VIDEO", "MESSAGE")
_SUNDAY = 6
# By style: branch, mixed, digital.
_WEEKLY = np.array([0.12, 0.30, 0.46])
_SHARES = (
    (0.45, 0.25, 0.20, 0.02, 0.08),
    (0.12, 0.28, 0.50, 0.02, 0.08),
    (0.02, 0.12, 0.80, 0.03, 0.03),
)
_SECOND_CHANNEL_SHARE = 0.1
_MORE_SESSIONS = 1.4


class Channels:
    """Users (by their record in `channels`) and the sessions of the week that ends today."""

    def __init__(self, scene: Scene, records: dict[str, Records]) -> None:
        self.scene, self.users = scene, records["channels"]
        self._weeks: Frame | None = None

    def start(self) -> None:
        """Sessions before the first date are not told."""

    def step(self, day: int) -> None:
        """On a Sunday, count the week's sessions."""
        self._weeks = None
        exits = self.scene.life.exits_on(day)
        self.users.register.forget_plans(exits, day)
        self._close(exits, day)
        if self.scene.calendar.date_of(day).weekday() == _SUNDAY:
            self._weeks = self._count(day)

    def tables(self, day: int) -> dict[str, Frame]:
        """New and changed users, and the weeks on Sundays."""
        found = {"channels.users": self.users.frame(day)}
        if self._weeks is not None:
            found["channels.session_weeks"] = self._weeks
        return found

    def _close(self, persons: np.ndarray, day: int) -> None:
        """Who leaves the bank gives up his users."""
        users = np.r_[self.users.main[persons], self.users.second[persons]]
        users = users[users >= 0]
        users = users[self.users.is_there(users, day)]
        self.users.closed[users] = day
        self.users.touch(users)

    def _count(self, day: int) -> Frame:
        scene, users = self.scene, self.users
        chance = scene.chance("sessions", day)
        habits, person = scene.habits, users.person
        there = users.is_there(np.arange(users.count), day) & (users.closed > day)
        # Some come every week, some hardly ever: a user's own measure stays what it is.
        often = _WEEKLY[habits.style[person]] * (0.3 + 1.4 * users.draw) * scene.life.pace(day)[person]
        came = np.flatnonzero(there & (chance.random(users.count) < often))
        style = habits.style[person[came]]
        channel = np.choose(style, [pick(chance, shares, len(came)) for shares in _SHARES])
        again = chance.random(len(came)) < _SECOND_CHANNEL_SHARE
        user = np.r_[came, came[again]]
        channel = np.r_[channel, (channel[again] + 1) % len(CHANNELS)]
        order = np.lexsort((channel, user))
        user, channel = user[order], channel[order]
        last = np.maximum(day - chance.integers(0, 7, len(user)), users.since[user])
        return {
            "user_no": column(users.numbers_of(user)),
            "week_end_date": np.full(len(user), day),
            "channel": column(chosen(CHANNELS, channel)),
            "session_count": 1 + chance.poisson(_MORE_SESSIONS, len(user)),
            "last_session_date": last,
        }
