"""R-75: an answer counts for so many days from the day on which it was given."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from booking import appointments, screenings
from booking.actors import PROVEN_PATIENT
from booking.db import db
from booking.models import Message, Task
from booking.rescreening import expired_answers, recheck_answers
from tests.builders import RECEPTION, TODAY, at, book_at_desk, make_clinic
from tests.clock import NOW

VISIT = 110  # the answers of today are good for 92 days
EXPIRED = at(92)


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def visit(site):
    return book_at_desk(site, at(VISIT)).appointment


def _answer(visit, now, **answers):
    appointments.change_answers(visit, answers, now=now, actor=PROVEN_PATIENT)


def _asked(visit):
    rows = select(Message).where(
        Message.appointment_id == visit.id, Message.step == "reask"
    )
    return db.session.scalars(rows).all()


def test_an_answer_keeps_its_day_when_another_is_changed(visit):
    _answer(visit, at(10), last_dental="never")
    _answer(visit, at(20), last_toxin="never")

    days = visit.screening.given_on

    assert visit.screening.day == TODAY + timedelta(days=20)
    assert days["sunburn"] == TODAY
    assert days["last_dental"] == TODAY + timedelta(days=10)
    assert days["last_toxin"] == TODAY + timedelta(days=20)


def test_one_new_answer_does_not_renew_the_others(visit, site):
    _answer(visit, at(91), last_dental="never")

    assert not screenings.is_stale(visit.screening, site, now=at(91))
    assert screenings.is_stale(visit.screening, site, now=at(92))
    expired = screenings.expired(visit.screening, site, at(92).date())
    assert "sunburn" in expired
    assert "last_dental" not in expired
    assert "date_of_birth" not in expired


def test_what_expires_is_asked_again_on_that_day_and_once(visit):
    assert expired_answers.ask_due(now=EXPIRED - timedelta(days=1)) == 0

    assert expired_answers.ask_due(now=EXPIRED) == 1
    assert expired_answers.ask_due(now=EXPIRED) == 0
    assert expired_answers.ask_due(now=EXPIRED + timedelta(days=1)) == 0

    [mail] = _asked(visit)
    assert (mail.state, mail.audience) == ("planned", "patient")


def test_what_expires_just_before_the_visit_is_asked_a_week_before(site):
    visit = book_at_desk(site, at(93)).appointment

    assert expired_answers.ask_due(now=at(85)) == 0
    assert expired_answers.ask_due(now=at(86)) == 1
    assert len(_asked(visit)) == 1


def test_answers_that_last_until_the_visit_are_not_asked_again(site):
    book_at_desk(site, at(91))

    assert expired_answers.ask_due(now=at(90)) == 0


def test_only_what_expired_is_asked(visit, site):
    _answer(visit, at(50), last_dental="never")

    names = expired_answers.to_ask(visit, site, now=EXPIRED)

    assert "sunburn" in names
    assert "last_dental" not in names
    assert "date_of_birth" not in names


def test_once_answered_nothing_is_asked_any_more(visit, site):
    expired_answers.ask_due(now=EXPIRED)
    names = expired_answers.to_ask(visit, site, now=EXPIRED)
    same = {name: visit.screening.answers[name] for name in names}

    _answer(visit, EXPIRED, **same)

    assert expired_answers.to_ask(visit, site, now=at(VISIT - 1)) == {}
    assert expired_answers.ask_due(now=at(VISIT - 1)) == 0


def test_who_does_not_answer_is_called(visit):
    expired_answers.ask_due(now=EXPIRED)
    recheck_answers.answer(
        visit, changed=False, way="mail", now=at(VISIT - 2), actor=PROVEN_PATIENT
    )

    recheck_answers.chase(now=at(VISIT - 1))

    [task] = db.session.scalars(select(Task)).all()
    assert (task.kind, task.urgent) == ("call_patient", True)
    assert task.detail == {"reasons": ["expired"]}


def test_the_desk_may_record_what_was_asked(visit, site):
    recheck_answers.chase(now=at(VISIT - 1))
    names = expired_answers.to_ask(visit, site, now=at(VISIT - 1))
    same = {name: visit.screening.answers[name] for name in names}

    appointments.change_answers(visit, same, now=at(VISIT - 1), actor=RECEPTION)

    [task] = db.session.scalars(select(Task)).all()
    assert task.outcome == "answered"


def test_each_question_counts_by_itself(site, visit):
    _answer(visit, at(50), last_dental="never")
    expired_answers.ask_due(now=EXPIRED)

    # A month later that one is too old as well, for a visit that has moved on.
    appointments.move(visit, at(145), None, now=at(93), actor=RECEPTION)
    dues = expired_answers.to_ask(visit, site, now=at(142))

    assert dues["last_dental"] == date(2027, 3, 3) + timedelta(days=138)


def test_a_visit_that_is_over_is_not_asked(visit):
    appointments.cancel(visit, now=NOW, actor=RECEPTION)

    assert expired_answers.ask_due(now=EXPIRED) == 0
