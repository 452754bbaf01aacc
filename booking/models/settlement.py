"""Conflicts between an answer and a record that staff have settled."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Instant, Line, Model, Sealed, Word


class Settlement(Model):
    """Which of the two counts, an answer or what the clinic has on record.

    `ref` names the record as conflicts do. `said` (sealed) is the answer that was
    contradicted: another answer makes another conflict. Immutable.
    """

    __table_args__ = (
        UniqueConstraint("patient_id", "question", "ref", "said_digest"),
        CheckConstraint("counts IN ('answer', 'record')", name="counts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    question: Mapped[Word]
    ref: Mapped[Line]
    said: Mapped[Any] = mapped_column(Sealed)
    said_digest: Mapped[str]
    counts: Mapped[Word]
    by: Mapped[Line]
    at: Mapped[Instant]
    note: Mapped[Any] = mapped_column(Sealed, nullable=True)
