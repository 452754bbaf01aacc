"""The clinic's records about a visit that was booked on answers alone (I-9b)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from booking import patients
from booking.db import begin_write, db
from booking.diary import placement
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.rescreening import Rescreening
from booking.models.waitlist import WaitlistEntry
from booking.rescreening.decisions import clearance_now, overlaps_own, settle
from booking.rescreening.due import note_visit
from booking.reservations import locked


def check_records(appointment_id: int, *, now: datetime) -> None:
    """Ask the clinic's records about a visit booked on answers alone, before any mail
    leaves.

    1. Join the booking's own patient row to the one on file, by e-mail and birth date.
    2. Decide again with the records; an objection holds the visit, neutrally.
    """
    try:
        _check_records(appointment_id, now=now)
    except IntegrityError:
        # Two first bookings of one new patient at once: the other made the patient.
        db.session.rollback()
        _check_records(appointment_id, now=now)


def _check_records(appointment_id: int, *, now: datetime) -> None:
    appointment = locked(appointment_id)
    if appointment.records_checked_at is not None or appointment.patient is None:
        db.session.rollback()
        return
    known = _join(appointment)
    appointment.records_checked_at = now
    if known:
        # Here and not at booking: until now nobody knew whose visit it is.
        note_visit(appointment, "booked", now=now)
    if known and appointment.status in UPCOMING:
        site = db.session.get_one(Site, appointment.site_id)
        settle(
            appointment,
            site,
            clearance_now(
                appointment, site, now=now, patient_id=appointment.patient_id
            ),
            now=now,
            neutral=True,
            overlapping=overlaps_own(appointment),
        )
    if appointment.proven_at is not None and appointment.status in UPCOMING:
        # A move through the link shown at booking gave the patient's own claim up.
        placement.claim_patient(appointment)
    db.session.commit()


def _join(appointment: Appointment) -> bool:
    """Point the visit at the patient on file, or put its own row on file.

    Whether anything at all may be known about this person.
    """
    own = db.session.get_one(Patient, appointment.patient_id)
    if own.established:
        return True
    known = patients.find_established(own.identity)
    if known is None:
        own.established = True
        db.session.flush()
        return patients.rows_of_person(own.id) != [own.id]
    appointment.patient_id = known.id
    db.session.flush()
    db.session.execute(
        update(Rescreening)
        .where(Rescreening.patient_id == own.id)
        .values(patient_id=known.id)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.patient_id == own.id)
        .values(patient_id=known.id)
    )
    db.session.execute(delete(Patient).where(Patient.id == own.id))
    db.session.expire(appointment, ["patient"])
    return True


def prove(appointment: Appointment, *, now: datetime) -> None:
    """The patient has acted through a mailed link, so the address is theirs.

    From now on the records count at once and the patient's own time is claimed.
    """
    if appointment.proven_at is not None:
        return
    check_records(appointment.id, now=now)
    begin_write()
    appointment = db.session.get_one(
        Appointment,
        appointment.id,
        with_for_update={"key_share": True},
        populate_existing=True,
    )
    db.session.execute(
        update(Appointment)
        .where(Appointment.id == appointment.id)
        .values(proven_at=now)
        .execution_options(synchronize_session=False)
    )
    if appointment.status in UPCOMING and not placement.claim_patient(appointment):
        site = db.session.get_one(Site, appointment.site_id)
        settle(
            appointment,
            site,
            clearance_now(
                appointment, site, now=now, patient_id=appointment.patient_id
            ),
            now=now,
            neutral=False,
            overlapping=True,
        )
    db.session.commit()
    db.session.refresh(appointment)
