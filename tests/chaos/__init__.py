"""Nights that are killed, cut off, starved or doubled, under the eyes of readers (`make chaos`).

Whatever happens to a night: `reporting` shows a whole edition at every moment, and a plain rerun publishes
what an undisturbed night publishes. `course` holds that undisturbed night, `tries` runs the ones that are
disturbed, `readers` watches, `disturbances` says what can happen, `plan` where, `trial` lets it happen and
judges.
"""
