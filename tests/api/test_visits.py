"""What a patient's token opens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from booking import links
from booking.db import db
from booking.models import Appointment
from tests import builders
from tests.api.calls import fields
from tests.builders import at

WEEK = 7
KEYS = {
    "id",
    "token",
    "status",
    "start",
    "end",
    "practitioner",
    "notices",
    "reasons",
    "decide_by",
    "site",
    "treatment",
    "area",
}
CHANGES = [
    ("move", {"start": "2027-03-11T10:00:00Z"}),
    ("cancel", None),
    ("answers", {"answers": {"sunburn": "now"}}),
]


@pytest.fixture
def visit(api):
    """The path of a confirmed visit a week from now."""
    token = api.book(api.clearance(), at(WEEK), practitioner=1).json["token"]
    return f"/appointments/{token}"


def test_a_visit_is_shown_as_its_patient_sees_it(api, visit):
    found = api.get(visit)

    assert found.status_code == 200
    assert set(found.json) == KEYS
    shown = {key: found.json[key] for key in ("status", "reasons", "decide_by", "area")}
    assert shown == {
        "status": "confirmed",
        "reasons": [],
        "decide_by": None,
        "area": "face",
    }
    assert found.json["token"] in visit


def test_a_held_visit_says_why_and_until_when(api):
    clearance = api.clearance(last_toxin="2027-02-20")
    booked = api.book(clearance, at(WEEK)).json

    found = api.get(f"/appointments/{booked['token']}").json

    assert found["status"] == "held"
    assert found["reasons"] == booked["reasons"]
    assert found["decide_by"] == booked["decide_by"]


def test_the_calendar_file_says_nothing_about_health(api, visit):
    found = api.get(visit + "/calendar.ics")

    assert found.status_code == 200
    assert found.mimetype == "text/calendar"
    event = Calendar.from_ical(found.text).events[0]
    assert event["SUMMARY"] == "Appointment at Test Clinic"
    assert event.start.isoformat() == "2027-03-10T10:00:00+00:00"
    assert "needling" not in found.text.lower()


def test_foreign_tokens_open_nothing(api):
    tokens = ["x", "..", "a.b.c", "%00", "x" * 3000, "é", "null"]

    found = [
        api.get(f"/appointments/{token}{path}")
        for token in tokens
        for path in ("", "/calendar.ics")
    ]

    assert {(one.status_code, one.mimetype) for one in found} == {
        (404, "application/problem+json")
    }


def test_foreign_tokens_change_nothing(api, visit):
    # Not the last character: two of base64 can stand for the same bytes there.
    token = visit[:-9] + ("A" if visit[-9] != "A" else "B") + visit[-8:]

    found = [api.post(f"{token}/{call}", body).status_code for call, body in CHANGES]

    assert found == [404] * 3
    assert api.get(visit).json["status"] == "confirmed"


def test_a_revoked_token_opens_nothing(api, visit, session):
    session.query(Appointment).one().link_version += 1

    found = [api.post(f"{visit}/{call}", body).status_code for call, body in CHANGES]

    assert found == [404] * 3
    assert api.get(visit).status_code == 404


def test_opening_a_link_changes_nothing(api, visit):
    found = [api.get(f"{visit}/{call}") for call, _ in CHANGES]

    assert [(one.status_code, one.json["code"]) for one in found] == [
        (405, "method_not_allowed")
    ] * 3
    assert all("POST" in one.headers["Allow"] for one in found)
    assert api.get(visit).json["status"] == "confirmed"


def test_a_visit_is_moved(api, visit):
    found = api.post(f"{visit}/move", {"start": "2027-03-11T12:00:00Z"})

    assert found.status_code == 200
    assert found.json["status"] == "confirmed"
    assert found.json["start"] == "2027-03-11T12:00:00+00:00"
    assert api.get(visit).json["start"] == "2027-03-11T12:00:00+00:00"
    free = api.slots(api.clearance(), first_day=WEEK).json["days"][0]["slots"]
    assert {"2027-03-10T10:00:00+00:00"} <= {one["start"] for one in free}


def test_a_move_may_name_the_practitioner(api, visit):
    found = api.post(
        f"{visit}/move", {"start": "2027-03-11T12:00:00Z", "practitioner": 2}
    )

    assert found.json["practitioner"] == 2


def test_a_move_onto_a_hold_day_is_a_request(api):
    token = api.book(api.clearance(last_toxin="2027-02-20"), at(20)).json["token"]

    found = api.post(f"/appointments/{token}/move", {"start": "2027-03-16T12:00:00Z"})

    assert found.status_code == 202
    assert set(found.json) == KEYS - {"site", "treatment", "area"}
    assert found.json["status"] == "held"


def test_a_move_onto_a_refused_day_leaves_the_visit(api):
    token = api.book(api.clearance(last_toxin="2027-02-27"), at(27)).json["token"]

    found = api.post(f"/appointments/{token}/move", {"start": "2027-03-08T12:00:00Z"})

    assert (found.status_code, found.json["code"]) == (422, "refused")
    assert found.json["windows"]
    assert found.json["first_clear_day"] == "2027-03-27"
    shown = api.get(f"/appointments/{token}").json
    assert (shown["status"], shown["start"][:10]) == ("confirmed", "2027-03-30")


def test_a_move_onto_a_taken_slot_leaves_the_visit(api, visit, site):
    for contact in (builders.BOB, builders.Contact("Cy", "cy@example.com")):
        builders.book(site, at(8), contact=contact)

    found = api.post(f"{visit}/move", {"start": "2027-03-11T10:00:00Z"})

    assert (found.status_code, found.json["code"]) == (409, "slot_taken")
    assert len(found.json["nearest"]) == 3
    assert api.get(visit).json["start"] == "2027-03-10T10:00:00+00:00"


def test_too_late_is_a_conflict(api, visit, clock):
    clock.advance(timedelta(days=6, hours=1))

    moved = api.post(f"{visit}/move", {"start": "2027-03-11T10:00:00Z"})
    cancelled = api.post(f"{visit}/cancel")

    assert (moved.status_code, moved.json["code"]) == (409, "too_late")
    assert (cancelled.status_code, cancelled.json["code"]) == (409, "too_late")
    assert api.get(visit).json["status"] == "confirmed"


def test_a_visit_is_cancelled_once(api, visit):
    found = api.post(f"{visit}/cancel")
    again = api.post(f"{visit}/cancel")

    assert (found.status_code, found.json["status"]) == (200, "cancelled")
    assert set(found.json) == KEYS
    assert (again.status_code, again.json["code"]) == (409, "wrong_state")


def test_cancelling_frees_the_slot(api, visit):
    api.post(f"{visit}/cancel", {})

    free = api.slots(api.clearance(), first_day=WEEK, practitioner=1)
    starts = [one["start"] for one in free.json["days"][0]["slots"]]
    assert "2027-03-10T10:00:00+00:00" in starts


def test_a_new_answer_that_changes_nothing(api, visit):
    found = api.post(f"{visit}/answers", {"answers": {"last_facial": "2027-01-05"}})

    assert found.status_code == 200
    assert found.json == {
        "status": "confirmed",
        "windows": [],
        "first_clear_day": "2027-03-03",
    }


def test_a_new_answer_holds_the_visit_and_another_confirms_it(api, visit):
    held = api.post(f"{visit}/answers", {"answers": {"last_facial": "2027-03-02"}})
    clear = api.post(f"{visit}/answers", {"answers": {"last_facial": "2027-01-02"}})

    assert held.json["status"] == "held"
    assert {one["rule"] for one in held.json["windows"]} == {"R-60"}
    assert held.json["first_clear_day"] == "2027-03-16"
    assert clear.json["status"] == "confirmed"
    assert api.get(visit).json["status"] == "confirmed"


def test_a_new_answer_that_refuses_holds_the_visit_for_good(api, visit):
    found = api.post(f"{visit}/answers", {"answers": {"pregnant": "now"}})

    assert found.json["status"] == "held"
    assert found.json["first_clear_day"] is None


def test_bad_answers_leave_the_visit(api, visit):
    bad = [
        ({"sunburn": "2027-02-30"}, "sunburn"),
        ({"sunburn": "2028-02-01"}, "sunburn"),
        ({"sunburn": None}, "sunburn"),
        ({"sunburn": ""}, "sunburn"),
        ({"levitates": "yes"}, "levitates"),
        ([], "answers"),
        ("now", "answers"),
        (None, "answers"),
    ]

    found = [api.post(f"{visit}/answers", {"answers": given}) for given, _ in bad]

    assert [(one.status_code, fields(one)) for one in found] == [
        (422, [field]) for _, field in bad
    ]
    assert api.get(visit).json["status"] == "confirmed"


def test_acting_through_the_mailed_link_proves_the_address(api, visit, session):
    appointment = session.query(Appointment).one()
    mailed = links.mailed_token(appointment)

    api.get(f"/appointments/{mailed}")
    assert session.query(Appointment.proven_at).scalar() is None
    api.post(f"/appointments/{mailed}/move", {"start": "2027-03-11T12:00:00Z"})

    db.session.expire_all()
    assert session.query(Appointment.proven_at).scalar() is not None
