"""What the clinic offers, as a program reads it."""

from __future__ import annotations

from booking.db import db
from booking.models import Resource, Treatment
from tests.api.calls import fields

QUESTION_KEYS = {
    "id",
    "text",
    "help",
    "kind",
    "choices",
    "asked_if",
    "area_specific",
    "valid_days",
    "clear_answer",
    "rules",
}


def test_sites_are_listed(api):
    found = api.get("/sites")

    assert found.status_code == 200
    assert found.json == [{"id": 1, "name": "Test Clinic", "timezone": "Europe/London"}]


def test_a_treatment_says_how_long_a_first_visit_takes(api):
    found = {one["id"]: one for one in api.get("/treatments").json}

    assert len(found) == 12
    assert found["microneedling"] == {
        "id": "microneedling",
        "name": found["microneedling"]["name"],
        "minutes": 105,  # consultation 20, numbing 30, needling 45, calming 10
        "areas": found["microneedling"]["areas"],
        "practitioners": [{"id": 1, "name": "Cleo"}, {"id": 2, "name": "Dan"}],
    }
    assert all("face" in one["areas"] for one in found.values())


def test_who_has_left_or_lacks_the_skill_is_not_listed(api):
    cleo, dan = db.session.get_one(Resource, 1), db.session.get_one(Resource, 2)
    cleo.active = False
    dan.capabilities = [c for c in dan.capabilities if c.name != "laser"]

    found = {one["id"]: one for one in api.get("/treatments").json}

    assert found["facial"]["practitioners"] == [{"id": 2, "name": "Dan"}]
    assert found["laser"]["practitioners"] == []


def test_a_treatment_that_is_switched_off_is_not_offered(api):
    db.session.get_one(Treatment, "waxing").active = False

    assert "waxing" not in [one["id"] for one in api.get("/treatments").json]
    assert api.get("/treatments/waxing/questions?area=face").status_code == 404


def test_questions_carry_the_keys_of_the_contract(api):
    found = api.get("/treatments/microneedling/questions?area=face").json

    assert set(found) == {"rulebook", "questions"}
    assert all(set(one) == QUESTION_KEYS for one in found["questions"])
    by_id = {one["id"]: one for one in found["questions"]}
    assert by_id["sunburn"]["kind"] == "when"
    assert by_id["sunburn"]["area_specific"] is True
    assert by_id["sunburn"]["clear_answer"] == "never"
    assert "R-18" in by_id["sunburn"]["rules"]
    assert by_id["pregnant"]["asked_if"] is None
    assert by_id["needling_depth"]["asked_if"]["question"] == "last_needling"
    assert {one["value"] for one in by_id["skin_type"]["choices"]} >= {"I", "VI"}


def test_a_consultation_asks_nothing(api):
    found = api.get("/treatments/consultation/questions?area=face")

    assert found.json["questions"] == []


def test_questions_of_an_unknown_treatment_are_not_there(api):
    found = api.get("/treatments/levitation/questions?area=face")

    assert (found.status_code, found.json["code"]) == (404, "not_found")
    assert fields(found) == ["treatment"]


def test_questions_need_an_area_of_the_treatment(api):
    missing = api.get("/treatments/microneedling/questions")
    unknown = api.get("/treatments/microneedling/questions?area=moon")

    assert (missing.status_code, fields(missing)) == (422, ["area"])
    assert (unknown.status_code, fields(unknown)) == (422, ["area"])
