"""Moving and cancelling: the new slot first, and nothing lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments, holds
from booking.actors import PATIENT
from booking.errors import (
    AnswersExpired,
    NotAllowed,
    RefusedByGate,
    SlotTaken,
    TooLateToChange,
    WrongState,
)
from booking.models import Claim, Move, Release
from booking.overrides import ReleaseNote
from tests.builders import (
    BIRTH,
    BOB,
    CLINICIAN,
    RECEPTION,
    at,
    book,
    book_at_desk,
    complete,
    make_clinic,
)
from tests.clock import NOW

CLEARED = ReleaseNote("cleared_by_clinician", "Skin examined today, all fine.")


def _move(visit, start, *, actor=PATIENT, now=NOW, release=None):
    return appointments.move(
        visit, start, None, now=now, actor=actor, release=release
    ).appointment


def _live(session, visit):
    query = select(Claim).where(Claim.appointment_id == visit.id, Claim.live)
    return session.scalars(query).all()


def test_a_moved_visit_keeps_its_name_and_leaves_a_trace(session):
    site = make_clinic(practitioners=1, rooms=1)
    visit = book(site, at(6)).appointment
    uid, sequence = visit.uid, visit.sequence

    moved = _move(visit, at(8))

    assert (moved.id, moved.uid) == (visit.id, uid)
    assert moved.sequence == sequence + 1
    assert moved.starts_at == at(8)
    assert session.scalars(select(Move)).one().starts_at == at(6)
    assert book(site, at(6), contact=BOB).appointment.status == "confirmed"


def test_a_visit_can_move_into_its_own_time(session):
    site = make_clinic(practitioners=1, rooms=1)
    visit = book(site, at(6)).appointment

    assert _move(visit, at(6, 10, 30)).starts_at == at(6, 10, 30)


def test_a_move_that_fails_leaves_everything_as_it_was(session):
    site = make_clinic(practitioners=1, rooms=1)
    visit = book(site, at(6)).appointment
    book(site, at(8), contact=BOB)

    with pytest.raises(SlotTaken):
        _move(visit, at(8))

    assert visit.starts_at == at(6)
    assert len(_live(session, visit)) == 3


def test_a_move_goes_through_the_gate(session):
    site = make_clinic()
    visit = book(site, at(30), last_toxin="2027-02-27").appointment

    with pytest.raises(RefusedByGate):
        _move(visit, at(5))

    assert visit.starts_at == at(30)
    assert _move(visit, at(12)).status == "held"
    assert _move(visit, at(30)).status == "confirmed"


def test_a_release_does_not_travel_with_a_move(session):
    site = make_clinic()
    booked = book(site, at(12), last_toxin="2027-02-27")
    holds.release(booked.hold, now=NOW, actor=RECEPTION, reason="clinic_policy")

    moved = _move(booked.appointment, at(13), now=NOW + timedelta(minutes=1))

    assert moved.status == "held"


def test_patients_cannot_change_a_visit_on_its_last_day(session):
    visit = book(make_clinic(), at(6)).appointment
    late = at(5, 10, 1)

    with pytest.raises(TooLateToChange):
        _move(visit, at(20), now=late)
    with pytest.raises(TooLateToChange):
        appointments.cancel(visit, now=late, actor=PATIENT)

    assert appointments.cancel(visit, now=late, actor=RECEPTION).status == "cancelled"


def test_old_answers_move_nobody(session):
    visit = book(make_clinic(), at(110)).appointment

    with pytest.raises(AnswersExpired):
        _move(visit, at(115), now=at(92))

    assert _move(visit, at(115), now=at(92), actor=RECEPTION).starts_at == at(115)


def test_a_request_can_always_be_taken_back(session):
    visit = book(make_clinic(), at(3), last_toxin="2027-02-14").appointment

    cancelled = appointments.cancel(visit, now=at(3, 9), actor=PATIENT)

    assert cancelled.status == "cancelled"
    assert holds.open_of(visit) is None


def test_a_cancelled_visit_frees_its_slot_and_stays_cancelled(session):
    site = make_clinic(practitioners=1, rooms=1)
    visit = book(site, at(6)).appointment
    appointments.cancel(visit, now=NOW, actor=PATIENT)

    assert _live(session, visit) == []
    assert book(site, at(6), contact=BOB).appointment.status == "confirmed"
    with pytest.raises(WrongState):
        appointments.cancel(visit, now=NOW, actor=PATIENT)
    with pytest.raises(WrongState):
        _move(visit, at(9))


def test_only_a_clinician_books_into_a_refused_day_and_says_why(session):
    site = make_clinic()
    refused = {"last_toxin": "2027-03-01"}

    with pytest.raises(RefusedByGate):
        book_at_desk(site, at(6), **refused)
    with pytest.raises(NotAllowed):
        book_at_desk(site, at(6), actor=RECEPTION, release=CLEARED, **refused)
    booked = book_at_desk(site, at(6), actor=CLINICIAN, release=CLEARED, **refused)

    assert booked.appointment.status == "confirmed"
    release = session.scalars(select(Release)).one()
    assert [w["rule"] for w in release.windows] == ["R-55"]


def test_a_clinician_moves_into_a_held_day_with_a_release(session):
    site = make_clinic()
    visit = book(site, at(30), cold_sore_history="no", last_toxin="2027-02-27")

    moved = _move(visit.appointment, at(12), actor=CLINICIAN, release=CLEARED)

    assert moved.status == "confirmed"


def test_the_first_visit_is_longer_by_its_consultation(session):
    site = make_clinic()
    first = book_at_desk(site, at(0, 13), now=NOW).appointment
    complete(first)

    second = book_at_desk(site, at(60), now=at(1)).appointment

    assert first.ends_at - first.starts_at == timedelta(minutes=105)
    assert second.ends_at - second.starts_at == timedelta(minutes=85)


def test_the_patients_own_time_is_claimed_at_the_desk(session):
    site = make_clinic()
    book_at_desk(site, at(6), area="face")

    with pytest.raises(SlotTaken):
        book_at_desk(
            site, at(6, 11), treatment="waxing", area="body", date_of_birth=BIRTH
        )
