"""What a visit that is not booked yet would do to the others of its patient.

`effects` and `days_left` are functions of the gate's inputs alone; `of_patient` gathers
those for somebody on file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

import screening
from booking import gate, patients, rulebooks
from booking.clock import local_day
from booking.db import db
from booking.gate import Decision
from booking.models.appointment import UPCOMING, Appointment
from booking.models.clinic import Site
from booking.requirements import required_for
from screening import Record, Requirement, Rulebook, Verdict, Window


@dataclass(frozen=True)
class Booked:
    """A visit to come, with what the gate decides it by."""

    visit_id: int
    treatment: str
    area: str
    day: date
    answers: Mapping[str, Any]
    given_on: Mapping[str, date]
    released: tuple[Window, ...] = ()

    @property
    def ref(self) -> str:
        return f"appointment {self.visit_id}"


@dataclass(frozen=True)
class Situation:
    """Everything of one patient that the gate knows, on one day."""

    rulebook: Rulebook
    today: date
    records: tuple[Record, ...]
    visits: tuple[Booked, ...]
    required: Mapping[str, tuple[Requirement, ...]]


@dataclass(frozen=True)
class Effect:
    """A visit before and after; `windows` are those that the new one adds."""

    visit: Booked
    before: Decision
    after: Decision
    windows: tuple[Window, ...]

    @property
    def is_harmed(self) -> bool:
        return bool(self.windows)


def plan_for(treatment: str, area: str, days: Sequence[date]) -> tuple[Record, ...]:
    """Visits that are only thought of, as records."""
    return tuple(
        Record.of_treatment(treatment, day, area=area, ref="what if", planned=True)
        for day in days
    )


def effects(
    situation: Situation,
    thought_of: Sequence[Record],
    *,
    leaving_out: Sequence[int] = (),
) -> list[Effect]:
    """What becomes of each visit to come; *leaving_out* are those that would move."""
    gone = {f"appointment {number}" for number in leaving_out}
    found = []
    for visit in situation.visits:
        if visit.ref in gone:
            continue
        others = [r for r in situation.records if r.ref != visit.ref]
        before = _decide(situation, visit, others)
        stay = [record for record in others if record.ref not in gone]
        after = _decide(situation, visit, [*stay, *thought_of])
        known = {window.key for window in before.windows}
        added = tuple(w for w in after.windows if w.key not in known)
        found.append(Effect(visit, before, after, added))
    return found


def days_left(
    situation: Situation,
    treatment: str,
    area: str,
    answers: Mapping[str, Any],
    thought_of: Sequence[Record],
    *,
    days: int,
) -> dict[date, Verdict]:
    """The days from today on, with their verdict for another treatment then."""
    clearance = screening.clearance(
        situation.rulebook,
        treatment,
        area,
        answers,
        today=situation.today,
        records=[*situation.records, *thought_of],
        requirements=situation.required.get(treatment, ()),
    )
    each = (situation.today + timedelta(days=number) for number in range(days))
    return {day: clearance.verdict_on(day) for day in each}


def _decide(situation: Situation, visit: Booked, records: Sequence[Record]) -> Decision:
    clearance = screening.clearance(
        situation.rulebook,
        visit.treatment,
        visit.area,
        visit.answers,
        today=situation.today,
        given_on=visit.given_on,
        records=records,
        requirements=situation.required.get(visit.treatment, ()),
    )
    return gate.decide(clearance, visit.day, visit.released)


def of_patient(patient_id: int, site: Site, *, now: datetime) -> Situation:
    """What is on file about a patient, for staff or a proven address only (I-9b)."""
    rulebook = rulebooks.current(site)
    rows = db.session.scalars(
        select(Appointment)
        .where(
            Appointment.patient_id.in_(patients.rows_of_person(patient_id)),
            Appointment.status.in_(UPCOMING),
            Appointment.starts_at > now,
        )
        .order_by(Appointment.starts_at)
    )
    return Situation(
        rulebook=rulebook,
        today=local_day(now, site.timezone),
        records=tuple(gate.records_of(patient_id, site)),
        visits=tuple(
            Booked(
                visit.id,
                visit.treatment,
                visit.area,
                local_day(visit.starts_at, site.timezone),
                visit.screening.answers,
                visit.screening.given_on,
                tuple(gate.released_windows(visit.id)),
            )
            for visit in rows
            if visit.treatment in rulebook.treatments
        ),
        required={name: required_for(name) for name in rulebook.treatments},
    )
