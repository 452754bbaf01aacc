"""What waits for somebody at the desk: calls to make, overdue holds, failed mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from booking import audit
from booking.actors import Actor
from booking.db import begin_write, db
from booking.errors import NotAllowed, NotFound, WrongState
from booking.models.appointment import Appointment, Hold, HoldState
from booking.models.call_back import CallBack
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.models.task import Task
from booking.patients.files import MOST_ROWS

MOST_SHOWN = 100


@dataclass(frozen=True)
class Counts:
    """For the menu: open holds and tasks, and which of them are the clinicians'."""

    holds: int
    clinician_holds: int
    tasks: int
    clinician_tasks: int = 0

    @property
    def clinician(self) -> int:
        return self.clinician_holds + self.clinician_tasks


def counts(site: Site, *, now: datetime) -> Counts:
    """How much waits (3 statements)."""
    rows = db.session.execute(
        select(Hold.owner, func.count())
        .join(Hold.appointment)
        .where(Hold.state == HoldState.OPEN, Appointment.site_id == site.id)
        .group_by(Hold.owner)
    )
    owners: dict[str, int] = {owner: number for owner, number in rows}  # noqa: C416
    failed = (
        select(func.count(Message.id))
        .join(Message.appointment)
        .where(Appointment.site_id == site.id, Message.state == MessageState.FAILED)
        .scalar_subquery()
    )
    overdue = (
        select(func.count(Hold.id))
        .join(Hold.appointment)
        .where(*_overdue(site, now=now))
        .scalar_subquery()
    )
    calls = (
        select(func.count(CallBack.id))
        .where(CallBack.site_id == site.id, CallBack.done_at.is_(None))
        .scalar_subquery()
    )
    others = db.session.scalar(select(failed + overdue + calls)) or 0
    rows = db.session.execute(
        select(Task.owner, func.count())
        .where(Task.site_id == site.id, Task.done_at.is_(None))
        .group_by(Task.owner)
    )
    tasks: dict[str, int] = {owner: number for owner, number in rows}  # noqa: C416
    return Counts(
        holds=sum(owners.values()),
        clinician_holds=owners.get("clinician", 0),
        tasks=others + sum(tasks.values()),
        clinician_tasks=tasks.get("clinician", 0),
    )


def overdue_holds(site: Site, *, now: datetime) -> Sequence[Hold]:
    """Open holds whose deadline has passed, the oldest first."""
    return db.session.scalars(
        select(Hold)
        .join(Hold.appointment)
        .where(*_overdue(site, now=now))
        .order_by(Hold.decide_by, Hold.id)
    ).all()


def failed_messages(site: Site) -> Sequence[Message]:
    """Mails that could not be sent, the latest first."""
    return db.session.scalars(
        select(Message)
        .join(Message.appointment)
        .where(Appointment.site_id == site.id, Message.state == MessageState.FAILED)
        .options(joinedload(Message.appointment).joinedload(Appointment.patient))
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(MOST_SHOWN)
    ).all()


def send_again(message_id: int, *, now: datetime, actor: Actor) -> None:
    """Let the worker try a failed mail once more, with the bytes it had."""
    message = _failed(message_id, actor)
    message.state = MessageState.PLANNED
    message.due_at = now
    message.attempts = 0
    message.lease_until = message.error = None
    audit.record(actor, "mail.again", message, now=now, detail={"step": message.step})
    db.session.commit()


def set_aside(message_id: int, *, now: datetime, actor: Actor) -> None:
    """Somebody told the patient in another way: the mail is no task any more."""
    message = _failed(message_id, actor)
    message.state = MessageState.VOID
    audit.record(actor, "mail.aside", message, now=now, detail={"step": message.step})
    db.session.commit()


def _failed(message_id: int, actor: Actor) -> Message:
    """The failed mail, locked, in a unit of writing of its own."""
    if not actor.authorities:
        raise NotAllowed
    begin_write()
    wanted = select(Message).where(Message.id == min(message_id, MOST_ROWS))
    message = db.session.scalar(wanted.with_for_update())
    if message is None:
        raise NotFound("There is no such e-mail.")
    if message.state != MessageState.FAILED:
        raise WrongState("This e-mail has been dealt with already.")
    return message


def messages_of(visit: Appointment) -> Sequence[Message]:
    """Every mail of a visit, planned, sent and void, in the order of time."""
    return db.session.scalars(
        select(Message)
        .where(Message.appointment_id == visit.id)
        .order_by(Message.due_at, Message.id)
    ).all()


def _overdue(site: Site, *, now: datetime) -> list:
    return [
        Hold.state == HoldState.OPEN,
        Appointment.site_id == site.id,
        or_(Hold.decide_by <= now, Hold.urgent_at.is_not(None)),
    ]
