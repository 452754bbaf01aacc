"""Places on the waitlist: confirmed by mail, left, over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from booking import audit, patients
from booking.actors import SYSTEM, Actor
from booking.clock import local_day
from booking.db import begin_write, db
from booking.errors import (
    NotFound,
    WrongState,
)
from booking.messages import waiting
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.waitlist import (
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitState,
)
from booking.patients.files import MOST_ROWS
from booking.waitlist import offers

CONFIRM_WITHIN = timedelta(hours=48)
ON_LIST = (WaitState.ASKED, WaitState.WAITING)


def confirm(entry: WaitlistEntry, *, now: datetime, actor: Actor) -> WaitlistEntry:
    """The link in the mail was used: the address is theirs, and the wait counts from
    when they asked. A second time changes nothing."""
    try:
        return _confirm(entry.id, now=now, actor=actor)
    except IntegrityError:
        # A first booking of the same new patient was faster: it made the patient.
        db.session.rollback()
        return _confirm(entry.id, now=now, actor=actor)


def _confirm(entry_id: int, *, now: datetime, actor: Actor) -> WaitlistEntry:
    entry = _locked(entry_id)
    if entry.state == WaitState.WAITING:
        db.session.rollback()
        return entry
    if entry.state != WaitState.ASKED:
        raise WrongState("This place on the list has ended. You can join it again.")
    _join_person(entry)
    entry.state = WaitState.WAITING
    replace_earlier(entry, now=now)
    audit.record(actor, "waitlist.confirm", entry, now=now)
    db.session.commit()
    return entry


def leave(entry: WaitlistEntry, *, now: datetime, actor: Actor) -> WaitlistEntry:
    """Off the list, with the offer that is open; leaving twice changes nothing."""
    entry = _locked(entry.id)
    if entry.state in ON_LIST:
        _end(entry, WaitState.LEFT, now=now)
        audit.record(actor, "waitlist.leave", entry, now=now)
    db.session.commit()
    return entry


def close_over(*, now: datetime) -> int:
    """End the waits whose last day has passed, whose visit has ended, and those that
    nobody confirmed; how many."""
    over = 0
    for site in db.session.scalars(select(Site)).all():
        today = local_day(now, site.timezone)
        due = db.session.scalars(
            select(WaitlistEntry.id)
            .outerjoin(WaitlistEntry.appointment)
            .where(
                WaitlistEntry.site_id == site.id,
                WaitlistEntry.state.in_(ON_LIST),
                or_(
                    WaitlistEntry.last_day < today,
                    Appointment.status.not_in(UPCOMING),
                    Appointment.starts_at <= now,
                    (WaitlistEntry.state == WaitState.ASKED)
                    & (WaitlistEntry.joined_at <= now - CONFIRM_WITHIN),
                ),
            )
        ).all()
        over += sum(_close(number, now=now) for number in due)
    return over


def _close(entry_id: int, *, now: datetime) -> bool:
    entry = _locked(entry_id)
    if entry.state not in ON_LIST:
        db.session.rollback()
        return False
    was_waiting = entry.state == WaitState.WAITING and entry.appointment is None
    _end(entry, WaitState.OVER, now=now)
    if was_waiting:
        waiting.put(entry, waiting.Kind.OVER, now=now, due_at=now)
    audit.record(SYSTEM, "waitlist.over", entry, now=now)
    db.session.commit()
    return True


def get(entry_id: int) -> WaitlistEntry:
    """The entry, or NotFound."""
    entry = db.session.get(WaitlistEntry, min(entry_id, MOST_ROWS))
    if entry is None:
        raise NotFound("There is no such place on the waitlist.")
    return entry


def replace_earlier(entry: WaitlistEntry, *, now: datetime) -> None:
    """One place per person, treatment and area: the new wish, the old turn."""
    people = patients.rows_of_person(entry.patient_id)
    earlier = db.session.scalars(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.patient_id.in_(people),
            WaitlistEntry.id != entry.id,
            WaitlistEntry.treatment == entry.treatment,
            WaitlistEntry.area == entry.area,
            WaitlistEntry.state == WaitState.WAITING,
        )
        .order_by(WaitlistEntry.id)
    ).all()
    for old in earlier:
        entry.joined_at = min(entry.joined_at, old.joined_at)
        _end(old, WaitState.LEFT, now=now)


def _end(entry: WaitlistEntry, state: WaitState, *, now: datetime) -> None:
    entry.state, entry.ended_at = state, now
    open_offer = _open_offer(entry.id)
    if open_offer is not None:
        offers.end(open_offer, OfferState.DECLINED, now=now)


def _open_offer(entry_id: int) -> WaitlistOffer | None:
    return db.session.scalar(
        select(WaitlistOffer).where(
            WaitlistOffer.entry_id == entry_id, WaitlistOffer.state == OfferState.OPEN
        )
    )


def _locked(entry_id: int) -> WaitlistEntry:
    """Begin to write, with the offered visit and then the entry locked and fresh."""
    begin_write()
    open_offer = _open_offer(entry_id)
    if open_offer is not None:
        offers.lock_visits([open_offer.appointment_id])
        db.session.refresh(open_offer)
    return db.session.get_one(
        WaitlistEntry, entry_id, with_for_update=True, populate_existing=True
    )


def _join_person(entry: WaitlistEntry) -> None:
    """Point the entry at the patient on file, or put its own row on file."""
    own = db.session.get_one(Patient, entry.patient_id)
    if own.established or entry.appointment_id is not None:
        return  # the record check of a visit joins its patient by itself
    known = patients.find_established(own.identity)
    if known is None:
        own.established = True
    else:
        entry.patient_id = known.id
    db.session.flush()
    if known is not None:
        db.session.delete(own)
        db.session.flush()
        db.session.expire(entry, ["patient"])
