"""Booking online: the gate before availability, once per key, one patient per
clearance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from booking import appointments
from booking.errors import (
    CallUs,
    ClearanceExpired,
    ClearanceUsed,
    InvalidRequest,
    KeyReused,
    RefusedByGate,
    SlotTaken,
)
from booking.models import Appointment, Claim, Message
from booking.patients import Contact
from tests.builders import ADA, BOB, TODAY, at, book, make_clinic, screen
from tests.clock import NOW


def test_a_clear_day_is_confirmed_and_claims_its_resources(session):
    site = make_clinic()

    booked = book(site, at(10), checked=False)

    visit = booked.appointment
    assert visit.status == "confirmed"
    assert visit.starts_at == at(10)
    # consultation 20, numbing 30, needling 45, calming 10
    assert visit.ends_at == at(10) + timedelta(minutes=105)
    claims = session.scalars(
        select(Claim).where(Claim.appointment_id == visit.id)
    ).all()
    # the room once (with its cleaning), the practitioner for consultation and needling
    assert len(claims) == 3
    assert all(claim.live for claim in claims)


def test_the_messages_are_written_with_the_booking(session):
    site = make_clinic()

    visit = book(site, at(20)).appointment

    steps = select(Message.step).where(Message.appointment_id == visit.id)
    assert "confirmed" in session.scalars(steps).all()


def test_a_held_day_is_held_with_a_deadline(session):
    site = make_clinic()

    booked = book(site, at(6), last_toxin="2027-02-17")  # 20 days before the visit

    assert booked.appointment.status == "held"
    assert booked.hold.owner == "reception"
    # 24 opening hours at eight a day: 7 today, 8, 8, and one more on Saturday
    assert booked.hold.decide_by == at(3, 10)


def test_a_refused_day_is_refused_with_its_first_clear_day(session):
    site = make_clinic()

    with pytest.raises(RefusedByGate) as refused:
        book(site, at(6), last_toxin="2027-03-01")

    assert refused.value.extra["first_clear_day"].isoformat() == "2027-03-29"
    assert [w.rule for w in refused.value.extra["windows"]] == ["R-55"]
    assert session.scalar(select(func.count(Appointment.id))) == 0


def test_the_gate_comes_before_availability(session):
    site = make_clinic(practitioners=1, rooms=1)
    book(site, at(6), contact=BOB)

    with pytest.raises(RefusedByGate):
        book(site, at(6), last_toxin="2027-03-01")


def test_a_hold_within_two_days_cannot_be_requested_online(session):
    site = make_clinic()

    with pytest.raises(CallUs):
        book(site, at(1), last_toxin="2027-02-12")


def test_a_taken_slot_names_the_nearest_free_ones(session):
    site = make_clinic(practitioners=1, rooms=1)
    book(site, at(6), contact=BOB)

    with pytest.raises(SlotTaken) as taken:
        book(site, at(6))

    nearest = taken.value.extra["nearest"]
    assert len(nearest) == 3
    assert all(slot.start != at(6) for slot in nearest)
    assert nearest[0].start.date() == at(6).date()


def test_any_practitioner_means_another_one_if_one_is_taken(session):
    site = make_clinic()

    first = book(site, at(6), contact=BOB).appointment
    second = book(site, at(6)).appointment

    assert first.practitioner_id != second.practitioner_id


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (at(6, 10, 7), "offered times"),
        (at(6, 10, 5), "cannot start then"),
        (at(6, 8), "cannot start then"),
        (at(6, 16, 30), "cannot start then"),
        (at(-1), "in the future"),
        (at(0, 11), "too soon"),
        (at(300), "earlier day"),
    ],
)
def test_a_start_that_cannot_be_is_refused_by_name(session, start, words):
    site = make_clinic()

    with pytest.raises(InvalidRequest) as refused:
        book(site, start)

    assert [problem.field for problem in refused.value.problems] == ["start"]
    assert words in refused.value.problems[0].message


def test_a_practitioner_without_the_skill_is_refused_by_name(session):
    site = make_clinic()

    with pytest.raises(InvalidRequest) as refused:
        book(site, at(6), practitioner=9999)

    assert refused.value.problems[0].field == "practitioner"


def test_the_same_key_and_body_give_the_same_visit(session):
    site = make_clinic()
    screened = screen(site)
    request = {"now": NOW, "source": "api", "key": "k-1", "body": "one"}

    first = appointments.book(screened.screening, at(6), None, ADA, **request)
    second = appointments.book(screened.screening, at(6), None, ADA, **request)

    assert second.replayed
    assert second.appointment.id == first.appointment.id
    assert session.scalar(select(func.count(Appointment.id))) == 1


def test_the_same_key_with_another_body_is_refused(session):
    site = make_clinic()
    screened = screen(site)
    appointments.book(
        screened.screening, at(6), None, ADA, now=NOW, source="api", key="k", body="one"
    )

    with pytest.raises(KeyReused):
        appointments.book(
            screened.screening,
            at(7),
            None,
            ADA,
            now=NOW,
            source="api",
            key="k",
            body="2",
        )


def test_a_clearance_serves_one_patient(session):
    site = make_clinic()
    screened = screen(site)
    appointments.book(screened.screening, at(6), None, ADA, now=NOW, source="api")

    with pytest.raises(ClearanceUsed):
        appointments.book(screened.screening, at(8), None, BOB, now=NOW, source="api")


def test_a_losing_attempt_does_not_use_up_the_clearance(session):
    site = make_clinic(practitioners=1, rooms=1)
    book(site, at(6), contact=BOB)
    screened = screen(site)
    with pytest.raises(SlotTaken):
        appointments.book(screened.screening, at(6), None, BOB, now=NOW, source="api")

    booked = appointments.book(
        screened.screening, at(8), None, ADA, now=NOW, source="api"
    )

    assert booked.appointment.status == "confirmed"


def test_an_expired_clearance_books_nothing(session):
    site = make_clinic()
    screened = screen(site)

    with pytest.raises(ClearanceExpired):
        appointments.book(
            screened.screening,
            at(6),
            None,
            ADA,
            now=NOW + timedelta(hours=24),
            source="api",
        )


@pytest.mark.parametrize(
    ("contact", "field"),
    [
        (Contact(name=" ", email="a@example.com"), "name"),
        (Contact(name="A\x00da", email="a@example.com"), "name"),
        (Contact(name="A" * 121, email="a@example.com"), "name"),
        (Contact(name="\u200b\ufeff", email="a@example.com"), "name"),
        (Contact(name="Ada", email="nobody"), "email"),
        (Contact(name="Ada", email="a@example.com", phone="abc"), "phone"),
        (Contact(name="Ada", email="a@example.com", language="<b>"), "language"),
    ],
)
def test_a_bad_contact_names_its_field(session, contact, field):
    site = make_clinic()

    with pytest.raises(InvalidRequest) as refused:
        book(site, at(6), contact=contact)

    assert [problem.field for problem in refused.value.problems] == [field]
    assert session.scalar(select(func.count(Appointment.id))) == 0


def test_unanswered_questions_hold_until_they_are_answered(session):
    site = make_clinic()

    booked = book(site, at(6), skin_infection=None, cold_sore=None)

    assert booked.appointment.status == "held"
    assert booked.hold.owner == "answer"


def test_today_is_the_day_of_the_site(session):
    site = make_clinic(timezone="Asia/Tokyo")

    screened = screen(site, now=NOW.replace(hour=20))

    assert screened.screening.day == TODAY + timedelta(days=1)
