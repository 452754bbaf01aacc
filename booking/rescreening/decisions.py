"""Deciding a booked visit again, from all that is known by now (I-5, I-9b)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select

from booking import audit, gate, holds, patients, rulebooks
from booking.actors import SYSTEM
from booking.clock import local_day
from booking.db import db
from booking.messages import plan
from booking.models.appointment import UPCOMING, Appointment, Hold, HoldState, Status
from booking.models.clinic import Site
from booking.rescreening import rechecks
from booking.rescreening.due import note, note_visit
from screening import Authority, Clearance, Requirement, Verdict, Window

OVERLAP_RULE, NOT_OFFERED_RULE = "overlap", "not_offered"
NEUTRAL_REASON = "We need to check something with you."

__all__ = [
    "NEUTRAL_REASON",
    "clearance_now",
    "decision_for",
    "is_in_line",
    "is_to_come",
    "judge_visit",
    "note",
    "note_visit",
    "overlap_window",
    "overlaps_own",
    "settle",
]


def is_to_come(appointment: Appointment, *, now: datetime) -> bool:
    """Whether it may still change: booked, and not over; the records know of it."""
    return (
        appointment.status in UPCOMING
        and appointment.ends_at > now
        and appointment.records_checked_at is not None
    )


def clearance_now(
    appointment: Appointment,
    site: Site,
    *,
    now: datetime,
    patient_id: int | None,
    people: Sequence[int] | None = None,
) -> Clearance:
    """What answers and records come to (*people*: the person's rows, if known)."""
    records = gate.records_of(patient_id, site, ignoring=appointment.id, people=people)
    return judge_visit(
        site,
        appointment.treatment,
        appointment.area,
        appointment.screening.answers,
        records,
        given_on=appointment.screening.given_on,
        now=now,
    )


def judge_visit(  # noqa: PLR0913 - one question, every part of it named
    site: Site,
    treatment: str,
    area: str,
    answers: dict,
    records: Sequence,
    *,
    now: datetime,
    required: Sequence[Requirement] | None = None,
    given_on: Mapping[str, date] | None = None,
) -> Clearance:
    """As the gate does; what the rulebook no longer offers is held, not an error."""
    rulebook = rulebooks.current(site)
    offered = rulebook.treatments.get(treatment)
    if offered is not None and area in offered.areas:
        return gate.judge(
            site,
            treatment,
            area,
            answers,
            records,
            now=now,
            required=required,
            given_on=given_on,
        )
    today = local_day(now, site.timezone)
    return Clearance(rulebook.version, treatment, area, today, (_not_offered(today),))


def decision_for(
    clearance: Clearance,
    day: date,
    released: Sequence[Window],
    standing: Iterable[Window] = (),
) -> gate.Decision:
    """What the visit comes to; *standing* is what no answer or record explains."""
    decision = gate.decide(clearance, day, released)
    let_pass = {window.key for window in released}
    more = tuple(window for window in standing if window.key not in let_pass)
    worst = max((decision.verdict, *(window.verdict for window in more)))
    return gate.Decision(worst, (*decision.windows, *more))


def is_in_line(waits_for: Sequence[Window] | None, decision: gate.Decision) -> bool:
    """Whether a visit already stands as decided: *waits_for* is what holds it, None
    if it is confirmed."""
    if waits_for is None:
        return decision.verdict is Verdict.CLEAR
    if decision.verdict is Verdict.CLEAR:
        return False
    return {w.key for w in waits_for} == {w.key for w in decision.windows}


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

    *neutral*: the link shown at booking must not learn what the records say. Never
    commits. Doing it twice changes nothing more.
    """
    day = local_day(appointment.starts_at, site.timezone)
    silences = rechecks.silences([rechecks.Question.of(appointment)], site, now=now)
    standing = [*silences.values(), *([overlap_window(day)] if overlapping else ())]
    released = gate.released_windows(appointment.id)
    decision = decision_for(clearance, day, released, standing)
    hold = holds.open_of(appointment)
    if is_in_line(holds.windows_of(hold) if hold else None, decision):
        return hold
    if decision.verdict is Verdict.CLEAR:
        _clear(appointment, hold, now=now)
        return None
    _withdraw(hold, now=now)
    # Before the hold is stored: one statement writes both changes of the visit.
    appointment.sequence += 1
    from_records = any(w.provenance == "record" for w in decision.windows)
    new = holds.open_hold(
        appointment,
        site,
        clearance,
        decision,
        now=now,
        requested=hold is not None and hold.requested,
        neutral=neutral and from_records,
    )
    refused = decision.verdict is Verdict.REFUSE and not new.neutral
    event = "rescreen_refused" if refused else "reheld"
    audit.record(SYSTEM, event, appointment, now=now, detail={"hold": new.id})
    plan.follow(appointment, event, now=now, hold=new)
    return new


def _clear(appointment: Appointment, hold: Hold | None, *, now: datetime) -> None:
    """Nothing stands in the way any more: confirmed without anybody's help."""
    if hold is not None:
        holds.close(hold, HoldState.CLEARED, now=now, by=SYSTEM.name)
    appointment.status = Status.CONFIRMED
    appointment.sequence += 1
    audit.record(SYSTEM, "cleared", appointment, now=now)
    plan.follow(appointment, "confirmed", now=now)


def _withdraw(hold: Hold | None, *, now: datetime) -> None:
    if hold is None:
        return
    holds.close(hold, HoldState.WITHDRAWN, now=now, by=SYSTEM.name)
    # Only one hold of a visit may be open: this one is closed before the next opens.
    db.session.flush()


def overlaps_own(appointment: Appointment, people: Sequence[int] | None = None) -> bool:
    """Whether the person (*people*: its rows, if known) is elsewhere at that time."""
    if appointment.patient_id is None:
        return False
    if people is None:
        people = patients.rows_of_person(appointment.patient_id)
    other = select(Appointment.id).where(
        Appointment.patient_id.in_(people),
        Appointment.id != appointment.id,
        Appointment.status.in_((*UPCOMING, Status.ARRIVED)),
        Appointment.starts_at < appointment.ends_at,
        Appointment.ends_at > appointment.starts_at,
    )
    return db.session.scalar(other.limit(1)) is not None


def overlap_window(day: date) -> Window:
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


def _not_offered(today: date) -> Window:
    return Window(
        rule=NOT_OFFERED_RULE,
        verdict=Verdict.HOLD,
        from_day=today,
        until_day=None,
        reason="We have changed what we offer. We will talk to you about your visit.",
        release_by=Authority.CLINICIAN,
        provenance="system",
        cause="not offered",
    )
