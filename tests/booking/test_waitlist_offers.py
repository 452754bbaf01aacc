"""Offers: kept until they are answered, taken once, never unsafe, fair to the rest."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from booking import appointments, maintenance, waitlist
from booking.actors import PROVEN_PATIENT
from booking.db import db
from booking.errors import OfferEnded, OfferUnsafe, WrongState
from booking.models import (
    Appointment,
    Claim,
    FreedSlot,
    Message,
    Move,
    Rescreening,
    WaitlistOffer,
)
from booking.patients import Contact
from tests.booking.waiting import days, names, offers, wait
from tests.builders import (
    ADA,
    BOB,
    RECEPTION,
    at,
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


# Accepting


def test_an_accepted_offer_is_a_confirmed_visit(site, session):
    entry = wait(site)
    offer_a_slot(site)

    visit = waitlist.accept(offers()[0], now=NOW)

    assert (visit.status, visit.starts_at) == ("confirmed", at(DAY))
    assert visit.patient_id == entry.patient_id
    assert visit.screening_id == entry.screening_id
    assert status_of(entry) == "served"
    claims = session.scalars(select(Claim).where(Claim.live)).all()
    assert {claim.expires_at for claim in claims} == {None}
    assert [c.patient_id for c in claims if c.patient_id] == [entry.patient_id]
    mails = session.scalars(
        select(Message.step).where(
            Message.appointment_id == visit.id, Message.state == "planned"
        )
    ).all()
    assert "confirmed" in mails


def test_accepting_twice_gives_the_same_visit(site):
    wait(site)
    offer_a_slot(site)
    first = waitlist.accept(offers()[0], now=NOW)

    again = waitlist.accept(offers()[0], now=NOW)

    assert again.id == first.id


def test_an_earlier_time_moves_the_visit_and_frees_its_old_one(site, session):
    visit = book_at_desk(site, at(20)).appointment
    entry = waitlist.join_with_visit(visit, days(1, 20), now=NOW, actor=PROVEN_PATIENT)
    offer_a_slot(site)

    moved = waitlist.accept(offers()[0], now=NOW)

    assert moved.id == visit.id
    assert (moved.status, moved.starts_at) == ("confirmed", at(DAY))
    assert status_of(entry) == "served"
    assert [move.starts_at for move in session.scalars(select(Move))] == [at(20)]
    live = select(Claim.appointment_id).where(Claim.live)
    assert set(session.scalars(live)) == {visit.id}
    freed = session.scalars(select(FreedSlot)).one()
    assert freed.starts_at <= at(20) < freed.ends_at
    steps = select(Message.step).where(Message.state == "planned")
    assert "moved" in set(session.scalars(steps))
    moves = select(func.count(Rescreening.id)).where(Rescreening.cause == "moved")
    assert session.scalar(moves) == 1


def test_the_time_given_up_goes_to_the_next_person(site):
    visit = book_at_desk(site, at(20)).appointment
    waitlist.join_with_visit(visit, days(1, 20), now=NOW, actor=PROVEN_PATIENT)
    wait(site, BOB, days(20, 20))
    offer_a_slot(site)
    waitlist.accept(offers()[0], now=NOW)

    waitlist.deal_with_freed(now=NOW)

    assert names("open") == ["Bob Quill"]
    assert offers("open")[0].appointment.starts_at == at(20)


def test_only_earlier_times_are_offered_for_a_visit(site):
    visit = book_at_desk(site, at(5)).appointment
    waitlist.join_with_visit(visit, days(1, 5), now=NOW, actor=PROVEN_PATIENT)

    offer_a_slot(site)
    offer_a_slot(site, 5, 14)

    assert offers() == []


def test_a_visit_that_moved_away_is_not_offered_its_own_time_again(site):
    visit = book_at_desk(site, at(DAY)).appointment
    waitlist.join_with_visit(visit, days(1, DAY), now=NOW, actor=PROVEN_PATIENT)
    appointments.move(visit, at(20), None, now=NOW, actor=RECEPTION)

    waitlist.deal_with_freed(now=NOW)

    length = visit.ends_at - visit.starts_at
    offered = [offer.appointment.starts_at for offer in offers()]
    assert all(start >= at(DAY) + length for start in offered)


def test_the_gate_is_asked_again_when_an_offer_is_accepted(site, session):
    """Between offer and answer the clinic learnt something."""
    entry = wait(site)
    wait(site, BOB, now=NOW + timedelta(minutes=1))
    offer_a_slot(site)
    book_at_desk(site, at(4), treatment="filler", now=NOW)

    with pytest.raises(OfferUnsafe):
        waitlist.accept(offers()[0], now=NOW)

    session.rollback()
    waitlist.deal_with_freed(now=NOW)
    assert status_of(entry) == "waiting"
    assert [(o.state, o.entry.patient.name) for o in offers()] == [
        ("gone", "Ada Fair"),
        ("open", "Bob Quill"),
    ]


def test_who_has_booked_something_else_then_is_told_so(session):
    site = make_clinic(practitioners=2, rooms=2)
    wait(site, wish=days(DAY, DAY))
    offer_a_slot(site)
    book_at_desk(site, at(DAY), treatment="consultation")

    with pytest.raises(WrongState, match="another visit at this time"):
        waitlist.accept(offers()[0], now=NOW)

    session.rollback()
    assert offers()[0].state == "open"


@pytest.mark.parametrize("end", ["decline", "expire", "leave", "late"])
def test_what_has_ended_can_not_be_accepted(site, session, end):
    entry = wait(site)
    offer_a_slot(site)
    offer = offers()[0]
    then = NOW
    if end == "decline":
        waitlist.decline(offer, now=NOW, actor=PROVEN_PATIENT)
    elif end == "leave":
        waitlist.leave(entry, now=NOW, actor=PROVEN_PATIENT)
    else:
        then = offer.answer_by
    if end == "expire":
        maintenance.sweep(now=then)

    with pytest.raises(OfferEnded):
        waitlist.accept(offers()[0], now=then)

    session.rollback()
    booked = select(Appointment).where(Appointment.status == "confirmed")
    assert session.scalars(booked).all() == []


@pytest.mark.parametrize("group", [1, 3])
def test_of_many_who_accept_at_once_exactly_one_wins(app, site, session, group):
    site.waitlist_group = group
    session.commit()
    for contact in (ADA, BOB, FAY):
        wait(site, contact)
    offer_a_slot(site)
    wanted = [offer.id for offer in offers()] * (3 if group == 1 else 1)
    assert len(set(wanted)) == group
    barrier = threading.Barrier(len(wanted))

    def attempt(offer_id):
        with app.app_context():
            offer = db.session.get(WaitlistOffer, offer_id)
            barrier.wait()
            try:
                return waitlist.accept(offer, now=NOW).id
            except OfferEnded:
                return None

    session.commit()
    with ThreadPoolExecutor(len(wanted)) as pool:
        won = list(pool.map(attempt, wanted))

    session.expire_all()
    booked = select(Appointment.id).where(Appointment.status == "confirmed")
    [visit] = session.scalars(booked)
    assert set(won) - {None} == {visit}
    # Who clicks three times has won three times; of three people two have not.
    assert won.count(visit) == (3 if group == 1 else 1)
    assert len(offers("accepted")) == 1
    assert len(offers("gone")) == group - 1


def test_a_group_is_asked_at_once_and_the_rest_keep_their_place(site, session):
    site.waitlist_group = 2
    session.commit()
    late, first, second = (wait(site, c) for c in (FAY, ADA, BOB))
    late.joined_at = NOW + timedelta(hours=1)
    session.commit()

    offer_a_slot(site)

    assert names("open") == ["Ada Fair", "Bob Quill"]
    assert len({offer.appointment_id for offer in offers()}) == 1
    waitlist.accept(offers()[1], now=NOW)
    assert [offer.state for offer in offers()] == ["gone", "accepted"]
    assert (status_of(first), status_of(second)) == ("waiting", "served")
