"""Days since an event: blocked on the first and the last day, free on the next."""

from __future__ import annotations

import pytest

from tests.screening.people import ALL, TREATMENTS, assert_says, day, iso, judge

PEELS = "MN RF PRP"
EVENTS = [
    ("strong_sun", {}, "MN RF PRP SP MP", "R-19",
     "0-6 refuse clinician, 7-13 hold reception"),
    ("strong_sun", {"skin_type": "IV"}, "MN RF PRP SP MP", "R-19",
     "0-6 refuse clinician, 7-13 hold reception, 14-27 hold clinician"),
    ("strong_sun", {}, "NAL ABL", "R-20", "0-27 refuse clinician"),
    ("self_tan", {}, "MN RF PRP SP MP NAL ABL", "R-21",
     "0-6 refuse clinician, 7-13 hold reception"),
    ("scar_since", {}, "MN RF PRP", "R-24",
     "0-183 refuse clinician, 184-365 hold clinician"),
    ("strong_creams", {}, "MN RF SP MP NAL ABL WAX", "R-38", "0-0 refuse clinician"),
    ("strong_creams", {}, "HF", "R-38", "0-1 refuse clinician"),
    ("prescription_retinoid", {}, "WAX", "R-39",
     "0-6 refuse clinician, 7-41 hold clinician"),
    ("last_needling", {"needling_depth": "up_to_1_5_mm"}, "MN RF", "R-53",
     "0-27 refuse clinician, 28-29 hold reception"),
    ("last_needling", {"needling_depth": "over_1_5_mm"}, "MN RF", "R-53",
     "0-41 refuse clinician"),
    ("last_needling", {"needling_depth": "unknown"}, "MN RF", "R-53",
     "0-41 refuse clinician"),
    ("last_needling", {"needling_depth": None}, "MN RF", "R-53",
     "0-41 refuse clinician"),
    ("home_roller", {"home_roller_length": "up_to_0_3_mm"}, "MN RF", "R-54",
     "0-6 refuse clinician"),
    ("home_roller", {"home_roller_length": "0_5_mm"}, "MN RF", "R-54",
     "0-13 refuse clinician"),
    ("home_roller", {"home_roller_length": "over_0_5_mm"}, "MN RF", "R-54",
     "0-29 refuse clinician, 30- hold clinician"),
    ("home_roller", {"home_roller_length": "unknown"}, "MN RF", "R-54",
     "0-29 refuse clinician, 30- hold clinician"),
    ("home_roller", {"home_roller_length": None}, "MN RF", "R-54",
     "0-29 refuse clinician, 30- hold clinician"),
    ("last_toxin", {}, "MN RF PRP", "R-55",
     "0-13 refuse clinician, 14-27 hold reception"),
    ("last_toxin", {}, "BTX", "R-66", "0-89 refuse clinician"),
    ("last_filler", {}, "MN PRP", "R-56", "0-27 refuse nobody"),
    ("last_filler", {}, "RF", "R-56", "0-27 refuse nobody, 28- hold clinician"),
    ("last_hair_removal", {}, "MN RF PRP", "R-59",
     "0-2 refuse clinician, 3-6 hold reception"),
    ("last_facial", {}, "MN RF PRP", "R-60",
     "0-6 refuse clinician, 7-13 hold reception"),
    ("surgery_in_area", {}, "MN RF PRP SP MP NAL ABL", "R-61",
     "0-365 refuse clinician"),
    ("new_tattoo_nearby", {}, "MN RF NAL ABL SP MP", "R-62", "0-91 refuse clinician"),
    ("last_vaccine", {}, "FIL", "R-63", "0-20 refuse clinician"),
    ("last_dental", {}, "FIL", "R-65", "0-13 refuse clinician"),
    ("last_peel", {"peel_strength": "superficial"}, PEELS, "R-57",
     "0-29 refuse clinician"),
    ("last_peel", {"peel_strength": "medium"}, PEELS, "R-57",
     "0-41 refuse clinician, 42-91 hold clinician"),
    ("last_peel", {"peel_strength": "deep"}, PEELS, "R-57", "0-91 refuse clinician"),
    ("last_peel", {"peel_strength": "unknown"}, PEELS, "R-57", "0-91 refuse clinician"),
    ("last_peel", {"peel_strength": None}, PEELS, "R-57", "0-91 refuse clinician"),
    ("last_laser", {"laser_kind": "non_ablative_or_ipl"}, PEELS, "R-58",
     "0-29 refuse clinician"),
    ("last_laser", {"laser_kind": "ablative"}, PEELS, "R-58", "0-83 refuse clinician"),
    ("last_laser", {"laser_kind": "unknown"}, PEELS, "R-58", "0-83 refuse clinician"),
    ("last_laser", {"laser_kind": None}, PEELS, "R-58", "0-83 refuse clinician"),
]  # fmt: skip

# Days after: light peel, medium peel, deep peel, gentle laser, resurfacing laser.
TABLED = {
    "BTX": (14, 28, 92, 14, 28),
    "FIL": (14, 28, 92, 14, 42),
    "SP": (28, 42, 92, 14, 84),
    "MP": (28, 120, 120, 28, 184),
    "NAL": (28, 42, 92, 28, 84),
    "ABL": (28, 92, 92, 42, 184),
    "HF": (14, 30, 92, 30, 42),
    "WAX": (14, 28, 92, 14, 366),
}


CASES = [
    pytest.param(
        code,
        question,
        others,
        rule,
        text,
        id=" ".join([rule, code, question, *map(str, others.values())]),
    )
    for question, others, codes, rule, text in EVENTS
    for code in codes.split()
]


@pytest.mark.parametrize(("code", "question", "others", "rule", "text"), CASES)
def test_an_event_today_blocks_the_days_of_its_rule(code, question, others, rule, text):
    dated = judge(code, **{question: iso(0)}, **others)
    now = judge(code, **{question: "now"}, **others)

    assert_says(dated, rule, text)
    assert_says(now, rule, text)


@pytest.mark.parametrize(("code", "question", "others", "rule", "text"), CASES)
def test_an_event_of_the_past_blocks_only_the_rest(code, question, others, rule, text):
    last = text.split(", ")[-1].split(" ")[0].partition("-")[2]
    if last:
        free = judge(code, **{question: iso(-int(last) - 1)}, **others)
        blocked = judge(code, **{question: iso(-int(last))}, **others)
        assert free.windows == ()
        assert blocked.first_clear_day(day(0)) == day(1)
    else:
        held = judge(code, **{question: iso(-4000)}, **others)
        assert [w.verdict.word for w in held.windows] == ["hold"]


@pytest.mark.parametrize(
    ("code", "column", "days"),
    [(code, n, days) for code, row in TABLED.items() for n, days in enumerate(row)],
)
def test_peels_and_lasers_before_other_treatments(code, column, days):
    asked, rule, answers = [
        ("last_peel", "R-57", {"peel_strength": "superficial"}),
        ("last_peel", "R-57", {"peel_strength": "medium"}),
        ("last_peel", "R-57", {"peel_strength": "deep"}),
        ("last_laser", "R-58", {"laser_kind": "non_ablative_or_ipl"}),
        ("last_laser", "R-58", {"laser_kind": "ablative"}),
    ][column]

    found = judge(code, **{asked: iso(0)}, **answers)

    assert_says(found, rule, f"0-{days - 1} refuse clinician")


@pytest.mark.parametrize("code", TABLED)
def test_an_unknown_peel_or_laser_counts_as_the_longest(code):
    peel, laser = TABLED[code][2], TABLED[code][4]

    strength = judge(code, last_peel=iso(0), peel_strength="unknown")
    kind = judge(code, last_laser=iso(0), laser_kind=None)

    assert_says(strength, "R-57", f"0-{peel - 1} refuse clinician")
    assert_says(kind, "R-58", f"0-{laser - 1} refuse clinician")


@pytest.mark.parametrize(
    ("question", "code", "days"),
    [
        ("last_needling", "BTX", 14),
        ("last_needling", "FIL", 14),
        ("last_needling", "MP", 42),
        ("last_needling", "WAX", 14),
        ("last_needling", "PRP", 30),
        ("last_toxin", "FIL", 14),
        ("last_toxin", "ABL", 28),
        ("last_toxin", "WAX", 7),
        ("last_filler", "BTX", 14),
        ("last_filler", "FIL", 28),
        ("last_filler", "HF", 14),
        ("last_hair_removal", "SP", 14),
        ("last_hair_removal", "ABL", 21),
        ("last_hair_removal", "WAX", 14),
        ("last_facial", "BTX", 1),
        ("last_facial", "HF", 28),
        ("last_facial", "WAX", 5),
    ],
)
def test_what_is_not_asked_still_counts_when_it_is_said(question, code, days):
    said = judge(code, **{question: iso(0)})
    silent = judge(code)
    unsure = judge(code, **{question: "unsure"})

    assert_says(said, "R-73", f"0-{days - 1} refuse clinician")
    assert silent.windows == ()
    assert_says(unsure, "R-74", "0- hold clinician")


@pytest.mark.parametrize("code", ["MN", "RF", "SP", "MP", "NAL", "ABL", "WAX", "HF"])
def test_strong_creams_in_the_week_before_bring_advice(code):
    found = judge(code, strong_creams=iso(0))

    notice = next(n for n in found.notices if n.rule == "R-38")
    assert (notice.from_day, notice.until_day) == (
        day(2 if code == "HF" else 1),
        day(7),
    )


@pytest.mark.parametrize(
    ("value", "first_clear"),
    [
        ("2026-02", 26),  # counts as 28 February
        ("2026-03", 28),  # not over yet: counts as today
        ("2026", 28),
        ("2025", 0),
        ("2025-12-31", 0),
    ],
)
def test_a_month_or_year_counts_as_its_latest_day(value, first_clear):
    found = judge("MN", last_toxin=value)

    assert found.first_clear_day(day(0)) == day(first_clear)


@pytest.mark.parametrize("code", ALL.split())
def test_an_event_that_the_treatment_does_not_mind_raises_nothing(code):
    answers = {
        question: iso(0)
        for question, _, codes, _, _ in EVENTS
        if code not in " ".join(c for q, _, c, _, _ in EVENTS if q == question).split()
        and question not in REPORTS
    }

    assert judge(code, **answers).windows == ()


REPORTS = (
    "last_needling", "last_toxin", "last_filler", "last_hair_removal", "last_facial",
    "last_peel", "last_laser",
)  # fmt: skip


def test_a_skin_type_that_nobody_knows_counts_as_the_darkest():
    unsure = judge("SP", strong_sun=iso(-13), skin_type="unsure")
    missing = judge("SP", strong_sun=iso(-13), skin_type=None)

    for found in (unsure, missing):
        rules = {(w.rule, w.until_day) for w in found.windows}
        assert ("R-19", day(15)) in rules
        assert ("R-74", None) in rules


def test_every_treatment_has_its_code():
    assert len(TREATMENTS) == 11
