"""The manager's pages of opening hours: what is typed, asked, refused and saved."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from booking.models import Absence, Closure, HoursException, OpeningHours, Task
from tests import builders
from tests.builders import at, book_at_desk
from tests.web.staff import sign_in, text_of

HOURS = "/desk/settings/hours"
DAY = at(6).date().isoformat()


@pytest.fixture
def site(session):
    return builders.make_clinic()


@pytest.fixture
def manager(client, site):
    sign_in(client, "manager", name="Max Boss")
    return client


@pytest.fixture
def cleo(site):
    return next(r.id for r in site.resources if r.name == "Cleo")


def fields(answer) -> dict[str, str]:
    """What the form of a page carries, by name."""
    page = answer.get_data(as_text=True).partition("<main")[2]
    found = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        given = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in given and given.get("type") not in ("checkbox", "radio"):
            found[given["name"]] = html.unescape(given.get("value", ""))
    return found


def week(client, who, **changes):
    """The form of a week as the page shows it, with other hours on some days."""
    shown = fields(client.get(f"{HOURS}/week/{who}"))
    return shown | {f"day-{n[1:]}": hours for n, hours in changes.items()}


def post(client, path, **data):
    return client.post(f"{HOURS}/{path}", data=data)


def away(client, who, **data):
    return post(client, "away", who=who, first_day=DAY, last_day=DAY, **data)


def test_only_a_manager_finds_these_pages(client, site):
    sign_in(client, "reception", "clinician")

    assert 'href="/desk/settings/hours"' not in client.get("/desk/").text
    for path in ("", "/week/clinic", "/day", "/away", "/closed"):
        assert client.get(HOURS + path).status_code == 403
        assert client.post(HOURS + path).status_code in (403, 405)
    assert client.get("/desk/settings/clinic").status_code == 403
    assert client.post("/desk/settings/clinic").status_code == 403


def test_a_week_is_changed(manager, session, cleo):
    assert 'href="/desk/settings/hours"' in manager.get("/desk/").text
    form = week(manager, cleo, d0="9-12, 13:00-18:00", d6="")

    saved = manager.post(f"{HOURS}/week/{cleo}", data=form)

    assert saved.status_code == 303
    page = text_of(manager.get(saved.headers["Location"]))
    assert "The hours are changed, from now on." in page
    assert "Monday: 09:00–12:00, 13:00–18:00; Tuesday to Saturday: 09:00–17:00." in page
    assert "Outside the clinic’s hours" in page
    rows = select(OpeningHours).where(OpeningHours.resource_id == cleo)
    assert {row.weekday for row in session.scalars(rows)} == {0, 1, 2, 3, 4, 5}


def test_a_mistake_stands_beside_its_day_with_what_was_typed(manager, session, cleo):
    form = week(manager, cleo, d2="12:00-09:00", d3="<b>soon</b>")

    answer = manager.post(f"{HOURS}/week/{cleo}", data=form)

    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'id="day-2-error"' in page
    assert 'id="day-3-error"' in page
    assert "ends before it begins" in page
    assert "Nothing was changed." in page
    assert fields(answer)["day-2"] == "12:00-09:00"
    assert fields(answer)["day-3"] == "<b>soon</b>"


def test_who_saves_second_sees_what_the_first_one_saved(manager, cleo):
    first = week(manager, cleo, d1="10:00-16:00")
    second = week(manager, cleo, d1="08:00-12:00")
    manager.post(f"{HOURS}/week/{cleo}", data=first)

    answer = manager.post(f"{HOURS}/week/{cleo}", data=second)

    assert answer.status_code == 409
    assert "Somebody else changed these hours" in text_of(answer)
    assert "Now: 10:00-16:00" in text_of(answer)
    assert fields(answer)["day-1"] == "08:00-12:00"
    again = manager.post(f"{HOURS}/week/{cleo}", data=fields(answer))
    assert again.status_code == 303


def test_visits_in_the_way_are_listed_and_kept_as_tasks(manager, site, session, cleo):
    visit = book_at_desk(site, at(6), practitioner=cleo).appointment

    asked = away(manager, cleo, reason="Leeds")

    assert asked.status_code == 409
    page = text_of(asked)
    assert "1 visit in the time you close" in page
    assert "Tue 9 Mar 10:00 Cleo Ada Fair" in page
    assert session.scalars(select(Absence)).all() == []
    typed = fields(asked)
    assert (typed["reason"], typed["who"]) == ("Leeds", str(cleo))

    slip = manager.post(f"{HOURS}/away", data=typed | {"number": "11"})
    assert slip.status_code == 409
    assert 'id="number-error"' in slip.get_data(as_text=True)
    saved = manager.post(f"{HOURS}/away", data=typed | {"number": "1"})

    assert saved.status_code == 303
    page = text_of(manager.get(saved.headers["Location"]))
    assert "1 visit for the desk to see to." in page
    assert "Cleo: Tue 9 Mar (Leeds)" in page
    task = session.scalars(select(Task)).one()
    assert (task.kind, task.appointment_id) == ("outside_hours", visit.id)
    listed = text_of(manager.get("/desk/tasks"))
    assert "Visit outside opening hours" in listed
    done = {"outcome": "kept", "note": ""}
    assert manager.post(f"/desk/tasks/{task.id}/done", data=done).status_code == 303


def test_hidden_names_stay_hidden_on_the_list(manager, site, cleo):
    book_at_desk(site, at(6), practitioner=cleo)
    manager.post("/desk/names", data={"back": "/desk/"})

    asked = text_of(away(manager, cleo))

    assert "A. F." in asked
    assert "Ada" not in asked


def test_going_back_keeps_what_was_typed(manager, site, session, cleo):
    book_at_desk(site, at(6), practitioner=cleo)
    asked = fields(away(manager, cleo, reason="Leeds"))

    answer = manager.post(f"{HOURS}/away", data=asked | {"back": "yes"})

    assert answer.status_code == 200
    assert fields(answer)["reason"] == "Leeds"
    assert session.scalars(select(Absence)).all() == []


def test_one_day_an_absence_and_a_closure_come_and_go(manager, session, cleo):
    post(manager, "day", who=["clinic", str(cleo)], day=DAY, hours="09:00-20:00")
    away(manager, cleo, first_time="12:00", last_time="13:00")
    post(manager, "closed", first_day="2027-04-01", last_day="2027-04-03", name="Move")
    page = text_of(manager.get(HOURS))

    assert "Tuesday 9 March, Test Clinic: 09:00–20:00" in page
    assert "Cleo: Tue 9 Mar 12:00 to Tue 9 Mar 13:00" in page
    assert "Thursday 1 April to Saturday 3 April: Move" in page
    number = session.scalars(select(Absence.id)).one()
    for path, data in (
        ("day/end", {"who": "clinic", "day": DAY}),
        ("day/end", {"who": str(cleo), "day": DAY}),
        (f"away/{number}/end", {}),
        (
            "closed/end",
            {"first_day": "2027-04-01", "last_day": "2027-04-03", "name": "Move"},
        ),
    ):
        assert post(manager, path, **data).status_code == 303, path
        again = post(manager, path, **data)
        assert again.status_code == 404, path
        assert "There is a problem" in text_of(again)
    for model in (HoursException, Absence, Closure):
        assert session.scalars(select(model)).all() == []


@pytest.mark.parametrize(
    ("path", "data", "field"),
    [
        ("day", {"who": "99", "day": DAY, "hours": "09:00-12:00"}, "who"),
        ("day", {"who": "clinic", "day": "30 February", "hours": "9-12"}, "day"),
        ("day", {"who": "clinic", "day": DAY, "hours": "9-12\x00"}, "hours"),
        ("away", {"who": "99", "first_day": DAY, "last_day": DAY}, "who"),
        ("away", {"who": "2", "first_day": "0001-01-01"}, "first_day"),
        ("closed", {"first_day": DAY, "name": "\x00"}, "name"),
        ("closed", {"first_day": DAY, "last_day": "2027-03-01"}, "last_day"),
        ("holidays", {"country": "Atlantis"}, "country"),
        ("day", {}, "who"),
        ("away", {}, "who"),
        ("closed", {}, "first_day"),
    ],
)
def test_bad_input_names_its_field(manager, session, path, data, field):
    seen = fields(manager.get(f"{HOURS}/{path}")).get("seen", "")
    answer = post(manager, path, seen=seen, **data)

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.get_data(as_text=True)
    for model in (HoursException, Absence, Closure):
        assert session.scalars(select(model)).all() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "week/99"),
        ("post", "week/99"),
        ("get", "week/x"),
        ("post", "away/99/end"),
        ("post", "away/99999999999999999999/end"),
    ],
)
def test_what_is_not_there_is_not_found(manager, method, path):
    assert getattr(manager, method)(f"{HOURS}/{path}").status_code == 404


def test_a_form_without_its_token_changes_nothing(app, manager, session):
    app.config["WTF_CSRF_ENABLED"] = True

    answer = post(manager, "closed", first_day=DAY, name="Move")

    assert answer.status_code == 400
    assert session.scalars(select(Closure)).all() == []
