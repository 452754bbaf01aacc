"""What waits in the outbox: what is due, what is hopeless, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import BindParameter, ColumnElement, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import contains_eager

from booking.db import begin_write, db
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from booking.records import checks

KEEP_TRYING = timedelta(hours=72)

log = structlog.get_logger()


def is_due(
    now: datetime | BindParameter[datetime],
) -> tuple[ColumnElement[bool], ...]:
    """The rows that a worker may take: due, unsent, in nobody's hand."""
    free = or_(Message.lease_until.is_(None), Message.lease_until <= now)
    return Message.state == MessageState.PLANNED, Message.due_at <= now, free


def oldest_due(*, now: datetime) -> datetime | None:
    """Since when the oldest unsent message has been due; None if nothing is."""
    query = select(Message.due_at).where(*is_due(now)).order_by(Message.due_at)
    return db.session.scalar(query.limit(1))


def check_records(*, now: datetime) -> int:
    """Ask the clinic's records about every visit that waits for it; how many did.

    Their mails wait meanwhile (I-9b). Usually the web process has done it already.
    """
    waiting = select(Appointment.id).where(
        Appointment.records_checked_at.is_(None), Appointment.booked_at.is_not(None)
    )
    checked = 0
    for appointment_id in db.session.scalars(waiting).all():
        try:
            checks.check_records(appointment_id, now=now)
            checked += 1
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - one visit must not stop the others
            db.session.rollback()
            log.error(  # noqa: TRY400 - a trace may show health data
                "records.failed", visit=appointment_id, error=type(error).__name__
            )
    return checked


def give_up(*, now: datetime) -> int:
    """Fail what could not be delivered for 72 hours and until its visit; how many."""
    hopeless = (
        select(Message.id)
        .outerjoin(Message.appointment)
        .where(
            *is_due(now),
            Message.due_at <= now - KEEP_TRYING,
            or_(Message.entry_id.is_not(None), Appointment.starts_at <= now),
        )
    )
    if db.session.scalar(hopeless.limit(1)) is None:
        return 0
    begin_write()
    given_up = db.session.scalars(
        update(Message)
        .where(Message.id.in_(hopeless))
        .values(state=MessageState.FAILED, error="could not be delivered in time")
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.commit()
    return len(given_up)


def failed(site: Site, *, since: datetime) -> Sequence[Message]:
    """What never reached anybody: for the desk, which then telephones."""
    query = (
        select(Message)
        .join(Message.appointment)
        .where(
            Message.state == MessageState.FAILED,
            Message.due_at >= since,
            Appointment.site_id == site.id,
        )
        .options(contains_eager(Message.appointment))
        .order_by(Message.due_at)
    )
    return db.session.scalars(query).all()
