"""Booking by a program."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from booking.models import Appointment, Claim, Patient
from tests import builders
from tests.api.calls import fields
from tests.builders import at

WEEK = 7
KEYS = {"id", "token", "status", "start", "end", "practitioner", "notices"}


def _count(session, model=Appointment):
    return session.scalar(select(func.count()).select_from(model))


def test_a_clear_day_is_confirmed(api):
    found = api.book(api.clearance(), at(WEEK), practitioner=2)

    assert found.status_code == 201
    assert set(found.json) == KEYS
    assert found.json["status"] == "confirmed"
    assert found.json["start"] == "2027-03-10T10:00:00+00:00"
    assert found.json["end"] == "2027-03-10T11:45:00+00:00"
    assert found.json["practitioner"] == 2
    assert all(set(one) == {"rule", "text"} for one in found.json["notices"])


def test_a_hold_day_is_requested(api):
    clearance = api.clearance(last_toxin="2027-02-20")

    found = api.book(clearance, at(WEEK))

    assert found.status_code == 202
    assert set(found.json) == KEYS | {"reasons", "decide_by"}
    assert found.json["status"] == "held"
    assert len(found.json["reasons"]) == 1
    # 24 opening hours from Wednesday 10:00: 7 + 8 + 8 + 1 of them
    assert found.json["decide_by"] == "2027-03-06T10:00:00+00:00"


def test_a_refused_day_says_what_and_until_when(api, session):
    clearance = api.clearance(last_toxin="2027-02-27")

    found = api.book(clearance, at(WEEK))

    assert found.status_code == 422
    assert found.mimetype == "application/problem+json"
    assert found.json["code"] == "refused"
    assert [one["rule"] for one in found.json["windows"]] == ["R-55"]
    assert found.json["windows"][0]["until"] == "2027-03-13"
    assert found.json["first_clear_day"] == "2027-03-27"
    assert _count(session) == 0


def test_the_gate_comes_before_availability(api, site):
    for contact in (builders.ADA, builders.BOB):
        builders.book(site, at(WEEK), contact=contact)

    found = api.book(api.clearance(last_toxin="2027-02-27"), at(WEEK))

    assert found.json["code"] == "refused"


def test_a_hold_too_soon_cannot_be_requested(api, session):
    found = api.book(api.clearance(weak_immunity="unsure"), at(1))

    assert (found.status_code, found.json["code"]) == (422, "call_us")
    assert _count(session) == 0


def test_a_taken_slot_comes_with_the_nearest(api):
    for name in ("bob", "cy"):
        patient = {"name": name, "email": f"{name}@example.com"}
        taken = api.book(api.clearance(), at(WEEK), patient=patient)
        assert taken.status_code == 201

    found = api.book(api.clearance(), at(WEEK))

    assert found.status_code == 409
    assert found.json["code"] == "slot_taken"
    assert [set(one) for one in found.json["nearest"]] == [
        {"start", "end", "practitioner"}
    ] * 3
    assert all(one["start"].endswith("+00:00") for one in found.json["nearest"])


def test_the_nearest_slots_carry_the_offset_of_the_site(api, site):
    start = builders.datetime(2027, 4, 7, 9, tzinfo=builders.UTC)
    for contact in (builders.ADA, builders.BOB):
        builders.book(site, start, contact=contact)

    found = api.book(api.clearance(), start)

    assert [one["start"][-6:] for one in found.json["nearest"]] == ["+01:00"] * 3


def test_a_losing_attempt_does_not_use_up_the_clearance(api, site):
    for contact in (builders.ADA, builders.BOB):
        builders.book(site, at(WEEK), contact=contact)
    clearance = api.clearance()

    lost = api.book(clearance, at(WEEK), patient={"name": "Cy", "email": "cy@x.org"})
    won = api.book(clearance, at(8), patient={"name": "Di", "email": "di@x.org"})

    assert (lost.status_code, won.status_code) == (409, 201)


def test_a_clearance_serves_one_patient(api):
    clearance = api.clearance()
    api.book(clearance, at(WEEK))

    again = api.book(clearance, at(8))
    other = api.book(clearance, at(9), patient={"name": "Bob", "email": "bob@x.org"})

    assert again.status_code == 201
    assert (other.status_code, other.json["code"]) == (422, "clearance_used")
    assert fields(other) == ["clearance"]


def test_a_repeat_returns_the_same_visit(api, session):
    clearance = api.clearance()

    first = api.book(clearance, at(WEEK), key="one")
    again = api.book(clearance, at(WEEK), key="one")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert _count(session) == 1


def test_a_repeat_returns_the_same_request(api):
    clearance = api.clearance(last_toxin="2027-02-20")

    first = api.book(clearance, at(WEEK), key="one")
    again = api.book(clearance, at(WEEK), key="one")

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json == first.json


def test_a_repeat_is_answered_after_the_clearance_has_ended(api, clock):
    clearance = api.clearance()
    first = api.book(clearance, at(WEEK), key="one")
    clock.advance(timedelta(days=2))

    again = api.book(clearance, at(WEEK), key="one")

    assert (again.status_code, again.json["id"]) == (200, first.json["id"])


def test_the_order_of_the_keys_makes_no_other_body(api):
    body = api.booking(api.clearance(), at(WEEK))
    turned = dict(reversed(body.items()))
    headers = {"Idempotency-Key": "one"}

    api.post("/appointments", body, headers=headers)
    again = api.post("/appointments", turned, headers=headers)

    assert again.status_code == 200


def test_a_key_with_another_body_is_refused(api, session):
    clearance = api.clearance()
    api.book(clearance, at(WEEK), key="one")

    found = api.book(clearance, at(8), key="one")

    assert (found.status_code, found.json["code"]) == (422, "idempotency_key_reused")
    assert fields(found) == ["Idempotency-Key"]
    assert _count(session) == 1


def test_a_booking_needs_a_key(api, session):
    body = api.booking(api.clearance(), at(WEEK))
    keys = [None, "", "k" * 201, "a\tb", "\xe9\x80"]

    found = [
        api.post("/appointments", body, headers={"Idempotency-Key": key} if key else {})
        for key in keys
    ]

    assert [(one.status_code, fields(one)) for one in found] == [
        (422, ["Idempotency-Key"])
    ] * len(keys)
    assert _count(session) == 0


def test_without_a_practitioner_somebody_free_is_chosen(api):
    chosen = {
        api.book(
            api.clearance(),
            at(WEEK),
            patient={"name": name, "email": f"{name}@example.com"},
        ).json["practitioner"]
        for name in ("Ada", "Bob")
    }

    assert chosen == {1, 2}


def test_starts_that_were_never_offered(api, session):
    clearance = api.clearance()
    starts = {
        "yesterday": at(-1),
        "less than two hours from now": at(0, 11),
        "at night": at(WEEK, 3),
        "ending after closing": at(WEEK, 16, 30),
        "off the grid": at(WEEK, 10, 5),
        "off the minute": at(WEEK).replace(second=1),
        "beyond the horizon": at(300),
    }

    found = {name: api.book(clearance, start) for name, start in starts.items()}

    assert {name: (one.status_code, fields(one)) for name, one in found.items()} == {
        name: (422, ["start"]) for name in starts
    }
    assert (_count(session), _count(session, Patient)) == (0, 0)


def test_a_practitioner_without_the_skill(api, session):
    clearance = api.clearance()

    found = [
        api.book(clearance, at(WEEK), practitioner=who) for who in (3, 999, 2**31 - 1)
    ]

    assert [(one.status_code, fields(one)) for one in found] == [
        (422, ["practitioner"])
    ] * 3
    assert _count(session) == 0


GOOD = {"name": "Ada", "email": "ada@example.com"}
NAME, EMAIL, PHONE = ["patient.name"], ["patient.email"], ["patient.phone"]
CONTACTS = [
    ({}, EMAIL + NAME),
    ({"name": 7, "email": ["ada@example.com"]}, EMAIL + NAME),
    ("Ada", ["patient"]),
    (None, ["patient"]),
    ([GOOD], ["patient"]),
    (GOOD | {"birthday": "1990-05-17"}, ["patient.birthday"]),
    *((GOOD | {"name": name}, NAME) for name in (" ", "A\x00da", "A\nda", "A" * 121)),
    *(
        (GOOD | {"email": email}, EMAIL)
        for email in (
            *("ada", "ada@", "ada@ex ample.com", "@example.com", "a@b@c.org"),
            *("a@b.org\nBcc: all@b.org", "a" * 300 + "@b.org"),
        )
    ),
    *((GOOD | {"phone": phone}, PHONE) for phone in ("call me", "0" * 99, None, 7)),
]


def test_bad_contacts_are_named(api, session):
    clearance = api.clearance()

    found = [api.book(clearance, at(WEEK), patient=given) for given, _ in CONTACTS]

    assert [(one.status_code, sorted(fields(one))) for one in found] == [
        (422, named) for _, named in CONTACTS
    ]
    assert (_count(session), _count(session, Patient)) == (0, 0)


@pytest.mark.parametrize(
    "email", ["ada@clinic.example", "ada@mail.test", "Ädä@bücher.example", "a+b@x.co"]
)
def test_addresses_are_checked_for_syntax_only(api, email):
    found = api.book(api.clearance(), at(WEEK), patient=GOOD | {"email": email})

    assert found.status_code == 201


@pytest.mark.parametrize("phone", ["020 7946 0000", "+49 30 901820", "(020) 7946-0000"])
def test_phone_numbers_may_be_written_in_many_ways(api, session, phone):
    found = api.book(api.clearance(), at(WEEK), patient=GOOD | {"phone": phone})

    assert found.status_code == 201
    assert session.scalar(select(Patient.phone))[0] == "+"


def test_a_language_is_a_language_tag(api):
    found = {
        language: api.book(api.clearance(), at(WEEK + n), language=language)
        for n, language in enumerate(["cy", "en-GB", "!", "english please"])
    }

    assert {name: one.status_code for name, one in found.items()} == {
        "cy": 201,
        "en-GB": 201,
        "!": 422,
        "english please": 422,
    }


def test_a_booking_claims_its_people_and_rooms(api, session):
    api.book(api.clearance(), at(WEEK), practitioner=1)

    claimed = session.execute(
        select(Claim.resource_id, Claim.until_cell - Claim.first_cell)
        .where(Claim.resource_id.is_not(None))
        .order_by(Claim.resource_id, Claim.first_cell)
    ).all()
    # Cleo for the consultation (20) and the needling (45), a room throughout (115)
    assert claimed == [(1, 4), (1, 9), (3, 23)]


def test_a_program_says_who_books_for_somebody_else(api, session):
    clearance = api.clearance()

    half = api.book(clearance, at(WEEK), booked_by={"name": "Ada Fair"})
    wrong = api.book(
        clearance, at(WEEK), booked_by={"name": "Ada Fair", "relation": "boss"}
    )
    whole = api.book(
        clearance, at(WEEK), booked_by={"name": "Ada Fair", "relation": "parent"}
    )

    assert half.status_code == 422
    assert "booked_by.relation" in fields(half)
    assert "booked_by.relation" in fields(wrong)
    assert whole.status_code == 201
    assert session.scalars(select(Appointment)).one().proxy.relation == "parent"
