"""How the demo's patients are after their visits, and where two of us disagree.

Most say that all is fine. One reports signs, one answers no mail, and of one a letter
knows what she did not say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from booking.actors import PATIENT
from booking.clock import local_day
from booking.db import begin_write, db
from booking.demo.holds import CLINICIAN
from booking.messages.kinds import CHECKIN_AGAIN
from booking.models.appointment import UPCOMING, Appointment, Status
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.records import filing
from booking.records.entries import Entry
from booking.records.visit_notes import NEEDS_LOT
from booking.rescreening import decisions
from booking.symptoms import checkins, reports
from booking.symptoms.reports import OWN_WISH, Said

CHECKIN = "checkin-72h"
ANSWERED_AFTER = timedelta(hours=2)
DAY = timedelta(days=1)
TOLD_AGO = timedelta(minutes=50)
SIGNS = Said(["F-02", "F-05"], "Since yesterday evening, on the left cheek.")
FILLER_AGO = timedelta(days=9)


def add_aftercare(site: Site, *, now: datetime) -> None:
    """Answers to check-ins, one silence, one report of signs, and one conflict."""
    asked = _asked(before=now - ANSWERED_AFTER)
    silent = next((m for m in asked if m.due_at < now - 3 * DAY), None)
    for message in asked:
        if message is not silent:
            at = message.due_at + ANSWERED_AFTER
            _say(message.appointment, Said(), CHECKIN, at)
    if silent is not None:
        _stay_silent(silent, now=now)
    _report_signs(site, now=now)
    _contradict(site, now=now)


def _asked(*, before: datetime) -> Sequence[Message]:
    rows = (
        select(Message)
        .join(Message.appointment)
        .where(
            Message.step == CHECKIN,
            Message.state == MessageState.SENT,
            Message.due_at < before,
            Appointment.status == Status.COMPLETED,
        )
        .order_by(Message.due_at.desc(), Message.id)
    )
    return db.session.scalars(rows).all()


def _say(visit: Appointment, said: Said, step: str, at: datetime) -> None:
    reports.report(visit, said, step=step, now=at, actor=PATIENT)


def _stay_silent(message: Message, *, now: datetime) -> None:
    """Asked again a day later, and by now somebody has to call."""
    visit_id = message.appointment_id
    checkins.chase(now=message.due_at + DAY)
    begin_write()
    for again in db.session.scalars(
        select(Message).where(
            Message.appointment_id == visit_id, Message.step == CHECKIN_AGAIN
        )
    ):
        again.state, again.sent_at = MessageState.SENT, again.due_at
    db.session.commit()
    checkins.chase(now=now)


def _report_signs(site: Site, *, now: datetime) -> None:
    latest = db.session.scalar(
        select(Appointment)
        .where(
            Appointment.status == Status.COMPLETED,
            Appointment.treatment.in_(NEEDS_LOT),
            Appointment.ends_at < now - DAY,
        )
        .order_by(Appointment.ends_at.desc(), Appointment.id)
        .limit(1)
    )
    if latest is not None and latest.patient_id is not None:
        patient_id = latest.patient_id
        _say(latest, SIGNS, OWN_WISH, now - TOLD_AGO)
        _decide_again(site, patient_id, now=now - TOLD_AGO)


def _contradict(site: Site, *, now: datetime) -> None:
    """A letter tells of a filler that the patient of the next needling did not name."""
    visit = db.session.scalar(
        select(Appointment)
        .where(
            Appointment.status == Status.CONFIRMED,
            Appointment.treatment == "microneedling",
            Appointment.area == "face",
            Appointment.starts_at > now + 2 * DAY,
            Appointment.starts_at < now + 14 * DAY,
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(1)
    )
    if visit is None or visit.patient_id is None:
        return
    patient_id = visit.patient_id
    day = local_day(now - FILLER_AGO, site.timezone)
    letter = Entry("treatment", "filler", "letter", day, "face")
    filing.enter(site, patient_id, letter, now=now - TOLD_AGO, actor=CLINICIAN)
    _decide_again(site, patient_id, now=now - TOLD_AGO)


def _decide_again(site: Site, patient_id: int, *, now: datetime) -> None:
    visits = select(Appointment.id).where(
        Appointment.patient_id == patient_id,
        Appointment.status.in_(UPCOMING),
        Appointment.starts_at > now,
    )
    for visit_id in db.session.scalars(visits).all():
        begin_write()
        visit = db.session.get_one(Appointment, visit_id)
        found = decisions.clearance_now(visit, site, now=now, patient_id=patient_id)
        decisions.settle(visit, site, found, now=now, neutral=False)
        db.session.commit()
