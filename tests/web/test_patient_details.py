"""Saying who comes, and confirming."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking.models import Appointment, Draft, Message, Patient, Status
from tests.web.patient_walk import ADA, site, title, walk, words

__all__ = ["site", "walk"]

TEN = "2027-03-04T10:00:00+00:00"


def test_a_clear_day_is_booked_at_once(walk, session):
    walk.start()
    walk.answer()
    walk.post("check")
    visit = walk.book(TEN)

    page = walk.client.get(visit + "?new=1")

    booked = session.scalars(select(Appointment)).one()
    assert booked.status == Status.CONFIRMED
    assert booked.source == "online"
    assert "You’re booked" in words(page)
    assert "Thursday 4 March at 10:00" in words(page)


def test_a_day_to_be_checked_is_held_with_a_time_for_the_answer(walk, session):
    walk.screened(heart_condition="yes")
    kept = walk.choose("2027-03-08T10:00:00+00:00")
    details = words(walk.client.get(kept.location))
    with walk.post("details", ADA) as answer:
        page = words(walk.client.get(answer.location))

    assert "You hear from us by" in details
    assert "Ask for this time" in details
    assert session.scalars(select(Appointment)).one().status == Status.HELD
    assert "We will answer by Saturday 6 March at 10:00" in page
    assert "is kept for you while we check this" in page


def test_the_page_says_how_long_the_time_is_kept(walk):
    walk.screened()
    walk.choose(TEN)

    page = walk.get("details")

    assert "We keep this time for you until 10:10." in words(page)
    assert 'data-seconds="600"' in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("contact", "field", "sentence"),
    [
        ({"email": "ada@example.com"}, "name", "Give your name"),
        ({"name": "Ada"}, "email", "Give an e-mail address"),
        ({"name": "Ada", "email": "ada at example"}, "email", "Give an e-mail address"),
        (ADA | {"name": "Ada\x07"}, "name", "Give your name"),
        (ADA | {"name": "A" * 200}, "name", "Use at most 120 characters"),
        (ADA | {"phone": "12"}, "phone", "Give a phone number"),
        (ADA | {"phone": "call me"}, "phone", "Give a phone number"),
    ],
)
def test_a_bad_detail_is_named_and_what_was_typed_stays(
    walk, session, contact, field, sentence
):
    walk.screened()
    walk.choose(TEN)

    answer = walk.post("details", contact)

    assert answer.status_code == 422
    assert title(answer).startswith("Error: Your details")
    page = answer.get_data(as_text=True)
    assert f'<a href="#{field}">{sentence}' in page
    assert f'id="{field}-error"' in page
    if "name" in contact and contact["name"].isprintable():
        assert f'value="{contact["name"]}"' in page
    assert session.scalars(select(Patient)).all() == []


def test_details_by_mail_is_asked_and_kept(walk, session):
    walk.screened()
    walk.choose(TEN)
    with walk.post("details", ADA | {"details_by_mail": "yes"}):
        pass

    assert session.scalars(select(Appointment)).one().details_by_mail is True


def test_more_time_is_given_at_least_ten_times(walk, session, clock):
    walk.screened()
    walk.choose(TEN)
    for _ in range(10):
        clock.advance(timedelta(minutes=9))
        assert walk.post("more-time").location.endswith("/details")

    with walk.post("details", ADA) as answer:
        assert answer.status_code == 303


def test_asking_for_more_time_keeps_what_was_typed(walk):
    walk.screened()
    walk.choose(TEN)
    walk.post("more-time", ADA | {"phone": "12"})

    page = walk.get("details").get_data(as_text=True)

    assert 'value="Ada Fair"' in page
    assert 'value="12"' in page


def test_a_script_learns_how_many_seconds_are_left(walk, clock):
    walk.screened()
    walk.choose(TEN)
    clock.advance(timedelta(minutes=8))

    answer = walk.client.post(
        f"/booking/{walk.key}/more-time", headers={"Accept": "application/json"}
    )

    assert answer.json == {"seconds": 600}


def test_a_time_that_ended_loses_nothing(walk, clock):
    walk.screened()
    walk.choose(TEN)
    clock.advance(timedelta(minutes=11))

    late = walk.post("details", ADA)

    assert late.status_code == 409
    assert "We could not keep your time any longer" in words(late)
    assert "The nearest free times" in words(late)
    assert "Thursday 4 March 10:00" in words(late)
    again = walk.choose(TEN)
    assert again.location.endswith("/details")
    assert 'value="Ada Fair"' in walk.get("details").get_data(as_text=True)


def test_opening_the_details_too_late_says_so(walk, clock):
    walk.screened()
    walk.choose(TEN)
    clock.advance(timedelta(minutes=11))

    assert "We could not keep your time any longer" in words(walk.get("details"))


def test_the_details_without_a_time_lead_to_the_calendar(walk):
    walk.screened()

    assert walk.get("details").location.endswith("/calendar")
    assert walk.post("details", ADA).location.endswith("/calendar")
    assert walk.post("more-time").location.endswith("/calendar")


def test_the_same_form_sent_twice_makes_one_visit(walk, session):
    walk.screened()
    walk.choose(TEN)
    page = walk.get("details").get_data(as_text=True)
    idem = page.split('name="idem" value="')[1].split('"')[0]
    cookie = walk.client.get_cookie("session").value

    with walk.post("details", ADA | {"idem": idem}) as first:
        pass
    walk.client.set_cookie("session", cookie)  # the second left before the first came
    with walk.post("details", ADA | {"idem": idem}) as second:
        pass

    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert len(session.scalars(select(Appointment)).all()) == 1
    assert len(session.scalars(select(Patient)).all()) == 1


def test_after_booking_the_answers_leave_the_browser(walk, session):
    walk.screened()
    visit = walk.book(TEN)

    assert session.scalars(select(Draft)).one().answers == {}
    for path in ("details", "calendar", "check", "questions/about"):
        assert walk.get(path).location == visit


def test_no_mail_leaves_before_the_records_were_asked(walk, session):
    walk.screened()
    walk.choose(TEN)
    answer = walk.post("details", ADA)

    visit = session.scalars(select(Appointment)).one()
    assert visit.records_checked_at is None
    assert session.scalars(select(Message)).first().sent_at is None

    answer.close()  # the server has sent it

    session.rollback()
    assert visit.records_checked_at is not None


def test_an_unknown_address_learns_nothing_from_a_known_one(walk, session):
    walk.screened(last_toxin="2027-01-01")
    first = walk.book(TEN)
    walk.screened()
    walk.choose("2027-03-05T10:00:00+00:00")

    answer = walk.post("details", ADA)

    assert answer.status_code == 303
    assert answer.location.endswith("?new=1")
    assert first != answer.location
    answer.close()


def test_a_parent_books_for_a_child(walk, session):
    walk.screened("consultation")
    walk.choose(TEN)
    for_tom = ADA | {"name": "Tom Fair", "booked_by": "Ada Fair"}

    half = walk.post("details", for_tom)
    with walk.post("details", for_tom | {"relation": "parent"}) as whole:
        visit = words(walk.client.get(whole.location))

    booked = session.scalars(select(Appointment)).one()
    assert half.status_code == 422
    assert "Say who you are to the person who is treated" in words(half)
    assert (booked.patient.name, booked.proxy.name) == ("Tom Fair", "Ada Fair")
    assert "For Tom Fair" in visit
