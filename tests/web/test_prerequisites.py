"""The pages about what must come first."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import prerequisites
from booking.models import Record, Treatment
from screening import Requirement
from tests import builders
from tests.builders import MANAGER
from tests.clock import NOW
from tests.web.patient_walk import ADA, site, walk, words
from tests.web.staff import sign_in, text_of

__all__ = ["site", "walk"]

TALK = Requirement("consultation", least_hours=24, valid_days=100)


def test_a_manager_sets_what_comes_first(client, session):
    builders.make_clinic()
    sign_in(client, "manager")
    form = {
        "consultation": "yes",
        "consultation_hours": "24",
        "consultation_days": "100",
    }

    answer = client.post("/desk/settings/before/laser", data=form)
    page = text_of(client.get("/desk/settings/before"))

    assert answer.status_code == 303
    assert session.get(Treatment, "laser").prerequisites == [
        {"kind": "consultation", "least_hours": 24, "valid_days": 100}
    ]
    assert "A consultation at least 24 hours before; it counts for 100 days." in page


@pytest.mark.parametrize("typed", ["", "-3", "1.5", "many", "9999999"])
def test_a_number_that_is_none_is_named_and_what_was_typed_stays(
    client, session, typed
):
    builders.make_clinic()
    sign_in(client, "manager")
    form = {
        "patch_test": "yes",
        "patch_test_hours": typed,
        "patch_test_days": "100",
    }

    answer = client.post("/desk/settings/before/laser", data=form)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'href="#patch_test_hours"' in page
    assert 'value="100"' in page
    assert session.get(Treatment, "laser").prerequisites is None


def test_the_calendar_offers_the_consultation_first_and_leads_back(walk):
    prerequisites.change(walk.site, "microneedling", [TALK], now=NOW, actor=MANAGER)
    walk.start()
    walk.answer()
    walk.post("check")
    waiting = walk.key
    calendar = walk.get("calendar")
    answer = walk.client.post(f"/book/consultation/face?then={waiting}")
    walk.key = answer.location.split("/")[2]
    while "questions" in answer.location:
        answer = walk.answer()
    walk.post("check")
    visit = walk.choose("2027-03-04T10:00:00+00:00")
    assert visit.status_code == 303
    with walk.post("details", ADA) as booked:
        page = walk.client.get(booked.location)

    assert "You need a consultation at least 24 hours before" in words(calendar)
    assert f"/book/consultation?then={waiting}" in calendar.get_data(as_text=True)
    assert "And now your microneedling" in words(page)
    assert f"/booking/{waiting}/calendar" in page.get_data(as_text=True)


def test_a_clinician_enters_the_result_of_a_patch_test(client, session):
    site = builders.make_clinic()
    ada = builders.book_at_desk(site, builders.at(2)).appointment.patient
    sign_in(client, "clinician")
    form = {
        "treatment": "laser",
        "day": "2027-03-02",
        "result": "passed",
        "how_known": "Read by Dr Cleo",
    }

    bad = client.post(f"/desk/patients/{ada.id}/patch-test", data=form | {"day": ""})
    good = client.post(f"/desk/patients/{ada.id}/patch-test", data=form)

    record = session.scalars(select(Record)).one()
    assert (bad.status_code, good.status_code) == (422, 303)
    assert (record.kind, record.subject) == ("patch_test", "laser")
    assert record.value == {"value": "passed"}
