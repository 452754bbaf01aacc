"""Which messages a visit gets, and when: rows written in the transaction of the change.

Prep is planned when a visit is confirmed, aftercare only when it was completed. Steps
whose time has passed by then (a late booking, a late release) go out at once in one
combined mail, the one row `prep_late` (`aftercare_late`), never as several mails; the
rest keep a row each. A held visit has no prep rows: they are made anew on confirming.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Select, func, select

from booking import course_sessions, rulebooks
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
from booking.models.appointment import Appointment, Hold, Move, Status
from booking.models.clinic import Site
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
    _plan(_Outbox(appointment, _site(appointment), [], now), event)


def follow(
    appointment: Appointment, event: str, *, now: datetime, hold: Hold | None = None
) -> None:
    """Void what no longer fits after *event* and plan what does. Never commits.

    Call it once per change, after the change: `appointment` already has its new status,
    times and sequence. A visit that was moved into a hold is told as "held".
    """
    if event not in EVENTS:
        raise ValueError(f"unknown event {event!r}")
    outbox = _Outbox.of(appointment, now=now)
    if event == "hold_urgent":
        outbox.tell_staff(STAFF_URGENT)
        return

    _void_unsent(outbox)
    if event == "moved" and appointment.status == Status.HELD:
        event = "held"
    _plan(outbox, event)


def _plan(outbox: _Outbox, event: str) -> None:
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
    _Outbox.of(appointment, now=now).put(REASK, now, urgent=False)


def ask_how_again(appointment: Appointment, *, now: datetime) -> None:
    """Nobody has answered how the patient is: once more, by daylight. Never commits."""
    outbox = _Outbox.of(appointment, now=now)
    outbox.put(CHECKIN_AGAIN, outbox.rhythm.awake(now), urgent=False)


def heard(appointment: Appointment) -> None:
    """The patient has said how they are: nothing asks again. Never commits."""
    db.session.flush()
    for row in db.session.scalars(_rows(appointment).with_for_update()):
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


def _void_unsent(outbox: _Outbox) -> None:
    """Void what has not left; if that was to tell of a course, another visit tells."""
    if COURSE not in outbox.void_unsent():
        return
    for other in course_sessions.siblings(outbox.appointment):
        if other.status == Status.CONFIRMED and other.starts_at > outbox.now:
            _Outbox.of(other, now=outbox.now).put(COURSE, outbox.now, urgent=True)
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
    rows = list(db.session.scalars(_rows(message.appointment)))
    site = _site(message.appointment)
    outbox = _Outbox(message.appointment, site, rows, message.due_at)
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


@dataclass
class _Outbox:
    """The message rows of one visit, locked until the transaction ends."""

    appointment: Appointment
    site: Site
    rows: list[Message]
    now: datetime

    @classmethod
    def of(cls, appointment: Appointment, *, now: datetime) -> _Outbox:
        db.session.flush()
        # Locked: a worker marks a row sent before or after this change, not within it.
        query = _rows(appointment).with_for_update()
        rows = db.session.scalars(query.execution_options(populate_existing=True))
        return cls(appointment, _site(appointment), list(rows), now)

    @property
    def rhythm(self) -> timing.Rhythm:
        return timing.Rhythm.of(self.site)

    def void_unsent(self) -> set[str]:
        """Void what has not left; the steps that it was about."""
        unsent = [row for row in self.rows if row.state == MessageState.PLANNED]
        for row in unsent:
            row.state = MessageState.VOID
        return {row.step for row in unsent}

    def due_at(self, step: Step) -> datetime:
        visit = self.appointment
        return timing.due_at(step, visit.starts_at, _ended_at(visit), self.rhythm)

    def is_planned(self, step: Step) -> bool:
        return any(
            row.step == step.id and row.state == MessageState.PLANNED
            for row in self.rows
        )

    def is_told(self, step: Step, due: datetime) -> bool:
        """Whether the patient was told, alone or in a combined mail about this date."""
        return any(
            row.step == step.id
            or (
                row.step in (PREP_LATE, AFTERCARE_LATE)
                and row.created_at >= self.placed_at
                and due <= row.due_at
            )
            for row in self.rows
            if row.state == MessageState.SENT
        )

    @cached_property
    def placed_at(self) -> datetime:
        """Since when the visit has been where it is."""
        moved_at = db.session.scalar(
            select(func.max(Move.moved_at)).where(
                Move.appointment_id == self.appointment.id
            )
        )
        return moved_at or self.appointment.created_at

    def tell_staff(self, step: str) -> None:
        row = self.put(step, self.now, urgent=True)
        row.audience, row.recipient = "staff", self.site.email

    def put(self, step: str, due: datetime, *, urgent: bool) -> Message:
        """Plan a message of *step*: the voided row if there is one, else a new one."""
        sequence = self.appointment.sequence
        own = {row.sequence: row for row in self.rows if row.step == step}
        row = own.get(sequence)
        if row is not None and row.state in (MessageState.SENT, MessageState.FAILED):
            sequence, row = max(own) + 1, None
        if row is None:
            row = Message(
                appointment=self.appointment,
                step=step,
                channel="mail",
                sequence=sequence,
                audience="patient",
                fence=0,
            )
            self.rows.append(row)
            db.session.add(row)
        row.state, row.due_at, row.urgent = MessageState.PLANNED, due, urgent
        row.created_at = self.now
        # A worker that still holds the voided one must not mark this one.
        row.fence += 1
        row.attempts, row.lease_until, row.error = 0, None, None
        row.message_id = row.body = row.recipient = None
        return row


def _plan_prep(outbox: _Outbox, *, gather: bool) -> None:
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


def _plan_aftercare(outbox: _Outbox) -> None:
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


def _steps(outbox: _Outbox, anchor: str) -> list[Step]:
    """The first step of each group around the visit; its row carries the others."""
    rulebook = rulebooks.current(outbox.site)
    plan = rulebook.plan(outbox.appointment.treatment)
    return [group[0] for group in together(plan) if group[0].anchor == anchor]


def _ended_at(appointment: Appointment) -> datetime:
    """The end of the visit, as planned or earlier if it was completed earlier."""
    if appointment.completed_at is None:
        return appointment.ends_at
    return min(appointment.ends_at, appointment.completed_at)


def _rows(appointment: Appointment) -> Select[Message]:
    query = select(Message).where(Message.appointment_id == appointment.id)
    return query.order_by(Message.id)


def _site(appointment: Appointment) -> Site:
    return db.session.get_one(Site, appointment.site_id)
