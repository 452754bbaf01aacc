"""A course as a picture: its visits on a line of weeks, and the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from booking import appointments, links
from booking.courses import sessions
from booking.courses.sessions import Session
from booking.links import OpenedVisit
from booking.models.appointment import Appointment
from booking.models.course import Course
from booking.web import edge, words
from booking.web.offers import practitioners

MARGIN_DAYS = 7
MOST_MARKS = 7


@dataclass(frozen=True)
class Dot:
    """A visit on the line: where, and its number."""

    left: float
    number: int
    state: str


@dataclass(frozen=True)
class Mark:
    left: float
    day: date


@dataclass(frozen=True)
class Line:
    """The picture; everything in it is said in the list beside it too."""

    dots: tuple[Dot, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Shown:
    """A session as the page lists it; `token` opens it."""

    session: Session
    who: str
    token: str
    is_this: bool

    @property
    def visit(self) -> Appointment:
        return self.session.visit

    @property
    def can_move(self) -> bool:
        return appointments.can_change(self.visit, edge.site(), now=edge.now())

    @property
    def can_cancel(self) -> bool:
        return appointments.can_cancel(self.visit, edge.site(), now=edge.now())


def draw(starts: Sequence[tuple[datetime, int, str]]) -> Line:
    """The line of these visits: start, number, state."""
    days = [words.local(start).date() for start, _, _ in starts]
    first = min(days) - timedelta(days=MARGIN_DAYS)
    length = (max(days) - first).days + MARGIN_DAYS
    dots = tuple(
        Dot(_share(day, first, length), number, state)
        for day, (_, number, state) in zip(days, starts, strict=True)
    )
    return Line(dots, _marks(first, length))


def of_course(course: Course) -> list[Session]:
    """Its sessions in the order of their days."""
    return sessions.sessions_of(course, edge.site())


def sessions_with(visit: Appointment) -> list[Session]:
    """The sessions of this visit's course; none if it is of none."""
    course = sessions.find_course_of(visit)
    return of_course(course) if course else []


def line_of(visit: Appointment) -> Line | None:
    """The line of this visit's course; None if it is of none."""
    course = sessions.find_course_of(visit)
    if course is None:
        return None
    found = of_course(course)
    return draw([(s.visit.starts_at, s.number, state_of(s)) for s in found])


def state_of(session: Session) -> str:
    """How the dot of a session is drawn."""
    if not session.stands:
        return "off"
    return "held" if session.visit.status == "held" else "on"


def shown_to(opened: OpenedVisit) -> tuple[Shown, ...]:
    """The sessions of this visit's course, each with a link of the same kind.

    So every session tells what its own page would tell, and no more (I-9b).
    """
    visit = opened.appointment
    course = sessions.find_course_of(visit)
    if course is None:
        return ()
    token_of = links.mailed_token if opened.mailed else links.visit_token
    who = names(visit.treatment)
    return tuple(
        Shown(
            session=session,
            who=who.get(session.visit.practitioner_id or 0, ""),
            token=token_of(session.visit),
            is_this=session.visit.id == visit.id,
        )
        for session in of_course(course)
    )


def gap_without(visit: Appointment) -> tuple[Appointment, Appointment, int, int] | None:
    """Cancelling it would leave two sessions too far apart: they, the days, the most.

    None if it would not, or if it is of no course.
    """
    course = sessions.find_course_of(visit)
    if course is None:
        return None
    stand = [s.visit for s in of_course(course) if s.stands]
    place = next((n for n, one in enumerate(stand) if one.id == visit.id), 0)
    if not 0 < place < len(stand) - 1:
        return None
    before, after = stand[place - 1], stand[place + 1]
    days = words.days_after(after.starts_at, before.starts_at)
    if days <= course.greatest_days:
        return None
    return before, after, days, course.greatest_days


def names(treatment: str) -> dict[int, str]:
    """Who treats: resource id → name."""
    return practitioners(edge.site(), treatment)


def _share(day: date, first: date, length: int) -> float:
    return round(100 * (day - first).days / length, 2)


def _marks(first: date, length: int) -> tuple[Mark, ...]:
    firsts = [
        day
        for day in (first + timedelta(days=number) for number in range(length))
        if day.day == 1
    ]
    every = 1 + len(firsts) // MOST_MARKS
    return tuple(Mark(_share(day, first, length), day) for day in firsts[::every])
