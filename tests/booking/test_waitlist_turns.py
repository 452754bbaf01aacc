"""Whose turn it is, who is told of what, and what is kept once a wait is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from booking import appointments, jobs, links, maintenance, waitlist
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.db import db
from booking.messages import outbox
from booking.models import (
    Appointment,
    FreedSlot,
    Message,
    Screening,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.patients import Contact
from tests.booking.mailing import Sink
from tests.booking.waiting import days, names, offers, sent, wait
from tests.builders import (
    ADA,
    BOB,
    RECEPTION,
    at,
    book,
    book_at_desk,
    make_clinic,
)
from tests.clock import NOW

EVE = Contact(name="Eve Lane", email="eve@example.com")
FAY = Contact(name="Fay Moss", email="fay@example.com")
DAY = 6


@pytest.fixture
def site(session):
    """One practitioner and one room: what is taken is taken."""
    return make_clinic(practitioners=1, rooms=1)


def offer_a_slot(site, day=DAY, hour=10, *, now=NOW):
    """Somebody had this time and cancels, and the worker looks who waits."""
    visit = book_at_desk(site, at(day, hour), contact=EVE, now=now).appointment
    appointments.cancel(visit, now=now, actor=RECEPTION)
    waitlist.deal_with_freed(now=now)


def status_of(entry) -> str:
    db.session.expire_all()
    return entry.state


# The next person, and fairness


def test_a_no_goes_to_the_next_person_and_nobody_is_asked_twice(site):
    for contact in (ADA, BOB):
        wait(site, contact)
    offer_a_slot(site)
    waitlist.decline(offers()[0], now=NOW, actor=PROVEN_PATIENT)
    waitlist.deal_with_freed(now=NOW)
    assert names() == ["Ada Fair", "Bob Quill"]
    waitlist.decline(offers()[1], now=NOW, actor=PROVEN_PATIENT)

    waitlist.deal_with_freed(now=NOW)

    assert names() == ["Ada Fair", "Bob Quill"]
    reserved = select(Appointment).where(Appointment.status == "reserved")
    assert db.session.scalars(reserved).all() == []


def test_a_no_costs_nothing(site):
    wait(site, ADA)
    wait(site, BOB, now=NOW + timedelta(minutes=1))

    for day in (5, 6, 7):
        offer_a_slot(site, day)
        waitlist.decline(offers()[-1], now=NOW, actor=PROVEN_PATIENT)
        db.session.query(FreedSlot).delete()
        db.session.commit()

    assert names() == ["Ada Fair"] * 3


def _miss(site, day, *, told=True, now=NOW):
    offer_a_slot(site, day, now=now)
    offer = offers()[-1]
    if told:
        sent(offer, at=now)
    maintenance.sweep(now=offer.answer_by)
    db.session.query(FreedSlot).delete()
    db.session.commit()
    return offer


def test_after_two_missed_offers_others_come_first_until_one_is_answered(site):
    wait(site, ADA)
    _miss(site, 10)
    _miss(site, 11)
    wait(site, BOB, now=NOW + timedelta(minutes=1))
    assert names() == ["Ada Fair", "Ada Fair"]

    offer_a_slot(site, 12)

    assert names("open") == ["Bob Quill"]
    offer_a_slot(site, 13)
    assert names("open") == ["Bob Quill", "Ada Fair"]
    waitlist.decline(offers()[-1], now=NOW, actor=PROVEN_PATIENT)
    waitlist.accept(offers("open")[0], now=NOW)
    offer_a_slot(site, 14)
    assert names("open")[-1] == "Ada Fair"


def test_one_missed_offer_costs_nothing(site):
    wait(site, ADA)
    _miss(site, 10)
    wait(site, BOB, now=NOW + timedelta(minutes=1))

    offer_a_slot(site, 12)

    assert names("open") == ["Ada Fair"]


def test_whom_no_mail_reached_has_missed_nothing(site):
    wait(site, ADA)

    assert _miss(site, 10, told=False).state == "gone"
    assert _miss(site, 11, told=False).state == "gone"
    wait(site, BOB, now=NOW + timedelta(minutes=1))

    offer_a_slot(site, 12)
    assert names("open") == ["Ada Fair"]


# Mails


def test_an_offer_and_its_mail_are_one_and_survive_a_killed_worker(app, site, clock):
    wait(site)
    outbox.dispatch(Sink(), clock=clock)
    offer_a_slot(site)
    db.session.remove()  # whoever made the offer is gone

    sink = Sink()
    outbox.dispatch(sink, clock=clock)

    [mail] = [m for m in sink.mails if "opened" in m["Subject"]]
    assert mail["To"].addresses[0].addr_spec == "ada@example.com"
    assert "Tuesday 9 March 2027 at 10:00" in mail["Subject"]
    text = mail.get_body(("plain",)).get_content()
    assert f"/offer/{links.offer_token(offers()[0])}" in text
    assert outbox.dispatch(Sink(), clock=clock).total() == 0


@pytest.mark.parametrize("end", ["decline", "leave", "late", "taken"])
def test_nobody_is_told_of_a_time_that_is_gone(site, session, clock, end):
    site.waitlist_group = 2
    session.commit()
    ada, _bob = wait(site, ADA), wait(site, BOB, now=NOW + timedelta(seconds=1))
    outbox.dispatch(Sink(), clock=clock)
    offer_a_slot(site)
    first, second = offers()
    if end == "decline":
        waitlist.decline(first, now=NOW, actor=PROVEN_PATIENT)
    elif end == "leave":
        waitlist.leave(ada, now=NOW, actor=PROVEN_PATIENT)
    elif end == "taken":
        waitlist.accept(second, now=NOW)
    else:
        clock.set(first.answer_by)

    sink = Sink()
    outbox.dispatch(sink, clock=clock)

    offered = [mail for mail in sink.mails if "opened" in mail["Subject"]]
    told = [mail["To"].addresses[0].addr_spec for mail in offered]
    assert "ada@example.com" not in told


def test_a_mail_that_could_not_leave_is_tried_again_only_while_it_holds(site, clock):
    wait(site)
    outbox.dispatch(Sink(), clock=clock)
    offer_a_slot(site)
    rows = select(Message).where(Message.step == "waitlist_offer")
    message = db.session.scalars(rows).one()
    message.lease_until = NOW + timedelta(minutes=5)
    db.session.commit()
    waitlist.decline(offers()[0], now=NOW, actor=PROVEN_PATIENT)

    clock.set(NOW + timedelta(minutes=10))
    sink = Sink()
    outbox.dispatch(sink, clock=clock)

    assert [m for m in sink.mails if "opened" in m["Subject"]] == []


# The end of a wait, and what is kept of it


def test_a_wait_ends_with_its_last_day_and_its_answers_go(site, session):
    entry = wait(site, wish=days(1, 2))
    offer_a_slot(site, 2)
    sent(offers()[0])
    maintenance.sweep(now=at(2, 9))
    waitlist.deal_with_freed(now=at(2, 9))
    maintenance.sweep(now=at(3, 9))
    assert status_of(entry) == "over"
    assert session.scalar(select(Message.step).where(Message.step == "waitlist_over"))

    maintenance.sweep(now=at(4, 10))

    assert session.scalar(select(func.count(WaitlistEntry.id))) == 0
    assert session.scalar(select(func.count(WaitlistOffer.id))) == 0
    ids = set(session.scalars(select(Screening.id)))
    used = set(session.scalars(select(Appointment.screening_id)))
    assert ids == used


def test_the_answers_of_somebody_who_waits_are_kept(site, session):
    entry = wait(site, wish=days(1, 60))
    offer_a_slot(site)
    sent(offers()[0])

    maintenance.sweep(now=NOW + timedelta(days=10))

    assert status_of(entry) == "waiting"
    assert entry.screening.answers
    assert [offer.state for offer in offers()] == ["expired"]


def test_what_nobody_confirms_is_forgotten_with_its_person(site, session, client):
    visit = book(site, at(20), contact=BOB, checked=False).appointment
    waitlist.join_with_visit(visit, days(1, 19), now=NOW, actor=PATIENT)
    assert session.scalars(select(WaitlistEntry.state)).all() == ["asked"]
    offer_a_slot(site)
    assert offers() == []
    appointments.check_records(visit.id, now=NOW)

    maintenance.sweep(now=NOW + timedelta(days=2))
    maintenance.sweep(now=NOW + timedelta(days=4))

    assert session.scalar(select(func.count(WaitlistEntry.id))) == 0


def test_a_visit_that_ends_ends_the_wait_for_an_earlier_one(site):
    visit = book_at_desk(site, at(20)).appointment
    entry = waitlist.join_with_visit(visit, days(1, 20), now=NOW, actor=PROVEN_PATIENT)
    appointments.cancel(visit, now=NOW, actor=RECEPTION)

    maintenance.sweep(now=NOW)

    assert status_of(entry) == "over"


def test_joining_again_keeps_the_turn_and_takes_the_new_wish(site):
    old = wait(site, now=NOW - timedelta(days=3))
    new = wait(site, wish=days(5, 9))

    assert status_of(old) == "left"
    assert (new.state, new.joined_at) == ("waiting", NOW - timedelta(days=3))


def test_the_worker_does_all_of_it(app, site, clock):
    wait(site)
    visit = book_at_desk(site, at(DAY), contact=EVE).appointment
    appointments.cancel(visit, now=NOW, actor=RECEPTION)

    done = jobs.tick_once(app)

    assert None not in done.values()
    assert done["waitlist"] == 1
    assert names("open") == ["Ada Fair"]
