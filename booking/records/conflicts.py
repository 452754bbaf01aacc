"""Where an answer and our record differ: the stricter counts until staff settle it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking import gate, patients, tasks
from booking.actors import SYSTEM
from booking.db import db, keys
from booking.models.appointment import UPCOMING, Appointment, Hold
from booking.models.clinic import Site
from booking.models.patient import Patient
from booking.models.settlement import Settlement
from booking.models.task import Task
from screening import Conflict

TASK = "conflict"


@dataclass(frozen=True)
class Dispute:
    """A conflict on a visit to come, and how staff have settled it, if they have."""

    visit: Appointment
    conflict: Conflict
    settlement: Settlement | None = None


def digest_of(said: str) -> str:
    """By which the answer of a settled conflict is found without being read."""
    return keys().blind("said", said)


def of_patient(patient_id: int, site: Site, *, now: datetime) -> list[Dispute]:
    """The conflicts on a person's visits to come, each once, the next visit first."""
    people = patients.rows_of_person(patient_id)
    visits = db.session.scalars(
        select(Appointment)
        .where(
            Appointment.patient_id.in_(people),
            Appointment.status.in_(UPCOMING),
            Appointment.ends_at > now,
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )
    found: dict[tuple[str, str, str], Dispute] = {}
    for visit in visits:
        for conflict in of_visit(visit, site, now=now):
            key = (conflict.question, conflict.ref, conflict.answer)
            if key not in found:
                settled = find_settlement(people, conflict)
                found[key] = Dispute(visit, conflict, settled)
    return list(found.values())


def of_visit(visit: Appointment, site: Site, *, now: datetime) -> tuple[Conflict, ...]:
    """The conflicts between a visit's answers and all records, as they are now."""
    clearance = gate.clearance_for(
        site,
        visit.treatment,
        visit.area,
        visit.screening.answers,
        given_on=visit.screening.given_on,
        now=now,
        patient_id=visit.patient_id,
        ignoring=visit.id,
    )
    return clearance.conflicts


def find_settlement(people: Sequence[int], conflict: Conflict) -> Settlement | None:
    """How this very conflict was settled; another answer makes another conflict."""
    return db.session.scalar(
        select(Settlement)
        .where(
            Settlement.patient_id.in_(people),
            Settlement.question == conflict.question,
            Settlement.ref == conflict.ref,
            Settlement.said_digest == digest_of(conflict.answer),
        )
        .order_by(Settlement.id)
        .limit(1)
    )


def open_tasks(appointment: Appointment, site: Site, hold: Hold) -> None:
    """A task for each conflict that a new hold rests on. Never commits.

    A conflict that decides nothing about this visit is shown and makes no task. The
    patient's row is locked, so that none is opened while somebody is settling it.
    """
    refs = {ref for window in hold.windows for ref in window["refs"]}
    found = [Conflict.from_json(item) for item in hold.conflicts or ()]
    found = [conflict for conflict in found if conflict.ref in refs]
    if not found or appointment.patient_id is None:
        return
    patient = db.session.get_one(
        Patient, appointment.patient_id, with_for_update={"key_share": True}
    )
    people = patients.rows_of_person(patient.id)
    for conflict in found:
        if find_settlement(people, conflict) is not None:
            continue
        tasks.open_task(
            site,
            TASK,
            f"{TASK} {appointment.id} {conflict.question} {conflict.ref}",
            now=hold.opened_at,
            due_at=hold.decide_by,
            patient=patient,
            appointment=appointment,
            detail=conflict.to_json(),
        )


def close_tasks(
    appointment_ids: Sequence[int],
    outcome: str,
    *,
    now: datetime,
    by: str = SYSTEM.name,
    about: tuple[str, str] | None = None,
) -> None:
    """End the tasks of these visits; *about*: only of this question and record.

    Never commits.
    """
    rows = select(Task).where(
        Task.appointment_id.in_(appointment_ids),
        Task.kind == TASK,
        Task.done_at.is_(None),
    )
    for task in db.session.scalars(rows):
        detail = task.detail or {}
        if about in (None, (detail.get("question"), detail.get("ref"))):
            tasks.close(task, outcome, now=now, by=by)
