"""From answers to a clearance."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from booking.models import Screening
from tests.api.calls import fields

KEYS = {
    "clearance",
    "rulebook",
    "today",
    "verdict_today",
    "first_clear_day",
    "earliest_bookable_day",
    "windows",
    "notices",
    "unanswered",
}
WINDOW_KEYS = {"rule", "verdict", "from", "until", "reason", "release_by", "sources"}
STORED = select(func.count()).select_from(Screening)


def _clear(api, **changes):
    body = {"treatment": "microneedling", "area": "face"}
    return api.post("/clearances", body | {"answers": api.answers(**changes)})


def test_clear_answers_clear_today(api):
    found = _clear(api)

    assert found.status_code == 200
    assert set(found.json) == KEYS
    assert found.json["today"] == "2027-03-03"
    assert found.json["verdict_today"] == "clear"
    assert found.json["first_clear_day"] == "2027-03-03"
    assert found.json["earliest_bookable_day"] == "2027-03-03"
    assert found.json["windows"] == []
    assert found.json["unanswered"] == []
    assert all(set(one) == {"rule", "text"} for one in found.json["notices"])


def test_recent_toxin_refuses_then_holds(api):
    found = _clear(api, last_toxin="2027-02-27").json

    windows = {one["verdict"]: one for one in found["windows"]}
    assert all(set(one) == WINDOW_KEYS for one in found["windows"])
    assert windows["refuse"]["rule"] == windows["hold"]["rule"] == "R-55"
    assert windows["refuse"]["from"] == "2027-03-03"
    assert windows["refuse"]["until"] == windows["hold"]["from"] == "2027-03-13"
    assert windows["hold"]["until"] == "2027-03-27"
    assert windows["hold"]["release_by"] == "reception"
    assert windows["hold"]["reason"]
    assert windows["hold"]["sources"]
    assert found["verdict_today"] == "refuse"
    assert found["earliest_bookable_day"] == "2027-03-13"
    assert found["first_clear_day"] == "2027-03-27"


def test_an_open_ended_window_has_no_first_clear_day(api):
    found = _clear(api, pregnant="now").json

    assert found["windows"][0]["until"] is None
    assert found["first_clear_day"] is None
    assert found["earliest_bookable_day"] is None


def test_a_missing_answer_is_named_and_not_clear(api):
    found = _clear(api, pregnant=None).json

    assert found["unanswered"] == ["pregnant"]
    assert found["verdict_today"] != "clear"


def test_the_day_is_the_one_of_the_site(api, clock, session, site):
    site.timezone = "Pacific/Auckland"
    clock.set(clock.now.replace(hour=20))

    assert _clear(api).json["today"] == "2027-03-04"


def test_the_site_may_be_named(api):
    body = {"treatment": "facial", "area": "face", "answers": {}, "site": 1}

    assert api.post("/clearances", body).status_code == 200
    refused = api.post("/clearances", body | {"site": 2})
    assert (refused.status_code, fields(refused)) == (422, ["site"])


def test_bad_answers_are_named_and_nothing_is_stored(api, session):
    found = _clear(
        api, sunburn="2027-02-30", pregnant=None, levitates="yes", last_peel="tomorrow"
    )

    assert found.status_code == 422
    assert found.json["code"] == "invalid"
    assert sorted(fields(found)) == ["last_peel", "levitates", "sunburn"]
    assert session.scalar(STORED) == 0


def test_an_answer_to_no_question_at_all_is_an_error_of_the_answers(api):
    body = {"treatment": "facial", "area": "face", "answers": {" ": "yes", "": "no"}}

    assert fields(api.post("/clearances", body)) == ["answers", "answers"]


def test_a_clearance_ends_after_a_day(api, clock):
    clearance = api.clearance()
    clock.advance(timedelta(hours=23, minutes=59))
    assert api.slots(clearance, first_day=1).status_code == 200

    clock.advance(timedelta(minutes=1))

    found = api.slots(clearance, first_day=1)
    assert (found.status_code, found.json["code"]) == (422, "clearance_expired")
    assert fields(found) == ["clearance"]


def test_the_token_says_nothing_and_is_not_stored(api, session):
    clearance = api.clearance(last_toxin="2027-02-27")

    row = session.scalar(select(Screening))
    assert len(clearance) >= 32
    assert clearance not in repr(vars(row))
