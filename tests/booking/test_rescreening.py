"""A booked visit is decided again: by new answers, and by the clinic's own records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from booking import appointments, holds
from booking.actors import PATIENT, PROVEN_PATIENT
from booking.errors import InvalidRequest, RefusedByGate, WrongState
from booking.models import Claim, Patient, Record, Screening
from tests.builders import (
    ADA,
    BIRTH,
    BOB,
    CLINICIAN,
    RECEPTION,
    at,
    book,
    book_at_desk,
    complete,
    make_clinic,
)
from tests.clock import NOW


def _answer(visit, *, now=NOW, **answers):
    return appointments.change_answers(visit, answers, now=now, actor=PATIENT)


def test_a_harmless_change_leaves_the_visit_confirmed(session):
    visit = book(make_clinic(), at(20)).appointment

    result = _answer(visit, last_dental="2027-03-01")

    assert result.status == "confirmed"


def test_an_answer_that_needs_a_person_holds_the_visit(session):
    visit = book(make_clinic(), at(20)).appointment

    result = _answer(visit, cold_sore_history="yes")

    assert result.status == "held"
    assert holds.open_of(visit).owner == "clinician"
    assert session.scalars(select(Claim.live).distinct()).all() == [True]


def test_an_answer_that_refuses_holds_the_visit_and_names_the_first_safe_day(session):
    visit = book(make_clinic(), at(5)).appointment

    result = _answer(visit, sunburn="2027-03-02")

    assert result.status == "held"
    assert holds.open_of(visit).owner == "nobody"
    assert result.first_clear_day.isoformat() == "2027-03-16"


def test_a_held_visit_that_is_clear_again_is_confirmed_by_itself(session):
    visit = book(make_clinic(), at(20), cold_sore_history="yes").appointment

    result = _answer(visit, cold_sore_history="no")

    assert result.status == "confirmed"
    assert holds.open_of(visit) is None


def test_the_earlier_screening_is_kept_as_it_was(session):
    visit = book(make_clinic(), at(20)).appointment
    first = visit.screening_id

    _answer(visit, cold_sore_history="yes")

    assert visit.screening_id != first
    assert visit.screening.supersedes_id == first
    assert session.get(Screening, first).answers["cold_sore_history"] == "no"


def test_a_plan_that_is_over_by_now_does_not_stop_a_new_answer(session):
    visit = book(make_clinic(), at(40), big_day="2027-03-05").appointment

    result = _answer(visit, now=at(10), cold_sore_history="yes")

    assert result.status == "held"
    assert visit.screening.answers["big_day"] == "2027-03-05"


def test_a_bad_answer_changes_nothing(session):
    visit = book(make_clinic(), at(20)).appointment

    with pytest.raises(InvalidRequest):
        _answer(visit, sunburn="2027-02-30")

    assert session.scalar(select(func.count(Screening.id))) == 1


def test_a_cancelled_visit_takes_no_answers(session):
    visit = book(make_clinic(), at(20)).appointment
    appointments.cancel(visit, now=NOW, actor=PATIENT)

    with pytest.raises(WrongState):
        _answer(visit, cold_sore_history="yes")


def test_the_same_answer_twice_changes_nothing_more(session):
    visit = book(make_clinic(), at(20)).appointment
    _answer(visit, cold_sore_history="yes")
    sequence, hold = visit.sequence, holds.open_of(visit).id

    _answer(visit, cold_sore_history="yes")

    assert (visit.sequence, holds.open_of(visit).id) == (sequence, hold)


def test_the_record_of_a_recent_filler_holds_what_the_answers_cleared(session):
    site = make_clinic()
    filler = book_at_desk(
        site, at(-9), treatment="filler", now=NOW - timedelta(days=12)
    ).appointment
    complete(filler)

    booked = book(site, at(6), checked=False)
    assert booked.appointment.status == "confirmed"
    appointments.check_records(booked.appointment.id, now=NOW)

    hold = holds.open_of(booked.appointment)
    assert booked.appointment.status == "held"
    assert hold.neutral
    assert [conflict["question"] for conflict in hold.conflicts] == ["last_filler"]
    assert {w.rule for w in holds.windows_of(hold)} == {"R-56"}


def test_the_record_check_runs_once(session):
    site = make_clinic()
    visit = book(site, at(6)).appointment
    checked_at = visit.records_checked_at

    appointments.check_records(visit.id, now=NOW + timedelta(hours=1))

    assert visit.records_checked_at == checked_at


def test_a_known_patient_is_found_by_address_and_birth_date(session):
    site = make_clinic()
    first = book(site, at(6)).appointment
    second = book(site, at(60)).appointment
    other = book(site, at(61), date_of_birth="1985-01-01").appointment

    assert second.patient_id == first.patient_id
    assert other.patient_id != first.patient_id
    assert session.scalar(select(func.count(Patient.id))) == 2


def test_two_needlings_too_close_are_held_whichever_comes_first(session):
    site = make_clinic()
    book(site, at(40))

    earlier = book(site, at(20)).appointment
    later = book(site, at(60)).appointment

    assert (earlier.status, later.status) == ("held", "held")


def test_a_held_neutral_visit_is_not_cleared_by_answers_alone(session):
    site = make_clinic()
    book(site, at(40))
    visit = book(site, at(20)).appointment

    result = _answer(visit, last_dental="2027-03-01")
    appointments.check_records(visit.id, now=NOW)

    assert result.status == "held"
    assert visit.status == "held"


def test_an_overlapping_visit_of_the_same_patient_is_held(session):
    site = make_clinic()
    book(site, at(6), treatment="microneedling", area="face")

    other = book(
        site, at(6, 11), treatment="waxing", area="body", date_of_birth=BIRTH
    ).appointment

    assert other.status == "held"
    assert holds.open_of(other).owner == "nobody"


def test_an_overlap_is_not_answered_away(session):
    site = make_clinic()
    book(site, at(6), area="abdomen")
    visit = book(site, at(6), treatment="botulinum_toxin").appointment
    assert visit.status == "held"

    appointments.prove(visit, now=NOW)
    result = appointments.change_answers(visit, {}, now=NOW, actor=PROVEN_PATIENT)

    assert result.status == "held"
    assert holds.open_of(visit).owner == "nobody"


def test_without_a_birth_date_the_address_alone_is_taken_for_the_patient(session):
    site = make_clinic()
    waxing = book(site, at(6), treatment="waxing").appointment

    needling = book(site, at(9)).appointment
    other = book(site, at(9), contact=BOB).appointment

    assert waxing.patient_id != needling.patient_id
    assert needling.status == "held"
    assert {w.rule for w in holds.windows_of(holds.open_of(needling))} == {"R-59"}
    assert other.status == "confirmed"


def test_an_unproven_visit_makes_no_patient_claim_until_it_is_proven(session):
    visit = book(make_clinic(), at(6)).appointment
    claims = select(func.count(Claim.id)).where(Claim.patient_id.is_not(None))
    assert session.scalar(claims) == 0

    appointments.prove(visit, now=NOW)

    assert session.scalar(claims) == 1
    assert visit.proven_at == NOW


def test_at_the_desk_the_records_count_before_the_booking(session):
    site = make_clinic()
    book_at_desk(site, at(40))

    with pytest.raises(RefusedByGate) as refused:
        book_at_desk(site, at(20))

    assert {w.rule for w in refused.value.extra["windows"]} == {"R-53"}


def test_other_patients_and_other_areas_do_not_stand_in_the_way(session):
    site = make_clinic()
    book_at_desk(site, at(40))

    assert book_at_desk(site, at(20), contact=BOB).appointment.status == "confirmed"
    assert (
        book_at_desk(site, at(20, 13), area="scalp").appointment.status == "confirmed"
    )


def test_what_staff_have_on_record_counts(session):
    site = make_clinic()
    patient = book_at_desk(site, at(30)).appointment.patient
    session.add(
        Record(
            patient_id=patient.id,
            kind="answer",
            subject="keloid_in_area",
            area="face",
            value={"value": "yes"},
            how_known="seen",
            entered_by="Dr Cleo",
            entered_at=NOW,
        )
    )
    session.commit()

    with pytest.raises(RefusedByGate) as refused:
        book_at_desk(site, at(90), contact=ADA)

    assert "R-22" in {w.rule for w in refused.value.extra["windows"]}


def test_staff_record_the_patients_answer_and_the_gate_decides(session):
    visit = book(make_clinic(), at(20), cold_sore=None).appointment

    result = appointments.change_answers(
        visit, {"cold_sore": "never"}, now=NOW, actor=RECEPTION
    )

    assert result.status == "confirmed"


def test_the_planned_visit_of_a_clinician_counts_like_any_other(session):
    site = make_clinic()
    book_at_desk(site, at(30), treatment="facial", actor=CLINICIAN)

    with pytest.raises(RefusedByGate):
        book_at_desk(site, at(25))


@pytest.mark.parametrize("actor", [PATIENT, PROVEN_PATIENT])
def test_only_a_mailed_link_lets_the_records_speak(session, actor):
    site = make_clinic()
    visit = book(site, at(60)).appointment
    book_at_desk(site, at(20), treatment="facial")
    appointments.prove(visit, now=NOW)

    if actor.proven:
        with pytest.raises(RefusedByGate):
            appointments.move(visit, at(22), None, now=NOW, actor=actor)
        return
    moved = appointments.move(visit, at(22), None, now=NOW, actor=actor).appointment
    assert moved.status == "confirmed"
    appointments.check_records(moved.id, now=NOW)
    assert moved.status == "held"
    assert holds.open_of(moved).neutral


def test_an_event_of_today_does_not_move_with_the_days(session):
    visit = book(make_clinic(), at(20), last_facial="now").appointment

    assert visit.screening.answers["last_facial"] == "2027-03-03"
    assert _answer(visit, now=at(10), last_dental="never").status == "confirmed"
