"""The night when nothing happens: what it publishes, and the bank just before each of its steps."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from night_support import begin_night, digests, query
from small_bank import NEXT, copied, reading

from chaos.readers import Look, look_at
from pipelines.nights import STEPS, Night
from pipelines.settings import Settings
from pipelines.steps import run_step
from pipelines.warehouse import embedded, reader_url


@dataclass(frozen=True)
class Whole:
    """What an undisturbed night leaves: the digests on record, what an analyst sees, before and after."""

    digests: dict[str, tuple[int, str]]
    reading: dict[str, str]
    former: Look
    next: Look


@dataclass(frozen=True)
class Course:
    """``before``: step → the bank before it, ``night`` open and its former steps done (land: no night).

    ``seconds``: what each step takes in a warm process.
    """

    whole: Whole
    night: Night
    before: dict[str, Settings]
    seconds: dict[str, float]


@contextmanager
def undisturbed(
    server: embedded.ServerInfo, bank: Settings, stops: Collection[str] = STEPS
) -> Iterator[Course]:
    """Run the next night on a copy of a bank, keeping a copy as it stands before each of ``stops``."""
    with ExitStack() as copies:
        work = copies.enter_context(copied(server, bank))
        former = look_at(reader_url(work))
        before = {"land": bank}
        night = begin_night(work, NEXT)
        for name in STEPS:
            if name in stops and name not in before:
                before[name] = copies.enter_context(copied(server, work))
            run_step(work, night, name)
        steps = query(
            work, "select step_name, seconds from ops.night_steps where night_id = %s", night.night_id
        )
        yield Course(
            Whole(digests(work, NEXT), reading(work), former, look_at(reader_url(work))),
            night,
            before,
            {name: float(seconds) for name, seconds in steps},
        )
