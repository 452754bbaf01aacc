"""What happens at the desk on the day: arrive, complete, no-show."""

from __future__ import annotations

from datetime import datetime

from booking import audit, holds
from booking.actors import Actor
from booking.db import db
from booking.diary import placement
from booking.errors import NotAllowed, WrongState
from booking.messages import plan
from booking.models.appointment import Appointment, HoldState, Status
from booking.records import visit_notes
from booking.records.visit_notes import Notes
from booking.rescreening import rechecks, unclosed
from booking.rescreening.due import note_visit
from booking.reservations import locked


def arrive(appointment: Appointment, *, now: datetime, actor: Actor) -> Appointment:
    """The patient is here, was asked, and says that nothing has changed.

    A held visit cannot begin; nor one whose patient said that something has changed
    (`recheck_answers.tell_change_on_arrival`) until it is recorded what.
    """
    appointment = _at_desk(appointment, actor)
    if appointment.status == Status.HELD:
        raise WrongState(
            "This visit is held: it has to be released before it can begin."
        )
    if appointment.status != Status.CONFIRMED:
        raise WrongState
    said = rechecks.answer_of(appointment, rechecks.ARRIVAL)
    if said is None:
        rechecks.keep(appointment, rechecks.ARRIVAL, changed=False, now=now)
    elif not rechecks.is_told_what(appointment, said):
        raise WrongState(
            "The patient said that something has changed. Record the new answers first."
        )
    rechecks.close_call(appointment, "arrived", now=now, by=actor.name)
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
    product: str | None = None,
) -> Appointment:
    """The treatment was performed; aftercare begins.

    Needling needs the lot (R-84). `depth_mm` is the greatest needle depth, in
    millimetres.
    """
    appointment = _at_desk(appointment, actor)
    if appointment.status != Status.ARRIVED:
        raise WrongState("Mark the patient as arrived first.")
    notes = visit_notes.checked(appointment.treatment, Notes(depth_mm, product, lot))
    appointment.status = Status.COMPLETED
    appointment.completed_at = now
    visit_notes.keep(appointment, notes)
    audit.record(actor, "complete", appointment, now=now)
    plan.follow(appointment, "completed", now=now)
    # Performed now, and perhaps deeper than planned: the next visits may be too near.
    note_visit(appointment, "completed", now=now)
    unclosed.close(appointment, "completed", now=now, by=actor.name)
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
    rechecks.close_call(appointment, "no_show", now=now, by=actor.name)
    note_visit(appointment, "no_show", now=now)
    unclosed.close(appointment, "no_show", now=now, by=actor.name)
    db.session.commit()
    return appointment


def _at_desk(appointment: Appointment, actor: Actor) -> Appointment:
    if not actor.authorities:
        raise NotAllowed
    return locked(appointment.id)
