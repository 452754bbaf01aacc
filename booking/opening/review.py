"""What the worker sees to: visits that came to lie outside opening hours as they were
booked, and tasks about what is past.

A patient who is just finishing keeps their time, also where a manager closes it in that
minute: whoever closes cannot see a visit that is not there yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, exists, or_, select

from booking.db import begin_write, db
from booking.models.appointment import Appointment, Move
from booking.models.clinic import Site
from booking.models.task import Task
from booking.opening import capacity, outside
from booking.reservations import locked

LATELY = timedelta(days=2)
"""Longer than anything is kept for somebody before it is booked."""


def look(*, now: datetime) -> int:
    """Ask the desk about each visit that was booked into closed hours; how many."""
    asked = 0
    for site in db.session.scalars(select(Site)).all():
        horizon = capacity.horizon_of(site, now=now)
        closed = capacity.closed(capacity.read(site, horizon), horizon, now=now)
        fresh = db.session.scalars(_booked_lately(site, now=now)).all()
        numbers = outside.visits_in(closed, horizon, only=fresh) if fresh else []
        for number in numbers:
            asked += _ask(number, now=now)
        begin_write()
        outside.close_over(site, now=now)
        db.session.commit()
    return asked


def _booked_lately(site: Site, *, now: datetime) -> Select:
    moved = exists().where(
        Move.appointment_id == Appointment.id, Move.moved_at > now - LATELY
    )
    was_asked = exists().where(
        Task.appointment_id == Appointment.id, Task.kind == outside.KIND
    )
    return select(Appointment.id).where(
        Appointment.site_id == site.id,
        Appointment.status.in_(outside.STANDING),
        Appointment.ends_at > now,
        or_(Appointment.booked_at > now - LATELY, moved),
        ~was_asked,
    )


def _ask(appointment_id: int, *, now: datetime) -> bool:
    visit = locked(appointment_id)
    known = select(Task.id).where(
        Task.appointment_id == visit.id, Task.kind == outside.KIND
    )
    if visit.status not in outside.STANDING or db.session.scalar(known) is not None:
        db.session.rollback()
        return False
    outside.open_task(visit, visit.site, now=now)
    db.session.commit()
    return True
