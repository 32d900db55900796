"""Calendar months by number, as the marts count them: year × 12 + month − 1."""

from datetime import date, timedelta


def month_number(day: date) -> int:
    """The number of a day's month."""
    return day.year * 12 + day.month - 1


def first_date(number: int) -> date:
    """The first day of a month."""
    return date(number // 12, number % 12 + 1, 1)


def last_date(number: int) -> date:
    """The last day of a month."""
    return first_date(number + 1) - timedelta(days=1)


def month_name(number: int) -> str:
    """A month as ``2026-07``."""
    return f"{first_date(number):%Y-%m}"


def is_month_end(day: date) -> bool:
    """Whether the next day begins a month."""
    return day == last_date(month_number(day))


def months_later(day: date, months: int) -> date:
    """The same day ``months`` later, or the last day of a shorter month."""
    last = last_date(month_number(day) + months)
    return last.replace(day=min(day.day, last.day))
