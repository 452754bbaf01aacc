"""Who did what to what, when, why.

Append-only; the worker seals the rows into a hash chain.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Instant, Line, Model, Sealed, Word


class AuditEvent(Model):
    """Written in the transaction of the change it records. `detail` is sealed JSON.

    `position` and `seal` are set once by sealing: the seal is a hash over the seal
    before and this row, so an edit, a deletion or a swap of sealed rows shows.
    """

    __table_args__ = (
        Index("ix_audit_event_subject", "subject_kind", "subject_id"),
        Index("ix_audit_event_position", "position", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    actor: Mapped[Line]
    action: Mapped[Word]
    subject_kind: Mapped[Word]
    subject_id: Mapped[int]
    detail: Mapped[Any] = mapped_column(Sealed, nullable=True)
    position: Mapped[int | None]
    seal: Mapped[Line | None]


class Heartbeat(Model):
    """When each worker last ticked; readiness reads it."""

    name: Mapped[Word] = mapped_column(primary_key=True)
    at: Mapped[Instant]
