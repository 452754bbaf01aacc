"""Day arithmetic for the oracle: what a dated answer means at its least favourable."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from functools import cache

# treatment ids -> the short codes of the tables in the clinical documents
CODES = {
    "microneedling": "MN",
    "rf_microneedling": "RF",
    "botulinum_toxin": "BTX",
    "filler": "FIL",
    "superficial_peel": "SP",
    "medium_peel": "MP",
    "laser": "NAL",
    "ablative_laser": "ABL",
    "facial": "HF",
    "waxing": "WAX",
    "prp": "PRP",
}
NEEDLES = ("MN", "RF", "PRP")

Mark = tuple[str, str, str]  # rule, verdict, who may release


def is_dated(value: object) -> bool:
    return isinstance(value, str) and value[:1].isdigit()


@cache
def span(value: str) -> tuple[date, date]:
    """First and last day of a date, a month or a year."""
    if len(value) == 10:
        day = date.fromisoformat(value)
        return day, day
    if len(value) == 7:
        year, month = int(value[:4]), int(value[5:])
        return (
            date(year, month, 1),
            date(year, month, calendar.monthrange(year, month)[1]),
        )
    return date(int(value), 1, 1), date(int(value), 12, 31)


def happened(value: str, today: date) -> date:
    """Least favourable day of something past: its last day, or today if earlier."""
    if value == "now":
        return today
    return min(span(value)[1], today)


def planned(value: str, today: date) -> tuple[date, date]:
    """The first and the last day on which something planned may fall."""
    if value == "now":
        return today, today
    first, last = span(value)
    return max(first, today), last


def gap_before(day: date, plan: tuple[date, date]) -> int | None:
    """Days from a visit to the nearest day of the plan at or after it."""
    if day > plan[1]:
        return None
    return max((plan[0] - day).days, 0)


def gap_after(day: date, plan: tuple[date, date]) -> int | None:
    """Days from the nearest possible day of the plan to a visit at or after it."""
    if day < plan[0]:
        return None
    return max((day - plan[1]).days, 0)


def birthday(born: date, age: int) -> date:
    """The day a person turns that age; born on 29 February: 1 March in other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def plus(day: date, days: int) -> date:
    return day + timedelta(days=days)


def overlap(one: str | None, other: str | None) -> bool:
    """Whether two areas of skin overlap; without an area: everything."""
    if one is None or other is None or one == other:
        return True
    pairs = ({"body", "abdomen"}, {"body", "hands"}, {"neck", "decolletage"})
    return {one, other} in pairs
