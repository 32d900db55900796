"""The year of the invented world: spring festival, shopping days, quarter ends."""

from datetime import date, timedelta

_SPRING_FESTIVALS = {
    year: date(year, month, day)
    for year, month, day in (
        (2015, 2, 19), (2016, 2, 8), (2017, 1, 28), (2018, 2, 16), (2019, 2, 5), (2020, 1, 25),
        (2021, 2, 12), (2022, 2, 1), (2023, 1, 22), (2024, 2, 10), (2025, 1, 29), (2026, 2, 17),
        (2027, 2, 6), (2028, 1, 26), (2029, 2, 13), (2030, 2, 3), (2031, 1, 23), (2032, 2, 11),
    )
}  # fmt: skip
_WEEKEND = 5


def spring_festival(year: int) -> date:
    """New year's day of the moon calendar; about the sixth of February where it is not listed."""
    return _SPRING_FESTIVALS.get(year, date(year, 2, 6))


def spending_factor(when: date, weekend_factor: float) -> float:
    """How much livelier than usual purchases are on a date."""
    factor = weekend_factor if when.weekday() >= _WEEKEND else 1.0
    before = (spring_festival(when.year) - when).days
    if 1 <= before <= 14:
        return factor * 1.5
    if -6 <= before <= 0:
        return factor * 0.6
    if (when.month, when.day) == (11, 11):
        return factor * 2.4
    if (when.month == 11 and 9 <= when.day <= 12) or (when.month, when.day) == (12, 12):
        return factor * 1.4
    return factor


def salary_factor(when: date) -> float:
    """The month before the spring festival pays a bonus."""
    festival = spring_festival(when.year)
    return 1.8 if 0 < (festival - when).days <= 30 else 1.0


def is_quarter_end(when: date) -> bool:
    """Whether a date is the last of a quarter."""
    return (when + timedelta(days=1)).day == 1 and when.month % 3 == 0
