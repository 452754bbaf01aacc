"""Visits, the claims by which they occupy resources, and the holds and releases that
decide them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Instant, Line, Model, Sealed, Word
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.screening import Screening


class Status(StrEnum):
    """The states of a visit (design, section 2)."""

    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    HELD = "held"
    DECLINED = "declined"
    EXPIRED = "expired"
    MOVED = "moved"
    CANCELLED = "cancelled"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


LIVE = (
    Status.RESERVED,
    Status.CONFIRMED,
    Status.HELD,
    Status.ARRIVED,
    Status.COMPLETED,
)
"""Statuses whose claims occupy their resources."""

UPCOMING = (Status.CONFIRMED, Status.HELD)


class Appointment(Model):
    """A visit.

    `starts_at` and `ends_at` are what the patient sees, without buffers.
    `practitioner_id` is a resource. `sequence` rises by one with every change of time,
    place or     state that a calendar must learn. `reserved_until` is set only while
    reserved.     `proven_at`: when the patient proved the address.
    `records_checked_at`: null until the     check against the clinic's records has run;
    no mail leaves before it.
    """

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_appointment_site_starts", "site_id", "starts_at"),
        Index("ix_appointment_patient_starts", "patient_id", "starts_at"),
        Index(
            "ix_appointment_reserved_until",
            "reserved_until",
            sqlite_where=text("status = 'reserved'"),
            postgresql_where=text("status = 'reserved'"),
        ),
        Index(
            "ix_appointment_unchecked",
            "id",
            sqlite_where=text("records_checked_at IS NULL"),
            postgresql_where=text("records_checked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[Word] = mapped_column(unique=True)
    uid: Mapped[Line] = mapped_column(unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    treatment: Mapped[Word]
    area: Mapped[Word]
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"))
    screening_id: Mapped[int] = mapped_column(ForeignKey("screening.id"), index=True)
    status: Mapped[Word]
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    first_visit: Mapped[bool]
    source: Mapped[Word]  # online, api, desk, demo
    sequence: Mapped[int] = mapped_column(default=0)
    link_version: Mapped[int] = mapped_column(default=1)
    details_by_mail: Mapped[bool] = mapped_column(default=False)
    reserved_until: Mapped[Instant | None]
    extensions: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant]
    booked_at: Mapped[Instant | None]
    proven_at: Mapped[Instant | None]
    records_checked_at: Mapped[Instant | None]
    arrived_at: Mapped[Instant | None]
    completed_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]  # cancelled, declined, expired, no-show
    depth_mm: Mapped[float | None]
    lot: Mapped[Line | None]
    product: Mapped[Line | None]

    site: Mapped[Site] = relationship()
    patient: Mapped[Patient | None] = relationship()
    screening: Mapped[Screening] = relationship()
    proxy: Mapped[Proxy | None] = relationship(back_populates="appointment")
    claims: Mapped[list[Claim]] = relationship(back_populates="appointment")
    holds: Mapped[list[Hold]] = relationship(
        back_populates="appointment", order_by="Hold.id"
    )
    releases: Mapped[list[Release]] = relationship(order_by="Release.id")

    @property
    def addressee(self) -> str:
        """The name of who reads the mails: the patient, or who booked for them."""
        if self.proxy is not None:
            return self.proxy.name
        return self.patient.name if self.patient else ""


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

    appointment: Mapped[Appointment] = relationship(back_populates="proxy")


class Claim(Model):
    """One resource (or the patient) is taken over half-open 5-minute cells since 1970,
    UTC.

    Two live claims of one resource or patient never overlap: an exclusion constraint on
    PostgreSQL, triggers on SQLite (booking/models/overlap.py), both named `no_overlap`.
    """

    __table_args__ = (
        CheckConstraint("first_cell < until_cell", name="order"),
        # lets the SQLite trigger look back one day only
        CheckConstraint("until_cell - first_cell <= 288", name="at_most_a_day"),
        CheckConstraint(
            "(resource_id IS NULL) <> (patient_id IS NULL)", name="one_owner"
        ),
        Index(
            "ix_claim_live_resource",
            "resource_id",
            "first_cell",
            "until_cell",
            "expires_at",
            sqlite_where=text("live = 1"),
            postgresql_where=text("live"),
        ),
        Index(
            "ix_claim_live_patient",
            "patient_id",
            "first_cell",
            "until_cell",
            sqlite_where=text("live = 1"),
            postgresql_where=text("live"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id"), index=True
    )
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"))
    first_cell: Mapped[int]
    until_cell: Mapped[int]
    live: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[int | None]  # unix seconds; set while only reserved

    appointment: Mapped[Appointment] = relationship(back_populates="claims")


class HoldState(StrEnum):
    OPEN = "open"
    RELEASED = "released"
    DECLINED = "declined"
    EXPIRED = "expired"
    CLEARED = "cleared"  # a new answer made the day clear
    WITHDRAWN = "withdrawn"  # the visit was moved or cancelled


class Hold(Model):
    """A visit waits for a person.

    `owner` is the strictest authority its windows need. `requested` holds (asked for
    online) expire at `decide_by`; a visit that became held later never does: at its
    deadline it is urgent at the desk. `windows` is sealed JSON. `neutral`: the patient
    is told only that something must be checked.
    """

    __table_args__ = (
        Index(
            "uq_hold_open_appointment",
            "appointment_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_hold_state_decide_by", "state", "decide_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    owner: Mapped[Word]  # reception, clinician, answer, nobody
    requested: Mapped[bool]
    neutral: Mapped[bool] = mapped_column(default=False)
    state: Mapped[Word] = mapped_column(default=HoldState.OPEN)
    windows: Mapped[Any] = mapped_column(Sealed)
    conflicts: Mapped[Any] = mapped_column(Sealed)
    opened_at: Mapped[Instant]
    decide_by: Mapped[Instant]
    urgent_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    closed_by: Mapped[Line | None]
    reason: Mapped[Word | None]
    note: Mapped[Any] = mapped_column(Sealed, nullable=True)

    appointment: Mapped[Appointment] = relationship(back_populates="holds")


class Release(Model):
    """An override: who let the named windows pass for this visit, on what authority,
    and why.

    Immutable. It covers only the windows it stores, and only for this appointment in
    this placement: the number of moves that it has behind it.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id"), index=True
    )
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    placement: Mapped[int]
    windows: Mapped[Any] = mapped_column(Sealed)
    by: Mapped[Line]
    authority: Mapped[Word]
    attested_by: Mapped[Line | None]
    reason: Mapped[Word]
    note: Mapped[Any] = mapped_column(Sealed, nullable=True)
    at: Mapped[Instant]


class Move(Model):
    """Where a visit was before it moved (its former placement, status `moved`)."""

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id"), index=True
    )
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    moved_at: Mapped[Instant]
    moved_by: Mapped[Line]


class IdempotencyKey(Model):
    """A booking request that was answered: the same key and body gets the same visit
    again."""

    __table_args__ = (UniqueConstraint("key_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key_digest: Mapped[str]
    body_digest: Mapped[str]
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    status_code: Mapped[int]
    created_at: Mapped[Instant]
