"""What a manager closes: visits in it are told first, kept, and become tasks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments, tasks
from booking.db import db
from booking.errors import BookingError, VisitsOutside
from booking.models import Claim, Screening, Site, Task
from booking.opening import closures, review
from booking.opening.changing import CLINIC, Agreed
from tests.booking.opening import (
    DAY,
    NO,
    away,
    close,
    close_over_a_visit,
    other_day,
    outside_tasks,
    practitioner_of,
    reopen,
    set_week,
    starts,
    week,
)
from tests.builders import ADA, BOB, RECEPTION, at, book_at_desk, make_clinic, screen
from tests.clock import NOW


@pytest.fixture
def site(session):
    """One practitioner and one room, open from nine to five on every day."""
    return make_clinic(practitioners=1, rooms=1)


@pytest.fixture
def cleo(site):
    return practitioner_of(site)


# What they close


def _shorter_week(site, cleo, agreed):
    return set_week(site, cleo, week(day1="11:00-17:00"), agreed=agreed)


def _shorter_clinic(site, cleo, agreed):
    return set_week(site, CLINIC, week(day1="11:00-17:00"), agreed=agreed)


def _shorter_day(site, cleo, agreed):
    return other_day(site, [cleo], "11:00-17:00", agreed=agreed)


def _absence(site, cleo, agreed):
    return away(site, cleo, times=("09:00", "11:00"), agreed=agreed)


def _room_away(site, cleo, agreed):
    room = next(str(r.id) for r in site.resources if r.kind == "room")
    return away(site, room, agreed=agreed)


def _closure(site, cleo, agreed):
    return close(site, DAY - 1, DAY + 1, agreed=agreed)


CLOSED = [
    _shorter_week,
    _shorter_clinic,
    _shorter_day,
    _absence,
    _room_away,
    _closure,
]


@pytest.mark.parametrize("closes", CLOSED)
def test_visits_in_what_is_closed_are_told_first_and_become_tasks(
    site, cleo, session, closes
):
    visit = book_at_desk(site, at(DAY)).appointment
    session.commit()
    claims = [(c.id, c.live) for c in session.scalars(select(Claim))]

    with pytest.raises(VisitsOutside) as asked:
        closes(site, cleo, NO)

    session.rollback()
    [seen] = asked.value.extra["visits"]
    assert (seen.visit_id, seen.starts_at) == (visit.id, at(DAY))
    assert (seen.patient, seen.practitioner) == ("Ada Fair", "Cleo")
    assert outside_tasks(site) == []
    assert "09:00" in starts(site, DAY + 2)
    agreed = Agreed(asked.value.extra["stamp"], " 1 ")
    assert closes(site, cleo, agreed) == 1
    session.expire_all()
    [task] = outside_tasks(site)
    assert (task.appointment_id, task.owner) == (visit.id, "reception")
    assert (visit.status, visit.starts_at) == ("confirmed", at(DAY))
    assert [(c.id, c.live) for c in session.scalars(select(Claim))] == claims
    assert NOW < task.due_at <= at(DAY) - timedelta(days=2)


def test_nothing_is_closed_by_a_yes_to_other_visits(site, cleo, session):
    book_at_desk(site, at(DAY))
    with pytest.raises(VisitsOutside) as asked:
        close(site)
    session.rollback()
    book_at_desk(site, at(DAY, 14), contact=BOB)
    old = Agreed(asked.value.extra["stamp"], "1")

    with pytest.raises(VisitsOutside) as again:
        close(site, agreed=old)

    session.rollback()
    assert len(again.value.extra["visits"]) == 2
    assert closures.ahead(site, now=NOW) == []


@pytest.mark.parametrize("number", ["", "2", "one"])
def test_how_many_visits_it_are_has_to_be_typed(site, session, number):
    book_at_desk(site, at(DAY))
    with pytest.raises(VisitsOutside) as asked:
        close(site)
    session.rollback()

    with pytest.raises(VisitsOutside) as again:
        close(site, agreed=Agreed(asked.value.extra["stamp"], number))

    session.rollback()
    assert again.value.extra["wrong"]
    assert session.scalars(select(Task)).all() == []


def test_a_visit_that_moves_or_ends_needs_no_task_any_more(site, session):
    visit = close_over_a_visit(site)

    appointments.move(visit, at(DAY + 1), None, now=NOW, actor=RECEPTION)

    session.expire_all()
    assert outside_tasks(site) == []


def test_a_visit_whose_time_opens_again_needs_no_task_any_more(site, session):
    close_over_a_visit(site)

    reopen(site, None)

    session.expire_all()
    assert outside_tasks(site) == []
    assert session.scalars(select(Task.outcome)).all() == ["open_again"]


def test_keeping_it_ends_the_task_and_it_is_not_asked_again(site, session):
    visit = close_over_a_visit(site)
    [task] = outside_tasks(site)

    tasks.finish(task.id, "kept", now=NOW, actor=RECEPTION)

    assert review.look(now=NOW) == 0
    session.expire_all()
    assert outside_tasks(site) == []
    assert visit.status == "confirmed"


def test_a_visit_soon_is_urgent(site, session):
    visit = book_at_desk(site, at(1, 14)).appointment
    with pytest.raises(VisitsOutside) as asked:
        close(site, 1)
    session.rollback()

    close(site, 1, agreed=Agreed(asked.value.extra["stamp"], "1"))

    [task] = outside_tasks(site)
    assert (task.urgent, task.due_at) == (True, NOW)
    review.look(now=visit.ends_at)
    session.expire_all()
    assert outside_tasks(site) == []


def test_who_was_just_booking_when_it_closed_is_found_by_the_worker(site, session):
    """The patient finishes a minute after the manager closed the day."""
    screened = screen(site).screening
    kept = appointments.reserve(screened, at(DAY), None, now=NOW)
    assert close(site) == 0
    booked = appointments.book(
        screened, at(DAY), None, ADA, now=NOW, source="online", reservation=kept
    )

    assert review.look(now=NOW) == 1
    assert review.look(now=NOW) == 0

    session.expire_all()
    assert [t.appointment_id for t in outside_tasks(site)] == [booked.appointment.id]


def test_a_past_or_cancelled_visit_is_not_in_the_way(site):
    visit = book_at_desk(site, at(DAY)).appointment
    appointments.cancel(visit, now=NOW, actor=RECEPTION)

    assert close(site) == 0


@pytest.mark.parametrize("_round", range(3))
def test_whoever_is_faster_no_visit_is_left_in_closed_time_unseen(
    app, site, session, _round
):
    number, screened = site.id, screen(site).screening
    session.commit()
    barrier = threading.Barrier(2)

    def attempt(action):
        with app.app_context():
            barrier.wait()
            try:
                return bool(action() or True)
            except BookingError:
                db.session.rollback()
                return False

    def book():
        mine = db.session.get(Screening, screened.id)
        appointments.book(mine, at(DAY), None, ADA, now=NOW, source="online")

    def shut():
        close(db.session.get(Site, number))

    with ThreadPoolExecutor(2) as pool:
        booked, shut_down = pool.map(attempt, [book, shut])

    review.look(now=NOW)
    session.expire_all()
    assert booked or shut_down
    assert len(outside_tasks(site)) == (1 if booked and shut_down else 0)
