"""A course on the patient's pages: planned, booked, seen, moved; without script."""

from __future__ import annotations

import html
import re
from datetime import datetime

import pytest
from sqlalchemy import select

from booking import appointments, links
from booking.courses import sessions
from booking.models import Appointment, Course
from booking.patients import Contact
from tests.builders import BOB, RECEPTION, at, book, book_at_desk
from tests.clock import NOW
from tests.web.patient_walk import ADA, site, walk, words

__all__ = ["site", "walk"]


EVE = Contact(name="Eve Moor", email="eve@example.com")


@pytest.fixture(scope="session")
def engine_name():
    # What the database decides is tested on both engines beside the use cases.
    return "sqlite"


def fields(answer, name):
    """The values of the hidden fields of this name."""
    body = answer.get_data(as_text=True)
    found = re.findall(rf'name="{name}" value="([^"]*)"', body)
    return [html.unescape(value) for value in found]


def plan(walk, query=""):
    answer = walk.get(f"course{query}")
    assert answer.status_code == 200, words(answer)
    return answer


def keep(walk, query=""):
    shown = plan(walk, query)
    return walk.post("course", {"place": fields(shown, "place")})


def booked(walk, query=""):
    """Plan, keep and confirm; the path of the first visit."""
    walk.screened()
    assert keep(walk, query).status_code == 303
    with walk.post("course/details", ADA) as answer:
        assert answer.status_code == 303, words(answer)
        return answer.location


def visits(session):
    session.expire_all()
    return session.scalars(select(Appointment).order_by(Appointment.id)).all()


def test_the_calendar_offers_a_course_where_one_is_usual(walk):
    walk.screened()
    assert "Plan a course of 3 visits" in words(walk.get("calendar"))

    walk.screened("botulinum_toxin")
    assert "a course" not in words(walk.get("calendar"))
    assert walk.get("course").status_code == 404


def test_a_plan_lists_its_dates_in_words(walk):
    walk.screened()

    shown = words(plan(walk))

    assert "Our plan for 3 visits" in shown
    assert "Wednesday 3 March" in shown
    assert "(35 days later)" in shown
    assert "Your skin needs 30 to 42 days between two visits" in shown


def test_wishes_change_the_plan(walk):
    walk.screened()

    shown = words(plan(walk, "?visits=4&weekday=0&part=afternoon&from=2027-03-20"))

    assert "Our plan for 4 visits" in shown
    assert len(re.findall(r"Monday \d+ \w+, 1[2-6]:", shown)) == 4


@pytest.mark.parametrize(
    ("query", "words_"),
    [
        ("?visits=9", "Choose from 2 to 6 sessions."),
        ("?visits=lots", "Choose from 2 to 6 sessions."),
        ("?from=2020-01-01", "Choose today or a later day."),
        ("?from=tomorrow", "Give a day like 2026-11-05."),
        ("?from=2028-01-01", "at most 120 days ahead"),
    ],
)
def test_a_wish_that_cannot_be_is_named_beside_its_box(walk, query, words_):
    walk.screened()

    assert words_ in words(plan(walk, query))


def test_what_does_not_fit_says_which_visit_and_what_to_change(walk):
    walk.screened(sun_trip="2027-03-25", sun_trip_end="2027-09-30")

    shown = words(plan(walk, "?weekday=2"))

    assert "Session 2 has no free time from" in shown
    assert "another weekday or a later start or fewer sessions" in shown


def test_a_course_is_booked_and_seen(session, walk):
    place = booked(walk)

    shown = words(walk.client.get(place))
    assert "Your 3 visits are booked" in shown
    assert "Visit 2: Wednesday 7 April" in shown
    assert "35 days after the one before" in shown
    assert [visit.status for visit in visits(session)] == ["confirmed"] * 3
    assert all(visit.records_checked_at for visit in visits(session))


def test_sending_the_details_twice_books_once(session, walk):
    walk.screened()
    keep(walk)
    first = walk.post("course/details", ADA)
    first.close()

    second = walk.post("course/details", ADA)

    second.close()
    assert second.location == first.location
    assert len(visits(session)) == 3


def test_a_time_taken_meanwhile_brings_a_new_plan(session, walk, site):
    walk.screened()
    shown = plan(walk)
    places = fields(shown, "place")
    second = datetime.fromisoformat(places[1].partition("|")[0])
    for contact in (EVE, BOB):
        book(site, second, contact=contact, treatment="facial")

    answer = walk.post("course", {"place": places})

    assert answer.status_code == 409
    assert "Nothing was booked" in words(answer)
    assert fields(answer, "place") != places
    assert session.scalar(select(Course.id)) is None


@pytest.mark.parametrize(
    "places", [["x"], ["2027-03-10T10:00|1"], ["2027-03-10T10:00:00+00:00|x"], []]
)
def test_places_that_were_made_up_are_refused(walk, places):
    walk.screened()

    answer = walk.post("course", {"place": places})

    assert answer.status_code == 422


def test_the_times_can_be_kept_for_longer(walk):
    walk.screened()
    keep(walk)

    answer = walk.post("course/more-time", ADA)

    assert answer.location.endswith("/course/details")
    page = walk.get("course/details")
    assert 'value="ada@example.com"' in page.get_data(as_text=True)
    assert "We keep these times for you until" in words(page)
    assert "Keep my times" in words(page)


def test_an_unproven_patient_sees_no_way_to_another_visit(walk):
    place = booked(walk)

    assert "Book another visit" not in words(walk.client.get(place))
    token = place.split("/")[2].split("?")[0]
    assert walk.client.get(f"/visit/{token}/another").status_code == 403


def mailed(visit):
    return f"/visit/{links.mailed_token(visit)}"


def test_moving_one_session_proposes_to_move_the_rest(session, walk):
    booked(walk)
    first, second, third = visits(session)
    page = mailed(second)

    answer = walk.client.post(
        f"{page}/move", data={"start": at(45).isoformat(), "practitioner": ""}
    )
    assert "/move/rest" in answer.location
    shown = walk.client.get(answer.location)

    assert "would be too soon" in words(shown)
    assert not re.search(r": New time", words(shown))
    assert "Moving only this visit is not safe" in words(shown)
    assert fields(shown, "rest")
    done = walk.client.post(
        f"{page}/move/rest",
        data={
            "start": at(45).isoformat(),
            "practitioner": "",
            "how": "all",
            "rest": fields(shown, "rest"),
        },
    )
    assert done.status_code == 303, words(done)
    moved = visits(session)
    days = [visit.starts_at.date() for visit in moved]
    assert days[0] == first.starts_at.date()
    assert (days[1] - days[0]).days == 45
    assert 30 <= (days[2] - days[1]).days <= 42
    assert third.sequence == 1


def test_keeping_the_rest_where_that_is_unsafe_is_refused(session, walk):
    booked(walk)
    second = visits(session)[1]
    before = second.starts_at

    answer = walk.client.post(
        f"{mailed(second)}/move/rest",
        data={"start": at(45).isoformat(), "practitioner": "", "how": "one"},
    )

    assert answer.status_code == 422
    assert "What about your other visits?" in words(answer)
    assert visits(session)[1].starts_at == before


def test_cancelling_says_what_it_means_for_the_rest(session, walk):
    booked(walk)
    second = visits(session)[1]

    shown = words(walk.client.get(f"{mailed(second)}/cancel"))

    assert "70 days lie between your visits" in shown
    assert "We advise at most 42" in shown
    appointments.cancel(second, now=NOW, actor=RECEPTION)
    later = words(walk.client.get(mailed(visits(session)[2])))
    assert "longer than we advise" in later


def test_the_shown_link_of_a_course_tells_no_more_than_its_pages(session, walk):
    place = booked(walk)
    first = visits(session)[0]
    course = sessions.find_course_of(first)

    body = walk.client.get(place).get_data(as_text=True)

    assert course is not None
    for visit in sessions.visits_of(course):
        assert links.mailed_token(visit) not in body
    assert links.visit_token(visits(session)[1]) in body


def test_another_visit_by_a_mailed_link_names_the_visit_in_the_way(session, walk, site):
    needling = book_at_desk(site, at(20)).appointment
    session.commit()
    start = walk.client.post(f"{mailed(needling)}/another/botulinum_toxin/face")
    walk.key = start.location.split("/")[2]
    walk.answer()
    walk.post("check")

    shown = words(walk.get("calendar?day=2027-03-18"))

    assert "This is about your visit on Tuesday 23 March" in shown
    assert "Microneedling, face" in shown
    assert "Move that visit" in shown


def test_a_stranger_never_learns_of_the_visit_in_the_way(session, walk, site):
    book_at_desk(site, at(20))
    session.commit()
    walk.start("botulinum_toxin")
    walk.answer()
    walk.post("check")

    shown = words(walk.get("calendar?day=2027-03-18"))

    assert "your visit on" not in shown
    assert "Safe for you" in shown


def test_an_owner_books_another_visit_as_themselves(session, walk, site):
    needling = book_at_desk(site, at(60)).appointment
    session.commit()
    start = walk.client.post(f"{mailed(needling)}/another/facial/face")
    walk.key = start.location.split("/")[2]
    walk.answer()
    walk.post("check")
    kept = walk.choose(at(10).isoformat())
    assert kept.status_code == 303, words(kept)
    shown = words(walk.get("details"))
    assert "For Ada Fair" in shown
    assert "stays as it is" in shown

    with walk.post("details", ADA) as answer:
        assert answer.status_code == 303, words(answer)

    new = visits(session)[-1]
    assert new.patient_id == needling.patient_id
    assert new.proven_at
    assert new.records_checked_at
