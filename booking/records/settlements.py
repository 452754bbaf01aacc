"""Settling a conflict: staff say which counts, the answer or the record, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from booking import audit, patients
from booking.actors import Actor
from booking.clock import spoken_time
from booking.db import db
from booking.errors import InvalidRequest, NotAllowed, WrongState
from booking.models.appointment import Appointment
from booking.models.clinic import Site
from booking.models.settlement import Settlement
from booking.overrides import LEAST_NOTE
from booking.records import conflicts, filing
from screening import Conflict

COUNTS = {
    "record": "Our record counts: it stays as it is",
    "answer": "The answer counts: our record is withdrawn",
}
_OWN_VISIT = "appointment "
_OWN_RECORD = "record "


@dataclass(frozen=True)
class Choice:
    """Which conflict, as it was shown, and what is to count."""

    question: str
    ref: str
    said: str
    counts: str
    note: str = ""


def settle(
    site: Site,
    visit: Appointment,
    choice: Choice,
    *,
    now: datetime,
    actor: Actor,
    attested_by: str | None = None,
) -> Settlement:
    """Settle a conflict, once.

    1. Lock the patient; whoever comes second is told what was decided.
    2. "record": it stays, and stays in force. "answer": the record is withdrawn by a
       new row, which takes the same authority as withdrawing it anywhere else.
    3. Store it, close the tasks, and have the visits to come decided again.
    """
    if not actor.authorities:
        raise NotAllowed
    visit_id, patient_id = visit.id, visit.patient_id
    patient = filing.locked_patient(patient_id or 0)
    people = patients.rows_of_person(patient.id)
    _refuse_settled(people, choice, site)
    visit = db.session.get_one(Appointment, visit_id, populate_existing=True)
    _check(visit, site, choice, now=now)
    if choice.counts == "answer":
        _take_back(site, choice, now=now, actor=actor, attested_by=attested_by)
    row = _row(patient.id, choice, now=now, actor=actor)
    try:
        db.session.flush()
    except IntegrityError:
        # Only past the lock of a foreign writer: the constraint is the backstop.
        db.session.rollback()
        _refuse_settled(people, choice, site)
        raise
    _follow(site, row, people, now=now, actor=actor, attested_by=attested_by)
    db.session.commit()
    return row


def _check(visit: Appointment, site: Site, choice: Choice, *, now: datetime) -> None:
    """The choice is complete, and about a conflict that is still there."""
    if choice.counts not in COUNTS:
        raise InvalidRequest.of("counts", "Choose which of the two counts.")
    if len(choice.note.strip()) < LEAST_NOTE:
        raise InvalidRequest.of("note", f"Say why in at least {LEAST_NOTE} characters.")
    shown = (choice.question, choice.ref, choice.said)
    found = conflicts.of_visit(visit, site, now=now)
    if all((one.question, one.ref, one.answer) != shown for one in found):
        raise WrongState(
            "The answer or the record has changed meanwhile. Please look again."
        )


def _row(patient_id: int, choice: Choice, *, now: datetime, actor: Actor) -> Settlement:
    row = Settlement(
        patient_id=patient_id,
        question=choice.question,
        ref=choice.ref,
        said=choice.said,
        said_digest=conflicts.digest_of(choice.said),
        counts=choice.counts,
        by=actor.name,
        at=now,
        note=choice.note.strip(),
    )
    db.session.add(row)
    return row


def is_own_visit(ref: str) -> bool:
    """Whether the record of a conflict is a visit here, which cannot be withdrawn."""
    return ref.startswith(_OWN_VISIT)


def _follow(
    site: Site,
    row: Settlement,
    people: list[int],
    *,
    now: datetime,
    actor: Actor,
    attested_by: str | None,
) -> None:
    visits = select(Appointment.id).where(Appointment.patient_id.in_(people))
    conflicts.close_tasks(
        list(db.session.scalars(visits)),
        f"{row.counts}_counts",
        now=now,
        by=actor.name,
        about=(row.question, row.ref),
    )
    patient = filing.patient_of(row.patient_id)
    detail = {"settlement": row.id, "counts": row.counts, "attested_by": attested_by}
    audit.record(actor, "conflict.settle", patient, now=now, detail=detail)
    filing.note_change(site, row.patient_id, now=now, cause="conflict")


def _take_back(
    site: Site,
    choice: Choice,
    *,
    now: datetime,
    actor: Actor,
    attested_by: str | None,
) -> None:
    if is_own_visit(choice.ref) or not choice.ref.startswith(_OWN_RECORD):
        raise WrongState(
            "The record is a visit here, so it counts. If that visit did not take "
            "place, put the visit itself right; if the answer is wrong, record the "
            "right one."
        )
    old = filing.standing(int(choice.ref.removeprefix(_OWN_RECORD)))
    filing.take_back(
        site, old, why=choice.note, now=now, actor=actor, attested_by=attested_by
    )


def _refuse_settled(people: list[int], choice: Choice, site: Site) -> None:
    conflict = Conflict(choice.question, choice.said, "", choice.ref)
    earlier = conflicts.find_settlement(people, conflict)
    if earlier is None:
        return
    what = "our record counts" if earlier.counts == "record" else "the answer counts"
    when = spoken_time(earlier.at, site.timezone)
    raise WrongState(
        f"{earlier.by} has settled this already, {when}: {what}. Nothing was changed.",
        settlement=earlier,
    )
