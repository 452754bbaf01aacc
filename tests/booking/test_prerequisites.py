"""A clinic that asks for a consultation or a patch test before a treatment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking import appointments, gate, holds, prerequisites
from booking.errors import InvalidRequest, NotAllowed, RefusedByGate
from booking.models import Record, Rescreening, Status
from booking.patients import files
from screening import Requirement, Verdict
from tests import builders
from tests.builders import CLINICIAN, MANAGER, RECEPTION, TODAY, at
from tests.clock import NOW

TALK = Requirement("consultation", least_hours=24, valid_days=100)
TEST = Requirement("patch_test", least_hours=48, valid_days=184)


@pytest.fixture
def site(session):
    return builders.make_clinic()


def ask_for(site, *required, treatment="microneedling"):
    prerequisites.change(site, treatment, required, now=NOW, actor=MANAGER)


def talk(site, day, **options):
    return builders.book(site, at(day), treatment="consultation", **options)


def test_a_stranger_without_a_consultation_can_only_ask(site):
    ask_for(site, TALK)

    booked = builders.book(site, at(6))

    assert booked.appointment.status == Status.HELD
    assert [w.rule for w in holds.windows_of(booked.hold)] == ["R-76"]


def test_who_had_the_consultation_is_confirmed_once_the_records_are_asked(site):
    talk(site, 2)
    ask_for(site, TALK)

    booked = builders.book(site, at(6))

    assert booked.appointment.status == Status.CONFIRMED


def test_the_consultation_has_to_be_far_enough_ahead(site):
    talk(site, 5)
    ask_for(site, TALK)

    booked = builders.book(site, at(6))

    assert booked.appointment.status == Status.HELD


def test_at_the_desk_the_records_count_at_once(site):
    builders.book_at_desk(site, at(2), treatment="consultation")
    ask_for(site, TALK)

    early = builders.book_at_desk(site, at(3))
    late = builders.book_at_desk(site, at(44))

    assert early.appointment.status == Status.HELD
    assert late.appointment.status == Status.CONFIRMED


def test_another_persons_consultation_opens_nothing(site):
    talk(site, 2, contact=builders.BOB)
    ask_for(site, TALK)

    booked = builders.book(site, at(6))

    assert booked.appointment.status == Status.HELD


def test_a_cancelled_consultation_counts_no_more(site):
    first = talk(site, 2).appointment
    ask_for(site, TALK)
    appointments.cancel(first, now=NOW, actor=RECEPTION)

    booked = builders.book(site, at(6))

    assert booked.appointment.status == Status.HELD


def test_a_failed_patch_test_lets_nobody_in(site):
    ask_for(site, TEST)
    ada = builders.book_at_desk(site, at(2), treatment="consultation").appointment
    prerequisites.enter_result(
        ada.patient,
        "microneedling",
        TODAY,
        "failed",
        "Seen by Dr Cleo",
        site=site,
        now=NOW,
        actor=CLINICIAN,
    )

    with pytest.raises(RefusedByGate):
        builders.book_at_desk(site, at(6), actor=CLINICIAN)


def test_a_passed_patch_test_opens_the_days_that_follow(site):
    ask_for(site, TEST)
    ada = builders.book_at_desk(site, at(2), treatment="consultation").appointment
    prerequisites.enter_result(
        ada.patient,
        "microneedling",
        TODAY,
        "passed",
        "Seen by Dr Cleo",
        site=site,
        now=NOW,
        actor=CLINICIAN,
    )

    found = gate.clearance_for(
        site,
        "microneedling",
        "face",
        builders.clear_answers(site),
        now=NOW,
        patient_id=ada.patient_id,
    )

    assert found.verdict_on(TODAY + timedelta(2)) is Verdict.HOLD
    assert found.verdict_on(TODAY + timedelta(3)) is Verdict.CLEAR


def test_visits_to_come_are_looked_at_again_when_the_setting_changes(site, session):
    ask_for(site, TALK)

    due = session.scalars(select(Rescreening)).one()

    assert (due.patient_id, due.cause) == (None, "prerequisites")


@pytest.mark.parametrize(
    ("required", "field"),
    [
        (Requirement("consultation", -1, 10), "consultation_hours"),
        (Requirement("consultation", 99_999, 10), "consultation_hours"),
        (Requirement("patch_test", 48, 3), "patch_test_days"),
        (Requirement("patch_test", 48, 9_999), "patch_test_days"),
        (Requirement("x-ray", 48, 100), "kind"),
    ],
)
def test_an_impossible_setting_is_named_and_nothing_is_stored(site, required, field):
    with pytest.raises(InvalidRequest) as refused:
        ask_for(site, required)

    assert [problem.field for problem in refused.value.problems] == [field]
    assert builders.book(site, at(6)).appointment.status == Status.CONFIRMED


def test_nothing_comes_before_a_consultation(site):
    with pytest.raises(InvalidRequest):
        ask_for(site, TALK, treatment="consultation")


def test_only_a_clinician_enters_a_result(site, session):
    ada = talk(site, 2).appointment.patient

    with pytest.raises(NotAllowed):
        prerequisites.enter_result(
            files.get(ada.id),
            "microneedling",
            TODAY,
            "passed",
            "She told me",
            site=site,
            now=NOW,
            actor=RECEPTION,
        )

    assert session.scalars(select(Record)).all() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"day": TODAY + timedelta(1)}, "day"),
        ({"result": "maybe"}, "result"),
        ({"how_known": " "}, "how_known"),
        ({"treatment": "no such thing"}, "treatment"),
    ],
)
def test_a_bad_result_is_named_and_nothing_is_stored(site, session, changes, field):
    ada = talk(site, 2).appointment.patient
    given = {
        "treatment": "microneedling",
        "day": TODAY,
        "result": "passed",
        "how_known": "Seen",
    } | changes

    with pytest.raises(InvalidRequest) as refused:
        prerequisites.enter_result(ada, **given, site=site, now=NOW, actor=CLINICIAN)

    assert refused.value.problems[0].field == field
    assert session.scalars(select(Record)).all() == []
