"""What is deleted of the waitlist once a wait is over, so that its answers can go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from booking.db import db
from booking.models.appointment import Appointment, Claim, Status
from booking.models.message import Message
from booking.models.patient import Patient
from booking.models.waitlist import OfferState, WaitlistEntry, WaitlistOffer
from booking.screenings import LIFETIME
from booking.waitlist import offers
from booking.waitlist.entries import ON_LIST


def forget(*, now: datetime) -> int:
    """Delete the waits that ended a day ago, their offers and mails, and what was kept
    for them in vain; how many. Never commits.

    For that day a late click still learns what became of it. Then their answers are
    unused ones, and go the way of those.
    """
    ended = db.session.scalars(
        select(WaitlistEntry).where(
            WaitlistEntry.state.not_in(ON_LIST),
            WaitlistEntry.ended_at <= now - LIFETIME,
        )
    ).all()
    entries = [entry.id for entry in ended]
    strangers = [entry.patient_id for entry in ended if not entry.patient.established]
    delete_entries(entries)
    _delete_strangers(strangers)
    return len(entries)


def erase(entries: Sequence[WaitlistEntry], *, now: datetime) -> None:
    """Delete somebody's waits at once; a place that is kept for them goes to the next
    person. Never commits."""
    numbers = [entry.id for entry in entries]
    rows = select(WaitlistOffer).where(
        WaitlistOffer.entry_id.in_(numbers), WaitlistOffer.state == OfferState.OPEN
    )
    for offer in db.session.scalars(rows).all():
        offers.end(offer, OfferState.DECLINED, now=now)
    db.session.flush()
    delete_entries(numbers)


def delete_entries(entries: list[int]) -> None:
    """Delete these entries with all that belongs to them. Never commits."""
    if not entries:
        return
    kept_for = select(WaitlistOffer.appointment_id).where(
        WaitlistOffer.entry_id.in_(entries)
    )
    reserved = list(db.session.scalars(kept_for))
    for statement in (
        delete(Message).where(Message.entry_id.in_(entries)),
        delete(WaitlistOffer).where(WaitlistOffer.entry_id.in_(entries)),
        delete(WaitlistEntry).where(WaitlistEntry.id.in_(entries)),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
    _delete_reserved(reserved)
    db.session.expire_all()


def _delete_reserved(numbers: list[int]) -> None:
    """What was kept for them and never booked, unless somebody else was asked too."""
    asked_too = select(WaitlistOffer.appointment_id)
    unused = list(
        db.session.scalars(
            select(Appointment.id).where(
                Appointment.id.in_(numbers),
                Appointment.status == Status.EXPIRED,
                Appointment.booked_at.is_(None),
                Appointment.id.not_in(asked_too),
            )
        )
    )
    for statement in (
        delete(Claim).where(Claim.appointment_id.in_(unused)),
        delete(Appointment).where(Appointment.id.in_(unused)),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))


def _delete_strangers(numbers: list[int]) -> None:
    """The rows of people who asked and never confirmed: nothing else refers to them."""
    used = select(Appointment.patient_id).where(Appointment.patient_id.in_(numbers))
    waits = select(WaitlistEntry.patient_id)
    db.session.execute(
        delete(Patient)
        .where(
            Patient.id.in_(numbers),
            ~Patient.established,
            Patient.id.not_in(used),
            Patient.id.not_in(waits),
        )
        .execution_options(synchronize_session=False)
    )
