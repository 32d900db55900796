"""One disturbance of one night: it strikes, the night is run again, and what came of it is judged."""

import time
from dataclasses import dataclass

from night_support import digests, query
from small_bank import NEXT, reading

from chaos import tries
from chaos.course import Course, Whole
from chaos.disturbances import KINDS, Disturbance, StrikeError
from chaos.readers import Watch, watched
from chaos.tries import FORK
from pipelines.nights import Night
from pipelines.settings import Settings
from pipelines.warehouse import reader_url


@dataclass(frozen=True)
class Verdict:
    """How a trial ended: what differed (nothing: good), the wall time, and what the readers saw."""

    name: str
    differences: list[str]
    seconds: float
    watch: Watch

    @property
    def said(self) -> str:
        """The verdict in words."""
        return "; ".join(self.differences) or "same"


def disturb(
    settings: Settings,
    one: Disturbance,
    whole: Whole,
    night: Night,
    since: str,
    seconds: float,
    is_cold: bool = False,
) -> Verdict:
    """Begin at ``since`` in the bank of ``settings``, disturb, run again, compare with the ``whole`` night.

    ``night``: the one that is open there, unless ``since`` is land. ``seconds``: how long the step takes.
    """
    started, kind = time.monotonic(), KINDS[one.what]
    found: list[str] = []
    if one.is_apart:
        query_none(settings, "update ops.nights set is_scheduled = true where state = 'running'")
    with watched(reader_url(settings), whole.former, whole.next) as watch:
        tried = tries.begin(settings, night, since, one.step, one.is_apart, kind.stays, is_cold)
        try:
            kind.strike(settings, tried, None if one.share is None else one.share * seconds)
            tries.wait_for_release(settings)
            tries.rerun(settings, night, _rerun_from(one))
        except StrikeError as error:
            found.append(str(error))
        except Exception as error:  # whatever stops a rerun is what we are here to find
            found.append(f"the rerun failed: {type(error).__name__}: {error}")
        finally:
            tried.process.kill()
        found += differences(settings, whole)
    found += watch.faults(whole.next.edition, kind.takes_server)
    return Verdict(str(one), found, time.monotonic() - started, watch)


def two_at_once(settings: Settings, whole: Whole, night: Night, is_apart: bool = False) -> Verdict:
    """Two nights begin at the same moment: one runs, the other is told why not."""
    started, found = time.monotonic(), []
    start, told = FORK.Barrier(2), FORK.Queue()
    runs = [f"{night.run_id}_{number}" for number in (1, 2)]
    with watched(reader_url(settings), whole.former, whole.next) as watch:
        both = [
            FORK.Process(target=tries.contend, args=(settings, run, is_apart, start, told)) for run in runs
        ]
        for process in both:
            process.start()
        answers = dict(told.get(timeout=tries.PATIENCE_SECONDS) for _ in both)
        for process in both:
            process.join(60)
        ((number, run, count),) = query(
            settings,
            "select max(night_id), max(run_id), count(*) from ops.nights where business_date = %s",
            NEXT,
        )
        said = answers.get("refused", "")
        if set(answers) != {"runs", "refused"} or count != 1:
            found.append(f"{count} nights were opened: {answers}")
        words = (f"night {number} ", f"business date {NEXT}", "has been running since", "run again")
        found += [f"the refusal does not say {word!r}: {said}" for word in words if word not in said]
        if is_apart:
            tries.rerun(settings, Night(number, NEXT, night.workspace, run), "gate_delivery")
        found += differences(settings, whole)
    found += watch.faults(whole.next.edition, may_be_absent=False)
    form = "tasks apart" if is_apart else "one process each"
    return Verdict(f"two nights at once, {form}", found, time.monotonic() - started, watch)


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


def trial(settings: Settings, one: Disturbance, course: Course, seconds: float, is_cold: bool) -> Verdict:
    """``disturb`` on a copy of the bank as it stands before the disturbance's step."""
    return disturb(settings, one, course.whole, course.night, one.step, seconds, is_cold)


def _rerun_from(one: Disturbance) -> str | None:
    if not one.is_apart:
        return None
    return one.step if one.is_retried else "land"


def query_none(settings: Settings, statement: str) -> None:
    """A statement without rows."""
    query(settings, f"{statement} returning true")
