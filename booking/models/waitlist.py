"""The waitlist: who would come earlier, and what they were offered."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Instant, Model, Word
from booking.models.appointment import Appointment
from booking.models.patient import Patient
from booking.models.screening import Screening


class WaitState(StrEnum):
    ASKED = "asked"  # the address is not confirmed yet: nothing is offered
    WAITING = "waiting"
    SERVED = "served"  # an offer was accepted
    LEFT = "left"  # by their own wish, or staff's
    OVER = "over"  # the last day has passed


class WaitlistEntry(Model):
    """Somebody waits for a slot of a treatment, or for an earlier one than their visit.

    `first_day` and `last_day` are the site's calendar days, both included.
    `weekdays` (Monday 0) and `practitioners` are lists, empty for any; `from_time` and
    `until_time` are wall-clock times of the start. `appointment_id` is the visit that
    would move, null where there is none yet.
    """

    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="order"),
        Index("ix_waitlist_entry_match", "site_id", "treatment", "state", "joined_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[Word] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.id"), index=True)
    screening_id: Mapped[int] = mapped_column(ForeignKey("screening.id"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(
        ForeignKey("appointment.id"), index=True
    )
    treatment: Mapped[Word]
    area: Mapped[Word]
    first_day: Mapped[date]
    last_day: Mapped[date]
    weekdays: Mapped[list[Any]] = mapped_column(JSON)
    from_time: Mapped[time | None]
    until_time: Mapped[time | None]
    practitioners: Mapped[list[Any]] = mapped_column(JSON)
    state: Mapped[Word] = mapped_column(default=WaitState.WAITING)
    link_version: Mapped[int] = mapped_column(default=1)
    joined_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]

    patient: Mapped[Patient] = relationship()
    screening: Mapped[Screening] = relationship()
    appointment: Mapped[Appointment | None] = relationship()

    @property
    def answered(self) -> Screening:
        """The answers that count: those of the visit that would move, which its patient
        may have given anew since, or the ones they joined with."""
        return self.appointment.screening if self.appointment else self.screening


class OfferState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    GONE = "gone"  # another one of the group was first, or it is no longer safe


class WaitlistOffer(Model):
    """A free slot that one entry may take until `answer_by`.

    `appointment_id` is the reserved visit that keeps the slot; the offers of a small
    group share it, and the first to accept has it. `freed` is what had come free, as in
    FreedSlot: only that is given to the next person if this one does not take it.
    """

    __table_args__ = (
        Index(
            "uq_waitlist_offer_open_entry",
            "entry_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_waitlist_offer_state_answer_by", "state", "answer_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[Word] = mapped_column(unique=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waitlist_entry.id"), index=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id"), index=True
    )
    state: Mapped[Word] = mapped_column(default=OfferState.OPEN)
    freed: Mapped[list[Any]] = mapped_column(JSON)
    offered_at: Mapped[Instant]
    answer_by: Mapped[Instant]
    ended_at: Mapped[Instant | None]

    entry: Mapped[WaitlistEntry] = relationship()
    appointment: Mapped[Appointment] = relationship()


class FreedSlot(Model):
    """A slot that may have come free: who waits for it is still to be found.

    Written in the transaction of the change that freed it, deleted once dealt with.
    `claims` are lists of resource, first cell and the cell after the last; a resource
    that is null stands for all of them.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    claims: Mapped[list[Any]] = mapped_column(JSON)
    noted_at: Mapped[Instant] = mapped_column(index=True)
