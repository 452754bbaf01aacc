"""The outbox: every mail is a row before it is sent."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Instant, Line, Model, Word
from booking.models.appointment import Appointment


class MessageState(StrEnum):
    PLANNED = "planned"
    SENT = "sent"
    VOID = "void"  # the visit was cancelled, refused, held or moved away
    FAILED = "failed"  # refused for good, or retried for too long: staff see it


class Message(Model):
    """One mail of one step.

    Unique per (appointment, step, channel, sequence).     `recipient` null means the
    patient's address at sending. `urgent` ignores the quiet hours.     `lease_until` is
    set by the worker that is sending it; `fence` rises with each claim, so that     a
    worker whose lease ran out cannot mark it. `body` holds the rendered bytes from
    the first claim on, so that a resend is byte-identical.
    """

    __table_args__ = (
        UniqueConstraint("appointment_id", "step", "channel", "sequence"),
        Index("ix_message_state_due", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
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
