"""Answering "has anything changed?", and calling those who did not (R-75)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from booking import audit, gate, tasks
from booking.actors import Actor
from booking.db import db
from booking.errors import AlreadyAnswered, NotAllowed, WrongState
from booking.messages import timing
from booking.models.appointment import UPCOMING, Appointment, Status
from booking.models.clinic import Site
from booking.models.task import Task
from booking.rescreening import rechecks
from booking.rescreening.decisions import clearance_now, overlaps_own, settle
from booking.rescreening.new_answers import reasons_to_call
from booking.rescreening.rechecks import ARRIVAL, DESK, MAIL
from booking.reservations import locked

HAS_CHANGED = "has_changed"


def answer(
    appointment: Appointment, *, changed: bool, way: str, now: datetime, actor: Actor
) -> Appointment:
    """Keep the answer, once for each way and place of the visit.

    "Nothing has changed" ends the wait at once; "something has" only when it was said
    what (`change_answers`).
    """
    if not (actor.proven if way == MAIL else actor.authorities):
        raise NotAllowed("Please use the link in the mail that we sent you.")
    appointment = locked(appointment.id)
    site = db.session.get_one(Site, appointment.site_id)
    _check_answerable(appointment, site, way, now=now)
    rechecks.keep(appointment, way, changed=changed, now=now)
    if not changed:
        _settle(appointment, site, now=now)
        if not reasons_to_call(appointment, site, now=now):
            rechecks.close_call(appointment, "answered", now=now, by=actor.name)
    audit.record(actor, "recheck", appointment, now=now, detail={"way": way})
    db.session.commit()
    return appointment


def _check_answerable(
    appointment: Appointment, site: Site, way: str, *, now: datetime
) -> None:
    if appointment.status not in UPCOMING:
        raise WrongState("This visit does not wait for an answer any more.")
    if appointment.starts_at <= now and way != ARRIVAL:
        raise WrongState(
            "Your visit was to begin already. Please call us, or tell us at the desk."
        )
    if way == MAIL and not rechecks.is_open(appointment, site, now=now):
        raise WrongState(
            "We ask this a few days before your visit, and write to you then."
        )
    if rechecks.answer_of(appointment, way) is not None:
        raise AlreadyAnswered


def _settle(appointment: Appointment, site: Site, *, now: datetime) -> None:
    """A visit that was held for its silence alone is confirmed by itself."""
    if appointment.status != Status.HELD or appointment.records_checked_at is None:
        return
    settle(
        appointment,
        site,
        clearance_now(appointment, site, now=now, patient_id=appointment.patient_id),
        now=now,
        neutral=appointment.proven_at is None,
        overlapping=overlaps_own(appointment),
    )


def tell_change_on_arrival(
    appointment: Appointment, *, now: datetime, actor: Actor
) -> None:
    """At the desk they say that something has changed: they have not arrived until it
    is recorded what. Saying it twice is no harm."""
    said = rechecks.answer_of(appointment, ARRIVAL)
    if said is None or not said.changed:
        answer(appointment, changed=True, way=ARRIVAL, now=now, actor=actor)


def can_answer(appointment: Appointment, site: Site, *, now: datetime) -> bool:
    """Whether the mailed link may answer now."""
    return (
        appointment.status in UPCOMING
        and rechecks.is_open(appointment, site, now=now)
        and rechecks.answer_of(appointment, MAIL) is None
    )


def is_asked_at_desk(appointment: Appointment, site: Site, *, now: datetime) -> bool:
    """Whether staff may record what the patient says when called."""
    return (
        appointment.status in UPCOMING
        and rechecks.is_unanswered(appointment, site, now=now)
        and rechecks.answer_of(appointment, DESK) is None
    )


def chase(*, now: datetime) -> int:
    """A day before the visit, see to those who did not answer; how many.

    An urgent task to call them, or a hold where the clinic wants that.
    """
    visits = db.session.scalars(
        select(Appointment.id)
        .where(
            Appointment.status == Status.CONFIRMED,
            Appointment.starts_at > now,
            Appointment.starts_at <= now + rechecks.LAST_CALL,
            Appointment.records_checked_at.is_not(None),
        )
        .order_by(Appointment.starts_at)
    ).all()
    return sum(_chase(number, now=now) for number in visits if _waits(number, now=now))


def _waits(appointment_id: int, *, now: datetime) -> bool:
    """Looked up without a lock, as nearly all have answered or are called already."""
    visit = db.session.get_one(Appointment, appointment_id)
    site = db.session.get_one(Site, visit.site_id)
    return bool(reasons_to_call(visit, site, now=now)) and not _was_task(visit)


def _was_task(visit: Appointment) -> bool:
    """Whether somebody was told to call, done or not: nobody is told twice."""
    key = rechecks.call_key(visit.id, gate.placement_of(visit.id))
    return (
        db.session.scalar(select(Task.id).where(Task.key == key).limit(1)) is not None
    )


def _chase(appointment_id: int, *, now: datetime) -> bool:
    appointment = locked(appointment_id)
    site = db.session.get_one(Site, appointment.site_id)
    reasons = reasons_to_call(appointment, site, now=now)
    if appointment.status != Status.CONFIRMED or not reasons or _was_task(appointment):
        db.session.rollback()
        return False
    if site.recheck_silence == rechecks.HOLD and HAS_CHANGED in reasons:
        settle(
            appointment,
            site,
            clearance_now(
                appointment, site, now=now, patient_id=appointment.patient_id
            ),
            now=now,
            neutral=appointment.proven_at is None,
            overlapping=overlaps_own(appointment),
        )
        reasons.remove(HAS_CHANGED)
    if reasons:
        tasks.open_task(
            site,
            rechecks.CALL,
            rechecks.call_key(appointment.id, gate.placement_of(appointment.id)),
            now=now,
            due_at=max(now, appointment.starts_at - timing.LEAST_LEAD),
            urgent=True,
            patient=appointment.patient,
            appointment=appointment,
            detail={"reasons": reasons},
        )
    # A clinician may have released the silence: then nothing was done.
    done = bool(reasons) or appointment.status == Status.HELD
    db.session.commit()
    return done
