"""Whatever happens to a visit and however its mails arrive, calendars end right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import icalendar
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from booking.db import db
from booking.messages import outbox, plan
from booking.models import Appointment
from tests.booking import itip_check
from tests.booking.mailing import LENGTH, Sink, hold, make_visit
from tests.builders import make_clinic
from tests.clock import NOW

VISIT = NOW + timedelta(days=90)


@dataclass(frozen=True)
class Invitation:
    method: str
    sequence: int
    stamp: datetime
    start: datetime
    status: str

    @classmethod
    def of(cls, content: bytes):
        calendar = icalendar.Calendar.from_ical(content)
        event = calendar.events[0]
        return cls(
            str(calendar["METHOD"]),
            int(event["SEQUENCE"]),
            event.stamp,
            event.start,
            str(event.status),
        )


class ByTheBook:
    """RFC 5546, and Thunderbird: the higher SEQUENCE, then the later DTSTAMP."""

    def __init__(self):
        self.known = None

    def receive(self, invitation: Invitation) -> None:
        if self.known is None or self.is_newer(invitation):
            self.known = invitation

    def is_newer(self, invitation: Invitation) -> bool:
        known = (self.known.sequence, self.known.stamp)
        return (invitation.sequence, invitation.stamp) > known

    @property
    def entry(self):
        """When the calendar says that the visit begins; None if it shows none."""
        if self.known is None or self.known.method == "CANCEL":
            return None
        return self.known.start, self.known.status


class ByTheNumber(ByTheBook):
    """Like Exchange: the SEQUENCE alone; of two equal ones the one that came last."""

    def is_newer(self, invitation: Invitation) -> bool:
        return invitation.sequence >= self.known.sequence


class Clinic:
    """Changes a visit as the core does, and lets its mails leave now and then."""

    def __init__(self, site):
        self.visit: Appointment = make_visit(site, VISIT)
        self.now = NOW
        self.sink = Sink()
        self.follow("confirmed")

    def follow(self, event, **more):
        plan.follow(self.visit, event, now=self.now, **more)
        db.session.commit()
        self.now += timedelta(minutes=1)

    def do(self, change):
        if self.visit.status in ("confirmed", "held"):
            getattr(self, change)()

    def dispatch(self):
        outbox.dispatch(self.sink, clock=lambda: self.now)

    def move(self):
        self.visit.sequence += 1
        self.visit.starts_at += timedelta(days=1)
        self.visit.ends_at = self.visit.starts_at + LENGTH
        self.follow("moved")

    def question(self):
        if self.visit.status == "confirmed":
            self.visit.sequence += 1
            made = hold(self.visit, decide_by=self.now + timedelta(days=1))
            self.follow("reheld", hold=made)

    def release(self):
        if self.visit.status == "held":
            self._close("confirmed", "confirmed")

    def decline(self):
        if self.visit.status == "held":
            self._close("declined", "declined")

    def cancel(self):
        self._close("cancelled", "cancelled")

    def _close(self, status, event):
        for waiting in self.visit.holds:
            waiting.state = "withdrawn"
        self.visit.status = status
        self.visit.sequence += 1
        self.follow(event)
        db.session.expire(self.visit, ["holds"])

    @property
    def entry(self):
        """What a patient's calendar ought to show of the visit."""
        if self.visit.status == "confirmed":
            return self.visit.starts_at, "CONFIRMED"
        if self.visit.status == "held" and self.invitations:
            return self.visit.starts_at, "TENTATIVE"
        return None

    @property
    def invitations(self):
        mails = [
            letter.body
            for letter, mail in zip(self.sink.letters, self.sink.mails, strict=True)
            if any(p.get_content_type() == "application/ics" for p in mail.walk())
        ]
        return [Invitation.of(itip_check.calendar_of(mail)) for mail in mails]


@pytest.fixture
def site(session):
    return make_clinic()


CHANGES = ["move", "question", "release", "decline", "cancel", "dispatch"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.sampled_from(CHANGES), max_size=8),
    chance=st.randoms(use_true_random=False),
)
@example(changes=["dispatch", "move", "dispatch", "move", "cancel"], chance=None)
@example(changes=["question", "dispatch", "release"], chance=None)
@example(changes=["dispatch", "question", "dispatch"], chance=None)
@example(changes=["dispatch", "move", "question", "dispatch"], chance=None)
@example(changes=["dispatch", "question", "move", "dispatch", "decline"], chance=None)
def test_every_calendar_ends_as_the_clinic_has_it(site, changes, chance):
    clinic = Clinic(site)
    for change in changes:
        clinic.dispatch() if change == "dispatch" else clinic.do(change)
    clinic.dispatch()

    sent = clinic.invitations
    sequences = [invitation.sequence for invitation in sent]
    assert sequences == sorted(sequences)
    assert ended(ByTheNumber(), sent) == clinic.entry
    arriving = sent * 2
    if chance is not None:
        chance.shuffle(arriving)
    assert ended(ByTheBook(), arriving) == clinic.entry
    if len(set(sequences)) == len(sequences):
        assert ended(ByTheNumber(), arriving) == clinic.entry


def ended(receiver, invitations):
    for invitation in invitations:
        receiver.receive(invitation)
    return receiver.entry
