"""What the clinic has on record beside what the patient says: the stricter counts."""

from __future__ import annotations

import pytest

from screening import Conflict, Record
from tests.screening.people import FAR, by, day, iso, judge


def test_a_treatment_that_the_patient_denies_is_shown_to_staff():
    record = Record.of_treatment(
        "filler", day(-9), area="face", ref="visit-12", label="Dermal filler on Friday"
    )

    found = judge("MN", last_filler="never", records=[record])

    assert found.conflicts == (
        Conflict("last_filler", "never", "Dermal filler on Friday", "visit-12"),
    )
    assert found.first_clear_day(day(0)) == day(19)


@pytest.mark.parametrize(
    ("answer", "conflicts"),
    [
        ("never", 1),
        (iso(-10), 1),
        ("2025", 1),
        (iso(-9), 0),
        (iso(-8), 0),
        ("2026-02", 0),
        ("now", 0),
        ("unsure", 0),
        (None, 0),
    ],
)
def test_only_an_earlier_date_or_a_denial_contradicts_a_record(answer, conflicts):
    record = Record.of_treatment("rf_microneedling", day(-9))

    found = judge("MN", last_needling=answer, records=[record])

    assert len(found.conflicts) == conflicts


def test_a_record_without_a_label_is_named_by_treatment_and_day():
    found = judge("MN", records=[Record.of_treatment("facial", day(-1))])

    assert [c.record for c in found.conflicts] == ["Facial, 2026-03-01"]


def test_a_visit_to_come_contradicts_nothing():
    found = judge("MN", records=[Record.of_treatment("facial", day(40))])

    assert found.conflicts == ()


def test_another_area_contradicts_nothing():
    found = judge("MN", records=[Record.of_treatment("facial", day(-1), area="scalp")])

    assert found.conflicts == ()


def test_a_recorded_answer_counts_beside_a_milder_one():
    record = Record.of_answer("metal_allergy", "steel", ref="note-3")

    found = judge("MN", records=[record])

    (window,) = found.windows
    assert (window.rule, window.provenance, window.refs) == (
        "R-49",
        "record",
        ("note-3",),
    )
    assert found.conflicts == (Conflict("metal_allergy", "no", "steel", "note-3"),)


def test_a_recorded_answer_that_agrees_is_no_conflict():
    record = Record.of_answer("metal_allergy", "steel")

    found = judge("MN", metal_allergy="steel", records=[record])

    assert {w.provenance for w in found.windows} == {"answer", "record"}
    assert found.conflicts == ()


def test_a_milder_record_is_no_conflict():
    nickel = Record.of_answer("metal_allergy", "nickel")
    older = Record.of_answer("last_toxin", iso(-30))

    assert judge("MN", metal_allergy="steel", records=[nickel]).conflicts == ()
    assert judge("MN", last_toxin=iso(-3), records=[older]).conflicts == ()


def test_a_later_date_on_record_is_a_conflict():
    record = Record.of_answer("last_toxin", iso(-3))

    found = judge("MN", last_toxin=iso(-20), records=[record])

    assert [c.record for c in found.conflicts] == ["2026-02-27"]
    assert found.first_clear_day(day(0)) == day(25)


def test_a_clear_record_leaves_a_missing_answer_missing():
    record = Record.of_answer("heart_condition", "no")

    found = judge("MN", heart_condition=None, records=[record])

    assert found.unanswered == ("heart_condition",)
    assert by(found, "R-74", FAR) == ["hold answer"]


def test_a_recorded_keloid_elsewhere_is_advice():
    here = Record.of_answer("keloid_in_area", "yes", area="neck")
    there = Record.of_answer("keloid_in_area", "yes", area="face")
    anywhere = Record.of_answer("keloid_in_area", "yes")

    assert by(judge("MN", area="decolletage", records=[here]), "R-22", 0)
    assert by(judge("MN", area="decolletage", records=[anywhere]), "R-22", 0)
    found = judge("MN", area="decolletage", records=[there])
    assert found.windows == ()
    notice = next(n for n in found.notices if n.rule == "R-22")
    assert (notice.from_day, notice.until_day) == (None, None)
    assert "another part of your body" in notice.text


def test_a_recorded_answer_about_the_whole_person_counts_everywhere():
    record = Record.of_answer("bleeding_disorder", "yes", area="scalp")

    assert by(judge("MN", records=[record]), "R-33", FAR) == ["refuse nobody"]


def test_recorded_events_elsewhere_advise_for_their_days():
    record = Record.of_answer("last_peel", iso(-3), area="scalp")

    found = judge("SP", records=[record])

    notice = next(n for n in found.notices if n.rule == "R-57")
    assert (notice.from_day, notice.until_day) == (day(0), day(89))


def test_a_recorded_doubt_is_held():
    doubt = Record.of_answer("heart_condition", "unsure", ref="n1")
    stray = Record.of_answer("favourite_colour", "green", ref="n2")
    broken = Record.of_answer("last_toxin", "soon", ref="n3")

    for record in (doubt, stray, broken):
        found = judge("MN", records=[record])
        assert by(found, "R-74", FAR) == ["hold clinician"]
        assert found.windows[0].refs == (record.ref,)


def test_what_the_patient_says_of_one_peel_tells_nothing_of_another():
    record = Record.of_answer("last_peel", iso(-50))

    found = judge(
        "MN", last_peel=iso(-60), peel_strength="superficial", records=[record]
    )

    assert by(found, "R-57", 41) == ["refuse clinician"]
    assert by(found, "R-57", 42) == []


def test_what_one_entry_says_of_a_peel_tells_nothing_of_another():
    deep = Record.of_answer("last_peel", iso(-50), ref="note 1")
    other = Record.of_answer("last_peel", iso(-400), ref="note 2")
    light = Record.of_answer("peel_strength", "superficial", ref="note 2")

    found = judge("MN", records=[deep, other, light])

    assert by(found, "R-57", 41) == ["refuse clinician"]
    assert by(found, "R-57", 42) == []


def test_what_an_entry_says_of_its_own_peel_counts():
    peel = Record.of_answer("last_peel", iso(-40), ref="note 1")
    light = Record.of_answer("peel_strength", "superficial", ref="note 1")

    assert judge("MN", records=[peel, light]).windows == ()
    assert by(judge("MN", records=[peel]), "R-57", 51) == ["refuse clinician"]


def test_entries_that_name_no_source_are_not_taken_as_one():
    peel = Record.of_answer("last_peel", iso(-50))
    light = Record.of_answer("peel_strength", "superficial")

    found = judge("MN", records=[peel, light])

    assert by(found, "R-57", 41) == ["refuse clinician"]


def test_the_end_of_one_recorded_trip_does_not_end_another():
    trip = Record.of_answer("sun_trip", iso(10), ref="note 1")
    other = Record.of_answer("sun_trip_end", iso(12), ref="note 2")

    found = judge("SP", records=[trip, other])

    assert by(found, "R-19", 44) == ["refuse clinician"]


def test_a_darker_skin_type_on_record_counts():
    record = Record.of_answer("skin_type", "V")

    found = judge("SP", strong_sun=iso(-20), records=[record])

    assert by(found, "R-19", 7) == ["hold clinician"]
    assert by(found, "R-19", 8) == []


def test_a_list_of_answers_reads_well_in_a_conflict():
    record = Record.of_answer("autoimmune", ["lupus", "scleroderma"])

    said = judge("MN", autoimmune=["lupus"], records=[record])
    none = judge("MN", autoimmune=[], records=[record])

    assert said.conflicts == (
        Conflict("autoimmune", "lupus", "scleroderma, lupus", ""),
    )
    assert [c.answer for c in none.conflicts] == ["none"]
