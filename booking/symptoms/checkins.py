"""Check-ins that nobody answers: asked once more, then somebody of the clinic calls.

The numbers are the rulebook's (`[unanswered]`), marked there as a default of ours.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Exists, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from booking import audit, rulebooks, tasks
from booking.actors import SYSTEM
from booking.db import db
from booking.errors import WrongState
from booking.messages import plan
from booking.messages.kinds import AFTERCARE_LATE, CHECKIN_AGAIN
from booking.models.appointment import Appointment, Status
from booking.models.checkin import SymptomReport
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.models.task import Task
from booking.reservations import locked
from booking.symptoms.reports import FINE, NOT_COMPLETED, answer_to
from screening import Silence, Step

TASK = "checkin_silent"
LONGEST = timedelta(days=7)
"""A check-in is answered within a week: later its question is about other days."""
_LOOK_BACK = timedelta(days=28)
_LEFT = (MessageState.SENT, MessageState.FAILED)


def check_open(
    appointment: Appointment, site: Site, step: str, *, now: datetime
) -> None:
    """Whether this check-in can be answered; WrongState says why not."""
    if appointment.status != Status.COMPLETED:
        raise WrongState(NOT_COMPLETED)
    planned = find_step(appointment, site, step)
    if planned is None:
        raise WrongState("There is no such question for this visit.")
    given = answer_to(appointment.id, step)
    if given is not None:
        said = "that all is fine" if given.answer == FINE else "that we should call you"
        raise WrongState(
            f"You have answered this already: {said}. If something has changed since, "
            "tell us below."
        )
    asked_at = _asked_at(appointment, step) or appointment.ends_at + _after(planned)
    if now > asked_at + LONGEST:
        raise WrongState(
            "This question was about the days after your visit, and they have passed. "
            "If something is not as it should be now, tell us below."
        )


def find_step(appointment: Appointment, site: Site, step: str) -> Step | None:
    """The check-in of this treatment that is called so."""
    steps = rulebooks.current(site).plan(appointment.treatment)
    return next((s for s in steps if s.id == step and s.kind == "checkin"), None)


def chase(*, now: datetime) -> int:
    """Ask again, or have somebody call, where a check-in is unanswered; how often.

    Each visit in a transaction of its own. Running it twice changes nothing more.
    """
    done = 0
    for site in db.session.scalars(select(Site).order_by(Site.id)).all():
        silence = rulebooks.current(site).unanswered
        for appointment_id in _silent(site, silence, now=now):
            done += _chase(appointment_id, silence, now=now)
    return done


def _silent(site: Site, silence: Silence, *, now: datetime) -> list[int]:
    """Visits whose question, or its repeat, has been unanswered for long enough."""
    again = _message_of(CHECKIN_AGAIN)
    asked = or_(
        Message.step == silence.step,
        and_(Message.step == AFTERCARE_LATE, ~_message_of(silence.step)),
    )
    left_at = func.coalesce(Message.sent_at, Message.due_at)
    repeat_by = now - timedelta(hours=silence.repeat_hours)
    call_by = now - timedelta(hours=silence.call_hours)
    rows = (
        select(Appointment.id)
        .join(Message, Message.appointment_id == Appointment.id)
        .where(
            Message.state.in_(_LEFT),
            Message.due_at > now - _LOOK_BACK,
            or_(
                and_(asked, left_at <= repeat_by, ~again),
                and_(Message.step == CHECKIN_AGAIN, left_at <= call_by),
            ),
            Appointment.site_id == site.id,
            Appointment.status == Status.COMPLETED,
            Appointment.patient_id.is_not(None),
            ~exists().where(SymptomReport.appointment_id == Appointment.id),
            ~exists().where(Task.appointment_id == Appointment.id, Task.kind == TASK),
        )
        .distinct()
        .order_by(Appointment.id)
    )
    return list(db.session.scalars(rows))


def _message_of(step: str) -> Exists:
    """Whether the visit has a message of this step, sent or still to be."""
    other = aliased(Message)
    return exists().where(
        other.appointment_id == Appointment.id,
        other.step == step,
        other.state != MessageState.VOID,
    )


def _chase(appointment_id: int, silence: Silence, *, now: datetime) -> bool:
    appointment = locked(appointment_id)
    site = db.session.get_one(Site, appointment.site_id)
    step = find_step(appointment, site, silence.step)
    asked_at = _asked_at(appointment, silence.step)
    again_at = _asked_at(appointment, CHECKIN_AGAIN)
    is_over = _has_answered(appointment) or appointment.status != Status.COMPLETED
    if step is None or asked_at is None or is_over:
        db.session.rollback()
        return False
    if again_at is not None:
        return _have_called(appointment, site, again_at, silence, now=now)
    is_planned = _find(appointment, CHECKIN_AGAIN) is not None
    if is_planned or now < asked_at + timedelta(hours=silence.repeat_hours):
        db.session.rollback()
        return False
    plan.ask_how_again(appointment, now=now)
    db.session.commit()
    return True


def _have_called(
    appointment: Appointment,
    site: Site,
    again_at: datetime,
    silence: Silence,
    *,
    now: datetime,
) -> bool:
    if now < again_at + timedelta(hours=silence.call_hours):
        db.session.rollback()
        return False
    key = f"{TASK} {appointment.id}"
    if tasks.find_open(key) is not None:
        db.session.rollback()
        return False
    tasks.open_task(
        site,
        TASK,
        key,
        now=now,
        due_at=now + timedelta(hours=silence.call_hours),
        patient=appointment.patient,
        appointment=appointment,
    )
    audit.record(SYSTEM, "checkin.silent", appointment, now=now)
    db.session.commit()
    return True


def _has_answered(appointment: Appointment) -> bool:
    found = select(SymptomReport.id).where(
        SymptomReport.appointment_id == appointment.id
    )
    return db.session.scalar(found.limit(1)) is not None


def _asked_at(appointment: Appointment, step: str) -> datetime | None:
    """When the question left, or failed for good; None while it is still to leave.

    A visit that was completed late tells all its first steps in one mail.
    """
    row = _find(appointment, step)
    if row is None and step != CHECKIN_AGAIN:
        row = _find(appointment, AFTERCARE_LATE)
    if row is None or row.state not in _LEFT:
        return None
    return row.sent_at or row.due_at


def _find(appointment: Appointment, step: str) -> Message | None:
    return db.session.scalar(
        select(Message)
        .where(
            Message.appointment_id == appointment.id,
            Message.step == step,
            Message.state != MessageState.VOID,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


def _after(step: Step) -> timedelta:
    return timedelta(days=step.days, hours=step.hours)
