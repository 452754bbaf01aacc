"""The one door: joins a patient's answers with the clinic's records and asks screening.

Every path that puts a person into a slot asks here, inside its own transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

import screening
from booking import patients, requirements, rulebooks
from booking.clock import local_day
from booking.db import among, db
from booking.errors import CallUs, RefusedByGate
from booking.models.appointment import Appointment, Move, Release, Status
from booking.models.clinic import Site
from booking.models.patient import SILENT, Record
from screening import Authority, Clearance, Verdict, Window

_KNOWN = (Status.CONFIRMED, Status.HELD, Status.ARRIVED, Status.COMPLETED)


@dataclass(frozen=True)
class Decision:
    """What a day comes to, once what was released is left out.

    `owner` is the strictest authority among the windows that remain, or None if the day
    is clear.
    """

    verdict: Verdict
    windows: tuple[Window, ...]

    @property
    def owner(self) -> Authority | None:
        if not self.windows:
            return None
        return max((w.release_by for w in self.windows), key=lambda one: one.rank)


def clearance_for(  # noqa: PLR0913 - one question, every part of it named
    site: Site,
    treatment: str,
    area: str,
    answers: dict[str, Any],
    *,
    now: datetime,
    patient_id: int | None,
    ignoring: int | None = None,
    besides: Sequence[screening.Record] = (),
    given_on: Mapping[str, date] | None = None,
) -> Clearance:
    """Windows from the answers and, for a known patient, from the clinic's records.

    *ignoring* is the appointment being decided: it must not stand in its own way.
    *besides*: what is to be on record once this is booked, such as other sessions.
    *given_on*: the days of stored answers; without it they are of today.
    """
    known = records_of(patient_id, site, ignoring=ignoring)
    return judge(
        site,
        treatment,
        area,
        answers,
        [*known, *besides],
        now=now,
        given_on=given_on,
    )


def judge(  # noqa: PLR0913 - one question, every part of it named
    site: Site,
    treatment: str,
    area: str,
    answers: dict[str, Any],
    records: Sequence[screening.Record],
    *,
    now: datetime,
    required: Sequence[screening.Requirement] | None = None,
    given_on: Mapping[str, date] | None = None,
) -> Clearance:
    """What answers and records come to by the rulebook in force.

    With *required*, what the clinic asks for first, it asks no database.
    """
    rulebook = rulebooks.current(site)
    if not answers.keys() <= (asked := rulebook.questions.keys()):
        # A question that the rulebook no longer asks says nothing to it.
        answers = {name: said for name, said in answers.items() if name in asked}
    return screening.clearance(
        rulebook,
        treatment,
        area,
        answers,
        today=local_day(now, site.timezone),
        given_on=given_on,
        records=records,
        requirements=(
            requirements.required_for(treatment) if required is None else required
        ),
    )


def records_of(
    patient_id: int | None,
    site: Site,
    *,
    ignoring: int | None = None,
    people: Sequence[int] | None = None,
) -> list[screening.Record]:
    """What the clinic itself knows: visits past and future, and entries by staff.

    *people* are the person's rows, if they are known.
    """
    if patient_id is None:
        return []
    rows = patients.rows_of_person(patient_id) if people is None else people
    known = records_of_people({patient_id: rows}, site)
    return without(ignoring, known[patient_id])


def without(
    visit_id: int | None, records: Iterable[screening.Record]
) -> list[screening.Record]:
    """The records but for this visit, which must not stand in its own way."""
    own = _visit_ref(visit_id) if visit_id else None
    return [record for record in records if record.ref != own]


def records_of_people(
    people: Mapping[int, Sequence[int]], site: Site
) -> dict[int, list[screening.Record]]:
    """The records of many patients, each with the rows of that person, in two
    statements."""
    rows = {row for own in people.values() for row in own}
    found: dict[int, list[screening.Record]] = {}
    for row, record in (*_visits_of(rows, site), *_entries_of(rows)):
        found.setdefault(row, []).append(record)
    return {
        number: [record for row in own for record in found.get(row, ())]
        for number, own in people.items()
    }


def _visits_of(rows: set[int], site: Site) -> Iterable[tuple[int, screening.Record]]:
    visits = db.session.execute(
        select(
            Appointment.patient_id,
            Appointment.id,
            Appointment.treatment,
            Appointment.area,
            Appointment.starts_at,
            Appointment.depth_mm,
            Appointment.status,
        ).where(among(Appointment.patient_id, rows), Appointment.status.in_(_KNOWN))
    )
    known = rulebooks.current(site).treatments
    for row, number, treatment, area, starts_at, depth_mm, status in visits:
        if treatment in known:
            yield (
                row or 0,
                screening.Record.of_treatment(
                    treatment,
                    local_day(starts_at, site.timezone),
                    area=area,
                    depth_mm=depth_mm,
                    ref=_visit_ref(number),
                    planned=status != Status.COMPLETED,
                ),
            )


def _visit_ref(number: int) -> str:
    return f"appointment {number}"


def _entries_of(rows: set[int]) -> Iterable[tuple[int, screening.Record]]:
    entries = db.session.scalars(
        select(Record).where(
            among(Record.patient_id, rows),
            Record.corrected_by_id.is_(None),
            Record.kind.not_in(SILENT),
        )
    )
    return ((row.patient_id, _entry(row)) for row in entries)


def _entry(row: Record) -> screening.Record:
    ref = f"record {row.id}"
    if row.kind == "treatment" and row.day is not None:
        return screening.Record.of_treatment(
            row.subject,
            row.day,
            area=row.area,
            depth_mm=row.value.get("depth_mm"),
            ref=ref,
        )
    if row.kind == "patch_test" and row.day is not None:
        result = str(row.value.get("value"))
        return screening.Record.of_patch_test(row.subject, row.day, result, ref=ref)
    if row.kind == "symptom" and row.day is not None:
        return screening.Record.of_symptom(row.day, ref=ref)
    return screening.Record.of_answer(
        row.subject, row.value["value"], area=row.area, ref=ref, day=row.day
    )


def decide(
    clearance: Clearance, day: date, released: Iterable[Window] = ()
) -> Decision:
    """The verdict of *day*, leaving out the windows that were *released* for this
    visit."""
    keys = {window.key for window in released}
    windows = tuple(w for w in clearance.windows_on(day) if w.key not in keys)
    worst = max((w.verdict for w in windows), default=Verdict.CLEAR)
    return Decision(worst, windows)


def released_windows(appointment_id: int) -> list[Window]:
    """The windows released for this visit since it last moved, as a move needs a new
    release."""
    return released_for([appointment_id]).get(appointment_id, [])


def released_for(appointment_ids: Iterable[int]) -> dict[int, list[Window]]:
    """The same for many visits, in one statement; those without any are left out."""
    moves = (
        select(func.count(Move.id))
        .where(Move.appointment_id == Release.appointment_id)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Release.appointment_id, Release.windows).where(
            among(Release.appointment_id, appointment_ids),
            Release.placement == moves,
        )
    )
    found: dict[int, list[Window]] = {}
    for number, windows in rows:
        found.setdefault(number, []).extend(thaw(windows))
    return found


def placement_of(appointment_id: int) -> int:
    """How often the visit has moved."""
    moves = select(func.count(Move.id)).where(Move.appointment_id == appointment_id)
    return db.session.scalar(moves) or 0


def freeze(windows: Iterable[Window]) -> list[dict[str, Any]]:
    """Windows as JSON values, for storing."""
    return [window.to_json() for window in windows]


def thaw(stored: Sequence[dict[str, Any]] | None) -> list[Window]:
    """Stored windows again."""
    return [Window.from_json(item) for item in stored or ()]


def admit_online(
    site: Site, clearance: Clearance, starts_at: datetime, *, now: datetime
) -> Decision:
    """The decision for a request made online, or RefusedByGate or CallUs.

    A hold nobody may release is as good as a refusal.
    """
    day = local_day(starts_at, site.timezone)
    decision = decide(clearance, day)
    if decision.verdict is Verdict.REFUSE or decision.owner is Authority.NOBODY:
        raise refusal(clearance, decision, now=now, site=site)
    notice = timedelta(hours=site.online_hold_notice_hours)
    if decision.verdict is Verdict.HOLD and starts_at < now + notice:
        raise CallUs
    return decision


def refusal(
    clearance: Clearance, decision: Decision, *, now: datetime, site: Site
) -> RefusedByGate:
    """The refusal of a day, with what the person can do instead."""
    reasons = list(dict.fromkeys(w.reason for w in decision.windows))
    return RefusedByGate(
        reasons[0] if reasons else None,
        windows=decision.windows,
        reasons=reasons,
        first_clear_day=clearance.first_clear_day(local_day(now, site.timezone)),
    )
