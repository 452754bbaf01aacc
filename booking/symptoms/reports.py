"""How a patient is after a visit: reports, what to do now, and who clears them (R-82).

A report never asks the records and its answer rests on the visit alone, so that it may
be taken from whoever holds a link of the visit (I-9b): no sign is turned away.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking import audit, rulebooks, tasks
from booking.actors import Actor
from booking.clock import local_day
from booking.db import db
from booking.errors import InvalidRequest, NotAllowed, WrongState
from booking.messages import plan
from booking.models.appointment import Appointment, Status
from booking.models.checkin import SymptomReport
from booking.models.clinic import Site
from booking.models.patient import SYMPTOM, Record
from booking.models.task import Task
from booking.overrides import check_note, clinical_authority
from booking.records import filing
from booking.reservations import locked
from screening import Deadline, RedFlag

FINE, CALL = "fine", "call"
OWN_WISH = "report"
"""The step of a report that no check-in asked for."""
TASK = "symptom"
NONE, DAYS, TODAY, EMERGENCY = "none", "days", "today", "emergency"
URGENCY = {
    "emergency": EMERGENCY,
    "urgent": EMERGENCY,
    "same_day": TODAY,
    "within_2_days": DAYS,
    "within_3_days": DAYS,
    "within_7_days": DAYS,
    "none": NONE,
}
"""How pressing the action of a sign is."""
_ORDER = (NONE, DAYS, TODAY, EMERGENCY)
MOST_TEXT = 2000
CLEAR_REASONS = {
    "seen_and_well": "Seen here, and all is well",
    "settled": "It has settled: told by the patient",
    "treated": "Treated and healed",
    "by_mistake": "It was reported by mistake",
    "other": "Another reason (write it down)",
}
NOT_COMPLETED = (
    "This visit has not been marked as done, so there is no check-in for it. If you "
    "feel unwell, please call us; if you feel very ill, call the emergency number."
)


@dataclass(frozen=True)
class Said:
    """What was reported, unchecked: ids of red flags, and words of the patient's."""

    signs: Sequence[str] = ()
    text: str = ""
    wants_call: bool = False


def flags_of(appointment: Appointment, site: Site) -> dict[str, RedFlag]:
    """The signs after this treatment that can be ticked, the most urgent first."""
    return {
        flag.id: flag
        for flag in rulebooks.current(site).red_flags(appointment.treatment)
    }


def report(
    appointment: Appointment,
    said: Said,
    *,
    step: str,
    now: datetime,
    actor: Actor,
) -> SymptomReport:
    """Store how the patient is, and commit.

    Signs, words or the wish for a call open a task with the deadline of the worst sign,
    and a record by which the gate holds later visits until a clinician clears it. The
    same report twice is stored once.
    """
    appointment = locked(appointment.id)
    if appointment.status != Status.COMPLETED or appointment.patient_id is None:
        raise WrongState(NOT_COMPLETED)
    site = db.session.get_one(Site, appointment.site_id)
    signs, text = _checked(appointment, site, said)
    urgency = _urgency(signs, said, text)
    answer = FINE if urgency == NONE else CALL
    if answer == CALL and (same := _same(appointment, signs, text)):
        db.session.rollback()
        return same
    row = SymptomReport(
        appointment_id=appointment.id,
        patient_id=appointment.patient_id,
        step=step,
        answer=answer,
        urgency=urgency,
        signs=[flag.id for flag in signs],
        text=text or None,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    if answer == CALL:
        _alarm(appointment, site, row, signs, now=now, actor=actor)
    _heard(appointment, row, now=now, actor=actor)
    db.session.commit()
    return row


def _heard(
    appointment: Appointment, row: SymptomReport, *, now: datetime, actor: Actor
) -> None:
    """Nobody needs to ask any more."""
    plan.heard(appointment)
    for task in _open_tasks(appointment, "checkin_silent"):
        tasks.close(task, "answered", now=now, by=actor.name)
    detail = {"report": row.id}
    audit.record(actor, f"symptom.{row.answer}", appointment, now=now, detail=detail)


def _alarm(
    appointment: Appointment,
    site: Site,
    row: SymptomReport,
    signs: Sequence[RedFlag],
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """The record by which the gate holds later visits, and the task of a clinician."""
    record = Record(
        patient_id=row.patient_id,
        kind=SYMPTOM,
        subject=SYMPTOM,
        day=local_day(now, site.timezone),
        area=None,
        value={"value": "", "report": row.id, "note": ""},
        how_known="report" if actor.kind == "patient" else "patient_phone",
        entered_by=actor.name,
        entered_at=now,
    )
    db.session.add(record)
    db.session.flush()
    row.record_id = record.id
    tasks.open_task(
        site,
        TASK,
        f"symptom {appointment.id}",
        now=now,
        due_at=due_at(signs, site, now=now),
        owner="clinician",
        urgent=row.urgency in (EMERGENCY, TODAY),
        patient=appointment.patient,
        appointment=appointment,
        detail={"report": row.id},
    )
    filing.note_change(site, row.patient_id, now=now, cause=TASK)


def due_at(signs: Collection[RedFlag], site: Site, *, now: datetime) -> datetime:
    """By when somebody must have seen to these signs; a bare call: the same day."""
    rulebook = rulebooks.current(site)
    found = [
        deadline for flag in signs if (deadline := rulebook.deadline(flag)) is not None
    ]
    found = found or [rulebook.deadlines["same_day"]]
    return min(_deadline(one, site, now=now) for one in found)


def _deadline(deadline: Deadline, site: Site, *, now: datetime) -> datetime:
    """Hours are elapsed time; days are the site's, and last until their midnight."""
    if deadline.hours:
        return now + timedelta(hours=deadline.hours)
    zone = ZoneInfo(site.timezone)
    last = local_day(now, site.timezone) + timedelta(days=deadline.days)
    midnight = datetime.combine(last + timedelta(days=1), time(), zone)
    return max(now, midnight.astimezone(UTC) - timedelta(minutes=1))


def _checked(
    appointment: Appointment, site: Site, said: Said
) -> tuple[list[RedFlag], str]:
    known = flags_of(appointment, site)
    if any(sign not in known for sign in said.signs):
        raise InvalidRequest.of(
            "signs", f"Choose from these signs: {', '.join(known)}."
        )
    text = said.text.strip()
    if len(text) > MOST_TEXT:
        raise InvalidRequest.of("text", f"Use at most {MOST_TEXT} characters.")
    return [flag for name, flag in known.items() if name in said.signs], text


def _urgency(signs: Sequence[RedFlag], said: Said, text: str) -> str:
    """That of the worst sign; own words and a wish to be called count as today."""
    found = [URGENCY[flag.action] for flag in signs]
    if not any(one != NONE for one in found) and (text or said.wants_call):
        found.append(TODAY)
    return max(found, key=_ORDER.index, default=NONE)


def _same(
    appointment: Appointment, signs: Sequence[RedFlag], text: str
) -> SymptomReport | None:
    """An open report that says just this: the form was sent twice."""
    names = [flag.id for flag in signs]
    for row in open_reports([appointment.id]):
        if row.signs == names and (row.text or "") == text:
            return row
    return None


def open_reports(appointments: Collection[int]) -> list[SymptomReport]:
    """The reports of these visits that no clinician has cleared, the latest first."""
    return list(
        db.session.scalars(
            select(SymptomReport)
            .join(Record, Record.id == SymptomReport.record_id)
            .where(
                SymptomReport.appointment_id.in_(appointments),
                Record.corrected_by_id.is_(None),
            )
            .order_by(SymptomReport.id.desc())
        )
    )


def of_visit(appointment_id: int) -> list[SymptomReport]:
    """Every report of a visit, the latest first."""
    return list(
        db.session.scalars(
            select(SymptomReport)
            .where(SymptomReport.appointment_id == appointment_id)
            .order_by(SymptomReport.id.desc())
        )
    )


def answer_to(appointment_id: int, step: str) -> SymptomReport | None:
    """What a check-in was answered with first."""
    rows = [row for row in of_visit(appointment_id) if row.step == step]
    return rows[-1] if rows else None


def clear(  # noqa: PLR0913 - an override records all of these
    appointment: Appointment,
    *,
    reason: str,
    note: str,
    now: datetime,
    actor: Actor,
    attested_by: str | None = None,
) -> list[SymptomReport]:
    """A clinician is content: the open reports of a visit hold nothing any more.

    Each record is replaced by a row that says why, and the visits to come are decided
    again. Reception records which clinician cleared it, where the site allows that.
    """
    appointment = locked(appointment.id)
    site = db.session.get_one(Site, appointment.site_id)
    if not actor.authorities:
        raise NotAllowed
    authority = clinical_authority(actor, site, attested_by, "clear this")
    check_note(reason, note.strip(), CLEAR_REASONS)
    reports = open_reports([appointment.id])
    if not reports:
        raise WrongState("Somebody has cleared this already.")
    why = {"reason": reason, "note": note.strip(), "attested_by": attested_by}
    for row in reports:
        old = db.session.get_one(Record, row.record_id)
        filing.replace_by_withdrawal(old, why, now=now, actor=actor)
    for task in _open_tasks(appointment, TASK):
        tasks.close(task, "cleared", now=now, by=actor.name, note=note.strip())
    detail = why | {"authority": authority, "reports": [row.id for row in reports]}
    audit.record(actor, "symptom.clear", appointment, now=now, detail=detail)
    filing.note_change(site, reports[0].patient_id, now=now, cause=TASK)
    db.session.commit()
    return reports


def _open_tasks(appointment: Appointment, kind: str) -> Sequence[Task]:
    return db.session.scalars(
        select(Task).where(
            Task.appointment_id == appointment.id,
            Task.kind == kind,
            Task.done_at.is_(None),
        )
    ).all()
