"""The questions are a contract: ids, kinds, values and rules as promised."""

from __future__ import annotations

import pytest

import screening
from tests.screening.people import TODAY

BOOK = screening.load()
# id, kind, rules; * marks a question about the skin where the treatment goes.
CONTRACT = """
date_of_birth date R-01 R-02 R-03
pregnant when R-04 R-06
breastfeeding when R-05 R-06
skin_type choice R-25
concern choice R-81
skin_infection* when R-07
cold_sore when R-08
cold_sore_history yes_no R-09
lumps* yes_no R-10
open_skin* when R-11
active_acne* choice R-12
rosacea_flare* when R-13
rosacea yes_no R-14
rash* when R-15
skin_disease_history choices R-16
reactive_skin yes_no R-17
sunburn* when R-18
strong_sun* when R-19 R-20
self_tan* when R-21
keloid_in_area* yes_no R-22
keloid_tendency yes_no R-23
scar_since* when R-24
melasma yes_no R-26
changing_mark* yes_no R-27
skin_cancer when R-28 R-29
actinic_keratosis* when R-30
cancer_treatment when R-31
radiotherapy_in_area* yes_no R-32
bleeding_disorder yes_no R-33
blood_thinner yes_no R-34
otc_blood_thinning yes_no R-35
isotretinoin when R-36 R-37
strong_creams* when R-38
prescription_retinoid* when R-39
light_sensitising_antibiotic when R-40
st_johns_wort when R-40
unwell when R-41
weak_immunity yes_no R-42
autoimmune choices R-43
diabetes choice R-44
heart_condition yes_no R-45
electronic_implant yes_no R-46
metal_in_area* yes_no R-47
epilepsy choice R-48
metal_allergy choice R-49
numbing_reaction yes_no R-50
numbing_risk choices R-51
other_allergy text R-52
salicylate_or_phenol_allergy yes_no R-85
last_needling* when R-53
needling_depth choice R-53
home_roller* when R-54
home_roller_length choice R-54
last_toxin* when R-55 R-66
last_filler* when R-56
last_peel* when R-57
peel_strength choice R-57
last_laser* when R-58
laser_kind choice R-58
last_hair_removal* when R-59
last_facial* when R-60
surgery_in_area* when R-61
tattoo_in_area* yes_no R-62
new_tattoo_nearby* when R-62
last_vaccine when R-63 R-64
next_vaccine when R-63 R-64
last_dental when R-65
next_dental when R-65
muscle_or_nerve_disease yes_no R-67
blood_quality choices R-68
piercing_in_area* yes_no R-69
sun_trip when R-70 R-19 R-20
sun_trip_end when R-70 R-19 R-20
big_day when R-71
planned_treatment when R-73
planned_treatment_kind choice R-73
add_on_serum yes_no R-79
"""
CHOICES = {
    "skin_type": "I II III IV V VI unsure",
    "concern": (
        "fine_lines acne_scars large_pores uneven_tone stretch_marks sun_damage "
        "loose_skin dull_skin active_acne rosacea hair_loss melasma other unsure"
    ),
    "active_acne": "none few many painful_lumps unsure",
    "skin_disease_history": "eczema psoriasis vitiligo lichen_planus",
    "autoimmune": "scleroderma collagen_vascular lupus rheumatoid_arthritis other",
    "diabetes": "no controlled not_controlled unsure",
    "epilepsy": "no controlled light_triggered unsure",
    "metal_allergy": "no steel nickel unsure",
    "numbing_risk": "heart_rhythm_medicine liver_disease g6pd methaemoglobinaemia",
    "needling_depth": "up_to_1_5_mm over_1_5_mm unknown unsure",
    "home_roller_length": "up_to_0_3_mm 0_5_mm over_0_5_mm unknown unsure",
    "peel_strength": "superficial medium deep unknown unsure",
    "laser_kind": "non_ablative_or_ipl ablative unknown unsure",
    "blood_quality": (
        "platelet_problem cancer_treatment liver_disease steroids_last_2_weeks"
    ),
    "planned_treatment_kind": (
        "microneedling rf_microneedling botulinum_toxin filler superficial_peel "
        "medium_peel laser ablative_laser facial waxing prp consultation unsure"
    ),
}
FOLLOW_UPS = {
    "needling_depth": "last_needling",
    "home_roller_length": "home_roller",
    "peel_strength": "last_peel",
    "laser_kind": "last_laser",
    "sun_trip_end": "sun_trip",
    "planned_treatment_kind": "planned_treatment",
}
AHEAD = {
    "sun_trip", "sun_trip_end", "big_day", "planned_treatment", "next_vaccine",
    "next_dental",
}  # fmt: skip
AREAS = ["face", "neck", "decolletage", "scalp", "hands", "abdomen", "body"]
TREATMENTS = (
    "microneedling rf_microneedling botulinum_toxin filler superficial_peel "
    "medium_peel laser ablative_laser facial waxing prp consultation"
)
ROWS = [line.split() for line in CONTRACT.strip().splitlines()]


def test_exactly_these_questions_exist():
    assert sorted(BOOK.questions) == sorted(row[0].rstrip("*") for row in ROWS)
    assert len(BOOK.questions) == 77


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_question_is_as_promised(row):
    name, kind, *rules = row
    question = BOOK.questions[name.rstrip("*")]

    assert (question.kind, list(question.rules)) == (kind, rules)
    assert question.area_specific == name.endswith("*")
    assert (
        question.asked_if is None or question.asked_if.question in FOLLOW_UPS.values()
    )


@pytest.mark.parametrize("name", BOOK.questions)
def test_a_question_offers_the_promised_values(name):
    question = BOOK.questions[name]

    values = " ".join(question.values)
    usual = "yes no unsure" if question.kind == "yes_no" else ""
    assert values == CHOICES.get(name, usual)
    assert all(choice.label.strip() for choice in question.choices)


def test_only_follow_ups_hang_on_other_questions():
    hanging = {q.id: q.asked_if for q in BOOK.questions.values() if q.asked_if}

    assert {name: follow.question for name, follow in hanging.items()} == FOLLOW_UPS
    for follow in hanging.values():
        assert follow.label == BOOK.questions[follow.question].label


def test_only_plans_lie_ahead():
    tenses = {q.id: q.tense for q in BOOK.questions.values()}

    assert {name for name, tense in tenses.items() if tense == "future"} == AHEAD
    assert [n for n, tense in tenses.items() if tense == "both"] == ["cancer_treatment"]


def test_every_clear_answer_is_an_answer():
    clear = {question.id: question.clear_answer for question in BOOK.questions.values()}

    assert screening.check_answers(BOOK, clear, today=TODAY) == clear
    assert clear["skin_type"] == "II"
    assert clear["scar_since"] == "never"
    assert clear["other_allergy"] == ""
    assert clear["autoimmune"] == []
    assert clear["heart_condition"] == "no"


def test_treatments_and_areas_are_as_promised():
    assert list(BOOK.treatments) == TREATMENTS.split()
    assert list(BOOK.areas) == AREAS
    assert BOOK.treatments["microneedling"].areas == tuple(AREAS)
    assert "face" in BOOK.treatments["waxing"].areas


def test_answers_expire_after_three_months():
    days = {q.valid_days for q in BOOK.questions.values() if q.id != "date_of_birth"}

    assert days == {92}


def test_questions_stand_on_six_pages_in_order():
    pages = [page.id for page in BOOK.pages]

    assert pages == ["about", "skin", "recent", "health", "medicines", "plans"]
    order = [pages.index(question.page) for question in BOOK.questions.values()]
    assert order == sorted(order)
    for question in BOOK.questions.values():
        if question.asked_if:
            parent = BOOK.questions[question.asked_if.question]
            assert question.page == parent.page


def test_questions_are_asked_in_the_order_of_the_rulebook():
    for treatment in BOOK.treatments.values():
        for area in treatment.areas:
            asked = [q.id for q in screening.questionnaire(BOOK, treatment.id, area)]
            assert asked == [name for name in BOOK.questions if name in asked]
