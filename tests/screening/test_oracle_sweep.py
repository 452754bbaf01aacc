"""Every question, every kind of value, one fact at a time, against the oracle."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from screening import load, questionnaire
from tests.screening.oracle import ASKED, FOLLOW_UPS, asked, clear_answers
from tests.screening.oracle_compare import (
    differences,
    quickly_by_engine,
    quickly_by_oracle,
)
from tests.screening.oracle_days import CODES
from tests.screening.oracle_values import CHOICES, EDGES, FUTURE, values

TODAY = date(2027, 11, 20)  # the horizon holds 29 February 2028
PARENT_DATES = ("now", "2027-11-19", "2027-08-30", "2027-10", "2027", "unsure")
PARENT_PLANS = ("now", "2027-11-20", "2027-12-21", "2028-06-30", "2028-02", "2028")


def _other_area(treatment: str) -> str | None:
    areas = load().treatments[treatment].areas
    return next((area for area in areas if area != "face"), None)


def _places(treatment: str) -> list[str]:
    areas = load().treatments[treatment].areas
    places = [area for area in areas if area == "face"]
    return [area for area in (*places, _other_area(treatment)) if area]


def _compare(treatment: str, area: str, changed: dict[str, object]) -> str:
    answers = clear_answers(treatment, area) | changed
    answers = {key: value for key, value in answers.items() if value is not None}
    engine = quickly_by_engine(load(), treatment, area, answers, TODAY)
    oracle = quickly_by_oracle(treatment, area, changed, TODAY)
    apart = differences(engine, oracle) if engine != oracle else ""
    return f"{treatment} {area} {changed}\n{apart}" if apart else ""


def _report(found: list[str]) -> str:
    shown = "\n".join(found[:25])
    return f"{len(found)} cases part:\n{shown}" if found else ""


@pytest.mark.parametrize("treatment", CODES)
def test_every_single_answer_blocks_the_days_the_documents_say(treatment):
    found = []
    for area, question in product(_places(treatment), ASKED):
        if not asked(question, CODES[treatment], area):
            continue
        every = values(question, TODAY)
        some = every if area == "face" else [*every[:6], *every[-3:]]
        found += [_compare(treatment, area, {question: value}) for value in some]

    assert _report([one for one in found if one]) == ""


@pytest.mark.parametrize("treatment", CODES)
def test_every_follow_up_refines_its_question_as_the_documents_say(treatment):
    found = []
    for question, parent in FOLLOW_UPS.items():
        if not asked(question, CODES[treatment], "face"):
            continue
        dates = PARENT_PLANS if parent in FUTURE else PARENT_DATES
        kinds = CHOICES.get(question) or ("2027-12-28", "2028-07-09", "2028", "unsure")
        area = _places(treatment)[0]
        found += [
            _compare(treatment, area, {parent: day, question: kind})
            for day, kind in product(dates, (*kinds, None))
            if question != "sun_trip_end" or _ends_after(day, kind)
        ]

    assert _report([one for one in found if one]) == ""


def _ends_after(start: str, end: str | None) -> bool:
    return end is None or start == "now" or end[:4] > start[:4] or end >= start


@pytest.mark.parametrize("treatment", CODES)
def test_skin_types_lengthen_sun_rules_as_the_documents_say(treatment):
    if not asked("sun_trip", CODES[treatment], "face"):
        assert treatment in ("botulinum_toxin", "filler", "facial", "waxing")
        return
    area = _places(treatment)[0]
    suns = [("strong_sun", value) for value in values("strong_sun", TODAY)[::3]]
    suns += [("sun_trip", value) for value in values("sun_trip", TODAY)[::3]]
    tones = ("I", "III", "IV", "VI", "unsure", None)

    found = [
        _compare(treatment, area, {"skin_type": tone, question: value})
        for tone, (question, value) in product(tones, suns)
    ]

    assert _report([one for one in found if one]) == ""


@pytest.mark.parametrize("treatment", CODES)
def test_exactly_the_documented_questions_are_asked(treatment):
    for area in load().treatments[treatment].areas:
        listed = {question.id for question in questionnaire(load(), treatment, area)}
        expected = {
            question
            for question in (*ASKED, *FOLLOW_UPS)
            if asked(question, CODES[treatment], area)
        }

        assert listed == expected, area


def test_the_sweep_stands_on_every_edge_of_the_documents():
    for number in (7, 14, 28, 30, 42, 84, 90, 92, 184, 366):
        assert {number - 1, number} <= set(EDGES)
