"""Joining the waitlist: from outside, from a booked visit, at the desk.

Whoever asks from outside has not proven the address, so nothing is offered before the
link in a first mail was used: nobody is put on the list by a stranger (I-9b).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from booking import audit, patients, screenings
from booking.actors import PATIENT, Actor
from booking.crypto import new_token
from booking.db import begin_write, db
from booking.deciding import birth_date, clearance_of
from booking.errors import (
    AnswersExpired,
    ClearanceExpired,
    InvalidRequest,
    NotAllowed,
    WrongState,
)
from booking.messages import waiting
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.screening import Screening
from booking.models.waitlist import WaitlistEntry, WaitState
from booking.patients import Contact
from booking.waitlist import wishes
from booking.waitlist.entries import CONFIRM_WITHIN, replace_earlier
from booking.waitlist.wishes import Wish

MOST_ASKED = 3
"""How many unanswered requests one address may have: each of them is a mail."""


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
        replace_earlier(entry, now=now)
    waiting.put(entry, kind, now=now, due_at=now)
    audit.record(actor, "waitlist.ask", entry, now=now)


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
