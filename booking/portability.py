"""All that is stored about one patient: handed out as JSON, or erased."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, delete, inspect, or_, select, update

from booking import audit
from booking.actors import SYSTEM
from booking.clock import local_day
from booking.crypto import new_token
from booking.db import begin_write, db
from booking.errors import InvalidRequest, NotFound, WrongState
from booking.messages import mail
from booking.models.appointment import (
    Appointment,
    Hold,
    IdempotencyKey,
    Move,
    Release,
    Status,
)
from booking.models.audit import AuditEvent
from booking.models.call_back import CallBack
from booking.models.clinic import Resource, Site
from booking.models.course import Course, CourseSession
from booking.models.message import Message, MessageState
from booking.models.patient import Patient, Record
from booking.models.screening import Draft, Screening

ERASED_NAME = "Erased patient"
# Keyed hashes by which the system finds things; they say nothing about the person.
INTERNAL = frozenset({"identity", "token_digest", "bound_to"})
_UNDECIDED = (Status.RESERVED, Status.HELD, Status.ARRIVED)


@dataclass(frozen=True)
class Stored:
    """The rows about a patient, by what they are."""

    patient: Patient
    visits: Sequence[Appointment]
    moves: Sequence[Move]
    holds: Sequence[Hold]
    releases: Sequence[Release]
    courses: Sequence[Course]
    course_sessions: Sequence[CourseSession]
    screenings: Sequence[Screening]
    drafts: Sequence[Draft]
    records: Sequence[Record]
    messages: Sequence[Message]
    calls: Sequence[CallBack]
    events: Sequence[AuditEvent]

    def summary(self) -> str:
        """What there is, in words."""
        counts = (
            (self.visits, "visit"),
            ((*self.screenings, *self.drafts), "set of answers", "sets of answers"),
            (self.records, "record"),
            (self.messages, "message"),
        )
        words = ", ".join(_counted(len(rows), *names) for rows, *names in counts)
        return f"{self.patient.name} <{self.patient.email}>: {words}"


def export(patient: str, *, now: datetime) -> str:
    """Everything stored about a patient, as JSON; that it was handed out is noted.

    *patient* is a public id, or an e-mail address that only one patient has.
    """
    begin_write()
    stored = _gather(_find(patient))
    audit.record(SYSTEM, "export", stored.patient, now=now)
    db.session.flush()
    found = {
        "exported_at": now.isoformat(),
        "patient": _row(stored.patient),
        "visits": [_visit(visit) for visit in stored.visits],
        **{
            part.name: [_row(row) for row in getattr(stored, part.name)]
            for part in fields(Stored)
            if part.name not in ("patient", "visits")
        },
    }
    db.session.commit()
    return json.dumps(found, indent=2, ensure_ascii=False)


def would_erase(patient: str, *, now: datetime) -> str:
    """What `erase` would do, in words, or the same refusal."""
    stored = _gather(_find(patient))
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
    stored = _gather(_find(patient))
    _refuse_undecided(stored, now=now)
    words = stored.summary()
    letters = {row.message_id for row in stored.messages if row.message_id}
    _erase_answers(stored)
    _erase_decisions(stored)
    _erase_messages(stored)
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


def _gather(patient: Patient) -> Stored:
    visits = _all(Appointment, Appointment.patient_id == patient.id)
    ids = [visit.id for visit in visits]
    holds = _all(Hold, Hold.appointment_id.in_(ids))
    sessions = _all(CourseSession, CourseSession.appointment_id.in_(ids))
    return Stored(
        patient=patient,
        visits=visits,
        moves=_all(Move, Move.appointment_id.in_(ids)),
        holds=holds,
        releases=_all(Release, Release.appointment_id.in_(ids)),
        courses=_all(Course, Course.id.in_({one.course_id for one in sessions})),
        course_sessions=sessions,
        screenings=_screenings({visit.screening_id for visit in visits}),
        drafts=_all(Draft, Draft.patient_id == patient.id),
        records=_all(Record, Record.patient_id == patient.id),
        messages=_all(Message, Message.appointment_id.in_(ids)),
        calls=_calls(patient),
        events=_all(
            AuditEvent,
            or_(
                _about(Patient, [patient.id]),
                _about(Appointment, ids),
                _about(Hold, [hold.id for hold in holds]),
                _about(Course, {one.course_id for one in sessions}),
            ),
        ),
    )


def _calls(patient: Patient) -> Sequence[CallBack]:
    """What was asked from this number in this name: families share a number."""
    same = _all(CallBack, CallBack.phone == patient.phone)
    return [call for call in same if call.name.casefold() == patient.name.casefold()]


def _all(model: Any, condition: Any) -> Sequence[Any]:
    return db.session.scalars(select(model).where(condition).order_by(model.id)).all()


def _about(model: type, ids: Iterable[int]) -> Any:
    kind = model.__name__.lower()
    return and_(AuditEvent.subject_kind == kind, AuditEvent.subject_id.in_(ids))


def _screenings(ids: set[int]) -> Sequence[Screening]:
    """These and, back through time, those that they supersede."""
    found: dict[int, Screening] = {}
    while ids:
        rows = _all(Screening, Screening.id.in_(ids))
        found |= {row.id: row for row in rows}
        ids = {row.supersedes_id for row in rows if row.supersedes_id} - found.keys()
    return [found[number] for number in sorted(found)]


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


def _visit(visit: Appointment) -> dict[str, Any]:
    resource = db.session.get(Resource, visit.practitioner_id or 0)
    proxy = visit.proxy
    return _row(visit) | {
        "practitioner": resource.name if resource else None,
        "booked_by": f"{proxy.name} ({proxy.relation})" if proxy else None,
    }


def _row(row: Any) -> dict[str, Any]:
    """Every column but the internal ones, in JSON types."""
    names = (attribute.key for attribute in inspect(row).mapper.column_attrs)
    return {name: _plain(getattr(row, name)) for name in names if name not in INTERNAL}


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
