"""Which messages a visit gets, and when: rows written in the transaction of the change.

Prep is planned when a visit is confirmed, aftercare only when it was completed. Steps
whose time has passed by then (a late booking, a late release) go out at once in one
combined mail, the one row `prep_late` (`aftercare_late`), never as several mails; the
rest keep a row each. A held visit has no prep rows: they are made anew on confirming.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from booking import rulebooks
from booking.courses import sessions
from booking.db import db
from booking.messages import timing
from booking.messages.kinds import (
    AFTERCARE_LATE,
    CHECKIN_AGAIN,
    COURSE,
    PREP_LATE,
    REASK,
    STAFF_HOLD,
    STAFF_URGENT,
)
from booking.messages.visit_rows import VisitRows, rows_of, site_of
from booking.models.appointment import Appointment, Hold, Status
from booking.models.message import Message, MessageState
from screening import Step

NOTICES = frozenset(
    {
        "confirmed",
        "held",
        "reheld",
        "rescreen_refused",
        "declined",
        "expired",
        "moved",
        "cancelled",
        COURSE,
    }
)
"""Events that the patient is told about, by a message of the same name."""
EVENTS = NOTICES | {"completed", "no_show", "hold_urgent", "course_session"}
_PREPARES = frozenset({"confirmed", "moved", COURSE, "course_session"})
_ASKS_STAFF = frozenset({"held", "reheld", "rescreen_refused"})


def begin(appointment: Appointment, event: str, *, now: datetime) -> None:
    """Plan the messages of a visit that was just booked and has none yet. Never
    commits."""
    if event not in ("confirmed", "held"):
        raise ValueError(f"a visit cannot begin as {event!r}")
    _plan(VisitRows(appointment, site_of(appointment), [], now), event)


def follow(
    appointment: Appointment, event: str, *, now: datetime, hold: Hold | None = None
) -> None:
    """Void what no longer fits after *event* and plan what does. Never commits.

    Call it once per change, after the change: `appointment` already has its new status,
    times and sequence. A visit that was moved into a hold is told as "held".
    """
    if event not in EVENTS:
        raise ValueError(f"unknown event {event!r}")
    outbox = VisitRows.of(appointment, now=now)
    if event == "hold_urgent":
        outbox.tell_staff(STAFF_URGENT)
        return

    _void_unsent(outbox)
    if event == "moved" and appointment.status == Status.HELD:
        event = "held"
    _plan(outbox, event)


def _plan(outbox: VisitRows, event: str) -> None:
    if event in NOTICES:
        outbox.put(event, outbox.now, urgent=True)
    if event in _PREPARES:
        # What is late already for a later session, the first one's mail has told.
        _plan_prep(outbox, gather=event != "course_session")
    elif event == "completed":
        _plan_aftercare(outbox)
    elif event in _ASKS_STAFF:
        outbox.tell_staff(STAFF_HOLD)


def ask_again(appointment: Appointment, *, now: datetime) -> None:
    """Plan the mail that asks for answers which have become too old. Never commits."""
    VisitRows.of(appointment, now=now).put(REASK, now, urgent=False)


def ask_how_again(appointment: Appointment, *, now: datetime) -> None:
    """Nobody has answered how the patient is: once more, by daylight. Never commits."""
    outbox = VisitRows.of(appointment, now=now)
    outbox.put(CHECKIN_AGAIN, outbox.rhythm.awake(now), urgent=False)


def heard(appointment: Appointment) -> None:
    """The patient has said how they are: nothing asks again. Never commits."""
    db.session.flush()
    for row in db.session.scalars(rows_of(appointment).with_for_update()):
        if row.step == CHECKIN_AGAIN and row.state == MessageState.PLANNED:
            row.state = MessageState.VOID


def follow_course(visits: Sequence[Appointment], *, now: datetime) -> None:
    """Plan what sessions booked together get: one notice of all that are confirmed.

    It is a row of the first of them; the others only have their preparation planned.
    Never commits.
    """
    confirmed = [one for one in visits if one.status == Status.CONFIRMED]
    for visit in visits:
        if visit not in confirmed:
            follow(visit, "held", now=now)
        elif visit is confirmed[0]:
            follow(visit, COURSE, now=now)
        else:
            follow(visit, "course_session", now=now)


def _void_unsent(outbox: VisitRows) -> None:
    """Void what has not left; if that was to tell of a course, another visit tells."""
    if COURSE not in outbox.void_unsent():
        return
    for other in sessions.siblings(outbox.appointment):
        if other.status == Status.CONFIRMED and other.starts_at > outbox.now:
            VisitRows.of(other, now=outbox.now).put(COURSE, outbox.now, urgent=True)
            return


def together(steps: Iterable[Step]) -> list[tuple[Step, ...]]:
    """Steps of one kind and one time, which share the mail of the first of them."""
    groups: dict[tuple[str, str, int, int], list[Step]] = {}
    for step in steps:
        key = (step.kind, step.anchor, step.days, step.hours)
        groups.setdefault(key, []).append(step)
    return [tuple(group) for group in groups.values()]


def gathered(message: Message, steps: Iterable[Step]) -> list[Step]:
    """The steps that *message* stands for, of all *steps* of the treatment.

    Those of a combined message: due by then, and not told or planned by themselves.
    """
    if message.step not in (PREP_LATE, AFTERCARE_LATE):
        groups = [group for group in together(steps) if group[0].id == message.step]
        return [step for group in groups for step in group]
    rows = list(db.session.scalars(rows_of(message.appointment)))
    site = site_of(message.appointment)
    outbox = VisitRows(message.appointment, site, rows, message.due_at)
    kinds = ("prep",) if message.step == PREP_LATE else ("aftercare", "checkin")
    return [
        step
        for group in together(steps)
        if group[0].kind in kinds
        and (due := outbox.due_at(group[0])) <= message.due_at
        and not outbox.is_told(group[0], due)
        and not outbox.is_planned(group[0])
        for step in group
    ]


def _plan_prep(outbox: VisitRows, *, gather: bool) -> None:
    visit, now = outbox.appointment, outbox.now
    if visit.starts_at <= now:
        return
    latest = visit.starts_at - timing.LEAST_LEAD
    late = max(now, outbox.rhythm.awake(now, latest=latest))
    gathers = False
    for step in _steps(outbox, "visit"):
        due = outbox.due_at(step)
        if step.kind == "prep" and due <= late:
            gathers = gathers or not outbox.is_told(step, due)
        elif due > now:
            outbox.put(step.id, due, urgent=step.urgent)
        elif visit.screening.created_at < due and not outbox.is_told(step, due):
            # The question was missed, and the answers are older than that.
            outbox.put(step.id, late, urgent=step.urgent)
    if gathers and gather:
        outbox.put(PREP_LATE, late, urgent=False)


def _plan_aftercare(outbox: VisitRows) -> None:
    now = outbox.now
    dues = {step.id: outbox.due_at(step) for step in _steps(outbox, "after")}
    urgent = {step.id for step in _steps(outbox, "after") if step.urgent}
    gone = {step for step, due in dues.items() if due <= now}
    if len(gone) > 1:
        outbox.put(AFTERCARE_LATE, now, urgent=True)
    for step, due in dues.items():
        if step not in gone:
            outbox.put(step, due, urgent=step in urgent)
        elif len(gone) == 1:
            outbox.put(step, now, urgent=True)


def _steps(outbox: VisitRows, anchor: str) -> list[Step]:
    """The first step of each group around the visit; its row carries the others."""
    rulebook = rulebooks.current(outbox.site)
    plan = rulebook.plan(outbox.appointment.treatment)
    return [group[0] for group in together(plan) if group[0].anchor == anchor]
