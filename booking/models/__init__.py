"""One file per noun; everything that is stored is imported here, so that migrations see
it."""

from __future__ import annotations

from booking.models.account import ApiToken, Role, User
from booking.models.appointment import (
    LIVE,
    UPCOMING,
    Appointment,
    Claim,
    Hold,
    HoldState,
    IdempotencyKey,
    Move,
    Proxy,
    Release,
    Status,
)
from booking.models.audit import AuditEvent, Heartbeat
from booking.models.call_back import CallBack, GoodTime
from booking.models.checkin import RecheckAnswer, SymptomReport
from booking.models.clinic import (
    DEVICE,
    PRACTITIONER,
    ROOM,
    Absence,
    Capability,
    Closure,
    HoursException,
    OpeningHours,
    Resource,
    Site,
    Treatment,
)
from booking.models.course import Course, CourseSession
from booking.models.message import Message, MessageState
from booking.models.patient import Patient, Record
from booking.models.rescreening import Rescreening
from booking.models.rulebook import RulebookContent, RulebookVersion, VersionState
from booking.models.screening import Draft, Screening
from booking.models.settlement import Settlement
from booking.models.task import Task
from booking.models.waitlist import (
    FreedSlot,
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitState,
)

__all__ = [
    "DEVICE",
    "LIVE",
    "PRACTITIONER",
    "ROOM",
    "UPCOMING",
    "Absence",
    "ApiToken",
    "Appointment",
    "AuditEvent",
    "CallBack",
    "Capability",
    "Claim",
    "Closure",
    "Draft",
    "GoodTime",
    "Heartbeat",
    "Hold",
    "HoldState",
    "HoursException",
    "IdempotencyKey",
    "Message",
    "MessageState",
    "Move",
    "OpeningHours",
    "Patient",
    "Record",
    "Release",
    "Resource",
    "Role",
    "Screening",
    "Site",
    "Status",
    "Treatment",
    "User",
    "RecheckAnswer",
    "SymptomReport",
    "Course",
    "CourseSession",
    "Proxy",
    "Rescreening",
    "RulebookContent",
    "RulebookVersion",
    "VersionState",
    "Settlement",
    "Task",
    "FreedSlot",
    "OfferState",
    "WaitlistEntry",
    "WaitlistOffer",
    "WaitState",
]
