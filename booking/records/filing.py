"""What staff put on file: entered, corrected by newer rows, withdrawn, never edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from booking import audit, patients, rulebooks
from booking.actors import Actor
from booking.clock import local_day
from booking.db import begin_write, db
from booking.errors import InvalidRequest, NotAllowed, NotFound, WrongState
from booking.models.clinic import Site
from booking.models.patient import (
    ANSWER,
    CLEARED,
    TREATMENT,
    WITHDRAWAL,
    Patient,
    Record,
)
from booking.overrides import LEAST_NOTE, clinical_authority
from booking.patients.files import MOST_ROWS
from booking.records.entries import PATIENT_SAID, SEEN, Entry, checked
from booking.rescreening import decisions
from screening.requirements import PATCH_TEST

CORRECTABLE = (TREATMENT, ANSWER, CLEARED)
WITHDRAWABLE = (*CORRECTABLE, PATCH_TEST)


def enter(
    site: Site, patient_id: int, entry: Entry, *, now: datetime, actor: Actor
) -> Record:
    """Put something on file; the patient's visits to come are decided again.

    What was seen in the clinic is entered by a clinician, what one has cleared by a
    clinician or, where the site allows that, by whoever was told.
    """
    patient = locked_patient(patient_id)
    record = _enter(site, patient, entry, now=now, actor=actor)
    audit.record(actor, "record.enter", patient, now=now, detail={"record": record.id})
    note_change(site, patient.id, now=now)
    db.session.commit()
    return record


def correct(  # noqa: PLR0913 - both the new words and why the old ones were wrong
    site: Site,
    record_id: int,
    entry: Entry,
    *,
    why: str,
    now: datetime,
    actor: Actor,
    attested_by: str | None = None,
) -> Record:
    """Replace a record by a new row, which says why; the old one stays to be read."""
    patient = locked_patient(_owner(record_id))
    old = standing(record_id)
    if old.kind not in CORRECTABLE:
        raise WrongState("This cannot be corrected here.")
    _check_may_undo(site, old, attested_by, actor=actor, now=now)
    check_why(why)
    record = _enter(site, patient, entry, now=now, actor=actor, of=old, why=why)
    if record.kind != old.kind:
        raise InvalidRequest.of("kind", "Correct a record by one of the same kind.")
    old.corrected_by_id = record.id
    audit.record(
        actor,
        "record.correct",
        patient,
        now=now,
        detail={"record": old.id, "by": record.id, "attested_by": attested_by},
    )
    note_change(site, patient.id, now=now)
    db.session.commit()
    return record


def withdraw(
    site: Site,
    record_id: int,
    *,
    why: str,
    now: datetime,
    actor: Actor,
    attested_by: str | None = None,
) -> Record:
    """Take back a record that is wrong, by a row that says why."""
    patient = locked_patient(_owner(record_id))
    old = standing(record_id)
    if old.kind not in WITHDRAWABLE:
        raise WrongState("This cannot be withdrawn: a symptom is cleared instead.")
    row = take_back(site, old, why=why, now=now, actor=actor, attested_by=attested_by)
    audit.record(
        actor,
        "record.withdraw",
        patient,
        now=now,
        detail={"record": old.id, "by": row.id, "attested_by": attested_by},
    )
    note_change(site, patient.id, now=now)
    db.session.commit()
    return row


def take_back(
    site: Site,
    old: Record,
    *,
    why: str,
    now: datetime,
    actor: Actor,
    attested_by: str | None,
) -> Record:
    """The row by which a record stops counting, checked. Never commits."""
    _check_may_undo(site, old, attested_by, actor=actor, now=now)
    check_why(why)
    return replace_by_withdrawal(
        old, {"note": why.strip(), "attested_by": attested_by}, now=now, actor=actor
    )


def replace_by_withdrawal(
    old: Record, value: dict[str, Any], *, now: datetime, actor: Actor
) -> Record:
    """The bare row of a withdrawal; who may was asked before. Never commits."""
    row = Record(
        patient_id=old.patient_id,
        kind=WITHDRAWAL,
        subject=old.subject,
        area=old.area,
        value={"value": "", "of": old.id} | value,
        how_known=old.how_known,
        entered_by=actor.name,
        entered_at=now,
    )
    db.session.add(row)
    db.session.flush()
    old.corrected_by_id = row.id
    return row


def may_undo(record: Record, site: Site, *, actor: Actor, now: datetime) -> bool:
    """Whether *actor* may take this record back on their own authority.

    What rests on the patient's word ends by the patient's word, which the desk may
    write down as it may any answer. What came from elsewhere, or was seen here, takes a
    clinician. Whoever mistyped an entry today puts it right themselves.
    """
    if "clinician" in actor.authorities:
        return True
    if not actor.authorities:
        return False
    today = local_day(now, site.timezone)
    is_own = record.entered_by == actor.name
    entered_today = local_day(record.entered_at, site.timezone) == today
    return record.how_known in PATIENT_SAID or (is_own and entered_today)


def _check_may_undo(
    site: Site, record: Record, attested_by: str | None, *, actor: Actor, now: datetime
) -> None:
    if not may_undo(record, site, actor=actor, now=now):
        clinical_authority(actor, site, attested_by, "take this back")


def _enter(  # noqa: PLR0913 - a record is made of all of these
    site: Site,
    patient: Patient,
    entry: Entry,
    *,
    now: datetime,
    actor: Actor,
    of: Record | None = None,
    why: str = "",
) -> Record:
    today = local_day(now, site.timezone)
    entry = checked(entry, rulebooks.current(site), today=today)
    _check_may_enter(entry, site, actor)
    record = Record(
        patient_id=patient.id,
        kind=entry.kind,
        subject=entry.subject or entry.kind,
        day=entry.day,
        area=entry.area,
        value=_value(entry, of, why),
        how_known=entry.how_known,
        entered_by=actor.name,
        entered_at=now,
    )
    db.session.add(record)
    db.session.flush()
    return record


def _value(entry: Entry, of: Record | None, why: str) -> dict[str, Any]:
    said = entry.value if isinstance(entry.value, str) else list(entry.value or ())
    value: dict[str, Any] = {
        "value": said or "",
        "depth_mm": entry.depth_mm,
        "note": entry.note.strip(),
    }
    if entry.by:
        value["by"] = entry.by
    if of is not None:
        value |= {"of": of.id, "why": why.strip()}
    return value


def _check_may_enter(entry: Entry, site: Site, actor: Actor) -> None:
    if not actor.authorities:
        raise NotAllowed
    if entry.how_known == SEEN and "clinician" not in actor.authorities:
        raise NotAllowed("What was seen in our clinic is entered by a clinician.")
    if entry.kind == CLEARED:
        clinical_authority(actor, site, entry.by, "enter what was cleared")


def check_why(why: str) -> None:
    """InvalidRequest unless it says why in some words."""
    if len(why.strip()) < LEAST_NOTE:
        raise InvalidRequest.of("why", f"Say why in at least {LEAST_NOTE} characters.")


def note_change(
    site: Site, patient_id: int, *, now: datetime, cause: str = "record"
) -> None:
    """The visits to come of this person have to be decided again. Never commits.

    A row that is not on file yet is left out: its own record check is still to come,
    and may join it to another.
    """
    rows = select(Patient.id).where(
        Patient.id.in_(patients.rows_of_person(patient_id)), Patient.established
    )
    for row in db.session.scalars(rows.order_by(Patient.id)):
        decisions.note(site, row, cause, now=now)


def locked_patient(patient_id: int) -> Patient:
    """Begin to write, with this patient's row locked: records change one by one."""
    begin_write()
    wanted = select(Patient).where(Patient.id == min(patient_id, MOST_ROWS))
    found = db.session.scalar(wanted.with_for_update(key_share=True))
    if found is None:
        raise NotFound("There is no such patient.")
    if not found.established:
        raise WrongState(
            "This file is just being compared with our records. Please try again in a "
            "minute."
        )
    return found


def patient_of(patient_id: int) -> Patient:
    return db.session.get_one(Patient, patient_id)


def get_record(record_id: int) -> Record:
    """The record, or NotFound."""
    found = db.session.get(Record, record_id) if record_id <= MOST_ROWS else None
    if found is None:
        raise NotFound("There is no such record.")
    return found


def standing(record_id: int) -> Record:
    """The record, read anew, unless a newer row has replaced it."""
    record = db.session.get_one(Record, record_id, populate_existing=True)
    if record.corrected_by_id is not None:
        raise WrongState(
            "Somebody has corrected this record already. Please look at the newer one."
        )
    return record


def of_patient(patient_id: int) -> list[Record]:
    """Every record of a person, the newest first."""
    people = patients.rows_of_person(patient_id)
    rows = select(Record).where(Record.patient_id.in_(people))
    return list(db.session.scalars(rows.order_by(Record.id.desc())))


def cleared_on_file(patient_id: int) -> list[Record]:
    """What clinicians have cleared: to be read before a release, and none itself."""
    return [
        record
        for record in of_patient(patient_id)
        if record.kind == CLEARED and record.corrected_by_id is None
    ]


def _owner(record_id: int) -> int:
    return get_record(record_id).patient_id
