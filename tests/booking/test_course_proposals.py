"""Proposing a course: what suits, what is safe, and what does not fit."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.clock import local_day
from booking.courses import proposals
from booking.courses.proposals import Asker, Wish
from booking.courses.times import Taste
from booking.errors import CourseDoesNotFit, InvalidRequest
from tests.builders import TODAY, make_clinic, screen
from tests.clock import NOW

LONDON = ZoneInfo("Europe/London")


@pytest.fixture(scope="session")
def engine_name():
    # What is free is read alike from both engines; the arithmetic is what is tested.
    return "sqlite"


def propose(site, sessions=3, *, clearance=None, **wish):
    clearance = clearance or screen(site).clearance
    asked = Wish(sessions, **wish)
    return proposals.propose(site, clearance, asked, Asker(), now=NOW)


def test_a_proposal_keeps_day_time_and_practitioner(session):
    site = make_clinic()

    slots = propose(site, 4)

    local = [slot.start.astimezone(LONDON) for slot in slots]
    assert len({(one.weekday(), one.time()) for one in local}) == 1
    assert len({slot.practitioner for slot in slots}) == 1
    assert [
        (b.date() - a.date()).days for a, b in zip(local, local[1:], strict=False)
    ] == [35] * 3
    # Only the first visit begins with the talk.
    assert [slot.end - slot.start for slot in slots] == [
        timedelta(minutes=105),
        *[timedelta(minutes=85)] * 3,
    ]


def test_a_time_that_has_just_passed_is_not_proposed(session):
    site = make_clinic(least_notice_minutes=0)
    clearance = screen(site).clearance
    begun = propose(site, clearance=clearance)[0].start
    now = begun + timedelta(microseconds=1)

    slots = proposals.propose(site, clearance, Wish(3), Asker(staff=True), now=now)

    assert slots[0].start > now


def test_six_sessions_look_further_ahead_than_one_visit(session):
    site = make_clinic(horizon_days=60)

    slots = propose(site, 6)

    assert slots[-1].start > NOW + timedelta(days=150)


def test_a_proposal_keeps_to_what_the_answers_allow(session):
    site = make_clinic()
    screened = screen(
        site, last_toxin="2027-03-01", sun_trip="2027-04-20", sun_trip_end="2027-04-30"
    )

    slots = propose(site, 3, clearance=screened.clearance)

    for slot in slots:
        day = local_day(slot.start, site.timezone)
        assert screened.clearance.verdict_on(day).word == "clear"


def test_wishes_are_kept_to(session):
    site = make_clinic()
    dan = site.resources[1].id
    taste = Taste(weekday=3, part="afternoon", practitioner=dan)

    slots = propose(site, 3, from_day=TODAY + timedelta(days=30), taste=taste)

    local = [slot.start.astimezone(LONDON) for slot in slots]
    assert {one.weekday() for one in local} == {3}
    assert all(12 <= one.hour < 17 for one in local)
    assert {slot.practitioner for slot in slots} == {dan}
    assert local[0].date() >= TODAY + timedelta(days=30)


@pytest.mark.parametrize(
    ("sessions", "wish", "field"),
    [
        (1, {}, "sessions"),
        (7, {}, "sessions"),
        (3, {"from_day": TODAY - timedelta(days=1)}, "from"),
        (3, {"from_day": TODAY + timedelta(days=400)}, "from"),
        (3, {"taste": Taste(part="noon")}, "part"),
        (3, {"taste": Taste(weekday=9)}, "weekday"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_name(session, sessions, wish, field):
    site = make_clinic()

    with pytest.raises(InvalidRequest) as refused:
        propose(site, sessions, **wish)

    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_treatment_given_once_has_no_course(session):
    site = make_clinic()

    with pytest.raises(InvalidRequest, match="put right"):
        propose(site, clearance=screen(site, "botulinum_toxin").clearance)


def test_the_session_that_does_not_fit_is_named(session):
    site = make_clinic()
    # From day 20 on there is sun for half a year: no second session within 42 days.
    answers = {
        "sun_trip": (TODAY + timedelta(days=25)).isoformat(),
        "sun_trip_end": (TODAY + timedelta(days=200)).isoformat(),
    }
    screened = screen(site, **answers)
    taste = Taste(weekday=2, part="morning")

    with pytest.raises(CourseDoesNotFit) as refused:
        propose(site, clearance=screened.clearance, taste=taste, from_day=None)

    assert refused.value.extra["number"] == 2
    assert "Session 2 has no free time from" in refused.value.sentence
    assert (
        "another weekday or another time of day or a later start"
        in refused.value.sentence
    )
