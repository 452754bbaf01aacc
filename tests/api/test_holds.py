"""The hold queue for staff's own software: the same rules as the page."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking.models import AuditEvent
from tests import builders
from tests.api.calls import fields
from tests.builders import at

KEYS = {
    "id",
    "appointment",
    "patient",
    "treatment",
    "area",
    "start",
    "practitioner",
    "decide_by",
    "windows",
    "conflicts",
}
FOR_RECEPTION = {"last_toxin": "2027-02-20"}
FOR_CLINICIAN = {"weak_immunity": "unsure"}
REASON = {"reason": "clinic_policy", "note": "Agreed with the patient."}


def _hold(site, **changes):
    return builders.book(site, at(7), **(changes or FOR_RECEPTION)).hold.id


def test_the_queue_shows_what_the_contract_says(api, site, bearer):
    late = builders.book(site, at(9), contact=builders.BOB, **FOR_RECEPTION)
    booked = builders.book(site, at(3), **FOR_CLINICIAN)

    found = api.get("/holds", headers=bearer("reception"))

    assert found.status_code == 200
    assert all(set(one) == KEYS for one in found.json)
    first, second = found.json
    assert (first["id"], second["id"]) == (booked.hold.id, late.hold.id)
    assert first["appointment"] == booked.appointment.public_id
    assert first["patient"] == {"name": "Ada Fair"}
    assert (first["treatment"], first["area"]) == ("microneedling", "face")
    assert first["start"] == "2027-03-06T10:00:00+00:00"
    # 24 hours before the visit, which is earlier than 24 opening hours from now
    assert first["decide_by"] == "2027-03-05T10:00:00+00:00"
    assert {one["release_by"] for one in first["windows"]} == {"clinician"}
    assert first["conflicts"] == []


def test_reading_the_queue_is_written_down(api, site, bearer, session):
    hold = _hold(site)

    api.get("/holds", headers=bearer("reception"))

    read = select(AuditEvent.actor, AuditEvent.subject_kind, AuditEvent.subject_id)
    assert session.execute(read.where(AuditEvent.action == "read")).all() == [
        ("Robin", "hold", hold)
    ]


def test_an_empty_queue_is_an_empty_list(api, bearer):
    assert api.get("/holds", headers=bearer("reception")).json == []


def test_reception_releases_a_hold_of_its_own(api, site, bearer):
    hold = _hold(site)

    found = api.post(f"/holds/{hold}/release", REASON, headers=bearer("reception"))

    assert found.status_code == 200
    assert set(found.json) == {"id", "appointment", "status"}
    assert (found.json["id"], found.json["status"]) == (hold, "confirmed")


def test_a_hold_is_declined(api, site, bearer):
    hold = _hold(site)

    found = api.post(
        f"/holds/{hold}/decline", {"reason": "unsafe"}, headers=bearer("reception")
    )

    assert (found.status_code, found.json["status"]) == (200, "declined")


@pytest.mark.parametrize("role", ["reception", "manager"])
def test_a_clinicians_hold_needs_a_clinician(api, site, bearer, role):
    hold = _hold(site, **FOR_CLINICIAN)

    found = api.post(f"/holds/{hold}/release", REASON, headers=bearer(role))

    assert (found.status_code, found.json["code"]) == (403, "not_allowed")


def test_a_clinician_releases_it(api, site, bearer):
    hold = _hold(site, **FOR_CLINICIAN)

    found = api.post(f"/holds/{hold}/release", REASON, headers=bearer("clinician"))

    assert (found.status_code, found.json["status"]) == (200, "confirmed")


def test_reception_records_that_a_clinician_cleared_it(api, site, bearer):
    hold = _hold(site, **FOR_CLINICIAN)
    builders.employ_cleo()
    body = REASON | {"attested_by": "Dr Cleo, by telephone on 3 March at 10:00"}

    found = api.post(f"/holds/{hold}/release", body, headers=bearer("reception"))

    assert (found.status_code, found.json["status"]) == (200, "confirmed")


def test_a_hold_for_an_answer_waits_for_it(api, site, bearer):
    hold = _hold(site, weak_immunity=None)

    found = api.post(f"/holds/{hold}/release", REASON, headers=bearer("clinician"))

    assert (found.status_code, found.json["code"]) == (409, "needs_answer")


@pytest.mark.parametrize("call", ["release", "decline"])
def test_what_was_decided_is_not_decided_again(api, site, bearer, call):
    hold, staff = _hold(site), bearer("reception")
    body = {"reason": "other", "note": "The patient called and asked."}
    api.post(f"/holds/{hold}/{call}", body, headers=staff)

    found = api.post(f"/holds/{hold}/{call}", body, headers=staff)

    assert (found.status_code, found.json["code"]) == (409, "wrong_state")


def test_without_a_staff_token_nothing_is_said(api, site):
    hold = _hold(site)
    headers = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nobody"},
        {"Authorization": "Basic cm9iaW46cm9iaW4="},
        {"Authorization": "Bearer " + "x" * 9000},
    ]

    found = [api.get("/holds", headers=header) for header in headers] + [
        api.post(f"/holds/{number}/{call}", headers=header)
        for number in (hold, 999)
        for call in ("release", "decline")
        for header in headers
    ]

    assert {
        (one.status_code, one.json["code"], one.headers["WWW-Authenticate"])
        for one in found
    } == {(401, "not_signed_in", 'Bearer realm="staff"')}


def test_a_signed_in_browser_is_no_token(api, site, bearer, client):
    bearer("reception")
    form = {"email": "reception@clinic.example", "password": "a long password"}
    signed_in = client.post("/login", data=form)
    assert signed_in.status_code == 302

    assert api.get("/holds").status_code == 401


def test_a_token_ends_after_thirty_days(api, bearer, clock):
    staff = bearer("reception")
    clock.set(clock.now.replace(month=4, day=2))

    assert api.get("/holds", headers=staff).status_code == 401


def test_an_unknown_hold_is_not_there(api, bearer):
    staff = bearer("reception")

    found = [
        api.post(f"/holds/{number}/{call}", REASON, headers=staff)
        for number in ("999", str(2**31), "9" * 40, "first", "-1")
        for call in ("release", "decline")
    ]

    assert {(one.status_code, one.mimetype) for one in found} == {
        (404, "application/problem+json")
    }


BAD = [
    ({}, "reason"),
    ({"reason": None}, "reason"),
    ({"reason": 3}, "reason"),
    ({"reason": "because"}, "reason"),
    ({"reason": "other"}, "note"),
    ({"reason": "other", "note": "too short"}, "note"),
    ({"reason": "other", "note": " " * 30}, "note"),
    ({"reason": "other", "note": "n" * 2001}, "note"),
    ({"reason": "other", "note": "nothing \x00 to see here"}, "note"),
    ({"reason": "other", "note": None}, "note"),
    ({"reason": "other", "note": "long enough, I think", "by": "me"}, "by"),
]


@pytest.mark.parametrize("call", ["release", "decline"])
def test_bad_decisions_are_named(api, site, bearer, call):
    hold, staff = _hold(site), bearer("reception")

    found = [api.post(f"/holds/{hold}/{call}", body, headers=staff) for body, _ in BAD]

    assert [(one.status_code, fields(one)) for one in found] == [
        (422, [field]) for _, field in BAD
    ]
    assert len(api.get("/holds", headers=staff).json) == 1


def test_a_bad_attestation_is_named(api, site, bearer):
    hold, staff = _hold(site, **FOR_CLINICIAN), bearer("reception")
    bad = ["", "x" * 256, "Dr\x00", 5, None]

    found = [
        api.post(f"/holds/{hold}/release", REASON | {"attested_by": who}, headers=staff)
        for who in bad
    ]

    assert [(one.status_code, fields(one)) for one in found] == [
        (422, ["attested_by"])
    ] * len(bad)
