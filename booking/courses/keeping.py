"""The times of a course while they are only kept: for longer, or no longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from booking.courses.sessions import visits_of
from booking.db import begin_write, db
from booking.errors import ReservationEnded
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site
from booking.models.course import Course, CourseSession
from booking.reservations import MOST_EXTENSIONS, end, is_live, keep


def extend(course: Course, *, now: datetime) -> None:
    """Ten more minutes for all of its times, or ReservationEnded."""
    begin_write()
    visits = locked_visits(course.id)
    site = db.session.get_one(Site, visits[0].site_id)
    until = now + timedelta(minutes=site.reservation_minutes)
    for visit in visits:
        if visit.extensions >= MOST_EXTENSIONS:
            raise ReservationEnded
        keep(visit, until, now=now, screening_id=visit.screening_id)
        visit.extensions += 1
    db.session.commit()


def let_go(course: Course, *, now: datetime) -> None:
    """Free the times that are only kept; nothing happens to a course that is booked."""
    begin_write()
    for visit in locked_visits(course.id):
        if visit.status == Status.RESERVED:
            end(visit, now=now)
    db.session.commit()


def is_kept(course: Course, *, now: datetime) -> bool:
    """Whether all of its times are still kept."""
    return all(is_live(visit, now=now) for visit in visits_of(course))


def forget_unbooked() -> None:
    """Delete courses whose sessions came to nothing. Never commits."""
    # Before the visits themselves are deleted, because a session refers to its visit.
    quiet = {"synchronize_session": False}
    booked = (
        select(CourseSession.course_id)
        .join(Appointment)
        .where(
            or_(
                Appointment.booked_at.is_not(None),
                Appointment.status == Status.RESERVED,
            )
        )
    )
    for statement in (
        delete(CourseSession).where(CourseSession.course_id.not_in(booked)),
        delete(Course).where(Course.id.not_in(booked)),
    ):
        db.session.execute(statement.execution_options(**quiet))


def locked_visits(course_id: int) -> list[Appointment]:
    """The sessions of a course, locked in id order and fresh."""
    course = db.session.get_one(Course, course_id)
    for number in sorted(visit.id for visit in visits_of(course)):
        db.session.get_one(
            Appointment,
            number,
            with_for_update={"key_share": True},
            populate_existing=True,
        )
    return visits_of(course)
