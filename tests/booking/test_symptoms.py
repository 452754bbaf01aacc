"""Signs after a visit: never lost, answered at once, and holding what comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy import text as text_of

from booking import holds, tasks
from booking.actors import PATIENT
from booking.errors import InvalidRequest, NotAllowed, WrongState
from booking.models import AuditEvent, Record, Rescreening, SymptomReport, Task
from booking.rescreening import decisions
from booking.symptoms import reports
from booking.symptoms.reports import Said
from tests.builders import (
    CLINICIAN,
    MANAGER,
    RECEPTION,
    at,
    book_at_desk,
    complete,
    employ_cleo,
    make_clinic,
)

SOON = at(4, 12)
# Hypothesis adds the zone itself.
YEAR = [datetime(year, 1, 1) for year in (2027, 2028)]  # noqa: DTZ001
ATTESTED = "Dr Cleo, 2027-03-08 10:00, by phone"


@pytest.fixture
def site(session):
    employ_cleo()
    return make_clinic()


@pytest.fixture
def done(site):
    """Ada's microneedling of Thursday 4 March, completed at 11:00."""
    return complete(book_at_desk(site, at(1)).appointment)


@pytest.fixture
def later(site, done):
    """Her next session, six weeks on."""
    return book_at_desk(site, at(45), now=at(2)).appointment


def report(done, *signs, text="", step="report", now=SOON, actor=PATIENT, call=False):
    said = Said(signs, text, wants_call=call)
    return reports.report(done, said, step=step, now=now, actor=actor)


def settle(site, visit, *, now=SOON):
    """What the runner of re-screenings does."""
    found = decisions.clearance_now(visit, site, now=now, patient_id=visit.patient_id)
    decisions.settle(visit, site, found, now=now, neutral=False)


def test_all_fine_is_stored_and_holds_nothing(site, done, later):
    row = report(done, step="checkin-72h")

    settle(site, later)
    assert (row.answer, row.urgency, row.record_id) == ("fine", "none", None)
    assert later.status == "confirmed"
    assert tasks.waiting(site) == []


@pytest.mark.parametrize(
    ("signs", "urgency", "due"),
    [
        (["F-08"], "emergency", SOON + timedelta(hours=1)),
        (["F-04"], "emergency", SOON + timedelta(hours=1)),
        (["F-01"], "today", at(4, 23, 59)),
        (["F-06"], "days", at(6, 23, 59)),
        (["F-10"], "days", at(7, 23, 59)),
        (["F-11"], "days", at(11, 23, 59)),
        (["F-11", "F-04", "F-06"], "emergency", SOON + timedelta(hours=1)),
        ([], "today", at(4, 23, 59)),
    ],
)
def test_a_sign_is_a_clinicians_task_with_its_deadline(site, done, signs, urgency, due):
    row = report(done, *signs, call=True)

    (task,) = tasks.waiting(site)
    assert (row.answer, row.urgency) == ("call", urgency)
    assert (task.kind, task.owner, task.due_at) == ("symptom", "clinician", due)
    assert task.urgent == (urgency != "days")
    assert task.appointment_id == done.id


def test_a_call_holds_later_sessions_until_a_clinician_clears_it(site, done, later):
    report(done, call=True)
    settle(site, later)

    hold = holds.open_of(later)
    assert later.status == "held"
    assert [(w.rule, w.release_by) for w in holds.windows_of(hold)] == [
        ("R-82", "clinician")
    ]

    reports.clear(done, reason="seen_and_well", note="", now=at(5), actor=CLINICIAN)
    settle(site, later, now=at(5))

    assert later.status == "confirmed"
    assert tasks.waiting(site) == []


def test_every_report_and_clearing_asks_for_a_new_decision(site, done, session):
    report(done, "F-01")
    reports.clear(done, reason="settled", note="", now=at(5), actor=CLINICIAN)

    causes = session.scalars(select(Rescreening.cause)).all()
    assert causes.count("symptom") == 2
    actions = session.scalars(select(AuditEvent.action)).all()
    assert {"symptom.call", "symptom.clear"} <= set(actions)


def test_the_same_report_twice_is_stored_once(site, done, session):
    first = report(done, "F-01", text="A little.").id

    assert report(done, "F-01", text="A little. ", now=at(4, 13)).id == first
    assert len(session.scalars(select(Record)).all()) == 1


def test_a_worse_sign_makes_the_task_more_pressing(site, done):
    report(done, "F-11")
    report(done, "F-04", now=at(4, 13))

    (task,) = tasks.waiting(site)
    assert (task.urgent, task.due_at) == (True, at(4, 14))
    assert len(reports.open_reports([done.id])) == 2


def test_the_usual_alone_is_fine(done):
    row = report(done, "F-15")

    assert (row.answer, row.urgency, row.signs) == ("fine", "none", ["F-15"])


def test_own_words_are_a_call_and_are_sealed(site, done, session):
    row = report(done, text="My cheek tingles")

    assert (row.answer, row.urgency) == ("call", "today")
    stored = session.execute(text_of("SELECT text FROM symptom_report")).scalar_one()
    assert b"tingles" not in bytes(stored)


@pytest.mark.parametrize(
    ("signs", "text", "field"), [(["F-99"], "", "signs"), ([], "x" * 2001, "text")]
)
def test_a_bad_report_names_its_field_and_stores_nothing(
    done, session, signs, text, field
):
    with pytest.raises(InvalidRequest) as refused:
        report(done, *signs, text=text)

    session.rollback()
    assert [p.field for p in refused.value.problems] == [field]
    assert session.scalars(select(SymptomReport)).all() == []


def test_a_sign_of_another_treatment_is_refused(done):
    with pytest.raises(InvalidRequest, match="put right"):
        report(done, "F-14")


def test_a_visit_that_was_never_completed_says_what_to_do(site):
    visit = book_at_desk(site, at(1)).appointment

    with pytest.raises(WrongState, match="emergency number"):
        report(visit, "F-01")


def test_reception_clears_only_with_a_named_clinician(site, done, session):
    report(done, "F-01")

    for actor in (RECEPTION, MANAGER, PATIENT):
        with pytest.raises(NotAllowed):
            reports.clear(done, reason="settled", note="", now=at(5), actor=actor)
        session.rollback()
    reports.clear(
        done, reason="settled", note="", now=at(5), actor=RECEPTION,
        attested_by=ATTESTED,
    )  # fmt: skip

    assert reports.open_reports([done.id]) == []


def test_a_clinic_can_keep_clearing_to_clinicians(site, done, session):
    site.attestation_allowed = False
    session.commit()
    report(done, "F-01")

    with pytest.raises(NotAllowed):
        reports.clear(
            done, reason="settled", note="", now=at(5), actor=RECEPTION,
            attested_by=ATTESTED,
        )  # fmt: skip


def test_clearing_has_a_reason_and_happens_once(done, session):
    report(done, "F-01")

    for reason, note in (("because", ""), ("other", "short")):
        with pytest.raises(InvalidRequest):
            reports.clear(done, reason=reason, note=note, now=at(5), actor=CLINICIAN)
        session.rollback()
    reports.clear(done, reason="treated", note="", now=at(5), actor=CLINICIAN)
    with pytest.raises(WrongState):
        reports.clear(done, reason="treated", note="", now=at(5), actor=CLINICIAN)


def test_a_symptom_task_is_not_closed_at_the_front_desk(site, done, session):
    report(done, "F-01")
    (task,) = tasks.waiting(site)

    with pytest.raises(NotAllowed):
        tasks.finish(task.id, "advised", now=at(5), actor=RECEPTION)

    session.rollback()
    assert session.get(Task, task.id).done_at is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    instant=st.datetimes(
        *YEAR, timezones=st.just(UTC)
    ),
    action=st.sampled_from(["emergency", "urgent", "same_day", "within_2_days",
                            "within_3_days", "within_7_days"]),
)  # fmt: skip
def test_a_deadline_is_kept_on_every_day_of_the_year(site, instant, action):
    """Also on the two days on which the clocks change."""
    days = {"within_2_days": 2, "within_3_days": 3, "within_7_days": 7}.get(action, 0)
    london = ZoneInfo(site.timezone)
    book = reports.rulebooks.current(site)
    (flag, *_) = [
        f for name in book.treatments for f in book.red_flags(name)
        if f.action == action
    ]  # fmt: skip

    due = reports.due_at([flag], site, now=instant)

    assert instant <= due
    if action in ("emergency", "urgent"):
        assert due - instant == timedelta(hours=1)
    else:
        last = instant.astimezone(london).date() + timedelta(days=days)
        assert due.astimezone(london).date() == last
