"""Somebody who waits can have all of it handed out, and all of it erased."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from booking import appointments, maintenance, waitlist
from booking.db import db
from booking.models import Appointment, Message, Screening, WaitlistEntry
from booking.patients import Contact, portability
from tests.booking.waiting import offers, wait
from tests.builders import ADA, BOB, RECEPTION, at, book_at_desk, make_clinic
from tests.clock import NOW

EVE = Contact(name="Eve Lane", email="eve@example.com")


@pytest.fixture
def site(session):
    site = make_clinic(practitioners=1, rooms=1)
    site.waitlist_group = 2
    session.commit()
    wait(site, ADA)
    wait(site, BOB)
    visit = book_at_desk(site, at(6), contact=EVE).appointment
    appointments.cancel(visit, now=NOW, actor=RECEPTION)
    waitlist.deal_with_freed(now=NOW)
    return site


def test_an_export_holds_the_wait_and_its_offers_and_nobody_elses(site):
    found = json.loads(portability.export(ADA.email, now=NOW))

    assert [wait["state"] for wait in found["waits"]] == ["waiting"]
    assert [offer["state"] for offer in found["offers"]] == ["open"]
    assert {m["step"] for m in found["messages"]} == {
        "waitlist_joined",
        "waitlist_offer",
    }
    assert found["screenings"][0]["answers"]
    assert BOB.email not in json.dumps(found)


def test_what_was_taken_by_one_says_nothing_of_the_others(site):
    waitlist.accept(offers()[0], now=NOW)

    found = json.loads(portability.export(ADA.email, now=NOW))

    assert [visit["source"] for visit in found["visits"]] == ["waitlist"]
    assert "Bob" not in json.dumps(found)


def test_an_erased_wait_is_gone_and_its_time_goes_on(app, site, session):
    for offer in offers():
        portability.erase(offer.entry.patient.email, now=NOW, config=app.config)
    session.expire_all()

    assert session.scalar(select(func.count(WaitlistEntry.id))) == 0
    mails = select(Message).where(Message.entry_id.is_not(None))
    assert session.scalars(mails).all() == []
    kept = select(Appointment).where(Appointment.status == "reserved")
    assert session.scalars(kept).all() == []
    maintenance.sweep(now=NOW.replace(day=20))
    left = [row for row in session.scalars(select(Screening)) if not _used(row)]
    assert left == []


def _used(row) -> bool:
    used = select(Appointment.id).where(Appointment.screening_id == row.id)
    return db.session.scalar(used.limit(1)) is not None
