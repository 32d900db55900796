"""Which disturbances, where and when: a function of the seed."""

import random
from collections.abc import Iterator

from chaos.disturbances import KINDS, Disturbance
from pipelines.nights import STEPS

MIDDLE = STEPS[1:-1]  # where there is much to lose
WRITING = ("build", "build_edition")  # where a disk that is full is noticed


def plan(seed: int, kills: int) -> list[Disturbance]:
    """So many kills, half with tasks apart, and each other kind in one step of either form.

    With room for them, a kill at the end of every step in both forms; the others at random moments inside.
    """
    chance = random.Random(seed)
    found = [
        one
        for is_apart, count in ((False, kills - kills // 2), (True, kills // 2))
        for one in _kills(chance, is_apart, count)
    ]
    others = [what for what in KINDS if what != "killed"]
    found += [
        _inside(chance, what, chance.choice(WRITING if what == "disk full" else MIDDLE), is_apart)
        for what in others
        for is_apart in (False, True)
    ]
    return sorted(found, key=lambda one: (list(KINDS).index(one.what), STEPS.index(one.step), one.is_apart))


def _kills(chance: random.Random, is_apart: bool, count: int) -> Iterator[Disturbance]:
    ends = [Disturbance("killed", step, None, is_apart, _is_retried(chance, is_apart)) for step in STEPS]
    if count < len(ends):
        ends = chance.sample(ends, count // 2)
    yield from ends
    for number in range(count - len(ends)):
        step = STEPS[number % len(STEPS)] if count >= len(STEPS) else chance.choice(STEPS)
        yield _inside(chance, "killed", step, is_apart)


def _inside(chance: random.Random, what: str, step: str, is_apart: bool) -> Disturbance:
    latest = 0.5 if what == "disk full" else 1.0
    share = round(latest * chance.random(), 2)
    return Disturbance(what, step, share, is_apart, _is_retried(chance, is_apart))


def _is_retried(chance: random.Random, is_apart: bool) -> bool:
    return is_apart and chance.random() < 0.5
