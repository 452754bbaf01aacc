"""What lies ahead: sun trips, big days, vaccines, the dentist, treatments elsewhere."""

from __future__ import annotations

from datetime import date

import pytest

from tests.screening.people import FAR, assert_says, by, day, iso, judge

PEELED = ["MN", "RF", "PRP", "SP", "MP"]
LIT = ["NAL", "ABL"]


@pytest.mark.parametrize("code", PEELED)
def test_a_sun_trip_blocks_the_days_around_it(code):
    found = judge(code, sun_trip=iso(30), sun_trip_end=iso(40))

    said = {n: (by(found, "R-70", n), by(found, "R-19", n)) for n in range(60)}
    assert said[16] == ([], [])
    assert said[17] == said[23] == (["hold reception"], [])
    assert said[24] == said[29] == (["hold clinician"], [])
    assert said[30] == said[40] == said[46] == ([], ["refuse clinician"])
    assert said[47] == said[53] == ([], ["hold reception"])
    assert said[54] == ([], [])


@pytest.mark.parametrize("code", PEELED)
@pytest.mark.parametrize("skin_type", ["IV", "V", "VI", "unsure", None])
def test_darker_or_unknown_skin_needs_longer_around_a_trip(code, skin_type):
    found = judge(code, sun_trip=iso(40), sun_trip_end=iso(50), skin_type=skin_type)

    said = {n: (by(found, "R-70", n), by(found, "R-19", n)) for n in range(90)}
    assert said[12] == ([], [])
    assert said[13] == said[39] == (["hold clinician"], [])
    assert said[40] == said[56] == ([], ["refuse clinician"])
    assert said[57] == said[63] == ([], ["hold reception"])
    assert said[64] == said[77] == ([], ["hold clinician"])
    assert said[78] == ([], [])


@pytest.mark.parametrize("code", LIT)
def test_light_treatments_need_four_weeks_after_a_trip(code):
    found = judge(code, sun_trip=iso(30), sun_trip_end=iso(40))

    said = {n: (by(found, "R-70", n), by(found, "R-20", n)) for n in range(80)}
    assert said[17] == (["hold reception"], [])
    assert said[29] == (["hold clinician"], [])
    assert said[30] == said[67] == ([], ["refuse clinician"])
    assert said[68] == ([], [])


@pytest.mark.parametrize("end", [None, "never"])
def test_a_trip_without_an_end_lasts_four_weeks(end):
    found = judge("SP", sun_trip=iso(0), sun_trip_end=end)

    assert_says(found, "R-19", "0-34 refuse clinician, 35-41 hold reception")


def test_an_unsure_end_lasts_four_weeks_and_asks_a_clinician():
    found = judge("SP", sun_trip=iso(0), sun_trip_end="unsure")

    assert by(found, "R-19", 34) == ["refuse clinician"]
    assert by(found, "R-74", FAR) == ["hold clinician"]


def test_a_trip_of_some_month_may_fill_all_of_it():
    found = judge("SP", sun_trip="2026-05", sun_trip_end="2026-05")

    assert found.first_clear_day(date(2026, 5, 1)) == date(2026, 6, 14)
    assert found.first_clear_day(date(2026, 4, 17)) == date(2026, 4, 17)
    assert by(found, "R-70", (date(2026, 4, 18) - day(0)).days) == ["hold reception"]


def test_a_trip_begins_no_later_than_it_ends():
    found = judge("SP", sun_trip="2026-05", sun_trip_end="2026-05-10")

    assert [w.until_day for w in found.windows if w.rule == "R-70"][-1] == date(
        2026, 5, 10
    )
    assert found.first_clear_day(date(2026, 5, 1)) == date(2026, 5, 24)


def test_a_trip_today_can_end_today():
    found = judge("SP", sun_trip="now", sun_trip_end="now")

    assert_says(found, "R-19", "0-6 refuse clinician, 7-13 hold reception")


def test_a_trip_in_two_to_four_weeks_brings_advice():
    found = judge("SP", sun_trip=iso(40), sun_trip_end=iso(41))

    advice = next(n for n in found.notices if n.rule == "R-70")
    assert (advice.from_day, advice.until_day) == (day(13), day(27))


BIG_DAYS = [("MN", 14), ("RF", 14), ("PRP", 14), ("SP", 14), ("NAL", 14), ("BTX", 14),
            ("FIL", 28), ("MP", 28), ("ABL", 92)]  # fmt: skip


@pytest.mark.parametrize(("code", "days"), BIG_DAYS)
def test_a_big_day_brings_advice_for_the_weeks_before(code, days):
    found = judge(code, big_day=iso(100))

    advice = next(n for n in found.notices if n.rule == "R-71")
    until = 94 if code in ("MN", "RF") else 101
    assert (advice.from_day, advice.until_day) == (day(101 - days), day(until))


@pytest.mark.parametrize("code", ["MN", "RF"])
def test_needling_in_the_week_before_a_big_day_is_held(code):
    found = judge(code, big_day=iso(20))

    assert by(found, "R-71", 13) == []
    assert by(found, "R-71", 14) == by(found, "R-71", 20) == ["hold clinician"]
    assert by(found, "R-71", 21) == []


def test_a_big_day_in_some_month_may_be_any_day_of_it():
    found = judge("MN", big_day="2026-04")

    held = [w for w in found.windows if w.rule == "R-71"]
    assert [(w.from_day, w.until_day) for w in held] == [
        (date(2026, 3, 26), date(2026, 5, 1))
    ]


def test_filler_keeps_clear_of_a_planned_vaccine():
    found = judge("FIL", next_vaccine=iso(30))

    assert_says(found, "R-63", "17-50 refuse clinician")
    assert by(found, "R-63", 16) == []


def test_filler_keeps_clear_of_planned_dental_work():
    found = judge("FIL", next_dental=iso(30))

    assert_says(found, "R-65", "17-43 refuse clinician")
    assert by(found, "R-65", 16) == []


@pytest.mark.parametrize("code", ["MN", "RF", "BTX", "PRP", "NAL", "ABL", "SP", "MP"])
def test_vaccines_close_by_bring_advice(code):
    week = 14 if code == "RF" else 7

    past = judge(code, last_vaccine=iso(0))
    ahead = judge(code, next_vaccine=iso(30))

    assert past.windows == ahead.windows == ()
    one = next(n for n in past.notices if n.rule == "R-64")
    other = next(n for n in ahead.notices if n.rule == "R-64")
    assert (one.from_day, one.until_day) == (day(0), day(week))
    assert (other.from_day, other.until_day) == (day(31 - week), day(30 + week))


PLANNED = [
    # code, planned kind, rule before it, days before it, rule after it, days after it
    ("MN", "filler", "R-73", 14, "R-56", 28),
    ("MN", "facial", "R-73", 14, "R-60", 14),
    ("BTX", "microneedling", "R-55", 28, "R-73", 14),
    ("MP", "ablative_laser", "R-57", 92, "R-58", 184),
    ("WAX", "waxing", "R-73", 14, "R-73", 14),
    ("FIL", "botulinum_toxin", "R-73", 14, "R-73", 14),
    ("SP", "prp", "R-57", 30, "R-73", 30),
]


@pytest.mark.parametrize(
    ("code", "kind", "before", "days_before", "after", "days_after"), PLANNED
)
def test_a_treatment_planned_elsewhere_counts_in_both_directions(
    code, kind, before, days_before, after, days_after
):
    found = judge(code, planned_treatment=iso(200), planned_treatment_kind=kind)

    free = [n for n in range(600) if not found.windows_on(day(n))]
    assert 200 - days_before in free
    assert 201 - days_before not in free
    assert by(found, before, 201 - days_before)
    assert by(found, after, 199 + days_after)
    assert 199 + days_after not in free
    assert 200 + days_after in free


def test_the_own_rule_holds_where_the_table_would_be_free():
    found = judge(
        "BTX", planned_treatment=iso(100), planned_treatment_kind="microneedling"
    )

    assert by(found, "R-55", 72) == []
    assert by(found, "R-55", 73) == by(found, "R-55", 86) == ["hold reception"]
    assert by(found, "R-55", 87) == by(found, "R-55", 100) == ["refuse clinician"]
    assert by(found, "R-73", 100) == by(found, "R-73", 113) == ["refuse clinician"]


@pytest.mark.parametrize("kind", [None, "unsure"])
def test_a_planned_treatment_of_unknown_kind_counts_as_the_longest(kind):
    found = judge("MN", planned_treatment=iso(200), planned_treatment_kind=kind)

    assert by(found, "R-73", 158) == []
    assert by(found, "R-73", 159) == ["refuse clinician"]
    assert by(found, "R-73", 227) == ["refuse nobody"]
    assert by(found, "R-73", 283) == ["refuse clinician"]
    assert by(found, "R-73", 284) == by(found, "R-73", 291) == ["hold clinician"]
    assert by(found, "R-73", 292) == []
    assert bool(by(found, "R-74", FAR)) == (kind == "unsure")


def test_needling_elsewhere_may_go_deep():
    found = judge(
        "MN", planned_treatment=iso(100), planned_treatment_kind="microneedling"
    )

    assert by(found, "R-53", 141) == ["refuse clinician"]
    assert by(found, "R-53", 142) == []
    assert by(found, "R-53", 72) == ["hold reception"]
    assert by(found, "R-53", 70) == []


def test_a_planned_talk_blocks_nothing():
    found = judge("MN", planned_treatment="now", planned_treatment_kind="consultation")

    assert found.windows == ()
