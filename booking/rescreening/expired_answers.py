"""Answers that will be older than the rulebook allows on the day of a visit (R-75).

Each is asked again on the day it expires, but at the latest a week before the visit, so
that there is time to answer; and only what expires is asked. Unanswered a day before,
somebody calls (`recheck_answers.chase`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from booking import rulebooks, screenings
from booking.clock import local_day
from booking.db import db
from booking.messages import plan
from booking.messages.kinds import REASK
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.models.screening import Screening
from booking.rescreening.due import note_visit
from booking.reservations import locked

LEAD = timedelta(days=7)
BATCH = 500


def to_ask(visit: Appointment, site: Site, *, now: datetime) -> dict[str, date]:
    """Question → since when it is to be answered again, where that has come."""
    day = local_day(visit.starts_at, site.timezone)
    today = local_day(now, site.timezone)
    questions = rulebooks.current(site).questions
    given = visit.screening.given_on
    dues = {}
    for name in screenings.expired(visit.screening, site, day):
        valid = timedelta(days=questions[name].valid_days)
        # Not so early that the new answer would be too old in its turn.
        lead = min(LEAD, valid - timedelta(days=1))
        dues[name] = min(given[name] + valid, day - lead)
    return {name: due for name, due in dues.items() if due <= today}


def ask_due(*, now: datetime) -> int:
    """Ask by mail for what has to be answered again; how many visits. Daily."""
    asked = 0
    for site in db.session.scalars(select(Site)).all():
        after_id = 0
        while numbers := _candidates(site, after_id, now=now):
            asked += sum(_ask(number, now=now) for number in numbers)
            after_id = numbers[-1]
    return asked


def _candidates(site: Site, after_id: int, *, now: datetime) -> Sequence[int]:
    """Visits to come with an answer that may be old enough."""
    shortest = min(q.valid_days for q in rulebooks.current(site).questions.values())
    latest = local_day(now, site.timezone) + LEAD - timedelta(days=shortest)
    return db.session.scalars(
        select(Appointment.id)
        .join(Screening, Screening.id == Appointment.screening_id)
        .where(
            Appointment.site_id == site.id,
            Appointment.id > after_id,
            Appointment.status.in_(UPCOMING),
            Appointment.starts_at > now,
            Appointment.records_checked_at.is_not(None),
            or_(Screening.day <= latest, Screening.answer_days.is_not(None)),
        )
        .order_by(Appointment.id)
        .limit(BATCH)
    ).all()


def _ask(appointment_id: int, *, now: datetime) -> bool:
    visit = db.session.get_one(Appointment, appointment_id)
    site = db.session.get_one(Site, visit.site_id)
    if not _is_news(visit, site, now=now):
        return False
    visit = locked(appointment_id)
    # Looked at again under the lock: another worker may have asked meanwhile.
    if visit.status not in UPCOMING or not _is_news(visit, site, now=now):
        db.session.rollback()
        return False
    plan.ask_again(visit, now=now)
    note_visit(visit, "expired", now=now)
    db.session.commit()
    return True


def _is_news(visit: Appointment, site: Site, *, now: datetime) -> bool:
    """Whether something has to be asked that no mail has asked for yet."""
    dues = to_ask(visit, site, now=now)
    if not dues:
        return False
    last = db.session.scalar(
        select(Message.created_at)
        .where(
            Message.appointment_id == visit.id,
            Message.step == REASK,
            Message.state != MessageState.VOID,
        )
        .order_by(Message.created_at.desc())
        .limit(1)
    )
    return last is None or local_day(last, site.timezone) < max(dues.values())
