"""One night that is disturbed, once or several times: it is run again, and what came of it is judged."""

import time
from dataclasses import dataclass

from night_support import digests, query
from small_bank import NEXT, reading

from chaos import tries
from chaos.course import Course, Whole
from chaos.disturbances import KINDS, Disturbance, StrikeError, reach
from chaos.readers import Watch, watched
from pipelines.nights import Night, load_night
from pipelines.settings import Settings
from pipelines.warehouse import reader_url

AGAIN = {
    "run again": "one process",
    "run again twice at once": "one process each",
    "tried again": "tasks apart",  # what the scheduler does with a task that died
    "cleared": "tasks apart",  # from land, by a person
    "run twice at once": "tasks apart",
}


@dataclass(frozen=True)
class Trial:
    """Disturbances of a night in the order of its steps, and how it is run ``again`` (one of AGAIN)."""

    again: str
    strikes: tuple[Disturbance, ...] = ()

    @property
    def is_apart(self) -> bool:
        """Whether each task has a process of its own, as under the scheduler."""
        return AGAIN[self.again] == "tasks apart"

    @property
    def takes_server(self) -> bool:
        """Whether readers may find no server."""
        return any(KINDS[one.what].takes_server for one in self.strikes)

    @property
    def since(self) -> str:
        """The step before which the bank stands when the trial begins."""
        return self.strikes[0].step if self.strikes else "land"

    @property
    def kind(self) -> str:
        """What trials of one sort have in common."""
        what = ", ".join(dict.fromkeys(one.what for one in self.strikes)) or "two nights"
        return f"{what}; {AGAIN[self.again]}, {self.again}"

    def __str__(self) -> str:
        strikes = ", ".join(map(str, self.strikes)) or "two nights"
        return f"{strikes}; {AGAIN[self.again]}, {self.again}"


@dataclass(frozen=True)
class Verdict:
    """How a trial ended: what differed (nothing: good), the wall time, and what the readers saw."""

    trial: Trial
    differences: list[str]
    seconds: float
    watch: Watch

    @property
    def said(self) -> str:
        """The verdict in words."""
        return "; ".join(self.differences) or "same"


def run_trial(
    settings: Settings, trial: Trial, course: Course, seconds: dict[str, float], is_cold: bool = False
) -> Verdict:
    """Disturb a night of the bank of ``settings``, which stands before the trial's first step; run it again.

    ``seconds``: what each step takes, put right where one is disturbed after its end. ``is_cold``: see
    ``tries.begin``. The course's undisturbed night is what the rerun and every reader must find.
    """
    started, since, whole = time.monotonic(), trial.since, course.whole
    found: list[str] = []
    if trial.is_apart:
        query(settings, "update ops.nights set is_scheduled = true where state = 'running' returning true")
    with watched(reader_url(settings), whole.former, whole.next) as watch:
        try:
            for one in trial.strikes:
                if trial.is_apart:
                    tries.run_tasks(settings, course.night, since, one.step)
                _strike(settings, one, trial.is_apart, course.night, since, seconds, is_cold)
                since = one.step if trial.is_apart else "land"
            found += _again(settings, trial, course.night, since)
        except StrikeError as error:
            found.append(str(error))
        except Exception as error:  # whatever stops a rerun is what we are here to find
            found.append(f"the rerun failed: {type(error).__name__}: {error}")
        found += differences(settings, whole)
    found += watch.faults(whole.next.edition, trial.takes_server)
    return Verdict(trial, found, time.monotonic() - started, watch)


def differences(settings: Settings, whole: Whole) -> list[str]:
    """What is not as an undisturbed night leaves it."""
    found = []
    for what, mine, theirs in (
        ("digest", digests(settings, NEXT), whole.digests),
        ("view", reading(settings), whole.reading),
    ):
        wrong = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
        if wrong:
            found.append(f"another {what}: {', '.join(wrong)}")
    ((state, running),) = query(
        settings,
        "select (array_agg(state order by night_id desc))[1], count(*) filter (where state = 'running') "
        "from ops.nights where business_date = %s",
        NEXT,
    )
    if state not in ("published", "unchanged") or running:
        found.append(f"the last night is {state}, {running} are running")
    return found


def _strike(
    settings: Settings,
    one: Disturbance,
    is_apart: bool,
    night: Night,
    since: str,
    seconds: dict[str, float],
    is_cold: bool,
) -> None:
    kind = KINDS[one.what]
    tried = tries.begin(settings, night, since, one.step, is_apart, kind.stays, is_cold)
    try:
        reach(tried, tried.signs.entered)
        if one.share is None:
            entered = time.monotonic()
            reach(tried, tried.signs.done)
            seconds[one.step] = time.monotonic() - entered
        else:
            time.sleep(one.share * seconds[one.step])
        kind.strike(settings, tried)
    finally:
        tried.process.kill()
    tries.wait_for_release(settings)


def _again(settings: Settings, trial: Trial, night: Night, since: str) -> list[str]:
    """Run the night again; what is wrong with how it went."""
    if trial.again == "run again":
        tries.run_again(settings)
    elif trial.again == "tried again":
        tries.run_tasks(settings, night, since)
    elif trial.again == "cleared":
        tries.run_tasks(settings, night, "land")
    else:
        return _twice(settings, trial.is_apart)
    return []


def _twice(settings: Settings, is_apart: bool) -> list[str]:
    """Two nights begin at the same moment: one runs, the other must be told why not."""
    (former,) = query(settings, "select count(*) from ops.nights")[0]
    answers = tries.run_twice(settings, is_apart)
    number, count = query(settings, "select max(night_id), count(*) from ops.nights")[0]
    if is_apart:
        tries.run_tasks(settings, load_night(settings, number), "gate_delivery")
    said = answers.get("refused", "")
    words = (f"night {number} ", f"business date {NEXT}", "has been running since", "run again")
    found = [f"the refusal does not say {word!r}: {said}" for word in words if word not in said]
    if set(answers) != {"runs", "refused"} or count != former + 1:
        found.append(f"{count - former} nights were opened: {answers}")
    return found
