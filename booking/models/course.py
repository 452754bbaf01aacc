"""Courses: a planned series of sessions of one treatment on one area."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Instant, Model, Word
from booking.models.appointment import Appointment


class Course(Model):
    """Sessions from `least_days` to `greatest_days` apart, as the rulebook said when it
    was planned."""

    __table_args__ = (CheckConstraint("least_days <= greatest_days", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[Word] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    treatment: Mapped[Word]
    area: Mapped[Word]
    least_days: Mapped[int]
    greatest_days: Mapped[int]
    created_at: Mapped[Instant]

    sessions: Mapped[list[CourseSession]] = relationship(
        back_populates="course", order_by="CourseSession.number"
    )


class CourseSession(Model):
    """A visit as the session of a course; numbers count from 1 in the order planned."""

    __table_args__ = (UniqueConstraint("course_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id"), unique=True
    )
    number: Mapped[int]

    course: Mapped[Course] = relationship(back_populates="sessions")
    appointment: Mapped[Appointment] = relationship()
