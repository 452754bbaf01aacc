"""The outbox: every mail is a row before it is sent."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Instant, Line, Model, Word
from booking.models.appointment import Appointment
from booking.models.waitlist import WaitlistEntry


class MessageState(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    VOID = "void"  # the visit was cancelled, refused, held or moved away
    FAILED = "failed"  # refused for good, or retried for too long: staff see it


class Message(Model):
    """One mail of one step.

    Unique per (appointment, step, channel, sequence). `recipient` null means the
    patient's address at sending. `urgent` ignores the quiet hours. `lease_until` is
    set by the worker that is sending it; `fence` rises with each claim, so that a
    worker whose lease ran out cannot mark it. `body` holds the rendered bytes from
    the first claim on, so that a resend is byte-identical.

    A message to somebody on the waitlist has an `entry_id` instead of a visit, and its
    `sequence` is the number of the offer that it makes, or 0. Only
    booking/messages/waiting.py deals with those.
    """

    __table_args__ = (
        UniqueConstraint("appointment_id", "step", "channel", "sequence"),
        UniqueConstraint("entry_id", "step", "channel", "sequence"),
        CheckConstraint(
            "(appointment_id IS NULL) <> (entry_id IS NULL)", name="about_one"
        ),
        Index("ix_message_state_due", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("waitlist_entry.id"))
    step: Mapped[Word]
    channel: Mapped[Word] = mapped_column(default="mail")
    sequence: Mapped[int]
    audience: Mapped[Word] = mapped_column(default="patient")  # patient, staff
    recipient: Mapped[Line | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    state: Mapped[Word] = mapped_column(default=MessageState.PLANNED)
    due_at: Mapped[Instant]
    created_at: Mapped[Instant]
    lease_until: Mapped[Instant | None]
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[Line | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    sent_at: Mapped[Instant | None]
    error: Mapped[Line | None]

    appointment: Mapped[Appointment] = relationship()
    entry: Mapped[WaitlistEntry | None] = relationship()
