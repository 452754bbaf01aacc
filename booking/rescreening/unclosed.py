"""Visits whose day is over and that nobody has closed.

Whether they took place, and how deep, is not known: the stricter reading counts for the
patient's other visits until somebody says how it went (I-5).
"""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from booking import tasks
from booking.actors import SYSTEM
from booking.clock import local_day
from booking.db import db
from booking.models.appointment import Appointment, Status
from booking.models.clinic import Site
from booking.models.task import Task
from booking.rescreening import rechecks
from booking.rescreening.due import note_visit
from booking.reservations import locked

KIND = "close_visit"
# A held one counts for the others as well, and nothing ends it by itself.
_OPEN = (Status.CONFIRMED, Status.HELD, Status.ARRIVED)


def chase(*, now: datetime) -> int:
    """Ask the desk about each of them, once; how many. One visit locked at a time."""
    asked = 0
    for site in db.session.scalars(select(Site)).all():
        zone = ZoneInfo(site.timezone)
        midnight = datetime.combine(local_day(now, site.timezone), time(), zone)
        is_asked = exists().where(
            Task.appointment_id == Appointment.id,
            Task.kind == KIND,
            # Where it is now: it may have moved since it was asked.
            Task.opened_at >= Appointment.starts_at,
        )
        over = select(Appointment.id).where(
            Appointment.site_id == site.id,
            Appointment.status.in_(_OPEN),
            Appointment.starts_at < midnight,
            ~is_asked,
        )
        for number in db.session.scalars(over).all():
            asked += _ask(number, site.id, now=now)
    return asked


def _ask(appointment_id: int, site_id: int, *, now: datetime) -> bool:
    visit = locked(appointment_id)
    key = _key(visit)
    if visit.status not in _OPEN or tasks.find_open(key) is not None:
        db.session.rollback()
        return False
    site = db.session.get_one(Site, site_id)
    tasks.open_task(
        site, KIND, key, now=now, due_at=now, patient=visit.patient, appointment=visit
    )
    # Only this task is about the visit now: it is too late to ask before it.
    rechecks.close_call(visit, "passed", now=now, by=SYSTEM.name)
    note_visit(visit, "passed", now=now)
    db.session.commit()
    return True


def close(visit: Appointment, outcome: str, *, now: datetime, by: str) -> None:
    """Somebody has said how it went. Never commits."""
    if task := tasks.find_open(_key(visit)):
        tasks.close(task, outcome, now=now, by=by)


def _key(visit: Appointment) -> str:
    return f"close/{visit.id}"
