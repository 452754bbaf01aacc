"""Asking to be called, and the calls on the desk's list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import maintenance
from booking.errors import NotAllowed
from booking.models import AuditEvent, CallBack
from booking.tasks import call_backs
from booking.tasks.call_backs import Wish
from tests import builders
from tests.clock import NOW
from tests.web.patient_walk import site, title, walk, words
from tests.web.staff import sign_in, text_of

__all__ = ["site", "walk"]

ADA = {"name": "Ada Fair", "phone": "020 7946 0001", "good_time": "morning"}


@pytest.fixture
def desk(site, client):
    sign_in(client, "reception")
    return client


def _calls(session):
    return session.scalars(select(CallBack).order_by(CallBack.id)).all()


def test_a_refused_patient_asks_to_be_called_and_comes_back(walk, session):
    walk.screened(last_toxin="2027-03-01")
    calendar = walk.get("calendar?month=2027-03&day=2027-03-10")
    address = f"/call-me?trip={walk.key}"

    form = walk.client.get(address)
    answer = walk.client.post(address, data=ADA)
    thanks = walk.client.get(answer.location)

    assert "Would you rather talk about it? Ask us to call you." in words(calendar)
    assert f'href="{address}"' in calendar.get_data(as_text=True)
    assert "Leave your name and number." in words(form)
    assert answer.status_code == 303
    assert "We call you in our opening hours" in words(thanks)
    assert f"/booking/{walk.key}/calendar" in thanks.get_data(as_text=True)
    (call,) = _calls(session)
    assert (call.name, call.phone, call.good_time, call.asked_at, call.done_at) == (
        "Ada Fair",
        "+442079460001",
        "morning",
        NOW,
        None,
    )


def test_a_calendar_without_a_question_offers_a_call_too(walk):
    walk.start("consultation")

    page = walk.get("calendar")

    assert "No day that suits you? Ask us to call you." in words(page)


def test_a_day_too_close_to_check_online_offers_a_call(walk):
    walk.screened(heart_condition="yes")

    page = walk.get("calendar?month=2027-03&day=2027-03-04")

    assert "Call 020 7946 0999, or ask us to call you." in words(page)


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"phone": "12"}, "phone", "Give a phone number such as 020 7946 0000."),
        ({"phone": ""}, "phone", "Give a phone number such as 020 7946 0000."),
        ({"phone": "\x00"}, "phone", "Give a phone number such as 020 7946 0000."),
        ({"name": " "}, "name", "Give your name, in ordinary letters."),
        ({"name": "A" * 121}, "name", "Use at most 120 characters."),
        ({"good_time": "night"}, "good_time", "Choose one of these times."),
    ],
)
def test_a_bad_field_is_named_and_what_was_typed_stays(
    walk, session, change, field, sentence
):
    typed = ADA | change

    answer = walk.client.post("/call-me", data=typed)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert title(answer).startswith("Error: Ask us to call you")
    assert f'<a href="#{field}">{sentence}' in page
    assert f'id="{field}-error"' in page
    if typed["phone"].isprintable():
        assert f'value="{typed["phone"]}"' in page
    assert f'value="{typed["name"]}"' in page
    assert ('value="morning" checked' in page) == (typed["good_time"] == "morning")
    assert _calls(session) == []


def test_asking_twice_is_one_call_at_the_time_said_last(walk, session):
    walk.client.post("/call-me", data=ADA)
    walk.client.post(
        "/call-me",
        data={"name": "Ada  Fair", "phone": "+44 20 7946 0001"}
        | {"good_time": "afternoon"},
    )

    assert [call.good_time for call in _calls(session)] == ["afternoon"]


def test_two_people_may_share_a_number(walk, session):
    walk.client.post("/call-me", data=ADA)
    walk.client.post("/call-me", data={"name": "Cy Fair", "phone": ADA["phone"]})

    assert [(c.name, c.good_time) for c in _calls(session)] == [
        ("Ada Fair", "morning"),
        ("Cy Fair", "any"),
    ]


def test_somebody_elses_booking_is_no_way_back(walk):
    page = walk.client.get("/call-me?trip=00000000").get_data(as_text=True)

    assert "/booking/00000000" not in page


def test_the_form_wants_its_token_and_has_a_limit(make_app):
    app = make_app(WTF_CSRF_ENABLED=True, RATE_LIMITS="on")
    with app.app_context():
        builders.make_clinic()
    client = app.test_client()

    assert client.post("/call-me", data=ADA).status_code == 400
    app.config["WTF_CSRF_ENABLED"] = False
    statuses = [client.post("/call-me", data={}).status_code for _ in range(61)]
    assert statuses[-1] == 429


def test_the_desk_calls_the_oldest_first(site, desk, session):
    call_backs.ask(site, Wish("Bob Quill", "020 7946 0002"), now=NOW)
    call_backs.ask(
        site,
        Wish("Ada Fair", "020 7946 0001", "morning"),
        now=NOW - timedelta(hours=1),
    )

    page = text_of(desk.get("/desk/tasks"))

    assert "Tasks 2 waiting" in page
    assert page.index("Ada Fair") < page.index("Bob Quill")
    assert "Ada Fair 020 7946 0001 morning" in page
    assert "Bob Quill 020 7946 0002 any time" in page


def test_who_was_called_leaves_the_list(site, desk, session):
    call = call_backs.ask(site, Wish("Ada Fair", "020 7946 0001"), now=NOW)
    path = f"/desk/tasks/calls/{call.id}/done"

    first, second = desk.post(path), desk.post(path)

    assert (first.status_code, second.status_code) == (303, 409)
    assert desk.post("/desk/tasks/calls/99999999999999999999/done").status_code == 404
    assert "People to call None." in text_of(desk.get("/desk/tasks"))
    (call,) = _calls(session)
    assert (call.done_at, call.done_by) == (NOW, "Robin Desk")
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [
        (event.actor, event.action, event.detail)
        for event in events
        if event.subject_kind == "callback"
    ] == [("patient", "call.ask", None), ("Robin Desk", "call.done", None)]


def test_hidden_names_hide_the_number_too(site, desk):
    call_backs.ask(site, Wish("Ada Fair", "020 7946 0001"), now=NOW)
    desk.post("/desk/names")

    page = desk.get("/desk/tasks").get_data(as_text=True)

    assert "A. F." in page
    assert "Ada Fair" not in page
    assert "7946" not in page.replace("020 7946 0123", "")


def test_only_staff_take_a_call_off_the_list(site, session):
    call = call_backs.ask(site, Wish("Ada Fair", "020 7946 0001"), now=NOW)

    with pytest.raises(NotAllowed):
        call_backs.done(call.id, now=NOW, actor=call_backs.PATIENT)


def test_a_call_is_forgotten_thirty_days_after_it_was_made(site, session):
    made = call_backs.ask(site, Wish("Ada Fair", "020 7946 0001"), now=NOW)
    call_backs.ask(site, Wish("Bob Quill", "020 7946 0002"), now=NOW)
    call_backs.done(made.id, now=NOW, actor=builders.RECEPTION)

    maintenance.forget(now=NOW + timedelta(days=30, seconds=-1))
    before = len(_calls(session))
    maintenance.forget(now=NOW + timedelta(days=30))

    assert before == 2
    assert [call.name for call in _calls(session)] == ["Bob Quill"]
