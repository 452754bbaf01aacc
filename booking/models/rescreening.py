"""Re-screenings that are due: rows in the transaction of what made them necessary."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Instant, Model, Word


class Rescreening(Model):
    """The visits to come of one patient, or of a whole site where `patient_id` is null,
    have to be decided again because of `cause`.

    Deleted once that is done. `after_id` is how far a run over a whole site has come:
    the number of the last visit that it has dealt with.
    """

    __table_args__ = (Index("ix_rescreening_noted", "noted_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)
    cause: Mapped[Word]
    noted_at: Mapped[Instant]
    after_id: Mapped[int] = mapped_column(default=0)
