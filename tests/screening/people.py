"""Ada, whose answers raise nothing unless a test says otherwise."""

from __future__ import annotations

from datetime import date, timedelta

import screening

TODAY = date(2026, 3, 2)
FAR = 5000
TREATMENTS = {
    "MN": "microneedling",
    "RF": "rf_microneedling",
    "BTX": "botulinum_toxin",
    "FIL": "filler",
    "SP": "superficial_peel",
    "MP": "medium_peel",
    "NAL": "laser",
    "ABL": "ablative_laser",
    "HF": "facial",
    "WAX": "waxing",
    "PRP": "prp",
}
ALL = " ".join(TREATMENTS)


def day(count):
    return TODAY + timedelta(days=count)


def iso(count):
    return day(count).isoformat()


def clear_answers(code, area="face", rulebook=None):
    """Ada is 30 and well; all but her birth date is what the rulebook offers."""
    book = rulebook or screening.load()
    asked = screening.questionnaire(book, TREATMENTS[code], area)
    answers = {question.id: question.clear_answer for question in asked}
    return answers | {"date_of_birth": "1995-06-01"}


def judge(code, *, area="face", records=(), today=TODAY, rulebook=None, **changes):
    """The clearance of Ada with these answers; None takes an answer away."""
    book = rulebook or screening.load()
    answers = clear_answers(code, area, book) | changes
    said = {name: value for name, value in answers.items() if value is not None}
    return screening.clearance(
        book, TREATMENTS[code], area, said, today=today, records=records
    )


def by(clearance, rule, count):
    """What one rule says of the day `count` days from today: verdict and authority."""
    over = [w for w in clearance.windows_on(day(count)) if w.rule == rule]
    return [f"{w.verdict.word} {w.release_by.value}" for w in over]


def stretches(text):
    """ "0-6 refuse clinician, 7- hold answer" as (first, last or None, what)."""
    found = []
    for part in text.split(", "):
        days, what = part.split(" ", 1)
        first, _, last = days.partition("-")
        found.append((int(first), int(last) if last else None, what))
    return found


def assert_says(clearance, rule, text):
    """The rule says exactly this: first and last day of each stretch, then nothing."""
    for first, last, what in stretches(text):
        assert by(clearance, rule, first) == [what], (rule, first)
        assert by(clearance, rule, FAR if last is None else last) == [what], (
            rule,
            last,
        )
    last = stretches(text)[-1][1]
    if last is not None:
        assert by(clearance, rule, last + 1) == []
    assert {w.rule for w in clearance.windows} == {rule}
