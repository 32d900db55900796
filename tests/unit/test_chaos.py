"""The judge of `make chaos` is not blind: what readers may not see is told; its plan covers every step."""

import pytest
from chaos.__main__ import main
from chaos.disturbances import KINDS
from chaos.plan import plan, short_plan
from chaos.readers import READERS, Look, MixedError, Seen, Watch, judge

from pipelines.nights import STEPS

OLD, NEW = (
    Look("edition_20261101_1", {"customers": 3, "codes": 2}),
    Look("edition_20261102_1", {"customers": 4, "codes": 2}),
)


def kills(trials, is_apart):
    return [
        one for trial in trials if trial.is_apart == is_apart for one in trial.strikes if one.what == "killed"
    ]


@pytest.mark.parametrize("count", [6, 40, 48])
def test_a_plan_has_its_kills_half_of_them_with_tasks_apart(count):
    trials = plan(1, count)
    assert len(kills(trials, False)) == len(kills(trials, True)) == count // 2
    for trial in trials:
        assert [one.step for one in trial.strikes] == sorted(
            (one.step for one in trial.strikes), key=STEPS.index
        )


@pytest.mark.parametrize("is_apart", [False, True])
def test_the_full_form_kills_at_every_boundary_and_inside_every_step_and_tries_every_kind(is_apart):
    trials = plan(1, 48)
    mine = kills(trials, is_apart)
    for step in STEPS:
        assert {one.share is None for one in mine if one.step == step} == {True, False}, step
    assert {one.what for trial in trials if trial.is_apart == is_apart for one in trial.strikes} == set(KINDS)
    assert sum(not trial.strikes for trial in trials) == 2, "two nights at once, in either form"


def test_a_seed_names_its_plan():
    assert plan(1, 48) == plan(1, 48) != plan(2, 48)
    assert short_plan(1) == short_plan(1) != short_plan(2)
    assert not any(trial.takes_server for trial in short_plan(1)), "the suite's server belongs to all tests"


def test_a_reader_may_see_the_former_edition_then_the_next():
    assert judge(OLD, (OLD, NEW), None) == OLD.edition
    assert judge(NEW, (OLD, NEW), OLD.edition) == NEW.edition
    assert judge(NEW, (OLD, NEW), NEW.edition) == NEW.edition


@pytest.mark.parametrize(
    ("look", "last", "words"),
    [
        (OLD, NEW.edition, "edition_20261101_1 again after edition_20261102_1"),
        (Look("edition_20261102_2", NEW.rows), None, "neither edition_20261101_1 nor edition_20261102_1"),
        (Look(NEW.edition, OLD.rows), None, "other rows in customers"),
        (Look(NEW.edition, {"customers": 4}), None, "other rows in codes"),
    ],
)
def test_what_a_reader_may_not_see_is_told(look, last, words):
    with pytest.raises(MixedError, match=words):
        judge(look, (OLD, NEW), last)


def test_a_watch_tells_of_readers_that_died_lost_their_server_waited_or_never_saw_the_new_edition():
    good = Seen(looks=5, last=NEW.edition, longest_gap=0.1)
    assert Watch([good] * READERS).faults(NEW.edition, may_be_absent=False) == []
    bad = [
        Seen(looks=5, last=NEW.edition, absences=2, longest_gap=60.0),
        Seen(looks=5, last=OLD.edition),
    ]
    assert Watch(bad).faults(NEW.edition, may_be_absent=False) == [
        "1 readers died",
        "a reader lost its server 2 times",
        "a reader waited 60.0 s",
        "a reader ended with edition_20261101_1",
    ]
    assert Watch([bad[0]] * READERS).faults(NEW.edition, may_be_absent=True) == []


def test_words_that_tell_nothing_are_refused(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--only", "kiled"])
    assert end.value.code == 2
    assert "nothing is told as kiled" in capsys.readouterr().err
