"""I-5: whatever happens, each visit to come of that person is decided again, once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from booking import holds, waitlist
from booking.db import db
from booking.models import (
    Appointment,
    AuditEvent,
    Claim,
    Hold,
    Message,
    Move,
    Record,
    Release,
    Rescreening,
    Screening,
    Task,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.rescreening import (
    decisions,
    expired_answers,
    recheck_answers,
    runs,
    unclosed,
)
from screening import Verdict
from tests.booking.triggers import (
    CLEARED,
    HELD,
    REFUSED,
    STAYS,
    TRIGGERS,
    WATCHED,
    Scene,
)
from tests.builders import ADA, BOB, at, book_at_desk, make_clinic
from tests.clock import NOW

MAIL = {HELD: "reheld", REFUSED: "rescreen_refused", CLEARED: "confirmed"}
VERDICT = {HELD: Verdict.HOLD, REFUSED: Verdict.REFUSE}
CASES = [
    pytest.param(trigger, outcome, id=f"{name}-{outcome}")
    for name, trigger in TRIGGERS.items()
    for outcome in trigger.outcomes
]


@pytest.fixture
def site(session):
    """One of each: what one patient leaves is free for the next, and nothing else."""
    return make_clinic(practitioners=1, rooms=1)


def _run_twice_at_once(app, scene):
    """What is due, by two workers side by side."""
    now, barrier, failures = scene.now, threading.Barrier(2), []

    def work():
        try:
            with app.app_context():
                barrier.wait(10)
                runs.run_due(now=now)
        except Exception as error:  # noqa: BLE001 - told by the test itself
            failures.append(error)

    db.session.commit()
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    db.session.rollback()
    db.session.expire_all()


def _run_again(scene):
    """All that the worker does about it, once more, with everybody due."""
    decisions.note(scene.site, scene.watched.patient_id, "again", now=scene.now)
    decisions.note(scene.site, None, "again", now=scene.now)
    db.session.commit()
    recheck_answers.chase(now=scene.now)
    unclosed.chase(now=scene.now)
    expired_answers.ask_due(now=scene.now)
    waitlist.deal_with_freed(now=scene.now)
    scene.run()


def _everything():
    """Every row that a run could write, whole."""
    db.session.rollback()
    return {
        model.__name__: [
            tuple(row)
            for row in db.session.execute(
                select(model.__table__).order_by(model.__table__.c.id)
            )
        ]
        for model in (
            Appointment,
            Claim,
            Hold,
            Message,
            Move,
            Record,
            Release,
            Screening,
            Task,
            WaitlistEntry,
            WaitlistOffer,
            AuditEvent,
            Rescreening,
        )
    }


def _messages(visit, state=None):
    rows = select(Message.id, Message.step).where(Message.appointment_id == visit.id)
    if state:
        rows = rows.where(Message.state == state)
    return [tuple(row) for row in db.session.execute(rows.order_by(Message.id))]


def _mails_of(visit):
    return {step for _, step in _messages(visit, "planned")}


def _occupied(visit):
    db.session.expire_all()
    return sorted(
        (claim.resource_id or 0, claim.first_cell, claim.until_cell)
        for claim in visit.claims
        if claim.live
    )


def _open_tasks():
    return set(db.session.scalars(select(Task.kind).where(Task.done_at.is_(None))))


def _all_sent():
    """As if everything planned so far had left."""
    db.session.query(Message).filter_by(state="planned").update(
        {"state": "sent", "sent_at": NOW}
    )
    db.session.commit()


@pytest.mark.parametrize(("trigger", "outcome"), CASES)
def test_every_trigger_decides_the_visits_to_come_again(app, site, trigger, outcome):
    scene = Scene(site, outcome)
    trigger.before(scene)
    scene.run()
    watched = scene.watched
    assert watched.status == ("held" if outcome == CLEARED else "confirmed")
    _all_sent()
    sequence, told = watched.sequence, _messages(watched)
    occupied = _occupied(watched)

    trigger.after(scene)
    _run_twice_at_once(app, scene)

    is_held = outcome in (HELD, REFUSED)
    assert watched.status == ("held" if is_held else "confirmed")
    assert watched.sequence == sequence + (outcome != STAYS)
    assert _occupied(watched) == occupied
    _check_hold(watched, outcome)
    _check_mails(watched, outcome, told)
    assert _open_tasks() == trigger.asks.get(outcome, set())
    once = _everything()
    assert once["Rescreening"] == []

    _run_again(scene)

    assert _everything() == once


def _check_hold(watched, outcome):
    hold = holds.open_of(watched)
    assert (hold is not None) == (outcome in VERDICT)
    if hold is not None:
        assert max(w.verdict for w in holds.windows_of(hold)) == VERDICT[outcome]
        # What came later than the booking waits for a person, and does not expire.
        assert not hold.requested


def _check_mails(watched, outcome, told):
    """Nothing, or the one mail that says it; preparation waits while it is held."""
    waits = _mails_of(watched)
    if outcome == STAYS:
        assert {step for _, step in _messages(watched)[len(told) :]} <= {"reask"}
    elif outcome == CLEARED:
        assert waits & set(MAIL.values()) == {"confirmed"}
        assert len(waits) > 1
    else:
        assert waits == {MAIL[outcome], "staff_hold"}


def test_nobody_else_is_touched(site):
    scene = Scene(site, REFUSED)
    scene.watch()
    bobs = book_at_desk(site, at(WATCHED, 13), contact=BOB).appointment

    scene.facial(38)
    scene.run()

    assert (scene.watched.status, bobs.status) == ("held", "confirmed")
    assert scene.watched.patient.email == ADA.email
