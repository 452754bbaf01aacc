"""Answer against record: the stricter counts, staff settle it once, and why is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import holds, tasks
from booking.db import db
from booking.errors import BookingError, InvalidRequest, NotAllowed, WrongState
from booking.models import Appointment, AuditEvent, Record, Settlement, Site, Task
from booking.records import conflicts, filing, settlements
from booking.records.entries import Entry
from booking.records.settlements import Choice
from booking.rescreening import decisions
from tests.builders import (
    CLINICIAN,
    RECEPTION,
    TODAY,
    at,
    book,
    book_at_desk,
    complete,
    employ_cleo,
    make_clinic,
)
from tests.clock import NOW

LATER = NOW + timedelta(days=1)
FILLER = Entry("treatment", "filler", "letter", TODAY - timedelta(days=9), "face")
WHY = "The letter was about her sister."


@pytest.fixture
def site(session):
    employ_cleo()
    return make_clinic()


@pytest.fixture
def visit(site):
    return book_at_desk(site, at(7)).appointment


@pytest.fixture
def record(site, visit):
    """A filler in a letter, of which Ada said that it never was; the visit is held."""
    row = filing.enter(site, visit.patient_id, FILLER, now=NOW, actor=CLINICIAN)
    settle_visit(site, visit)
    return row


def settle_visit(site, visit, *, now=NOW):
    """What the runner of re-screenings does."""
    found = decisions.clearance_now(visit, site, now=now, patient_id=visit.patient_id)
    decisions.settle(visit, site, found, now=now, neutral=False)
    db.session.commit()


def choice(record, counts):
    return Choice("last_filler", f"record {record.id}", "never", counts, WHY)


def settle(site, visit, made, *, now=LATER, actor=CLINICIAN, **more):
    return settlements.settle(site, visit, made, now=now, actor=actor, **more)


def test_a_conflict_that_holds_a_visit_is_a_task(site, visit, record):
    (task,) = tasks.waiting(site)

    assert (task.kind, task.owner) == ("conflict", "reception")
    assert task.due_at == holds.open_of(visit).decide_by
    assert task.detail["question"] == "last_filler"
    (found,) = conflicts.of_patient(visit.patient_id, site, now=NOW)
    assert (found.conflict.answer, found.conflict.ref) == (
        "never", f"record {record.id}",
    )  # fmt: skip
    assert found.settlement is None


def test_a_conflict_that_decides_nothing_makes_no_task(site):
    visit = book_at_desk(site, at(80)).appointment

    filing.enter(site, visit.patient_id, FILLER, now=NOW, actor=CLINICIAN)
    settle_visit(site, visit)

    assert tasks.waiting(site) == []
    assert len(conflicts.of_patient(visit.patient_id, site, now=NOW)) == 1


def test_the_record_counts_and_stays_in_force(site, visit, record):
    row = settle(site, visit, choice(record, "record"), actor=RECEPTION)

    assert (row.counts, row.by, row.note, row.said) == ("record", "Robin", WHY, "never")
    assert record.corrected_by_id is None
    assert tasks.waiting(site) == []
    settle_visit(site, visit, now=LATER)
    assert visit.status == "held"
    (found,) = conflicts.of_patient(visit.patient_id, site, now=LATER)
    assert found.settlement.id == row.id


def test_the_answer_counts_by_withdrawing_the_record(site, visit, record, session):
    settle(site, visit, choice(record, "answer"))

    assert record.corrected_by_id is not None
    taken_back = session.get(Record, record.corrected_by_id)
    assert (taken_back.kind, taken_back.value["note"]) == ("withdrawal", WHY)
    settle_visit(site, visit, now=LATER)
    assert visit.status == "confirmed"
    assert conflicts.of_patient(visit.patient_id, site, now=LATER) == []
    assert tasks.waiting(site) == []
    actions = session.scalars(select(AuditEvent.action)).all()
    assert "conflict.settle" in actions


def test_a_settled_conflict_opens_no_second_task(site, visit, record):
    settle(site, visit, choice(record, "record"))
    filing.enter(
        site, visit.patient_id, replace(FILLER, subject="laser"), now=LATER,
        actor=CLINICIAN,
    )  # fmt: skip

    settle_visit(site, visit, now=LATER)

    assert [task.detail["question"] for task in tasks.waiting(site)] == ["last_laser"]


def test_the_answer_does_not_outweigh_a_letter_at_the_front_desk(site, visit, record):
    made = choice(record, "answer")

    with pytest.raises(NotAllowed):
        settle(site, visit, made, actor=RECEPTION)

    db.session.rollback()
    assert db.session.scalars(select(Settlement)).all() == []
    settle(site, visit, made, actor=RECEPTION, attested_by="Dr Cleo, by phone")
    assert db.session.scalars(select(Settlement)).one().counts == "answer"


def test_our_own_visit_is_not_answered_away(site, session):
    complete(book_at_desk(site, at(0, 12), treatment="filler").appointment)
    visit = book(site, at(6)).appointment
    (dispute,) = conflicts.of_patient(visit.patient_id, site, now=NOW)
    made = Choice("last_filler", dispute.conflict.ref, "never", "answer", WHY)

    with pytest.raises(WrongState, match="a visit here"):
        settle(site, visit, made)
    session.rollback()
    assert settle(site, visit, replace(made, counts="record")).counts == "record"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"counts": "neither"}, "counts"), ({"note": "No."}, "note")],
)
def test_a_bad_choice_names_its_field(site, visit, record, changes, field):
    with pytest.raises(InvalidRequest) as refused:
        settle(site, visit, replace(choice(record, "record"), **changes))

    db.session.rollback()
    assert [p.field for p in refused.value.problems] == [field]
    assert len(tasks.waiting(site)) == 1


def test_a_conflict_that_is_not_there_any_more_is_not_settled(site, visit, record):
    with pytest.raises(WrongState, match="changed meanwhile"):
        settle(site, visit, replace(choice(record, "record"), said="2020-01-01"))


@pytest.mark.parametrize(
    ("counts", "words"),
    [("record", "our record counts"), ("answer", "the answer counts")],
)
def test_who_comes_second_sees_what_was_decided(site, visit, record, counts, words):
    settle(site, visit, choice(record, counts))

    other = "answer" if counts == "record" else "record"
    with pytest.raises(WrongState) as refused:
        settle(site, visit, choice(record, other), actor=RECEPTION)

    assert f"Dr Cleo has settled this already, on 4 March at 10:00: {words}" in (
        refused.value.sentence
    )
    assert refused.value.extra["settlement"].counts == counts


def test_of_two_at_once_one_settles_it(app, site, visit, record):
    numbers = site.id, visit.id
    made = choice(record, "record")

    def attempt(counts):
        with app.app_context():
            place, coming = (
                db.session.get(Site, numbers[0]),
                db.session.get(Appointment, numbers[1]),
            )
            try:
                settle(place, coming, replace(made, counts=counts))
            except BookingError as refusal:
                return refusal.sentence
            return "settled"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(attempt, ("record", "answer")))

    assert results.count("settled") == 1
    assert "has settled this already" in results[0]
    db.session.expire_all()  # the other sessions wrote; this one has read before
    row = db.session.scalars(select(Settlement)).one()
    assert (db.session.get(Record, record.id).corrected_by_id is None) == (
        row.counts == "record"
    )


def test_the_task_ends_with_the_visit(site, visit, record, session):
    hold = holds.open_of(visit)

    holds.decline(hold, now=LATER, actor=RECEPTION, reason="unsafe")

    task = session.scalars(select(Task)).one()
    assert (task.outcome, task.done_by) == ("moot", "system")
