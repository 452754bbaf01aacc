"""Tasks of the staff: opened by what makes them necessary, closed by a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from booking import audit
from booking.actors import Actor
from booking.db import begin_write, db
from booking.errors import NotAllowed, NotFound, WrongState
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.task import Task
from booking.patients.files import MOST_ROWS
from booking.tasks import kinds

MOST_SHOWN = 100


def open_task(  # noqa: PLR0913 - a task is made of all of these
    site: Site,
    kind: str,
    key: str,
    *,
    now: datetime,
    due_at: datetime,
    owner: str = "reception",
    urgent: bool = False,
    patient: Patient | None = None,
    appointment: Appointment | None = None,
    detail: Any = None,
) -> Task:
    """The open task of this cause, made if there is none. Never commits.

    Where it is open already it only becomes more pressing: never later, never less
    urgent. The caller holds the lock of the patient or visit, so that the same cause is
    not looked for twice at once.
    """
    task = find_open(key)
    if task is None:
        task = Task(
            site_id=site.id,
            kind=kind,
            key=key,
            owner=owner,
            urgent=urgent,
            patient_id=patient.id if patient else None,
            appointment_id=appointment.id if appointment else None,
            detail=detail,
            opened_at=now,
            due_at=due_at,
        )
        db.session.add(task)
    else:
        task.due_at = min(task.due_at, due_at)
        task.urgent = task.urgent or urgent
    db.session.flush()
    return task


def find_open(key: str) -> Task | None:
    """The open task of this cause."""
    return db.session.scalar(
        select(Task).where(Task.key == key, Task.done_at.is_(None))
    )


def waiting(site: Site, *, owners: Sequence[str] | None = None) -> Sequence[Task]:
    """The open tasks, the urgent ones first, then by when they are due."""
    rows = select(Task).where(Task.site_id == site.id, Task.done_at.is_(None))
    if owners is not None:
        rows = rows.where(Task.owner.in_(owners))
    urgent_first = case((Task.urgent, 0), else_=1)
    order = rows.order_by(urgent_first, Task.due_at, Task.id)
    return db.session.scalars(order.limit(MOST_SHOWN)).all()


def of_visit(appointment: Appointment) -> Sequence[Task]:
    """The open tasks about a visit, the most pressing first."""
    rows = select(Task).where(
        Task.appointment_id == appointment.id, Task.done_at.is_(None)
    )
    return db.session.scalars(rows.order_by(Task.due_at, Task.id)).all()


def urgent_count(site: Site) -> int:
    """How many urgent tasks wait."""
    rows = select(func.count(Task.id)).where(
        Task.site_id == site.id, Task.done_at.is_(None), Task.urgent
    )
    return db.session.scalar(rows) or 0


def get_task(task_id: int) -> Task:
    """The task, or NotFound."""
    task = db.session.get(Task, task_id) if task_id <= MOST_ROWS else None
    if task is None:
        raise NotFound("There is no such task.")
    return task


def close(task: Task, outcome: str, *, now: datetime, by: str, note: str = "") -> None:
    """End a task. Never commits; ending it twice changes nothing."""
    if task.done_at is not None:
        return
    task.done_at, task.done_by = now, by
    task.outcome, task.note = outcome, note or None


def finish(
    task_id: int, outcome: str, *, now: datetime, actor: Actor, note: str = ""
) -> Task:
    """Somebody of the clinic has dealt with it; refuses what another has done first."""
    begin_write()
    wanted = select(Task).where(Task.id == min(task_id, MOST_ROWS))
    task = db.session.scalar(wanted.with_for_update())
    if task is None:
        raise NotFound("There is no such task.")
    if task.owner not in actor.authorities:
        raise NotAllowed
    if task.done_at is not None:
        raise WrongState("Somebody has dealt with this already.")
    kinds.check(task.kind, outcome, note.strip())
    close(task, outcome, now=now, by=actor.name, note=note.strip())
    audit.record(actor, "task.done", task, now=now, detail={"outcome": outcome})
    db.session.commit()
    return task
