"""What somebody wants of a course, as a page's address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import screening
from booking.courses import proposals
from booking.courses.places import Place
from booking.courses.proposals import Asker, Wish
from booking.courses.times import PARTS, Taste
from booking.diary.openings import Slot
from booking.errors import BookingError, CourseDoesNotFit, FieldProblem, InvalidRequest
from booking.web import edge
from booking.web.questions import Problem
from screening import Clearance

WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
PART_WORDS = {
    "": "Any time of day",
    "morning": "In the morning",
    "afternoon": "In the afternoon",
    "evening": "In the evening",
}
MOST_PLACES = 12


@dataclass(frozen=True)
class Proposal:
    """The plan for what was wished, or why there is none; `typed` fills the form."""

    typed: Mapping[str, str]
    slots: tuple[Slot, ...]
    stuck: CourseDoesNotFit | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> dict[str, str]:
        return {problem.anchor: problem.message for problem in self.problems}


def propose(
    given: Mapping[str, str],
    clearance: Clearance,
    course: screening.Course,
    asker: Asker,
) -> Proposal:
    """The best course for what the address asks for."""
    typed = {
        "visits": given.get("visits", "").strip() or str(course.default),
        "from": given.get("from", "").strip(),
        "weekday": given.get("weekday", ""),
        "part": given.get("part", ""),
        "with": given.get("with", ""),
    }
    try:
        slots = proposals.propose(
            edge.site(), clearance, _wish(typed), asker, now=edge.now()
        )
    except CourseDoesNotFit as stuck:
        return Proposal(typed, (), stuck, ())
    except InvalidRequest as refusal:
        return Proposal(typed, (), None, _problems(refusal.problems))
    return Proposal(typed, slots, None, ())


def places_of(texts: list[str]) -> list[Place]:
    """The places that a posted plan names, or InvalidRequest."""
    if len(texts) > MOST_PLACES:
        raise _not_offered()
    return [place_of(text) for text in texts]


def place_of(text: str) -> Place:
    """A start and a practitioner, written as one value of a form."""
    start, _, who = text.partition("|")
    try:
        instant = datetime.fromisoformat(start)
    except ValueError:
        raise _not_offered() from None
    if instant.utcoffset() is None or not 2000 <= instant.year < 2900:
        raise _not_offered()
    if who and not (who.isascii() and who.isdecimal() and len(who) < 10):
        raise _not_offered()
    return Place(instant, int(who) if who else None)


def value_of(start: datetime, practitioner: int | None) -> str:
    """The same value, to be put into a form."""
    return f"{start.isoformat()}|{practitioner or ''}"


def _not_offered() -> BookingError:
    return InvalidRequest.of("start", "Choose one of the offered times.")


def _wish(typed: Mapping[str, str]) -> Wish:
    weekday, who = typed["weekday"], typed["with"]
    return Wish(
        sessions=int(typed["visits"]) if _is_short(typed["visits"]) else 0,
        from_day=_day(typed["from"]),
        taste=Taste(
            weekday=int(weekday) if _is_short(weekday) else None,
            part=typed["part"] if typed["part"] in PARTS else "",
            practitioner=int(who) if who.isdecimal() and len(who) < 10 else None,
        ),
    )


def _is_short(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 3


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year < 2900:
        raise InvalidRequest.of("from", "Give a day like 2026-11-05.")
    return day


def _problems(found: tuple[FieldProblem, ...]) -> tuple[Problem, ...]:
    names = {"sessions": "visits"}
    return tuple(
        Problem(
            names.get(one.field, one.field),
            one.message,
            names.get(one.field, one.field),
        )
        for one in found
    )
