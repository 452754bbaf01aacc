"""Answers that hold or refuse until they change, and those that only bring advice."""

from __future__ import annotations

import pytest

import screening
from screening import Record
from tests.screening.people import (
    ALL,
    TODAY,
    assert_says,
    by,
    clear_answers,
    day,
    judge,
)

WOUNDS = "MN RF PRP SP MP NAL ABL"
TICKS = [
    ("cold_sore_history", "yes", "MN RF PRP SP MP NAL ABL FIL", "R-09",
     "hold clinician"),
    ("lumps", "yes", "MN RF PRP", "R-10", "hold clinician"),
    ("rosacea", "yes", "MN RF PRP SP MP NAL ABL HF", "R-14", "hold clinician"),
    ("skin_disease_history", ["eczema"], WOUNDS, "R-16", "hold clinician"),
    ("skin_disease_history", ["psoriasis"], WOUNDS, "R-16", "hold clinician"),
    ("skin_disease_history", ["vitiligo"], WOUNDS, "R-16", "hold clinician"),
    ("skin_disease_history", ["lichen_planus"], WOUNDS, "R-16", "hold clinician"),
    ("reactive_skin", "yes", WOUNDS, "R-17", "hold clinician"),
    ("keloid_in_area", "yes", WOUNDS, "R-22", "refuse nobody"),
    ("keloid_tendency", "yes", WOUNDS, "R-23", "hold clinician"),
    ("skin_type", "VI", "RF", "R-25", "hold clinician"),
    ("skin_type", "IV", "NAL", "R-25", "hold clinician"),
    ("skin_type", "V", "NAL", "R-25", "refuse clinician"),
    ("skin_type", "VI", "NAL", "R-25", "refuse clinician"),
    ("melasma", "yes", "MN RF SP MP NAL ABL", "R-26", "hold clinician"),
    ("changing_mark", "yes", ALL, "R-27", "refuse nobody"),
    ("changing_mark", "unsure", ALL, "R-27", "refuse nobody"),
    ("radiotherapy_in_area", "yes", WOUNDS, "R-32", "hold clinician"),
    ("bleeding_disorder", "yes", "MN RF PRP FIL", "R-33", "refuse nobody"),
    ("blood_thinner", "yes", "MN RF FIL BTX ABL", "R-34", "hold clinician"),
    ("blood_thinner", "yes", "PRP", "R-34", "refuse clinician"),
    ("weak_immunity", "yes", "MN RF PRP SP MP ABL FIL", "R-42", "hold clinician"),
    ("autoimmune", ["scleroderma"], "MN RF PRP NAL ABL FIL", "R-43",
     "refuse clinician"),
    ("autoimmune", ["collagen_vascular"], "MN RF PRP NAL ABL FIL", "R-43",
     "refuse clinician"),
    ("autoimmune", ["lupus"], "MN RF PRP NAL ABL FIL", "R-43", "hold clinician"),
    ("autoimmune", ["rheumatoid_arthritis"], "MN RF PRP NAL ABL FIL", "R-43",
     "hold clinician"),
    ("autoimmune", ["other"], "MN RF PRP NAL ABL FIL", "R-43", "hold clinician"),
    ("diabetes", "controlled", "MN RF PRP MP ABL", "R-44", "hold clinician"),
    ("diabetes", "not_controlled", "MN RF PRP MP ABL", "R-44", "refuse clinician"),
    ("diabetes", "unsure", "MN RF PRP MP ABL", "R-44", "refuse clinician"),
    ("heart_condition", "yes", "MN RF PRP", "R-45", "hold clinician"),
    ("electronic_implant", "yes", "RF NAL ABL", "R-46", "refuse nobody"),
    ("electronic_implant", "yes", "MN", "R-46", "hold clinician"),
    ("metal_in_area", "yes", "RF NAL", "R-47", "refuse clinician"),
    ("epilepsy", "light_triggered", "NAL RF", "R-48", "refuse clinician"),
    ("epilepsy", "controlled", "NAL RF", "R-48", "hold clinician"),
    ("metal_allergy", "steel", "MN RF PRP", "R-49", "refuse nobody"),
    ("metal_allergy", "nickel", "MN RF PRP", "R-49", "refuse clinician"),
    ("metal_allergy", "unsure", "MN RF PRP", "R-74", "hold clinician"),
    ("numbing_reaction", "yes", "MN RF PRP ABL", "R-50", "refuse clinician"),
    ("numbing_reaction", "yes", "FIL", "R-50", "hold clinician"),
    ("numbing_risk", ["heart_rhythm_medicine"], "MN RF PRP ABL", "R-51",
     "hold clinician"),
    ("numbing_risk", ["liver_disease"], "MN RF PRP ABL", "R-51", "hold clinician"),
    ("numbing_risk", ["g6pd"], "MN RF PRP ABL", "R-51", "hold clinician"),
    ("numbing_risk", ["methaemoglobinaemia"], "MN RF PRP ABL", "R-51",
     "hold clinician"),
    ("other_allergy", "latex", ALL, "R-52", "hold clinician"),
    ("tattoo_in_area", "yes", "MN RF NAL ABL SP MP", "R-62", "refuse clinician"),
    ("muscle_or_nerve_disease", "yes", "BTX", "R-67", "refuse clinician"),
    ("blood_quality", ["platelet_problem"], "PRP", "R-68", "refuse clinician"),
    ("blood_quality", ["cancer_treatment"], "PRP", "R-68", "refuse clinician"),
    ("blood_quality", ["liver_disease"], "PRP", "R-68", "refuse clinician"),
    ("add_on_serum", "yes", "MN RF", "R-79", "hold clinician"),
    ("concern", "active_acne", "MN RF", "R-81", "hold clinician"),
    ("concern", "rosacea", "MN RF", "R-81", "hold clinician"),
    ("concern", "hair_loss", "MN RF", "R-81", "hold clinician"),
    ("concern", "melasma", "MN RF", "R-81", "hold clinician"),
    ("salicylate_or_phenol_allergy", "yes", "SP", "R-85", "refuse clinician"),
]  # fmt: skip
ADVICE = [
    ("otc_blood_thinning", "yes", "MN RF PRP FIL BTX", "R-35"),
    ("piercing_in_area", "yes", ALL, "R-69"),
    ("skin_type", "IV", "MN RF SP MP ABL", "R-25"),
    ("skin_type", "V", "MN RF SP MP ABL", "R-25"),
    ("skin_type", "VI", "MN SP MP ABL", "R-25"),
]
HARMLESS = [
    ("concern", "fine_lines acne_scars large_pores uneven_tone stretch_marks "
     "sun_damage loose_skin dull_skin other", "MN RF"),
    ("skin_type", "I II III", "MN RF SP MP NAL ABL"),
]  # fmt: skip


def _spread(rows):
    return [(code, row) for row in rows for code in row[2].split()]


@pytest.mark.parametrize(("code", "row"), _spread(TICKS))
def test_an_answer_blocks_every_day_until_it_changes(code, row):
    question, answer, _, rule, what = row

    assert_says(judge(code, **{question: answer}), rule, f"0- {what}")


@pytest.mark.parametrize(("code", "row"), _spread(ADVICE))
def test_some_answers_only_bring_advice(code, row):
    question, answer, _, rule = row

    found = judge(code, **{question: answer})

    assert found.windows == ()
    notices = [n for n in found.notices if n.rule == rule]
    assert [(n.from_day, n.until_day) for n in notices] == [(None, None)]


@pytest.mark.parametrize(("code", "row"), _spread(HARMLESS))
def test_the_other_answers_raise_nothing(code, row):
    question, answers, _ = row
    usual = judge(code)

    for answer in answers.split():
        found = judge(code, **{question: answer})
        assert found.windows == ()
        assert found.notices == usual.notices


@pytest.mark.parametrize("code", ALL.split())
def test_an_answer_that_the_treatment_does_not_mind_raises_nothing(code):
    asked = {
        question
        for question, _, codes, _, _ in TICKS
        if code in codes.split()
    }  # fmt: skip
    others = {
        q: answer for q, answer, *_ in TICKS if q not in asked and q != "skin_type"
    }

    assert judge(code, **others).windows == ()


def test_several_ticks_count_together():
    found = judge("MN", autoimmune=["lupus", "scleroderma"])

    assert sorted(w.verdict.word for w in found.windows) == ["hold", "refuse"]


@pytest.mark.parametrize("answer", ["few", "many", "painful_lumps"])
@pytest.mark.parametrize("code", ["MN", "RF", "PRP", "SP", "MP", "HF"])
def test_spots_wait_two_weeks_and_then_for_an_answer(code, answer):
    found = judge(code, active_acne=answer)

    assert_says(found, "R-12", "0-13 refuse clinician, 14- hold answer")


def test_steroids_count_from_the_day_of_the_answer():
    found = judge("PRP", blood_quality=["steroids_last_2_weeks"])

    assert_says(found, "R-68", "0-13 refuse clinician")


def test_steroids_still_count_from_that_day_when_they_are_judged_later():
    steroids = ["steroids_last_2_weeks"]
    said = clear_answers("PRP") | {"blood_quality": steroids}

    def judged(given, records=()):
        answers = said if given else clear_answers("PRP")
        return screening.clearance(
            screening.load(),
            "prp",
            "face",
            answers,
            today=TODAY,
            given_on=given,
            records=records,
        )

    noted = Record.of_answer("blood_quality", steroids, day=day(-9), ref="note 1")
    first, then = judged({"unwell": day(-9)}), judged({"blood_quality": day(-9)})

    assert_says(first, "R-68", "0-13 refuse clinician")
    assert_says(then, "R-68", "0-4 refuse clinician")
    assert {w.key for w in first.windows} == {w.key for w in then.windows}
    assert judged({"blood_quality": day(-14)}).windows == ()
    assert_says(judged({"blood_quality": day(3)}), "R-68", "0-13 refuse clinician")
    assert_says(judged({}, [noted]), "R-68", "0-4 refuse clinician")


@pytest.mark.parametrize(
    "words",
    [
        "Anaphylaxis after a bee sting",
        "I carry an EpiPen",
        "Severe allergy to latex",
        "peanuts, my tongue swelled and I went to hospital",
    ],
)
def test_filler_is_refused_after_a_severe_allergic_reaction(words):
    filler = judge("FIL", other_allergy=words)

    assert by(filler, "R-52", 0) == ["refuse clinician", "hold clinician"]
    assert by(filler, "R-52", 5000) == ["refuse clinician", "hold clinician"]
    assert_says(judge("FIL", other_allergy="plasters"), "R-52", "0- hold clinician")
    assert_says(judge("MN", other_allergy=words), "R-52", "0- hold clinician")


@pytest.mark.parametrize("area", ["neck", "decolletage", "hands", "body"])
def test_cold_sores_matter_on_the_face_only(area):
    found = judge("NAL", area=area, cold_sore_history="yes", cold_sore="now")

    assert found.windows == ()


@pytest.mark.parametrize("value", ["now", "2019"])
def test_a_cold_sore_or_a_flare_tells_of_the_past_as_well(value):
    sore = judge("SP", cold_sore=value)
    flare = judge("SP", rosacea_flare=value, rosacea="no")
    unsure = judge("SP", rosacea_flare="unsure")

    assert "R-09" in {w.rule for w in sore.windows_on(day(2000))}
    assert "R-14" in {w.rule for w in flare.windows_on(day(2000))}
    held = next(w for w in flare.windows if w.rule == "R-14")
    assert held.questions == ("rosacea_flare",)
    assert {w.rule for w in unsure.windows} == {"R-74"}


def test_advice_that_everybody_gets():
    rules = {code: {n.rule for n in judge(code).notices} for code in ALL.split()}

    assert rules == {
        "MN": {"R-72", "R-76", "R-77", "R-80", "R-83"},
        "RF": {"R-72", "R-76", "R-77", "R-80", "R-83"},
        "PRP": {"R-72", "R-83"},
        "BTX": set(),
        "FIL": set(),
        "SP": set(),
        "MP": set(),
        "NAL": set(),
        "ABL": set(),
        "HF": set(),
        "WAX": set(),
    }
    assert "R-77" not in {n.rule for n in judge("MN", area="neck").notices}


def test_prp_asks_for_longer_without_alcohol_and_painkillers():
    texts = {n.rule: n.text for n in judge("PRP", otc_blood_thinning="yes").notices}
    needling = {n.rule: n.text for n in judge("MN", otc_blood_thinning="yes").notices}

    assert "three days" in texts["R-83"]
    assert "two weeks" in texts["R-35"]
    assert "a week" in needling["R-35"]
