"""The waitlist: a time comes free, and the longest waiting whom it suits is asked."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from sqlalchemy import func, select

from booking import appointments, freed, holds, reservations, waitlist
from booking.db import db
from booking.errors import BookingError
from booking.models import (
    Claim,
    FreedSlot,
    Record,
)
from booking.patients import Contact
from tests.booking.waiting import days, names, offers, wait
from tests.builders import (
    ADA,
    BOB,
    CLINICIAN,
    RECEPTION,
    at,
    book,
    book_at_desk,
    make_clinic,
    screen,
)
from tests.clock import NOW

EVE = Contact(name="Eve Lane", email="eve@example.com")
FAY = Contact(name="Fay Moss", email="fay@example.com")
DAY = 6


@pytest.fixture
def site(session):
    """One practitioner and one room: what is taken is taken."""
    return make_clinic(practitioners=1, rooms=1)


def free_a_slot(site, day=DAY, hour=10, *, now=NOW, **options):
    """Somebody had this time, and cancels."""
    visit = book_at_desk(site, at(day, hour), contact=EVE, **options).appointment
    appointments.cancel(visit, now=now, actor=RECEPTION)
    return visit


def offer_all(now=NOW):
    return waitlist.deal_with_freed(now=now)


# What frees time


def _cancel(site):
    appointments.cancel(book(site, at(DAY)).appointment, now=NOW, actor=RECEPTION)


def _decline(site):
    hold = book(site, at(DAY), last_toxin="2027-02-17").hold
    holds.decline(hold, now=NOW, actor=CLINICIAN, reason="unsafe")


def _expire(site):
    hold = book(site, at(DAY), last_toxin="2027-02-17").hold
    assert holds.expire_due(now=hold.decide_by) == 1


def _move(site):
    visit = book(site, at(DAY)).appointment
    appointments.move(visit, at(DAY + 1), None, now=NOW, actor=RECEPTION)


def _reservation_over(site):
    kept = reservations.reserve(screen(site).screening, at(DAY), None, now=NOW)
    reservations.let_go(kept, now=NOW)


def _absence_over(site):
    freed.note(site.id, at(DAY), at(DAY, 11), now=NOW)
    db.session.commit()


@pytest.mark.parametrize(
    "way", [_cancel, _decline, _expire, _move, _reservation_over, _absence_over]
)
def test_whatever_frees_time_notes_it(site, way):
    way(site)

    slot = db.session.scalars(select(FreedSlot).order_by(FreedSlot.id)).first()
    assert slot.starts_at <= at(DAY) < slot.ends_at


def test_what_is_over_frees_nothing(site):
    visit = book(site, at(DAY)).appointment

    appointments.no_show(visit, now=at(DAY, 17), actor=RECEPTION)

    assert db.session.scalar(select(func.count(FreedSlot.id))) == 0


# Who is asked


def test_the_longest_waiting_is_offered_the_time_and_it_is_kept(site):
    wait(site, BOB, now=NOW - timedelta(days=2))
    wait(site, ADA, now=NOW - timedelta(days=1))

    free_a_slot(site)

    assert offer_all() == 1
    assert names() == ["Bob Quill"]
    reserved = offers()[0].appointment
    assert reserved.status == "reserved"
    assert reserved.starts_at == at(DAY)
    live = db.session.scalars(
        select(Claim).where(Claim.appointment_id == reserved.id, Claim.live)
    ).all()
    until = int(offers()[0].answer_by.timestamp())
    assert {claim.expires_at for claim in live} == {until}
    assert db.session.scalar(select(func.count(FreedSlot.id))) == 0


@pytest.mark.parametrize(
    "wish",
    [
        days(7, 30),
        days(1, 5),
        days(weekdays=(0,)),  # day six is a Tuesday
        days(from_time=time(14)),
        days(until_time=time(7)),
    ],
)
def test_whose_wish_it_does_not_suit_is_not_asked(site, wish):
    wait(site, BOB, wish, now=NOW - timedelta(days=2))
    wait(site, ADA)

    free_a_slot(site)
    offer_all()

    assert names() == ["Ada Fair"]


def test_what_was_free_all_along_is_not_offered(session):
    """Dan could have been booked at that time before Cleo could."""
    site = make_clinic(practitioners=2, rooms=2)
    cleo, dan = [r.id for r in site.resources if r.kind == "practitioner"]
    wait(site, BOB, days(practitioners=(dan,)))
    wait(site, ADA, days(practitioners=(cleo,)), now=NOW + timedelta(minutes=1))

    free_a_slot(site, practitioner=cleo)
    offer_all()

    assert names() == ["Ada Fair"]
    assert [offer.appointment.practitioner_id for offer in offers()] == [cleo]


@pytest.mark.parametrize(
    "answers",
    [
        {"last_toxin": "2027-02-27"},  # refused until day six is over
        {"last_toxin": "2027-02-17"},  # a person would have to decide
        {"unwell": None},
        {"pregnant": "unsure"},
    ],
)
def test_a_day_that_is_not_clear_is_never_offered(site, answers):
    entry = wait(site, BOB, days(1, 100), now=NOW - timedelta(days=1))
    _answer(entry, answers)
    wait(site, ADA)

    free_a_slot(site)
    offer_all()

    assert names() == ["Ada Fair"]


def test_what_the_clinic_knows_counts(site):
    entry = wait(site, BOB, now=NOW - timedelta(days=1))
    db.session.add(
        Record(
            patient_id=entry.patient_id,
            kind="treatment",
            subject="filler",
            day=NOW.date(),
            area="face",
            value={"value": None, "depth_mm": None, "note": None},
            how_known="told us",
            entered_by="Robin",
            entered_at=NOW,
        )
    )
    db.session.commit()
    wait(site, ADA)

    free_a_slot(site)
    offer_all()

    assert names() == ["Ada Fair"]


def test_answers_that_are_too_old_are_not_trusted(site):
    entry = wait(site, BOB, now=NOW - timedelta(days=1))
    entry.screening.day -= timedelta(days=120)
    db.session.commit()

    free_a_slot(site)
    offer_all()

    assert offers() == []


def test_who_has_something_else_then_is_not_asked(session):
    site = make_clinic(practitioners=2, rooms=2)
    book_at_desk(site, at(DAY, 10), contact=BOB, treatment="consultation")
    wait(site, BOB, days(6, 6, from_time=time(10), until_time=time(10)))

    free_a_slot(site)
    offer_all()

    assert offers() == []


def test_a_longer_treatment_than_the_gap_is_not_offered(site):
    """By the real diary: with numbing and buffers, not by equal length."""
    wait(site, BOB, days(6, 6), treatment="microneedling")
    wait(site, ADA, days(6, 6), treatment="facial", now=NOW + timedelta(minutes=1))
    _fill_day(site, DAY, but=10)
    offer_all()
    kinds = {(o.entry.treatment, o.entry.patient.name) for o in offers()}

    assert kinds == {("facial", "Ada Fair")}


def _fill_day(site, day, *, but):
    """Facials from nine to five, and the one at *but* o'clock is cancelled."""
    visits = {}
    for start in _free_starts(site, day):
        try:
            contact = Contact(name="Fay Moss", email=f"fay{start:%H%M}@example.com")
            booked = book_at_desk(site, start, contact=contact, treatment="facial")
        except BookingError:  # taken by the one before
            db.session.rollback()
            continue
        visits[start] = booked.appointment
    near = min(visits, key=lambda start: abs(start - at(day, but)))
    appointments.cancel(visits[near], now=NOW, actor=RECEPTION)


def _free_starts(site, day):
    start = at(day, 9)
    while start < at(day, 17):
        yield start
        start += timedelta(minutes=15)


def _answer(entry, answers):
    """What they said, set back behind the checks of joining."""
    row = entry.screening
    row.answers = {
        key: value for key, value in (row.answers | answers).items() if value
    }
    db.session.commit()
