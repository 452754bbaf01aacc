"""The person treated, and what the clinic itself knows about them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Instant, Line, Model, Sealed, Word

TREATMENT, ANSWER, SYMPTOM = "treatment", "answer", "symptom"
"""The kinds of record that the gate counts."""
CLEARED, VISIT, WITHDRAWAL = "cleared", "visit", "withdrawal"
SILENT = (CLEARED, VISIT, WITHDRAWAL)
"""Kinds that are kept and shown, and that the gate does not read: what a clinician has
cleared must not free anything by itself."""


class Patient(Model):
    """A patient, found again by e-mail *and* birth date (`identity`, a keyed hash).

    A booking by somebody who has not proven the address makes its own row with
    `established = False`; the record check after the commit joins it to the
    established one.
    """

    __table_args__ = (
        Index(
            "uq_patient_identity_established",
            "identity",
            unique=True,
            sqlite_where=text("established = 1"),
            postgresql_where=text("established"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[Word] = mapped_column(unique=True)
    name: Mapped[Line]
    email: Mapped[Line] = mapped_column(index=True)  # lower case
    phone: Mapped[Word | None]
    birth_date: Mapped[Any] = mapped_column(Sealed)  # "YYYY-MM-DD" or None
    identity: Mapped[str] = mapped_column(index=True)
    established: Mapped[bool] = mapped_column(default=False)
    language: Mapped[Word] = mapped_column(default="en")
    created_at: Mapped[Instant]


class Record(Model):
    """One thing the clinic knows about a patient; corrected by a newer row, never
    edited.

    `kind` is treatment, answer or symptom as in screening.Record, or one of `SILENT`;
    `subject` the treatment or question id. `value` (sealed) is {"value", "depth_mm",
    "note"} and, with a correction or withdrawal, "of": the record that it replaces.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    kind: Mapped[Word]
    subject: Mapped[Word]
    day: Mapped[date | None]
    area: Mapped[Word | None]
    value: Mapped[Any] = mapped_column(Sealed)
    how_known: Mapped[Line]
    entered_by: Mapped[Line]
    entered_at: Mapped[Instant]
    corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"))
