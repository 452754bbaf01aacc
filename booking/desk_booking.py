"""Booking at the desk: answers and records both count, and staff may release at
once."""

from __future__ import annotations

from datetime import datetime

from booking import audit, gate, patients, screenings
from booking.actors import Actor
from booking.clock import local_day
from booking.db import begin_write, db
from booking.deciding import (
    Booked,
    authority_at_desk,
    birth_date,
    clearance_of,
    override,
    settle,
)
from booking.diary import placement
from booking.diary.calendar import Search
from booking.errors import NotAllowed
from booking.messages import plan
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.screening import Screening
from booking.overrides import ReleaseNote
from booking.patients import Contact, proxies
from booking.rescreening.due import note_visit
from booking.reservations import is_first_visit, new_visit


def book_at_desk(  # noqa: PLR0913 - one request, every part of it named
    screening: Screening,
    start: datetime,
    practitioner: int | None,
    contact: Contact,
    *,
    now: datetime,
    actor: Actor,
    patient_id: int | None = None,
    release: ReleaseNote | None = None,
) -> Booked:
    """Book for a caller: answers and records both count, and the patient is claimed.

    A day that is not clear becomes a hold; with *release* it is confirmed, if the actor
    has the authority for every window over it (a refused day takes a clinician in
    person).
    """
    if not actor.authorities:
        raise NotAllowed
    contact = patients.checked(contact)
    screening_id = screening.id
    begin_write()
    screening = db.session.get_one(Screening, screening_id)
    site = db.session.get_one(Site, screening.site_id)
    patient = _patient(screening, contact, patient_id, now=now)
    clearance = clearance_of(site, screening, now=now, patient_id=patient.id)
    decision = gate.decide(clearance, local_day(start, site.timezone))
    authority = authority_at_desk(
        site, clearance, decision, release, actor=actor, now=now
    )
    screenings.bind(screening, patient.email)
    appointment = _visit(site, screening, patient, start, practitioner, now=now)
    appointment.details_by_mail = contact.details_by_mail
    proxies.note(appointment, contact.booked_by, contact.relation)
    decision = override(appointment, decision, authority, release, actor=actor, now=now)
    hold = settle(appointment, site, clearance, decision, now=now, requested=False)
    audit.record(actor, "book", appointment, now=now)
    plan.begin(appointment, "held" if hold else "confirmed", now=now)
    note_visit(appointment, "booked", now=now)
    db.session.commit()
    return Booked(appointment, clearance, hold)


def _patient(
    screening: Screening, contact: Contact, patient_id: int | None, *, now: datetime
) -> Patient:
    if patient_id is None:
        return patients.at_desk(contact, birth_date(screening), now=now)
    return db.session.get_one(Patient, patient_id, with_for_update={"key_share": True})


def _visit(
    site: Site,
    screening: Screening,
    patient: Patient,
    start: datetime,
    practitioner: int | None,
    *,
    now: datetime,
) -> Appointment:
    """A place nobody has, claimed for this patient too: staff know who it is."""
    first_visit = is_first_visit(patient.id, screening.treatment)
    search = Search(site, screening.treatment, now, first_visit, staff=True)
    place = placement.find(search, start, practitioner)
    appointment = new_visit(
        screening,
        place,
        Status.CONFIRMED,
        now=now,
        source="desk",
        first_visit=first_visit,
        patient_id=patient.id,
    )
    appointment.proven_at = appointment.records_checked_at = now
    placement.claim(appointment, place, patient_id=patient.id)
    return appointment
