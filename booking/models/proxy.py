"""Who booked for somebody else."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from booking.db import Line, Model, Word


class Proxy(Model):
    """The person who booked and answered for the patient of one visit.

    `relation`: parent, guardian, carer or other. The address of the visit's mails is
    the patient row's, as always.
    """

    __table_args__ = (
        CheckConstraint(
            "relation IN ('parent', 'guardian', 'carer', 'other')", name="relation"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id"), unique=True
    )
    name: Mapped[Line]
    relation: Mapped[Word]
