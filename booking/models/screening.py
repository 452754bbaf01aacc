"""What was asked and decided: screenings are immutable; drafts keep half-finished
answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Instant, Model, Sealed, Word

BY_PATIENT, BY_OWNER, BY_STAFF = "patient", "owner", "staff"
"""Who answered: whoever booked, the owner of the address by a mailed link, or staff."""


class Screening(Model):
    """Answers, and the windows that the rulebook made of them on `day` (site's
    calendar).

    `token_digest` is the SHA-256 of the clearance token. `bound_to` is set once, by the
    first successful booking, to a keyed hash of the patient. Deleted at `expires_at` if
    no appointment uses it.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    treatment: Mapped[Word]
    area: Mapped[Word]
    rulebook: Mapped[Word]
    day: Mapped[date]
    answers: Mapped[Any] = mapped_column(Sealed)
    clearance: Mapped[Any] = mapped_column(Sealed)
    answered_by: Mapped[Word] = mapped_column(default=BY_PATIENT)
    # question -> the day on which it was answered, where that is not `day`
    answer_days: Mapped[Any] = mapped_column(Sealed, nullable=True)
    bound_to: Mapped[str | None]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("screening.id"))

    @property
    def given_on(self) -> dict[str, date]:
        """The day on which each answer was given."""
        return given_on(self.answers, self.day, self.answer_days)


def given_on(
    answers: Mapping[str, Any], day: date, answer_days: Mapping[str, str] | None
) -> dict[str, date]:
    """The day on which each answer was given: *day*, but for those of another day."""
    found = dict.fromkeys(answers, day)
    for name, older in (answer_days or {}).items():
        if name in found:
            found[name] = date.fromisoformat(older)
    return found


class Draft(Model):
    """Answers given so far on the pages; found by an opaque token, deleted when it
    expires.

    `patient_id` is set only when staff fill it in for a patient on file.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    treatment: Mapped[Word]
    area: Mapped[Word]
    answers: Mapped[Any] = mapped_column(Sealed)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"))
    updated_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)
