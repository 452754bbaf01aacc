"""Advice that blocks nothing, on the days the documents give for it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from screening import clearance, load
from tests.screening.oracle import clear_answers
from tests.screening.oracle_days import CODES
from tests.screening.oracle_matrix import COLUMNS, cell

TODAY = date(2027, 11, 20)
IN_100 = (TODAY + timedelta(100)).isoformat()
NOW = TODAY.isoformat()

# treatment, answer, rule, the first and the last day of the notice after today
DATED = [
    ("microneedling", {"strong_creams": NOW}, "R-38", 1, 6),
    ("facial", {"strong_creams": NOW}, "R-38", 2, 6),
    ("microneedling", {"last_vaccine": NOW}, "R-64", 0, 6),
    ("rf_microneedling", {"last_vaccine": NOW}, "R-64", 0, 13),
    ("botulinum_toxin", {"next_vaccine": IN_100}, "R-64", 94, 106),
    ("rf_microneedling", {"next_vaccine": IN_100}, "R-64", 87, 113),
    ("microneedling", {"sun_trip": IN_100}, "R-70", 73, 86),
    ("microneedling", {"big_day": IN_100}, "R-71", 87, 93),
    ("prp", {"big_day": IN_100}, "R-71", 87, 100),
    ("botulinum_toxin", {"big_day": IN_100}, "R-71", 87, 100),
    ("laser", {"big_day": IN_100}, "R-71", 87, 100),
    ("filler", {"big_day": IN_100}, "R-71", 73, 100),
    ("medium_peel", {"big_day": IN_100}, "R-71", 73, 100),
    ("ablative_laser", {"big_day": IN_100}, "R-71", 9, 100),
]
# treatment, answer, rule: advice for every day
ALWAYS = [
    ("microneedling", {}, "R-72"),
    ("prp", {}, "R-83"),
    ("microneedling", {}, "R-80"),
    ("microneedling", {}, "R-76"),
    ("microneedling", {"skin_type": "IV"}, "R-25"),
    ("microneedling", {"otc_blood_thinning": "yes"}, "R-35"),
    ("microneedling", {"otc_blood_thinning": "unsure"}, "R-74"),
    ("microneedling", {"otc_blood_thinning": None}, "R-74"),
    ("facial", {"piercing_in_area": "yes"}, "R-69"),
    ("facial", {"piercing_in_area": "unsure"}, "R-74"),
    ("facial", {"piercing_in_area": None}, "R-74"),
    ("microneedling", {"last_vaccine": "unsure"}, "R-74"),
    ("microneedling", {"next_vaccine": None}, "R-74"),
    ("superficial_peel", {"big_day": "unsure"}, "R-74"),
    ("superficial_peel", {"big_day": None}, "R-74"),
]


@pytest.mark.parametrize(("treatment", "changed", "rule", "first", "last"), DATED)
def test_dated_advice_stands_on_the_documented_days(
    treatment, changed, rule, first, last
):
    days = _days(treatment, changed, rule)

    assert (days[0], days[-1]) == (first, last)
    assert days == list(range(first, last + 1))


@pytest.mark.parametrize(("treatment", "changed", "rule"), ALWAYS)
def test_standing_advice_stands_on_every_day(treatment, changed, rule):
    assert _days(treatment, changed, rule) == list(range(150))


@pytest.mark.parametrize("treatment", CODES)
def test_advice_alone_never_blocks_a_day(treatment):
    answers = clear_answers(treatment, "face") | {"piercing_in_area": "yes"}
    answers |= {"otc_blood_thinning": "yes"}

    found = clearance(load(), treatment, "face", answers, today=TODAY)

    assert found.windows == ()
    assert found.first_clear_day(TODAY) == TODAY


@pytest.mark.parametrize("first", COLUMNS)
def test_the_matrix_is_the_documents_matrix(first):
    ids = {code: treatment for treatment, code in CODES.items()}
    found = [load().interval(ids[first], ids[then]) for then in COLUMNS]

    assert found == [cell(first, then) for then in COLUMNS]
    assert load().interval(ids[first], ids["RF"]) == cell(first, "MN")
    assert load().interval(ids["RF"], ids[first]) == cell("MN", first)


def _days(treatment, changed, rule):
    answers = clear_answers(treatment, "face") | changed
    answers = {key: value for key, value in answers.items() if value is not None}
    found = clearance(load(), treatment, "face", answers, today=TODAY)
    spans = [
        (notice.from_day or TODAY, notice.until_day or date.max)
        for notice in found.notices
        if notice.rule == rule
    ]
    days = (TODAY + timedelta(n) for n in range(150))
    return [
        (day - TODAY).days
        for day in days
        if any(first <= day < until for first, until in spans)
    ]
