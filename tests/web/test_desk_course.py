"""A course at the desk: for a caller, on the visit's page, moved; and what if."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from booking.courses import bookings
from booking.courses.places import Place
from booking.models import Appointment, AuditEvent
from tests.builders import ADA, RECEPTION, at, book_at_desk, make_clinic, screen
from tests.clock import NOW
from tests.web.patient_walk import words
from tests.web.staff import sign_in


@pytest.fixture(scope="session")
def engine_name():
    # What the database decides is tested on both engines beside the use cases.
    return "sqlite"


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def desk(client, site):
    sign_in(client, "reception")
    return client


def fields(answer, pattern):
    body = answer.get_data(as_text=True)
    found = re.findall(rf'name="({pattern})" value="([^"]*)"', body)
    return {name: html.unescape(value) for name, value in found}


def screened_trip(desk, site, patient_id=""):
    answer = desk.post(
        "/desk/book", data={"what": "microneedling/face", "patient": patient_id}
    )
    key = answer.location.split("/")[3]
    token = screen(site).token
    with desk.session_transaction() as cookie:
        cookie["journeys"][key]["screening"] = token
        cookie.modified = True
    return f"/desk/book/{key}"


def typed(answer):
    """The plan's form as the page fills it in."""
    body = answer.get_data(as_text=True)
    times = re.findall(r'id="(start-\d)" name="start-\d" value="([^"]*)"', body)
    who = re.findall(r'name="(with-\d)".*?value="(\d+)" selected', body, re.DOTALL)
    return dict(times) | dict(who)


def a_course(site):
    chosen = [Place(at(1 + 35 * n), None) for n in range(3)]
    return bookings.book_at_desk(
        screen(site).screening, chosen, ADA, now=NOW, actor=RECEPTION
    ).visits


def visits(session):
    session.expire_all()
    return session.scalars(select(Appointment).order_by(Appointment.id)).all()


def test_a_caller_gets_a_course_in_one_go(session, desk, site):
    place = screened_trip(desk, site)
    assert "Plan a course of 3 visits" in words(desk.get(f"{place}/times"))
    form = typed(desk.get(f"{place}/course"))
    assert len([name for name in form if name.startswith("start")]) == 3

    answer = desk.post(
        f"{place}/course", data=form | {"name": "Ada Fair", "email": "ada@example.com"}
    )

    assert answer.status_code == 303, words(answer)
    assert [visit.status for visit in visits(session)] == ["confirmed"] * 3
    shown = words(desk.get(answer.location))
    assert "Course of 3 visits" in shown
    assert "35 days after the one before" in shown


def test_the_desk_may_change_a_time_within_the_gate(session, desk, site):
    place = screened_trip(desk, site)
    form = typed(desk.get(f"{place}/course"))
    who = {"name": "Ada Fair", "email": "ada@example.com"}

    close = form | {"start-2": "2027-03-25T10:00"} | who
    refused = desk.post(f"{place}/course", data=close)
    assert refused.status_code == 422
    assert "Nothing was changed" in words(refused)
    assert 'value="2027-03-25T10:00"' in refused.get_data(as_text=True)
    assert visits(session) == []

    held = form | {"start-2": "2027-04-01T10:00"} | who  # 29 days: reception decides
    answer = desk.post(f"{place}/course", data=held)
    assert answer.status_code == 303, words(answer)
    assert "held" in [visit.status for visit in visits(session)]


@pytest.mark.parametrize("bad", ["", "tomorrow", "2027-04-08T10:00+01:00"])
def test_a_time_that_is_none_is_named(session, desk, site, bad):
    place = screened_trip(desk, site)
    form = typed(desk.get(f"{place}/course")) | {"start-2": bad}

    answer = desk.post(f"{place}/course", data=form | {"name": "A", "email": "a@b.cd"})

    assert answer.status_code == 422
    assert "Give the day and the time." in words(answer)


def test_moving_at_the_desk_moves_the_rest_too(session, desk, site):
    second = a_course(site)[1]
    session.commit()
    page = f"/desk/visits/{second.id}/move/to"
    shown = desk.get(page, query_string={"start": at(45).isoformat()})
    assert "too soon" in words(shown)
    assert "Moving only this visit is not safe" in words(shown)

    answer = desk.post(
        page,
        data={
            "start": at(45).isoformat(),
            "practitioner": "",
            "rest_how": "all",
            **fields(shown, "rest"),
        },
    )

    assert answer.status_code == 303, words(answer)
    days = [visit.starts_at.date() for visit in visits(session)]
    assert (days[1] - days[0]).days == 44
    assert 30 <= (days[2] - days[1]).days <= 42


def test_keeping_the_rest_too_close_is_refused_at_the_desk(session, desk, site):
    second = a_course(site)[1]
    session.commit()

    answer = desk.post(
        f"/desk/visits/{second.id}/move/to",
        data={"start": at(45).isoformat(), "practitioner": "", "rest_how": "one"},
    )

    assert answer.status_code == 422
    assert visits(session)[1].starts_at == at(36)


def test_what_if_names_the_visits_that_would_change(session, desk, site):
    needling = book_at_desk(site, at(30)).appointment
    session.commit()
    page = f"/desk/patients/{needling.patient_id}/what-if"

    shown = desk.get(
        page,
        query_string={
            "what": "botulinum_toxin/face",
            "day": "2027-03-21",
            "then": "microneedling/face",
        },
    )

    text = words(shown)
    assert "Clear would become Refused" in text
    assert "The next 120 days for the other treatment" in text
    read = select(AuditEvent.id).where(
        AuditEvent.action == "read", AuditEvent.subject_kind == "patient"
    )
    assert session.scalars(read).all()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"what": "filler/face"}, "Give the day"),
        ({"what": "filler/face", "day": "2020-01-01"}, "today or a later day"),
    ],
)
def test_what_if_says_what_is_missing(session, desk, site, query, said):
    needling = book_at_desk(site, at(30)).appointment
    session.commit()

    shown = desk.get(
        f"/desk/patients/{needling.patient_id}/what-if", query_string=query
    )

    assert said in words(shown)


def test_booking_for_a_caller_shows_what_it_does_to_their_visits(session, desk, site):
    needling = book_at_desk(site, at(60)).appointment
    session.commit()
    place = screened_trip(desk, site, str(needling.patient_id))

    shown = words(
        desk.get(f"{place}/confirm", query_string={"start": at(40).isoformat()})
    )

    assert "The patient’s other visits" in shown
    assert "Clear would become Refused" in shown
