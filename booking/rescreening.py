"""Deciding a booked visit again: a new answer, or what the clinic's records say (I-5,
I-9b)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from booking import audit, gate, holds, patients, screenings
from booking.actors import SYSTEM, Actor
from booking.clock import local_day
from booking.db import db
from booking.errors import WrongState
from booking.messages import plan
from booking.models.appointment import UPCOMING, Appointment, Hold, HoldState, Status
from booking.models.clinic import Site
from booking.models.rescreening import Rescreening
from booking.models.screening import BY_OWNER, BY_STAFF
from booking.reservations import locked
from screening import Authority, Clearance, Verdict, Window

OVERLAP_RULE = "overlap"
NEUTRAL_REASON = "We need to check something with you."


@dataclass(frozen=True)
class Rescreened:
    """`clearance` is what may be shown: on the answers alone for an unproven
    address."""

    appointment: Appointment
    clearance: Clearance
    first_clear_day: date | None

    @property
    def status(self) -> str:
        return self.appointment.status


def note(site: Site, patient_id: int | None, cause: str, *, now: datetime) -> None:
    """This patient's visits to come have to be decided again; None: everybody's.

    Never commits: it stands or falls with what made it necessary.
    """
    db.session.add(
        Rescreening(site_id=site.id, patient_id=patient_id, cause=cause, noted_at=now)
    )


def change_answers(
    appointment: Appointment, answers: Mapping[str, Any], *, now: datetime, actor: Actor
) -> Rescreened:
    """Merge new answers over the stored ones and decide the visit again at once.

    Still clear · now held · now refused (held, nobody may release) · held and now clear
    again (confirmed without anybody's help). The old screening stays as it was.
    """
    appointment = locked(appointment.id)
    if appointment.status not in UPCOMING:
        raise WrongState
    site = db.session.get_one(Site, appointment.site_id)
    _store(appointment, site, answers, now=now, actor=actor)
    proven = actor.knows_records
    known = appointment.patient_id if proven else None
    clearance = clearance_now(appointment, site, now=now, patient_id=known)
    hold = holds.open_of(appointment)
    if not proven:
        # Decided on the answers alone; the records are asked after the response.
        appointment.records_checked_at = None
    if proven or hold is None or not _rests_on_records(hold):
        settle(
            appointment,
            site,
            clearance,
            now=now,
            neutral=False,
            overlapping=proven and overlaps_own(appointment),
        )
    audit.record(actor, "answers", appointment, now=now)
    db.session.commit()
    first = clearance.first_clear_day(local_day(now, site.timezone))
    return Rescreened(appointment, clearance, first)


def _store(
    appointment: Appointment,
    site: Site,
    answers: Mapping[str, Any],
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """A new screening with these answers over the earlier ones.

    Only the new ones are checked: a trip that was planned then may be over by now. It
    stores what the answers alone come to, as every reader of the visit may see that.
    """
    checked = screenings.check(
        site, appointment.treatment, appointment.area, answers, now=now
    )
    earlier = appointment.screening
    alone = gate.clearance_for(
        site,
        appointment.treatment,
        appointment.area,
        {**earlier.answers, **checked},
        now=now,
        patient_id=None,
    )
    screened = screenings.store(
        site,
        alone,
        {**earlier.answers, **checked},
        now=now,
        answered_by=_answered_by(actor) or earlier.answered_by,
        supersedes=earlier,
    )
    appointment.screening = screened.screening


def _answered_by(actor: Actor) -> str | None:
    if actor.kind == "staff":
        return BY_STAFF
    return BY_OWNER if actor.proven else None


def clearance_now(
    appointment: Appointment, site: Site, *, now: datetime, patient_id: int | None
) -> Clearance:
    return gate.clearance_for(
        site,
        appointment.treatment,
        appointment.area,
        appointment.screening.answers,
        now=now,
        patient_id=patient_id,
        ignoring=appointment.id,
    )


def settle(
    appointment: Appointment,
    site: Site,
    clearance: Clearance,
    *,
    now: datetime,
    neutral: bool,
    overlapping: bool = False,
) -> Hold | None:
    """Bring a live visit into line with *clearance*; the hold that is open then.

    Never commits. Doing it twice changes nothing more.
    """
    day = local_day(appointment.starts_at, site.timezone)
    decision = gate.decide(clearance, day, gate.released_windows(appointment.id))
    if overlapping:
        decision = gate.Decision(
            max(decision.verdict, Verdict.HOLD),
            (*decision.windows, _overlap_window(day)),
        )
    hold = holds.open_of(appointment)
    if decision.verdict is Verdict.CLEAR:
        _clear(appointment, hold, now=now)
        return None
    if hold is not None and _same(hold, decision):
        return hold
    _withdraw(hold, now=now)
    new = holds.open_hold(
        appointment,
        site,
        clearance,
        decision,
        now=now,
        requested=hold is not None and hold.requested,
        neutral=neutral,
    )
    appointment.sequence += 1
    refused = decision.verdict is Verdict.REFUSE and not neutral
    event = "rescreen_refused" if refused else "reheld"
    plan.follow(appointment, event, now=now, hold=new)
    return new


def _clear(appointment: Appointment, hold: Hold | None, *, now: datetime) -> None:
    """Nothing stands in the way any more: confirmed without anybody's help."""
    if hold is None:
        return
    holds.close(hold, HoldState.CLEARED, now=now, by=SYSTEM.name)
    appointment.status = Status.CONFIRMED
    appointment.sequence += 1
    plan.follow(appointment, "confirmed", now=now)


def _withdraw(hold: Hold | None, *, now: datetime) -> None:
    if hold is None:
        return
    holds.close(hold, HoldState.WITHDRAWN, now=now, by=SYSTEM.name)
    # Only one hold of a visit may be open: this one is closed before the next opens.
    db.session.flush()


def _rests_on_records(hold: Hold) -> bool:
    """Whether answers alone cannot settle it."""
    return hold.neutral or any(
        window.provenance == "record" for window in holds.windows_of(hold)
    )


def _same(hold: Hold, decision: gate.Decision) -> bool:
    return {w.key for w in holds.windows_of(hold)} == {w.key for w in decision.windows}


def overlaps_own(appointment: Appointment) -> bool:
    if appointment.patient_id is None:
        return False
    other = select(Appointment.id).where(
        Appointment.patient_id.in_(patients.rows_of_person(appointment.patient_id)),
        Appointment.id != appointment.id,
        Appointment.status.in_((*UPCOMING, Status.ARRIVED)),
        Appointment.starts_at < appointment.ends_at,
        Appointment.ends_at > appointment.starts_at,
    )
    return db.session.scalar(other.limit(1)) is not None


def _overlap_window(day: date) -> Window:
    return Window(
        rule=OVERLAP_RULE,
        verdict=Verdict.HOLD,
        from_day=day,
        until_day=None,
        reason="You already have another visit at this time. Please move one of them.",
        release_by=Authority.NOBODY,
        provenance="record",
        cause="overlap",
    )
