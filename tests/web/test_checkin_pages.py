"""How are you? From the mail's link to what to do now."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import links, tasks
from booking.models import Record, SymptomReport
from booking.symptoms import reports
from tests.builders import at, book_at_desk, complete
from tests.web.patient_walk import site, title, walk, words

__all__ = ["site", "walk"]
CHECKIN = "/checkin/checkin-72h"
ASKED = at(4, 12)


@pytest.fixture
def done(session, site, clock):
    visit = complete(book_at_desk(site, at(1)).appointment)
    clock.set(ASKED)
    session.commit()
    return visit


@pytest.fixture
def link(done) -> str:
    return "/visit/" + links.mailed_token(done)


def _reports(session):
    session.expire_all()
    rows = session.scalars(select(SymptomReport).order_by(SymptomReport.id))
    return [(row.step, row.answer, row.signs) for row in rows]


def test_opening_the_link_changes_nothing(walk, link, session):
    for path in (CHECKIN, "/problem", "", "/care"):
        assert walk.client.get(link + path).status_code == 200, path

    assert _reports(session) == []


def test_after_the_visit_nobody_reads_how_to_prepare_for_it(walk, link, site):
    coming = book_at_desk(site, at(40)).appointment
    soon = words(walk.client.get(f"/visit/{links.mailed_token(coming)}/care"))

    after = words(walk.client.get(link + "/care"))

    assert "The day before" in soon
    assert "The first day" in soon
    assert after.startswith("Your visit After your visit")
    assert "The day before" not in after
    assert "The first day" in after


def test_all_fine_is_one_tap(walk, link, session):
    page = words(walk.client.get(link + CHECKIN))
    answer = walk.client.post(link + CHECKIN, data={"answer": "fine"})
    after = words(walk.client.get(answer.location))

    assert "All fine" in page
    assert "Please call me" in page
    assert answer.status_code == 303
    assert "Good to hear" in after
    assert _reports(session) == [("checkin-72h", "fine", [])]


def test_call_me_counts_before_any_sign_is_ticked(walk, link, session, site):
    answer = walk.client.post(link + CHECKIN, data={"answer": "call"})

    assert _reports(session) == [("checkin-72h", "call", [])]
    assert [task.kind for task in tasks.waiting(site)] == ["symptom"]
    page = words(walk.client.get(answer.location))
    assert "We have noted that you would like a call" in page
    assert "we call you by Sunday 7 March at 17:00" in page
    assert "Pus, yellow crust, heat" in page
    assert "What is usual Looks like sunburn" in page


def test_an_emergency_comes_first_and_largest(walk, link):
    answer = walk.client.post(link + "/problem", data={"signs": ["F-01", "F-08"]})
    page = answer.get_data(as_text=True)

    assert title(answer).startswith("Call the emergency number now")
    assert '<h1 class="alarm">Call the emergency number now</h1>' in page
    assert page.index("Swelling of lips") < page.index("Bleeding after")
    assert "Do not wait for us." in page
    assert "We call you by" not in page


@pytest.mark.parametrize(
    ("treatment", "sign", "first"),
    [
        ("microneedling", "F-04", "Get medical help now"),
        ("microneedling", "F-09", "Call the emergency number now"),
        ("botulinum_toxin", "F-13", "Call the emergency number now"),
        ("filler", "F-14", "Call the emergency number now"),
        ("microneedling", "F-06", "We should see this within two days"),
    ],
)
def test_what_comes_first_follows_the_sign(
    walk, site, clock, session, treatment, sign, first
):
    done = complete(book_at_desk(site, at(1), treatment=treatment).appointment)
    clock.set(ASKED)
    session.commit()

    link = "/visit/" + links.mailed_token(done)
    answer = walk.client.post(link + "/problem", data={"signs": [sign]})

    assert title(answer).startswith(first)


def test_in_opening_hours_a_call_is_promised(walk, link):
    page = words(walk.client.post(link + "/problem", data={"signs": ["F-02"]}))

    assert "Call us today" in page
    assert "We call you by Sunday 7 March at 17:00" in page


def test_a_call_within_days_is_promised_while_somebody_is_there(walk, link):
    page = words(walk.client.post(link + "/problem", data={"signs": ["F-06"]}))

    assert "We call you by Tuesday 9 March at 17:00" in page


def test_at_night_the_wish_for_a_call_is_noted_and_not_promised(walk, link, clock):
    clock.set(at(4, 22))

    answer = walk.client.post(link + CHECKIN, data={"answer": "call"})

    page = words(walk.client.get(answer.location))
    assert "We are closed now, until Monday 8 March at 09:00" in page
    assert "we call you" not in page


@pytest.mark.parametrize("hour", [2, 16.75, 22])
def test_when_nobody_is_there_no_call_is_promised(walk, link, clock, hour):
    clock.set(at(5, int(hour), int(hour % 1 * 60)))

    page = words(walk.client.post(link + "/problem", data={"signs": ["F-02"]}))

    assert "do not wait for us" in page
    assert "call the emergency number" in page
    assert "We are closed now, until" in page
    assert "We call you" not in page


def test_nothing_ticked_asks_for_something(walk, link, session):
    answer = walk.client.post(link + "/problem", data={"text": "  "})

    assert answer.status_code == 422
    assert "Tick what you see, or write a few words" in words(answer)
    assert _reports(session) == []


def test_what_was_typed_is_still_there_after_a_mistake(walk, link):
    data = {"signs": ["F-01"], "text": "y" * 2001}

    answer = walk.client.post(link + "/problem", data=data)
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert 'value="F-01" checked' in page
    assert "y" * 2001 in page


def test_a_form_sent_twice_is_one_report(walk, link, session):
    for _ in range(2):
        answer = walk.client.post(link + "/problem", data={"signs": ["F-01"]})
        assert answer.status_code == 200

    assert len(_reports(session)) == 1
    assert len(session.scalars(select(Record)).all()) == 1


@pytest.mark.parametrize("first", ["fine", "call"])
def test_a_link_used_twice_says_so(walk, link, session, first):
    walk.client.post(link + CHECKIN, data={"answer": first})

    page = words(walk.client.get(link + CHECKIN))
    answer = walk.client.post(link + CHECKIN, data={"answer": "fine"})

    assert "You have answered this already" in page
    assert "Report a problem" in page
    assert answer.status_code == 409
    assert len(_reports(session)) == 1


def test_a_link_used_after_a_week_says_so_and_still_takes_problems(
    walk, link, session, clock
):
    clock.set(at(20))

    page = words(walk.client.get(link + CHECKIN))
    late = walk.client.post(link + CHECKIN, data={"answer": "fine"})
    problem = walk.client.post(link + "/problem", data={"signs": ["F-10"]})

    assert "they have passed" in page
    assert (late.status_code, problem.status_code) == (409, 200)
    assert _reports(session) == [("report", "call", ["F-10"])]


def test_a_visit_never_completed_says_what_to_do(walk, site, session):
    visit = book_at_desk(site, at(1)).appointment
    session.commit()
    link = "/visit/" + links.mailed_token(visit)

    page = walk.client.get(link + CHECKIN)
    refused = [
        walk.client.post(link + CHECKIN, data={"answer": "fine"}),
        walk.client.get(link + "/problem"),
        walk.client.post(link + "/problem", data={"signs": ["F-08"]}),
    ]

    assert "call the emergency number" in words(page)
    assert [answer.status_code for answer in refused] == [409, 409, 409]
    assert all("emergency number" in words(answer) for answer in refused)
    assert _reports(session) == []


def test_neither_button_is_no_answer(walk, link, session):
    answer = walk.client.post(link + CHECKIN, data={"answer": "maybe"})

    assert answer.status_code == 422
    assert _reports(session) == []


@pytest.mark.parametrize("token", ["x", "a" * 3000])
def test_a_foreign_link_opens_nothing(walk, token):
    for path in (CHECKIN, "/problem"):
        assert walk.client.get(f"/visit/{token}{path}").status_code == 404
        assert walk.client.post(f"/visit/{token}{path}").status_code == 404


def test_a_problem_can_be_reported_from_the_visits_pages(walk, link, done, session):
    assert "Report a problem" in words(walk.client.get(link))
    assert "Report a problem" in words(walk.client.get(link + "/care"))


def test_no_sign_is_turned_away_for_want_of_the_right_link(walk, done, session):
    done.screening.answered_by = "staff"
    session.commit()
    shown = "/visit/" + links.visit_token(done)

    answer = walk.client.post(shown + "/problem", data={"signs": ["F-08"]})

    assert "Call the emergency number now" in words(answer)
    assert len(reports.open_reports([done.id])) == 1
