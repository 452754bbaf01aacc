"""Facts about a patient: dated answers, and what the clinic itself has on record."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FIRST_YEAR = 1900
LAST_YEAR = 2199
UNSURE = "unsure"
NEVER = "never"
NOW = "now"

Value = str | tuple[str, ...]

_DATED = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)


class Provenance(StrEnum):
    """Who says so."""

    ANSWER = "answer"
    RECORD = "record"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a day, month or year may mean: `first` to `last`, both included."""

    first: date
    last: date


def read_span(text: str) -> Span | None:
    """The days meant by YYYY, YYYY-MM or YYYY-MM-DD; None if it is no such date."""
    match = _DATED.fullmatch(text)
    if match is None:
        return None
    year = int(match[1])
    month = int(match[2] or 0)
    day = int(match[3] or 0)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    if match[2] is None:
        return Span(date(year, 1, 1), date(year, 12, 31))
    if not 1 <= month <= 12:
        return None
    if match[3] is None:
        length = calendar.monthrange(year, month)[1]
        return Span(date(year, month, 1), date(year, month, length))
    try:
        only = date(year, month, day)
    except ValueError:
        return None
    return Span(only, only)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known about a patient: a question's answer, and who said so.

    `span` is set if the value is a date, a month or a year; `via` names the question
    that was really answered if that answer implies this one; `given` is the day of the
    answer if it is not that of the screening.
    """

    question: str
    value: Value
    span: Span | None = None
    provenance: Provenance = Provenance.ANSWER
    area: str | None = None
    ref: str = ""
    via: str = ""
    given: date | None = None

    def given_on(self, day: date) -> Fact:
        """The same, said on `day`."""
        return Fact(
            self.question,
            self.value,
            self.span,
            self.provenance,
            self.area,
            self.ref,
            self.via,
            day,
        )

    @property
    def words(self) -> str:
        """The value as one string."""
        return self.value if isinstance(self.value, str) else ", ".join(self.value)


@dataclass(frozen=True, slots=True)
class Record:
    """What the clinic knows by itself; made by one of the constructors.

    No area means that it concerns every area. `planned`: a treatment that has not been
    performed yet; on its own day this is not to be told by the date.
    """

    kind: str
    subject: str
    day: date | None = None
    value: Value = ""
    area: str | None = None
    depth_mm: float | None = None
    ref: str = ""
    label: str = ""
    planned: bool = False

    @classmethod
    def of_treatment(  # noqa: PLR0913 - a record is made of all of these
        cls,
        treatment: str,
        day: date,
        *,
        area: str | None = None,
        depth_mm: float | None = None,
        ref: str = "",
        label: str = "",
        planned: bool = False,
    ) -> Record:
        """A treatment on a calendar day of the site, past or booked."""
        return cls("treatment", treatment, day, "", area, depth_mm, ref, label, planned)

    @classmethod
    def of_answer(
        cls,
        question: str,
        value: str | list[str] | tuple[str, ...],
        *,
        day: date | None = None,
        area: str | None = None,
        ref: str = "",
        label: str = "",
    ) -> Record:
        """An answer that the clinic has on record, as a checked answer would be.

        `day` is when it was said. Entries with the same `ref` belong together: only so
        does a follow-up tell of the event beside it.
        """
        kept = value if isinstance(value, str) else tuple(value)
        return cls("answer", question, day, kept, area, None, ref, label)

    @classmethod
    def of_patch_test(
        cls, treatment: str, day: date, result: str, *, ref: str = "", label: str = ""
    ) -> Record:
        """The result ("passed" or "failed") of a patch test for a treatment."""
        return cls("patch_test", treatment, day, result, None, None, ref, label)

    @classmethod
    def of_symptom(cls, day: date, *, ref: str = "", label: str = "") -> Record:
        """An open report of a symptom; close it by no longer passing it in."""
        return cls("symptom", "symptom", day, "", None, None, ref, label)
