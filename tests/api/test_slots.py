"""The calendar that fits a clearance."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from booking import screenings
from booking.db import db
from booking.diary.calendar import days
from booking.models import Closure, Resource, Site
from tests import builders
from tests.api.calls import fields
from tests.builders import at

WEEK = builders.TODAY + timedelta(days=7)


def test_every_calendar_day_has_an_entry(api):
    found = api.slots(api.clearance(), days=92)

    assert found.status_code == 200
    assert set(found.json) == {"days", "first_clear_slot"}
    listed = [one["day"] for one in found.json["days"]]
    assert (listed[0], listed[-1], len(listed)) == ("2027-03-03", "2027-06-02", 92)
    for one in found.json["days"]:
        assert set(one) == {"day", "verdict", "reasons", "slots"}


def test_a_slot_carries_the_offset_of_the_site(api):
    winter, summer = (
        api.slots(api.clearance(), first_day=day).json["days"][0]["slots"]
        for day in (builders.TODAY.replace(day=10), builders.TODAY.replace(month=4))
    )

    assert winter[0] == {
        "start": "2027-03-10T09:00:00+00:00",
        "end": "2027-03-10T10:45:00+00:00",
        "practitioner": 1,
    }
    assert summer[0]["start"] == "2027-04-03T09:00:00+01:00"
    assert summer[0]["end"] == "2027-04-03T10:45:00+01:00"


def test_one_slot_per_start_and_practitioner(api):
    found = api.slots(api.clearance(), first_day=WEEK).json["days"][0]["slots"]

    first = [one["practitioner"] for one in found if "T09:00" in one["start"]]
    assert first == [1, 2]
    assert found == sorted(found, key=lambda one: (one["start"], one["practitioner"]))


@pytest.mark.parametrize("changes", [{}, {"last_toxin": "2027-02-27"}])
@pytest.mark.parametrize("practitioner", [None, 2])
def test_the_text_says_what_the_diary_says(api, site, now, changes, practitioner):
    """The fast way against the plain one, over the change of the clock."""
    clearance = api.clearance(**changes)
    more = {} if practitioner is None else {"practitioner": practitioner}

    found = api.slots(clearance, days=40, **more).json

    row = screenings.find(clearance, now=now)
    plain = days(
        site,
        "microneedling",
        screenings.clearance_of(row),
        first_day=builders.TODAY,
        days=40,
        now=now,
        practitioner=practitioner,
    )
    assert [one["day"] for one in found["days"]] == [str(one.day) for one in plain]
    assert [one["verdict"] for one in found["days"]] == [one.verdict for one in plain]
    assert [
        [(datetime.fromisoformat(s["start"]), s["practitioner"]) for s in one["slots"]]
        for one in found["days"]
    ] == [[(s.start, s.practitioner) for s in one.slots] for one in plain]
    assert [
        datetime.fromisoformat(s["end"]) for one in found["days"] for s in one["slots"]
    ] == [s.end for one in plain for s in one.slots]


def test_refused_days_have_reasons_and_no_slots(api):
    found = api.slots(api.clearance(last_toxin="2027-02-27"), days=30).json["days"]

    by_day = {one["day"]: one for one in found}
    assert by_day["2027-03-12"]["verdict"] == "refuse"
    assert by_day["2027-03-12"]["slots"] == []
    assert all(by_day["2027-03-12"]["reasons"])
    assert by_day["2027-03-13"]["verdict"] == "hold"
    assert by_day["2027-03-13"]["slots"]
    assert by_day["2027-03-27"] == by_day["2027-03-27"] | {
        "verdict": "clear",
        "reasons": [],
    }


def test_closed_days_keep_their_verdict(api, site):
    db.session.add(Closure(site_id=site.id, day=WEEK, name="Stocktaking"))

    found = api.slots(api.clearance(), first_day=WEEK).json["days"][0]

    assert found == {
        "day": "2027-03-10",
        "verdict": "clear",
        "reasons": [],
        "slots": [],
    }


def test_a_hold_too_soon_to_decide_asks_to_call(api):
    found = api.slots(api.clearance(weak_immunity="unsure"), days=4).json["days"]

    calls = ["call us" in " ".join(one["reasons"]).lower() for one in found]
    assert [one["verdict"] for one in found] == ["hold"] * 4
    assert calls == [True, True, False, False]
    assert [bool(one["slots"]) for one in found] == [False, False, True, True]
    # 48 hours from 10:00 on the 3rd
    assert found[2]["slots"][0]["start"] == "2027-03-05T10:00:00+00:00"


def test_the_first_clear_slot_may_lie_beyond_the_days(api):
    clearance = api.clearance(last_toxin="2027-02-27")

    found = api.slots(clearance, days=10).json["first_clear_slot"]

    assert found == {
        "start": "2027-03-27T09:00:00+00:00",
        "end": "2027-03-27T10:45:00+00:00",
        "practitioner": 1,
    }


def test_the_first_clear_slot_is_the_earliest_in_the_list(api):
    found = api.slots(api.clearance(), days=3).json

    assert found["first_clear_slot"] == found["days"][0]["slots"][0]
    # two hours' notice from 10:00
    assert found["first_clear_slot"]["start"] == "2027-03-03T12:00:00+00:00"


def test_without_a_clear_day_there_is_no_first_clear_slot(api):
    found = api.slots(api.clearance(pregnant="now"), days=5).json

    assert found["first_clear_slot"] is None


def test_a_full_diary_has_no_first_clear_slot(api):
    for resource in db.session.query(Resource).filter_by(kind="room"):
        resource.active = False

    found = api.slots(api.clearance(), days=2).json

    assert found["first_clear_slot"] is None
    assert [one["slots"] for one in found["days"]] == [[], []]


def test_slots_of_one_practitioner(api):
    found = api.slots(api.clearance(), first_day=WEEK, practitioner=2).json

    assert {one["practitioner"] for one in found["days"][0]["slots"]} == {2}
    assert found["first_clear_slot"]["practitioner"] == 2


def test_a_booked_slot_is_gone(api, site):
    builders.book(site, at(WEEK, 9), practitioner=1)

    found = api.slots(api.clearance(), first_day=WEEK).json["days"][0]["slots"]

    assert found[0]["practitioner"] == 2


ODD = {
    "days": ["0", "93", "-1", "many", "", "1e1", "1_0", "１", "9" * 5000],
    "from": ["2027-03-02", "2027-02-30", "0001-01-01", "9999-12-31", "20270310", "now"],
    "site": ["0", "2", "99999999999999999999", "Willow", ""],
    "practitioner": ["0", "3", "999", "Cleo", ""],
    "clearance": ["nobody's", "", "x" * 9000, "\x00", "é" * 90],
}


@pytest.mark.parametrize("field", ODD)
def test_odd_questions_are_refused_by_field(api, field):
    query = {"clearance": api.clearance(), "site": 1, "from": "2027-03-10", "days": 1}

    found = {
        value: api.get("/slots", query_string=query | {field: value})
        for value in ODD[field]
    }

    assert {value: (one.status_code, fields(one)) for value, one in found.items()} == {
        value: (422, [field]) for value in ODD[field]
    }


def test_missing_parameters_are_named(api):
    found = api.get("/slots")

    assert found.status_code == 422
    assert sorted(fields(found)) == ["clearance", "days", "from", "site"]


def test_answers_given_for_another_site_do_not_count(api, session):
    clearance = api.clearance()
    other = {"name": "Other", "timezone": "Asia/Tokyo", "address": "", "phone": ""}
    session.add(Site(email="other@clinic.example", **other))

    found = api.slots(clearance, first_day=WEEK, site=2)

    assert (found.status_code, fields(found)) == (422, ["site"])
