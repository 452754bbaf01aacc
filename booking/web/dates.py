"""Dates typed into three boxes: what people really type, and what is wrong with it."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

MONTHS = tuple(calendar.month_name)[1:]
EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
PARTS = ("day", "month", "year")


class BadDate(ValueError):  # noqa: N818 - what a person typed, not a fault of ours
    """A date that cannot be read; `part` is the first box to put right."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part
        self.message = message


@dataclass(frozen=True)
class Typed:
    """The three boxes of a date as they were filled in."""

    day: str = ""
    month: str = ""
    year: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str], name: str) -> Typed:
        """The boxes `<name>-day`, `<name>-month` and `<name>-year` of a posted form."""
        return cls(*(form.get(f"{name}-{part}", "").strip()[:20] for part in PARTS))

    @classmethod
    def from_answer(cls, answer: str) -> Typed:
        """The boxes that show a stored date, month or year; empty for anything else."""
        numbers = answer.split("-")
        if not all(number.isdecimal() for number in numbers):
            return cls()
        year, month, day = (*numbers, "", "")[:3]
        return cls(day.lstrip("0"), month.lstrip("0"), year)

    def __bool__(self) -> bool:
        return any((self.day, self.month, self.year))

    def as_day(self) -> date:
        """The date, or BadDate."""
        self._require(PARTS)
        day = _number(self.day)
        if day is None or not 1 <= day <= 31:
            raise BadDate("day", "The day must be a number from 1 to 31.")
        month, year = self._month(), self._year()
        if day > calendar.monthrange(year, month)[1]:
            raise BadDate(
                "day",
                f"There is no {day} {MONTHS[month - 1]} in {year}. Check the day.",
            )
        return date(year, month, day)

    def as_month(self) -> str:
        """`YYYY-MM`, or `YYYY` if the month was left empty, or BadDate."""
        self._require(("year",))
        year = self._year()
        return f"{year}-{self._month():02}" if self.month else f"{year}"

    def _require(self, parts: tuple[str, ...]) -> None:
        missing = [part for part in parts if not getattr(self, part)]
        if len(missing) == len(PARTS):
            raise BadDate("day", "Enter the date: day, month and year.")
        if missing:
            raise BadDate(missing[0], f"Enter the {' and the '.join(missing)} as well.")

    def _month(self) -> int:
        number = _number(self.month)
        if number is None:
            number = _month_called(self.month)
        if number is None or not 1 <= number <= 12:
            raise BadDate(
                "month",
                "The month must be a number from 1 to 12, or a name like March.",
            )
        return number

    def _year(self) -> int:
        year = _number(self.year)
        if year is None or len(self.year) != 4:
            raise BadDate("year", "Enter the year with 4 numbers, for example 1990.")
        if not EARLIEST_YEAR <= year <= LATEST_YEAR:
            raise BadDate("year", f"Check the year: {self.year} cannot be right.")
        return year


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 4 else None


def _month_called(text: str) -> int | None:
    """The month that *text* names in full or by its first letters (at least three)."""
    wanted = text.rstrip(".").casefold()
    if len(wanted) < 3:
        return None
    for number, name in enumerate(MONTHS, start=1):
        if name.casefold().startswith(wanted):
            return number
    return None
