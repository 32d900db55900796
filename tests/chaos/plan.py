"""Which nights are disturbed, where and when: a function of the seed."""

import random

from chaos.disturbances import KINDS, Disturbance
from chaos.trial import Trial
from pipelines.nights import STEPS

MIDDLE = STEPS[1:-1]  # where there is much to lose
WRITING = ("build", "build_edition")  # where a disk that is full is noticed
LATEST = 0.6  # share of a step at which something else than a kill happens: there must be a rest to disturb


def plan(seed: int, kills: int) -> list[Trial]:
    """The full form: so many kills, half with tasks apart; each other kind in both forms; two nights at once.

    There is a kill at the end of every step in either form, and the others at random moments inside. In one
    scheduled night a task of every step is killed twice and tried again; each other kill has its own night.
    """
    chance = random.Random(seed)
    apart, alone = kills // 2, kills - kills // 2
    retried = [one for step in STEPS for one in (_end(step), _inside(chance, "killed", step))][:apart]
    cleared = [_inside(chance, "killed", chance.choice(MIDDLE)) for _ in range(apart - len(retried))]
    places = [_end(step) for step in STEPS]
    places += [_inside(chance, "killed", STEPS[number % len(STEPS)]) for number in range(alone)]
    if alone < len(STEPS):
        chance.shuffle(places)
    trials = [Trial("tried again", tuple(retried))]
    trials += [Trial("cleared", (one,)) for one in _ordered(cleared)]
    trials += [Trial("run again", (one,)) for one in _ordered(places[:alone])]
    for what in KINDS:
        steps = WRITING if what == "disk full" else MIDDLE
        if what != "killed":
            trials += [
                Trial(again, (_inside(chance, what, chance.choice(steps)),))
                for again in ("run again", chance.choice(("tried again", "cleared")))
            ]
    return [*trials, Trial("run again twice at once"), Trial("run twice at once")]


def short_plan(seed: int) -> list[Trial]:
    """The short form, for the test suite: two nights; what kills PostgreSQL needs a server of its own."""
    chance = random.Random(seed)
    first, *others = sorted(chance.sample(STEPS[2:], 4), key=STEPS.index)
    apart = [
        _inside(chance, "killed", first),
        *(_end(step) if chance.random() < 0.5 else _inside(chance, "killed", step) for step in others),
    ]
    cut = Disturbance("lock's connection dropped", first, round(LATEST * chance.random(), 2))
    return [
        Trial("tried again", (cut, *apart)),
        Trial("run again twice at once", (_inside(chance, "killed", chance.choice(STEPS[3:-1])),)),
    ]


def _ordered(strikes: list[Disturbance]) -> list[Disturbance]:
    return sorted(strikes, key=lambda one: STEPS.index(one.step))


def _inside(chance: random.Random, what: str, step: str) -> Disturbance:
    latest = 1.0 if what == "killed" else LATEST
    return Disturbance(what, step, round(latest * chance.random(), 2))


def _end(step: str) -> Disturbance:
    return Disturbance("killed", step)
