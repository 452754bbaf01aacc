"""R-75: "has anything changed?" before a visit and on arrival, once for each place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments, holds, tasks
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.db import db
from booking.errors import AlreadyAnswered, NotAllowed, WrongState
from booking.models import RecheckAnswer, Task
from booking.rescreening import recheck_answers, runs
from tests.builders import CLINICIAN, RECEPTION, at, book_at_desk, complete, make_clinic
from tests.clock import NOW

VISIT = 20
ASKED = at(VISIT - 3, 12)  # the mail has been due since that morning
LATE = at(VISIT - 1, 10)  # 24 hours before


@pytest.fixture
def site(session):
    return make_clinic()


@pytest.fixture
def visit(site):
    return book_at_desk(site, at(VISIT)).appointment


def say(visit, *, changed=False, way="mail", now=ASKED, actor=PROVEN_PATIENT):
    return recheck_answers.answer(visit, changed=changed, way=way, now=now, actor=actor)


def _open_calls():
    rows = select(Task).where(Task.kind == "call_patient", Task.done_at.is_(None))
    return db.session.scalars(rows).all()


def test_who_does_not_answer_is_called(site, visit):
    assert recheck_answers.chase(now=LATE) == 1

    [task] = _open_calls()
    assert (task.urgent, task.owner) == (True, "reception")
    assert task.appointment_id == visit.id
    assert task.due_at == visit.starts_at - timedelta(hours=2)
    assert tasks.waiting(site) == [task]
    assert visit.status == "confirmed"


def test_nobody_is_called_twice_or_too_early(site, visit):
    assert recheck_answers.chase(now=LATE - timedelta(minutes=1)) == 0
    recheck_answers.chase(now=LATE)
    [task] = _open_calls()
    tasks.finish(task.id, "no_answer", now=LATE, actor=RECEPTION)

    assert recheck_answers.chase(now=LATE + timedelta(hours=1)) == 0
    assert _open_calls() == []


def test_who_has_answered_is_not_called(site, visit):
    say(visit)

    assert recheck_answers.chase(now=LATE) == 0


def test_who_says_that_something_changed_but_not_what_is_called(site, visit):
    say(visit, changed=True)
    assert recheck_answers.chase(now=LATE) == 1

    appointments.change_answers(
        visit, {"last_dental": "never"}, now=LATE, actor=PROVEN_PATIENT
    )

    assert _open_calls() == []


def test_answers_given_after_the_question_are_an_answer(site, visit):
    appointments.change_answers(
        visit, {"last_dental": "never"}, now=ASKED, actor=PROVEN_PATIENT
    )

    assert recheck_answers.chase(now=LATE) == 0


def test_a_visit_booked_after_the_question_was_due_is_not_chased(site):
    book_at_desk(site, at(2))

    assert recheck_answers.chase(now=at(1, 11)) == 0


def test_an_answer_at_the_desk_closes_the_task(site, visit):
    recheck_answers.chase(now=LATE)

    say(visit, way="desk", now=LATE, actor=RECEPTION)

    assert _open_calls() == []


@pytest.mark.parametrize("how", ["arrives", "cancels", "moves", "does not come"])
def test_the_task_ends_with_what_it_was_for(site, visit, how):
    recheck_answers.chase(now=LATE)
    if how == "arrives":
        appointments.arrive(visit, now=visit.starts_at, actor=RECEPTION)
    elif how == "cancels":
        appointments.cancel(visit, now=LATE, actor=RECEPTION)
    elif how == "moves":
        appointments.move(visit, at(VISIT + 9), None, now=LATE, actor=RECEPTION)
    else:
        appointments.no_show(visit, now=visit.starts_at, actor=RECEPTION)

    assert _open_calls() == []


def test_an_answer_counts_once(site, visit, session):
    say(visit)

    with pytest.raises(AlreadyAnswered):
        say(visit, changed=True)

    [kept] = session.scalars(select(RecheckAnswer)).all()
    assert not kept.changed


def test_a_moved_visit_is_asked_anew(site, visit, session):
    say(visit)
    appointments.move(visit, at(VISIT + 10), None, now=ASKED, actor=RECEPTION)
    later = at(VISIT + 9)
    assert recheck_answers.chase(now=later) == 1

    say(visit, now=later)

    assert _open_calls() == []
    assert len(session.scalars(select(RecheckAnswer)).all()) == 2


@pytest.mark.parametrize(
    ("now", "prepare"),
    [
        pytest.param(NOW, None, id="before it is asked"),
        pytest.param(at(VISIT), None, id="once the visit begins"),
        pytest.param(ASKED, "cancel", id="after it was cancelled"),
    ],
)
def test_an_answer_at_the_wrong_time_is_refused(site, visit, session, now, prepare):
    if prepare:
        appointments.cancel(visit, now=NOW, actor=RECEPTION)

    with pytest.raises(WrongState):
        say(visit, now=now)

    assert session.scalars(select(RecheckAnswer)).all() == []


def test_only_the_owner_of_the_address_may_answer_for_the_visit(site, visit):
    with pytest.raises(NotAllowed):
        say(visit, actor=PATIENT)


def test_a_clinic_may_hold_the_visit_instead(site, visit, session):
    site.recheck_silence = "hold"
    session.commit()

    assert recheck_answers.chase(now=LATE) == 1
    assert recheck_answers.chase(now=LATE + timedelta(minutes=1)) == 0

    hold = holds.open_of(visit)
    assert (visit.status, hold.owner) == ("held", "clinician")
    assert {window.rule for window in holds.windows_of(hold)} == {"R-75"}
    assert _open_calls() == []


@pytest.mark.parametrize("way", ["mail", "desk", "questions"])
def test_an_answer_ends_the_hold_of_silence(site, visit, session, way):
    site.recheck_silence = "hold"
    session.commit()
    recheck_answers.chase(now=LATE)

    if way == "questions":
        appointments.change_answers(
            visit, {"last_dental": "never"}, now=LATE, actor=RECEPTION
        )
    else:
        actor = PROVEN_PATIENT if way == "mail" else RECEPTION
        say(visit, way=way, now=LATE, actor=actor)

    assert visit.status == "confirmed"


def test_a_clinician_may_release_the_hold_of_silence_for_good(site, visit, session):
    site.recheck_silence = "hold"
    session.commit()
    recheck_answers.chase(now=LATE)
    holds.release(
        holds.open_of(visit), now=LATE, actor=CLINICIAN, reason="clinic_policy"
    )

    runs.decide_again(visit.id, now=LATE + timedelta(hours=1))

    assert visit.status == "confirmed"
    assert recheck_answers.chase(now=LATE + timedelta(hours=1)) == 0


def test_arriving_answers_it(site, visit, session):
    appointments.arrive(visit, now=visit.starts_at, actor=RECEPTION)

    [kept] = session.scalars(select(RecheckAnswer)).all()
    assert (kept.way, kept.changed) == ("arrival", False)


def test_who_says_on_arrival_that_something_changed_has_not_arrived(site, visit):
    now = visit.starts_at
    recheck_answers.tell_change_on_arrival(visit, now=now, actor=RECEPTION)
    recheck_answers.tell_change_on_arrival(visit, now=now, actor=RECEPTION)
    later = now + timedelta(minutes=5)

    with pytest.raises(WrongState, match="Record the new answers"):
        appointments.arrive(visit, now=later, actor=RECEPTION)
    appointments.change_answers(
        visit, {"last_dental": "never"}, now=later, actor=RECEPTION
    )
    appointments.arrive(visit, now=later, actor=RECEPTION)

    assert visit.status == "arrived"


def test_what_changed_on_arrival_may_hold_the_visit(site, visit):
    now = visit.starts_at
    recheck_answers.tell_change_on_arrival(visit, now=now, actor=RECEPTION)
    appointments.change_answers(visit, {"sunburn": "now"}, now=now, actor=RECEPTION)

    with pytest.raises(WrongState, match="released before"):
        appointments.arrive(visit, now=now, actor=RECEPTION)


def test_completing_asks_nothing_more(site, visit, session):
    complete(visit)

    assert len(session.scalars(select(RecheckAnswer)).all()) == 1
