"""Stricter and milder device profiles."""

from __future__ import annotations

import pytest

import screening
from screening import Record
from tests.screening.people import assert_says, by, day, iso, judge

NEEDLED = ["MN", "RF", "PRP"]


def exceed(code, **answers):
    return judge(code, rulebook=screening.load(profile="Exceed"), **answers)


@pytest.mark.parametrize("code", ["MN", "PRP"])
def test_exceed_waits_half_a_year_after_filler(code):
    text = "0-27 refuse nobody, 28-183 refuse clinician"

    assert_says(exceed(code, last_filler=iso(0)), "R-56", text)
    record = exceed(code, records=[Record.of_treatment("filler", day(-183))])
    assert by(record, "R-56", 0) == ["refuse clinician"]
    assert by(record, "R-56", 1) == []


@pytest.mark.parametrize("code", NEEDLED)
def test_exceed_tells_that_filler_waits_half_a_year(code):
    reasons = exceed(code, last_filler=iso(-30)).reasons_on(day(0))

    assert ["six months" in reason for reason in reasons] == [True]


def test_exceed_holds_radio_waves_over_filler_for_ever():
    text = "0-27 refuse nobody, 28-183 refuse clinician, 184- hold clinician"

    assert_says(exceed("RF", last_filler=iso(0)), "R-56", text)


@pytest.mark.parametrize("code", NEEDLED)
def test_exceed_refuses_keloid_tendency(code):
    found = exceed(code, keloid_tendency="yes")

    assert by(found, "R-23", 9) == ["refuse clinician", "hold clinician"]


@pytest.mark.parametrize("code", ["MN", "RF", "PRP"])
def test_exceed_refuses_blood_thinners(code):
    found = exceed(code, blood_thinner="yes")

    assert by(found, "R-34", 9)[0] == "refuse clinician"


@pytest.mark.parametrize("code", NEEDLED)
def test_with_exceed_nobody_releases_active_acne(code):
    found = exceed(code, active_acne="few")

    assert by(found, "R-12", 13) == ["refuse nobody", "refuse clinician"]
    assert by(found, "R-12", 14) == ["hold answer", "hold answer"]


@pytest.mark.parametrize(
    ("skin_type", "held"), [("III", False), ("IV", False), ("V", True), ("VI", True)]
)
def test_exceed_holds_the_darkest_skin_types(skin_type, held):
    found = exceed("MN", skin_type=skin_type)

    assert by(found, "R-25", 9) == (["hold clinician"] if held else [])


@pytest.mark.parametrize(
    ("profile", "what"),
    [
        ("SkinPen", "refuse clinician"),
        ("Exceed", "refuse clinician"),
        ("Dermapen4", "hold clinician"),
        ("RF", "hold clinician"),
    ],
)
@pytest.mark.parametrize("code", ["MN", "RF", "PRP", "ABL"])
def test_devices_differ_about_reactions_to_numbing(profile, what, code):
    book = screening.load(profile=profile)

    assert_says(
        judge(code, rulebook=book, numbing_reaction="yes"), "R-50", f"0- {what}"
    )
    filler = judge("FIL", rulebook=book, numbing_reaction="yes")
    assert_says(filler, "R-50", "0- hold clinician")


@pytest.mark.parametrize("profile", ["SkinPen", "Dermapen4", "RF"])
def test_the_other_devices_keep_the_usual_rules(profile):
    book = screening.load(profile=profile)

    assert_says(
        judge("MN", rulebook=book, last_filler=iso(0)), "R-56", "0-27 refuse nobody"
    )
    assert judge("MN", rulebook=book, skin_type="VI").windows == ()


@pytest.mark.parametrize("code", ["SP", "MP", "HF"])
def test_a_needling_device_changes_nothing_for_peels(code):
    found = exceed(code, active_acne="few")

    assert_says(found, "R-12", "0-13 refuse clinician, 14- hold answer")
