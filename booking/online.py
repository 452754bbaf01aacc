"""Booking online: on the answers alone, because the address is not proven (I-9b)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.exc import IntegrityError

from booking import audit, gate, holds, idempotency, patients, screenings
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.db import begin_write, db
from booking.deciding import Booked, birth_date, clearance_of, settle
from booking.diary import placement
from booking.diary.calendar import Search
from booking.errors import (
    BookingError,
    ClearanceExpired,
    OwnVisitThen,
    ReservationEnded,
    SlotTaken,
)
from booking.messages import plan
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site
from booking.models.screening import Screening
from booking.patients import Contact, proxies
from booking.rescreening.due import note_visit
from booking.reservations import is_first_visit, keep, new_visit
from screening import Clearance

MOST_TRIES = 25
"""How often a rival may take the place that "any practitioner" chose, before we give
up."""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for; no practitioner means any."""

    start: datetime
    practitioner: int | None
    contact: Contact
    owner_id: int | None = None


def book(  # noqa: PLR0913 - one request, every part of it named
    screening: Screening,
    start: datetime,
    practitioner: int | None,
    contact: Contact,
    *,
    now: datetime,
    source: str,
    key: str | None = None,
    body: bytes | str = "",
    reservation: Appointment | None = None,
    owner_id: int | None = None,
) -> Booked:
    """Book a visit, or raise a BookingError and change nothing.

    1. The same key and body: the visit it made before.
    2. Ask the gate, before anything is said about free places.
    3. Bind the screening, take the place (or the reservation), write the messages.

    With *owner_id*, a patient who has proven the address, the records count at once.
    """
    request = idempotency.request_of(key, body) if key else None
    if earlier := idempotency.find(request):
        return _replayed(earlier)
    attempt = partial(
        _book_once,
        screening.id,
        Wish(start, practitioner, patients.checked(contact), owner_id),
        now=now,
        source=source,
        request=request,
        reserved_id=reservation.id if reservation else None,
    )
    return _persistent(attempt, request)


def _persistent(
    attempt: Callable[[], Booked], request: idempotency.Request | None
) -> Booked:
    """Try again while a rival was faster and another place may do."""
    for _ in range(MOST_TRIES):
        try:
            return attempt()
        except (BookingError, IntegrityError) as refusal:
            db.session.rollback()
            # The same request may have come twice at once; then the other was first.
            if earlier := idempotency.find(request):
                return _replayed(earlier)
            if not isinstance(refusal, SlotTaken) or refusal.extra:
                raise
    raise SlotTaken(nearest=[])


def _book_once(
    screening_id: int,
    wish: Wish,
    *,
    now: datetime,
    source: str,
    request: idempotency.Request | None,
    reserved_id: int | None,
) -> Booked:
    begin_write()
    screening = db.session.get_one(Screening, screening_id)
    if screening.expires_at <= now:
        raise ClearanceExpired
    site = db.session.get_one(Site, screening.site_id)
    owner_id = wish.owner_id
    clearance = clearance_of(site, screening, now=now, patient_id=owner_id)
    decision = gate.admit_online(site, clearance, wish.start, now=now)
    screenings.bind(screening, wish.contact.email)
    if reserved_id is None:
        appointment = _take(site, screening, wish, clearance, now=now, source=source)
    else:
        appointment = _redeem(site, screening, reserved_id, clearance, wish, now=now)
    if owner_id is not None:
        claim_for(appointment, now=now)
    proxies.note(appointment, wish.contact.booked_by, wish.contact.relation)
    hold = settle(appointment, site, clearance, decision, now=now, requested=True)
    idempotency.remember(request, appointment, now=now)
    actor = PATIENT if owner_id is None else PROVEN_PATIENT
    audit.record(actor, "book", appointment, now=now)
    plan.begin(appointment, "held" if hold else "confirmed", now=now)
    if owner_id is not None:
        note_visit(appointment, "booked", now=now)
    db.session.commit()
    return Booked(appointment, clearance, hold)


def _take(
    site: Site,
    screening: Screening,
    wish: Wish,
    clearance: Clearance,
    *,
    now: datetime,
    source: str,
) -> Appointment:
    """A place nobody has; SlotTaken with the nearest free slots if there is none left,
    and without them if a rival was faster and another place may do."""
    first_visit = is_first_visit(wish.owner_id, screening.treatment)
    search = Search(site, screening.treatment, now, first_visit)
    try:
        place = placement.find(search, wish.start, wish.practitioner)
    except SlotTaken:
        # Rivals queue behind this transaction: look for other places after it.
        db.session.rollback()
        nearest = placement.nearest(search, clearance, wish.start)
        raise SlotTaken(nearest=nearest) from None
    appointment = new_visit(
        screening,
        place,
        Status.CONFIRMED,
        now=now,
        source=source,
        first_visit=first_visit,
        patient_id=patient_of(screening, wish.contact, wish.owner_id, now=now),
    )
    appointment.details_by_mail = wish.contact.details_by_mail
    placement.claim(appointment, place, patient_id=None)
    return appointment


def _redeem(
    site: Site,
    screening: Screening,
    reserved_id: int,
    clearance: Clearance,
    wish: Wish,
    *,
    now: datetime,
) -> Appointment:
    """The reserved visit, kept for good."""
    reserved = db.session.get_one(
        Appointment, reserved_id, with_for_update={"key_share": True}
    )
    try:
        keep(reserved, None, now=now, screening_id=screening.id)
    except ReservationEnded:
        db.session.rollback()
        search = Search(site, screening.treatment, now, reserved.first_visit)
        nearest = placement.nearest(search, clearance, wish.start)
        raise ReservationEnded(nearest=nearest) from None
    reserved.patient_id = patient_of(screening, wish.contact, wish.owner_id, now=now)
    reserved.booked_at = now
    reserved.details_by_mail = wish.contact.details_by_mail
    return reserved


def patient_of(
    screening: Screening, contact: Contact, owner_id: int | None, *, now: datetime
) -> int:
    """The owner, or a row of its own for whoever books, until the records are asked."""
    if owner_id is not None:
        return owner_id
    born = birth_date(screening)
    return patients.add(contact, born, now=now, established=False).id


def claim_for(visit: Appointment, *, now: datetime) -> None:
    """The visit is its proven owner's: their own time is claimed, the records count.

    OwnVisitThen where they have another visit at that time. Never commits.
    """
    visit.proven_at = visit.records_checked_at = now
    db.session.flush()
    if not placement.claim_patient(visit):
        raise OwnVisitThen


def _replayed(appointment: Appointment) -> Booked:
    return Booked(
        appointment,
        screenings.clearance_of(appointment.screening),
        holds.open_of(appointment),
        replayed=True,
    )
