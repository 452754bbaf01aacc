"""Places on the waitlist: asked for, confirmed by mail, left, over.

Whoever asks from outside has not proven the address, so nothing is offered before the
link in a first mail was used: nobody is put on the list by a stranger (I-9b).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError

from booking import audit, patients, screenings
from booking.actors import PATIENT, SYSTEM, Actor
from booking.clock import local_day
from booking.crypto import new_token
from booking.db import begin_write, db
from booking.deciding import birth_date, clearance_of
from booking.errors import (
    AnswersExpired,
    ClearanceExpired,
    InvalidRequest,
    NotAllowed,
    NotFound,
    WrongState,
)
from booking.messages import waiting
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.screening import Screening
from booking.models.waitlist import (
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitState,
)
from booking.patient_files import MOST_ROWS
from booking.patients import Contact
from booking.waitlist import offers, wishes
from booking.waitlist.wishes import Wish

CONFIRM_WITHIN = timedelta(hours=48)
MOST_ASKED = 3
"""How many unanswered requests one address may have: each of them is a mail."""
ON_LIST = (WaitState.ASKED, WaitState.WAITING)


def ask(
    screening: Screening, contact: Contact, wish: Wish, *, now: datetime
) -> WaitlistEntry:
    """Somebody from outside wants to wait: they are mailed a link to confirm that.

    InvalidRequest names each bad field. Decided on the answers alone.
    """
    contact = patients.checked(contact)
    screening_id = screening.id
    begin_write()
    screening = db.session.get_one(Screening, screening_id)
    if screening.expires_at <= now:
        raise ClearanceExpired
    site = db.session.get_one(Site, screening.site_id)
    clearance = clearance_of(site, screening, now=now, patient_id=None)
    wishes.check(wish, site, screening.treatment, clearance, now=now)
    _refuse_flood(contact.email, now=now)
    screenings.bind(screening, contact.email)
    patient = patients.add(contact, birth_date(screening), now=now, established=False)
    entry = _add(screening, patient, wish, None, WaitState.ASKED, now=now)
    waiting.put(entry, waiting.Kind.CONFIRM, now=now, due_at=now)
    audit.record(PATIENT, "waitlist.ask", entry, now=now)
    db.session.commit()
    return entry


def join_with_visit(
    visit: Appointment, wish: Wish, *, now: datetime, actor: Actor
) -> WaitlistEntry:
    """Somebody with a visit wants an earlier time: the visit moves if they accept one.

    Through the link shown at booking it has to be confirmed by mail first.
    """
    begin_write()
    visit = db.session.get_one(Appointment, visit.id, with_for_update=True)
    if visit.status not in UPCOMING or visit.starts_at <= now or visit.patient is None:
        raise WrongState
    site = db.session.get_one(Site, visit.site_id)
    if screenings.is_stale(visit.screening, site, now=now):
        raise AnswersExpired
    known = visit.patient_id if actor.knows_records else None
    clearance = clearance_of(
        site, visit.screening, now=now, patient_id=known, ignoring=visit.id
    )
    wishes.check(wish, site, visit.treatment, clearance, now=now, visit=visit)
    if known is None:
        _refuse_flood(visit.patient.email, now=now)
    state = WaitState.WAITING if known else WaitState.ASKED
    entry = _add(visit.screening, visit.patient, wish, visit, state, now=now)
    _welcome(entry, now=now, actor=actor)
    db.session.commit()
    return entry


def join_at_desk(
    screening: Screening,
    contact: Contact,
    wish: Wish,
    *,
    now: datetime,
    actor: Actor,
    patient_id: int | None = None,
) -> WaitlistEntry:
    """Put a caller on the list: staff know who it is, and records count."""
    if not actor.authorities:
        raise NotAllowed
    contact = patients.checked(contact)
    screening_id = screening.id
    begin_write()
    screening = db.session.get_one(Screening, screening_id)
    site = db.session.get_one(Site, screening.site_id)
    if patient_id is None:
        patient = patients.at_desk(contact, birth_date(screening), now=now)
    else:
        patient = db.session.get_one(Patient, patient_id)
    clearance = clearance_of(site, screening, now=now, patient_id=patient.id)
    wishes.check(wish, site, screening.treatment, clearance, now=now)
    screenings.bind(screening, patient.email)
    entry = _add(screening, patient, wish, None, WaitState.WAITING, now=now)
    _welcome(entry, now=now, actor=actor)
    db.session.commit()
    return entry


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
    _replace_earlier(entry, now=now)
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


def _add(
    screening: Screening,
    patient: Patient,
    wish: Wish,
    visit: Appointment | None,
    state: WaitState,
    *,
    now: datetime,
) -> WaitlistEntry:
    entry = WaitlistEntry(
        public_id=new_token(),
        site_id=screening.site_id,
        patient_id=patient.id,
        screening_id=screening.id,
        appointment_id=visit.id if visit else None,
        treatment=screening.treatment,
        area=screening.area,
        first_day=wish.first_day,
        last_day=wish.last_day,
        weekdays=list(wish.weekdays),
        from_time=wish.from_time,
        until_time=wish.until_time,
        practitioners=list(wish.practitioners),
        state=state,
        joined_at=now,
    )
    db.session.add(entry)
    db.session.flush()
    return entry


def _welcome(entry: WaitlistEntry, *, now: datetime, actor: Actor) -> None:
    """Tell them by mail, with the link by which they can leave. Never commits."""
    kind = waiting.Kind.CONFIRM
    if entry.state == WaitState.WAITING:
        kind = waiting.Kind.JOINED
        _replace_earlier(entry, now=now)
    waiting.put(entry, kind, now=now, due_at=now)
    audit.record(actor, "waitlist.ask", entry, now=now)


def _replace_earlier(entry: WaitlistEntry, *, now: datetime) -> None:
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


def _refuse_flood(email: str, *, now: datetime) -> None:
    asked = (
        select(func.count(WaitlistEntry.id))
        .join(WaitlistEntry.patient)
        .where(
            Patient.email == email,
            WaitlistEntry.state == WaitState.ASKED,
            WaitlistEntry.joined_at > now - CONFIRM_WITHIN,
        )
    )
    if (db.session.scalar(asked) or 0) >= MOST_ASKED:
        raise InvalidRequest.of(
            "email",
            "We have written to this address several times. Please open the link in "
            "one of those mails.",
        )
