"""A course as it is stored: which visits are its sessions, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

import screening
from booking import rulebooks
from booking.clock import local_day
from booking.courses.planner import Gaps
from booking.db import db
from booking.models.appointment import UPCOMING, Appointment, Status
from booking.models.clinic import Site
from booking.models.course import Course, CourseSession

STANDING = (*UPCOMING, Status.ARRIVED, Status.COMPLETED)
"""Statuses in which a session takes place, or did."""


@dataclass(frozen=True)
class Session:
    """`days_after`: since the one before that stands. `too_late`, `too_soon`: by the
    course's own gaps."""

    number: int
    visit: Appointment
    days_after: int | None
    too_late: bool
    too_soon: bool

    @property
    def stands(self) -> bool:
        return self.visit.status in STANDING


def find_course_of(appointment: Appointment) -> Course | None:
    """The course that a visit is a session of."""
    return db.session.scalar(
        select(Course)
        .join(CourseSession)
        .where(CourseSession.appointment_id == appointment.id)
    )


def find_course(public_id: str) -> Course | None:
    """The course with this id."""
    return db.session.scalar(select(Course).where(Course.public_id == public_id))


def visits_of(course: Course) -> list[Appointment]:
    """Its visits in the order planned, whatever became of them."""
    return list(
        db.session.scalars(
            select(Appointment)
            .join(CourseSession)
            .where(CourseSession.course_id == course.id)
            .order_by(CourseSession.number)
        )
    )


def gaps_of(course: Course) -> Gaps:
    """How far apart its sessions are, as planned."""
    return Gaps(course.least_days, course.greatest_days)


def sessions_of(course: Course, site: Site) -> list[Session]:
    """Its sessions in the order of their days, with the gaps between those that stand.

    A course keeps the gaps with which it was planned; what is safe is the gate's.
    """
    numbered = list(enumerate(visits_of(course), start=1))
    numbered.sort(key=lambda pair: (pair[1].starts_at, pair[0]))
    found = []
    before: date | None = None
    for number, visit in numbered:
        day = local_day(visit.starts_at, site.timezone)
        stands = visit.status in STANDING
        days = (day - before).days if stands and before else None
        found.append(
            Session(
                number=number,
                visit=visit,
                days_after=days,
                too_late=days is not None and days > course.greatest_days,
                too_soon=days is not None and days < course.least_days,
            )
        )
        before = day if stands else before
    return found


def later_than(appointment: Appointment, course: Course) -> list[Appointment]:
    """The sessions numbered after this one that are still to come."""
    visits = visits_of(course)
    number = next(n for n, one in enumerate(visits) if one.id == appointment.id)
    return [one for one in visits[number + 1 :] if one.status in UPCOMING]


def number_of(appointment: Appointment) -> int:
    """Which session of its course a visit is, from 1; 1 if it is of none."""
    number = db.session.scalar(
        select(CourseSession.number).where(
            CourseSession.appointment_id == appointment.id
        )
    )
    return number or 1


def siblings(appointment: Appointment) -> list[Appointment]:
    """The other sessions of its course that stand."""
    course = find_course_of(appointment)
    if course is None:
        return []
    return [
        one
        for one in visits_of(course)
        if one.id != appointment.id and one.status in STANDING
    ]


def all_with(appointment: Appointment) -> list[Appointment]:
    """Every visit of its course, this one too; it alone if it is of none."""
    course = find_course_of(appointment)
    return visits_of(course) if course else [appointment]


def told_of(appointment: Appointment) -> list[Appointment]:
    """The sessions to come that the mail about its course lists."""
    standing = [one for one in all_with(appointment) if one.status in UPCOMING]
    return sorted(standing, key=lambda visit: visit.starts_at)


def waits_for_records(appointment: Appointment) -> bool:
    """Whether a session of this visit's course still waits for its record check."""
    return any(one.records_checked_at is None for one in siblings(appointment))


def records_of(
    visits: Sequence[Appointment], site: Site
) -> tuple[screening.Record, ...]:
    """Sessions as the gate sees them: their booker knows of them, proven or not."""
    return tuple(
        screening.Record.of_treatment(
            visit.treatment,
            local_day(visit.starts_at, site.timezone),
            area=visit.area,
            depth_mm=visit.depth_mm,
            ref=f"appointment {visit.id}",
            planned=visit.status != Status.COMPLETED,
        )
        for visit in visits
    )


def records_at(
    treatment: str, area: str, starts: Sequence[datetime], site: Site
) -> tuple[screening.Record, ...]:
    """Sessions that are about to be booked, as records."""
    return tuple(
        screening.Record.of_treatment(
            treatment,
            local_day(start, site.timezone),
            area=area,
            ref="this course",
            planned=True,
        )
        for start in starts
    )


def horizon_of(appointment: Appointment, site: Site) -> int | None:
    """How many days ahead this session may be; None for what is no session."""
    course = find_course_of(appointment)
    if course is None:
        return None
    return horizon_for(number_of(appointment), course.greatest_days, site)


def horizon_for(number: int, greatest_days: int, site: Site) -> int:
    """How many days ahead session *number* may be: the first as any visit may."""
    return site.horizon_days + (number - 1) * greatest_days


def advice_of(site: Site, treatment: str) -> screening.Course | None:
    """How the rulebook in force gives this treatment as a course."""
    rulebook = rulebooks.current(site)
    return rulebook.find_course(treatment) if treatment in rulebook.treatments else None
