"""Taking an offered time: the first to accept has it, if the gate says yes again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from booking import audit, changes, gate, reservations, screenings
from booking.actors import PROVEN_PATIENT
from booking.clock import local_day
from booking.db import db
from booking.deciding import clearance_of
from booking.diary import placement
from booking.errors import OfferEnded, OfferUnsafe, WrongState
from booking.messages import plan
from booking.models.appointment import UPCOMING, Appointment, Status
from booking.models.clinic import Site
from booking.models.waitlist import (
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitState,
)
from booking.rescreening import decisions
from booking.rescreening.due import note_visit
from booking.waitlist import offers
from screening import Verdict

BUSY = (
    "You have another visit at this time. Move or cancel that one first, while we keep "
    "this time for you."
)


def accept(offer: WaitlistOffer, *, now: datetime) -> Appointment:
    """Take the time: the visit that was booked, or moved there. Through a mailed link.

    1. A second click on an offer that was taken by the same person: their visit.
    2. Ended, or somebody of the group was faster: OfferEnded, and nothing changes.
    3. Ask the gate, with the records of this moment. If the day is not clear any more
       the offer ends, so that the next person is asked, and OfferUnsafe says so.
    4. Book, or move the earlier visit: its new place first, its old one freed after.
    """
    offer = offers.locked(offer.id)
    entry, reserved = offer.entry, offer.appointment
    if offer.state == OfferState.ACCEPTED:
        visit = _visit_of(offer)
        db.session.rollback()
        return visit
    _refuse_ended(offer, now=now)
    site = db.session.get_one(Site, entry.site_id)
    if not _is_clear(entry, reserved, site, now=now):
        offers.end(offer, OfferState.GONE, now=now)
        audit.record(PROVEN_PATIENT, "waitlist.unsafe", offer, now=now)
        db.session.commit()
        raise OfferUnsafe(f"{OfferUnsafe.sentence} Please call us: {site.phone}.")
    visit = _move(entry, reserved, site, now=now) if entry.appointment else reserved
    if visit is reserved:
        _book(entry, reserved, now=now)
    _serve(offer, now=now)
    db.session.commit()
    return visit


def _visit_of(offer: WaitlistOffer) -> Appointment:
    return offer.entry.appointment or offer.appointment


def _refuse_ended(offer: WaitlistOffer, *, now: datetime) -> None:
    entry, reserved = offer.entry, offer.appointment
    visit = entry.appointment
    if (
        offer.state != OfferState.OPEN
        or offer.answer_by <= now
        or entry.state != WaitState.WAITING
        or not reservations.is_live(reserved, now=now)
    ):
        raise OfferEnded
    if visit is not None and (
        visit.status not in UPCOMING or visit.starts_at <= reserved.starts_at
    ):
        raise WrongState("Your visit has changed since. This time is not earlier.")


def _is_clear(
    entry: WaitlistEntry, reserved: Appointment, site: Site, *, now: datetime
) -> bool:
    """Clear, not merely to be held: what is offered needs nobody's decision."""
    if screenings.is_stale(entry.answered, site, now=now):
        return False
    clearance = clearance_of(
        site,
        entry.answered,
        now=now,
        patient_id=entry.patient_id,
        ignoring=entry.appointment_id,
    )
    day = local_day(reserved.starts_at, site.timezone)
    return gate.decide(clearance, day).verdict is Verdict.CLEAR


def _book(entry: WaitlistEntry, reserved: Appointment, *, now: datetime) -> None:
    """The reserved visit becomes this person's, confirmed."""
    screenings.bind(entry.screening, entry.patient.email)
    reserved.patient_id = entry.patient_id
    reserved.screening_id, reserved.area = entry.screening_id, entry.area
    if decisions.overlaps_own(reserved):
        raise WrongState(BUSY)
    reservations.keep(reserved, None, now=now, screening_id=entry.screening_id)
    if not placement.claim_patient(reserved):
        raise WrongState(BUSY)
    reserved.status = Status.CONFIRMED
    reserved.booked_at = reserved.proven_at = reserved.records_checked_at = now
    db.session.flush()
    db.session.expire(reserved, ["patient", "screening"])
    audit.record(PROVEN_PATIENT, "book", reserved, now=now)
    plan.follow(reserved, "confirmed", now=now)
    note_visit(reserved, "booked", now=now)


def _move(
    entry: WaitlistEntry, reserved: Appointment, site: Site, *, now: datetime
) -> Appointment:
    visit = db.session.get_one(Appointment, entry.appointment_id)
    reservations.keep(reserved, None, now=now, screening_id=reserved.screening_id)
    if not changes.take_over(visit, reserved, site, now=now, actor=PROVEN_PATIENT):
        raise WrongState(BUSY)
    visit.proven_at = visit.proven_at or now
    note_visit(visit, "moved", now=now)
    return visit


def _serve(offer: WaitlistOffer, *, now: datetime) -> None:
    """This one is served; the others of its group were too late."""
    offers.close(offer, OfferState.ACCEPTED, now=now)
    entry = offer.entry
    entry.state, entry.ended_at = WaitState.SERVED, now
    others = select(WaitlistOffer).where(
        WaitlistOffer.appointment_id == offer.appointment_id,
        WaitlistOffer.id != offer.id,
        WaitlistOffer.state == OfferState.OPEN,
    )
    for other in db.session.scalars(others):
        offers.close(other, OfferState.GONE, now=now)
    audit.record(PROVEN_PATIENT, "waitlist.accept", offer, now=now)
