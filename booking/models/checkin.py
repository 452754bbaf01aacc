"""What a patient says when asked: before a visit, and on how the skin does after it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Instant, Model, Sealed, Word


class RecheckAnswer(Model):
    """The answer to "has anything changed?" for a visit in one placement.

    `placement` is how often the visit had moved; `way` is by mail, at the desk, or on
    arrival.
    """

    __table_args__ = (
        UniqueConstraint("appointment_id", "placement", "way"),
        CheckConstraint("way IN ('mail', 'desk', 'arrival')", name="way"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    placement: Mapped[int]
    way: Mapped[Word]
    changed: Mapped[bool]
    at: Mapped[Instant]


class SymptomReport(Model):
    """How the patient is after a visit: fine, or signs that somebody must see to.

    `step` is the check-in that asked, or "report" where the patient came by themselves.
    `signs` (red-flag ids) and `text` are sealed. `urgency` is the worst of the signs:
    none, days, today, or emergency. Open until a clinician clears it (R-82).
    """

    __table_args__ = (
        CheckConstraint("answer IN ('fine', 'call')", name="answer"),
        CheckConstraint(
            "urgency IN ('none', 'days', 'today', 'emergency')", name="urgency"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id"), index=True
    )
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    step: Mapped[Word]
    answer: Mapped[Word]
    urgency: Mapped[Word]
    signs: Mapped[Any] = mapped_column(Sealed)
    text: Mapped[Any] = mapped_column(Sealed, nullable=True)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
    at: Mapped[Instant]
