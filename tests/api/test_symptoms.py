"""A program tells how the patient is, and is told what to do now."""

from __future__ import annotations

import json

import pytest

from booking import links, tasks
from booking.symptoms import reports
from tests import builders
from tests.api.calls import fields
from tests.builders import at


@pytest.fixture
def done(site):
    return builders.complete(builders.book_at_desk(site, at(1)).appointment)


@pytest.fixture
def path(done, session, clock):
    clock.set(at(4, 14))
    session.commit()
    return f"/appointments/{links.visit_token(done)}/symptoms"


def test_a_red_flag_says_what_to_do_now(api, path, site):
    found = api.post(path, {"signs": ["F-01", "F-08"], "text": "It began today."})

    assert found.status_code == 200, found.text
    body = found.json
    assert (body["answer"], body["urgency"]) == ("call", "emergency")
    assert body["do_now"] == "Call the emergency number now"
    assert [sign["id"] for sign in body["signs"]] == ["F-08", "F-01"]
    assert body["call_by"] is None
    assert "emergency number" in body["meanwhile"]
    assert [task.kind for task in tasks.waiting(site)] == ["symptom"]


def test_a_sign_of_the_day_is_called_back_while_we_are_open(api, path):
    body = api.post(path, {"signs": ["F-02"]}).json

    assert (body["urgency"], body["do_now"]) == ("today", "Call us today")
    assert body["call_by"] == "2027-03-07T17:00:00+00:00"
    assert body["open_again"] is None


def test_at_night_no_call_is_promised(api, path, clock):
    clock.set(at(4, 23))

    body = api.post(path, {"signs": ["F-02"]}).json

    assert body["do_now"] == "We are closed: do not wait for us if it gets worse"
    assert (body["call_by"], body["open_again"]) == (None, "2027-03-08T09:00:00+00:00")


@pytest.mark.parametrize("body", [{"signs": []}, {"signs": ["F-15"], "text": ""}])
def test_nothing_to_worry_about_is_fine(api, path, body, site):
    found = api.post(path, body).json

    assert (found["answer"], found["urgency"], found["meanwhile"]) == (
        "fine",
        "none",
        "",
    )
    assert tasks.waiting(site) == []


def test_words_alone_are_a_call(api, path):
    assert api.post(path, {"signs": [], "text": "It itches"}).json["urgency"] == "today"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "signs"),
        ({"signs": "F-01"}, "signs"),
        ({"signs": None}, "signs"),
        ({"signs": ["F-99"]}, "signs"),
        ({"signs": ["F-14"]}, "signs"),
        ({"signs": [1]}, "signs.0"),
        ({"signs": ["F-01"] * 51}, "signs"),
        ({"signs": [], "text": "x" * 2001}, "text"),
        ({"signs": [], "text": "\x00"}, "text"),
        ({"signs": [], "pain": 3}, "pain"),
    ],
)
def test_bad_input_names_its_field_and_stores_nothing(api, path, done, body, field):
    found = api.post(path, body)

    assert found.status_code == 422
    assert fields(found) == [field]
    assert reports.of_visit(done.id) == []


def test_a_visit_to_come_has_no_symptoms(api, site, session):
    visit = builders.book_at_desk(site, at(9)).appointment
    token = links.mailed_token(visit)
    session.commit()

    found = api.post(f"/appointments/{token}/symptoms", {"signs": ["F-01"]})

    assert (found.status_code, found.json["code"]) == (409, "wrong_state")
    assert "emergency number" in found.json["detail"]


def test_a_foreign_token_reports_nothing(api):
    assert api.post("/appointments/x/symptoms", {"signs": []}).status_code == 404


def test_the_answer_is_the_same_whatever_the_records_say(api, path, site, done):
    """I-9b: somebody with the shown link learns nothing of a visit to come."""
    before = api.post(path, {"signs": ["F-11"]}).json
    builders.book_at_desk(site, at(60), now=at(4, 14))

    after = api.post(path, {"signs": ["F-11"], "text": "again"}).json

    assert json.dumps(before) == json.dumps(after)
