"""Joining the waitlist: whose wish counts, from when, and who may wait at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from booking import appointments, maintenance, waitlist
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.db import db
from booking.errors import ClearanceUsed, InvalidRequest, NotAllowed, WrongState
from booking.models import Message, Patient, WaitlistEntry
from booking.patients import Contact
from tests.booking.waiting import days, offers, wait
from tests.builders import (
    ADA,
    BOB,
    RECEPTION,
    at,
    book,
    book_at_desk,
    make_clinic,
    screen,
)
from tests.clock import NOW

EVE = Contact(name="Eve Lane", email="eve@example.com")


@pytest.fixture
def site(session):
    return make_clinic(practitioners=1, rooms=1)


def ask(site, contact=ADA, *, now=NOW, **answers):
    screened = screen(site, now=now, **answers)
    return waitlist.ask(screened.screening, contact, days(), now=now)


def free_a_slot(site):
    visit = book_at_desk(site, at(6), contact=EVE).appointment
    appointments.cancel(visit, now=NOW, actor=RECEPTION)
    waitlist.deal_with_freed(now=NOW)


def test_nothing_is_offered_before_the_address_is_confirmed(site):
    entry = ask(site)
    free_a_slot(site)
    assert offers() == []

    waitlist.confirm(entry, now=NOW, actor=PROVEN_PATIENT)
    free_a_slot(site)

    assert [offer.entry_id for offer in offers()] == [entry.id]


def test_the_turn_counts_from_the_request(site):
    entry = ask(site, now=NOW - timedelta(hours=5))

    waitlist.confirm(entry, now=NOW, actor=PROVEN_PATIENT)

    assert (entry.state, entry.joined_at) == ("waiting", NOW - timedelta(hours=5))


def test_a_confirmed_person_is_joined_to_the_one_on_file(site, session):
    known = book(site, at(20)).appointment.patient_id
    entry = ask(site)
    assert entry.patient_id != known

    waitlist.confirm(entry, now=NOW, actor=PROVEN_PATIENT)

    assert entry.patient_id == known
    assert session.scalar(select(func.count(Patient.id))) == 1


def test_the_record_check_takes_a_wait_along(site, session):
    known = book_at_desk(site, at(20)).appointment.patient_id
    visit = book(site, at(22), checked=False).appointment
    entry = waitlist.join_with_visit(visit, days(1, 21), now=NOW, actor=PATIENT)

    appointments.check_records(visit.id, now=NOW)

    session.expire_all()
    assert visit.patient_id == entry.patient_id == known


def test_what_is_known_does_not_show_before_the_address_is_proven(site):
    """The clinic knows of a filler that the answers do not tell."""
    book_at_desk(site, at(1), treatment="filler", contact=ADA)

    entry = ask(site)

    assert entry.state == "asked"


def test_answers_that_change_with_the_visit_count_for_the_wait(site):
    visit = book_at_desk(site, at(20)).appointment
    waitlist.join_with_visit(visit, days(1, 20), now=NOW, actor=PROVEN_PATIENT)
    appointments.change_answers(
        visit, {"last_toxin": "2027-03-01"}, now=NOW, actor=PATIENT
    )

    free_a_slot(site)

    assert offers() == []


def test_one_address_is_not_mailed_without_end(site):
    for _ in range(3):
        ask(site)

    with pytest.raises(InvalidRequest) as refused:
        ask(site)

    assert [problem.field for problem in refused.value.problems] == ["email"]
    db.session.rollback()
    assert db.session.scalar(select(func.count(Message.id))) == 3


def test_what_was_not_confirmed_in_two_days_is_over_and_its_person_forgotten(
    site, session
):
    entry = ask(site)
    maintenance.sweep(now=NOW + timedelta(days=2))
    session.expire_all()
    assert entry.state == "over"
    with pytest.raises(WrongState):
        waitlist.confirm(entry, now=NOW + timedelta(days=2), actor=PROVEN_PATIENT)
    session.rollback()

    maintenance.sweep(now=NOW + timedelta(days=3, hours=1))

    assert session.scalar(select(func.count(WaitlistEntry.id))) == 0
    assert session.scalar(select(func.count(Patient.id))) == 0
    assert session.scalar(select(func.count(Message.id))) == 0


def test_answers_serve_one_person(site):
    screened = screen(site)
    waitlist.ask(screened.screening, ADA, days(), now=NOW)

    with pytest.raises(ClearanceUsed):
        waitlist.ask(screened.screening, BOB, days(), now=NOW)


def test_only_staff_put_others_on_the_list(site):
    with pytest.raises(NotAllowed):
        waitlist.join_at_desk(
            screen(site).screening, ADA, days(), now=NOW, actor=PATIENT
        )


def test_nobody_waits_for_what_nobody_can_do(site, session):
    screened = screen(site)
    for resource in site.resources:
        resource.active = resource.kind != "practitioner"
    session.commit()

    with pytest.raises(InvalidRequest) as refused:
        waitlist.ask(screened.screening, ADA, days(), now=NOW)

    assert [problem.field for problem in refused.value.problems] == ["practitioners"]


def test_leaving_gives_the_kept_time_to_the_next(site):
    first = wait(site, ADA)
    wait(site, BOB, now=NOW + timedelta(minutes=1))
    free_a_slot(site)

    waitlist.leave(first, now=NOW, actor=PROVEN_PATIENT)
    waitlist.leave(first, now=NOW, actor=PROVEN_PATIENT)
    waitlist.deal_with_freed(now=NOW)

    assert [offer.entry.patient.name for offer in offers("open")] == ["Bob Quill"]
