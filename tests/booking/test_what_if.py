"""What a visit that is only thought of would do to the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from booking import what_if
from booking.models import Appointment
from screening import Verdict
from tests.builders import TODAY, at, book, book_at_desk, clear_answers, make_clinic
from tests.clock import NOW


def day(number):
    return TODAY + timedelta(days=number)


def situation(site, patient_id):
    return what_if.of_patient(patient_id, site, now=NOW)


@pytest.mark.parametrize(
    ("treatment", "ahead", "verdict"),
    [
        ("botulinum_toxin", 10, "hold"),  # needling 20 days later: reception looks
        ("botulinum_toxin", 18, "refuse"),
        ("filler", 5, "refuse"),  # 25 days before needling
        ("filler", 2, "clear"),
        ("waxing", 45, "clear"),
    ],
)
def test_each_visit_to_come_is_decided_again(session, treatment, ahead, verdict):
    site = make_clinic()
    needling = book_at_desk(site, at(30)).appointment
    thought_of = what_if.plan_for(treatment, "face", [day(ahead)])

    (effect,) = what_if.effects(situation(site, needling.patient_id), thought_of)

    assert effect.before.verdict is Verdict.CLEAR
    assert effect.after.verdict.word == verdict
    assert effect.is_harmed == (verdict != "clear")


def test_another_area_does_no_harm(session):
    site = make_clinic()
    needling = book_at_desk(site, at(30)).appointment
    thought_of = what_if.plan_for("botulinum_toxin", "hands", [day(18)])

    (effect,) = what_if.effects(situation(site, needling.patient_id), thought_of)

    assert not effect.is_harmed


def test_what_would_move_with_it_is_left_out(session):
    site = make_clinic()
    first = book_at_desk(site, at(10)).appointment
    book_at_desk(site, at(50))
    thought_of = what_if.plan_for("microneedling", "face", [day(30)])
    known = situation(site, first.patient_id)

    (only,) = what_if.effects(known, thought_of, leaving_out=[first.id])

    assert only.visit.day == day(50)
    assert only.after.verdict is Verdict.REFUSE


def test_the_days_that_remain_for_another_treatment(session):
    site = make_clinic()
    needling = book_at_desk(site, at(90)).appointment
    thought_of = what_if.plan_for("botulinum_toxin", "face", [day(10)])

    left = what_if.days_left(
        situation(site, needling.patient_id),
        "microneedling",
        "face",
        clear_answers(site),
        thought_of,
        days=92,
    )

    assert len(left) == 92
    assert left[day(9)] is not Verdict.CLEAR
    assert left[day(23)] is Verdict.REFUSE
    assert left[day(30)] is Verdict.HOLD
    assert left[day(38)] is Verdict.CLEAR
    assert left[day(70)] is not Verdict.CLEAR  # too close to the visit on day 90


def test_asking_changes_nothing(session):
    site = make_clinic()
    visit = book(site, at(30)).appointment
    known = situation(site, visit.patient_id)

    what_if.effects(known, what_if.plan_for("filler", "face", [day(10)]))

    assert session.scalar(select(func.count(Appointment.id))) == 1
    assert situation(site, visit.patient_id) == known
