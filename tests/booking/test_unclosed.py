"""A visit whose day is over and that nobody has closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import appointments, holds, tasks
from booking.models import Status
from booking.records import filing
from booking.records.entries import Entry
from booking.rescreening import recheck_answers, runs, unclosed
from tests import builders
from tests.builders import CLINICIAN, RECEPTION, TODAY, at
from tests.clock import NOW

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


def test_a_held_visit_is_asked_about_too_and_counts_for_the_next(site, two, session):
    first, second = two
    facial = Entry("treatment", "facial", "letter", TODAY, "face")
    filing.enter(site, first.patient_id, facial, now=NOW, actor=RECEPTION)
    runs.run_due(now=NOW)
    session.expire_all()
    assert (first.status, second.status) == (Status.HELD, Status.CONFIRMED)

    assert morning_after() == 1

    session.expire_all()
    assert asked(site) == [first.id]
    assert second.status == Status.HELD


@pytest.mark.parametrize("how", ["cancels", "moves", "declines"])
def test_what_becomes_of_it_instead_ends_the_task(site, two, session, how):
    first, _ = two
    if how == "declines":
        appointments.change_answers(
            first, {"cold_sore_history": "yes"}, now=at(1, 12), actor=RECEPTION
        )
    morning_after()
    if how == "cancels":
        appointments.cancel(first, now=MORNING_AFTER, actor=RECEPTION)
    elif how == "moves":
        appointments.move(first, at(5), None, now=MORNING_AFTER, actor=RECEPTION)
    else:
        hold = holds.open_of(first)
        holds.decline(hold, now=MORNING_AFTER, actor=RECEPTION, reason="no_answer")

    session.expire_all()
    assert asked(site) == []


def test_a_visit_that_moved_since_is_asked_about_again(site, session):
    visit = builders.book_at_desk(site, at(2)).appointment
    morning_after()
    appointments.move(visit, at(5), None, now=MORNING_AFTER, actor=RECEPTION)

    assert morning_after(at(6, 8)) == 1

    assert asked(site) == [visit.id]
