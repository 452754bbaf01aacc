"""Whether anything has changed: nearly all of the demo's patients have answered.

One of the next day has not, and is to be called; another may still answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from booking.actors import PROVEN_PATIENT
from booking.db import db
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site
from booking.rescreening import recheck_answers, rechecks
from booking.rescreening.rechecks import Question

ANSWERED_AFTER = timedelta(hours=3)


def add_checks(site: Site, *, now: datetime) -> None:
    """Answer as through the mailed link, some hours after the mail left."""
    silent: set[bool] = set()
    for visit in _coming(now):
        asked_at = rechecks.asked_at(Question.of(visit), site)
        if asked_at is None or asked_at + ANSWERED_AFTER >= now:
            continue
        is_near = visit.starts_at <= now + rechecks.LAST_CALL
        if is_near not in silent:
            # The last of the near ones and of the others: there is time to call.
            silent.add(is_near)
            continue
        recheck_answers.answer(
            visit,
            changed=False,
            way=rechecks.MAIL,
            now=asked_at + ANSWERED_AFTER,
            actor=PROVEN_PATIENT,
        )


def _coming(now: datetime) -> list[Appointment]:
    rows = (
        select(Appointment)
        .where(Appointment.status == Status.CONFIRMED, Appointment.starts_at > now)
        .order_by(Appointment.starts_at.desc(), Appointment.id)
    )
    return list(db.session.scalars(rows))
