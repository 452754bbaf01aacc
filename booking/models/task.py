"""What waits for a member of staff: a row in the transaction of what made it
necessary."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Instant, Line, Model, Sealed, Word
from booking.models.appointment import Appointment
from booking.models.patient import Patient


class Task(Model):
    """Somebody has to do something by `due_at`.

    `key` names the cause, so that the same cause never opens two tasks at once.
    `owner` is the least authority that may close it: reception or clinician. `detail`
    (sealed) says what is known; `outcome` and `note` how it ended.
    """

    __table_args__ = (
        CheckConstraint("owner IN ('reception', 'clinician')", name="owner"),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="both_or_none"),
        Index(
            "uq_task_open_key",
            "key",
            unique=True,
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
        Index("ix_task_site_done_due", "site_id", "done_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[Word]
    key: Mapped[Line]
    owner: Mapped[Word]
    urgent: Mapped[bool] = mapped_column(default=False)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(
        ForeignKey("appointment.id"), index=True
    )
    detail: Mapped[Any] = mapped_column(Sealed, nullable=True)
    opened_at: Mapped[Instant]
    due_at: Mapped[Instant]
    done_at: Mapped[Instant | None]
    done_by: Mapped[Line | None]
    outcome: Mapped[Word | None]
    note: Mapped[Any] = mapped_column(Sealed, nullable=True)

    patient: Mapped[Patient | None] = relationship()
    appointment: Mapped[Appointment | None] = relationship()
