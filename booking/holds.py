"""Holds: the queue of visits that wait for a person, and the two ways they end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from booking import audit, gate
from booking.actors import SYSTEM, Actor
from booking.clock import local_day
from booking.db import begin_write, db
from booking.diary import hours, placement
from booking.errors import NotAllowed, WrongState
from booking.messages import plan
from booking.models.appointment import Appointment, Hold, HoldState, Status
from booking.models.clinic import Site
from booking.overrides import (
    DECLINE_REASONS,
    RELEASE_REASONS,
    ReleaseNote,
    add_release,
    authority_for,
    check_note,
)
from booking.records import conflicts
from booking.rescreening import unclosed
from booking.rescreening.due import note_visit
from screening import Authority, Clearance, Window


def open_hold(  # noqa: PLR0913 - a hold is made of all of these
    appointment: Appointment,
    site: Site,
    clearance: Clearance,
    decision: gate.Decision,
    *,
    now: datetime,
    requested: bool,
    neutral: bool = False,
) -> Hold:
    """Make a visit held.

    Never commits.     A requested hold expires at its deadline; one that came later
    becomes urgent instead.
    """
    appointment.status = Status.HELD
    decide_by = deadline(site, appointment.starts_at, now=now)
    hold = Hold(
        appointment_id=appointment.id,
        owner=decision.owner or Authority.RECEPTION,
        # What has no time left to be decided must not end the moment it begins.
        requested=requested and decide_by > now,
        neutral=neutral,
        state=HoldState.OPEN,
        windows=gate.freeze(decision.windows),
        conflicts=[conflict.to_json() for conflict in clearance.conflicts],
        opened_at=now,
        decide_by=decide_by,
    )
    db.session.add(hold)
    db.session.flush()
    conflicts.open_tasks(appointment, site, hold)
    return hold


def deadline(site: Site, starts_at: datetime, *, now: datetime) -> datetime:
    """When a hold must be decided: the earlier of so many opening hours from now and so
    many hours before the visit (24 and 24 by default); at once if that has passed."""
    by_hours = hours.after_opening_hours(site, now, site.hold_opening_hours)
    by_visit = starts_at - timedelta(hours=site.hold_before_visit_hours)
    return max(now, min(by_hours, by_visit))


def close(
    hold: Hold,
    state: HoldState,
    *,
    now: datetime,
    by: str,
    reason: str | None = None,
    note: str | None = None,
) -> None:
    """End a hold.

    Never commits.
    """
    hold.state = state
    hold.closed_at = now
    hold.closed_by = by
    hold.reason = reason
    hold.note = note or None
    # A conflict that still matters opens its task again with the next hold.
    conflicts.close_tasks([hold.appointment_id], "moot", now=now)


def open_of(appointment: Appointment) -> Hold | None:
    """The open hold of a visit."""
    return db.session.scalar(
        select(Hold).where(
            Hold.appointment_id == appointment.id, Hold.state == HoldState.OPEN
        )
    )


def queue(
    site: Site, actor: Actor, *, owners: Sequence[str] | None = None
) -> list[Hold]:
    """The open holds of a site, the nearest deadline first.

    Staff only.
    """
    if not actor.authorities:
        raise NotAllowed
    rows = (
        select(Hold)
        .join(Hold.appointment)
        .where(Hold.state == HoldState.OPEN, Appointment.site_id == site.id)
        .order_by(Hold.decide_by, Hold.id)
    )
    if owners is not None:
        rows = rows.where(Hold.owner.in_(owners))
    return list(db.session.scalars(rows))


def windows_of(hold: Hold) -> list[Window]:
    """What the hold waits for."""
    return gate.thaw(hold.windows)


def can_release(hold: Hold, actor: Actor) -> bool:
    """Whether this person may release it by their own authority."""
    return hold.state == HoldState.OPEN and all(
        window.release_by in actor.authorities for window in windows_of(hold)
    )


def release(
    hold: Hold,
    *,
    now: datetime,
    actor: Actor,
    reason: str,
    note: str = "",
    attested_by: str | None = None,
) -> Appointment:
    """Confirm a held visit by overriding the windows it waits for.

    1. Check the state, the reason and the authority of every window.
    2. Ask the gate again: what came up since the hold was opened is not covered.
    3. Store the release, close the hold, confirm, tell the patient.
    """
    hold_id = hold.id
    begin_write()
    hold, appointment = _locked(hold_id)
    windows = windows_of(hold)
    given = ReleaseNote(reason, note.strip(), (attested_by or "").strip() or None)
    site = db.session.get_one(Site, appointment.site_id)
    check_note(given.reason, given.note, RELEASE_REASONS)
    authority = authority_for(windows, actor, given, site)
    _nothing_new(appointment, site, windows, now=now)
    add_release(appointment, windows, actor, authority, given, now=now, hold=hold)
    close(
        hold,
        HoldState.RELEASED,
        now=now,
        by=actor.name,
        reason=given.reason,
        note=given.note,
    )
    appointment.status = Status.CONFIRMED
    appointment.sequence += 1
    audit.record(actor, "release", appointment, now=now, detail={"hold": hold.id})
    plan.follow(appointment, "confirmed", now=now)
    db.session.commit()
    return appointment


def decline(
    hold: Hold, *, now: datetime, actor: Actor, reason: str, note: str = ""
) -> Appointment:
    """Free the slot of a held visit and tell the patient.

    Any member of staff may.
    """
    hold_id = hold.id
    begin_write()
    hold, appointment = _locked(hold_id)
    if not actor.authorities:
        raise NotAllowed
    check_note(reason, note.strip(), DECLINE_REASONS)
    close(
        hold,
        HoldState.DECLINED,
        now=now,
        by=actor.name,
        reason=reason,
        note=note.strip(),
    )
    _end(appointment, Status.DECLINED, now=now, by=actor.name)
    audit.record(actor, "decline", appointment, now=now, detail={"hold": hold.id})
    plan.follow(appointment, "declined", now=now, hold=hold)
    db.session.commit()
    return appointment


def expire_due(*, now: datetime) -> int:
    """Free the slots of requested holds whose deadline has passed, and mark the others
    urgent.

    Each in a transaction of its own; the number of holds dealt with.
    """
    due = db.session.scalars(
        select(Hold.id)
        .where(
            Hold.state == HoldState.OPEN,
            Hold.decide_by <= now,
            Hold.urgent_at.is_(None),
        )
        .order_by(Hold.decide_by)
    ).all()
    return sum(_expire(hold_id, now=now) for hold_id in due)


def _expire(hold_id: int, *, now: datetime) -> bool:
    begin_write()
    try:
        hold, appointment = _locked(hold_id)
    except WrongState:
        return False  # somebody decided it meanwhile
    if hold.urgent_at is not None or hold.decide_by > now:
        return False
    if hold.requested:
        close(hold, HoldState.EXPIRED, now=now, by=SYSTEM.name)
        _end(appointment, Status.EXPIRED, now=now, by=SYSTEM.name)
        audit.record(SYSTEM, "expire", appointment, now=now, detail={"hold": hold.id})
        plan.follow(appointment, "expired", now=now, hold=hold)
    else:
        hold.urgent_at = now
        audit.record(SYSTEM, "urgent", appointment, now=now, detail={"hold": hold.id})
        plan.follow(appointment, "hold_urgent", now=now, hold=hold)
    db.session.commit()
    return True


def _locked(hold_id: int) -> tuple[Hold, Appointment]:
    """The open hold and its visit, locked in that visit's order; WrongState
    otherwise."""
    appointment_id = db.session.scalar(
        select(Hold.appointment_id).where(Hold.id == hold_id)
    )
    appointment = db.session.get_one(
        Appointment, appointment_id, with_for_update={"key_share": True}
    )
    hold = db.session.get_one(Hold, hold_id, populate_existing=True)
    if hold.state != HoldState.OPEN or appointment.status != Status.HELD:
        raise WrongState("This has already been decided.")
    return hold, appointment


def _end(appointment: Appointment, status: Status, *, now: datetime, by: str) -> None:
    placement.free(appointment, now=now)
    appointment.status = status
    appointment.sequence += 1
    appointment.ended_at = now
    unclosed.close(appointment, status.value, now=now, by=by)
    # Its days are free again for the patient's other visits.
    note_visit(appointment, status.value, now=now)


def _nothing_new(
    appointment: Appointment, site: Site, windows: Sequence[Window], *, now: datetime
) -> None:
    clearance = gate.clearance_for(
        site,
        appointment.treatment,
        appointment.area,
        appointment.screening.answers,
        given_on=appointment.screening.given_on,
        now=now,
        patient_id=appointment.patient_id,
        ignoring=appointment.id,
    )
    day = local_day(appointment.starts_at, site.timezone)
    earlier = gate.released_windows(appointment.id)
    left = gate.decide(clearance, day, [*windows, *earlier])
    if left.windows:
        raise WrongState(
            "Something has changed since this was opened: " + left.windows[0].reason
        )
