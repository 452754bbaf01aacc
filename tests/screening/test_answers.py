"""Checking answers: what is taken, what is refused, and with which words."""

from __future__ import annotations

from datetime import date

import pytest

import screening
from screening import AnswerErrors, FieldError, check_answers, pin_answers
from tests.screening.people import TODAY, day, iso

BOOK = screening.load()
NOT_A_WHEN = (
    "Please say never, now or unsure, or give a date, a month or a year that exists, "
    "such as 2025-06-30, 2025-06 or 2025."
)
NOT_A_DATE = "Please give a date that exists, such as 2025-06-30."
NOT_A_CHOICE = "Please choose one of the answers that we offer."
NOT_A_LIST = "Please send a list of the answers that apply; an empty list means none."
PLEASE = "Please answer this question."
NOT_YET = "This date lies in the future. Please give one that is not after today."
GONE_BY = "This date has passed. Please give today or a later date."
ODD = "Please use ordinary letters, numbers and signs only."
TAKEN = [
    ("date_of_birth", "1990-02-28"),
    ("date_of_birth", iso(0)),
    ("date_of_birth", "1900-01-01"),
    ("heart_condition", "yes"),
    ("heart_condition", "no"),
    ("heart_condition", "unsure"),
    ("last_toxin", "never"),
    ("last_toxin", "now"),
    ("last_toxin", "unsure"),
    ("last_toxin", "2024-02-29"),
    ("last_toxin", iso(0)),
    ("last_toxin", "2026-03"),
    ("last_toxin", "2026"),
    ("last_toxin", "1999"),
    ("pregnant", "2026-03"),
    ("cancer_treatment", "2020"),
    ("cancer_treatment", iso(90)),
    ("cancer_treatment", "2030"),
    ("sun_trip", iso(0)),
    ("sun_trip", "2026-03"),
    ("sun_trip", "2026"),
    ("sun_trip", "2199-12-31"),
    ("sun_trip", "now"),
    ("sun_trip_end", iso(7)),
    ("big_day", iso(1)),
    ("next_vaccine", "2027-01"),
    ("next_dental", "never"),
    ("planned_treatment", "unsure"),
    ("planned_treatment_kind", "prp"),
    ("skin_type", "VI"),
    ("needling_depth", "unknown"),
    ("needling_depth", "unsure"),
    ("autoimmune", []),
    ("autoimmune", ["scleroderma", "lupus"]),
    ("other_allergy", ""),
    ("other_allergy", "Latex:\n\tred itchy skin, 2019 – “bad”"),
    ("other_allergy", "x" * 2000),
]
REFUSED = [
    ("date_of_birth", "", PLEASE),
    ("date_of_birth", None, PLEASE),
    ("date_of_birth", "1990", NOT_A_DATE),
    ("date_of_birth", "1990-02", NOT_A_DATE),
    ("date_of_birth", "never", NOT_A_DATE),
    ("date_of_birth", "1990-02-30", NOT_A_DATE),
    ("date_of_birth", "0001-01-01", NOT_A_DATE),
    ("date_of_birth", "1899-12-31", NOT_A_DATE),
    ("date_of_birth", iso(1), NOT_YET),
    ("date_of_birth", 1990, NOT_A_DATE),
    ("heart_condition", "maybe", NOT_A_CHOICE),
    ("heart_condition", "Yes", NOT_A_CHOICE),
    ("heart_condition", True, NOT_A_CHOICE),
    ("heart_condition", "   ", PLEASE),
    ("heart_condition", None, PLEASE),
    ("last_toxin", "", PLEASE),
    ("last_toxin", "yesterday", NOT_A_WHEN),
    ("last_toxin", "2025-02-29", NOT_A_WHEN),
    ("last_toxin", "2025-13", NOT_A_WHEN),
    ("last_toxin", "2025-00", NOT_A_WHEN),
    ("last_toxin", "2025-01-00", NOT_A_WHEN),
    ("last_toxin", "2025-1-1", NOT_A_WHEN),
    ("last_toxin", "20250101", NOT_A_WHEN),
    ("last_toxin", "0001", NOT_A_WHEN),
    ("last_toxin", "1899", NOT_A_WHEN),
    ("last_toxin", "2200", NOT_A_WHEN),
    ("last_toxin", "9999-12-31", NOT_A_WHEN),
    ("last_toxin", "2025-01-01T00:00", NOT_A_WHEN),
    ("last_toxin", "２０２５", NOT_A_WHEN),
    ("last_toxin", iso(1), NOT_YET),
    ("last_toxin", "2026-04", NOT_YET),
    ("last_toxin", "2027", NOT_YET),
    ("last_toxin", ["2025"], NOT_A_WHEN),
    ("pregnant", iso(1), NOT_YET),
    ("scar_since", "2026-04", NOT_YET),
    ("sun_trip", iso(-1), GONE_BY),
    ("sun_trip", "2026-02", GONE_BY),
    ("sun_trip", "2025", GONE_BY),
    ("sun_trip_end", iso(-1), GONE_BY),
    ("big_day", iso(-1), GONE_BY),
    ("planned_treatment", iso(-1), GONE_BY),
    ("next_vaccine", iso(-1), GONE_BY),
    ("next_dental", iso(-1), GONE_BY),
    ("planned_treatment_kind", "tickling", NOT_A_CHOICE),
    ("skin_type", "VII", NOT_A_CHOICE),
    ("skin_type", {"I": 1}, NOT_A_CHOICE),
    ("autoimmune", "lupus", NOT_A_LIST),
    ("autoimmune", None, NOT_A_LIST),
    ("autoimmune", "", NOT_A_LIST),
    ("autoimmune", ["lupus", "flu"], NOT_A_CHOICE),
    ("autoimmune", ["unsure"], NOT_A_CHOICE),
    ("autoimmune", [["lupus"]], NOT_A_CHOICE),
    ("autoimmune", [None], NOT_A_CHOICE),
    ("other_allergy", None, PLEASE),
    ("other_allergy", ["latex"], "Please write your answer as text."),
    ("other_allergy", "x" * 2001, "Please use at most 2000 characters."),
    ("other_allergy", "latex\x00", ODD),
    ("other_allergy", "latex\x1b[31m", ODD),
    ("other_allergy", "latex\ud800", ODD),
    ("no_such_question", "yes", "We do not know this question."),
    (7, "yes", "We do not know this question."),
]  # fmt: skip


@pytest.mark.parametrize(("question", "value"), TAKEN)
def test_a_good_answer_is_taken_as_it_is(question, value):
    assert check_answers(BOOK, {question: value}, today=TODAY) == {question: value}


@pytest.mark.parametrize(("question", "value", "message"), REFUSED)
def test_a_bad_answer_is_refused_by_name(question, value, message):
    with pytest.raises(AnswerErrors) as refusal:
        check_answers(BOOK, {question: value}, today=TODAY)

    assert refusal.value.errors == (FieldError(str(question), message),)


def test_every_bad_answer_is_named_at_once():
    bad = {"heart_condition": "x", "last_toxin": "never", "nonsense": "x", "rash": ""}

    with pytest.raises(AnswerErrors) as refusal:
        check_answers(BOOK, bad, today=TODAY)

    assert [error.field for error in refusal.value.errors] == [
        "heart_condition",
        "nonsense",
        "rash",
    ]
    assert "rash: Please answer this question." in str(refusal.value)


@pytest.mark.parametrize("answers", [None, [], "yes", 3])
def test_answers_must_be_pairs(answers):
    with pytest.raises(AnswerErrors, match="question and answer pairs"):
        check_answers(BOOK, answers, today=TODAY)


def test_answers_come_back_tidy_and_in_order():
    untidy = {
        "other_allergy": "  latex\r\nand nuts ",
        "autoimmune": ["lupus", "scleroderma", "lupus"],
        "last_toxin": "2025-06",
        "date_of_birth": "1990-01-01",
    }

    tidy = check_answers(BOOK, untidy, today=TODAY)

    assert list(tidy.items()) == [
        ("date_of_birth", "1990-01-01"),
        ("last_toxin", "2025-06"),
        ("autoimmune", ["scleroderma", "lupus"]),
        ("other_allergy", "latex\nand nuts"),
    ]


@pytest.mark.parametrize(
    ("start", "end", "fine"),
    [
        (iso(10), iso(10), True),
        (iso(10), iso(9), False),
        ("2026-05", "2026-05-03", True),
        ("2026-05-20", "2026-05", True),
        ("2026-05", "2026-04", False),
        ("never", iso(9), True),
        (iso(10), "unsure", True),
    ],
)
def test_a_trip_cannot_end_before_it_begins(start, end, fine):
    answers = {"sun_trip": start, "sun_trip_end": end}

    if fine:
        assert check_answers(BOOK, answers, today=TODAY) == answers
    else:
        with pytest.raises(AnswerErrors) as refusal:
            check_answers(BOOK, answers, today=TODAY)
        assert [error.field for error in refusal.value.errors] == ["sun_trip_end"]


@pytest.mark.parametrize(
    ("question", "value", "pinned"),
    [
        ("last_toxin", "now", iso(0)),
        ("strong_creams", "now", iso(0)),
        ("sun_trip", "now", iso(0)),
        ("last_toxin", "2026-03", iso(0)),
        ("last_toxin", "2026", iso(0)),
        ("unwell", "2026-03", iso(0)),
        ("last_toxin", "2026-02", "2026-02"),
        ("last_toxin", iso(-1), iso(-1)),
        ("last_toxin", iso(0), iso(0)),
        ("unwell", "now", "now"),
        ("pregnant", "now", "now"),
        ("cancer_treatment", "now", "now"),
        ("cancer_treatment", "2026", "2026"),
        ("big_day", "2026", "2026"),
        ("last_toxin", "never", "never"),
        ("date_of_birth", "1990-01-01", "1990-01-01"),
        ("autoimmune", ["lupus"], ["lupus"]),
        ("other_allergy", "2026", "2026"),
    ],
)
def test_stored_answers_do_not_move_with_the_days(question, value, pinned):
    assert pin_answers(BOOK, {question: value}, today=TODAY) == {question: pinned}


def test_the_last_day_of_a_month_is_not_running_any_more():
    end = date(2026, 3, 31)

    assert pin_answers(BOOK, {"last_toxin": "2026-03"}, today=end) == {
        "last_toxin": "2026-03"
    }
    assert day(29) == end
