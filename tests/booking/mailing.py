"""Visits and mails for the tests of the messages, made without the gate in the way."""

from __future__ import annotations

import email.policy
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser

from booking.db import db
from booking.messages.mail import Letter
from booking.models import Appointment, Hold, Message, Patient, Screening, Site
from screening import Clearance
from tests.clock import NOW

LENGTH = timedelta(minutes=60)
# The first visit of a test, at 14:30 on 24 March 2027, as a calendar gets it.
REQUEST = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Clearslot//Clearslot//EN
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:DAYLIGHT
DTSTART:20260329T010000
TZNAME:BST
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20261025T020000
TZNAME:GMT
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Appointment at Test Clinic
DTSTART;TZID=Europe/London:20270324T143000
DTEND;TZID=Europe/London:20270324T153000
DTSTAMP:20270303T100000Z
UID:00000000-0000-4000-8000-000000000001@clearslot
SEQUENCE:0
ATTENDEE;CN="Ada Fair";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PA
 RTICIPANT;RSVP=FALSE:mailto:ada@example.com
CLASS:PRIVATE
DESCRIPTION:See\\, move or cancel: http://127.0.0.1:5000/visit/TOKEN
LOCATION:Test Clinic\\, 1 Test Street\\, London
ORGANIZER;CN="Test Clinic":mailto:appointments@clinic.example
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
"""


def make_visit(
    site: Site, starts_at: datetime, *, status: str = "confirmed", **overrides
) -> Appointment:
    """A visit of Ada's whose records were checked; not committed."""
    number = db.session.query(Appointment).count() + 1
    treatment = overrides.pop("treatment", "microneedling")
    patient = overrides.pop("patient", None) or _ada(number)
    screening = _screening(site, treatment, number)
    db.session.add_all([patient, screening])
    db.session.flush()
    values = {
        "public_id": f"visit-{number:04}",
        "uid": f"00000000-0000-4000-8000-{number:012}@clearslot",
        "site_id": site.id,
        "treatment": treatment,
        "area": "face",
        "patient_id": patient.id,
        "screening_id": screening.id,
        "status": status,
        "starts_at": starts_at,
        "ends_at": starts_at + LENGTH,
        "first_visit": False,
        "source": "online",
        "sequence": 0,
        "created_at": NOW,
        "booked_at": NOW,
        "records_checked_at": NOW,
    }
    visit = Appointment(**(values | overrides))
    db.session.add(visit)
    db.session.flush()
    return visit


def _ada(number: int) -> Patient:
    return Patient(
        public_id=f"patient-{number:04}",
        name="Ada Fair",
        email="ada@example.com",
        phone=None,
        birth_date="1990-05-17",
        identity=f"identity-{number:04}",
        established=False,
        created_at=NOW,
    )


def _screening(site: Site, treatment: str, number: int) -> Screening:
    clearance = Clearance("test", treatment, "face", NOW.date())
    return Screening(
        token_digest=f"digest-{number:04}",
        site_id=site.id,
        treatment=treatment,
        area="face",
        rulebook="test",
        day=NOW.date(),
        answers={},
        clearance=clearance.to_json(),
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )


def hold(visit: Appointment, *, decide_by: datetime, **overrides) -> Hold:
    """The visit waits for a person."""
    visit.status = "held"
    values = {"owner": "reception", "requested": True, "state": "open"}
    values |= {"windows": [], "conflicts": [], "opened_at": NOW, "decide_by": decide_by}
    made = Hold(appointment_id=visit.id, **(values | overrides))
    db.session.add(made)
    db.session.flush()
    return made


def planned(visit: Appointment, state: str = "planned") -> dict[str, datetime]:
    """When each step is due, of the messages in this state."""
    rows = db.session.query(Message).filter_by(appointment_id=visit.id, state=state)
    return {row.step: row.due_at for row in rows.order_by(Message.due_at, Message.id)}


def parsed(body: bytes) -> EmailMessage:
    return BytesParser(policy=email.policy.default).parsebytes(body)


class Sink:
    """A mail server of the tests: keeps what arrives, or fails as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.letters: list[Letter] = []
        self.failures = list(failures)
        self.is_open = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def open(self) -> None:
        if self.failures and not self.is_open:
            raise self.failures.pop(0)

    def send(self, letter: Letter) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.letters.append(letter)

    @property
    def mails(self) -> list[EmailMessage]:
        return [parsed(letter.body) for letter in self.letters]
