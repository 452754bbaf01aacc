"""All that is stored about one patient: handed out as JSON, or erased."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update

from booking import audit, waitlist
from booking.actors import SYSTEM
from booking.clock import local_day
from booking.crypto import new_token
from booking.db import begin_write, db
from booking.errors import InvalidRequest, NotFound, WrongState
from booking.messages import mail
from booking.models.appointment import (
    IdempotencyKey,
    Status,
)
from booking.models.call_back import CallBack
from booking.models.checkin import RecheckAnswer, SymptomReport
from booking.models.clinic import Site
from booking.models.message import MessageState
from booking.models.patient import Patient, Record
from booking.models.screening import Draft
from booking.models.settlement import Settlement
from booking.models.task import Task
from booking.patients import plain_rows
from booking.patients.stored_rows import Stored, gather

ERASED_NAME = "Erased patient"
_UNDECIDED = (Status.RESERVED, Status.HELD, Status.ARRIVED)


def export(patient: str, *, now: datetime) -> str:
    """Everything stored about a patient, as JSON; that it was handed out is noted.

    *patient* is a public id, or an e-mail address that only one patient has.
    """
    begin_write()
    stored = gather(_find(patient))
    audit.record(SYSTEM, "export", stored.patient, now=now)
    db.session.flush()
    found = {
        "exported_at": now.isoformat(),
        "patient": plain_rows.row(stored.patient),
        "visits": [plain_rows.visit(visit) for visit in stored.visits],
        **{
            part.name: [plain_rows.row(row) for row in getattr(stored, part.name)]
            for part in fields(Stored)
            if part.name not in ("patient", "visits")
        },
    }
    db.session.commit()
    return json.dumps(found, indent=2, ensure_ascii=False)


def would_erase(patient: str, *, now: datetime) -> str:
    """What `erase` would do, in words, or the same refusal."""
    stored = gather(_find(patient))
    _refuse_undecided(stored, now=now)
    return (
        f"{stored.summary()}.\nNothing was changed. With --yes all of it is erased; "
        "only the times of the visits stay."
    )


def erase(patient: str, *, now: datetime, config: Mapping[str, Any]) -> str:
    """Erase a patient and commit; what was done, in words. Not while visits are open.

    The times, treatments and lots of the visits stay, about nobody. Sealed audit events
    keep a digest in place of their detail, so that the chain can still be checked.
    """
    begin_write()
    stored = gather(_find(patient))
    _refuse_undecided(stored, now=now)
    words = stored.summary()
    letters = {row.message_id for row in stored.messages if row.message_id}
    _erase_answers(stored)
    _erase_decisions(stored)
    _erase_messages(stored)
    waitlist.erase(stored.waits, now=now)
    _erase_person(stored.patient)
    for event in stored.events:
        if event.detail is not None:
            event.detail = audit.erased(event.detail)
    audit.record(SYSTEM, "erase", stored.patient, now=now)
    db.session.commit()
    mail.delete(mail.maildir_of(config), letters)
    return f"Erased: {words}."


def _find(patient: str) -> Patient:
    wanted = patient.strip()
    found = db.session.scalars(
        select(Patient)
        .where(or_(Patient.public_id == wanted, Patient.email == wanted.lower()))
        .order_by(Patient.id)
    ).all()
    if not found:
        raise NotFound(f"There is no patient {wanted}.")
    if len(found) > 1:
        ids = ", ".join(f"{one.public_id} ({one.name})" for one in found)
        raise InvalidRequest.of(
            "patient", f"Several patients have this address; give one id: {ids}."
        )
    return found[0]


def _refuse_undecided(stored: Stored, *, now: datetime) -> None:
    for visit in stored.visits:
        is_ahead = visit.status == Status.CONFIRMED and visit.ends_at > now
        if is_ahead or visit.status in _UNDECIDED:
            site = db.session.get_one(Site, visit.site_id)
            day = local_day(visit.starts_at, site.timezone)
            raise WrongState(
                f"A visit on {day.day} {day:%B %Y} is still {visit.status}. "
                "Cancel or close it first."
            )


def _erase_answers(stored: Stored) -> None:
    for row in stored.screenings:
        row.answers = {}
        row.clearance = row.clearance | {
            key: [] for key, value in row.clearance.items() if isinstance(value, list)
        }
        row.bound_to = None
    for model, rows in (
        (Draft, stored.drafts),
        # Before the records, which they name.
        (SymptomReport, stored.symptoms),
        (Settlement, stored.settlements),
        (Task, stored.tasks),
        (RecheckAnswer, stored.rechecks),
        (Record, stored.records),
        (CallBack, stored.calls),
    ):
        _delete(model, [row.id for row in rows])


def _erase_decisions(stored: Stored) -> None:
    for hold in stored.holds:
        hold.windows, hold.conflicts, hold.note = [], [], None
    for release in stored.releases:
        release.windows, release.note = [], None
    for visit in stored.visits:
        # The links in old mails open nothing any more.
        visit.link_version += 1
        if visit.proxy is not None:
            db.session.delete(visit.proxy)


def _erase_messages(stored: Stored) -> None:
    for message in stored.messages:
        if message.state == MessageState.PLANNED:
            message.state = MessageState.VOID
        # A worker that holds it now must not send it.
        message.fence += 1
        message.body = message.recipient = message.error = None
    ids = [visit.id for visit in stored.visits]
    db.session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.appointment_id.in_(ids))
    )


def _erase_person(patient: Patient) -> None:
    db.session.execute(
        update(Patient)
        .where(Patient.id == patient.id)
        .values(
            name=ERASED_NAME,
            email=f"erased-{patient.id}@clinic.invalid",
            phone=None,
            birth_date="",
            identity=new_token(),
            established=False,
            language="en",
        )
    )


def _delete(model: Any, ids: Sequence[int]) -> None:
    db.session.execute(delete(model).where(model.id.in_(ids)))
