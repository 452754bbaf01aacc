"""Check-ins: answered once and in time; asked again; and then somebody calls."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments, tasks
from booking.actors import PATIENT
from booking.db import db
from booking.errors import WrongState
from booking.messages import outbox
from booking.models import AuditEvent, Message, Task
from booking.symptoms import checkins, reports
from booking.symptoms.reports import Said
from tests.booking.mailing import Sink
from tests.builders import CLINICIAN, RECEPTION, at, book_at_desk, complete, make_clinic

# The visit ends on 4 March at 11:45, so the check-in leaves on the 7th.
ASKED = at(4, 11, 45)
HOUR = timedelta(hours=1)


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def done(site):
    visit = complete(book_at_desk(site, at(1)).appointment)
    _send(visit.ends_at)
    return visit


def _send(now):
    sink = Sink()
    outbox.dispatch(sink, clock=lambda: now)
    return sink.letters


def _again(visit):
    rows = db.session.query(Message).filter_by(
        appointment_id=visit.id, step="checkin_again"
    )
    return [(row.state, row.due_at) for row in rows]


def _answer(visit, step="checkin-72h", *, call=False, now=ASKED + HOUR):
    said = Said(wants_call=call)
    return reports.report(visit, said, step=step, now=now, actor=PATIENT)


def test_silence_is_asked_once_more_and_then_called(site, done):
    _send(ASKED)
    assert checkins.chase(now=ASKED + 23 * HOUR) == 0
    assert checkins.chase(now=ASKED + 24 * HOUR) == 1
    assert _again(done) == [("planned", ASKED + 24 * HOUR)]

    _send(ASKED + 24 * HOUR)
    assert checkins.chase(now=ASKED + 47 * HOUR) == 0
    assert checkins.chase(now=ASKED + 48 * HOUR) == 1

    (task,) = tasks.waiting(site)
    assert (task.kind, task.owner, task.appointment_id) == (
        "checkin_silent", "reception", done.id,
    )  # fmt: skip
    assert task.due_at == ASKED + 72 * HOUR


def test_a_second_run_changes_nothing(site, done, session):
    _send(ASKED)
    moments = [ASKED + 24 * HOUR, ASKED + 50 * HOUR, ASKED + 90 * HOUR]
    for now in moments:
        checkins.chase(now=now)
        _send(now)
        assert checkins.chase(now=now) == 0

    assert len(_again(done)) == 1
    assert len(session.scalars(select(Task)).all()) == 1
    tasks.finish(tasks.waiting(site)[0].id, "fine", now=moments[-1], actor=RECEPTION)
    assert checkins.chase(now=ASKED + 200 * HOUR) == 0


def test_the_repeat_keeps_the_quiet_hours(site, done):
    _send(ASKED)

    checkins.chase(now=at(5, 22))

    assert _again(done) == [("planned", at(6, 8))]


@pytest.mark.parametrize("call", [False, True])
def test_an_answer_ends_the_asking(site, done, call):
    _send(ASKED)
    checkins.chase(now=ASKED + 24 * HOUR)

    _answer(done, call=call, now=ASKED + 25 * HOUR)

    assert [state for state, _ in _again(done)] == ["void"]
    assert checkins.chase(now=ASKED + 100 * HOUR) == 0


def test_an_answer_closes_the_task_that_silence_opened(site, done):
    _send(ASKED)
    checkins.chase(now=ASKED + 24 * HOUR)
    _send(ASKED + 24 * HOUR)
    checkins.chase(now=ASKED + 48 * HOUR)

    _answer(done, now=ASKED + 49 * HOUR)

    assert tasks.waiting(site) == []


def test_a_check_in_that_never_reached_anybody_ends_in_a_call(site, done):
    for row in db.session.query(Message).filter_by(step="checkin-72h"):
        row.state = "failed"
    db.session.commit()

    checkins.chase(now=ASKED + 24 * HOUR)
    for row in db.session.query(Message).filter_by(step="checkin_again"):
        row.state = "failed"
    db.session.commit()
    checkins.chase(now=ASKED + 48 * HOUR)

    assert [task.kind for task in tasks.waiting(site)] == ["checkin_silent"]


def test_what_has_not_been_asked_yet_is_not_chased(done):
    assert checkins.chase(now=ASKED + 100 * HOUR) == 0


def test_a_visit_completed_late_is_chased_from_its_one_mail(site):
    visit = book_at_desk(site, at(1)).appointment
    appointments.arrive(visit, now=visit.starts_at, actor=RECEPTION)
    appointments.complete(visit, now=at(6), actor=CLINICIAN, lot="L")
    _send(at(6))

    assert checkins.chase(now=at(7, 9)) == 0
    assert checkins.chase(now=at(7, 10)) == 1


def test_a_treatment_without_a_check_in_is_left_alone(site):
    complete(book_at_desk(site, at(1), treatment="consultation").appointment)
    _send(at(30))

    assert checkins.chase(now=at(40)) == 0


def test_that_somebody_has_to_call_is_audited(site, done, session):
    _send(ASKED)
    checkins.chase(now=ASKED + 24 * HOUR)
    _send(ASKED + 24 * HOUR)
    checkins.chase(now=ASKED + 48 * HOUR)

    assert "checkin.silent" in session.scalars(select(AuditEvent.action)).all()


def _refusal(visit, site, step="checkin-72h", *, now=ASKED + HOUR):
    with pytest.raises(WrongState) as refused:
        checkins.check_open(visit, site, step, now=now)
    return refused.value.sentence


def test_a_check_in_can_be_answered_for_a_week(site, done):
    _send(ASKED)

    checkins.check_open(done, site, "checkin-72h", now=ASKED + timedelta(days=7))
    late = ASKED + timedelta(days=7, seconds=1)

    assert "they have passed" in _refusal(done, site, now=late)


@pytest.mark.parametrize(
    ("call", "words"), [(False, "that all is fine"), (True, "should call you")]
)
def test_a_link_used_twice_says_what_was_answered(site, done, call, words):
    _answer(done, call=call)

    assert words in _refusal(done, site)
    checkins.check_open(done, site, "checkin-7d", now=at(8, 12))


def test_a_visit_never_completed_and_an_unknown_step_say_so(site, done):
    coming = book_at_desk(site, at(45), now=at(2)).appointment

    assert "not been marked as done" in _refusal(coming, site)
    assert "no such question" in _refusal(done, site, "after-0h")
