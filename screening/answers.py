"""Checking what somebody answered, before it is stored or judged."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from screening.facts import NOW, Span, read_span
from screening.questions import Question
from screening.rulebook import Rulebook

LONGEST_TEXT = 2000
_ALLOWED_CONTROLS = "\n\t"

UNKNOWN_QUESTION = "We do not know this question."
PLEASE_ANSWER = "Please answer this question."
NOT_A_CHOICE = "Please choose one of the answers that we offer."
NOT_A_LIST = "Please send a list of the answers that apply; an empty list means none."
NOT_A_DATE = "Please give a date that exists, such as 2025-06-30."
NOT_TEXT = "Please write your answer as text."
NOT_A_WHEN = (
    "Please say never, now or unsure, or give a date, a month or a year that exists, "
    "such as 2025-06-30, 2025-06 or 2025."
)
NOT_YET = "This date lies in the future. Please give one that is not after today."
GONE_BY = "This date has passed. Please give today or a later date."
ENDS_BEFORE_IT_STARTS = "This ends before it begins. Please check both dates."
TOO_LONG = f"Please use at most {LONGEST_TEXT} characters."
ODD_CHARACTERS = "Please use ordinary letters, numbers and signs only."
NOT_ANSWERS = "Please send the answers as question and answer pairs."


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with the answer to one question, in plain words."""

    field: str
    message: str


class AnswerErrors(ValueError):
    """Answers that cannot be taken; `errors` names each question."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors))
        self.errors = errors


class _Unfit(ValueError):
    """An answer that cannot be taken, with a sentence for whoever gave it."""


def check_answers(
    rulebook: Rulebook, answers: Mapping[str, object], *, today: date
) -> dict[str, str | list[str]]:
    """The answers in their tidy form, in the rulebook's order; raises AnswerErrors.

    Any question of the rulebook may be answered, whichever treatment is wanted.
    """
    if not isinstance(answers, Mapping):
        raise AnswerErrors((FieldError("answers", NOT_ANSWERS),))
    errors: list[FieldError] = []
    tidy: dict[str, str | list[str]] = {}
    for field, value in answers.items():
        question = rulebook.questions.get(field)
        if question is None:
            errors.append(FieldError(str(field), UNKNOWN_QUESTION))
            continue
        try:
            tidy[field] = _checked(question, value, today)
        except _Unfit as refusal:
            errors.append(FieldError(field, str(refusal)))
    errors += _ends_before_start(rulebook, tidy)
    if errors:
        raise AnswerErrors(tuple(errors))
    return {field: tidy[field] for field in rulebook.questions if field in tidy}


def pin_answers(
    rulebook: Rulebook, answers: Mapping[str, str | list[str]], *, today: date
) -> dict[str, str | list[str]]:
    """Checked answers fit to be stored: what means "today" becomes today's date.

    Call it on the day of the answer. A stored `now` of an event, or a month that is not
    over yet, would otherwise move with the day on which it is read again.
    """
    pinned = dict(answers)
    for field, value in answers.items():
        question = rulebook.questions[field]
        if not isinstance(value, str) or question.kind != "when":
            continue
        span = read_span(value)
        running = span is not None and span.first <= today < span.last
        happens_now = value == NOW and question.is_event()
        if happens_now or (running and question.tense in ("past", "state")):
            pinned[field] = today.isoformat()
    return pinned


def _checked(question: Question, value: object, today: date) -> str | list[str]:
    """The tidy value; _Unfit with a sentence for the patient."""
    if question.kind == "choices":
        return _checked_list(question, value)
    if not isinstance(value, str):
        raise _Unfit(PLEASE_ANSWER if value is None else _expected(question))
    if question.kind == "text":
        return _checked_text(value)
    if not value.strip():
        raise _Unfit(PLEASE_ANSWER)
    if question.fact(value) is None:
        raise _Unfit(_expected(question))
    span = read_span(value) if question.kind in ("when", "date") else None
    if span:
        _check_tense(question, span, today)
    return value


def _checked_list(question: Question, value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        raise _Unfit(NOT_A_LIST)
    fact = question.fact(value)
    if fact is None:
        raise _Unfit(NOT_A_CHOICE)
    return list(fact.value)


def _checked_text(value: str) -> str:
    text = value.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise _Unfit(TOO_LONG)
    # Cc: control characters; Cs: halves of characters that no file can hold.
    if any(_is_odd(character) for character in text):
        raise _Unfit(ODD_CHARACTERS)
    return text


def _is_odd(character: str) -> bool:
    if character in _ALLOWED_CONTROLS:
        return False
    return unicodedata.category(character) in ("Cc", "Cs")


def _check_tense(question: Question, span: Span, today: date) -> None:
    if question.tense == "future" and span.last < today:
        raise _Unfit(GONE_BY)
    if question.tense in ("past", "state") and span.first > today:
        raise _Unfit(NOT_YET)


def _ends_before_start(
    rulebook: Rulebook, tidy: Mapping[str, str | list[str]]
) -> list[FieldError]:
    """A planned thing with an end before its beginning is no answer at all."""
    errors = []
    for field, value in tidy.items():
        follow = rulebook.questions[field].asked_if
        if follow is None or rulebook.questions[field].kind != "when":
            continue
        start, end = tidy.get(follow.question), value
        starts = read_span(start) if isinstance(start, str) else None
        ends = read_span(end) if isinstance(end, str) else None
        if starts and ends and ends.last < starts.first:
            errors.append(FieldError(field, ENDS_BEFORE_IT_STARTS))
    return errors


def _expected(question: Question) -> str:
    if question.kind == "text":
        return NOT_TEXT
    if question.kind == "when":
        return NOT_A_WHEN
    return NOT_A_DATE if question.kind == "date" else NOT_A_CHOICE
