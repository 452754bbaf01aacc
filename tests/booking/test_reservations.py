"""A reserved slot: kept for ten minutes, extended, redeemed once, freed when it is
over."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from booking import appointments, maintenance, reservations
from booking.db import db
from booking.errors import RefusedByGate, ReservationEnded, SlotTaken
from booking.models import Appointment, Screening
from tests.builders import ADA, BOB, at, book, make_clinic, screen
from tests.clock import NOW

LATER = NOW + timedelta(minutes=11)


def _reserved(site, start=None, **changes):
    screened = screen(site, **changes)
    visit = reservations.reserve(screened.screening, start or at(6), None, now=NOW)
    return screened.screening, visit


def _redeem(screening, visit, *, now, contact=ADA):
    return appointments.book(
        screening,
        visit.starts_at,
        visit.practitioner_id,
        contact,
        now=now,
        source="online",
        reservation=visit,
    )


def test_a_reserved_slot_is_taken_for_everybody_else(session):
    site = make_clinic(practitioners=1, rooms=1)
    _reserved(site)

    with pytest.raises(SlotTaken):
        book(site, at(6), contact=BOB)


def test_a_reservation_becomes_the_visit(session):
    site = make_clinic()
    screening, reserved = _reserved(site)

    booked = _redeem(screening, reserved, now=NOW + timedelta(minutes=5))

    assert booked.appointment.id == reserved.id
    assert booked.appointment.status == "confirmed"
    assert booked.appointment.reserved_until is None
    assert {claim.expires_at for claim in booked.appointment.claims} == {None}


def test_two_clicks_at_once_on_one_form_get_the_same_visit(app, session):
    screening, reserved = _reserved(make_clinic())
    given, kept = screening.id, reserved.id
    session.commit()
    together = threading.Barrier(4)
    request = {"source": "online", "key": "page:one", "body": "one"}

    def click(_):
        with app.app_context():
            mine = db.session.get_one(Screening, given)
            visit = db.session.get_one(Appointment, kept)
            together.wait()
            return appointments.book(
                mine, at(6), None, ADA, now=NOW, reservation=visit, **request
            ).appointment.id

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(click, range(4))) == [kept] * 4


def test_a_reservation_that_ran_out_offers_the_nearest_slots(session):
    site = make_clinic()
    screening, reserved = _reserved(site)

    with pytest.raises(ReservationEnded) as ended:
        _redeem(screening, reserved, now=LATER)

    assert ended.value.extra["nearest"]


def test_a_slot_is_free_the_moment_its_reservation_ran_out(session):
    site = make_clinic(practitioners=1, rooms=1)
    screening, reserved = _reserved(site)

    booked = book(site, at(6), contact=BOB, now=LATER)

    assert booked.appointment.status == "confirmed"
    with pytest.raises(ReservationEnded):
        _redeem(screening, reserved, now=LATER)


def test_a_slow_request_cannot_redeem_what_a_rival_has_taken_meanwhile(session):
    site = make_clinic(practitioners=1, rooms=1)
    screening, reserved = _reserved(site)
    book(site, at(6), contact=BOB, now=LATER)
    in_time = NOW + timedelta(minutes=9)  # when the slow request was sent

    with pytest.raises(ReservationEnded):
        _redeem(screening, reserved, now=in_time)
    with pytest.raises(ReservationEnded):
        reservations.extend(reserved, now=in_time)


def test_a_reservation_can_be_extended_at_least_ten_times(session):
    site = make_clinic()
    screening, reserved = _reserved(site)
    now = NOW
    for _ in range(10):
        now += timedelta(minutes=9)
        reserved = reservations.extend(reserved, now=now)

    booked = _redeem(screening, reserved, now=now + timedelta(minutes=9))

    assert booked.appointment.status == "confirmed"


def test_a_reservation_that_ran_out_cannot_be_extended(session):
    site = make_clinic()
    _, reserved = _reserved(site)

    with pytest.raises(ReservationEnded):
        reservations.extend(reserved, now=LATER)


def test_a_slot_can_be_let_go_early(session):
    site = make_clinic(practitioners=1, rooms=1)
    _, reserved = _reserved(site)

    reservations.let_go(reserved, now=NOW)

    assert book(site, at(6), contact=BOB).appointment.status == "confirmed"


def test_a_refused_day_cannot_be_reserved(session):
    site = make_clinic()

    with pytest.raises(RefusedByGate):
        _reserved(site, sunburn="now")


def test_another_screening_cannot_redeem_a_reservation(session):
    site = make_clinic()
    _, reserved = _reserved(site)
    other = screen(site).screening

    with pytest.raises(ReservationEnded):
        _redeem(other, reserved, now=NOW)


def test_the_sweep_ends_reservations_that_ran_out(session):
    site = make_clinic()
    _, reserved = _reserved(site)

    assert maintenance.end_reservations(now=LATER) == 1
    assert maintenance.end_reservations(now=LATER) == 0
    assert reserved.status == "expired"
