"""The message rows of one visit: locked, and changed in the transaction of a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Select, func, select

from booking.db import db
from booking.messages import timing
from booking.messages.kinds import AFTERCARE_LATE, PREP_LATE
from booking.models.appointment import Appointment, Move
from booking.models.clinic import Site
from booking.models.message import Message, MessageState
from screening import Step


@dataclass
class VisitRows:
    """The message rows of one visit, locked until the transaction ends."""

    appointment: Appointment
    site: Site
    rows: list[Message]
    now: datetime

    @classmethod
    def of(cls, appointment: Appointment, *, now: datetime) -> VisitRows:
        db.session.flush()
        # Locked: a worker marks a row sent before or after this change, not within it.
        query = rows_of(appointment).with_for_update()
        rows = db.session.scalars(query.execution_options(populate_existing=True))
        return cls(appointment, site_of(appointment), list(rows), now)

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


def _ended_at(appointment: Appointment) -> datetime:
    """The end of the visit, as planned or earlier if it was completed earlier."""
    if appointment.completed_at is None:
        return appointment.ends_at
    return min(appointment.ends_at, appointment.completed_at)


def rows_of(appointment: Appointment) -> Select[Message]:
    query = select(Message).where(Message.appointment_id == appointment.id)
    return query.order_by(Message.id)


def site_of(appointment: Appointment) -> Site:
    return db.session.get_one(Site, appointment.site_id)
