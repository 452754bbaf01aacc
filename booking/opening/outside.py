"""Visits that lie outside opening hours: found, told, and given to the desk as tasks.

They are kept as they are (booking/opening/review.py finds those that were only being
booked while their hours were closed).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import joinedload

from booking import tasks
from booking.db import among, db
from booking.diary.cells import Horizon
from booking.models.appointment import Appointment, Claim, Status
from booking.models.clinic import Resource, Site
from booking.models.patient import Patient
from booking.models.task import Task
from booking.opening import capacity

KIND = "outside_hours"
STANDING = (Status.CONFIRMED, Status.HELD, Status.ARRIVED)
_WEEK, _TWO_DAYS = timedelta(days=7), timedelta(days=2)


@dataclass(frozen=True)
class Outside:
    """A visit in the time that would be closed, as staff may see it."""

    visit_id: int
    starts_at: datetime
    practitioner: str
    patient: str
    treatment: str


def visits_in(
    closed: Mapping[int, int], horizon: Horizon, *, only: Collection[int] | None = None
) -> list[int]:
    """The standing visits that occupy a resource in its *closed* cells."""
    start = horizon.first_cell
    rows = (
        select(
            Claim.appointment_id, Claim.resource_id, Claim.first_cell, Claim.until_cell
        )
        .join(Claim.appointment)
        .where(
            Claim.live,
            Claim.resource_id.in_(closed),
            Claim.until_cell > start,
            Claim.first_cell < start + horizon.cells,
            Appointment.status.in_(STANDING),
        )
    )
    if only is not None:
        rows = rows.where(among(Claim.appointment_id, only))
    found = {
        visit
        for visit, resource, first, until in db.session.execute(rows)
        if capacity.touches(closed[resource or 0], horizon, first, until)
    }
    return sorted(found)


def told(numbers: Sequence[int]) -> list[Outside]:
    """These visits as staff may see them, by time."""
    rows = db.session.execute(
        select(
            Appointment.id,
            Appointment.starts_at,
            Resource.name,
            Patient.name,
            Appointment.treatment,
        )
        .outerjoin(Resource, Resource.id == Appointment.practitioner_id)
        .outerjoin(Patient, Patient.id == Appointment.patient_id)
        .where(among(Appointment.id, numbers))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return [
        Outside(number, starts_at, who or "", patient or "", treatment)
        for number, starts_at, who, patient, treatment in rows
    ]


def stamp(visits: Iterable[Outside]) -> str:
    """Which visits a manager was shown, as one word."""
    said = [[one.visit_id, one.starts_at.isoformat()] for one in visits]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:20]


def open_task(visit: Appointment, site: Site, *, now: datetime) -> Task:
    """Ask the desk to move the visit, or to keep it. Never commits."""
    soon = visit.starts_at - _TWO_DAYS
    return tasks.open_task(
        site,
        KIND,
        f"hours/{visit.id}",
        now=now,
        due_at=max(now, min(now + _WEEK, soon)),
        urgent=soon <= now,
        patient=visit.patient,
        appointment=visit,
    )


def open_tasks(numbers: Sequence[int], site: Site, *, now: datetime) -> None:
    """The same for many visits at once. Never commits."""
    visits = db.session.scalars(
        select(Appointment)
        .where(among(Appointment.id, numbers))
        .options(joinedload(Appointment.patient))
        .order_by(Appointment.id)
    ).all()
    for visit in visits:
        open_task(visit, site, now=now)


def close_settled(
    site: Site, closed: Mapping[int, int], horizon: Horizon, *, now: datetime
) -> None:
    """Take off the list whose time is open again by now. Never commits."""
    asked = select(Task.appointment_id).where(
        Task.site_id == site.id, Task.kind == KIND, Task.done_at.is_(None)
    )
    numbers = {number for number in db.session.scalars(asked) if number is not None}
    inside = numbers - set(visits_in(closed, horizon, only=numbers))
    _close(Task.appointment_id.in_(inside), "open_again", now=now)


def close_given_up(visit: Appointment, *, now: datetime) -> None:
    """The visit has left the time that was closed. Never commits."""
    _close(Task.appointment_id == visit.id, "given_up", now=now)


def close_over(site: Site, *, now: datetime) -> None:
    """The time of the visit has passed, however it went. Never commits."""
    over = select(Appointment.id).where(
        Appointment.site_id == site.id, Appointment.ends_at <= now
    )
    _close(Task.appointment_id.in_(over), "over", now=now)


def _close(which: ColumnElement[bool], outcome: str, *, now: datetime) -> None:
    db.session.execute(
        update(Task)
        .where(Task.kind == KIND, Task.done_at.is_(None), which)
        .values(done_at=now, done_by="system", outcome=outcome)
        .execution_options(synchronize_session=False)
    )
