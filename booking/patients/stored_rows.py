"""The rows about one patient, wherever they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select

from booking.db import db
from booking.models.appointment import Appointment, Hold, Move, Release
from booking.models.audit import AuditEvent
from booking.models.call_back import CallBack
from booking.models.checkin import RecheckAnswer, SymptomReport
from booking.models.course import Course, CourseSession
from booking.models.message import Message
from booking.models.patient import Patient, Record
from booking.models.screening import Draft, Screening
from booking.models.settlement import Settlement
from booking.models.task import Task
from booking.models.waitlist import WaitlistEntry, WaitlistOffer


@dataclass(frozen=True)
class Stored:
    """The rows about a patient, by what they are."""

    patient: Patient
    visits: Sequence[Appointment]
    moves: Sequence[Move]
    holds: Sequence[Hold]
    releases: Sequence[Release]
    screenings: Sequence[Screening]
    drafts: Sequence[Draft]
    symptoms: Sequence[SymptomReport]
    settlements: Sequence[Settlement]
    tasks: Sequence[Task]
    rechecks: Sequence[RecheckAnswer]
    courses: Sequence[Course]
    course_sessions: Sequence[CourseSession]
    waits: Sequence[WaitlistEntry]
    offers: Sequence[WaitlistOffer]
    records: Sequence[Record]
    messages: Sequence[Message]
    calls: Sequence[CallBack]
    events: Sequence[AuditEvent]

    def summary(self) -> str:
        """What there is, in words."""
        counts = (
            (self.visits, "visit"),
            ((*self.screenings, *self.drafts), "set of answers", "sets of answers"),
            ((*self.records, *self.symptoms, *self.settlements), "record"),
            (self.messages, "message"),
            (self.waits, "place on the waitlist", "places on the waitlist"),
        )
        words = ", ".join(_counted(len(rows), *names) for rows, *names in counts)
        return f"{self.patient.name} <{self.patient.email}>: {words}"


def gather(patient: Patient) -> Stored:
    """Everything stored about a patient."""
    visits = _all(Appointment, Appointment.patient_id == patient.id)
    ids = [visit.id for visit in visits]
    holds = _all(Hold, Hold.appointment_id.in_(ids))
    tasks = _all(Task, or_(Task.patient_id == patient.id, Task.appointment_id.in_(ids)))
    sessions = _all(CourseSession, CourseSession.appointment_id.in_(ids))
    waits = _all(WaitlistEntry, WaitlistEntry.patient_id == patient.id)
    places = [wait.id for wait in waits]
    offers = _all(WaitlistOffer, WaitlistOffer.entry_id.in_(places))
    return Stored(
        patient=patient,
        visits=visits,
        moves=_all(Move, Move.appointment_id.in_(ids)),
        holds=holds,
        releases=_all(Release, Release.appointment_id.in_(ids)),
        screenings=_screenings({row.screening_id for row in (*visits, *waits)}),
        drafts=_all(Draft, Draft.patient_id == patient.id),
        symptoms=_all(SymptomReport, SymptomReport.patient_id == patient.id),
        settlements=_all(Settlement, Settlement.patient_id == patient.id),
        tasks=tasks,
        rechecks=_all(RecheckAnswer, RecheckAnswer.appointment_id.in_(ids)),
        courses=_all(Course, Course.id.in_({one.course_id for one in sessions})),
        course_sessions=sessions,
        waits=waits,
        offers=offers,
        records=_all(Record, Record.patient_id == patient.id),
        messages=_all(
            Message,
            or_(Message.appointment_id.in_(ids), Message.entry_id.in_(places)),
        ),
        calls=_calls(patient),
        events=_all(
            AuditEvent,
            or_(
                _about(Patient, [patient.id]),
                _about(Appointment, ids),
                _about(Hold, [hold.id for hold in holds]),
                _about(Task, [task.id for task in tasks]),
                _about(Course, {one.course_id for one in sessions}),
                _about(WaitlistEntry, places),
                _about(WaitlistOffer, [offer.id for offer in offers]),
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


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
