"""Runs: nothing is lost by one that dies, none stops another, and few statements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from booking import appointments
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.db import db
from booking.models import Record, Rescreening
from booking.rescreening import batches, decisions, runs
from tests.builders import ADA, BOB, CLINICIAN, at, book, book_at_desk, make_clinic
from tests.clock import NOW


@pytest.fixture
def site(session):
    return make_clinic()


def _symptom_of(visit):
    db.session.add(
        Record(
            patient_id=visit.patient_id,
            kind="symptom",
            subject="symptom",
            day=NOW.date(),
            area=None,
            value={},
            how_known="told us",
            entered_by="Robin",
            entered_at=NOW,
        )
    )


def _status(*visits):
    db.session.rollback()
    db.session.expire_all()
    return [str(visit.status) for visit in visits]


def _due():
    return db.session.query(Rescreening).count()


@pytest.fixture
def two(site):
    """Ada's two visits, of which a symptom has to hold both."""
    first = book_at_desk(site, at(20)).appointment
    second = book_at_desk(site, at(60)).appointment
    runs.run_due(now=NOW)
    _symptom_of(first)
    return first, second


def _dies_at_second(monkeypatch, error):
    real, calls = runs.decide_again, []

    def decide_again(number, *, now):
        calls.append(number)
        if len(calls) == 2:
            raise error
        real(number, now=now)

    monkeypatch.setattr(runs, "decide_again", decide_again)


@pytest.mark.parametrize("whole_site", [False, True], ids=["patient", "site"])
def test_a_run_that_dies_in_the_middle_is_run_again(site, two, monkeypatch, whole_site):
    who = None if whole_site else two[0].patient_id
    decisions.note(site, who, "symptom", now=NOW)
    db.session.commit()
    with monkeypatch.context() as patch:
        _dies_at_second(patch, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            runs.run_due(now=NOW)
    assert _status(*two) == ["held", "confirmed"]
    assert _due() == 1

    runs.run_due(now=NOW)

    assert _status(*two) == ["held", "held"]
    assert _due() == 0


@pytest.mark.parametrize("whole_site", [False, True], ids=["patient", "site"])
def test_a_visit_that_cannot_be_decided_stops_no_other(
    site, two, monkeypatch, caplog, whole_site
):
    who = None if whole_site else two[0].patient_id
    decisions.note(site, who, "symptom", now=NOW)
    db.session.commit()
    with monkeypatch.context() as patch:
        _dies_at_second(patch, ValueError("Ada's secret"))
        runs.run_due(now=NOW)
    assert "rescreen.failed" in caplog.text
    assert "secret" not in caplog.text
    assert _due() == 1

    assert runs.run_due(now=NOW + timedelta(minutes=4)) == 0
    runs.run_due(now=NOW + timedelta(minutes=5))

    assert _status(*two) == ["held", "held"]
    assert _due() == 0


def test_a_run_over_a_site_goes_on_where_it_was(site, two, monkeypatch):
    monkeypatch.setattr(runs, "BATCH", 1)
    decisions.note(site, None, "rulebook", now=NOW)
    db.session.commit()
    row = db.session.query(Rescreening).one()

    assert runs.run_batch(row, now=NOW)

    assert _status(*two) == ["held", "confirmed"]
    assert db.session.query(Rescreening).one().after_id == two[0].id
    runs.run_due(now=NOW)
    assert _status(*two) == ["held", "held"]


def test_what_one_patient_waits_for_comes_before_a_whole_site(site, two, monkeypatch):
    bobs = book_at_desk(site, at(20, 13), contact=BOB).appointment
    runs.run_due(now=NOW)
    _symptom_of(bobs)
    decisions.note(site, None, "rulebook", now=NOW)
    decisions.note(site, bobs.patient_id, "symptom", now=NOW)
    db.session.commit()
    done = []
    real = runs.decide_again
    monkeypatch.setattr(
        runs,
        "decide_again",
        lambda number, *, now: (done.append(number), real(number, now=now)),
    )

    runs.run_due(now=NOW)

    assert done[0] == bobs.id


def test_a_batch_takes_the_same_statements_however_many_visits(site):
    book_at_desk(site, at(20))
    few = _statements(site)
    for day in range(21, 27):
        book_at_desk(site, at(day), contact=BOB, date_of_birth=f"1980-01-{day}")

    assert _statements(site) == few
    assert few <= 10


def _statements(site):
    db.session.commit()
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        visits = batches.following(site, 0, 100, now=NOW)
        batches.out_of_line(visits, site, now=NOW)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert not any("FOR" in one and "UPDATE" in one for one in seen)
    return len(seen)


def test_what_the_link_shown_at_booking_says_counts_for_that_visit_alone(site):
    other = book_at_desk(site, at(20)).appointment
    mine = book(site, at(60), contact=ADA).appointment

    appointments.change_answers(mine, {"pregnant": "now"}, now=NOW, actor=PATIENT)
    appointments.check_records(mine.id, now=NOW)
    runs.run_due(now=NOW)

    assert _status(mine, other) == ["held", "confirmed"]


def test_what_the_owner_says_counts_for_the_others_and_says_so(site):
    first = book(site, at(20)).appointment
    second = book(site, at(60)).appointment
    appointments.prove(second, now=NOW)

    appointments.change_answers(
        second, {"pregnant": "now"}, now=NOW, actor=PROVEN_PATIENT
    )
    runs.run_due(now=NOW)

    assert _status(first, second) == ["held", "held"]
    assert first.screening.answers["pregnant"] == "now"
    # So that the link shown at booking tells nothing of it.
    assert first.screening.answered_by == "owner"


def test_about_the_skin_of_another_place_it_says_nothing(site):
    face = book_at_desk(site, at(20)).appointment
    scalp = book_at_desk(site, at(21), area="scalp").appointment

    appointments.change_answers(scalp, {"sunburn": "now"}, now=NOW, actor=CLINICIAN)
    runs.run_due(now=NOW)

    assert _status(face, scalp) == ["confirmed", "held"]
