"""Many visits at once: read with a fixed number of statements and no lock, and decided
in memory. What it finds is only where to look: `settle` decides under the lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from booking import gate, patients
from booking.clock import local_day
from booking.db import among, db
from booking.models.appointment import UPCOMING, Appointment, Hold, HoldState, Status
from booking.models.clinic import Site
from booking.models.screening import Screening, given_on
from booking.requirements import required_everywhere
from booking.rescreening import rechecks
from booking.rescreening.decisions import (
    decision_for,
    is_in_line,
    judge_visit,
    overlap_window,
)
from screening import Record, Requirement, Window


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to come with its answers; no row of the session."""

    id: int
    patient_id: int | None
    treatment: str
    area: str
    starts_at: datetime
    ends_at: datetime
    answered_at: datetime
    answers: dict[str, Any]
    day: date
    answer_days: dict[str, str] | None

    @property
    def question(self) -> rechecks.Question:
        return rechecks.Question(
            self.id, self.treatment, self.starts_at, self.ends_at, self.answered_at
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read about a batch."""

    records: dict[int, list[Record]]
    released: dict[int, list[Window]]
    waits_for: dict[int, list[Window]]
    silences: dict[int, Window]
    overlapping: set[int]
    required: dict[str, tuple[Requirement, ...]]


def following(site: Site, after_id: int, most: int, *, now: datetime) -> list[Visit]:
    """The next visits to come of a site, in the order of their numbers."""
    rows = db.session.execute(
        select(
            Appointment.id,
            Appointment.patient_id,
            Appointment.treatment,
            Appointment.area,
            Appointment.starts_at,
            Appointment.ends_at,
            Screening.created_at,
            Screening.answers,
            Screening.day,
            Screening.answer_days,
        )
        .join(Screening, Screening.id == Appointment.screening_id)
        .where(
            Appointment.site_id == site.id,
            Appointment.id > after_id,
            Appointment.status.in_(UPCOMING),
            Appointment.ends_at > now,
            Appointment.records_checked_at.is_not(None),
        )
        .order_by(Appointment.id)
        .limit(most)
    )
    return [Visit(*row) for row in rows]


def out_of_line(visits: Sequence[Visit], site: Site, *, now: datetime) -> list[int]:
    """The visits that do not stand as they would be decided now."""
    known = _read(visits, site, now=now)
    return [visit.id for visit in visits if not _stands(visit, known, site, now=now)]


def _read(visits: Sequence[Visit], site: Site, *, now: datetime) -> _Known:
    people = patients.rows_of_people(
        {visit.patient_id for visit in visits if visit.patient_id is not None}
    )
    numbers = [visit.id for visit in visits]
    return _Known(
        records=gate.records_of_people(people, site),
        released=gate.released_for(numbers),
        waits_for=_waits_for(numbers),
        silences=rechecks.silences([v.question for v in visits], site, now=now),
        overlapping=_overlapping(visits, people),
        required=required_everywhere(),
    )


def _waits_for(numbers: Iterable[int]) -> dict[int, list[Window]]:
    rows = db.session.execute(
        select(Hold.appointment_id, Hold.windows).where(
            among(Hold.appointment_id, numbers), Hold.state == HoldState.OPEN
        )
    )
    return {number: gate.thaw(windows) for number, windows in rows}


def _overlapping(visits: Sequence[Visit], people: dict[int, list[int]]) -> set[int]:
    """Those at the same time as another visit of the same person."""
    rows = db.session.execute(
        select(
            Appointment.patient_id,
            Appointment.id,
            Appointment.starts_at,
            Appointment.ends_at,
        ).where(
            among(
                Appointment.patient_id, (row for own in people.values() for row in own)
            ),
            Appointment.status.in_((*UPCOMING, Status.ARRIVED)),
        )
    )
    times: dict[int, list[tuple[int, datetime, datetime]]] = {}
    for row, number, starts_at, ends_at in rows:
        times.setdefault(row or 0, []).append((number, starts_at, ends_at))
    return {
        visit.id
        for visit in visits
        for row in people.get(visit.patient_id or 0, ())
        for number, starts_at, ends_at in times.get(row, ())
        if number != visit.id
        and starts_at < visit.ends_at
        and ends_at > visit.starts_at
    }


def _stands(visit: Visit, known: _Known, site: Site, *, now: datetime) -> bool:
    records = gate.without(visit.id, known.records.get(visit.patient_id or 0, ()))
    clearance = judge_visit(
        site,
        visit.treatment,
        visit.area,
        visit.answers,
        records,
        now=now,
        required=known.required.get(visit.treatment, ()),
        given_on=given_on(visit.answers, visit.day, visit.answer_days),
    )
    day = local_day(visit.starts_at, site.timezone)
    standing = [known.silences[visit.id]] if visit.id in known.silences else []
    if visit.id in known.overlapping:
        standing.append(overlap_window(day))
    released = known.released.get(visit.id, [])
    decision = decision_for(clearance, day, released, standing)
    return is_in_line(known.waits_for.get(visit.id), decision)
