"""What a visit that is not booked yet does to a patient's other visits, for staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from booking import what_if
from booking.db import db
from booking.models.appointment import Appointment
from booking.models.patient import Patient
from booking.web import edge, words


@dataclass(frozen=True)
class Shown:
    """A visit with its verdict before and after, and why it changes."""

    visit: Appointment
    before: str
    after: str
    reasons: tuple[str, ...]


def effects_on(
    patient: Patient | None,
    treatment: str,
    area: str,
    starts: Sequence[datetime],
    *,
    leaving_out: Sequence[int] = (),
) -> tuple[Shown, ...]:
    """The effect on each visit to come; none for somebody who is not on file."""
    if patient is None or not starts:
        return ()
    days = [words.local(start).date() for start in starts]
    thought_of = what_if.plan_for(treatment, area, days)
    situation = what_if.of_patient(patient.id, edge.site(), now=edge.now())
    found = what_if.effects(situation, thought_of, leaving_out=leaving_out)
    return tuple(shown(effect) for effect in found)


def shown(effect: what_if.Effect) -> Shown:
    return Shown(
        visit=db.session.get_one(Appointment, effect.visit.visit_id),
        before=effect.before.verdict.word,
        after=effect.after.verdict.word,
        reasons=tuple(dict.fromkeys(window.reason for window in effect.windows)),
    )
