"""What the worker tidies: reservations, holds and screenings that are over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select

from booking import holds, reservations, waitlist
from booking.courses import keeping
from booking.db import begin_write, db
from booking.models.appointment import Appointment, Claim, IdempotencyKey, Status
from booking.models.call_back import CallBack
from booking.models.screening import Draft, Screening
from booking.models.waitlist import OfferState, WaitlistEntry, WaitlistOffer

KEEP_KEYS = timedelta(days=7)
KEEP_CALLS = timedelta(days=30)


def sweep(*, now: datetime) -> None:
    """Everything that is due, each in a transaction of its own."""
    end_reservations(now=now)
    waitlist.expire_due(now=now)
    waitlist.close_over(now=now)
    holds.expire_due(now=now)
    forget(now=now)


def end_reservations(*, now: datetime) -> int:
    """Free the slots of reservations that ran out; how many."""
    over = db.session.scalars(
        select(Appointment.id).where(
            Appointment.status == Status.RESERVED,
            Appointment.reserved_until <= now,
            # What was kept for an offer ends with the offer.
            ~exists().where(
                WaitlistOffer.appointment_id == Appointment.id,
                WaitlistOffer.state == OfferState.OPEN,
            ),
        )
    ).all()
    ended = 0
    for appointment_id in over:
        appointment = reservations.locked(appointment_id)
        if appointment.status == Status.RESERVED and not reservations.is_live(
            appointment, now=now
        ):
            reservations.end(appointment, now=now)
            ended += 1
        db.session.commit()
    return ended


def forget(*, now: datetime) -> None:
    """Delete answers that led to no booking: expired drafts and unused screenings (with
    the reservations that came to nothing), old idempotency keys, and old calls."""
    begin_write()
    waitlist.forget(now=now)
    quiet = {"synchronize_session": False}
    db.session.execute(
        delete(Draft).where(Draft.expires_at <= now).execution_options(**quiet)
    )
    keeping.forget_unbooked()
    never_booked = select(Appointment.id).where(
        Appointment.status == Status.EXPIRED,
        Appointment.booked_at.is_(None),
        Appointment.screening_id.in_(
            select(Screening.id).where(Screening.expires_at <= now)
        ),
        # Whom it was offered to is known for as long as they wait.
        ~exists().where(WaitlistOffer.appointment_id == Appointment.id),
    )
    for statement in (
        delete(Claim).where(Claim.appointment_id.in_(never_booked)),
        delete(Appointment).where(Appointment.id.in_(never_booked)),
    ):
        db.session.execute(statement.execution_options(**quiet))
    used = exists().where(Appointment.screening_id == Screening.id)
    waited_with = exists().where(WaitlistEntry.screening_id == Screening.id)
    later = Screening.__table__.alias("later")
    superseded = exists().where(later.c.supersedes_id == Screening.id)
    db.session.execute(
        delete(Screening)
        .where(Screening.expires_at <= now, ~used, ~waited_with, ~superseded)
        .execution_options(**quiet)
    )
    db.session.execute(
        delete(IdempotencyKey)
        .where(IdempotencyKey.created_at <= now - KEEP_KEYS)
        .execution_options(**quiet)
    )
    db.session.execute(
        delete(CallBack)
        .where(CallBack.done_at <= now - KEEP_CALLS)
        .execution_options(**quiet)
    )
    db.session.commit()
