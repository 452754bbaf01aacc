"""Conditions: present now, over since a day; and ages."""

from __future__ import annotations

from datetime import date

import pytest

from tests.screening.people import ALL, assert_says, by, day, iso, judge

BUT_WAX = "MN RF BTX FIL SP MP NAL ABL HF PRP"
WOUNDS = "MN RF PRP SP MP NAL ABL"
NOW = [
    ("pregnant", BUT_WAX, "R-04", "0- refuse nobody"),
    ("breastfeeding", BUT_WAX, "R-05", "0- refuse nobody"),
    ("skin_infection", ALL, "R-07", "0-13 refuse nobody, 14- hold answer"),
    ("open_skin", "MN RF PRP SP MP ABL WAX", "R-11",
     "0-13 refuse nobody, 14- hold answer"),
    ("rash", "MN RF PRP SP MP NAL ABL WAX", "R-15",
     "0-13 refuse clinician, 14- hold answer"),
    ("sunburn", "MN RF FIL SP MP NAL ABL HF WAX PRP", "R-18",
     "0-13 refuse nobody, 14- hold answer"),
    ("skin_cancer", "MN RF PRP SP MP NAL ABL FIL", "R-28", "0- refuse nobody"),
    ("actinic_keratosis", "MN RF PRP NAL ABL", "R-30",
     "0-13 refuse clinician, 14- hold answer"),
    ("cancer_treatment", WOUNDS, "R-31", "0- refuse clinician"),
    ("isotretinoin", "MN RF SP MP NAL ABL HF WAX PRP", "R-36",
     "0-183 refuse nobody, 184- hold answer"),
    ("isotretinoin", "BTX FIL", "R-36", "0- hold answer"),
    ("light_sensitising_antibiotic", "NAL ABL SP MP", "R-40",
     "0-13 refuse clinician, 14- hold answer"),
    ("light_sensitising_antibiotic", "MN", "R-40",
     "0-13 hold clinician, 14- hold answer"),
    ("st_johns_wort", "NAL ABL SP MP", "R-40",
     "0-91 refuse clinician, 92- hold answer"),
    ("st_johns_wort", "MN", "R-40", "0-91 hold clinician, 92- hold answer"),
    ("unwell", "MN RF PRP FIL", "R-41", "0-13 hold clinician, 14- hold answer"),
]  # fmt: skip
ENDED = [
    ("pregnant", "MN RF SP MP NAL ABL", "R-06", "0-91 hold clinician"),
    ("breastfeeding", "MN RF SP MP NAL ABL", "R-06", "0-91 hold clinician"),
    ("skin_infection", ALL, "R-07", "0-13 refuse nobody"),
    ("open_skin", "MN RF PRP SP MP ABL WAX", "R-11", "0-13 refuse nobody"),
    ("sunburn", "MN RF FIL SP MP NAL ABL HF WAX PRP", "R-18", "0-13 refuse nobody"),
    ("skin_cancer", WOUNDS, "R-29", "0- hold clinician"),
    ("cancer_treatment", WOUNDS, "R-31", "0-183 refuse clinician"),
    ("isotretinoin", "MN RF PRP SP NAL HF WAX", "R-37", "0-183 refuse clinician"),
    ("isotretinoin", "MP ABL", "R-37", "0-183 refuse nobody"),
    ("light_sensitising_antibiotic", "NAL ABL SP MP", "R-40", "0-13 refuse clinician"),
    ("light_sensitising_antibiotic", "MN", "R-40", "0-13 hold clinician"),
    ("st_johns_wort", "NAL ABL SP MP", "R-40", "0-91 refuse clinician"),
    ("st_johns_wort", "MN", "R-40", "0-91 hold clinician"),
    ("unwell", "MN RF PRP FIL", "R-41", "0-6 hold clinician, 7-13 hold reception"),
]
OVER = [
    ("rash", "MN RF PRP SP MP NAL ABL WAX"),
    ("actinic_keratosis", "MN RF PRP NAL ABL"),
    ("pregnant", "BTX FIL HF PRP"),
    ("breastfeeding", "BTX FIL HF PRP"),
    ("skin_cancer", "FIL"),
    ("isotretinoin", "BTX FIL"),
]


def _spread(rows, at):
    return [(code, row) for row in rows for code in row[at].split()]


@pytest.mark.parametrize(("code", "row"), _spread(NOW, 1))
def test_what_is_present_never_clears_by_itself(code, row):
    question, _, rule, text = row

    assert_says(judge(code, **{question: "now"}), rule, text)


@pytest.mark.parametrize(("code", "row"), _spread(ENDED, 1))
def test_what_is_over_blocks_the_days_after_it(code, row):
    question, _, rule, text = row

    assert_says(judge(code, **{question: iso(0)}), rule, text)


@pytest.mark.parametrize(("code", "row"), _spread(ENDED, 1))
def test_what_ended_long_enough_ago_is_over(code, row):
    question, _, rule, text = row
    last = text.split(", ")[-1].split(" ")[0].partition("-")[2]

    if last:
        assert judge(code, **{question: iso(-int(last) - 1)}).windows == ()
        assert by(judge(code, **{question: iso(-int(last))}), rule, 0)
    else:
        assert by(judge(code, **{question: "1990"}), rule, 0)


@pytest.mark.parametrize(("code", "row"), _spread(OVER, 1))
def test_some_conditions_end_on_their_last_day(code, row):
    question, _ = row

    assert judge(code, **{question: iso(0)}).windows == ()


@pytest.mark.parametrize("code", ALL.split())
def test_a_condition_that_the_treatment_does_not_mind_raises_nothing(code):
    asked = {row[0] for row in NOW if code in row[1].split()}
    others = {row[0]: "now" for row in NOW if row[0] not in asked}

    assert judge(code, **others).windows == ()


@pytest.mark.parametrize("code", ["MN", "RF", "PRP", "SP", "MP", "NAL", "ABL", "HF"])
def test_a_flare_needs_four_calm_weeks_and_a_clinician(code):
    now = judge(code, rosacea_flare="now")
    calm = judge(code, rosacea_flare=iso(0))

    assert by(now, "R-13", 27) == ["refuse clinician"]
    assert by(now, "R-13", 28) == ["hold answer"]
    assert by(calm, "R-13", 27) == ["refuse clinician"]
    assert by(calm, "R-13", 28) == []
    assert by(calm, "R-14", 5000) == by(now, "R-14", 5000) == ["hold clinician"]


@pytest.mark.parametrize("code", ["BTX", "HF", "WAX", "FIL", "MN"])
def test_a_cold_sore_needs_two_weeks(code):
    now = judge(code, cold_sore="now")
    gone = judge(code, cold_sore=iso(-13))

    assert by(now, "R-08", 13) == ["refuse nobody"]
    assert by(now, "R-08", 14) == ["hold answer"]
    assert by(gone, "R-08", 0) == ["refuse nobody"]
    assert by(gone, "R-08", 1) == []


@pytest.mark.parametrize("code", BUT_WAX.split())
def test_perhaps_pregnant_counts_as_pregnant(code):
    assert_says(judge(code, pregnant="unsure"), "R-04", "0- refuse nobody")


def test_waxing_does_not_ask_about_pregnancy():
    assert judge("WAX", pregnant="now", breastfeeding="now").windows == ()


def test_cancer_treatment_ahead_blocks_from_four_weeks_before_it():
    found = judge("MN", cancer_treatment=iso(100))

    assert_says(found, "R-31", "72- refuse clinician")
    assert by(found, "R-31", 71) == []


def test_a_month_that_is_not_over_may_be_a_plan():
    found = judge("MN", cancer_treatment="2026-03")

    assert found.first_clear_day(day(0)) is None


def test_a_month_ahead_counts_from_its_first_day():
    found = judge("MN", cancer_treatment="2026-06")

    assert found.first_clear_day(day(0)) == day(0)
    assert found.windows[0].from_day == date(2026, 5, 4)
    assert found.windows[0].until_day is None


AGES = [
    ("BTX FIL", "R-01", 18, "refuse nobody"),
    ("RF MN PRP SP MP NAL ABL HF", "R-02", 18, "refuse nobody"),
]


@pytest.mark.parametrize(("code", "row"), _spread(AGES, 0))
def test_nobody_is_booked_before_the_eighteenth_birthday(code, row):
    _, rule, _, what = row
    birthday = date(2026, 3, 12)

    found = judge(code, date_of_birth="2008-03-12")

    assert by(found, rule, 9) == [what]
    assert by(found, rule, 10) == []
    clear = None if code in ("MN", "RF") else birthday
    assert found.first_clear_day(day(0)) == (clear or date(2030, 3, 12))


def test_from_eighteen_to_twenty_one_needling_is_held():
    found = judge("MN", date_of_birth="2004-03-12")

    assert_says(found, "R-03", "0-9 hold clinician")


def test_hair_removal_asks_for_no_age():
    assert judge("WAX", date_of_birth="2020-01-01").windows == ()


def test_a_leap_day_child_is_older_on_the_first_of_march():
    found = judge("SP", date_of_birth="2008-02-29", today=date(2026, 2, 27))

    assert found.first_clear_day(date(2026, 2, 27)) == date(2026, 3, 1)


def test_a_leap_day_child_has_real_birthdays_too():
    found = judge("MN", date_of_birth="2008-02-29", today=date(2026, 3, 2))

    assert found.first_clear_day(date(2026, 3, 2)) == date(2030, 3, 1)
