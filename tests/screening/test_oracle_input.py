"""What check_answers refuses, and that each error names the field."""

from __future__ import annotations

from datetime import date

import pytest

from screening import AnswerErrors, check_answers, clearance, load, questionnaire
from tests.screening.oracle import (
    FOLLOW_UPS,
    asked,
    clear_answers,
    informs_only,
)
from tests.screening.oracle_days import CODES
from tests.screening.oracle_values import (
    ALL_QUESTIONS,
    CHOICES,
    FUTURE,
    LISTS,
    PLAIN,
    values,
)

TODAY = date(2027, 11, 20)
WHEN = [
    question
    for question in ALL_QUESTIONS
    if question not in {"date_of_birth", "other_allergy", *CHOICES, *LISTS, *PLAIN}
]
PAST = [q for q in WHEN if q not in FUTURE and q != "cancer_treatment"]
PLANNED = [q for q in WHEN if q in FUTURE and q not in FOLLOW_UPS]
MEGABYTE = "a" * 1_000_000
NEVER_VALID = [
    None,
    0,
    1,
    1.5,
    True,
    False,
    {},
    {"value": "no"},
    b"no",
    "NO WAY",
    "\x00",
    "no\x00",
    "2027-01-01\n2027",
    MEGABYTE,
]
NOT_A_DATE = [
    "2027-02-30",
    "2027-02-29",
    "2027-13",
    "2027-00",
    "2027-1-1",
    "2027-01-00",
    "2027-06-31",
    "20270101",
    "2027-W01-1",
    "27-01-01",
    "01/02/2027",
    "0000",
    "0001",
    "0001-01-01",
    "0000-01-01",
    "-2027",
    "+2027",
    "12027-01-01",
    "2027-01-01T00:00",
    "2027-01-01Z",
    "٢٠٢٧-٠١-٠١",
    "２０２７-01-01",
    "today",
    "NEVER",
    "Now",
    "yes",
    "unknown",
    "nan",
]


def _fields(answers: object) -> set[str]:
    with pytest.raises(AnswerErrors) as caught:
        check_answers(load(), answers, today=TODAY)
    assert all(error.message.strip() for error in caught.value.errors)
    return {error.field for error in caught.value.errors}


@pytest.mark.parametrize("question", [q for q in ALL_QUESTIONS if q != "other_allergy"])
def test_rubbish_is_refused_by_every_question(question):
    for rubbish in [*NEVER_VALID, "", " ", [None], ["no"], ["unsure", "unsure"], [[]]]:
        assert _fields({question: rubbish}) == {question}, repr(rubbish)[:40]


@pytest.mark.parametrize("rubbish", [None, 0, 1.5, True, [], ["x"], {}, b"x"])
def test_free_text_must_be_text(rubbish):
    assert _fields({"other_allergy": rubbish}) == {"other_allergy"}


@pytest.mark.parametrize(
    "rubbish", [MEGABYTE, "a" * 2001, "nuts\x00", "nuts\x07", "nuts\x1b[0m", "\x7fnuts"]
)
def test_free_text_has_a_length_and_no_control_characters(rubbish):
    assert _fields({"other_allergy": rubbish}) == {"other_allergy"}


@pytest.mark.parametrize("question", WHEN)
def test_a_day_that_does_not_exist_is_refused(question):
    for rubbish in NOT_A_DATE:
        assert _fields({question: rubbish}) == {question}, rubbish


@pytest.mark.parametrize("question", PAST)
def test_the_past_does_not_lie_in_the_future(question):
    for later in ("2027-11-21", "2027-12", "2028", "2028-02-29", "9999-12-31", "9999"):
        assert _fields({question: later}) == {question}, later


@pytest.mark.parametrize("question", PLANNED)
def test_a_plan_does_not_lie_in_the_past(question):
    for earlier in ("2027-11-19", "2027-10", "2026", "2026-11-20", "1999"):
        assert _fields({question: earlier}) == {question}, earlier


@pytest.mark.parametrize(
    "born",
    ["2027-11-21", "2028-01-01", "0001-01-01", "2027-02-30", "1990", "1990-05"]
    + ["now", "never", "unsure", "", None, 1990, ["1990-01-01"], "9999-12-31"],
)
def test_a_birth_date_is_a_day_that_has_been(born):
    assert _fields({"date_of_birth": born}) == {"date_of_birth"}


@pytest.mark.parametrize("question", LISTS)
def test_a_list_holds_only_known_choices(question):
    known = LISTS[question][0]
    for rubbish in ([known, "x"], [known, None], [1], known, "", {known: 1}, [[known]]):
        assert _fields({question: rubbish}) == {question}, repr(rubbish)


@pytest.mark.parametrize("question", [*CHOICES, *sorted(PLAIN)])
def test_a_choice_is_one_of_the_known_ones(question):
    for rubbish in ("x", "now", "never", "2027-01-01", "YES", "ii", ["yes"], ["I"], []):
        assert _fields({question: rubbish}) == {question}, repr(rubbish)


@pytest.mark.parametrize(
    "unknown", ["", "botox", "Pregnant", "date_of_birth ", "__class__", "a" * 500]
)
def test_an_unknown_question_is_named(unknown):
    assert _fields({unknown: "no", "melasma": "no"}) == {unknown}


def test_every_bad_answer_is_named_at_once():
    answers = {"melasma": "perhaps", "pregnant": "2028", "shoe": "1", "lumps": "no"}

    assert _fields(answers) == {"melasma", "pregnant", "shoe"}


@pytest.mark.parametrize("question", ALL_QUESTIONS)
def test_every_documented_value_is_accepted(question):
    for value in values(question, TODAY):
        if value is not None:
            kept = check_answers(load(), {question: value}, today=TODAY)[question]
            assert kept == (value.strip() if isinstance(value, str) else value)


def test_white_space_is_trimmed_around_text():
    checked = check_answers(load(), {"other_allergy": " x \n"}, today=TODAY)

    assert checked == {"other_allergy": "x"}


@pytest.mark.parametrize(
    "answers",
    [
        {"melasma": "no "},
        {"melasma": "\x1fno"},
        {"pregnant": "never\n"},
        {"pregnant": " 2027-01-05"},
        {"date_of_birth": "1990-05-17\u2003"},
        {"skin_type": "II\t"},
        {"autoimmune": ["lupus "]},
    ],
)
def test_a_known_value_with_something_around_it_is_an_unknown_one(answers):
    assert _fields(answers) == set(answers)


@pytest.mark.parametrize(
    "question",
    [
        question
        for question in clear_answers("microneedling", "face")
        if asked(question, "MN", "face") and not informs_only(question, "MN")
    ],
)
def test_rubbish_never_becomes_a_clear_day(question):
    answers = clear_answers("microneedling", "face")

    for rubbish in (None, "\x00", "2027-02-30", "shoe", 7, ["shoe"], {}):
        found = _screen({**answers, question: rubbish})
        assert found is None or found.verdict_on(TODAY).word != "clear", rubbish


def _screen(answers):
    try:
        return clearance(load(), "microneedling", "face", answers, today=TODAY)
    except AnswerErrors:
        return None


@pytest.mark.parametrize(
    ("treatment", "area"),
    [("botox", "face"), ("", ""), ("microneedling", "elbow"), ("microneedling", "")],
)
def test_an_unknown_treatment_or_area_is_an_error(treatment, area):
    with pytest.raises(ValueError, match="treatment|area"):
        clearance(load(), treatment, area, {}, today=TODAY)


@pytest.mark.parametrize("treatment", CODES)
def test_the_clear_answer_of_every_question_raises_nothing(treatment):
    everything = {key: one.clear_answer for key, one in load().questions.items()}

    for area in load().treatments[treatment].areas:
        asked_here = questionnaire(load(), treatment, area)
        needed = {question.id: question.clear_answer for question in asked_here}
        for answers in (needed, everything):
            found = clearance(load(), treatment, area, answers, today=TODAY)
            assert found.windows == ()
            assert found.unanswered == ()
