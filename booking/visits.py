"""What happens at the desk on the day: arrive, complete, no-show."""

from __future__ import annotations

from datetime import datetime

from booking import audit, holds, placement
from booking.actors import Actor
from booking.db import db
from booking.errors import InvalidRequest, NotAllowed, WrongState
from booking.messages import plan
from booking.models.appointment import Appointment, HoldState, Status
from booking.reservations import locked

# needling and blood products are traced by lot.
NEEDS_LOT = frozenset({"microneedling", "rf_microneedling", "prp"})
_LEAST_DEPTH, _MOST_DEPTH = 0.1, 10.0


def arrive(appointment: Appointment, *, now: datetime, actor: Actor) -> Appointment:
    """The patient is here.

    A held visit cannot begin.
    """
    appointment = _at_desk(appointment, actor)
    if appointment.status == Status.HELD:
        raise WrongState(
            "This visit is held: it has to be released before it can begin."
        )
    if appointment.status != Status.CONFIRMED:
        raise WrongState
    appointment.status = Status.ARRIVED
    appointment.arrived_at = now
    audit.record(actor, "arrive", appointment, now=now)
    db.session.commit()
    return appointment


def complete(
    appointment: Appointment,
    *,
    now: datetime,
    actor: Actor,
    depth_mm: float | None = None,
    lot: str | None = None,
) -> Appointment:
    """The treatment was performed; aftercare begins.

    Needling needs the lot (R-84).     `depth_mm` is the greatest needle depth, in
    millimetres.
    """
    appointment = _at_desk(appointment, actor)
    if appointment.status != Status.ARRIVED:
        raise WrongState("Mark the patient as arrived first.")
    lot = (lot or "").strip() or None
    if appointment.treatment in NEEDS_LOT and lot is None:
        raise InvalidRequest.of(
            "lot", "Enter the lot number: this visit cannot be closed without it."
        )
    if lot and len(lot) > 100:
        raise InvalidRequest.of("lot", "Use at most 100 characters.")
    if depth_mm is not None and not _LEAST_DEPTH <= depth_mm <= _MOST_DEPTH:
        raise InvalidRequest.of(
            "depth_mm", "Give the depth in millimetres, from 0.1 to 10."
        )
    appointment.status = Status.COMPLETED
    appointment.completed_at = now
    appointment.depth_mm = depth_mm
    appointment.lot = lot
    audit.record(actor, "complete", appointment, now=now)
    plan.follow(appointment, "completed", now=now)
    db.session.commit()
    return appointment


def no_show(appointment: Appointment, *, now: datetime, actor: Actor) -> Appointment:
    """The patient did not come; possible once the visit should have begun."""
    appointment = _at_desk(appointment, actor)
    if appointment.status not in (Status.CONFIRMED, Status.HELD):
        raise WrongState
    if appointment.starts_at > now:
        raise WrongState("This visit has not begun yet.")
    if hold := holds.open_of(appointment):
        holds.close(hold, HoldState.WITHDRAWN, now=now, by=actor.name)
    placement.free(appointment, now=now)
    appointment.status = Status.NO_SHOW
    appointment.ended_at = now
    audit.record(actor, "no_show", appointment, now=now)
    plan.follow(appointment, "no_show", now=now)
    db.session.commit()
    return appointment


def _at_desk(appointment: Appointment, actor: Actor) -> Appointment:
    if not actor.authorities:
        raise NotAllowed
    return locked(appointment.id)
