"""What staff find and read about a patient; every reading leaves an audit event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload, selectinload

from booking import audit
from booking.actors import Actor
from booking.db import begin_write, db
from booking.errors import NotAllowed, NotFound
from booking.models.appointment import Appointment, Hold, Status
from booking.models.audit import AuditEvent
from booking.models.patient import Patient, Record

MOST_FOUND = 50
_FEWEST_DIGITS = 4
MOST_ROWS = 2**31 - 1
Row = TypeVar("Row", Patient, Appointment, Hold)


@dataclass(frozen=True)
class PatientFile:
    """A patient with everything that the desk may see of them."""

    patient: Patient
    upcoming: tuple[Appointment, ...]
    past: tuple[Appointment, ...]
    records: tuple[Record, ...]
    events: tuple[AuditEvent, ...]


def search(text: str, born: date | None = None) -> list[Patient]:
    """Patients by name, e-mail or phone number, and by birth date; the newest first.

    The birth date is encrypted, so a search by it alone opens every row's date in turn.
    """
    rows: Select[Any] = select(Patient).order_by(Patient.id.desc())
    wanted = text.strip()
    if not wanted and born is None:
        return []
    if wanted:
        rows = _matching(rows, wanted)
    if born is None:
        return list(db.session.scalars(rows.limit(MOST_FOUND)))
    found: list[Patient] = []
    for patient in db.session.scalars(rows.execution_options(yield_per=500)):
        if patient.birth_date == born.isoformat():
            found.append(patient)
        if len(found) == MOST_FOUND:
            break
    return found


def _matching(rows: Select[Any], wanted: str) -> Select[Any]:
    # Every word has to occur, so that "lovelace ada" finds Ada Lovelace.
    for word in wanted.split():
        columns = [
            Patient.name.icontains(word, autoescape=True),
            Patient.email.icontains(word, autoescape=True),
        ]
        digits = "".join(char for char in word if char.isdigit())
        if len(digits) >= _FEWEST_DIGITS:
            # A number may be stored with its country code and typed with a leading 0.
            columns.append(Patient.phone.contains(digits.lstrip("0"), autoescape=True))
        rows = rows.where(or_(*columns))
    return rows


def get(patient_id: int) -> Patient:
    """The patient, or NotFound."""
    patient = _row(Patient, patient_id)
    if patient is None:
        raise NotFound("There is no such patient.")
    return patient


def get_visit(visit_id: int) -> Appointment:
    """A visit that was booked, or NotFound."""
    visit = _row(Appointment, visit_id)
    if visit is None or visit.patient_id is None:
        raise NotFound("There is no such visit.")
    return visit


def get_hold(hold_id: int) -> Hold:
    """The hold, or NotFound."""
    hold = _row(Hold, hold_id)
    if hold is None:
        raise NotFound("There is no such hold.")
    return hold


def _row(kind: type[Row], number: int) -> Row | None:
    # A number from an address may be longer than any the database can compare with.
    return db.session.get(kind, number) if number <= MOST_ROWS else None


def open_file(patient_id: int, *, actor: Actor, now: datetime) -> PatientFile:
    """The patient's file; that *actor* read it is committed first."""
    note_reading(get(patient_id), actor=actor, now=now)
    visits = _visits(patient_id)
    upcoming = [v for v in visits if v.ends_at > now and _takes_place(v)]
    return PatientFile(
        patient=get(patient_id),
        upcoming=tuple(reversed(upcoming)),
        past=tuple(v for v in visits if v not in upcoming),
        records=tuple(_records(patient_id)),
        events=tuple(events_of(patient_id, visits)),
    )


def note_reading(
    subject: Patient | Appointment | Hold, *, actor: Actor, now: datetime
) -> None:
    """Commit that *actor* read the health data of a stored row. Staff only."""
    note_readings([subject], actor=actor, now=now)


def note_readings(
    subjects: Sequence[Patient | Appointment | Hold], *, actor: Actor, now: datetime
) -> None:
    """Commit that *actor* read several rows, an event each. Staff only."""
    if not actor.authorities:
        raise NotAllowed
    known: dict[type[Patient | Appointment | Hold], list[int]] = {}
    for subject in subjects:
        known.setdefault(type(subject), []).append(subject.id)
    begin_write()
    for kind, numbers in known.items():
        for row in db.session.scalars(select(kind).where(kind.id.in_(numbers))):
            audit.record(actor, "read", row, now=now)
    db.session.commit()


def with_visits(wanted: Sequence[int]) -> list[Hold]:
    """The holds of these ids in this order, read with all that a queue shows."""
    visit = joinedload(Hold.appointment)
    rows = db.session.scalars(
        select(Hold)
        .where(Hold.id.in_(wanted))
        .options(
            visit.joinedload(Appointment.patient),
            visit.joinedload(Appointment.screening),
            visit.selectinload(Appointment.holds),
            visit.selectinload(Appointment.releases),
        )
    )
    return sorted(rows, key=lambda hold: wanted.index(hold.id))


def events_of(
    patient_id: int, visits: Sequence[Appointment], *, most: int = 100
) -> list[AuditEvent]:
    """What was done to a patient's file and visits, the latest first; no readings."""
    return list(
        db.session.scalars(
            select(AuditEvent)
            .where(
                AuditEvent.action != "read",
                or_(
                    (AuditEvent.subject_kind == "patient")
                    & (AuditEvent.subject_id == patient_id),
                    (AuditEvent.subject_kind == "appointment")
                    & AuditEvent.subject_id.in_([visit.id for visit in visits]),
                ),
            )
            .order_by(AuditEvent.id.desc())
            .limit(most)
        )
    )


def _takes_place(visit: Appointment) -> bool:
    return visit.status in (Status.CONFIRMED, Status.HELD, Status.ARRIVED)


def _visits(patient_id: int) -> list[Appointment]:
    return list(
        db.session.scalars(
            select(Appointment)
            .where(Appointment.patient_id == patient_id)
            .options(
                selectinload(Appointment.holds), selectinload(Appointment.releases)
            )
            .order_by(Appointment.starts_at.desc(), Appointment.id.desc())
        )
    )


def _records(patient_id: int) -> Sequence[Record]:
    return db.session.scalars(
        select(Record).where(Record.patient_id == patient_id).order_by(Record.id.desc())
    ).all()
