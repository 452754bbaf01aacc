"""A visit whose day is over and that nobody has closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import appointments, tasks
from booking.models import Status
from booking.rescreening import recheck_answers, runs, unclosed
from tests import builders
from tests.builders import CLINICIAN, RECEPTION, at

MORNING_AFTER = at(3, 8)


@pytest.fixture
def site(session):
    return builders.make_clinic()


@pytest.fixture
def two(site):
    """Two needlings 35 days apart: enough for a usual depth, not for a deep one."""
    return [builders.book_at_desk(site, at(day)).appointment for day in (2, 37)]


def morning_after(now=MORNING_AFTER) -> int:
    asked = unclosed.chase(now=now)
    runs.run_due(now=now)
    return asked


def asked(site) -> list[int]:
    """The visits that somebody has to close."""
    waiting = [task for task in tasks.waiting(site) if task.kind == unclosed.KIND]
    return [task.appointment_id for task in waiting]


def test_on_its_own_day_nobody_is_asked(site, two):
    assert unclosed.chase(now=at(2, 23)) == 0
    assert tasks.waiting(site) == []


def test_nobody_calls_any_more_before_a_visit_whose_day_is_over(site):
    builders.book_at_desk(site, at(20))
    recheck_answers.chase(now=at(19, 12))
    assert [task.kind for task in tasks.waiting(site)] == ["call_patient"]

    unclosed.chase(now=at(21, 8))

    assert [task.kind for task in tasks.waiting(site)] == ["close_visit"]


def test_the_desk_is_asked_once_and_the_next_session_waits(site, two, session):
    first, second = two

    assert morning_after() == 1
    assert morning_after(MORNING_AFTER + timedelta(minutes=5)) == 0

    session.expire_all()
    assert asked(site) == [first.id]
    assert second.status == Status.HELD


def test_closing_it_ends_the_task_and_frees_the_next_session(site, two, session):
    first, second = two
    morning_after()

    appointments.arrive(first, now=MORNING_AFTER, actor=RECEPTION)
    appointments.complete(
        first, now=MORNING_AFTER, actor=CLINICIAN, depth_mm=1.0, lot="L1"
    )
    runs.run_due(now=MORNING_AFTER)

    session.expire_all()
    assert asked(site) == []
    assert second.status == Status.CONFIRMED


def test_who_did_not_come_frees_the_next_session_too(site, two, session):
    first, second = two
    morning_after()

    appointments.no_show(first, now=MORNING_AFTER, actor=RECEPTION)
    runs.run_due(now=MORNING_AFTER)

    session.expire_all()
    assert asked(site) == []
    assert second.status == Status.CONFIRMED
