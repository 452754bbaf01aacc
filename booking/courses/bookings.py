"""Booking a course: all of its sessions, or none of them.

Each session passes the gate with the others as records. Its resources are locked
together, in the order of their numbers, before anything is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from booking import audit, gate, idempotency, patients, screenings
from booking.actors import PATIENT, PROVEN_PATIENT, Actor
from booking.clock import local_day
from booking.courses.keeping import locked_visits
from booking.courses.places import Booking, Place, check_places, clearances, persistent
from booking.courses.sessions import find_course_of, visits_of
from booking.db import begin_write, db
from booking.deciding import authority_at_desk, birth_date, settle
from booking.errors import (
    ClearanceExpired,
    KeyReused,
    NotAllowed,
)
from booking.messages import plan
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.models.course import Course
from booking.models.patient import Patient
from booking.models.screening import Screening
from booking.online import claim_for, patient_of
from booking.patients import Contact, proxies
from booking.rescreening.due import note_visit
from booking.reservations import is_first_visit, keep
from screening import Verdict


@dataclass(frozen=True)
class BookedCourse:
    """A course as it stands; `replayed` if an earlier request booked it."""

    course: Course
    visits: tuple[Appointment, ...]
    replayed: bool = False

    @property
    def first(self) -> Appointment:
        return self.visits[0]


def reserve(
    screening: Screening,
    places: Sequence[Place],
    *,
    now: datetime,
    owner_id: int | None = None,
) -> Course:
    """Keep a time for every session, or raise a BookingError and keep none.

    Online only clear days: what a person has to decide is planned at the desk. With
    *owner_id*, a patient who has proven the address, the records count.
    """
    screening_id = screening.id

    def once() -> Course:
        begin_write()
        screening = db.session.get_one(Screening, screening_id)
        site = db.session.get_one(Site, screening.site_id)
        check_places(site, screening, places, known_gaps=True)
        for clearance, place in clearances(site, screening, places, owner_id, now):
            decision = gate.decide(clearance, local_day(place.start, site.timezone))
            if decision.verdict is not Verdict.CLEAR:
                raise gate.refusal(clearance, decision, now=now, site=site)
        until = now + timedelta(minutes=site.reservation_minutes)
        first_visit = is_first_visit(owner_id, screening.treatment)
        booking = Booking(site, screening, now, "online", first_visit, until=until)
        course = booking.put(places, patient_id=owner_id)
        db.session.commit()
        return course

    return persistent(once)


def book(  # noqa: PLR0913 - one request, every part of it named
    course: Course,
    screening: Screening,
    contact: Contact,
    *,
    now: datetime,
    key: str,
    body: str,
    owner_id: int | None = None,
) -> BookedCourse:
    """Confirm the sessions that were kept, or raise a BookingError and change nothing.

    The same key and body: the course that it booked before.
    """
    request = idempotency.request_of(key, body)
    if earlier := idempotency.find(request):
        return _replayed(earlier)
    contact = contact if owner_id else patients.checked(contact)
    try:
        return _book_once(
            course.id, screening.id, contact, now=now, request=request, owner=owner_id
        )
    except IntegrityError:
        # The same form sent twice at once: the other one was first.
        db.session.rollback()
        if earlier := idempotency.find(request):
            return _replayed(earlier)
        raise


def _book_once(
    course_id: int,
    screening_id: int,
    contact: Contact,
    *,
    now: datetime,
    request: idempotency.Request,
    owner: int | None,
) -> BookedCourse:
    begin_write()
    visits = locked_visits(course_id)
    screening = db.session.get_one(Screening, screening_id)
    if screening.expires_at <= now:
        raise ClearanceExpired
    site = db.session.get_one(Site, screening.site_id)
    _bind(screening, contact, owner)
    for visit in visits:
        keep(visit, None, now=now, screening_id=screening.id)
    places = [Place(visit.starts_at, visit.practitioner_id) for visit in visits]
    for (clearance, _), visit in zip(
        clearances(site, screening, places, owner, now), visits, strict=True
    ):
        day = local_day(visit.starts_at, site.timezone)
        decision = gate.decide(clearance, day)
        if decision.verdict is not Verdict.CLEAR:
            raise gate.refusal(clearance, decision, now=now, site=site)
        _give(visit, screening, contact, owner, now=now)
        settle(visit, site, clearance, decision, now=now, requested=True)
    idempotency.remember(request, visits[0], now=now)
    course = db.session.get_one(Course, course_id)
    _conclude(course, visits, PROVEN_PATIENT if owner else PATIENT, now=now)
    db.session.commit()
    return BookedCourse(course, tuple(visits))


def book_at_desk(  # noqa: PLR0913 - one request, every part of it named
    screening: Screening,
    places: Sequence[Place],
    contact: Contact,
    *,
    now: datetime,
    actor: Actor,
    patient_id: int | None = None,
) -> BookedCourse:
    """Book a course for a caller: answers and records count, held days are held.

    A refused day refuses the course; a gap longer than usual is the desk's to choose.
    """
    if not actor.authorities:
        raise NotAllowed
    contact = patients.checked(contact)
    screening_id = screening.id

    def once() -> BookedCourse:
        begin_write()
        screening = db.session.get_one(Screening, screening_id)
        site = db.session.get_one(Site, screening.site_id)
        check_places(site, screening, places, known_gaps=False)
        patient = _patient(screening, contact, patient_id, now=now)
        screenings.bind(screening, patient.email)
        decided = [
            (clearance, gate.decide(clearance, local_day(p.start, site.timezone)))
            for clearance, p in clearances(site, screening, places, patient.id, now)
        ]
        for clearance, decision in decided:
            authority_at_desk(site, clearance, decision, None, actor=actor, now=now)
        first_visit = is_first_visit(patient.id, screening.treatment)
        booking = Booking(site, screening, now, "desk", first_visit, staff=True)
        course = booking.put(places, patient_id=patient.id)
        visits = visits_of(course)
        for visit, (clearance, decision) in zip(visits, decided, strict=True):
            _give_at_desk(visit, patient, contact, now=now)
            settle(visit, site, clearance, decision, now=now, requested=False)
        _conclude(course, visits, actor, now=now)
        db.session.commit()
        return BookedCourse(course, tuple(visits))

    return persistent(once)


def _bind(screening: Screening, contact: Contact, owner: int | None) -> None:
    patient = db.session.get_one(Patient, owner) if owner else None
    screenings.bind(screening, patient.email if patient else contact.email)


def _give(
    visit: Appointment,
    screening: Screening,
    contact: Contact,
    owner: int | None,
    *,
    now: datetime,
) -> None:
    visit.patient_id = patient_of(screening, contact, owner, now=now)
    visit.booked_at = now
    visit.details_by_mail = contact.details_by_mail
    if owner is not None:
        claim_for(visit, now=now)
    proxies.note(visit, contact.booked_by, contact.relation)


def _give_at_desk(
    visit: Appointment, patient: Patient, contact: Contact, *, now: datetime
) -> None:
    """Staff have seen who it is, and the records have counted."""
    visit.patient_id = patient.id
    visit.booked_at = visit.proven_at = visit.records_checked_at = now
    visit.details_by_mail = contact.details_by_mail
    proxies.note(visit, contact.booked_by, contact.relation)


def _conclude(
    course: Course, visits: Sequence[Appointment], actor: Actor, *, now: datetime
) -> None:
    """Write down who booked it, and plan its mails. Never commits."""
    if actor.knows_records:
        note_visit(visits[0], "booked", now=now)
    audit.record(actor, "book", course, now=now, detail={"sessions": len(visits)})
    for visit in visits:
        audit.record(actor, "book", visit, now=now)
    plan.follow_course(visits, now=now)


def _patient(
    screening: Screening, contact: Contact, patient_id: int | None, *, now: datetime
) -> Patient:
    if patient_id is None:
        return patients.at_desk(contact, birth_date(screening), now=now)
    return db.session.get_one(Patient, patient_id, with_for_update={"key_share": True})


def _replayed(first: Appointment) -> BookedCourse:
    course = find_course_of(first)
    if course is None:
        raise KeyReused
    return BookedCourse(course, tuple(visits_of(course)), replayed=True)
