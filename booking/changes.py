"""Changing a visit: move, cancel.

A refusal leaves it exactly where it was.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from booking import audit, gate, holds, screenings
from booking.actors import Actor
from booking.clock import local_day
from booking.courses import sessions
from booking.db import db
from booking.deciding import Booked, authority_at_desk, clearance_of, override, settle
from booking.diary import placement
from booking.diary.calendar import Search
from booking.errors import AnswersExpired, SlotTaken, TooLateToChange, WrongState
from booking.messages import plan
from booking.models.appointment import (
    UPCOMING,
    Appointment,
    Hold,
    HoldState,
    Move,
    Status,
)
from booking.models.clinic import Site
from booking.overrides import ReleaseNote
from booking.rescreening import rechecks, unclosed
from booking.rescreening.decisions import overlaps_own
from booking.rescreening.due import note_visit
from booking.reservations import locked
from screening import Clearance


def move(
    appointment: Appointment,
    start: datetime,
    practitioner: int | None,
    *,
    now: datetime,
    actor: Actor,
    release: ReleaseNote | None = None,
) -> Booked:
    """Give a visit another time: the new slot is booked before the old one is freed.

    Both in one transaction: a refusal leaves the visit where it was. Earlier releases
    do not cover the new day.
    """
    appointment = locked(appointment.id)
    site = db.session.get_one(Site, appointment.site_id)
    check_changeable(appointment, site, actor, now=now)
    if actor.kind == "patient":
        check_fresh(appointment, site, now=now)
    known = actor.knows_records
    others = [] if known else sessions.siblings(appointment)
    clearance = clearance_of(
        site,
        appointment.screening,
        now=now,
        patient_id=appointment.patient_id if known else None,
        ignoring=appointment.id,
        besides=sessions.records_of(others, site),
    )
    authority = None
    if actor.kind == "staff":
        decision = gate.decide(clearance, local_day(start, site.timezone))
        authority = authority_at_desk(
            site, clearance, decision, release, actor=actor, now=now
        )
    else:
        decision = gate.admit_online(site, clearance, start, now=now)
    search = _search(appointment, site, actor, now=now)
    _replace(appointment, search, clearance, start, practitioner, actor=actor)
    decision = override(appointment, decision, authority, release, actor=actor, now=now)
    hold = after_move(appointment, site, clearance, decision, now=now, actor=actor)
    if not known:
        appointment.records_checked_at = None
    db.session.commit()
    return Booked(appointment, clearance, hold)


def check_fresh(appointment: Appointment, site: Site, *, now: datetime) -> None:
    """Answers older than the rulebook lets them count move nobody (R-75)."""
    if screenings.is_stale(appointment.screening, site, now=now):
        raise AnswersExpired


def _search(
    appointment: Appointment, site: Site, actor: Actor, *, now: datetime
) -> Search:
    return Search(
        site,
        appointment.treatment,
        now,
        appointment.first_visit,
        staff=actor.kind == "staff",
        ignoring=appointment.id,
        horizon_days=sessions.horizon_of(appointment, site),
    )


def _replace(
    appointment: Appointment,
    search: Search,
    clearance: Clearance,
    start: datetime,
    practitioner: int | None,
    *,
    actor: Actor,
) -> None:
    """New claims instead of the old ones; SlotTaken leaves everything as it was."""
    try:
        place = placement.find(search, start, practitioner)
        placement.free(appointment, now=search.now)
        placement.claim(
            appointment,
            place,
            patient_id=appointment.patient_id if actor.knows_records else None,
        )
    except SlotTaken:
        db.session.rollback()
        raise SlotTaken(nearest=placement.nearest(search, clearance, start)) from None
    put(appointment, place, now=search.now, actor=actor)


def put(
    appointment: Appointment,
    place: placement.Place | Appointment,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """The visit is where *place* is, and remembers where it was. Never commits."""
    rechecks.close_call(appointment, "moved", now=now, by=actor.name)
    unclosed.close(appointment, "moved", now=now, by=actor.name)
    db.session.add(
        Move(
            appointment_id=appointment.id,
            practitioner_id=appointment.practitioner_id,
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            moved_at=now,
            moved_by=actor.name,
        )
    )
    appointment.practitioner_id = place.practitioner_id
    appointment.starts_at, appointment.ends_at = place.starts_at, place.ends_at
    appointment.sequence += 1


def take_over(
    appointment: Appointment,
    reserved: Appointment,
    site: Site,
    *,
    now: datetime,
    actor: Actor,
) -> bool:
    """Move a visit to a place that was reserved for it, on a day that is clear.

    The new claims are the visit's before the old ones are freed. False if its patient
    has something else then (the caller rolls back). Never commits.
    """
    new = placement.hand_over(reserved, appointment)
    placement.free(appointment, now=now, but=new)
    put(appointment, reserved, now=now, actor=actor)
    reserved.status, reserved.ended_at = Status.EXPIRED, now
    db.session.flush()
    if overlaps_own(appointment) or not placement.claim_patient(appointment):
        return False
    if old := holds.open_of(appointment):
        holds.close(old, HoldState.WITHDRAWN, now=now, by=actor.name)
    appointment.status = Status.CONFIRMED
    audit.record(actor, "move", appointment, now=now)
    plan.follow(appointment, "moved", now=now)
    return True


def after_move(
    appointment: Appointment,
    site: Site,
    clearance: Clearance,
    decision: gate.Decision,
    *,
    now: datetime,
    actor: Actor,
) -> Hold | None:
    """Confirmed or held where it is now, and its mails planned. Never commits."""
    if old := holds.open_of(appointment):
        holds.close(old, HoldState.WITHDRAWN, now=now, by=actor.name)
        db.session.flush()
    requested = actor.kind == "patient"
    hold = settle(appointment, site, clearance, decision, now=now, requested=requested)
    audit.record(actor, "move", appointment, now=now)
    plan.follow(appointment, "held" if hold else "moved", now=now, hold=hold)
    note_visit(appointment, "moved", now=now)
    return hold


def cancel(
    appointment: Appointment, *, now: datetime, actor: Actor, reason: str = ""
) -> Appointment:
    """Cancel a visit and free its slot.

    Patients only until the site's cut-off, but a request that still waits for an answer
    may always be taken back.
    """
    appointment = locked(appointment.id)
    site = db.session.get_one(Site, appointment.site_id)
    if appointment.status != Status.HELD:
        check_changeable(appointment, site, actor, now=now)
    if hold := holds.open_of(appointment):
        holds.close(hold, HoldState.WITHDRAWN, now=now, by=actor.name)
    placement.free(appointment, now=now)
    appointment.status = Status.CANCELLED
    appointment.sequence += 1
    appointment.ended_at = now
    audit.record(actor, "cancel", appointment, now=now, detail={"reason": reason})
    plan.follow(appointment, "cancelled", now=now)
    rechecks.close_call(appointment, "cancelled", now=now, by=actor.name)
    unclosed.close(appointment, "cancelled", now=now, by=actor.name)
    note_visit(appointment, "cancelled", now=now)
    db.session.commit()
    return appointment


def check_changeable(
    appointment: Appointment, site: Site, actor: Actor, *, now: datetime
) -> None:
    """WrongState or TooLateToChange if this person may not change the visit now."""
    if appointment.status == Status.CANCELLED:
        raise WrongState("This visit is cancelled already.")
    if appointment.status not in UPCOMING:
        raise WrongState
    if actor.kind != "patient":
        return
    cut_off = timedelta(hours=site.cancel_cutoff_hours)
    if appointment.starts_at - now < cut_off:
        raise TooLateToChange(
            f"Less than {site.cancel_cutoff_hours} hours before a visit it cannot be "
            f"changed online. Please call us: {site.phone}."
        )


def can_change(appointment: Appointment, site: Site, *, now: datetime) -> bool:
    """Whether the patient may still move this visit online."""
    cut_off = timedelta(hours=site.cancel_cutoff_hours)
    return appointment.status in UPCOMING and appointment.starts_at - now >= cut_off


def can_cancel(appointment: Appointment, site: Site, *, now: datetime) -> bool:
    """Whether the patient may still cancel this visit online."""
    return appointment.status == Status.HELD or can_change(appointment, site, now=now)
