"""What staff put on file: it counts at once, is never edited, and frees nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from booking import gate, holds
from booking.errors import (
    InvalidRequest,
    NotAllowed,
    NotFound,
    RefusedByGate,
    WrongState,
)
from booking.models import AuditEvent, Record, Rescreening
from booking.records import filing, visit_notes
from booking.records.entries import Entry
from booking.records.visit_notes import Notes
from booking.rescreening import decisions
from screening import Verdict
from tests.builders import (
    BOB,
    CLINICIAN,
    MANAGER,
    RECEPTION,
    TODAY,
    at,
    book_at_desk,
    clear_answers,
    complete,
    employ_cleo,
    make_clinic,
)
from tests.clock import NOW

WHY = "The letter was about somebody else."
LATER = NOW + timedelta(days=1)
FILLER = Entry(
    "treatment", "filler", "patient_phone", TODAY - timedelta(days=9), "face"
)
LETTER = replace(FILLER, how_known="letter")


@pytest.fixture
def site(session):
    employ_cleo()
    return make_clinic()


@pytest.fixture
def visit(site):
    """Ada's microneedling of the next week, confirmed."""
    return book_at_desk(site, at(7)).appointment


def enter(site, visit, entry=FILLER, *, now=NOW, actor=RECEPTION):
    return filing.enter(site, visit.patient_id, entry, now=now, actor=actor)


def rules(site, visit, *, now=NOW):
    """What the gate has against the visit's day."""
    found = decisions.clearance_now(visit, site, now=now, patient_id=visit.patient_id)
    return {w.rule for w in found.windows_on(visit.starts_at.date())}


def fields(refused):
    return {problem.field for problem in refused.value.problems}


def test_a_treatment_elsewhere_counts_from_then_on(site, visit):
    record = enter(site, visit)

    assert (record.kind, record.subject, record.area) == ("treatment", "filler", "face")
    assert rules(site, visit) == {"R-56"}
    with pytest.raises(RefusedByGate):
        book_at_desk(site, at(8), contact=_ada_again(visit))


def _ada_again(visit):
    return filing.patients.Contact(name="Ada Fair", email=visit.patient.email)


def test_an_entry_is_audited_and_asks_for_a_new_decision(site, visit, session):
    record = enter(site, visit)

    event = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "record.enter")
    ).one()
    assert (event.actor, event.subject_id) == ("Robin", visit.patient_id)
    assert event.detail == {"record": record.id}
    noted = session.scalars(select(Rescreening)).all()
    assert (visit.patient_id, "record") in {(r.patient_id, r.cause) for r in noted}


def test_the_visit_that_an_entry_makes_unsafe_is_held(site, visit, session):
    enter(site, visit)

    found = decisions.clearance_now(visit, site, now=NOW, patient_id=visit.patient_id)
    decisions.settle(visit, site, found, now=NOW, neutral=False)
    session.commit()

    assert visit.status == "held"
    assert {w.rule for w in holds.windows_of(holds.open_of(visit))} == {"R-56"}


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        (replace(FILLER, day=TODAY + timedelta(days=1)), {"day"}),
        (replace(FILLER, day=None), {"day"}),
        (replace(FILLER, subject="dental"), {"treatment"}),
        (replace(FILLER, area="toe"), {"area"}),
        (replace(FILLER, how_known="rumour"), {"how_known"}),
        (replace(FILLER, depth_mm=1.0), {"depth_mm"}),
        (replace(FILLER, subject="microneedling", depth_mm=99.0), {"depth_mm"}),
        (replace(FILLER, kind="gossip"), {"kind"}),
        (replace(FILLER, note="x" * 2001), {"note"}),
        (Entry("answer", "last_filler", "letter", value="2027-03-04"), {"last_filler"}),
        (Entry("answer", "last_filler", "letter", value="soon"), {"last_filler"}),
        (Entry("answer", "last_filler", "letter"), {"last_filler"}),
        (Entry("answer", "shoe_size", "letter", value="42"), {"question"}),
        (Entry("allergy", "last_filler", "letter", value="never"), {"question"}),
        (Entry("allergy", "other_allergy", "letter", value=" "), {"other_allergy"}),
        (
            Entry("cleared", how_known="by_phone", by="Dr No", value="the eczema"),
            {"by", "day"},
        ),
        (
            Entry(
                "cleared",
                how_known="by_phone",
                by="Dr Cleo",
                day=TODAY + timedelta(days=1),
            ),
            {"day", "value"},
        ),
    ],
)
def test_a_bad_entry_names_its_fields_and_stores_nothing(
    site, visit, session, entry, wrong
):
    with pytest.raises(InvalidRequest) as refused:
        enter(site, visit, entry, actor=CLINICIAN)

    session.rollback()
    assert fields(refused) == wrong
    assert session.scalars(select(Record)).all() == []
    causes = session.scalars(select(Rescreening.cause)).all()
    assert causes == ["booked"]  # and nothing by the entry


def test_an_unknown_patient_has_no_records(site):
    with pytest.raises(NotFound):
        filing.enter(site, 2**40, FILLER, now=NOW, actor=RECEPTION)


def test_an_answer_on_record_is_pinned_to_its_day(site, visit):
    entry = Entry("answer", "last_facial", "patient_phone", value="now")

    assert enter(site, visit, entry).value["value"] == "2027-03-03"


def test_an_allergy_is_an_answer_that_holds(site, visit):
    entry = Entry("allergy", "other_allergy", "letter", value="Latex")

    record = enter(site, visit, entry)

    assert (record.kind, record.subject) == ("answer", "other_allergy")
    assert rules(site, visit) == {"R-52"}


def test_what_was_seen_in_the_clinic_is_entered_by_a_clinician(site, visit):
    seen = replace(FILLER, how_known="seen")

    for actor in (RECEPTION, MANAGER):
        with pytest.raises(NotAllowed):
            enter(site, visit, seen, actor=actor)
    assert enter(site, visit, seen, actor=CLINICIAN).entered_by == "Dr Cleo"


CLEARED = Entry(
    "cleared", how_known="by_phone", day=TODAY, by="Dr Cleo", value="The filler is fine"
)


def test_a_clearance_on_file_frees_nothing_by_itself(site, visit):
    enter(site, visit)

    enter(site, visit, CLEARED)

    assert rules(site, visit) == {"R-56"}
    (found,) = filing.cleared_on_file(visit.patient_id)
    assert found.value["by"] == "Dr Cleo"


def test_a_clinic_without_attestation_takes_clearances_from_clinicians_only(
    site, visit, session
):
    site.attestation_allowed = False
    session.commit()

    with pytest.raises(NotAllowed):
        enter(site, visit, CLEARED)
    assert enter(site, visit, CLEARED, actor=CLINICIAN).kind == "cleared"


def test_a_record_is_corrected_by_a_new_row(site, visit, session):
    old = enter(site, visit)
    right = replace(FILLER, day=TODAY - timedelta(days=90))

    new = filing.correct(
        site, old.id, right, why="The patient had mixed up months.", now=LATER,
        actor=RECEPTION,
    )  # fmt: skip

    session.expire_all()
    assert (old.day, old.corrected_by_id) == (TODAY - timedelta(days=9), new.id)
    assert (new.day, new.value["of"]) == (TODAY - timedelta(days=90), old.id)
    assert rules(site, visit) == set()


def test_a_wrong_record_is_withdrawn_by_a_row_that_says_why(site, visit):
    old = enter(site, visit)

    row = filing.withdraw(site, old.id, why=WHY, now=LATER, actor=RECEPTION)

    assert (row.kind, row.value["of"], row.value["note"]) == ("withdrawal", old.id, WHY)
    assert old.corrected_by_id == row.id
    assert rules(site, visit) == set()
    assert len(filing.of_patient(visit.patient_id)) == 2


def test_a_record_is_replaced_only_once(site, visit):
    old = enter(site, visit)
    filing.withdraw(site, old.id, why=WHY, now=NOW, actor=RECEPTION)

    with pytest.raises(WrongState, match="already"):
        filing.withdraw(site, old.id, why=WHY, now=NOW, actor=CLINICIAN)
    with pytest.raises(WrongState, match="already"):
        filing.correct(site, old.id, FILLER, why=WHY, now=NOW, actor=CLINICIAN)


def test_a_withdrawal_says_why(site, visit, session):
    old = enter(site, visit)

    with pytest.raises(InvalidRequest) as refused:
        filing.withdraw(site, old.id, why="wrong", now=NOW, actor=RECEPTION)

    session.rollback()
    assert fields(refused) == {"why"}
    assert rules(site, visit) == {"R-56"}


def test_a_letter_is_not_waved_away_at_the_desk(site, visit, session):
    old = enter(site, visit, LETTER)
    attested = {"attested_by": "Dr Cleo, 2027-03-04 10:00, by phone"}

    for actor in (RECEPTION, MANAGER):
        with pytest.raises(NotAllowed):
            filing.withdraw(site, old.id, why=WHY, now=LATER, actor=actor)
        session.rollback()
    with pytest.raises(InvalidRequest):
        filing.withdraw(
            site, old.id, why=WHY, now=LATER, actor=RECEPTION, attested_by="Dr No"
        )
    session.rollback()
    filing.withdraw(site, old.id, why=WHY, now=LATER, actor=RECEPTION, **attested)

    assert rules(site, visit, now=LATER) == set()


def test_a_slip_of_the_same_day_is_put_right_by_whoever_made_it(site, visit, session):
    old = enter(site, visit, LETTER)

    with pytest.raises(NotAllowed):
        filing.withdraw(site, old.id, why=WHY, now=NOW, actor=MANAGER)
    session.rollback()
    filing.withdraw(site, old.id, why=WHY, now=NOW, actor=RECEPTION)

    assert rules(site, visit) == set()


def test_a_correction_stays_of_its_kind(site, visit, session):
    old = enter(site, visit)

    with pytest.raises(InvalidRequest):
        filing.correct(site, old.id, CLEARED, why=WHY, now=NOW, actor=CLINICIAN)

    session.rollback()
    assert old.corrected_by_id is None


def test_records_are_of_the_person_they_were_entered_for(site, visit):
    other = book_at_desk(site, at(7, 13), contact=BOB).appointment

    enter(site, visit)

    assert rules(site, other) == set()


def test_the_product_of_a_visit_is_noted_with_its_lot(site, visit):
    done = complete(visit)
    assert (done.product, done.lot) == (None, "LOT-1")

    record = visit_notes.correct(
        site, done, Notes(1.0, "SkinPen tip", "LOT-2"), why="Read from the wrong box.",
        now=LATER, actor=CLINICIAN,
    )  # fmt: skip

    assert (done.depth_mm, done.product, done.lot) == (1.0, "SkinPen tip", "LOT-2")
    assert record.value["before"] == {"depth_mm": 1.0, "product": None, "lot": "LOT-1"}
    assert gate.records_of(visit.patient_id, site)[0].depth_mm == 1.0


def test_the_depth_of_a_visit_is_corrected_by_a_clinician_and_counts(site, visit):
    done = complete(visit, depth_mm=1.0)
    second = book_at_desk(site, at(40), now=at(8)).appointment
    deep = Notes(2.0, None, "LOT-1")

    with pytest.raises(NotAllowed):
        visit_notes.correct(site, done, deep, why=WHY, now=at(8), actor=RECEPTION)
    visit_notes.correct(site, done, deep, why=WHY, now=at(8), actor=CLINICIAN)

    assert rules(site, second, now=at(8)) == {"R-53"}


@pytest.mark.parametrize(
    ("notes", "wrong"),
    [
        (Notes(1.0, None, " "), {"lot"}),
        (Notes(0.0, None, "L"), {"depth_mm"}),
        (Notes(1.0, "p" * 101, "L"), {"product"}),
        (Notes(1.0, None, "LOT-1"), {"lot"}),
    ],
)
def test_bad_notes_name_their_fields(site, visit, session, notes, wrong):
    done = complete(visit)

    with pytest.raises(InvalidRequest) as refused:
        visit_notes.correct(site, done, notes, why=WHY, now=LATER, actor=CLINICIAN)

    session.rollback()
    assert fields(refused) == wrong
    assert done.lot == "LOT-1"


def test_notes_of_a_visit_to_come_are_not_corrected(site, visit):
    with pytest.raises(WrongState):
        visit_notes.correct(
            site, visit, Notes(lot="L"), why=WHY, now=NOW, actor=CLINICIAN
        )


@settings(
    max_examples=15,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(
    ago=st.integers(0, 400),
    treatment=st.sampled_from(["filler", "facial", "laser", "waxing", "prp"]),
    ahead=st.integers(0, 120),
)
def test_no_record_of_the_past_makes_a_day_safer(
    site, visit, session, ago, treatment, ahead
):
    """I-3, through storage; and taking it back gives exactly what was before."""
    day = TODAY + timedelta(days=ahead)
    answers = clear_answers(site)

    def verdict():
        found = gate.clearance_for(
            site,
            "microneedling",
            "face",
            answers,
            now=NOW,
            patient_id=visit.patient_id,
            ignoring=visit.id,
        )
        return found.verdict_on(day)

    before = verdict()
    entry = replace(FILLER, subject=treatment, day=TODAY - timedelta(days=ago))
    record = enter(site, visit, entry)
    after = verdict()
    filing.withdraw(site, record.id, why=WHY, now=NOW, actor=RECEPTION)

    assert after >= before
    assert verdict() == before == Verdict.CLEAR
