"""Reservations: a slot kept for ten minutes while the patient finishes."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from booking import freed, gate
from booking.crypto import new_token
from booking.db import begin_write, db
from booking.diary import placement
from booking.diary.calendar import Search
from booking.errors import ReservationEnded, SlotTaken
from booking.models.appointment import Appointment, Claim, Status
from booking.models.clinic import Site
from booking.models.screening import Screening

MOST_EXTENSIONS = 12
"""WCAG 2.2.1 asks for at least ten extensions of a time limit."""


def reserve(
    screening: Screening,
    start: datetime,
    practitioner: int | None,
    *,
    now: datetime,
    owner_id: int | None = None,
) -> Appointment:
    """Keep a slot; the gate is asked first, with the records of a proven *owner_id*.

    Raises as `appointments.book` does.
    """
    screening_id = screening.id
    begin_write()
    screening = db.session.get_one(Screening, screening_id)
    site = db.session.get_one(Site, screening.site_id)
    clearance = gate.clearance_for(
        site,
        screening.treatment,
        screening.area,
        screening.answers,
        given_on=screening.given_on,
        now=now,
        patient_id=owner_id,
    )
    gate.admit_online(site, clearance, start, now=now)
    first_visit = is_first_visit(owner_id, screening.treatment)
    search = Search(site, screening.treatment, now, first_visit)
    try:
        place = placement.find(search, start, practitioner)
        appointment = _keep_place(screening, place, search)
    except SlotTaken:
        db.session.rollback()
        raise SlotTaken(nearest=placement.nearest(search, clearance, start)) from None
    db.session.commit()
    return appointment


def _keep_place(
    screening: Screening, place: placement.Place, search: Search
) -> Appointment:
    """A reserved visit with its claims; SlotTaken if a rival was faster."""
    now = search.now
    appointment = new_visit(
        screening,
        place,
        Status.RESERVED,
        now=now,
        source="online",
        first_visit=search.first_visit,
    )
    until = now + timedelta(minutes=search.site.reservation_minutes)
    appointment.reserved_until = until
    placement.claim(appointment, place, patient_id=None, expires_at=until)
    return appointment


def is_first_visit(patient_id: int | None, treatment: str) -> bool:
    """Whether this patient has never completed this treatment here."""
    if patient_id is None:
        return True
    done = select(Appointment.id).where(
        Appointment.patient_id == patient_id,
        Appointment.treatment == treatment,
        Appointment.status == Status.COMPLETED,
    )
    return db.session.scalar(done.limit(1)) is None


def new_visit(  # noqa: PLR0913 - a visit is made of all of these
    screening: Screening,
    place: placement.Place,
    status: Status,
    *,
    now: datetime,
    source: str,
    first_visit: bool,
    patient_id: int | None = None,
) -> Appointment:
    """Add the row of a visit, without claims; with a patient it is booked.

    Never commits.
    """
    appointment = Appointment(
        public_id=new_token(),
        uid=f"{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}@clearslot",
        site_id=screening.site_id,
        treatment=screening.treatment,
        area=screening.area,
        patient_id=patient_id,
        screening_id=screening.id,
        status=status,
        practitioner_id=place.practitioner_id,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        first_visit=first_visit,
        source=source,
        sequence=0,
        link_version=1,
        created_at=now,
        booked_at=None if patient_id is None else now,
    )
    db.session.add(appointment)
    db.session.flush()
    return appointment


def is_live(appointment: Appointment, *, now: datetime) -> bool:
    """Whether the slot is still kept."""
    return (
        appointment.status == Status.RESERVED
        and appointment.reserved_until is not None
        and appointment.reserved_until > now
    )


def keep(
    appointment: Appointment,
    until: datetime | None,
    *,
    now: datetime,
    screening_id: int,
) -> None:
    """Keep the slot that a screening has reserved until then, or for good.

    ReservationEnded if it is over or another's, also where a rival has freed any of its
    claims meanwhile: what is not claimed is not kept. Never commits.
    """
    if appointment.screening_id != screening_id:
        raise ReservationEnded
    claims = db.session.scalars(
        select(Claim)
        .where(Claim.appointment_id == appointment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not is_live(appointment, now=now) or not all(claim.live for claim in claims):
        raise ReservationEnded
    appointment.reserved_until = until
    for claim in claims:
        claim.expires_at = int(until.timestamp()) if until else None


def extend(appointment: Appointment, *, now: datetime) -> Appointment:
    """Ten more minutes from now, or ReservationEnded."""
    appointment = locked(appointment.id)
    if appointment.extensions >= MOST_EXTENSIONS:
        raise ReservationEnded
    site = db.session.get_one(Site, appointment.site_id)
    until = now + timedelta(minutes=site.reservation_minutes)
    keep(appointment, until, now=now, screening_id=appointment.screening_id)
    appointment.extensions += 1
    db.session.commit()
    return appointment


def let_go(appointment: Appointment, *, now: datetime) -> None:
    """Free a reserved slot early.

    Nothing happens if it is no longer reserved.
    """
    appointment = locked(appointment.id)
    if appointment.status == Status.RESERVED:
        end(appointment, now=now)
    db.session.commit()


def end(
    appointment: Appointment,
    *,
    now: datetime,
    since: Sequence[freed.Claimed] | None = None,
) -> None:
    """The reservation is over; *since* as in `placement.free`.

    Never commits.
    """
    placement.free(appointment, now=now, since=since)
    appointment.status = Status.EXPIRED
    appointment.ended_at = now


def locked(appointment_id: int) -> Appointment:
    """Begin to write, with this visit's row locked and fresh."""
    begin_write()
    return db.session.get_one(
        Appointment,
        appointment_id,
        with_for_update={"key_share": True},
        populate_existing=True,
    )
